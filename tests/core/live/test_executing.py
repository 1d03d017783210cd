"""Running actions of the simulated platform, and what is kept of it."""

import asyncio
import json
import stat
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr

from cxtop.core.capture.record import decode_line
from cxtop.core.config import Profile
from cxtop.core.diagnosis import JsonSchema, ProfileToken
from cxtop.core.errors import (
    AuthenticationError,
    CaptureError,
    InputError,
    StoreError,
    UnsupportedError,
)
from cxtop.core.live import open_captures, open_monitor, open_session
from cxtop.core.live.executing import executor_for, sources_of
from cxtop.core.models import Outcome
from cxtop.core.redact import REDACTOR
from cxtop.core.simulator.serve import simulator

from ..platforms.server import QUICK, Reply, profile_for, serving
from .support import Platform, settings_for


@asynccontextmanager
async def executing(tmp_path, **changes):
    """The settings and an executor for a simulated platform."""
    async with simulator("calm") as told:
        fields = {
            "name": "simulated",
            "base_url": told.url,
            "client_id": told.client_id,
            "client_secret": SecretStr(told.client_secret),
            "retry": QUICK,
        }
        settings = settings_for(Profile(**fields | changes), tmp_path)
        async with open_session(settings) as session:
            yield settings, executor_for(settings, session.link, session.store.redactor)


OUTCOMES = {
    "ok": Outcome.OK,
    "null-result": Outcome.NULL_RESULT,
    "missing-result": Outcome.NULL_RESULT,
    "stringified-3": Outcome.STRINGIFIED_RESULT,
    "raw-token": Outcome.RAW_TOKEN,
    "schema-drift": Outcome.SCHEMA_DRIFT,
    "errors": Outcome.ACTION_ERRORS,
    "errors-text": Outcome.ACTION_ERRORS,
    "html": Outcome.NOT_JSON,
    "broken-json": Outcome.NOT_JSON,
    "empty": Outcome.EMPTY_BODY,
    "array": Outcome.NOT_OBJECT,
    "unauthorized": Outcome.AUTH_EXPIRED,
    "forbidden": Outcome.FORBIDDEN,
    "throttled": Outcome.RATE_LIMITED,
    "broken": Outcome.SERVER_ERROR,
    "invalid": Outcome.CLIENT_ERROR,
}


async def test_every_outcome_is_named_and_kept(tmp_path):
    async with executing(tmp_path) as (settings, executor):
        for action, outcome in OUTCOMES.items():
            done = await executor.run(action, '{"n": 1}')
            assert (done.diagnosis.outcome, done.trouble) == (outcome, ()), action
            assert done.diagnosis.hint or outcome is Outcome.OK
            assert (done.exchange.outcome, done.exchange.action) == (outcome, action)
    log = settings.paths.captures_dir / "executed.jsonl"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    kept = [decode_line(line) for line in log.read_bytes().splitlines()]
    assert [one.outcome for one in kept] == list(OUTCOMES.values())
    first = kept[0]
    assert first.url.endswith("/api/v2/data/actions/ok/execute")
    assert (first.method, first.status, first.service) == ("POST", 200, "cxtop")
    assert first.request.value == {"n": 1}
    assert first.response.value["result"]["tier"] == "gold"
    names = dict(first.request_headers)
    assert names["x-request-id"] == first.request_id
    assert first.trace_id
    assert "authorization" not in names


async def test_the_states_of_a_token(tmp_path):
    async with executing(tmp_path) as (_, executor):
        states = {}
        for action in ("token-valid", "token-valid-ms", "token-expired", "token-none", "ok"):
            told = await executor.run(action, "{}", expected=ProfileToken)
            plain = await executor.run(action, "{}")
            states[action] = (
                told.token and told.token.state.value,
                plain.token and plain.token.state.value,
            )
        null = await executor.run("null-result", "{}")
    assert states == {
        "token-valid": ("VALID", "VALID"),
        "token-valid-ms": ("VALID", "VALID"),
        "token-expired": ("TOKEN_EXPIRED", "TOKEN_EXPIRED"),
        "token-none": ("NO_TOKEN", "NO_TOKEN"),
        "ok": ("NO_TOKEN", None),
    }
    assert null.token.directive == "INITIATE_AUTH_FLOW"


async def test_what_is_kept_holds_no_secret(tmp_path):
    async with executing(tmp_path) as (settings, executor):
        done = await executor.run("token-valid", '{"password": "hunter2-of-mine"}')
        again = executor.inputs.of("token-valid")
    token = done.diagnosis.result["token"]
    assert done.exchange.response.value["result"]["token"] == "[redacted]"
    assert executor.shown(done.diagnosis)["token"] == "[redacted]"
    assert again == [{"password": "[redacted]"}]
    written = [file.read_bytes() for file in settings.paths.config_dir.rglob("*") if file.is_file()]
    assert written
    assert not [data for data in written if token.encode() in data or b"hunter2" in data]
    assert token not in repr(done)


