"""What is in an export at a glance, gathered while it is read: the same for a ticket and a page."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from ...diagnosis import diagnose_exchange
from ...models import (
    ActionHealth,
    ActionRun,
    Call,
    DeadLetter,
    Exchange,
    Model,
    Outcome,
    RecordError,
    Recovery,
    RunStatus,
)
from ...text import clip
from .histogram import Histogram

_CODES = 2000
_RUNS = 500
_FAILING = 25
_TITLE = 300


class Tally:
    """How often which word came. Beyond many words, new ones are counted together."""

    def __init__(self) -> None:
        self._words: Counter[str] = Counter()
        self.others = 0

    def add(self, word: str) -> None:
        """Count `word` once."""
        if word in self._words or len(self._words) < _CODES:
            self._words[word] += 1
        else:
            self.others += 1

    @property
    def total(self) -> int:
        """How many came in all."""
        return self._words.total() + self.others

    def top(self, most: int) -> tuple[list[tuple[str, int]], int]:
        """The `most` frequent words, the most frequent first, and how many others there were."""
        found = sorted(self._words.items(), key=lambda item: (-item[1], item[0]))[:most]
        return found, self.total - sum(count for _, count in found)


@dataclass(frozen=True, slots=True)
class Failing:
    """An exchange that somebody needs to look at, without its payloads."""

    exchange: Exchange
    message: str
    hint: str


@dataclass(slots=True)
class RunLine:
    """A run, and the codes of its failed records."""

    run: ActionRun
    codes: Tally = field(default_factory=Tally)

    @property
    def failed(self) -> int:
        """Its failed records, as the platform counts them or as they are known, whichever more."""
        return max(self.run.errors or 0, self.codes.total)


class Summary:
    """Gathers what it is shown. Bounded, however much that is."""

    def __init__(self) -> None:
        self.runs: dict[str, RunLine] = {}
        self.runs_beyond = 0
        self.codes = Tally()
        self.outcomes: Counter[Outcome] = Counter()
        self.over_time = Histogram()
        self.health: list[ActionHealth] = []
        self.retried = 0
        self.recoveries: Counter[str] = Counter()
        self.letters: Counter[str] = Counter()
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._failing: list[tuple[datetime, int, Failing]] = []
        self._seen = 0

    def add(self, record: Model) -> None:
        """Take a record into account. Runs come before what is theirs."""
        match record:
            case ActionRun():
                self._add_run(record)
            case RecordError():
                self.codes.add(record.code)
                if record.run_id in self.runs:
                    self.runs[record.run_id].codes.add(record.code)
            case Exchange():
                self._add_exchange(record)
            case Call():
                self.retried += len(record.attempts) > 1
            case Recovery():
                self.recoveries[record.state.value] += 1
            case DeadLetter():
                self.letters[record.state.value] += 1
            case ActionHealth() if len(self.health) < _RUNS:
                self.health.append(record)
            case _:
                pass

    @property
    def failing(self) -> list[Failing]:
        """The newest exchanges that are not good, the newest first."""
        return [item[2] for item in sorted(self._failing, key=lambda item: item[:2], reverse=True)]

    @property
    def bad(self) -> int:
        """How many exchanges were not good."""
        return sum(count for outcome, count in self.outcomes.items() if not outcome.good)

    def worst_runs(self, most: int) -> tuple[list[RunLine], int]:
        """The runs that need a look first, and how many others there are."""

        def need(line: RunLine) -> tuple[bool, int]:
            bad = line.run.status in (RunStatus.FAILED, RunStatus.EXPIRED, RunStatus.UNKNOWN)
            return bad, line.failed

        ordered = sorted(self.runs.values(), key=need, reverse=True)
        return ordered[:most], max(0, len(ordered) - most) + self.runs_beyond

    def _add_run(self, run: ActionRun) -> None:
        if len(self.runs) < _RUNS:
            # What came beside is of no interest here, and may be large.
            slim = run.model_copy(update={"raw": None, "extra": {}, "raw_progress": None})
            self.runs[run.run_id] = RunLine(slim)
        else:
            self.runs_beyond += 1

    def _add_exchange(self, exchange: Exchange) -> None:
        self.outcomes[exchange.outcome] += 1
        self.over_time.add(exchange.at, exchange.outcome.value)
        self.first = min(self.first or exchange.at, exchange.at)
        self.last = max(self.last or exchange.at, exchange.at)
        if exchange.outcome.good:
            return
        self._seen += 1
        if len(self._failing) >= _FAILING and exchange.at <= self._failing[0][0]:
            return
        item = (exchange.at, self._seen, _failing(exchange))
        if len(self._failing) < _FAILING:
            heapq.heappush(self._failing, item)
        else:
            heapq.heapreplace(self._failing, item)


def _failing(exchange: Exchange) -> Failing:
    said = diagnose_exchange(exchange)
    slim = exchange.model_copy(
        update={
            "url": clip(exchange.url, _TITLE),
            "request_headers": (),
            "request": exchange.request.model_copy(update={"value": None}),
            "response_headers": (),
            "response": exchange.response.model_copy(update={"value": None}),
            "attempts": (),
        }
    )
    return Failing(slim, said.message, said.hint)
