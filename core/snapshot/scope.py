"""What is to be handed over: which kinds of things, of which runs, from which time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..store.filter import EVERYTHING, Filter
from ..store.filter.tree import Every, Span, millis


class Part(StrEnum):
    """The kinds of things that a snapshot holds, in the order in which it holds them."""

    RUNS = "runs"
    POLLS = "polls"
    ERRORS = "errors"
    EXCHANGES = "exchanges"
    CALLS = "calls"
    TRACES = "traces"
    RECOVERIES = "recoveries"
    DEAD_LETTERS = "dead_letters"
    AUDIT = "audit"
    HEALTH = "health"


EVERY_PART = frozenset(Part)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is meant; each field narrows it, and `None` narrows nothing.

    `run_ids` are the runs meant, and what belongs to runs is of these alone. `since` and `until`
    (aware, both included) are when a thing was: a run is meant when it was seen then, and all its
    failed records with it. `wanted` chooses exchanges, `numbers` are the rows of those that were
    marked, `records` the failed records that were marked, each a run's id and a record's.
    With `related` exchanges and traces are only those of the requests that the failed records of
    `run_ids` name. `title` says for people what it is.
    """

    parts: frozenset[Part] = EVERY_PART
    run_ids: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    wanted: Filter = EVERYTHING
    numbers: tuple[int, ...] | None = None
    records: tuple[tuple[str, str], ...] | None = None
    title: str = ""
    related: bool = False

    @classmethod
    def of_run(cls, run_id: str, *, title: str = "") -> Scope:
        """A run with all that belongs to it: its polls, failed records, calls, the exchanges and
        traces of the requests that they name, its recovery with the runs that tried it again,
        dead letter and audit entries."""
        return cls(run_ids=(run_id,), related=True, title=title or f"run {run_id}")

    @property
    def timeless(self) -> bool:
        """Whether things of all times are meant."""
        return self.since is None and self.until is None

    @property
    def only_related(self) -> bool:
        """Whether exchanges and traces have to belong to the runs that are meant."""
        return self.related and self.run_ids is not None

    def exchange_filter(self) -> Filter:
        """`wanted` within the time that is meant."""
        if self.timeless:
            return self.wanted
        low = None if self.since is None else millis(self.since)
        high = None if self.until is None else millis(self.until)
        return Filter(self.wanted.text, Every((self.wanted.root, Span("at", low, high))))

    def within(self, began: datetime | None, ended: datetime | None) -> bool:
        """Whether something from `began` to `ended` was in the time that is meant; `None` is
        unknown, and keeps nothing out."""
        if self.since is not None and ended is not None and ended < self.since:
            return False
        return self.until is None or began is None or began <= self.until

    def words(self) -> dict[str, object]:
        """The scope as a manifest tells it."""
        return {
            "parts": [part.value for part in Part if part in self.parts],
            "run_ids": None if self.run_ids is None else list(self.run_ids),
            "since": None if self.since is None else self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "filter": self.wanted.text,
            "marked_exchanges": None if self.numbers is None else len(self.numbers),
            "marked_records": None if self.records is None else len(self.records),
            "related": self.related,
        }