async def test_a_known_schema_checks_input_and_answer(tmp_path):
    (tmp_path / "schemas").mkdir()
    schema = {"input": {"required": ["phone"]}, "output": {"required": ["iban"]}}
    (tmp_path / "schemas" / "ok.json").write_text(json.dumps(schema))
    async with executing(tmp_path) as (_, executor):
        with pytest.raises(InputError) as raised:
            await executor.run("ok", "{}")
        done = await executor.run("ok", "{}", check=False)
        other = await executor.run(
            "ok", '{"phone": 1}', expected=lambda _now: JsonSchema({"type": "object"})
        )
    assert raised.value.faults[0][0] == "$.phone"
    assert done.diagnosis.outcome is Outcome.SCHEMA_DRIFT
    assert "iban" in done.diagnosis.message
    assert other.diagnosis.outcome is Outcome.OK


async def test_nothing_is_sent_that_cannot_be(tmp_path):
    async with serving(Platform()) as server:
        settings = settings_for(profile_for(server.url), tmp_path)
        async with open_session(settings) as session:
            executor = executor_for(settings, session.link, REDACTOR)
            for text in ("", "{", "[]", '{"secret": "[redacted]"}'):
                with pytest.raises(InputError):
                    await executor.run("a", text)
    assert server.asked == []
    assert not settings.paths.captures_dir.exists()


async def test_what_is_no_answer_is_raised(tmp_path):
    async with executing(tmp_path, client_secret=SecretStr("wrong")) as (_, executor):
        with pytest.raises(AuthenticationError):
            await executor.run("ok", "{}")
    async with executing(tmp_path, platform="cxone") as (_, executor):
        with pytest.raises(UnsupportedError):
            await executor.run("ok", "{}")


async def test_what_cannot_be_kept_is_told_beside_the_answer(tmp_path):
    async with executing(tmp_path) as (settings, executor):
        settings.paths.data_dir.write_text("a file where the folder should be")
        inputs = settings.paths.store_file("simulated").with_suffix(".inputs.json")
        inputs.mkdir()
        done = await executor.run("ok", "{}")
    assert done.diagnosis.outcome is Outcome.OK
    assert [type(error) for error in done.trouble] == [CaptureError, StoreError]


async def test_a_body_that_was_cut_and_odd_headers(tmp_path):
    def answer(asked):
        return Reply({"result": "x" * 5000}, headers={"content-type": "application/json"})

    async with serving(answer) as server:
        settings = settings_for(profile_for(server.url, max_body=1024), tmp_path)
        async with open_session(settings) as session:
            executor = executor_for(settings, session.link, REDACTOR)
            done = await executor.run("a/b", "{}")
    assert "max_body" in done.diagnosis.hint
    assert done.exchange.response.truncated
    assert done.exchange.action == "a/b"


async def test_it_opens_where_captured_exchanges_do(tmp_path):
    async with executing(tmp_path) as (settings, executor):
        done = await executor.run("html", "{}")
        async with open_captures(settings) as captures:
            await captures.catch_up()
            assert [row.id for row in await captures.library.by_id(done.exchange.id)]
        elsewhere = replace(settings, captures=(str(tmp_path / "elsewhere"),))
        async with open_monitor(elsewhere) as monitor:
            assert monitor.executor is not None
            came = asyncio.Event()
            monitor.library.subscribe(lambda _news: came.set())
            done = await monitor.executor.run("ok", "{}")
            async with asyncio.timeout(10):
                while not (rows := await monitor.library.by_id(done.exchange.id)):
                    await came.wait()
                    came.clear()
            assert await monitor.library.payload(rows[0].number) == done.exchange


def test_the_log_is_among_the_sources_once(tmp_path):
    settings = settings_for(None, tmp_path)
    own = settings.paths.captures_dir
    assert sources_of(settings) == (str(own),)
    other = replace(settings, captures=("/somewhere",))
    assert sources_of(other) == ("/somewhere", str(own / "executed*.jsonl"))


async def test_a_bare_token_is_kept_and_shown_nowhere(tmp_path):
    async with executing(tmp_path) as (_, executor):
        done = await executor.run("raw-token", "{}")
    assert done.diagnosis.outcome is Outcome.RAW_TOKEN
    token = done.diagnosis.result
    assert token.startswith("cgy-")
    assert executor.shown(done.diagnosis) == "[redacted]"
    assert done.exchange.response.value["result"] == "[redacted]"
    assert done.answer.body.count(token.encode()) == 1
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert kept
    assert not [file for file in kept if token.encode() in file.read_bytes()]
