"""Starting runs on the simulated platform."""

import json
import sqlite3

import pytest
from pydantic import SecretStr

from cxtop.core.config import Profile
from cxtop.core.errors import InputError, NoAnswerError, ServerError, StoreError, UnsupportedError
from cxtop.core.live import open_monitor, open_session
from cxtop.core.live.submitting import body_in, new_key, start_run
from cxtop.core.models import RunStatus, WatchState
from cxtop.core.simulator.serve import simulator
from cxtop.core.store import Store

from ..platforms.server import QUICK, Reply, calling, profile_for, serving
from .support import Told, settings_for


def profile_of(told, **changes):
    fields = {
        "name": "simulated",
        "platform": "cxone",
        "base_url": told.url,
        "client_id": told.client_id,
        "client_secret": SecretStr(told.client_secret),
        "retry": QUICK,
    }
    return Profile(**fields | changes)


def text_of(kind):
    return json.dumps({"actionType": kind, "payload": {"n": 1}, "metadata": {}})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "line 1, column 2"),
        ("[]", "$"),
        ("{}", "$.actionType"),
        ('{"actionType": " "}', "$.actionType"),
        ('{"actionType": 3}', "$.actionType"),
        ('{"actionType": "a", "payload": {"token": "[redacted]"}}', "$.payload.token"),
    ],
)
def test_a_body_that_cannot_be_sent(text, place):
    with pytest.raises(InputError) as raised:
        body_in(text)
    assert raised.value.faults[0][0] == place


@pytest.mark.parametrize("kind", ["order", "id-in-header", "id-in-location", "answer-lost"])
async def test_a_run_is_started_once_kept_and_watched(tmp_path, kind):
    async with simulator("calm", platform="cxone") as told:
        settings = settings_for(profile_of(told), tmp_path)
        async with open_session(settings) as session:
            started = await start_run(session.link, session.store, body_in(text_of(kind)), "key-1")
            again = await start_run(session.link, session.store, body_in(text_of(kind)), "key-1")
            assert started.trouble is None
            assert started.run_id == again.run_id
            assert await session.store.watched() == [started.run_id]
            kept = await session.store.submission(started.run_id)
            reading = await session.link.run_status(started.run_id)
    assert (kept.idempotency_key, kept.body["actionType"]) == ("key-1", kind)
    assert reading.run.status in (RunStatus.QUEUED, RunStatus.RUNNING)


async def test_the_monitor_watches_it_at_once(tmp_path):
    async with simulator("calm", platform="cxone", speed=50) as told:
        settings = settings_for(profile_of(told, poll={"interval_s": 1}), tmp_path)
        async with open_monitor(settings) as monitor:
            changes = Told(monitor.changes)
            started = await monitor.submit(text_of("fails"), new_key())
            await changes.until(
                lambda: monitor.view(started.run_id).state is WatchState.ENDED,
            )
            assert monitor.view(started.run_id).run.status is RunStatus.FAILED


async def test_where_it_cannot_be_known_the_error_names_the_key(tmp_path):
    lost = Reply(b"{", 202, {"content-length": "9"})
    timeouts = {"connect_s": 1, "read_s": 0.1}
    for reply, kind in ((lost, NoAnswerError), (Reply({}, 503), ServerError)):
        async with serving(lambda asked, reply=reply: reply) as server:
            profile = profile_for(server.url, platform="cxone", timeouts=timeouts)
            settings = settings_for(profile, tmp_path)
            async with open_session(settings) as session:
                with pytest.raises(kind) as raised:
                    await start_run(session.link, session.store, body_in(text_of("order")), "key-7")
        assert "key-7" in raised.value.fix
        assert {one.headers["idempotency-key"] for one in server.asked} == {"key-7"}


async def test_a_platform_without_the_call_says_so(tmp_path):
    async with simulator("calm") as told:
        settings = settings_for(profile_of(told, platform="genesys"), tmp_path)
        async with open_session(settings) as session:
            with pytest.raises(UnsupportedError):
                await start_run(session.link, session.store, body_in(text_of("order")), "k")


async def test_what_the_store_does_not_take_is_told_beside_the_run(tmp_path):
    from cxtop.core.platforms import platform_for

    path = tmp_path / "store.sqlite3"
    async with await Store.open(path) as store:
        with sqlite3.connect(path) as connection:
            connection.execute("DROP TABLE submissions")
        connection.close()
        async with serving(lambda asked: Reply({"id": "r-1"}, 202)) as server:
            profile = profile_for(server.url, platform="cxone")
            async with calling(profile) as caller:
                platform = platform_for(profile, caller)
                started = await start_run(platform, store, body_in(text_of("order")), "k")
    assert started.run_id == "r-1"
    assert isinstance(started.trouble, StoreError)
