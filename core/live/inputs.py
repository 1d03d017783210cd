"""What an action is given: read from text, and checked before it is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..diagnosis import JsonSchema
from ..diagnosis.brokenjson import ForeignConstantError, broken, foreign_constant, loads
from ..diagnosis.wording import FINDINGS, few, step, type_name
from ..errors import InputError
from ..redact import MASK

Faults = tuple[tuple[str, str], ...]

_MASKED = re.compile(r"\[redacted(?::[0-9]+(?::[A-Za-z0-9_\-]{4})?)?\]")
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class ReadInput:
    """What a text holds: the JSON value, or in `fault` why it is none and where."""

    value: Any = None
    fault: str = ""
    place: str = ""


def read_input(text: str) -> ReadInput:
    """The JSON value in `text`, or where it breaks: line and column, both from 1."""
    if not text.strip():
        return ReadInput(fault="There is no input: an empty one is {}.", place="line 1, column 1")
    try:
        return ReadInput(loads(text))
    except json.JSONDecodeError as error:
        found = broken(text, error)
    except ForeignConstantError:
        found = foreign_constant(text)
    except RecursionError:
        return ReadInput(fault="The input is nested too deeply to be read.")
    return ReadInput(fault=f"The input is {found.what}.", place=found.place)


def checked(text: str, what: str, schema: JsonSchema | None = None) -> dict[str, Any]:
    """The JSON object in `text`, which is `what` ("The input"), ready to be sent.

    Raises InputError that names every fault: of the JSON, of the schema, or where a mask stands
    in the place of a secret.
    """
    found = read_input(text)
    if found.fault:
        raise InputError(
            found.fault.replace("The input", what, 1),
            faults=((found.place, found.fault),),
            fix="Correct it there; nothing was sent.",
        )
    faults = faults_of(found.value, schema)
    if faults:
        place, told = faults[0]
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise InputError(
            f"{what} cannot be sent as it is: {place} {told}{more}.",
            faults=faults,
            fix="Correct it; nothing was sent.",
        )
    return found.value


def faults_of(value: Any, schema: JsonSchema | None = None) -> Faults:
    """What is wrong with `value` as an input, by JSON path; nothing when it may be sent.

    Raises ConfigError for a schema that refers to what is not in it.
    """
    if not isinstance(value, dict):
        return (("$", f"expected object, found {type_name(value)}"),)
    masked = list(_masked(value, "$", 0))
    told = [(path, f"holds {MASK}, a mask: put the real value there") for path in masked]
    if schema is not None:
        told += schema.fit(value, "$").findings
    return few(told[:FINDINGS], len(told))


def _masked(value: Any, path: str, depth: int) -> Iterator[str]:
    """Where a mask is the whole of a value: what an exchange kept in the place of a secret."""
    if isinstance(value, str):
        if _MASKED.fullmatch(value.strip().removeprefix("Bearer ")):
            yield path
    elif depth < _DEEPEST and isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            yield from _masked(item, step(path, key), depth + 1)
