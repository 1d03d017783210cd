"""Reading `.env` files: `NAME=value` lines, as shells and other tools write them."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError

MAX_BYTES = 256 * 1024

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=[ \t]*(.*)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "`": "`"}


@dataclass(frozen=True, slots=True)
class DotenvFile:
    """The variables of one `.env`, each with its value and line. `private` as in TomlFile."""

    path: Path
    values: dict[str, tuple[str, int]]
    private: bool = True


def read_dotenv(path: Path) -> DotenvFile:
    """The variables in the file at `path`; none when it does not exist.

    Raises ConfigError for a file that cannot be read. Lines that are not assignments are other
    tools' business and are passed over, but a quote that never ends is an error with its line.
    """
    try:
        # Some set-ups keep a folder or a pipe of this name, which is not meant for cxtop.
        if not stat.S_ISREG(mode := path.stat().st_mode):
            return DotenvFile(path, {})
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return DotenvFile(path, {})
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read.",
            why=f"The system says: {error.strerror}.",
            fix="Give yourself the right to read it, or start cxtop in another folder.",
        ) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path} is longer than 256 KiB.", fix="Start cxtop in another folder.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path} line {line} is not UTF-8 text.", fix="Save the file as UTF-8."
        ) from None
    return DotenvFile(path, parse_dotenv(text, str(path)), private=not mode & 0o077)


def parse_dotenv(text: str, name: str = ".env") -> dict[str, tuple[str, int]]:
    """The variables in `text` with their values and lines (from 1); the last of a name counts.

    Values may stand bare (up to ` #`), in '…' (as they are) or in "…" (with escapes); quoted
    ones may go over several lines. Variables inside values are not expanded.
    """
    found: dict[str, tuple[str, int]] = {}
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    number = 0
    while number < len(lines):
        start = number
        number += 1
        match = _ASSIGNMENT.match(lines[start])
        if match is None:
            continue
        value = match[2]
        if value[:1] in ("'", '"'):
            while (end := _closing(value)) is None and number < len(lines):
                value += "\n" + lines[number]
                number += 1
            if end is None:
                raise ConfigError(
                    f"{name} line {start + 1}: the value of {match[1]} begins with a quote "
                    "that never ends.",
                    fix=f"Close the value with {value[0]}.",
                )
            inner = value[1:end]
            value = inner if value[0] == "'" else _unescaped(inner)
        else:
            value = re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip()
        found[match[1]] = (value, start + 1)
    return found


def _closing(value: str) -> int | None:
    quote = value[0]
    at = 1
    while at < len(value):
        if quote == '"' and value[at] == "\\":
            at += 1
        elif value[at] == quote:
            return at
        at += 1
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text)
