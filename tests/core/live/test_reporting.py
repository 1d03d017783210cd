import re
import shlex
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.live.reporting import as_markdown, as_text, is_above, next_steps, verdict
from cxtop.core.models import CodeShare, HealthReport, HealthSource, RisenCode
from cxtop.core.store.filter import parse
from cxtop.core.text import safe


def report(*codes: tuple[str, int] | tuple[str, int, float], executions: int = 200, **fields):
    shares = tuple(
        CodeShare(code=code, count=count, average_ms=average[0] if average else None)
        for code, count, *average in codes
    )
    errors = sum(share.count for share in shares)
    values = {
        "action_id": "crm-lookup",
        "interval": "PT24H",
        "source": HealthSource.CAPTURES,
        "executions": executions,
        "errors": errors,
        "error_rate": round(100 * errors / executions, 2) if executions else 0.0,
        "codes": shares,
        "average_ms": 120.4,
        "p95_ms": 900.0,
        "as_of": datetime(2026, 3, 1, 12, tzinfo=UTC),
    }
    return HealthReport(**values | fields)


ILL = report(
    ("TIMEOUT", 20, 3010.0),
    ("HTTP_503", 4, 8.25),
    ("A", 3),
    ("B", 2),
    ("C", 1),
    ("D", 1),
    ("E", 1),
    warnings=("The figures may be wrong.",),
)
RISEN = (RisenCode(code="TIMEOUT", before=1.5, now=10), RisenCode(code="A", before=0, now=1.5))


def test_the_text_tells_all_there_is():
    assert as_text(ILL, 5, risen=RISEN) == (
        "Health of crm-lookup\n"
        "\n"
        "Interval          24 h up to 2026-03-01 12:00:00 UTC\n"
        "Source            captured exchanges\n"
        "Executions        200\n"
        "Errors            32\n"
        "Error rate        16.00 % (threshold 5 %)\n"
        "Average duration  120 ms\n"
        "95 % within       900 ms\n"
        "\n"
        "Verdict: The error rate of 16.00 % is above the threshold of 5 %.\n"
        "\n"
        "Error code                            errors    of all     average\n"
        "TIMEOUT                                   20   10.00 %    3,010 ms\n"
        "HTTP_503                                   4    2.00 %      8.2 ms\n"
        "A                                          3    1.50 %           –\n"
        "B                                          2    1.00 %           –\n"
        "C                                          1    0.50 %           –\n"
        "\n"
        "And 2 more codes with 2 errors.\n"
        "\n"
        "Risen since the period before:\n"
        "- TIMEOUT: from 1.50 %, now 10.00 % of the executions\n"
        "- A: new, now 1.50 % of the executions\n"
        "\n"
        "Warnings:\n"
        "- The figures may be wrong.\n"
        "\n"
        "What to look at next:\n"
        "- TIMEOUT makes up 62 % of the errors. The service behind the action is slow: see its "
        "durations and its timeout.\n"
        "- It takes 3,010 ms on average, where all executions take 120 ms: time is lost before it "
        "fails.\n"
        "- See those that are captured: cxtop tail --filter 'action:crm-lookup code:TIMEOUT'\n"
        "- TIMEOUT rose from 1.50 % to 10.00 % of the executions since the period before: see what "
        "was changed in that time.\n"
        "- See to the warnings first, as the figures may be wrong.\n"
    )


def test_markdown_tells_the_same():
    text = as_markdown(ILL, 5, risen=RISEN)
    assert text.startswith("# Health of `crm-lookup`\n\n**The error rate of 16.00 % is above")
    assert "| `TIMEOUT` | 20 | 10.00 % | 3,010 ms |" in text
    assert "| `HTTP_503` | 4 | 2.00 % | 8.2 ms |" in text
    assert "`cxtop tail --filter 'action:crm-lookup code:TIMEOUT'`" in text
    assert "And 2 more codes with 2 errors." in text
    for title in ("Error codes", "Risen since the period before", "Warnings"):
        assert f"\n## {title}\n" in text


def test_an_action_in_good_health_and_one_that_was_not_called():
    good = report(source=HealthSource.ANALYTICS, p95_ms=None)
    assert "within the threshold of 5 %" in verdict(good, 5)
    assert next_steps(good) == ["Nothing: no execution failed."]
    assert "95 %" not in as_text(good, 5)
    assert "Error codes" not in as_markdown(good, 5)
    for source, hint in (("captures", "cxtop tail"), ("analytics", "--interval")):
        silent = report(executions=0, average_ms=None, source=HealthSource(source))
        assert verdict(silent, 5).startswith("Nothing can be said")
        assert hint in next_steps(silent)[0]
        assert "Average duration  –" in as_text(silent, 5)


def test_the_threshold_itself_is_not_above_it():
    assert not is_above(report(("E", 10)), 5)
    assert is_above(report(("E", 11)), 5)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("UPSTREAM_TIMEOUT", "is slow"),
        ("deadline_exceeded", "is slow"),
        ("RATE_LIMIT_EXCEEDED", "more often than it may"),
        ("token.expired", "credentials"),
        ("SCHEMA_MISMATCH", "has not the form"),
        ("loyalty.db.unavailable", "does not work"),
        ("HTTP_502", "does not work"),
        ("SOMETHING", "Look at one of them"),
    ],
)
def test_a_code_leads_somewhere(code, hint):
    assert hint in next_steps(report((code, 20)))[0]


@pytest.mark.parametrize(
    "code", ["TIMEOUT", "HTTP_502", "NOT_JSON", "UNKNOWN_ERROR", "a b'\"c|(", "["]
)
@pytest.mark.parametrize(
    "action", ["crm", "CRM: find customer", "it's", 'say "a"', "x\\y", "\x1b["]
)
def test_the_filter_that_is_named_can_be_typed(code, action):
    steps = next_steps(report((code, 20), action_id=action))
    (step,) = (step for step in steps if "--filter" in step)
    *_, option, typed = shlex.split(step.partition(": ")[2])
    assert option == "--filter"
    assert parse(typed)


@pytest.mark.parametrize("odd", ["@everyone", "www.elsewhere.example", "#1", "a|b", "`@c`"])
def test_in_markdown_what_comes_from_outside_calls_nobody_and_leads_nowhere(odd):
    risen = (RisenCode(code=odd, before=0, now=10),)
    text = as_markdown(report((odd, 20), action_id=odd), 5, risen=risen)
    beside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert odd not in beside
    assert beside != text


ODD = st.text(st.characters(codec=None), max_size=30)


@settings(max_examples=50)
@given(ODD, ODD, ODD)
def test_what_comes_from_outside_stays_text(action_id, code, warning):
    odd = report((code, 20), action_id=action_id, warnings=(warning,))
    risen = (RisenCode(code=code, before=0, now=10),)
    lines = as_text(odd, 5, risen=risen).split("\n")
    assert len(lines) == len(
        as_text(report(("A", 20), warnings=("b",)), 5, risen=risen).split("\n")
    )
    for text in (*lines, *as_markdown(odd, 5, risen=risen).split("\n")):
        assert safe(text) == text
    assert "\x1b" not in as_markdown(odd, 5)
    rows = [line for line in as_markdown(odd, 5).split("\n") if line.startswith("|")]
    assert len(rows) == 2 + 7 + 2 + 1
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) in (3, 5) for row in rows)
