import pytest

from cxtop.core.errors import (
    AnswerError,
    AuthenticationError,
    CircuitOpenError,
    CxtopError,
    NoAnswerError,
    NotFoundError,
    SecretError,
    StoreFullError,
    UnreachableError,
)
from cxtop.core.live.connection import SILENT_AFTER, Line
from cxtop.core.models import ConnectionState


@pytest.fixture
def changes():
    return []


@pytest.fixture
def line(changes):
    return Line(lambda: changes.append(1))


def test_it_begins_connecting_and_is_live_with_the_first_answer(line, changes):
    assert line.connection.state is ConnectionState.CONNECTING
    line.answered()
    line.answered()
    assert line.connection.state is ConnectionState.LIVE
    assert len(changes) == 1


@pytest.mark.parametrize("error", [AuthenticationError, SecretError])
def test_refused_credentials_deny_it_and_say_why(line, error):
    line.failed(error("No.", why="Because.", fix="Do this."))
    told = line.connection
    assert (told.state, told.what, told.why, told.fix) == (
        ConnectionState.DENIED,
        "No.",
        "Because.",
        "Do this.",
    )
    assert line.denied


@pytest.mark.parametrize("error", [NotFoundError, AnswerError])
def test_a_refusal_is_an_answer(line, error):
    line.failed(error("No such thing."))
    assert line.connection.state is ConnectionState.LIVE


@pytest.mark.parametrize("error", [UnreachableError, CircuitOpenError])
def test_a_host_that_is_not_reached_is_offline_at_once(line, error):
    line.answered()
    line.failed(error("Gone."))
    assert line.connection.state is ConnectionState.OFFLINE


def test_single_calls_without_an_answer_do_not_take_a_live_platform_offline(line):
    line.answered()
    for _ in range(SILENT_AFTER - 1):
        line.failed(NoAnswerError("Slow."))
        assert line.connection.state is ConnectionState.LIVE
    line.failed(NoAnswerError("Slow."))
    assert line.connection.state is ConnectionState.OFFLINE
    line.answered()
    assert line.connection.state is ConnectionState.LIVE
    line.failed(NoAnswerError("Slow."))
    assert line.connection.state is ConnectionState.LIVE


def test_since_tells_when_the_state_began_not_when_its_words_changed(line):
    line.failed(UnreachableError("First."))
    since = line.connection.since
    line.failed(UnreachableError("Second."))
    assert (line.connection.what, line.connection.since) == ("Second.", since)


def test_a_call_that_keeps_trying_tells_only_while_nothing_is_known(line):
    line.unanswered("No answer to 2 attempts.")
    assert line.connection.state is ConnectionState.OFFLINE
    line.answered()
    line.unanswered("No answer to 2 attempts.")
    assert line.connection.state is ConnectionState.LIVE


def test_trying_again_connects_anew_unless_it_is_live(line):
    line.failed(AuthenticationError("No."))
    line.again()
    assert (line.connection.state, line.connection.what) == (ConnectionState.CONNECTING, "")
    line.answered()
    line.again()
    assert line.connection.state is ConnectionState.LIVE


def test_pausing_hides_what_is_beneath_and_gives_it_back(line, changes):
    line.failed(AuthenticationError("No."))
    line.pause()
    line.pause()
    assert line.connection.state is ConnectionState.PAUSED
    line.resume()
    line.resume()
    assert line.connection.state is ConnectionState.DENIED
    assert len(changes) == 3


def test_a_store_that_does_not_keep_is_told_beside_a_live_platform(line, changes):
    line.answered()
    line.store_failed(StoreFullError("The disk is full.", fix="Make room."))
    line.store_failed(StoreFullError("The disk is full.", fix="Make room."))
    told = line.connection
    assert (told.state, told.what, told.fix) == (
        ConnectionState.LIVE,
        "The disk is full.",
        "Make room.",
    )
    line.failed(UnreachableError("Gone."))
    assert line.connection.what == "Gone."
    line.answered()
    line.store_works()
    line.store_works()
    assert line.connection.what == ""
    assert len(changes) == 5


def test_a_fault_in_cxtop_is_offline_with_its_words(line):
    line.answered()
    line.broke(CxtopError("A fault."))
    assert (line.connection.state, line.connection.what) == (ConnectionState.OFFLINE, "A fault.")
