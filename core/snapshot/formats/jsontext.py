"""Models as JSON that every reader takes, whatever came from outside.

All fields are written, also those that are empty. Times are RFC 3339 in UTC. Numbers that JSON
has no word for (NaN, the infinities) are null; halves of characters are U+FFFD.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from ...models import Model

_TOO_DEEP = "[nested too deeply]"
_DEEPEST = 200
# Python refuses to turn integers above 4,300 digits into text; this many bits stay below that.
_PRINTABLE_BITS = 14_000


def encode(value: Any) -> bytes:
    """`value`, a model or made of models and plain values, as JSON in UTF-8 on one line."""
    try:
        return _encoder.encode(value)
    except (ValueError, OverflowError, RecursionError):
        # Half a character, an integer beyond 64 bits, or nesting beyond what the encoder follows.
        return json.dumps(_tame(value), ensure_ascii=False, separators=(",", ":")).encode()


def pretty(value: Any) -> str:
    """`value` as JSON for people: over several lines, with the signs of every alphabet."""
    return msgspec.json.format(encode(value), indent=2).decode()


def fields(model: Model) -> dict[str, Any]:
    """The fields of `model` by name, in their order."""
    return {name: getattr(model, name) for name in type(model).model_fields}


def unicode(text: str) -> str:
    """`text` without halves of characters, which no file and no URL can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _hook(value: Any) -> Any:
    return fields(value) if isinstance(value, Model) else str(value)


_encoder = msgspec.json.Encoder(enc_hook=_hook)


def _tame(value: Any, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        return _TOO_DEEP
    if isinstance(value, Model):
        value = fields(value)
    if isinstance(value, dict):
        return {unicode(str(key)): _tame(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tame(item, depth + 1) for item in value]
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return msgspec.to_builtins(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return str(Decimal(value)) if value.bit_length() > _PRINTABLE_BITS else value
    return value if value is None else unicode(str(value))
