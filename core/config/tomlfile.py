"""Reading a TOML file so that every value knows its line."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigError

MAX_BYTES = 1024 * 1024

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One `key = value` or `[table]`, from its first line to the one after its last, from 0."""

    first: int
    after: int
    table: Key
    keys: tuple[Key, ...]
    is_header: bool


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What a file said. `private` tells that nobody but its owner can read it."""

    path: Path
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[Key, int] = field(default_factory=dict)
    exists: bool = False
    private: bool = True

    def place(self, key: Key) -> str:
        """The file and the line of `key`, or of the nearest table above it."""
        for length in range(len(key), 0, -1):
            if line := self.lines.get(key[:length]):
                return f"{self.path} line {line}"
        return str(self.path)


def read_toml(path: Path) -> TomlFile:
    """The file at `path`; an empty one when there is none.

    Raises ConfigError, with the line, when it cannot be read or is not TOML.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise ConfigError(f"{path} is not a file.", fix="Name a TOML file.")
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return TomlFile(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read.",
            why=f"The system says: {error.strerror}.",
            fix="Give yourself the right to read it, or name another file with --config.",
        ) from error
    text = _text(path, raw)
    values = parse_toml(path, text)
    return TomlFile(
        path=path,
        text=text,
        values=values,
        lines=line_numbers(text),
        exists=True,
        private=os.name != "posix" or not mode & 0o077,
    )


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """The values in `text`, which came from `path`. Raises ConfigError with line and column."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        where = f" line {match[1]}, column {match[2]}" if match and match[1] else ""
        raise ConfigError(
            f"{path}{where} is not valid TOML.",
            why=f"{message[: match.start()] if match else message}.",
            fix='Text values stand in quotes: key = "value".',
        ) from None
    except RecursionError:
        raise ConfigError(
            f"{path} is not a configuration.", why="It is nested too deeply."
        ) from None


def _text(path: Path, raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise ConfigError(
            f"{path} is longer than 1 MiB.", fix="Name a configuration file with --config."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path} line {line} is not UTF-8 text.", fix="Save the file as UTF-8."
        ) from None


def statements(text: str) -> Iterator[Statement]:
    """The statements of valid TOML, in order.

    A statement is the fewest lines that are TOML by themselves, which is what tells a value
    over several lines from its neighbours.
    """
    table: Key = ()
    lines = text.split("\n")
    first = 0
    for number, line in enumerate(lines):
        # Only these can end a value over several lines; trying at each of its lines would
        # take time with the square of their number.
        if number > first and not any(end in line for end in ("]", '"""', "'''")):
            continue
        chunk = "\n".join(lines[first : number + 1]).replace("\r\n", "\n").rstrip("\r")
        try:
            values = tomllib.loads(chunk)
        except tomllib.TOMLDecodeError:
            continue
        is_header = chunk.lstrip().startswith("[")
        keys = tuple(_paths(values))
        if is_header:
            table = max(keys, key=len)
        if values:
            owned = tuple(key if is_header else table + key for key in keys)
            yield Statement(first, number + 1, table, owned, is_header)
        first = number + 1


def line_numbers(text: str) -> dict[Key, int]:
    """The line, from 1, where each key and table of valid TOML first stands."""
    found: dict[Key, int] = {}
    for statement in statements(text):
        for key in statement.keys:
            found.setdefault(key, statement.first + 1)
    return found


def _paths(values: Any) -> Iterator[Key]:
    if isinstance(values, list) and values and isinstance(values[0], dict):
        values = values[0]
    if isinstance(values, dict):
        for name, value in values.items():
            yield (name,)
            yield from ((name, *rest) for rest in _paths(value))
