"""Writing profiles into `config.toml`, keeping what already stands there."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ..errors import ConfigError
from .building import build_profile
from .configfile import NAME_RULE, PROFILE_NAME, profile_layer, read_head
from .layers import Origin, Source, Value, flatten, merge, refuse_unknown
from .manual import SETTINGS, setting
from .paths import Paths
from .tomlfile import TomlFile, line_numbers, parse_toml, read_toml, statements

_HEAD = """\
# cxtop's settings. Flags, environment variables and .env count before this file.
# cxtop config check finds mistakes; cxtop config show tells what is set and where.

# The profile that is used when none is named.
default_profile = {name}

# The theme of the screens.
# theme = "light"

# Other keys for a binding, by its id: the help (?) names them.
# [keys]
# refresh = "ctrl+r"

# What is masked in everything shown and kept, beyond what always is.
# [redact]
# names = ["customer_number"]
# patterns = ["ACCT-[0-9]{{8}}"]
"""


def save_profile(paths: Paths, fields: Mapping[str, Any], *, replace: bool = False) -> Path:
    """Write the profile that `fields` describe (its `name`, and settings nested or dotted).

    Makes the config file when there is none, with a comment for every setting; else appends
    to it and keeps all that stands there. The file is 0600 and changes in one step. With
    `replace`, a profile of that name makes way for this one. Returns the path of the file.

    Raises ConfigError when the profile is wrong, exists already, or cannot be written.
    """
    name = str(fields.get("name") or "default")
    if not PROFILE_NAME.fullmatch(name):
        raise ConfigError(f'"{name[:80]}" is no name for a profile.', fix=f"Allowed: {NAME_RULE}.")
    values = {key: value for key, value in fields.items() if key != "name"}
    flat = {key: _plain(value) for key, value in flatten(values).items() if value is not None}
    origin = Origin(Source.FLAG, f'profile "{name}"')
    layer = {key: Value(value, origin) for key, value in flat.items()}
    refuse_unknown(layer)
    build_profile(name, layer)
    path = Path(os.path.realpath(paths.config_file))
    old = read_toml(path)
    exists = name in read_head(old).profiles
    text = _without(old, name) if exists and replace else old.text
    if name in parse_toml(path, text).get("profiles", {}):
        raise ConfigError(
            f'{old.place(("profiles", name))}: the profile "{name}" exists already.',
            fix="Choose another name, or change the file by hand.",
        )
    text = _joined(text or _HEAD.format(name=_toml(name)), _profile_text(name, flat))
    _prove(old, _file(path, text), name)
    _write(path, text)
    return path


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _file(path: Path, text: str) -> TomlFile:
    return TomlFile(path, text, parse_toml(path, text), line_numbers(text), exists=True)


def _joined(text: str, more: str) -> str:
    return text.rstrip("\n") + "\n\n" + more


def _profile_text(name: str, flat: Mapping[str, Any]) -> str:
    known = [*SETTINGS, *(key for key in flat if key not in SETTINGS)]
    lines: list[str] = []
    table = None
    for key in known:
        head, _, inner = key.partition(".") if "." in key else ("", "", key)
        if head != table:
            table = head
            is_used = any(other.startswith(f"{head}.") for other in flat) or not head
            header = f"[profiles.{_bare(name)}{'.' + head if head else ''}]"
            lines += ([""] if lines else []) + [header if is_used else f"# {header}"]
        known_setting = setting(key)
        if key in flat:
            lines += [f"# {known_setting.meaning}", f"{_bare(inner)} = {_toml(flat[key])}"]
        elif known_setting.example:
            lines.append(f"# {inner} = {known_setting.example}  # {known_setting.meaning}")
    return "\n".join(lines) + "\n"


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    # JSON's strings are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")


def _without(file: TomlFile, name: str) -> str:
    """The file's text less the tables of one profile, with the comments inside them."""
    lines = file.text.split("\n")
    headers = [statement for statement in statements(file.text) if statement.is_header]
    ends = [_above(lines, header.first) for header in headers[1:]] + [len(lines)]
    gone: set[int] = set()
    # Without any header there is one end and nothing to end.
    for header, end in zip(headers, ends, strict=False):
        if header.table[:2] == ("profiles", name):
            gone |= set(range(header.first, end))
    return "\n".join(line for number, line in enumerate(lines) if number not in gone)


def _above(lines: list[str], first: int) -> int:
    """The first line of the comment that stands right above line `first`."""
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return first


def _prove(old: TomlFile, new: TomlFile, name: str) -> None:
    """Raise ConfigError unless `new` is good, and says all that `old` did but for one profile."""
    build_profile(name, merge([profile_layer(new, name)]))
    if not old.exists:
        return
    if _others(old.values, name) != _others(new.values, name):
        raise ConfigError(
            f'{old.path} cannot take the profile "{name}" without losing other settings.',
            fix="Change the file by hand.",
        )


def _others(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    profiles = {key: value for key, value in values.get("profiles", {}).items() if key != name}
    return {**values, "profiles": profiles}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _temporary(path) as (file_number, temporary):
            with os.fdopen(file_number, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written.",
            why=f"The system says: {error.strerror}.",
            fix="Make its folder writable, or choose another with CXTOP_HOME.",
        ) from error
    except UnicodeEncodeError:
        raise ConfigError(
            f"{path} cannot be written.", why="A value holds a character that is no text."
        ) from None


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[tuple[int, Path]]:
    # mkstemp makes the file 0600, so at no moment can others read the secrets in it.
    file_number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        yield file_number, temporary
    finally:
        temporary.unlink(missing_ok=True)
