"""Getting a profile's secrets from where the profile says they are."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import SecretStr

from ..errors import SecretError
from .profile import Profile

T = TypeVar("T")

KEYRING_SERVICE = "cxtop"
_MAX_OUTPUT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client shows the platform.

    Either a client (`client_id` and `client_secret`, both non-empty) or an `access_token` that
    was obtained elsewhere, or both: then the token is used as long as it is accepted.
    """

    client_id: str = ""
    client_secret: SecretStr = field(default_factory=lambda: SecretStr(""))
    access_token: SecretStr | None = None

    @property
    def has_client(self) -> bool:
        """Whether a new token can be asked for."""
        return bool(self.client_id and self.client_secret.get_secret_value())


async def resolve_secrets(profile: Profile) -> Credentials:
    """The profile's credentials; runs its `secret_command` or asks the keyring where it says so.

    Raises SecretError when there are none, or when they cannot be had.
    """
    secret = profile.client_secret
    if secret is None and profile.secret_command:
        secret = await _from_command(profile, profile.secret_command)
    elif secret is None and profile.keyring:
        secret = await _from_keyring(profile)
    credentials = Credentials(
        client_id=profile.client_id or "",
        client_secret=secret or SecretStr(""),
        access_token=profile.access_token,
    )
    if profile.access_token is None and not credentials.has_client:
        raise _missing(profile, has_secret=secret is not None)
    return credentials


async def save_secret(profile_name: str, secret: SecretStr, *, timeout_s: float = 15.0) -> None:
    """Put the client secret of a profile into the operating system's keyring.

    Raises SecretError when there is no keyring, or when it refuses.
    """
    value = secret.get_secret_value()
    await _ask_keyring(
        profile_name,
        timeout_s,
        lambda keyring: keyring.set_password(KEYRING_SERVICE, profile_name, value),
    )


def _missing(profile: Profile, *, has_secret: bool) -> SecretError:
    if has_secret:
        what, variable = "client id", "CXTOP_CLIENT_ID"
    elif profile.client_id:
        what, variable = "client secret", "CXTOP_CLIENT_SECRET"
    else:
        what, variable = "client id and no client secret", "CXTOP_CLIENT_ID and CXTOP_CLIENT_SECRET"
    return SecretError(
        f'The profile "{profile.name}" has no {what}.',
        fix=f"Set {variable} in the environment or in .env, or client_id with secret_command, "
        "keyring or client_secret in the profile.",
    )


async def _from_command(profile: Profile, argv: tuple[str, ...]) -> SecretStr:
    where = f'The secret_command of the profile "{profile.name}" ({argv[0]})'
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SecretError(
            f"{where} could not be started.",
            why=f"The system says: {reason}.",
            fix="Check that the command exists and can be run from this shell.",
        ) from error
    status = None
    try:
        async with asyncio.timeout(profile.secret_command_timeout_s):
            output = await _bounded(process)
            status = await process.wait()
    except TimeoutError:
        raise SecretError(
            f"{where} gave no answer within {profile.secret_command_timeout_s:g} s.",
            fix="Run it in a shell to see what it waits for, or raise secret_command_timeout_s.",
        ) from None
    finally:
        if status is None:
            await _end(process)
    if status != 0:
        raise SecretError(
            f"{where} ended with status {status}.",
            fix="Run it in a shell to see what it says; it must print the secret and end with 0.",
        )
    return _secret_in(output, where)


async def _bounded(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    output = b""
    while chunk := await process.stdout.read(_MAX_OUTPUT):
        # Beyond the bound the rest is read and let go, so that the command can end by itself.
        output = (output + chunk)[:_MAX_OUTPUT]
    return output


async def _end(process: asyncio.subprocess.Process) -> None:
    """No process of the command's group outlives the wait that timed out or was cancelled."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # The pipe may be held by a process that left the group, so the transport is closed by hand.
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
    await asyncio.shield(process.wait())


def _secret_in(output: bytes, where: str) -> SecretStr:
    try:
        # Password managers print the secret first and their notes on later lines.
        text = (output.decode().splitlines() or [""])[0].strip()
    except UnicodeDecodeError:
        raise SecretError(
            f"{where} printed something that is not UTF-8 text.",
            fix="It must print the secret on its first line.",
        ) from None
    if not text or not text.isprintable():
        raise SecretError(
            f"{where} printed no secret.",
            why="Its first line is empty or holds control characters.",
            fix="It must print the secret on its first line.",
        )
    return SecretStr(text)


async def _from_keyring(profile: Profile) -> SecretStr:
    value = await _ask_keyring(
        profile.name,
        profile.secret_command_timeout_s,
        lambda keyring: keyring.get_password(KEYRING_SERVICE, profile.name),
    )
    if not value:
        raise SecretError(
            f'The keyring holds no secret for the profile "{profile.name}".',
            fix=f"Store it with: keyring set {KEYRING_SERVICE} {profile.name}",
        )
    return SecretStr(value)


async def _ask_keyring(profile_name: str, timeout_s: float, question: Callable[..., T]) -> T:
    def ask() -> T:
        import keyring
        import keyring.errors

        try:
            return question(keyring)
        except keyring.errors.KeyringError as error:
            # Backends may quote what they were given, so only the kind of error is told.
            raise SecretError(
                f'The keyring did not answer for the profile "{profile_name}".',
                why=f"It says: {type(error).__name__}.",
                fix="Unlock the keyring, or use secret_command or the environment instead.",
            ) from None

    try:
        async with asyncio.timeout(timeout_s):
            return await _in_daemon(ask)
    except ImportError:
        raise SecretError(
            f'The profile "{profile_name}" wants the keyring, but its library is not installed.',
            fix="Install it with: pip install 'cxtop[keyring]'",
        ) from None
    except TimeoutError:
        raise SecretError(
            f'The keyring did not answer for the profile "{profile_name}" within {timeout_s:g} s.',
            fix="Unlock the keyring, or use secret_command or the environment instead.",
        ) from None


async def _in_daemon(function: Callable[[], T]) -> T:
    """Run a call that may block for ever in a thread that holds up neither loop nor exit."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # pyright: ignore[reportArgumentType]

    def work() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = function()
        except Exception as error:  # noqa: BLE001 - handed on to whoever awaits the future
            failure = error
        # The loop is closed when nobody waits any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=work, name="cxtop-keyring", daemon=True).start()
    return await future
