"""Evidence in words, and what its file is called: for the dialog and the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ..core.snapshot.scope import Part
from . import words

if TYPE_CHECKING:
    from ..core.snapshot.exporting import Exported

_NOUNS: dict[Part, tuple[str, str]] = {
    Part.RUNS: ("run", "runs"),
    Part.POLLS: ("poll", "polls"),
    Part.ERRORS: ("failed record", "failed records"),
    Part.EXCHANGES: ("exchange", "exchanges"),
    Part.CALLS: ("call", "calls"),
    Part.TRACES: ("flow trace", "flow traces"),
    Part.RECOVERIES: ("failure", "failures"),
    Part.DEAD_LETTERS: ("dead letter", "dead letters"),
    Part.AUDIT: ("audit entry", "audit entries"),
    Part.HEALTH: ("health report", "health reports"),
}
STRICTNESS: tuple[tuple[str, str], ...] = (
    ("strict", "strict: names, addresses and numbers of people too"),
    ("default", "default: secrets, as when it was kept"),
    ("none", "none: nothing is masked again"),
)
"""How much is masked on the way out, and in words."""

_NO_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST = 40


def noun(part: Part, number: int = 2) -> str:
    """What the records of a part are called."""
    return _NOUNS[part][number != 1]


def told(counts: Mapping[Part, int]) -> str:
    """`1 run, 31 polls, 134 failed records`; what there is none of is left out."""
    parts = [f"{number:,} {noun(part, number)}" for part, number in counts.items() if number]
    return ", ".join(parts) or "nothing"


def masked_words(masked: Mapping[str, int], most: int = 4) -> str:
    """`authorization ×12, email ×3`, the most frequent first."""
    ranked = sorted(masked.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{name} ×{number:,}" for name, number in ranked[:most]]
    if len(ranked) > most:
        parts.append(f"and {words.plural(len(ranked) - most, 'more kind')}")
    return ", ".join(parts)


def file_name(title: str, at: datetime, suffix: str) -> str:
    """`cxtop-crm-backfill-20260304-143207.cxsnap`: what it is, and when it was made."""
    short = title.partition(",")[0].removeprefix("the ").lower()
    slug = _NO_NAME.sub("-", short)[:_LONGEST].strip("-")
    when = at.astimezone().strftime("%Y%m%d-%H%M%S")
    return "-".join(part for part in ("cxtop", slug, when) if part) + suffix


def written(done: Exported, path: str) -> str:
    """The one sentence about what was written where."""
    said = f"Written: {path} ({words.size(done.size)}): {told(done.counts)}"
    number = sum(done.masked.values())
    said += f"; {words.plural(number, 'value')} masked." if number else "."
    if done.missing:
        said += f" {words.plural(done.missing, 'payload')} could not be had any more."
    return said
