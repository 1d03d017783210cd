import sys
from dataclasses import replace

import pytest
from pydantic import SecretStr

from cxtop.core.config import Profile, RedactSettings
from cxtop.core.errors import ConfigError, SecretError
from cxtop.core.live import fetch_errors, open_monitor, open_session
from cxtop.core.models import CallState, ConnectionState, WatchState
from cxtop.core.simulator.serve import simulator
from cxtop.core.store import Store

from ..platforms.server import QUICK, profile_for, serving
from .support import Act, Platform, Told, closed_port, run_at, settings_for


def client_of(announced, **changes):
    fields = {
        "name": "simulated",
        "base_url": announced.url,
        "client_id": announced.client_id,
        "client_secret": SecretStr(announced.client_secret),
        "retry": QUICK,
    }
    return Profile(**fields | changes)


async def remember(settings, run):
    path = settings.paths.store_file(settings.profile.name)
    async with await Store.open(path) as store:
        await store.watch(run.run_id)
        await store.save_run(run)


async def test_the_monitor_watches_a_simulated_platform(tmp_path):
    async with simulator("calm", speed=50) as announced:
        for platform in ("genesys", "cxone"):
            runs = announced.run_ids(platform)
            profile = client_of(announced, platform=platform, name=platform, runs=runs)
            async with open_monitor(settings_for(profile, tmp_path)) as monitor:
                told = Told(monitor.changes)
                seen = (WatchState.LIVE, WatchState.ENDED)
                await told.until(lambda m=monitor, s=seen: all(v.state in s for v in m.views()))
                assert [view.run_id for view in monitor.views()] == list(runs)
                assert monitor.connection.state is ConnectionState.LIVE
                assert monitor.budget.remaining < 300


async def test_with_a_wrong_secret_the_known_is_shown_and_the_connection_says_why(tmp_path):
    async with simulator("calm") as announced:
        profile = client_of(announced, client_secret=SecretStr("wrong"))
        settings = settings_for(profile, tmp_path)
        await remember(settings, run_at(0, processed=5))
        async with open_monitor(settings) as monitor:
            assert monitor.view("r").run.processed == 5
            told = Told(monitor.changes)
            await told.until(lambda: monitor.connection.state is ConnectionState.DENIED)
            assert monitor.connection.fix
            assert monitor.view("r").run.processed == 5


async def test_without_a_secret_the_connection_says_so_until_it_can_be_had(tmp_path):
    flag = tmp_path / "there"
    code = f"import pathlib; pathlib.Path({str(flag)!r}).read_text(); print('secret')"
    async with serving(Platform(acts={"r": Act()})) as server:
        profile = Profile(
            name="by-command",
            base_url=server.url,
            client_id="me",
            secret_command=(sys.executable, "-c", code),
            access_token=SecretStr("token"),
            runs=("r",),
            retry=QUICK,
        )
        async with open_monitor(settings_for(profile, tmp_path)) as monitor:
            told = Told(monitor.changes)
            await told.until(lambda: monitor.connection.state is ConnectionState.DENIED)
            assert monitor.budget.remaining == 300
            assert server.asked == []
            flag.write_text("x")
            monitor.refresh()
            await told.until(lambda: monitor.view("r").state is WatchState.LIVE)
            assert monitor.connection.state is ConnectionState.LIVE


async def test_with_the_network_down_the_known_is_shown(tmp_path):
    with closed_port() as url:
        settings = settings_for(profile_for(url), tmp_path)
        await remember(settings, run_at(0, processed=5))
        async with open_monitor(settings) as monitor:
            told = Told(monitor.changes)
            await told.until(lambda: monitor.connection.state is ConnectionState.OFFLINE)
            assert monitor.view("r").run.processed == 5
            assert monitor.connection.what


@pytest.mark.parametrize("opening", [open_monitor, open_session])
async def test_without_a_profile_nothing_opens_and_what_is_missing_is_said(tmp_path, opening):
    with pytest.raises(ConfigError, match="Set base_url"):
        await opening(settings_for(None, tmp_path)).__aenter__()


async def test_a_session_keeps_its_calls_with_their_attempts(tmp_path):
    async with serving(Platform(acts={"r": Act()})) as server:
        settings = settings_for(profile_for(server.url), tmp_path)
        async with open_session(settings) as session:
            assert session.link.name == "genesys"
            assert session.link.budget.remaining == 300
            reading = await session.link.run_status("r")
            assert await session.link.failed_records("r", 1, 10) is not None
            assert reading.run.run_id == "r"
            assert session.link.budget.remaining == 298
        async with await Store.open(settings.paths.store_file("tests")) as store:
            calls = await store.calls(run_id="r")
    assert [call.operation for call in calls] == ["run results", "run status"]
    assert {call.state for call in calls} == {CallState.DONE}


async def test_a_session_without_secret_says_so_with_its_first_call(tmp_path):
    profile = Profile(base_url="http://127.0.0.1:9", client_id="me")
    async with open_session(settings_for(profile, tmp_path)) as session:
        with pytest.raises(SecretError):
            await session.link.run_status("r")


@pytest.mark.parametrize("listening", [True, False])
async def test_a_session_whose_store_does_not_keep_tells_it(tmp_path, caplog, listening):
    heard = []
    listener = heard.append if listening else None
    async with serving(Platform(acts={"r": Act()})) as server:
        settings = settings_for(profile_for(server.url), tmp_path)
        async with open_session(settings, on_store_trouble=listener) as session:
            await session.store.writer.close()
            await session.link.run_status("r")
    assert bool(heard) is listening
    assert bool(caplog.records) is not listening


async def test_no_secret_that_a_platform_tells_reaches_the_disk(tmp_path):
    secrets = {"password": "canary-1", "pet": "canary-2", "note": "it echoes canary-3"}
    act = Act(status="failed", fields=secrets | {"deep": [secrets]})
    async with serving(Platform(acts={"r": act})) as server:
        token = SecretStr("canary-3")
        settings = settings_for(profile_for(server.url, access_token=token), tmp_path)
        settings = replace(settings, redact=RedactSettings(names=("pet",)))
        async with open_session(settings) as session:
            run, _ = await fetch_errors(session.link, session.store, "r")
            kept = await session.store.run("r")
    assert run.extra["password"] == "canary-1"
    assert kept is not None
    assert "canary" not in kept.model_dump_json()
    written = b"".join(
        file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file()
    )
    assert b"canary" not in written
