"""The last inputs of actions, so that they need not be typed again."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import StoreError
from ..redact import Redactor

MOST_INPUTS = 10
MOST_ACTIONS = 100
MOST_BYTES = 64 * 1024
_MOST_READ = 64 * 1024 * 1024


class LastInputs:
    """The last `MOST_INPUTS` inputs of each of the last `MOST_ACTIONS` actions, without secrets.

    They are in one JSON file that nobody else can read; an input above `MOST_BYTES` bytes is not
    kept. Every method reads or writes the file.
    """

    def __init__(self, file: Path, redactor: Redactor) -> None:
        self._file = file
        self._redactor = redactor

    def actions(self) -> list[str]:
        """The ids of the actions that were run, the last one first."""
        return list(self._read())

    def of(self, action_id: str) -> list[dict[str, Any]]:
        """The inputs of an action, the last one first; masks stand for secrets."""
        return self._read().get(action_id, [])

    def add(self, action_id: str, value: Mapping[str, Any]) -> None:
        """Remember an input. Raises StoreError when it cannot be written."""
        kept = self._redactor.json(dict(value))
        if len(json.dumps(kept)) > MOST_BYTES:
            return
        inputs = self._read()
        rest = [each for each in inputs.pop(action_id, []) if each != kept]
        ordered = {action_id: [kept, *rest][:MOST_INPUTS], **inputs}
        self._write(dict(list(ordered.items())[:MOST_ACTIONS]))

    def _read(self) -> dict[str, list[dict[str, Any]]]:
        """What is kept; a file that is damaged counts as none, for nothing in it is needed."""
        try:
            if self._file.stat().st_size > _MOST_READ:
                return {}
            found = json.loads(self._file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {
            action_id: [each for each in inputs if isinstance(each, dict)]
            for action_id, inputs in found.items()
            if isinstance(inputs, list)
        }

    def _write(self, inputs: dict[str, list[dict[str, Any]]]) -> None:
        folder = self._file.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{self._file.name}.")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(inputs, file)
                Path(name).replace(self._file)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise StoreError(
                "The input could not be remembered.", why=f"{error.strerror or error}."
            ) from error
