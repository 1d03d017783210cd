import pytest

from cxtop.core.errors import AnswerError
from cxtop.core.models import RunStatus
from cxtop.core.platforms import platform_for

from .server import Reply, calling, profile_for, serving


async def status_of(body, run_id="act-1"):
    async with serving(lambda asked: Reply(body)) as server:
        profile = profile_for(server.url, platform="cxone")
        async with calling(profile) as caller:
            return await platform_for(profile, caller).run_status(run_id), server.asked


async def test_a_status_with_its_errors():
    errors = [
        {"code": "TIMEOUT", "message": "too slow", "stackTrace": "at x"},
        {"code": "TIMEOUT", "message": "too slow", "stackTrace": "at x"},
        {"message": "who knows", "status": 500},
    ]
    reading, asked = await status_of(
        {"id": "act-1", "status": "Fulfilled", "errors": errors, "result": {"a": 1}, "progress": 2}
    )
    run = reading.run
    assert asked[0].path == "/api/v2/data/actions/act-1"
    assert (run.platform, run.status, run.raw_status) == ("cxone", RunStatus.COMPLETED, "Fulfilled")
    assert (run.progress, run.raw_progress, run.errors) == (1.0, 2, 3)
    assert run.extra == {"result": {"a": 1}}
    assert "errors" not in run.raw
    first, second, third = reading.errors
    assert (first.code, first.message, first.record) == ("TIMEOUT", "too slow", errors[0])
    assert second.record_id == first.record_id.replace("-1", "-2")
    assert (third.code, third.status) == ("UNKNOWN_ERROR", "500")


async def test_the_same_errors_have_the_same_ids_in_every_answer():
    first, _ = await status_of({"status": "running", "errors": [{"code": "A"}]})
    later, _ = await status_of({"status": "failed", "errors": [{"code": "B"}, {"code": "A"}]})
    assert first.errors[0].record_id == later.errors[1].record_id


@pytest.mark.parametrize(
    ("errors", "count", "messages"),
    [
        ([], 0, []),
        (None, None, []),
        ({"code": "E", "message": "alone"}, 1, ["alone"]),
        ("just text", 1, ["just text"]),
        (["text", 7, None], 3, ["text", "7", ""]),
        (4, 4, []),
    ],
)
async def test_errors_of_any_shape(errors, count, messages):
    reading, _ = await status_of({"status": "running", "errors": errors})
    assert reading.run.errors == count
    assert [error.message for error in reading.errors] == messages
    assert "errors" not in reading.run.extra


async def test_errors_that_are_nothing_known_stay_in_extra():
    reading, _ = await status_of({"status": "running", "errors": -1.5})
    assert reading.run.errors is None
    assert reading.run.extra == {"errors": -1.5}


async def test_a_count_that_is_told_wins_over_the_entries_that_came():
    reading, _ = await status_of({"status": "failed", "errorCount": 90, "errors": [{"code": "E"}]})
    assert reading.run.errors == 90


async def test_it_has_no_call_for_failed_records():
    async with serving(lambda asked: Reply({})) as server:
        profile = profile_for(server.url, platform="cxone")
        async with calling(profile) as caller:
            assert await platform_for(profile, caller).failed_records("act-1", 1, 10) is None
        assert server.asked == []


async def test_an_object_of_another_kind_is_an_answer_error():
    with pytest.raises(AnswerError, match="run status"):
        await status_of({"fault": "gateway"})
