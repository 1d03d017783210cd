"""JSON in files that users write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .brokenjson import ForeignConstantError, broken, foreign_constant, loads

_MOST_BYTES = 4 * 1024 * 1024


def read_json(file: Path, what: str) -> Any:
    """The JSON value in `file`, which is to be a `what`. Raises ConfigError that says where it
    breaks."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{file} is too large for a {what}.", fix="Give the right file.")
        text = file.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else "It is not UTF-8 text"
        raise ConfigError(f"{file} cannot be read as a {what}.", why=f"{told}.") from error
    try:
        return loads(text)
    except json.JSONDecodeError as error:
        found = broken(text, error)
    except ForeignConstantError:
        found = foreign_constant(text)
    except RecursionError as error:
        raise ConfigError(f"{file} is nested too deeply.", fix="Correct the file.") from error
    why = f"{found.what[:1].upper()}{found.what[1:]}."
    raise ConfigError(f"{file} is no JSON.", why=why, fix="Correct the file.")
