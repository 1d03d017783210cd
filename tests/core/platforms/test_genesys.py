import asyncio
import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.errors import AnswerError, ForbiddenError, NotFoundError
from cxtop.core.models import RunStatus
from cxtop.core.platforms import platform_for
from cxtop.core.platforms.dialect import BIG_BODY
from cxtop.core.platforms.runs import RUN_FIELDS

from .server import Reply, calling, profile_for, serving

NAMES = st.sampled_from(
    sorted(RUN_FIELDS | {"dataActionId", "name", "id", "errors", "entities", "total", "pageSize"})
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=4), inner),
    max_leaves=10,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=6)
BODIES = st.one_of(
    (JSON | OBJECTS).map(lambda value: json.dumps(value).encode()),
    OBJECTS.map(lambda value: json.dumps(value).encode()[:-3]),
    st.binary(max_size=40),
)


async def status_of(body, run_id="run-1", **changes):
    async with serving(lambda asked: Reply(body)) as server:
        profile = profile_for(server.url, **changes)
        async with calling(profile) as caller:
            return await platform_for(profile, caller).run_status(run_id), server.asked


async def page_of(body, page=1, size=100, **changes):
    async with serving(lambda asked: Reply(body)) as server:
        profile = profile_for(server.url, **changes)
        async with calling(profile) as caller:
            found = await platform_for(profile, caller).failed_records("run-1", page, size)
            return found, server.asked


async def test_a_whole_status_is_read_field_by_field():
    reading, asked = await status_of(
        {
            "dataActionId": "run-1",
            "status": "in_progress",
            "progress": 0.5,
            "processedCount": 50,
            "totalCount": 100,
            "errorCount": 3,
            "warningCount": 1,
            "createdTimestamp": "2024-05-06T07:08:09Z",
            "updatedTimestamp": "2024-05-06T09:08:09+02:00",
            "owner": "me",
        }
    )
    run = reading.run
    assert asked[0].path == "/api/v2/data-actions/run-1/status"
    assert (run.run_id, run.platform, run.status) == ("run-1", "genesys", RunStatus.RUNNING)
    assert (run.progress, run.processed, run.total, run.errors, run.warnings) == (
        0.5,
        50,
        100,
        3,
        1,
    )
    assert run.created_at == run.updated_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert run.extra == {"owner": "me"}
    assert reading.errors == ()


async def test_a_hostile_id_stays_one_segment_on_the_wire():
    _, asked = await status_of({"status": "running"}, run_id="../../x?y=1#z")
    assert asked[0].path == "/api/v2/data-actions/..%2F..%2Fx%3Fy%3D1%23z/status"
    assert asked[0].query == {}


async def test_the_profile_moves_the_paths():
    moved = {"run_status": "/other/{run_id}/state", "run_results": "/other/{run_id}/rows"}
    _, asked = await status_of({"status": "running"}, endpoints=moved)
    assert asked[0].path == "/other/run-1/state"
    _, asked = await page_of({"entities": []}, endpoints=moved)
    assert asked[0].path == "/other/run-1/rows"


@pytest.mark.parametrize("body", [{}, {"message": "hello"}, [], None, "x", 5, b"", b"<html>", b"{"])
async def test_what_is_no_status_is_an_answer_error(body):
    with pytest.raises(AnswerError) as caught:
        await status_of(body)
    assert "run status" in caught.value.what
    assert caught.value.call_id


@pytest.mark.parametrize(
    ("status", "error", "named"),
    [(403, ForbiddenError, "data:actions:read"), (404, NotFoundError, "run-1")],
)
async def test_a_refusal_names_what_is_missing(status, error, named):
    async with serving(lambda asked: Reply({"message": "no"}, status)) as server:
        profile = profile_for(server.url)
        async with calling(profile) as caller:
            platform = platform_for(profile, caller)
            with pytest.raises(error, match=named):
                await platform.run_status("run-1")
            with pytest.raises(error, match=named):
                await platform.failed_records("run-1", 1, 100)


