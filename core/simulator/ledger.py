"""Which actions were executed, and how they ended: what the platform's analytics count."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_KEPT = 20_000
"""Executions of an action that are remembered; older ones are forgotten."""

DONE, FAILED = "COMPLETED", "FAILED"


@dataclass(frozen=True, slots=True)
class Done:
    """An execution that ended at `at_s`, in simulated seconds, after `took_ms` real ones.

    `code` is why it failed, `None` where it did not, empty where nobody says why.
    """

    at_s: float
    code: str | None
    took_ms: float


@dataclass(frozen=True, slots=True)
class Sum:
    """Executions that ended alike, with a `code` as that of `Done`; `took_ms` is how long all of
    them took together."""

    code: str | None
    count: int
    took_ms: float

    @property
    def failed(self) -> bool:
        """Whether they failed."""
        return self.code is not None

    def row(self) -> dict[str, object]:
        """The sum as analytics tell it (contract §2)."""
        row: dict[str, object] = {"status": FAILED if self.failed else DONE}
        if self.code:
            row["errorCode"] = self.code
        row["executionCount"] = self.count
        row["errorCount"] = self.count if self.failed else 0
        row["averageDuration"] = round(self.took_ms / self.count, 3)
        return row


class Ledger:
    """The executions of every action, the oldest first."""

    def __init__(self) -> None:
        self._done: dict[str, deque[Done]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._done)

    def add(self, action_id: str, done: Done) -> None:
        """Remembers an execution."""
        self._done.setdefault(action_id, deque(maxlen=MOST_KEPT)).append(done)

    def since(self, action_id: str, at_s: float) -> list[Done]:
        """The executions of an action that ended at `at_s` or later."""
        return [done for done in self._done.get(action_id, ()) if done.at_s >= at_s]


def summed(executions: Iterable[Done]) -> list[Sum]:
    """Executions by how they ended: those that went well, then the codes with most."""
    took: dict[str | None, list[float]] = {}
    for done in executions:
        took.setdefault(done.code, []).append(done.took_ms)
    return in_order(Sum(code, len(times), sum(times)) for code, times in took.items())


def in_order(sums: Iterable[Sum]) -> list[Sum]:
    """What went well first, then the codes with most errors."""
    return sorted(sums, key=lambda one: (one.failed, -one.count, one.code or ""))
