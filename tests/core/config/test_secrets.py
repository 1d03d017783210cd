"""Secrets from commands and keyrings: real processes, a real keyring backend."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest
from pydantic import SecretStr

from cxtop.core.config import Credentials, Profile, resolve_secrets, save_secret
from cxtop.core.errors import SecretError


def profile(**fields: Any) -> Profile:
    return Profile.model_validate(
        {"name": "p", "base_url": "https://api.example.com", "client_id": "id"} | fields
    )


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        # Other processes tell nobody when they change.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until_dead(pid: int) -> None:
    await until(lambda: not is_alive(pid))


async def test_a_secret_in_the_profile():
    credentials = await resolve_secrets(profile(client_secret="hush"))
    assert credentials.client_id == "id"
    assert credentials.client_secret.get_secret_value() == "hush"
    assert credentials.has_client
    assert "hush" not in repr(credentials)


async def test_a_token_alone():
    credentials = await resolve_secrets(profile(client_id=None, access_token="tok"))
    assert credentials.access_token is not None
    assert not credentials.has_client
    assert credentials == Credentials(access_token=SecretStr("tok"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"client_id": None}, "no client id and no client secret"),
        ({"client_id": None, "client_secret": "hush"}, "no client id."),
        ({}, "no client secret."),
    ],
)
async def test_what_is_missing_is_named(fields: dict[str, Any], told: str):
    with pytest.raises(SecretError) as caught:
        await resolve_secrets(profile(**fields))
    assert told in caught.value.what
    assert "CXTOP_CLIENT" in caught.value.fix


class TestCommand:
    @pytest.mark.parametrize(
        "program",
        [
            "print('hush')",
            "print('hush'); print('user: me')",
            "import sys; sys.stdout.write('  hush')",
            "import sys; print('hush'); sys.stdout.write('x' * 1_000_000)",
            "import sys; assert sys.stdin.read() == ''; print('hush')",
        ],
    )
    async def test_the_first_line_is_the_secret(self, program: str):
        credentials = await resolve_secrets(profile(secret_command=python(program)))
        assert credentials.client_secret.get_secret_value() == "hush"

    async def test_no_shell_reads_it(self, tmp_path: Path):
        trace = tmp_path / "trace"
        credentials = await resolve_secrets(
            profile(secret_command=f"echo '$HOME; touch {trace}' && false")
        )
        assert credentials.client_secret.get_secret_value() == f"$HOME; touch {trace} && false"
        assert not trace.exists()

    @pytest.mark.parametrize(
        ("command", "told"),
        [
            (["no-such-command-anywhere"], r"could not be started\. .*No such file"),
            (["/"], r"could not be started\. .*Permission denied"),
            (["a\0b"], r"could not be started\. .*null byte"),
            (python("print('hush'); raise SystemExit(3)"), r"ended with status 3"),
            (python("print()"), r"printed no secret"),
            (python("pass"), r"printed no secret"),
            (python(r"print('hush\x07')"), r"printed no secret"),
            (python(r"import sys; sys.stdout.buffer.write(b'hush\xff')"), r"is not UTF-8"),
        ],
    )
    async def test_failures_say_why_and_never_the_secret(self, command: list[str], told: str):
        with pytest.raises(SecretError, match=told) as caught:
            await resolve_secrets(profile(secret_command=command))
        assert 'secret_command of the profile "p"' in caught.value.what
        assert "hush" not in str(caught.value)

    async def test_one_that_hangs_is_ended_with_its_children(self, tmp_path: Path):
        pids = tmp_path / "pids"
        program = (
            "import os, subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
            "child.wait()\n"
        )
        with pytest.raises(SecretError, match=r"no answer within 2 s"):
            await resolve_secrets(
                profile(secret_command=python(program), secret_command_timeout_s=2)
            )
        for pid in pids.read_text().split():
            await until_dead(int(pid))

    async def test_a_child_left_behind_in_its_own_session_does_not_hold_up(self, tmp_path: Path):
        pids = tmp_path / "pids"
        program = (
            "import subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],\n"
            "    start_new_session=True)\n"
            f"open({str(pids)!r}, 'w').write(str(child.pid))\n"
            "print('hush')\n"
        )
        try:
            with pytest.raises(SecretError, match=r"no answer within 1 s"):
                await resolve_secrets(
                    profile(secret_command=python(program), secret_command_timeout_s=1)
                )
        finally:
            os.kill(int(pids.read_text()), signal.SIGKILL)

    async def test_cancelling_ends_it(self, tmp_path: Path):
        pid_file = tmp_path / "pid"
        program = (
            f"import os, time\npath = {str(pid_file)!r}\n"
            "open(path + '.new', 'w').write(str(os.getpid()))\nos.rename(path + '.new', path)\n"
            "time.sleep(60)\n"
        )
        task = asyncio.create_task(resolve_secrets(profile(secret_command=python(program))))
        await until(pid_file.exists)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until_dead(int(pid_file.read_text()))


class Vault(keyring.backend.KeyringBackend):
    """A keyring in memory; `locked` makes it refuse."""

    priority = 1  # pyright: ignore[reportAssignmentType]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.locked = False
        self.open = threading.Event()
        self.open.set()

    def get_password(self, service: str, username: str) -> str | None:
        self.open.wait(30)
        if self.locked:
            raise keyring.errors.KeyringLocked("hush is what it said")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked(password)
        self.entries[service, username] = password


class TestKeyring:
    @pytest.fixture
    def vault(self) -> Iterator[Vault]:
        before = keyring.get_keyring()
        vault = Vault()
        keyring.set_keyring(vault)
        yield vault
        keyring.set_keyring(before)

    async def test_what_was_saved_is_found(self, vault: Vault):
        await save_secret("p", SecretStr("hush"))
        assert vault.entries == {("cxtop", "p"): "hush"}
        credentials = await resolve_secrets(profile(keyring=True))
        assert credentials.client_secret.get_secret_value() == "hush"

    async def test_nothing_saved(self, vault: Vault):
        with pytest.raises(SecretError, match=r'no secret for the profile "p".*keyring set'):
            await resolve_secrets(profile(keyring=True))
        assert not vault.entries

    async def test_a_locked_one(self, vault: Vault):
        vault.locked = True
        with pytest.raises(SecretError, match=r"It says: KeyringLocked\.") as caught:
            await save_secret("p", SecretStr("hush"))
        assert "hush" not in str(caught.value)
        assert caught.value.__suppress_context__
        with pytest.raises(SecretError, match="Unlock the keyring"):
            await resolve_secrets(profile(keyring=True))

    async def test_one_that_waits_for_somebody(self, vault: Vault):
        vault.open.clear()
        vault.entries["cxtop", "p"] = "hush"
        with pytest.raises(SecretError, match=r'profile "p" within 0\.2 s\..*Unlock'):
            await resolve_secrets(profile(keyring=True, secret_command_timeout_s=0.2))
        vault.open.set()
        # The late answer of the first question goes nowhere; the next one gets its own.
        credentials = await resolve_secrets(profile(keyring=True))
        assert credentials.client_secret.get_secret_value() == "hush"
        names = {"cxtop-keyring"}
        await until(lambda: not names & {thread.name for thread in threading.enumerate()})

    def test_without_the_library(self, tmp_path: Path):
        """A process that cannot import keyring, as where the extra is not installed."""
        (tmp_path / "keyring.py").write_text("raise ImportError('not here')\n")
        program = (
            "import asyncio\n"
            "from cxtop.core.config import Profile, resolve_secrets\n"
            "from cxtop.core.errors import SecretError\n"
            "profile = Profile(base_url='https://a.example.com', client_id='i', keyring=True)\n"
            "try:\n    asyncio.run(resolve_secrets(profile))\n"
            "except SecretError as error:\n    print(error)\n"
        )
        done = subprocess.run(
            python(program),
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
        )
        assert "its library is not installed" in done.stdout, done.stderr
        assert "cxtop[keyring]" in done.stdout