async def test_a_page_of_failed_records():
    found, asked = await page_of(
        {
            "pageSize": 2,
            "pageNumber": 3,
            "total": 7,
            "entities": [
                {
                    "id": "a",
                    "status": "error",
                    "errorCode": "E1",
                    "errorMessage": "broken",
                    "record": {"row": 1},
                    "lane": 4,
                },
                {"id": 17, "errorCode": None, "errorMessage": ["x"], "record": None},
            ],
        },
        page=3,
        size=2,
    )
    assert asked[0].path == "/api/v2/data-actions/run-1/results"
    assert asked[0].query == {"filter": "error", "pageSize": "2", "pageNumber": "3"}
    assert (found.total, found.size) == (7, 2)
    first, second = found.records
    assert (first.run_id, first.record_id, first.code) == ("run-1", "a", "E1")
    assert (first.message, first.status, first.record) == ("broken", "error", {"row": 1})
    assert first.extra == {"lane": 4}
    assert (second.record_id, second.code, second.message) == ("17", "UNKNOWN_ERROR", '["x"]')


async def test_entries_without_ids_or_shape_are_kept_each_by_its_content():
    entities = [{"errorCode": "E"}, {"errorCode": "E"}, "text", 5, None, ["x"]]
    found, _ = await page_of({"entities": entities, "total": "many", "pageSize": "wide"})
    again, _ = await page_of({"entities": list(reversed(entities))})
    assert found.total is None
    assert found.size == 100
    assert len({record.record_id for record in found.records}) == len(entities)
    assert {r.record_id for r in found.records} == {r.record_id for r in again.records}
    assert [record.message for record in found.records] == ["", "", "text", "5", "", '["x"]']
    assert found.records[2].code == "UNKNOWN_ERROR"


@pytest.mark.parametrize("body", [{"total": 0}, {"entities": None}, {"entities": []}])
async def test_a_page_without_entries_is_empty(body):
    found, _ = await page_of(body)
    assert found.records == ()


@pytest.mark.parametrize("body", [{}, {"message": "x"}, {"entities": {"a": 1}}, {"entities": "x"}])
async def test_what_is_no_page_is_an_answer_error(body):
    with pytest.raises(AnswerError, match="run results"):
        await page_of(body)


async def test_a_big_body_leaves_the_loop_free_while_it_is_read():
    entities = [{"id": str(n), "record": {"text": "x" * 500}} for n in range(4000)]
    body = json.dumps({"entities": entities}).encode()
    assert len(body) > 4 * BIG_BODY
    found, _ = await page_of(body)
    assert len(found.records) == 4000


@pytest.fixture(scope="module")
def any_body():
    """Asks a dialect with any bytes as the answer, over one connection for all examples."""
    state: dict[str, bytes] = {}
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def start():
            server = await stack.enter_async_context(serving(lambda asked: Reply(state["body"])))
            platforms = []
            for name in ("genesys", "cxone"):
                profile = profile_for(server.url, platform=name)
                caller = await stack.enter_async_context(calling(profile))
                platforms.append(platform_for(profile, caller))
            return platforms

        platforms = runner.run(start())

        def ask(body: bytes):
            state["body"] = body
            answers = []
            for platform in platforms:
                for question in (platform.run_status("r"), platform.failed_records("r", 1, 10)):
                    try:
                        answers.append(runner.run(question))
                    except AnswerError as error:
                        answers.append(error)
            return answers

        yield ask
        runner.run(stack.aclose())


@settings(max_examples=150, deadline=None)
@given(body=BODIES)
def test_any_body_gives_a_model_or_an_answer_error(any_body, body):
    for answer in any_body(body):
        if isinstance(answer, AnswerError):
            assert answer.what
            assert answer.call_id
        for model in (*getattr(answer, "records", ()), *getattr(answer, "errors", ())):
            assert model.record_id
            assert model.code
            assert model.model_dump_json()
        if run := getattr(answer, "run", None):
            assert run.run_id == "r"
            assert run.progress is None or 0 <= run.progress <= 1
            assert run.model_dump_json()
