"""What is new, gone, worse and better between two snapshots."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from ..models import LetterState, Outcome, RunStatus
from .tallies import PARTS, ActionTally, RunTally, Tally, Tallying

if TYPE_CHECKING:
    from .bundle import Bundle

T = TypeVar("T")

POINTS = 0.01
"""A share moves when it does so by this much, and by more than chance (`SURE`) would."""

SURE = 2.0
"""How many standard errors two shares must lie apart: 1 in 20 does so by chance."""

SLOWER = 1.25
"""A duration moves when it grows or shrinks by this factor, and by `SLOWER_MS`."""

SLOWER_MS = 20.0


class Verdict(StrEnum):
    """What became of something from the one snapshot to the other."""

    WORSE = "worse"
    NEW = "new"
    BETTER = "better"
    GONE = "gone"


class Kind(StrEnum):
    """What is compared."""

    RUN = "run"
    ERROR_CODE = "error code"
    ACTION = "action"
    OUTCOME = "outcome"
    ANSWER_CODE = "answer code"
    DEAD_LETTER = "dead letter"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was.

    `name` is the run's id, the code, the action and so on, `title` what people call it; `before`
    and `after` are what it was in words, empty where it was not there. `bad` says that somebody
    should look: what is worse, and of what is new the failures.
    """

    kind: Kind
    name: str
    verdict: Verdict
    before: str = ""
    after: str = ""
    bad: bool = False
    title: str = ""

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        return {
            "kind": self.kind.value,
            "name": self.name,
            "title": self.title or self.name,
            "verdict": self.verdict.value,
            "before": self.before or None,
            "after": self.after or None,
            "bad": self.bad,
        }


