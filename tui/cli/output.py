"""Data on stdout: JSON that any reader takes, lines as they come."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
from datetime import datetime
from typing import Any

from ...core.text import safe

_WIDEST = 110  # columns of a sentence that is still read at ease


def json_text(value: Any, *, indent: int | None = None) -> str:
    """`value` as JSON without NaN or infinities, which become null; times as RFC 3339.

    Characters that could drive a terminal are escaped, for the reader may be one.
    """
    try:
        text = _dump(value, indent=indent, escape=False)
    except ValueError:
        value = _finite(value)
        text = _dump(value, indent=indent, escape=False)
    if safe(text, keep_newlines=indent is not None) == text:
        return text
    return _dump(value, indent=indent, escape=True)


def print_json(value: Any, *, indent: int | None = None) -> None:
    """One JSON value on stdout; on one line without `indent`. Whoever reads gets it at once."""
    print_line(json_text(value, indent=indent))


def print_line(text: str) -> None:
    """One line on stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_wrapped(text: str, *, indent: int = 2) -> None:
    """A sentence on stdout, `indent` columns in; on a terminal in lines that fit its width."""
    lead, lines = " " * indent, [text]
    if sys.stdout.isatty():
        width = min(_WIDEST, shutil.get_terminal_size().columns) - indent
        lines = textwrap.wrap(text, max(20, width), break_on_hyphens=False) or [""]
    for line in lines:
        print_line(f"{lead}{line}")


def moment(value: datetime | None) -> str | None:
    """A time as RFC 3339 in UTC."""
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def _dump(value: Any, *, indent: int | None, escape: bool) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=escape, indent=indent, default=_as_known)


def _as_known(value: Any) -> Any:
    return moment(value) if isinstance(value, datetime) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
