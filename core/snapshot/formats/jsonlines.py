"""JSON Lines: one object a line, which says in `kind` what it is.

    {"kind": "snapshot", "format": "cxtop-evidence", "version": 1, "made_at": "…", …}
    {"kind": "run", "run_id": "…", …}
    {"kind": "exchange", "id": "…", …}
    {"kind": "end", "missing": 0}

The first line is what the JSON document has before its lists, the last one says that the file is
whole. The lines between have all fields of the models, a part after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO

from ...models import Model
from ..scope import EVERY_PART, Part
from .heading import heading
from .jsontext import encode, fields
from .pouring import Progress, pour

if TYPE_CHECKING:
    from ..evidence import Evidence
    from ..masking import Mask

KINDS: Mapping[Part, str] = {
    Part.RUNS: "run",
    Part.POLLS: "poll",
    Part.ERRORS: "record_error",
    Part.EXCHANGES: "exchange",
    Part.CALLS: "call",
    Part.TRACES: "trace",
    Part.RECOVERIES: "recovery",
    Part.DEAD_LETTERS: "dead_letter",
    Part.AUDIT: "audit",
    Part.HEALTH: "health",
}
"""What a line calls a record of a part."""


class JsonLinesFormat:
    """A line a record."""

    name = "jsonl"
    suffix = ".jsonl"
    title = "JSON Lines, one object a line"
    holds = EVERY_PART

    async def write(
        self, evidence: Evidence, mask: Mask, out: BinaryIO, progress: Progress
    ) -> None:
        """Write the lines to `out`."""

        def line(kind: str, rest: Mapping[str, object]) -> None:
            out.write(encode({"kind": kind, **rest}) + b"\n")

        line("snapshot", heading(evidence, mask))
        for part in Part:
            if part in evidence.scope.parts:

                def take(record: Model, kind: str = KINDS[part]) -> None:
                    line(kind, fields(record))

                await pour(evidence, part, mask, take, progress)
        line("end", {"missing": evidence.missing})


JSON_LINES = JsonLinesFormat()
