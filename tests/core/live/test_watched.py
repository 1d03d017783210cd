from datetime import timedelta

import pytest

from cxtop.core.config import PollSettings
from cxtop.core.errors import (
    AnswerError,
    AuthenticationError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    ServerError,
)
from cxtop.core.live.pace import SLOWEST_S
from cxtop.core.live.watched import UNCOUNTED_EVERY, Watched
from cxtop.core.models import Attempt, Call, CallState, RunStatus, WatchState

from .support import START, after, poll_at, run_at


@pytest.fixture
def watched():
    return Watched("r", PollSettings())


def call(state, status):
    attempt = Attempt(number=1, started_at=START, duration_ms=1, outcome=str(status), status=status)
    return Call(
        call_id="c",
        operation="run status",
        method="GET",
        url="http://x",
        run_id="r",
        started_at=START,
        state=state,
        attempts=(attempt,),
        next_attempt_at=after(30) if state is CallState.WAITING else None,
    )


def test_before_anything_is_known(watched):
    view = watched.view(paused=False, next_poll_at=None)
    assert (view.state, view.run, view.interval_s) == (WatchState.KNOWN, None, 10)
    assert not watched.has_more_errors()


def test_what_the_store_knows_is_shown_as_known(watched):
    watched.recall(run_at(100, processed=5), [poll_at(0, processed=1), poll_at(100, processed=5)])
    view = watched.view(paused=False, next_poll_at=None)
    assert view.state is WatchState.KNOWN
    assert view.trend == (0.04,)


def test_an_interval_is_never_below_the_least():
    assert Watched("r", PollSettings(min_interval_s=2), 0.1).base_s == 2
    fast = Watched("r", PollSettings(), 3)
    fast.set_interval(0.001)
    assert fast.base_s == fast.planned_s == 1


def test_it_is_stalled_after_so_many_polls_without_movement(watched):
    for n in range(7):
        state = watched.state(paused=False)
        assert state is not WatchState.STALLED
        watched.answered(run_at(n * 10, processed=5))
    assert watched.state(paused=False) is WatchState.STALLED
    watched.answered(run_at(100, processed=6))
    assert watched.state(paused=False) is WatchState.LIVE
    assert watched.state(paused=True) is WatchState.PAUSED


def test_an_ended_run_stays_ended_even_when_paused(watched):
    watched.answered(run_at(0, RunStatus.FAILED))
    assert watched.ended
    assert watched.state(paused=True) is WatchState.ENDED


def test_trouble_keeps_the_last_answer_and_says_what_to_do(watched):
    watched.answered(run_at(0, processed=5))
    watched.failed(ServerError("It broke.", why="It said 500.", fix="Try later."))
    watched.failed(ServerError("It broke.", why="It said 500.", fix="Try later."))
    view = watched.view(paused=True, next_poll_at=START)
    assert view.state is WatchState.TROUBLED
    assert view.run is not None
    assert view.run.processed == 5
    assert (view.trouble, view.remedy, view.failures) == ("It broke. It said 500.", "Try later.", 2)
    assert view.next_poll_at is None
    assert watched.interval_s == 40
    watched.answered(run_at(10, processed=6))
    view = watched.view(paused=False, next_poll_at=START)
    assert (view.state, view.trouble, view.failures) == (WatchState.LIVE, "", 0)
    assert view.next_poll_at == START


@pytest.mark.parametrize("error", [AuthenticationError, ForbiddenError, NotFoundError])
def test_lasting_trouble_goes_to_the_slowest_interval_at_once(watched, error):
    watched.failed(error("No."))
    assert watched.interval_s == SLOWEST_S
    assert watched.state(paused=False) is WatchState.TROUBLED


def test_passing_trouble_backs_off_by_steps(watched):
    watched.failed(AnswerError("HTML."))
    assert watched.interval_s == 20


def test_a_rate_limit_beyond_the_retries_says_that_it_goes_on_slowly(watched):
    watched.failed(RateLimitError("Too many calls.", fix="Wait.", retry_after=170.0))
    watched.planned_s = watched.interval_s
    view = watched.view(paused=False, next_poll_at=None)
    assert view.state is WatchState.THROTTLED
    assert view.interval_s == 170
    assert view.remedy == "Wait. It is polled on, every 170 s, until that ends."


def test_a_call_that_waits_for_the_rate_limit_shows_until_when(watched):
    watched.answered(run_at(0))
    assert watched.calling(call(CallState.WAITING, 429))
    assert not watched.calling(call(CallState.WAITING, 429))
    view = watched.view(paused=False, next_poll_at=None)
    assert view.state is WatchState.THROTTLED
    assert after(30).strftime("%H:%M:%S") in view.trouble
    assert watched.calling(call(CallState.RUNNING, 429))
    assert watched.state(paused=False) is WatchState.LIVE
    assert not watched.calling(call(CallState.WAITING, 500))


def test_failed_records_that_could_not_be_fetched_are_told(watched):
    watched.answered(run_at(0, RunStatus.FAILED))
    watched.records_trouble = ForbiddenError("No permission.", fix="Ask for it.")
    view = watched.view(paused=False, next_poll_at=None)
    assert view.state is WatchState.ENDED
    assert "failed records could not be fetched. No permission." in view.trouble
    assert view.remedy == "Ask for it."


def test_a_live_run_has_more_errors_once_for_each_count(watched):
    watched.answered(run_at(0, errors=0))
    assert not watched.has_more_errors()
    watched.answered(run_at(10, errors=3))
    assert watched.has_more_errors()
    assert not watched.has_more_errors()
    watched.errors_kept = 3
    watched.answered(run_at(20, errors=3))
    assert not watched.has_more_errors()


def test_uncounted_errors_are_looked_for_now_and_then(watched):
    looked = []
    for n in range(2 * UNCOUNTED_EVERY):
        watched.answered(run_at(n * 10, processed=n))
        looked.append(watched.has_more_errors())
    assert looked.count(True) == 2


def test_an_ended_run_has_more_until_all_are_kept(watched):
    watched.answered(run_at(0, RunStatus.FAILED, errors=3))
    assert watched.has_more_errors()
    assert watched.has_more_errors()
    watched.errors_complete = True
    assert not watched.has_more_errors()


def test_progress_is_shown_without_falling_back(watched):
    watched.answered(watched.as_shown(run_at(0, progress=0.5, raw_progress=0.5)))
    shown = watched.as_shown(run_at(10, progress=0.4, raw_progress=0.4))
    assert (shown.progress, shown.raw_progress) == (0.5, 0.4)
    assert shown.polled_at == START + timedelta(seconds=10)
