"""What is told of the health of an action."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cxtop.core.live.notify import CodeCount, Notice, Occasion
from cxtop.core.live.notify.judging import of_action
from cxtop.core.live.notify.slack import message
from cxtop.core.models import ActionHealth, CodeShare, HealthReport, HealthSource
from cxtop.core.store.health import Alarm, Level

from ..support import after

REPORT = HealthReport(
    action_id="crm",
    interval="PT24H",
    source=HealthSource.ANALYTICS,
    executions=1200,
    errors=300,
    error_rate=25.0,
    codes=(CodeShare(code="DB_DOWN", count=200), CodeShare(code="X", count=100)),
    as_of=after(0),
)
HEALTH = ActionHealth(action_id="crm", threshold=5, report=REPORT)
ILL = Alarm(Level.ABOVE, since=after(0), raised=after(0))
WELL = Alarm(Level.CALM, since=after(60), raised=after(0))


def told(alarm: Alarm, health: ActionHealth = HEALTH, *, since_s: float = 0):
    return of_action(health, alarm, after(since_s), after(90))


def test_an_illness_and_its_end_are_events_of_the_same_time():
    (ill,) = told(ILL)
    assert (ill.occasion, ill.status, ill.subject) == (Occasion.HEALTH, "25.0 % ERRORS", "crm")
    assert ill.sentence == (
        "25.00 % of 1,200 executions of crm failed in 24 h, above its threshold of 5 %, "
        "most with DB_DOWN."
    )
    assert told(replace(ILL, level=Level.CLEARING))[0].key == ill.key
    (well,) = told(WELL)
    assert (well.occasion, well.after) == (Occasion.RECOVERED, (ill.key,))
    later = replace(ILL, raised=after(600))
    assert told(later)[0].key != ill.key


@pytest.mark.parametrize(
    ("alarm", "health", "since_s"),
    [
        (Alarm(), HEALTH, 0),
        (Alarm(Level.PENDING, turn=after(0)), HEALTH, 0),
        (ILL, HEALTH.model_copy(update={"report": None}), 0),
        (replace(ILL, silenced_until=after(91)), HEALTH, 0),
        (WELL, HEALTH, 60 + timedelta(hours=1).total_seconds() + 1),
        (replace(WELL, since=None), HEALTH, 0),
    ],
)
def test_what_is_no_news(alarm, health, since_s):
    assert told(alarm, health, since_s=since_s) == []


def test_without_codes_no_cause_is_made_up():
    health = HEALTH.model_copy(update={"report": REPORT.model_copy(update={"codes": ()})})
    assert "most with" not in told(ILL, health)[0].sentence


def test_to_slack_they_are_errors_and_not_records():
    notice = Notice(
        key="k",
        occasion=Occasion.HEALTH,
        status="25.0 % ERRORS",
        sentence="It is ill.",
        platform="cxone",
        profile="p",
        subject="crm",
        at=after(0),
        total_errors=300,
        codes=(CodeCount(code="DB_DOWN", count=200), CodeCount(code="X", count=1)),
    )
    blocks = message(notice)["blocks"]
    assert blocks[0]["text"]["text"] == "CXone Data Action Alert: 25.0 % ERRORS"
    assert [block["text"]["text"] for block in blocks[2:]] == [
        "*DB_DOWN* · 200 errors",
        "*X* · 1 error",
    ]
