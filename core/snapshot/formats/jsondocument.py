"""JSON: one document with all that was chosen, as its published schema says.

    {"format": "cxtop-evidence", "version": 1, "cxtop": "0.1.0", "made_at": "…", "title": "…",
     "profile": "…", "platform": "…", "redaction": "default", "scope": {…},
     "runs": [{…}, …], "polls": [{…}, …], …, "missing": 0}

There is a list for each part that was chosen, in the order of `Part`, with all fields of the
models. `missing` counts exchanges that are known, but whose payloads are not to be had any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from pydantic.json_schema import models_json_schema

from ...models import Model
from ..records import MODELS
from ..scope import EVERY_PART, Part
from .heading import FORMAT, VERSION, heading
from .jsontext import encode
from .pouring import Progress, pour

if TYPE_CHECKING:
    from ..evidence import Evidence
    from ..masking import Mask

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}


class JsonFormat:
    """One document, written piece by piece."""

    name = "json"
    suffix = ".json"
    title = "JSON, one document"
    holds = EVERY_PART

    async def write(
        self, evidence: Evidence, mask: Mask, out: BinaryIO, progress: Progress
    ) -> None:
        """Write the document to `out`, a record a line."""
        # The brace at the end comes last of all.
        out.write(encode(heading(evidence, mask))[:-1])
        for part in Part:
            if part not in evidence.scope.parts:
                continue
            out.write(f',\n"{part.value}":['.encode())
            lines = _Lines(out)
            await pour(evidence, part, mask, lines.add, progress)
            out.write(b"]" if lines.first else b"\n]")
        out.write(f',\n"missing":{evidence.missing}}}\n'.encode())


JSON = JsonFormat()


class _Lines:
    """The items of a list, each on a line of its own."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.first = True

    def add(self, record: Model) -> None:
        self._out.write((b"\n" if self.first else b",\n") + encode(record))
        self.first = False


def schema() -> dict[str, Any]:
    """The JSON Schema of the document, made from the models."""
    places, definitions = models_json_schema(
        [(model, "serialization") for model in MODELS.values()], ref_template="#/$defs/{model}"
    )
    lists = {
        part.value: {"type": "array", "items": places[(model, "serialization")]}
        for part, model in MODELS.items()
    }
    head = {
        "format": {"const": FORMAT},
        "version": {"const": VERSION},
        "cxtop": {**_TEXT, "description": "The version of cxtop that wrote it."},
        "made_at": {**_TEXT, "format": "date-time"},
        "title": _TEXT,
        "profile": _TEXT,
        "platform": _TEXT,
        "redaction": {"enum": ["strict", "default", "none"]},
        "scope": {"type": "object", "description": "What was chosen; null narrows nothing."},
        "missing": {**_COUNT, "description": "Exchanges whose payloads are gone."},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Evidence exported by cxtop as JSON",
        "description": "A part that was not chosen is left out. Times are RFC 3339 in UTC.",
        "type": "object",
        "properties": head | lists,
        "required": list(head),
        "additionalProperties": False,
        "$defs": definitions["$defs"],
    }
