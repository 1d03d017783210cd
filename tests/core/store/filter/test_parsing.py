"""The filter language, from text to answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.errors import FilterError
from cxtop.core.models import Exchange, Outcome
from cxtop.core.store.filter import EVERYTHING, FIELDS, Filter, complete, parse
from cxtop.core.store.filter.tokens import quote

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_exchange(**fields: Any) -> Exchange:
    values: dict[str, Any] = {
        "id": "5f3ac21e00000000000000000000abcd",
        "at": NOW - timedelta(minutes=5),
        "service": "crm",
        "request_id": "request-7",
        "flow_execution_id": "flow-1",
        "conversation_id": "conversation-2",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "method": "POST",
        "url": "http://localhost:8080/orders/17?q=Blue#top",
        "route": "/orders/{id}",
        "action": "Lookup-Customer",
        "status": 504,
        "duration_ms": 1250.5,
        "outcome": Outcome.SERVER_ERROR,
        "code": "TIMEOUT",
    }
    return Exchange(**(values | fields))


def accepts(text: str, bodies: tuple[str, ...] = (), **fields: Any) -> bool:
    return parse(text, now=NOW).matches(make_exchange(**fields), lambda: bodies)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "status:504",
        "status:5xx",
        "status:5XX",
        "status:>=500",
        "status:>503",
        "status:<=504",
        "status:<505",
        "status:=504",
        "status:500..599",
        "status:500..",
        "status:..599",
        "STATUS:504",
        "code:TIMEOUT",
        "code:timeout",
        "code:TIME*",
        "code:T?MEOUT",
        "method:post",
        "path:/orders/17",
        "path:/orders*",
        "path:*17",
        "path:/orders/??",
        "id:request-7",
        "id:flow-1",
        "id:conversation-2",
        "id:4bf92f3577b34da6a3ce929d0e0e4736",
        "id:5f3ac21e",
        "id:5f3ac21e00000000000000000000abcd",
        "id:request-*",
        "request:request-7",
        "flow:flow-1",
        "conversation:conversation-2",
        "trace:4bf92f3577b34da6a3ce929d0e0e4736",
        "trace:4bf9*",
        "action:lookup*",
        "action:lookup-customer",
        "route:/orders/{id}",
        "service:CRM",
        "outcome:server_error",
        "ms:>1000",
        "ms:>=1250.5",
        "ms:<1251",
        "ms:>1s",
        "ms:1s..2s",
        "ms:1250.5",
        "ms:<1m",
        "since:10m",
        "since:5m",
        "since:1h30m",
        "since:11:30",
        "since:2026-03-01",
        "since:2026-03-01T11:54:59Z",
        "since:2026-03-01T12:54:59+01:00",
        "until:4m",
        "until:12:00",
        "until:2026-03-02",
        "orders",
        "ORDERS",
        "q=blue",
        "timeout",
        "customer",
        "request-7",
        "5f3ac21e",
        '"q=Blue#top"',
        "not status:200",
        "-status:200",
        "not not status:504",
        "--status:504",
        "status:504 code:TIMEOUT",
        "status:504 and code:TIMEOUT",
        "status:200 | code:TIMEOUT",
        "status:200 || code:TIMEOUT",
        "status:200 or code:TIMEOUT",
        "status:200 code:NO | status:504",
        "(status:200 | status:504) code:TIMEOUT",
        "(status:200|status:504)code:TIMEOUT",
        "not (status:200 | status:201)",
        "-(status:200 | status:201)",
        'code:"TIMEOUT"',
    ],
)
def test_lets_through(text):
    assert accepts(text)


@pytest.mark.parametrize(
    "text",
    [
        "status:500",
        "status:4xx",
        "status:>504",
        "status:none",
        "code:TIME",
        'code:"TIME*"',
        'code:""',
        "method:GET",
        "path:/orders",
        "path:/ORDERS*",
        "path:*q=Blue*",
        "id:request",
        "id:f3ac",
        "id:flow",
        "request:flow-1",
        "flow:request-7",
        "action:lookup",
        "ms:>1250.5",
        "ms:<=1s",
        "since:4m",
        "until:10m",
        "since:11:56",
        "nothing",
        "not status:504",
        "-(status:504 | status:200)",
        "status:504 code:NO",
        "not status:200 code:NO",
    ],
)
def test_keeps_back(text):
    assert not accepts(text)


def test_what_is_missing_is_in_no_span():
    assert not accepts("ms:<1s", duration_ms=None)
    assert not accepts("ms:>1s", duration_ms=None)
    assert not accepts("status:<600", status=None)
    assert accepts("status:none", status=None)
    assert accepts("not ms:<1s", duration_ms=None)
    assert accepts('code:""', code="")


@pytest.mark.parametrize(
    ("text", "body", "found"),
    [
        ('body:"deadline exceeded"', "Upstream: Deadline Exceeded!", True),
        ('body:"deadline exceeded"', "deadline was exceeded", False),
        ("body:deadline_exceeded", "code=DEADLINE_EXCEEDED;", True),
        ("body:deadline", "code=DEADLINE_EXCEEDED;", False),
        ("body:dead*", "code=DEADLINE_EXCEEDED;", True),
        ('body:"dead*"', "code=DEADLINE_EXCEEDED;", False),
        ('body:"deadline exceeded"', "exceeded deadline", False),
        ("body:größe", "Die GRÖSSE", False),
        ("body:größe", "Die GRÖßE", True),
        ("body:x", "", False),
    ],
)
def test_text_in_bodies(text, body, found):
    assert accepts(text, bodies=("other", body)) is found


def test_a_phrase_does_not_reach_from_one_body_into_the_other():
    assert not accepts('body:"one two"', bodies=("one", "two"))


def test_bodies_that_are_not_there_are_a_fault():
    wanted = parse("body:x")
    assert wanted.needs_bodies
    assert parse("not (a | body:x)").needs_bodies
    assert not parse("a -b").needs_bodies
    with pytest.raises(FilterError):
        wanted.matches(make_exchange())


def test_an_empty_filter_is_everything():
    assert parse(" ").everything
    assert EVERYTHING.everything
    assert not parse("a").everything


def test_a_time_of_day_is_the_last_one():
    # 12:30 has not come yet today, so yesterday's is meant.
    assert accepts("since:12:30")
    assert not accepts("until:12:30")


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("status:", 7, "missing"),
        ("status:abc", 7, "status"),
        ("a status:5xy", 9, "status"),
        ("status:400..5xx", 12, "status"),
        ("status:..", 9, "status"),
        ("status:>", 8, "status"),
        ("colour:red", 0, "field"),
        ("a (colour:red)", 3, "field"),
        ("http://x", 0, "field"),
        ("ms:fast", 3, "duration"),
        ("ms:>=fast", 5, "duration"),
        ("since:yesterday", 6, "time"),
        ("since:25:00", 6, "time"),
        ("since:999999999w", 6, "time"),
        ('a "open', 2, "quote"),
        ('body:"open', 5, "quote"),
        ('body:"!?"', 5, "look for"),
        ("(a", 0, "closed"),
        ("a)", 1, "opened"),
        ("()", 1, "missing"),
        ("|", 0, "missing"),
        ("a |", 3, "missing"),
        ("a | | b", 4, "missing"),
        ("not", 3, "missing"),
        ("a and", 5, "missing"),
        ("and a", 0, "missing"),
        ("(" * 60 + "a" + ")" * 60, 51, "deep"),
        ("not " * 100 + "a", 51 * 4, "deep"),
    ],
)
def test_faults_point_at_the_character(text, position, word):
    with pytest.raises(FilterError, match=word) as caught:
        parse(text, now=NOW)
    assert caught.value.position == position
    assert str(caught.value).endswith(".")


def test_an_unknown_field_is_told_with_the_near_one():
    with pytest.raises(FilterError, match="Did you mean status:"):
        parse("staus:500")


def test_every_field_has_help_whose_examples_parse():
    for field in FIELDS.values():
        assert field.meaning
        for example in field.example.split("  "):
            assert isinstance(parse(example, now=NOW), Filter)
        for offer in field.offers:
            assert isinstance(parse(f"{field.name}:{offer}", now=NOW), Filter)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("st", ["status:"]),
        ("a st", ["a status:"]),
        ("-st", ["-status:"]),
        ("(st", ["(status:"]),
        ("status:5", ["status:5xx"]),
        ("a|method:P", ["a|method:POST", "a|method:PUT", "a|method:PATCH"]),
        ("n", ["not "]),
        ("zzz", []),
        ("zzz:", []),
        ('body:"st', []),
        ("status:5xx", []),
    ],
)
def test_completion(text, expected):
    assert complete(text, len(text)) == expected


def test_completion_in_the_middle_keeps_what_follows():
    assert complete("st code:X", 2) == ["status: code:X"]
    assert complete("", 0) == [f"{name}:" for name in FIELDS]
    assert complete("st", 99) == ["status:"]


def fault_in(text: str) -> int | None:
    """Where `text` is no filter; `None` if it is one."""
    try:
        parse(text, now=NOW).matches(make_exchange(), lambda: ("a b",))
    except FilterError as error:
        return error.position
    return None


@given(st.text(alphabet=st.sampled_from(list('ab:|()-"\\ 5x.>=<*?')), max_size=25), st.integers())
def test_whatever_is_typed_is_a_filter_or_a_fault(text, cursor):
    complete(text, cursor)
    fault = fault_in(text)
    assert fault is None or 0 <= fault <= len(text)


@given(st.text(max_size=30))
def test_any_text_is_a_filter_or_a_fault(text):
    fault = fault_in(text)
    assert fault is None or 0 <= fault <= len(text)


@given(st.text(min_size=1, max_size=20))
def test_a_quoted_word_is_that_word(text):
    wanted = parse(f"code:{quote(text)}") if quote(text).startswith('"') else parse(quote(text))
    code = make_exchange(code=text)
    assert wanted.matches(code, tuple)
