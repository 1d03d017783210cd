"""A time in which what a service depends on is out of order: one cause, and an end."""

from __future__ import annotations

from dataclasses import dataclass

from .blunders import Wrong
from .chance import chance


@dataclass(frozen=True, slots=True)
class Outage:
    """From `begins_s` to `ends_s`, in simulated seconds, a share of the answers of the route
    `path`, 0 to 1, is `answer`."""

    path: str
    begins_s: float
    ends_s: float
    share: float
    answer: Wrong

    def befalls(self, path: str, elapsed_s: float, seed: int, turn: int) -> bool:
        """Whether the service's answer number `turn`, to a request for `path`, is that one."""
        if path != self.path or not self.begins_s <= elapsed_s < self.ends_s:
            return False
        return chance(seed, "outage", turn).random() < self.share
