"""Runs as functions of elapsed time. Nothing here counts, remembers or reads a clock.

`elapsed` is in simulated seconds since the simulation began; a run may have begun before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import floor, pi, sin

from .chance import chance

BEND_S = 13.0  # a run's pace swells and ebbs about this often, so that it looks alive
PACE_DEPTH = 0.55  # below 1, or a run would go backwards
ERROR_BURSTS = 7
ERROR_DEPTH = 0.8


class Oddity(StrEnum):
    """Ways in which real deployments differ from the documented answer (contract §1)."""

    NAMED = "named"
    NO_PROGRESS = "no progress"
    PROGRESS_ABOVE_ONE = "progress above one"
    PROGRESS_BACKWARDS = "progress backwards"
    NULL_COUNTS = "null counts"
    REPEATED_IDS = "repeated ids"


@dataclass(frozen=True, slots=True)
class Stall:
    """The run stands still for `for_s` seconds once it has worked for `after_s` seconds."""

    after_s: float
    for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of one run.

    It begins at `begins_s`, passes through `waits` (word, seconds), then works at about `rate`
    records a second until `processed` records are done, and ends with `end_word`. `errors` and
    `warnings` are the counts at its end. Where `total_at_first` is set, the total grows from it
    to `total` while the run works. `kind` is the kind of its records, `twist` names what is
    hostile about its answers. The records of a `linked` run go through the service that the flows
    call, so that its errors are theirs.
    """

    run_id: str
    total: int
    processed: int
    rate: float
    end_word: str = "completed"
    errors: int = 0
    warnings: int = 0
    begins_s: float = 0.0
    waits: tuple[tuple[str, float], ...] = (("queued", 2.0),)
    running_word: str = "running"
    stalls: tuple[Stall, ...] = ()
    total_at_first: int | None = None
    oddities: frozenset[Oddity] = frozenset()
    name: str = ""
    platform: str = "genesys"
    kind: str = "contact"
    twist: str = ""
    linked: bool = False

    @property
    def works_s(self) -> float:
        """Seconds of work until the end, pauses not counted."""
        return self.processed / self.rate

    @property
    def ends_s(self) -> float:
        """When the run ends, in simulated seconds."""
        pauses = sum(stall.for_s for stall in self.stalls if stall.after_s < self.works_s)
        return self.begins_s + self.waits_s + self.works_s + pauses

    @property
    def waits_s(self) -> float:
        """Seconds from the run's beginning to its first record."""
        return sum(seconds for _, seconds in self.waits)


@dataclass(frozen=True, slots=True)
class Moment:
    """A run at one moment. `updated_s` is when it last moved; `share` is from 0 to 1."""

    word: str
    processed: int
    total: int
    errors: int
    warnings: int
    share: float
    created_s: float
    updated_s: float
    ended: bool


def moment(plan: Plan, seed: int, elapsed: float) -> Moment:
    """Where `plan` stands after `elapsed` simulated seconds."""
    since = elapsed - plan.begins_s - plan.waits_s
    ended = elapsed >= plan.ends_s
    if since < 0:
        word, updated = _waiting(plan, elapsed)
        return _moment(plan, seed, word, 0.0, updated, ended=False)
    if ended:
        return _moment(plan, seed, plan.end_word, 1.0, plan.ends_s, ended=True)
    worked, stalled_since = _worked(plan, since)
    moved = floor(elapsed) if stalled_since is None else elapsed - (since - stalled_since)
    return _moment(plan, seed, plan.running_word, worked / plan.works_s, moved, ended=False)


def _moment(
    plan: Plan, seed: int, word: str, work: float, updated: float, *, ended: bool
) -> Moment:
    done = _processed(plan, seed, work)
    total = _total(plan, work, done)
    errors = _errors(plan, seed, done)
    return Moment(
        word=word,
        processed=done,
        total=total,
        errors=errors,
        warnings=plan.warnings * done // plan.processed if plan.processed else 0,
        share=done / total if total else float(ended),
        created_s=plan.begins_s,
        updated_s=max(updated, plan.begins_s),
        ended=ended,
    )


def _waiting(plan: Plan, elapsed: float) -> tuple[str, float]:
    """The word of the wait that goes on, and when it began."""
    began = plan.begins_s
    for word, seconds in plan.waits:
        if elapsed < began + seconds:
            return word, began
        began += seconds
    return "queued", plan.begins_s


def _worked(plan: Plan, since: float) -> tuple[float, float | None]:
    """Seconds of work in `since` seconds, and when the present stall began, if there is one."""
    paused = 0.0
    for stall in plan.stalls:
        begins = stall.after_s + paused
        if since < begins:
            break
        if since < begins + stall.for_s:
            return stall.after_s, begins
        paused += stall.for_s
    return since - paused, None


def _processed(plan: Plan, seed: int, work: float) -> int:
    if work >= 1.0:
        return plan.processed
    bends = max(1, round(plan.works_s / BEND_S)) if plan.processed else 1
    phase = chance(seed, plan.run_id, "pace").uniform(0, 2 * pi)
    return floor(plan.processed * _bent(work, bends, PACE_DEPTH, phase))


def _errors(plan: Plan, seed: int, done: int) -> int:
    """Failures come in bursts, but always as many for as many records."""
    if done >= plan.processed:
        return plan.errors
    phase = chance(seed, plan.run_id, "errors").uniform(0, 2 * pi)
    count = floor(plan.errors * _bent(done / plan.processed, ERROR_BURSTS, ERROR_DEPTH, phase))
    return min(done, count)


def _total(plan: Plan, work: float, done: int) -> int:
    if plan.total_at_first is None:
        return plan.total
    grown = plan.total_at_first + (plan.total - plan.total_at_first) * min(1.0, 2 * work)
    return max(done, floor(grown))


def _bent(x: float, bends: int, depth: float, phase: float) -> float:
    """A rising way from 0 to 1 that swells and ebbs `bends` times."""
    turn = 2 * pi * bends
    return min(1.0, max(0.0, x + depth * (sin(turn * x + phase) - sin(phase)) / turn))
