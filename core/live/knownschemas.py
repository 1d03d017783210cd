"""The schemas of actions that are known here: files that the user put into one folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..diagnosis import JsonSchema
from ..diagnosis.jsonfiles import read_json
from ..errors import ConfigError

_MOST_FILES = 500


@dataclass(frozen=True, slots=True)
class KnownSchema:
    """What an action takes and gives (contract §6, action schema); `None` for what is not said."""

    file: Path
    input: JsonSchema | None
    output: JsonSchema | None


class KnownSchemas:
    """Action schemas in `folder`, a file `*.json` each.

    A file is an action's when it bears its id (percent-encoded) as its name, or else when its
    field `name` or `id` is that id.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, action_id: str) -> KnownSchema | None:
        """The schema of an action, `None` when none is known; reads files.

        Raises ConfigError for the action's own file when it cannot be read as a schema.
        """
        own = self._folder / f"{quote(action_id, safe='')}.json"
        try:
            if own.is_file():
                return _known(own, read_json(own, "action schema"))
            for file, value in self._readable():
                if action_id in (value.get("name"), value.get("id")):
                    return _known(file, value)
        except OSError as error:  # a name that is too long, a folder that nobody may read
            raise ConfigError(
                f"The action schemas in {self._folder} cannot be read.",
                why=f"{error.strerror or error}.",
            ) from error
        return None

    def _readable(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        files = sorted(self._folder.glob("*.json"))[:_MOST_FILES]
        for file in files:
            try:
                value = read_json(file, "action schema")
            except ConfigError:
                continue  # it may be another action's; who asks for that one is told
            if isinstance(value, dict):
                yield file, value


def schema_in(file: Path) -> JsonSchema:
    """Any JSON Schema in a file, as what an answer is held against. Raises ConfigError."""
    return _schema(file, read_json(file, "JSON Schema"), file.stem)


def _known(file: Path, value: Any) -> KnownSchema:
    if not isinstance(value, dict):
        raise ConfigError(
            f"{file} is no action schema.",
            why="It is no JSON object.",
            fix='Write {"name": …, "input": {…}, "output": {…}} with JSON Schemas in them.',
        )
    parts = (_part(file, value, name) for name in ("input", "output"))
    return KnownSchema(file, *parts)


def _part(file: Path, value: dict[str, Any], name: str) -> JsonSchema | None:
    part = value.get(name)
    return None if part is None else _schema(file, part, f"{name} schema")


def _schema(file: Path, value: Any, name: str) -> JsonSchema:
    if not isinstance(value, dict | bool):
        raise ConfigError(
            f"{file} holds no JSON Schema.", why=f"The {name} is no object.", fix="Correct it."
        )
    try:
        return JsonSchema(value, name=name)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error.what}", why=error.why, fix=error.fix) from error