@dataclass(frozen=True, slots=True)
class Side:
    """Which snapshot it is."""

    title: str
    profile: str
    made_at: datetime

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        made = self.made_at.isoformat().replace("+00:00", "Z")
        return {"title": self.title, "profile": self.profile, "made_at": made}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences from `before` to `after`: the worst first, then by kind and name."""

    before: Side
    after: Side
    differences: tuple[Difference, ...]

    @property
    def worse(self) -> bool:
        """Whether anything is worse, or new and bad."""
        return any(difference.bad for difference in self.differences)

    def of(self, verdict: Verdict) -> tuple[Difference, ...]:
        """Those of one verdict."""
        return tuple(one for one in self.differences if one.verdict is verdict)

    def as_object(self) -> dict[str, Any]:
        """For programs: both sides, whether it is worse, and every difference."""
        return {
            "before": self.before.as_object(),
            "after": self.after.as_object(),
            "worse": self.worse,
            "differences": [one.as_object() for one in self.differences],
        }


def compare(before: Bundle, after: Bundle) -> Comparison:
    """What changed from the snapshot `before` to `after`.

    Both are read from front to back once. Raises SnapshotError for one that is damaged.
    """
    differences = differences_of(tally_of(before), tally_of(after))
    return Comparison(_side(before), _side(after), tuple(sorted(differences, key=_rank)))


def tally_of(bundle: Bundle) -> Tally:
    """The figures of a snapshot. Raises SnapshotError for one that is damaged."""
    tallying = Tallying()
    for part in PARTS:
        tallying.add(bundle.records(part))
    return tallying.done()


def differences_of(a: Tally, b: Tally) -> Iterator[Difference]:
    """What is not the same in two snapshots, in no order."""
    for one in _each(a.runs, b.runs, Kind.RUN, _run, _run_words, bad=_is_bad_run):
        yield replace(one, title=(b.runs.get(one.name) or a.runs[one.name]).name)
    yield from _each(a.codes, b.codes, Kind.ERROR_CODE, _count, _amount, bad=lambda _count: True)
    yield from _actions(a, b)
    yield from _shares(a, b, Kind.OUTCOME, _bad_of(a.outcomes), _bad_of(b.outcomes))
    yield from _shares(a, b, Kind.ANSWER_CODE, a.answer_codes, b.answer_codes)
    yield from _each(a.letters, b.letters, Kind.DEAD_LETTER, _letter, _letter_words, bad=_waits)


def _each(
    before: Mapping[str, T],
    after: Mapping[str, T],
    kind: Kind,
    judge: Callable[[T, T], Verdict | None],
    told: Callable[[T], str],
    *,
    bad: Callable[[T], bool],
) -> Iterator[Difference]:
    for name, was in before.items():
        if name not in after:
            yield Difference(kind, name, Verdict.GONE, before=told(was))
        elif (verdict := judge(was, after[name])) is not None:
            yield Difference(
                kind, name, verdict, told(was), told(after[name]), bad=verdict is Verdict.WORSE
            )
    for name, now in after.items():
        if name not in before:
            yield Difference(kind, name, Verdict.NEW, after=told(now), bad=bad(now))


# Runs

_FAILED = {RunStatus.FAILED, RunStatus.EXPIRED}


def _is_bad_run(run: RunTally) -> bool:
    return run.status in _FAILED or run.errors > 0


def _run(was: RunTally, now: RunTally) -> Verdict | None:
    if (now.status in _FAILED) != (was.status in _FAILED):
        return Verdict.WORSE if now.status in _FAILED else Verdict.BETTER
    if now.errors != was.errors:
        return Verdict.WORSE if now.errors > was.errors else Verdict.BETTER
    ended = now.status is RunStatus.COMPLETED and was.status is not now.status
    return Verdict.BETTER if ended else None


def _run_words(run: RunTally) -> str:
    word = run.raw if run.status is RunStatus.UNKNOWN and run.raw else run.status.value.lower()
    errors = "1 error" if run.errors == 1 else f"{run.errors:,} errors"
    return f"{word}, {errors}" if run.errors else word


# Counts and shares


def _count(was: int, now: int) -> Verdict | None:
    if was == now:
        return None
    return Verdict.WORSE if now > was else Verdict.BETTER


def _amount(number: int) -> str:
    return f"{number:,}"


Share = tuple[int, int]
"""Some, of how many."""


def _moved(was: Share, now: Share) -> Verdict | None:
    """Whether the share of what went wrong grew or shrank.

    Exchanges come all the time and by chance: neither their numbers nor a few more or less say
    that anything has changed.
    """
    if not was[1] or not now[1]:
        return None
    by = now[0] / now[1] - was[0] / was[1]
    of_both = (was[0] + now[0]) / (was[1] + now[1])
    error = math.sqrt(of_both * (1 - of_both) * (1 / was[1] + 1 / now[1]))
    if abs(by) < POINTS or abs(by) < SURE * error:
        return None
    return Verdict.WORSE if by > 0 else Verdict.BETTER


def _bad_of(outcomes: Mapping[Outcome, int]) -> dict[str, int]:
    return {
        outcome.value: outcomes[outcome]
        for outcome in Outcome
        if not outcome.good and outcomes.get(outcome)
    }


def _shares(
    a: Tally, b: Tally, kind: Kind, before: Mapping[str, int], after: Mapping[str, int]
) -> Iterator[Difference]:
    """What exchanges ended with, each by its share of them."""
    was = {name: (number, a.exchanges) for name, number in before.items()}
    now = {name: (number, b.exchanges) for name, number in after.items()}
    yield from _each(was, now, kind, _moved, _share_words, bad=lambda _share: True)


def _share_words(share: Share) -> str:
    number, total = share
    return f"{number:,} of {total:,} ({100 * number / total:.1f} %)"


# Actions


def _actions(a: Tally, b: Tally) -> Iterator[Difference]:
    """Reports against reports and exchanges against exchanges: they do not measure the same."""
    yield from _each(a.reported, b.reported, Kind.ACTION, _action, _action_words, bad=_errs)
    seen_a = {name: one for name, one in a.seen.items() if name not in a.reported}
    seen_b = {name: one for name, one in b.seen.items() if name not in b.reported}
    known = a.reported.keys() | b.reported.keys()
    for one in _each(seen_a, seen_b, Kind.ACTION, _action, _action_words, bad=_errs):
        if one.name not in known:
            yield one


def _errs(action: ActionTally) -> bool:
    return action.rate >= 100 * POINTS


def _action(was: ActionTally, now: ActionTally) -> Verdict | None:
    verdict = _moved((was.errors, was.executions), (now.errors, now.executions))
    if verdict is not None:
        return verdict
    for one, other in ((was.average_ms, now.average_ms), (was.slow_ms, now.slow_ms)):
        if one is None or other is None or abs(other - one) < SLOWER_MS:
            continue
        if other > one * SLOWER:
            return Verdict.WORSE
        if one > other * SLOWER:
            return Verdict.BETTER
    return None


def _action_words(action: ActionTally) -> str:
    parts = [f"{action.rate:.1f} % of {action.executions:,} failed"]
    if action.average_ms is not None:
        parts.append(f"{action.average_ms:,.0f} ms")
    if action.slow_ms is not None:
        parts.append(f"p95 {action.slow_ms:,.0f} ms")
    return ", ".join(parts)


# Dead letters

Letter = tuple[LetterState, str]


def _letter(was: Letter, now: Letter) -> Verdict | None:
    if was[0] is now[0]:
        return None
    return Verdict.WORSE if _waits(now) else Verdict.BETTER


def _waits(letter: Letter) -> bool:
    return letter[0] is LetterState.WAITING


def _letter_words(letter: Letter) -> str:
    state, about = letter
    return f"{about}: {state.value}" if about else state.value


def _side(bundle: Bundle) -> Side:
    manifest = bundle.manifest
    return Side(manifest.title, manifest.profile, manifest.made_at)


def _rank(difference: Difference) -> tuple[bool, int, int, str]:
    verdicts, kinds = list(Verdict), list(Kind)
    return (
        not difference.bad,
        verdicts.index(difference.verdict),
        kinds.index(difference.kind),
        difference.name,
    )
