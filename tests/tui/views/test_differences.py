"""What is different between one side of two exchanges."""

from typing import Any

import pytest
from hypothesis import given, settings

from cxtop.core.models import Body, BodyKind, Exchange, Failure, Outcome
from cxtop.tui.ink import content
from cxtop.tui.views import Side
from cxtop.tui.views.differences import MOST, differences, unified

from .making import SIDES, exchange, json_body, text_body, told
from .test_views import BODIES, PAIRS


def rows(before: Exchange, after: Exchange, which: Any = "response") -> list[tuple[str, ...]]:
    found = differences(Side(before, which), Side(after, which))
    return [(row.where, row.kind.value, row.shown_before, row.shown_after) for row in found.rows]


def test_facts_of_a_request() -> None:
    before = exchange(method="GET", url="/a", action="lookup")
    assert rows(before, exchange(url="/b", action=""), "request") == [
        ("method", "changed", "GET", "POST"),
        ("url", "changed", "/a", "/b"),
        ("action", "gone", "lookup", ""),
    ]


def test_facts_of_a_response() -> None:
    failure = Failure(type="KeyError", message="'id'")
    after = exchange(
        status=None, outcome=Outcome.EXCEPTION, code="KeyError", failure=failure, duration_ms=None
    )
    assert rows(exchange(), after) == [
        ("status", "changed", "200 OK", "no answer"),
        ("outcome", "changed", "ok", "exception"),
        ("code", "added", "", "KeyError"),
        ("exception", "added", "", "KeyError: 'id'"),
        ("duration", "changed", "80 ms", "–"),
    ]


@pytest.mark.parametrize(
    ("after", "worth"), [(95.0, False), (65.0, False), (101.0, True), (5.0, True)]
)
def test_a_duration_that_differs_little_is_not_worth_telling(after: float, worth: bool) -> None:
    assert bool(rows(exchange(), exchange(duration_ms=after))) is worth


def test_headers_are_compared_by_name_and_what_always_differs_comes_last() -> None:
    before = exchange(response_headers=(("Date", "1"), ("a", "1"), ("A", "2"), ("gone", "x")))
    after = exchange(response_headers=(("gOne", ""), ("date", "2"), ("a", "1, 2"), ("new", "")))
    found = differences(Side(before, "response"), Side(after, "response"))
    assert [(row.where, row.kind.value, row.minor) for row in found.rows] == [
        ("gone", "changed", False),
        ("new", "added", False),
        ("date", "changed", True),
    ]
    assert [row.number for row in found.rows] == [0, 1, 2]


def test_json_bodies_are_compared_place_by_place() -> None:
    before = exchange(response=json_body({"a": {"b": 1}, "c": [{"id": 1}, {"id": 2}]}))
    after = exchange(response=text_body('{"c": [{"id": 2}, {"id": 1}], "a": "x", "d": null}'))
    assert rows(before, after) == [
        ("$.a", "type changed", '{"b": 1}', '"x"'),
        ("$.c[1]", "moved", "[0]", "[1]"),
        ("$.d", "added", "", "null"),
    ]


def test_a_body_that_came_or_went() -> None:
    nothing, some = exchange(), exchange(response=json_body({"a": 1}))
    assert rows(nothing, some) == [("body", "added", "", "JSON")]
    assert rows(some, nothing) == [("body", "gone", "JSON", "")]
    unkept = exchange(response=Body(size=1200))
    assert rows(nothing, unkept) == [("body", "added", "", "1,200 bytes, not kept")]
    page = exchange(response=text_body("<p>", "text/html"))
    assert rows(unkept, page) == [("body", "changed", "1,200 bytes, not kept", "text/html")]


def test_bodies_that_are_no_json_are_compared_as_text() -> None:
    before = exchange(response=text_body("one\ntwo", "text/plain"))
    after = exchange(response=text_body("one\nthree", "text/plain"))
    assert rows(before, after) == [("body", "changed", "one two", "one three")]
    assert rows(before, before) == []
    binary = exchange(response=Body(kind=BodyKind.BASE64, value="b25lCnR3bw==", size=7))
    assert rows(before, binary)[0][:2] == ("body", "type changed")


def test_of_many_differences_the_first_are_told() -> None:
    before = exchange(response=json_body(list(range(MOST * 2))))
    after = exchange(response=json_body([-n - 1 for n in range(MOST * 2)]))
    found = differences(Side(before, "response"), Side(after, "response"))
    assert len(found.rows) == MOST
    assert found.note == "arrays compared by position, the first 5,000 differences"


def test_the_text_shows_headers_and_a_pretty_body() -> None:
    before = exchange(response=json_body({"a": 1, "b": 2}), response_headers=(("x", "1"),))
    after = exchange(response=json_body({"a": 1, "b": 3}), response_headers=(("x", "1"),))
    lines = unified(Side(before, "response"), Side(after, "response"))
    assert [told(line) for line in lines] == [
        "@@ -3,5 +3,5 @@",
        " ",
        " {",
        '   "a": 1,',
        '-  "b": 2',
        '+  "b": 3',
        " }",
    ]
    assert [line[0][1] for line in lines][3:6] == ["", "bad", "good"]
    assert len(unified(Side(before, "response"), Side(before, "response"))) == 0


def test_of_long_text_the_head_is_compared() -> None:
    before = exchange(request=text_body("x\n" * MOST + "end"))
    after = exchange(request=text_body("x\n" * MOST + "other end"))
    lines = unified(Side(before, "request"), Side(after, "request"))
    assert lines.cut
    assert told(lines[-1]) == "… only the first 5,000 lines were compared"


@settings(max_examples=100)
@given(BODIES, BODIES, PAIRS, PAIRS)
def test_any_two_exchanges_can_be_compared(
    one: Body, other: Body, headers: Any, others: Any
) -> None:
    before = exchange(request=one, response=one, request_headers=headers, response_headers=headers)
    after = exchange(request=other, response=other, request_headers=others, response_headers=others)
    for which in SIDES:
        sides = Side(before, which), Side(after, which)
        for row in differences(*sides).rows:
            shown = content((row.where, ""), (row.shown_before, ""), (row.shown_after, "")).plain
            assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown.replace("\n", ""))
        for line in unified(*sides):
            assert content(*line).plain is not None
        assert differences(sides[0], sides[0]).rows == ()
        assert len(unified(sides[1], sides[1])) == 0
