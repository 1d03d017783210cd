"""A notice as Slack takes it: within its limits, escaped, and saying what it left out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.live.notify import CodeCount, Notice, Occasion, Sample
from cxtop.core.live.notify.slack import MOST_TEXT, cut, escaped, message, size

AT = datetime(2026, 3, 4, 14, 32, 7, tzinfo=UTC)


def notice(**fields: Any) -> Notice:
    values: dict[str, Any] = {
        "key": "ended crm-backfill FAILED",
        "occasion": Occasion.ENDED,
        "status": "FAILED",
        "sentence": "crm-backfill failed with 1,489 errors.",
        "platform": "genesys",
        "profile": "acme-prod",
        "subject": "crm-backfill",
        "at": AT,
        "total_errors": 1489,
    }
    return Notice(**(values | fields))


def code(name: str, count: int, *messages: str) -> CodeCount:
    samples = tuple(
        Sample(record_id=f"rec_{number}", message=text) for number, text in enumerate(messages)
    )
    return CodeCount(code=name, count=count, samples=samples)


def texts(built: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in built["blocks"]]


def assert_within_limits(built: dict[str, Any]) -> None:
    assert built.keys() == {"text", "blocks"}
    assert built["text"]
    assert len(built["blocks"]) <= 50
    kinds = [block["type"] for block in built["blocks"]]
    assert kinds == ["header", *["section"] * (len(kinds) - 1)]
    assert 0 < size(texts(built)[0]) <= 150
    assert all(0 < size(text) <= 3000 for text in texts(built)[1:])
    assert sum(map(size, texts(built))) <= MOST_TEXT + 150


def test_a_run_that_failed() -> None:
    built = message(
        notice(codes=(code("VALIDATION_ERROR", 912, "no address", "too long"), code("TIMEOUT", 1)))
    )
    assert texts(built) == [
        "Genesys Data Action Alert: FAILED",
        "crm-backfill failed with 1,489 errors.\n*Id:* crm-backfill\n*Total errors:* 1,489\n"
        "*Status:* FAILED\n*Profile:* acme-prod · 2026-03-04 14:32:07 UTC",
        "*VALIDATION_ERROR* · 912 records\n• rec_0: no address\n• rec_1: too long",
        "*TIMEOUT* · 1 record",
    ]
    assert built["blocks"][0]["text"]["type"] == "plain_text"
    assert built["text"].startswith("Genesys Data Action Alert: FAILED: crm-backfill failed")
    assert_within_limits(built)


def test_cxone_has_its_own_head_line_and_a_name_is_told() -> None:
    built = message(notice(platform="cxone", name="CRM backfill"))
    assert texts(built)[0] == "CXone Data Action Alert: FAILED"
    assert "*Name:* CRM backfill" in texts(built)[1]


def test_200_codes_with_long_messages_say_what_was_left_out() -> None:
    long = "Field 'email' & 'phone' <contain> an invalid format. " * 100
    codes = tuple(
        code(f"CODE_{number:03}", 1000 - number, long, long, long) for number in range(200)
    )
    built = message(notice(codes=codes))
    assert_within_limits(built)
    sections = texts(built)[2:-1]
    assert len(sections) >= 20
    assert sections[0].startswith("*CODE_000* · 1,000 records")
    hidden = codes[len(sections) :]
    records = sum(one.count for one in hidden)
    last = texts(built)[-1]
    assert f"Not shown: {len(hidden)} more codes with {records:,} records" in last
    told = sum(section.count("•") for section in sections)
    left_out = 3 * len(sections) - told
    assert (f"and {left_out:,} samples." in last) is (left_out > 0)
    assert f"{told:,} messages are shortened." in last


def test_what_fits_needs_no_last_line() -> None:
    built = message(notice(codes=tuple(code(f"C{n}", 1, "short") for n in range(47))))
    assert_within_limits(built)
    assert len(built["blocks"]) == 49
    assert "Not shown" not in texts(built)[-1]
    one_more = message(notice(codes=tuple(code(f"C{n}", 2, "short") for n in range(48))))
    assert len(one_more["blocks"]) == 50
    assert texts(one_more)[-1] == "_Not shown: 1 more code with 2 records._"


def test_nothing_from_outside_can_mention_or_drive() -> None:
    hostile = "<!channel> & <https://evil|x> \x1b]52;c;aGk=\x07\nsecond a\u202eb"
    built = message(
        notice(sentence=hostile, subject=hostile, codes=(code(hostile, 1, hostile),), name=hostile)
    )
    for text in (*texts(built)[1:], built["text"]):
        assert "<" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "&lt;!channel&gt; &amp;" in texts(built)[2]
    assert "\nsecond" not in texts(built)[2]


def test_a_header_is_cut_at_its_limit() -> None:
    header = texts(message(notice(status="X" * 500)))[0]
    assert len(header) == 150
    assert header.endswith("…")


@pytest.mark.parametrize("longest", range(12))
def test_no_escape_and_no_surrogate_pair_is_cut(longest: int) -> None:
    for text in ("<<<<<<", "&&&", "a<b>c&d", "😀😀😀😀", "plain text here"):
        found = escaped(text, longest)
        assert size(found) <= longest
        assert not re.search(r"&(?!(amp|lt|gt);)", found)
        assert size(cut(text, longest)) <= longest


words = st.text(max_size=60) | st.sampled_from(("<&>" * 200, "😀" * 900, "x" * 5000, ""))
counts = st.builds(
    CodeCount,
    code=words,
    count=st.integers(1, 10**9),
    samples=st.lists(st.builds(Sample, record_id=words, message=words), max_size=3).map(tuple),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(counts, max_size=70), words, words, words)
def test_whatever_it_is_slack_takes_it(
    codes: list[CodeCount], sentence: str, subject: str, status: str
) -> None:
    built = message(
        notice(codes=tuple(codes), sentence=sentence, subject=subject, status=status or "X")
    )
    assert_within_limits(built)
    for text in texts(built)[1:]:
        assert not re.search(r"[<>]", text)
        assert not re.search(r"&(?!(amp|lt|gt);)", text)
    last = texts(built)[-1]
    shown = len(built["blocks"]) - 2 - (last.startswith("_") and last.endswith("_"))
    if 0 < shown < len(codes):
        assert f"{len(codes) - shown:,} more code" in last
