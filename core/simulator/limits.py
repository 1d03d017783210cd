"""The rate limit: so many requests a minute for each token, counted for real (contract §0)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Tally:
    """How a token stands in its window. `reset_s` is whole seconds, never less than 1."""

    count: int
    allowed: int
    reset_s: int
    refused: bool

    @property
    def remaining(self) -> int:
        """Requests that are still allowed in this window."""
        return self.allowed - self.count


class Limits:
    """A fixed window per token that begins with the first request in it."""

    def __init__(self, allowed: int, clock: Callable[[], float]) -> None:
        self._allowed = allowed
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}

    def count(self, token: str) -> Tally:
        """Counts one request; a refused one is not counted."""
        now = self._clock()
        self._windows = {key: w for key, w in self._windows.items() if now < w[0] + WINDOW_S}
        began, count = self._windows.get(token, (now, 0))
        refused = count >= self._allowed
        count += not refused
        self._windows[token] = (began, count)
        return Tally(count, self._allowed, max(1, ceil(began + WINDOW_S - now)), refused)
