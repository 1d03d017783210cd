"""Calls to a failing host pause, then one probe tries it."""

from __future__ import annotations

import contextlib

import pytest

from cxtop.core.errors import CircuitOpenError
from cxtop.core.http.circuit import FAILURES, LONGEST_PAUSE_S, PAUSE_S, Circuit


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def fail(circuit: Circuit, times: int = 1) -> None:
    for _ in range(times):
        with circuit.passage() as trip:
            trip.failed("it is broken.")


def succeed(circuit: Circuit) -> None:
    with circuit.passage() as trip:
        trip.succeeded()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(clock: Clock) -> Circuit:
    circuit = Circuit("api.test", clock=clock)
    fail(circuit, FAILURES)
    return circuit


def test_it_opens_after_failures_in_a_row_only(clock: Clock):
    circuit = Circuit("api.test", clock=clock)
    fail(circuit, FAILURES - 1)
    succeed(circuit)
    fail(circuit, FAILURES - 1)
    with circuit.passage():
        pass
    fail(circuit)
    with pytest.raises(CircuitOpenError) as caught, circuit.passage():
        pass
    assert "api.test" in caught.value.what
    assert "5 s" in caught.value.what
    assert "it is broken." in caught.value.why


def test_one_probe_at_a_time_and_its_success_closes(opened: Circuit, clock: Clock):
    clock.now += PAUSE_S
    with opened.passage() as trip:
        with pytest.raises(CircuitOpenError, match="right now"), opened.passage():
            pass
        trip.succeeded()
    succeed(opened)
    fail(opened, FAILURES - 1)
    succeed(opened)


def test_a_probe_that_fails_doubles_the_pause_up_to_a_limit(opened: Circuit, clock: Clock):
    pause = PAUSE_S
    for _ in range(6):
        clock.now += pause
        fail(opened)
        pause = min(2 * pause, LONGEST_PAUSE_S)
        clock.now += pause - 1
        with pytest.raises(CircuitOpenError), opened.passage():
            pass
        clock.now += 1
        clock.now -= pause
    assert pause == LONGEST_PAUSE_S


def test_a_probe_that_is_cancelled_leaves_room_for_the_next(opened: Circuit, clock: Clock):
    clock.now += PAUSE_S
    with contextlib.suppress(KeyboardInterrupt), opened.passage():
        raise KeyboardInterrupt
    succeed(opened)


def test_what_was_on_its_way_when_it_opened(clock: Clock):
    circuit = Circuit("api.test", clock=clock)
    with circuit.passage() as late, circuit.passage() as later:
        fail(circuit, FAILURES)
        late.succeeded()
        later.failed("also.")
    succeed(circuit)
    clock.now += PAUSE_S
    with circuit.passage() as late:
        fail(circuit, FAILURES)
        clock.now += PAUSE_S - 1
        late.failed("late.")
    clock.now += 1
    succeed(circuit)
