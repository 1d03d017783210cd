"""What each screen offers to export, in words and as scopes of the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.snapshot.scope import Part, Scope
from ..core.store.filter import parse
from ..core.store.filter.tokens import quote
from . import words

if TYPE_CHECKING:
    from ..core.models import Recovery
    from ..core.store.filter import Filter

EVERYTHING = Scope(title="everything that is kept")

_OF_EXCHANGES = frozenset({Part.EXCHANGES})
_OF_RECOVERY = frozenset({Part.RECOVERIES, Part.DEAD_LETTERS, Part.AUDIT})


def run(run_id: str, name: str) -> Scope:
    """A run with all that belongs to it."""
    return Scope.of_run(run_id, title=f"run {name}, with all that is its")


def runs(shown: Sequence[str], marked: Sequence[str], *, filtered: bool) -> list[Scope]:
    """The marked runs, and those that the table shows, each with all that belongs to it."""
    found: list[Scope] = []
    if marked:
        title = f"the {words.plural(len(marked), 'marked run')}"
        found.append(Scope(run_ids=tuple(marked), related=True, title=title))
    if shown and filtered:
        title = f"the {words.plural(len(shown), 'run')} shown"
        found.append(Scope(run_ids=tuple(shown), related=True, title=title))
    elif shown:
        title = "all watched runs"
        found.append(Scope(run_ids=tuple(shown), related=True, title=title))
    return found


def failed_records(run_id: str, name: str) -> Scope:
    """Every failed record of a run."""
    title = f"the failed records of {name}"
    return Scope(parts=frozenset({Part.ERRORS}), run_ids=(run_id,), title=title)


def calls(run_id: str | None, name: str = "") -> Scope:
    """The calls to the platform, of a run or all."""
    title = f"the calls for {name}" if run_id else "the calls to the platform"
    run_ids = (run_id,) if run_id else None
    return Scope(parts=frozenset({Part.CALLS}), run_ids=run_ids, title=title)


def record(run_id: str, record_id: str) -> Scope:
    """One failed record."""
    parts = frozenset({Part.ERRORS})
    title = f"the record {record_id}"
    return Scope(parts=parts, records=((run_id, record_id),), title=title)


def exchange(number: int) -> Scope:
    """One exchange."""
    return Scope(parts=_OF_EXCHANGES, numbers=(number,), title="this exchange")


def exchanges(marked: Sequence[int], wanted: Filter | None, text: str) -> list[Scope]:
    """The marked exchanges, and those that the filter lets through."""
    found: list[Scope] = []
    if marked:
        title = f"the {words.plural(len(marked), 'marked exchange')}"
        found.append(Scope(parts=_OF_EXCHANGES, numbers=tuple(marked), title=title))
    if wanted is not None and not wanted.everything:
        title = f"the exchanges that match {text}"
        found.append(Scope(parts=_OF_EXCHANGES, wanted=wanted, title=title))
    found.append(Scope(parts=_OF_EXCHANGES, title="all exchanges"))
    return found


def failure(failed: Recovery) -> Scope:
    """One failure: the runs of its lineage, and what was done about them."""
    title = f"the failure of {failed.action_id}, with its runs"
    return Scope(run_ids=failed.lineage, related=True, title=title)


def recovery() -> Scope:
    """Every failure, the dead letters and the audit log."""
    return Scope(parts=_OF_RECOVERY, title="failures, dead letters and the audit log")


def action(action_id: str) -> Scope:
    """The captured exchanges of an action."""
    quoted = quote(action_id)
    # In quotes it is no pattern, whatever is in it.
    exactly = quoted if quoted.startswith('"') else f'"{quoted}"'
    wanted = parse(f"action:{exactly}")
    return Scope(parts=_OF_EXCHANGES, wanted=wanted, title=f"the exchanges of {action_id}")


def health() -> Scope:
    """The health reports."""
    return Scope(parts=frozenset({Part.HEALTH}), title="the health reports")
