import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from cxtop.core.errors import ConfigError
from cxtop.core.simulator.serve import Options, main, serve, simulator

from .conftest import until

COMMAND = [sys.executable, "-m", "cxtop.core.simulator", "--scenario", "calm"]
WAIT_S = 20


@asynccontextmanager
async def child(*options):
    """The simulator as a process of its own, with its announcement."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WAIT_S):
            yield process, json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def token(url, client_id, client_secret):
    async with httpx.AsyncClient(trust_env=False) as client:
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        return (await client.post(f"{url}/oauth/token", data=form)).status_code


async def test_within_a_process_it_listens_as_long_as_the_block_lasts():
    async with simulator("calm", seed=5, platform="cxone") as here:
        assert (here.seed, here.scenario, here.platform) == (5, "calm", "cxone")
        assert here.run_ids() == ("case-push",)
        assert "crm-import" in here.run_ids("genesys")
        assert await token(here.url, here.client_id, here.client_secret) == 200
        assert here.client_secret not in repr(here)
    with pytest.raises(httpx.ConnectError):
        await token(here.url, here.client_id, here.client_secret)


async def test_two_at_once_have_ports_and_secrets_of_their_own():
    async with simulator("calm") as one, simulator("storm") as two:
        assert one.url != two.url
        assert one.client_secret != two.client_secret
        assert await token(one.url, two.client_id, two.client_secret) == 401


async def test_it_listens_on_loopback_only():
    async with simulator("calm") as here:
        assert here.url.startswith("http://127.0.0.1:")


async def test_the_body_s_own_error_comes_through():
    with pytest.raises(LookupError):
        async with simulator("calm"):
            raise LookupError


async def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}"):
            async with simulator(options=Options(scenario="calm", port=port)):
                pytest.fail("listened on a taken port")


@pytest.mark.parametrize("port", [-1, 70_000])
async def test_a_port_that_cannot_be_is_named(port):
    with pytest.raises(ConfigError, match=f"port {port}"):
        async with simulator("calm", port=port):
            pytest.fail("listened on an impossible port")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(number):
    announced = asyncio.Queue()
    options = Options(scenario="calm")
    async with asyncio.timeout(WAIT_S):
        serving = asyncio.create_task(serve(options, announce=announced.put_nowait))
        line = json.loads(await announced.get())
        assert await token(line["url"], line["client_id"], line["client_secret"]) == 200
        os.kill(os.getpid(), number)
        await serving


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_process_announces_itself_and_ends_cleanly(number):
    async with child("--seed", "9", "--platform", "cxone") as (process, line):
        assert list(line) == [
            "url", "platform", "client_id", "client_secret", "runs", "scenario", "seed",
        ]  # fmt: skip
        assert (line["scenario"], line["seed"], line["platform"]) == ("calm", 9, "cxone")
        assert all(run.keys() >= {"id", "name", "platform"} for run in line["runs"])
        assert await token(line["url"], line["client_id"], line["client_secret"]) == 200
        process.send_signal(number)
        assert await process.wait() == 0
        assert await process.stdout.read() == b""
        assert await process.stderr.read() == b""


async def test_with_traffic_the_process_tells_where_it_is_captured(tmp_path):
    folder = tmp_path / "captures"
    async with child("--traffic-log", str(folder)) as (process, line):
        assert list(line)[-1] == "traffic"
        assert line["traffic"]["log"] == str(folder)
        assert line["traffic"]["url"].startswith("http://127.0.0.1:")
        await until(lambda: any(folder.glob("crm-gateway-*.jsonl")))
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert await process.stderr.read() == b""
    (file,) = folder.iterdir()
    assert file.read_bytes().endswith(b"}\n")


async def test_the_process_list_shows_no_secret():
    async with child() as (process, line):
        proc = Path(f"/proc/{process.pid}")
        for name in ("cmdline", "environ"):
            assert line["client_secret"].encode() not in (proc / name).read_bytes()


async def test_it_ends_when_its_stdin_closes():
    async with child("--with-parent") as (process, line):
        assert await token(line["url"], line["client_id"], line["client_secret"]) == 200
        process.stdin.close()
        assert await process.wait() == 0


async def test_it_lives_on_without_stdin_unless_told_to_watch_it():
    async with child() as (process, line):
        process.stdin.close()
        assert await token(line["url"], line["client_id"], line["client_secret"]) == 200
        assert process.returncode is None


async def test_it_does_not_outlive_a_parent_that_is_killed():
    """A parent dies by SIGKILL: its end of the pipe closes, and the simulator goes."""
    parent_code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen({[*COMMAND, '--with-parent']!r}, stdin=subprocess.PIPE,"
        " stdout=subprocess.PIPE)\n"
        "line = child.stdout.readline().decode()\n"
        "print(line, end='', flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", parent_code, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(WAIT_S):
        line = json.loads(await parent.stdout.readline())
        parent.kill()
        await parent.communicate()
    port = int(line["url"].rsplit(":", 1)[1])
    await until(lambda: not listens(port))


def test_without_traffic_no_client_is_loaded():
    script = "import sys, cxtop.core.simulator.serve; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=WAIT_S, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"httpx", "cxtop.core.capture", "cxtop.core.simulator.traffic"}


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scenario", "quiet"], "calm, busy, storm, hostile"),
        (["--speed", "0"], "The speed 0 is not possible"),
        (["--port", "70000"], "port 70000"),
    ],
)
def test_wrong_options_are_one_sentence(options, said, capsys):
    assert main(options) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""


def test_an_announcement_that_nobody_can_read_ends_it():
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            COMMAND, stdout=writing, stderr=subprocess.PIPE, timeout=WAIT_S, check=False
        )
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert done.stderr == b""
