"""Analytics of dialect cxone, from a real server that says whatever it likes (contract §2)."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxtop.core.errors import AnswerError, ForbiddenError, UnsupportedError
from cxtop.core.platforms import AnalyticsRow, platform_for
from cxtop.core.platforms.analytics import read_page, walked
from cxtop.core.platforms.reading import UnreadableError, tame

from .server import Asked, Reply, calling, profile_for, serving


@dataclass
class Pages:
    """Answers page by page, by the token that comes; the first one is for none."""

    pages: dict[str, Any]
    bodies: list[dict[str, Any]] = field(default_factory=list)
    first: list[Reply] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        if self.first:
            return self.first.pop(0)
        body = json.loads(asked.body)
        self.bodies.append(body)
        page = self.pages[body.get("nextPageToken", "")]
        return page if isinstance(page, Reply) else Reply(page)


def row(executions: Any, errors: Any = 0, code: Any = None, average: Any = None, **more: Any):
    return {
        "status": "FAILED" if errors else "COMPLETED",
        "errorCode": code,
        "executionCount": executions,
        "errorCount": errors,
        "averageDuration": average,
    } | more


async def asked_of(pages: Pages, action_id: str = "crm lookup/1"):
    async with serving(pages) as server:
        profile = profile_for(server.url, platform="cxone")
        async with calling(profile) as caller:
            return await platform_for(profile, caller).analytics(action_id, "PT24H"), server.asked


async def test_the_question_is_that_of_the_contract_and_pages_are_walked_to_the_end():
    pages = Pages(
        {
            "": {"data": [row(90, average=100)], "nextPageToken": "t2"},
            "t2": {"data": [row(8, 8, "TIMEOUT", 3000.5)], "nextPageToken": "t3"},
            "t3": {"data": [row(2, 2, None)], "nextPageToken": ""},
        }
    )
    told, asked = await asked_of(pages)
    assert [(one.method, one.path) for one in asked] == [
        ("POST", "/api/v2/analytics/actions/details/query")
    ] * 3
    assert pages.bodies[0] == {
        "interval": "PT24H",
        "groupBy": ["status", "errorCode"],
        "filter": {"type": "equals", "path": "actionId", "value": "crm lookup/1"},
        "metrics": ["executionCount", "errorCount", "averageDuration"],
    }
    assert [body.get("nextPageToken") for body in pages.bodies] == [None, "t2", "t3"]
    assert told.rows == (
        AnalyticsRow("COMPLETED", "", 90, 0, 100.0),
        AnalyticsRow("FAILED", "TIMEOUT", 8, 8, 3000.5),
        AnalyticsRow("FAILED", "UNKNOWN_ERROR", 2, 2, None),
    )
    assert (told.pages, told.warnings) == (3, ())


async def test_a_token_that_repeats_ends_the_walk_with_a_warning():
    pages = Pages(
        {
            "": {"data": [row(1)], "nextPageToken": "a"},
            "a": {"data": [row(2)], "nextPageToken": "b"},
            "b": {"data": [row(3)], "nextPageToken": "a"},
        }
    )
    told, asked = await asked_of(pages)
    assert len(asked) == 3
    assert sum(one.executions for one in told.rows) == 6
    (warning,) = told.warnings
    assert "second time after 3 pages" in warning


async def test_a_walk_without_an_end_is_given_up():
    async def ask(token: str):
        return read_page({"data": [row(1)], "nextPageToken": f"{token}x"})

    told = await walked(ask, most=5)
    assert told.pages == len(told.rows) == 5
    assert told.warnings == ("There are more than 5 pages; the rest is not counted.",)


async def test_the_query_is_sent_again_after_a_failure_that_may_pass():
    pages = Pages({"": {"data": [row(1)]}}, first=[Reply({}, 503)])
    told, asked = await asked_of(pages)
    assert len(asked) == 2
    assert told.rows[0].executions == 1


async def test_a_missing_scope_is_named():
    with pytest.raises(ForbiddenError, match="analytics:read"):
        await asked_of(Pages({"": Reply({"message": "no"}, 403)}))


async def test_a_platform_without_analytics_says_so():
    async with serving(Pages({})) as server:
        profile = profile_for(server.url)
        async with calling(profile) as caller:
            with pytest.raises(UnsupportedError, match="genesys has no analytics"):
                await platform_for(profile, caller).analytics("a", "PT1H")
    assert server.asked == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"message": "hello"}, "no field of a page of analytics"),
        ({"data": {"0": {}}}, "no list, but a dict"),
        ({"data": "none"}, "no list, but a str"),
    ],
)
async def test_an_answer_of_another_kind_is_refused(body, why):
    with pytest.raises(AnswerError) as refused:
        await asked_of(Pages({"": body}))
    assert why in refused.value.why


@pytest.mark.parametrize(
    ("entry", "read", "warned"),
    [
        (None, None, "told no figures"),
        ("text", None, "told no figures"),
        ({}, None, "no usable count of executions"),
        (row(-5), None, "no usable count of executions"),
        (row(2**62), None, "no usable count of executions"),
        (row(None), None, "no usable count of executions"),
        (row("7", "2", "E", "12.5"), AnalyticsRow("FAILED", "E", 7, 2, 12.5), ""),
        (row(3, 9, "E"), AnalyticsRow("FAILED", "E", 3, 3), "more errors than executions"),
        (row(3, -1, "E"), AnalyticsRow("FAILED", "E", 3, 3), "no usable count of errors"),
        (row(3, None, None), AnalyticsRow("COMPLETED", "", 3, 0), ""),
        (
            row(3, None, None, status="Failed"),
            AnalyticsRow("Failed", "UNKNOWN_ERROR", 3, 3),
            "",
        ),
        (row(3, average=-1), AnalyticsRow("COMPLETED", "", 3, 0), "no usable average"),
        (row(3, average="soon"), AnalyticsRow("COMPLETED", "", 3, 0), "no usable average"),
        (row(3, 1, ["X"]), AnalyticsRow("FAILED", '["X"]', 3, 1), ""),
    ],
)
async def test_rows_of_any_shape_are_counted_or_told(entry, read, warned):
    told, _ = await asked_of(Pages({"": {"data": [entry, row(1)]}}))
    assert told.rows[:-1] == (() if read is None else (read,))
    assert [warned in warning for warning in told.warnings] == ([True] if warned else [])


async def test_a_page_without_data_and_a_token_that_is_none_are_told():
    pages = Pages(
        {"": {"data": None, "nextPageToken": 7}, "7": {"data": [], "nextPageToken": {"a": 1}}}
    )
    told, asked = await asked_of(pages)
    assert len(asked) == 2
    assert told.rows == ()
    assert told.warnings == (
        "The platform sent 1 page without figures.",
        "The token of the next page was no text; the walk ended there.",
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
ROW = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("status", "errorCode", "executionCount", "errorCount", "averageDuration"), ANYTHING
    ),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROW | ANYTHING, max_size=4), ANYTHING)
def test_any_json_is_a_page_or_unreadable(data, token):
    try:
        page = read_page(tame({"data": data, "nextPageToken": token}))
    except UnreadableError:
        return
    for one in page.rows:
        assert 0 <= one.errors <= one.executions
        assert one.average_ms is None or one.average_ms >= 0
        assert bool(one.errors) <= bool(one.code)
