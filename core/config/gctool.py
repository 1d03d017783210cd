"""Profiles of the official command line tool `gc`, from `~/.gc/config.toml`.

Each of its tables is a profile: `environment` is a domain or region, `client_credentials` the
client's id, `client_secret` its secret; `access_token` is there after a login by token.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import ConfigError
from .layers import Layer, Origin, Source, Value
from .tomlfile import TomlFile, read_toml

PREFIX = "gc:"
"""What a profile's name begins with when it is the tool's."""

_NAMES = {
    "environment": "region",
    "client_credentials": "client_id",
    "client_secret": "client_secret",
    "access_token": "access_token",
}


def gc_file(env: Mapping[str, str]) -> Path:
    """Where the tool keeps its profiles."""
    return Path(env.get("HOME") or Path.home()) / ".gc" / "config.toml"


def gc_profiles(file: TomlFile) -> tuple[str, ...]:
    """The names of the tool's profiles, each with the prefix `gc:`."""
    return tuple(PREFIX + name for name, value in file.values.items() if isinstance(value, dict))


def gc_layer(name: str, file: TomlFile) -> Layer:
    """The settings of the profile `name` (with its prefix).

    Raises ConfigError for a profile that is not there.
    """
    own_name = name.removeprefix(PREFIX)
    table = file.values.get(own_name)
    if not isinstance(table, dict):
        there = ", ".join(gc_profiles(file)) or "none"
        raise ConfigError(
            f'There is no profile "{own_name}" in {file.path}.',
            fix=f"Profiles of gc: {there}. gc profiles new makes one.",
        )
    layer: Layer = {}
    for key, setting in _NAMES.items():
        if table.get(key) not in (None, ""):
            origin = Origin(Source.PROFILE, f"{file.place((own_name, key))} ({key})")
            layer[setting] = Value(table[key], origin)
    return layer


def read_gc(env: Mapping[str, str]) -> TomlFile:
    """The tool's file; an empty one when there is none."""
    return read_toml(gc_file(env))
