"""Pausing calls to a host that keeps failing (a circuit breaker)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from ..errors import CircuitOpenError

FAILURES = 10
"""So many failures in a row open the circuit."""

PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0


class Trip:
    """One passage through a circuit. Without a verdict (a cancelled call) nothing is learnt."""

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.arrived = False

    def failed(self, trouble: str) -> None:
        """The host did not answer, or answered that it is broken."""
        self.trouble = trouble

    def succeeded(self) -> None:
        """The host answered, whatever it said."""
        self.arrived = True


class Circuit:
    """The circuit of one host: after `FAILURES` in a row it opens for `PAUSE_S` seconds.

    Then one probe is let through; when it fails the pause doubles, up to `LONGEST_PAUSE_S`.
    """

    def __init__(self, host: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._host = host
        self._clock = clock
        self._failures = 0
        self._pause_s = PAUSE_S
        self._open_until: float | None = None
        self._probing = False
        self._trouble = ""

    @contextlib.contextmanager
    def passage(self) -> Iterator[Trip]:
        """Pass, and say how it went. Raises CircuitOpenError when calls are paused."""
        probe = self._admit()
        trip = Trip()
        try:
            yield trip
        finally:
            if probe:
                self._probing = False
            if trip.arrived:
                self._close()
            elif trip.trouble is not None:
                self._count(trip.trouble, probe=probe)

    def _admit(self) -> bool:
        """Whether this passage is the probe."""
        if self._open_until is None:
            return False
        left = self._open_until - self._clock()
        if left > 0:
            raise self._refusal(f"The next try is in {max(1, round(left))} s.")
        if self._probing:
            raise self._refusal("One call is trying it right now.")
        self._probing = True
        return True

    def _refusal(self, when: str) -> CircuitOpenError:
        return CircuitOpenError(
            f"Calls to {self._host} are paused. {when}",
            why=f"It failed {self._failures} times in a row, last with: {self._trouble}",
            fix="Nothing needs to be done if the platform comes back; else check the network.",
        )

    def _close(self) -> None:
        self._failures = 0
        self._pause_s = PAUSE_S
        self._open_until = None

    def _count(self, trouble: str, *, probe: bool) -> None:
        self._failures += 1
        self._trouble = trouble
        if probe:
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            self._open_until = self._clock() + self._pause_s
        elif self._open_until is None and self._failures >= FAILURES:
            self._open_until = self._clock() + self._pause_s
