"""What is gathered while evidence is read."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.models import ActionHealth, Outcome, RecordError, RunStatus
from cxtop.core.snapshot.formats.histogram import Histogram
from cxtop.core.snapshot.formats.summary import Summary, Tally

from .support import AUDIT, CALL, LETTER, NOW, RECOVERY, RUN, RUNS, exchange

SECONDS = st.integers(0, 4_000_000_000)


@given(st.lists(SECONDS, min_size=1, max_size=60), st.integers(14, 80))
@settings(max_examples=80, deadline=None)
def test_columns_count_everything_once(seconds: list[int], most: int) -> None:
    histogram = Histogram()
    for each in seconds:
        histogram.add(datetime.fromtimestamp(each, UTC), "ok")
    width, columns = histogram.columns(most)
    assert len(columns) <= most
    starts = [at for at, _ in columns]
    assert starts == sorted(starts)
    assert all(after - before == width for before, after in itertools.pairwise(starts))
    if len(columns) < most:
        assert sum(words["ok"] for _, words in columns) == len(seconds)


def test_columns_are_few_however_many_moments_there_are() -> None:
    histogram = Histogram()
    for number in range(20_000):
        histogram.add(NOW + timedelta(seconds=7 * number), ("ok", "exception")[number % 2])
    width, columns = histogram.columns(60)
    assert width == timedelta(hours=1)
    assert len(columns) == 40
    assert sum(words["exception"] for _, words in columns) == 10_000


def test_a_quiet_time_between_is_there_too() -> None:
    histogram = Histogram()
    for seconds in (0, 20):
        histogram.add(NOW + timedelta(seconds=seconds), "ok")
    _, columns = histogram.columns(60)
    assert [sum(words.values()) for _, words in columns] == [1, *[0] * 19, 1]


def test_what_spans_centuries_shows_its_end() -> None:
    histogram = Histogram()
    for year in range(1970, 2300, 3):
        histogram.add(datetime(year, 6, 1, tzinfo=UTC), "ok")
    width, columns = histogram.columns(10)
    assert len(columns) == 10
    assert columns[-1][0] <= datetime(2297, 6, 1, tzinfo=UTC) < columns[-1][0] + width


def test_nothing_has_no_columns() -> None:
    assert Histogram().columns(10)[1] == []


def test_words_beyond_many_are_counted_together() -> None:
    tally = Tally()
    for number in range(2500):
        tally.add(f"code {number}")
    tally.add("code 7")
    top, others = tally.top(1)
    assert top == [("code 7", 2)]
    assert (others, tally.others, tally.total) == (2499, 500, 2501)


def test_runs_that_need_a_look_come_first() -> None:
    summary = Summary()
    for number in range(600):
        fine = RUNS[0].model_copy(update={"run_id": f"{number}", "status": RunStatus.COMPLETED})
        summary.add(fine)
    bad = RUNS[0].model_copy(update={"run_id": "1", "errors": 0})
    summary.add(bad)
    summary.add(RecordError(run_id="1", record_id="a", code="TIMEOUT"))
    summary.add(RecordError(run_id="elsewhere", record_id="a", code="OTHER"))
    lines, others = summary.worst_runs(3)
    assert (lines[0].run.errors, lines[0].failed) == (4, 4)
    assert others == 597 + 1
    assert summary.codes.total == 2
    assert lines[0].run.raw is None


def test_the_newest_failing_exchanges_are_kept_without_payloads() -> None:
    summary = Summary()
    for number in [*range(0, 60, 2), *range(1, 60, 2)]:
        bad = number % 3 != 0
        outcome = Outcome.NOT_JSON if bad else Outcome.OK
        summary.add(exchange(number, outcome=outcome, at=NOW + timedelta(seconds=number)))
    newest = [each.exchange.request_id for each in summary.failing]
    assert newest[:3] == ["request-59", "request-58", "request-56"]
    assert len(newest) == 25
    assert (summary.bad, summary.outcomes[Outcome.OK]) == (40, 20)
    assert summary.failing[0].exchange.response.value is None
    assert (summary.first, summary.last) == (NOW, NOW + timedelta(seconds=59))


def test_the_rest_is_counted() -> None:
    summary = Summary()
    for record in (CALL, RECOVERY, LETTER, AUDIT, ActionHealth(action_id=RUN, threshold=5)):
        summary.add(record)
    assert summary.retried == 1
    assert summary.recoveries == {"dead_letter": 1}
    assert summary.letters == {"waiting": 1}
    assert [action.action_id for action in summary.health] == [RUN]


@pytest.mark.parametrize("number", [600])
def test_actions_are_few_too(number: int) -> None:
    summary = Summary()
    for each in range(number):
        summary.add(ActionHealth(action_id=str(each), threshold=5))
    assert len(summary.health) == 500
