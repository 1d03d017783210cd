"""What a snapshot says in figures, read once from front to back in little memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..models import (
    ActionHealth,
    DeadLetter,
    Exchange,
    LetterState,
    Outcome,
    RecordError,
    RunStatus,
)
from ..models.base import Model
from .records import KeptRun
from .scope import Part

_STEP = 1.05
PARTS = (Part.RUNS, Part.ERRORS, Part.EXCHANGES, Part.DEAD_LETTERS, Part.HEALTH)
"""What figures are made of."""


@dataclass(frozen=True, slots=True)
class RunTally:
    """How a run stood: `raw` is the platform's own word, `errors` its failed records."""

    run_id: str
    name: str
    status: RunStatus
    raw: str
    errors: int


class Durations:
    """Milliseconds in buckets that grow by a twentieth, so that any number takes the same room."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._count = 0
        self._total = 0.0

    def add(self, ms: float) -> None:
        """Take one in."""
        self._buckets[0 if ms <= 1 else math.ceil(math.log(ms, _STEP))] += 1
        self._count += 1
        self._total += ms

    def average(self) -> float | None:
        """The mean; `None` without any."""
        return self._total / self._count if self._count else None

    def slow(self) -> float | None:
        """What 95 in 100 stay below, within a twentieth; `None` without any."""
        left = 0.95 * self._count
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return _STEP ** (bucket - 0.5)
        return None


@dataclass(slots=True)
class ActionTally:
    """The executions of an action: how many, how many went wrong, and how long they took.

    `average_ms` and `slow_ms` (95 in 100 are faster) are `None` where nothing tells them.
    """

    executions: int = 0
    errors: int = 0
    average_ms: float | None = None
    slow_ms: float | None = None

    @property
    def rate(self) -> float:
        """Errors in 100 executions."""
        return 100 * self.errors / self.executions if self.executions else 0.0


@dataclass(slots=True)
class Tally:
    """The figures of one snapshot.

    `codes` counts failed records by code, `outcomes` and `answer_codes` exchanges. `reported`
    are actions as their health reports have them, `seen` as their exchanges do, by action or else
    by method and route. `letters` are the dead letters by error id, each with what it is about.
    """

    runs: dict[str, RunTally] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    exchanges: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    answer_codes: Counter[str] = field(default_factory=Counter)
    reported: dict[str, ActionTally] = field(default_factory=dict)
    seen: dict[str, ActionTally] = field(default_factory=dict)
    letters: dict[str, tuple[LetterState, str]] = field(default_factory=dict)


class Tallying:
    """Makes a `Tally` of models, whatever order they come in."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._durations: dict[str, Durations] = {}

    def add(self, models: Iterable[Model]) -> None:
        """Take some in."""
        for model in models:
            match model:
                case KeptRun():
                    self._run(model)
                case RecordError():
                    self._tally.codes[model.code] += 1
                case Exchange():
                    self._exchange(model)
                case DeadLetter():
                    about = f"{model.action_id} {model.error_code}".strip()
                    self._tally.letters[model.error_id] = (model.state, about)
                case ActionHealth():
                    self._health(model)
                case _:
                    pass

    def done(self) -> Tally:
        """The figures."""
        for name, durations in self._durations.items():
            action = self._tally.seen[name]
            action.average_ms, action.slow_ms = durations.average(), durations.slow()
        return self._tally

    def _run(self, run: KeptRun) -> None:
        self._tally.runs[run.run_id] = RunTally(
            run.run_id, run.name or run.run_id, run.status, run.raw_status, run.errors or 0
        )

    def _exchange(self, exchange: Exchange) -> None:
        tally = self._tally
        tally.exchanges += 1
        tally.outcomes[exchange.outcome] += 1
        if exchange.code:
            tally.answer_codes[exchange.code] += 1
        name = exchange.action or f"{exchange.method} {exchange.route}".strip()
        if not name:
            return
        action = tally.seen.setdefault(name, ActionTally())
        action.executions += 1
        action.errors += not exchange.outcome.good
        if exchange.duration_ms is not None:
            self._durations.setdefault(name, Durations()).add(exchange.duration_ms)

    def _health(self, action: ActionHealth) -> None:
        report = action.report
        if report is not None:
            self._tally.reported[action.action_id] = ActionTally(
                report.executions, report.errors, report.average_ms, report.p95_ms
            )
