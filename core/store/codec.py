"""How values of the domain lie in SQLite: JSON text, microseconds, folded text.

Nothing that came from outside may fail here: lone surrogates, NaN and integers of any length
are kept.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**63 - 1
# Python refuses to turn integers above 4,300 digits into text; this many bits stay below that.
_PRINTABLE_BITS = 14_000


def dump(value: Any) -> str:
    """`value` as JSON text in ASCII. Integers above 4,300 digits become strings of digits.

    `value` comes from a redactor, which has cut what is nested too deeply.
    """
    try:
        return _dumps(value)
    except ValueError:
        return _dumps(_printable(value))


def load(text: str) -> Any:
    """The value that `dump` made `text` from."""
    return json.loads(text)


def raw(text: str) -> bytes:
    """`text` for `CAST(? AS TEXT)`: SQLite takes no lone surrogate as a string."""
    return text.encode("utf-8", "surrogatepass")


def fold(text: str) -> str:
    """`text` for comparing without case. SQLite's `LIKE` would stop at a NUL."""
    folded = text.casefold().replace("\0", "\u2400")
    return folded.encode("utf-8", "replace").decode("utf-8")


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """The time that `micros` made `value` from, in UTC."""
    return _EPOCH + value * _MICROSECOND


def put_count(value: int | None) -> int | str | None:
    """A count for a column without a type; as digits where it exceeds 64 bits."""
    if value is None or -_LARGEST <= value <= _LARGEST:
        return value
    return str(Decimal(value))


def get_count(value: Any) -> int | None:
    """The count that `put_count` or `dump` made `value` from."""
    return int(Decimal(value)) if isinstance(value, str) else value


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    if isinstance(value, int) and value.bit_length() > _PRINTABLE_BITS:
        return str(Decimal(value))
    return value
