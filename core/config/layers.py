"""Where settings come from, and which of two sources counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..errors import ConfigError
from .manual import SECTIONS, SETTINGS


class Source(StrEnum):
    """The kinds of places that settings come from; the first named counts most."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    DOTENV = ".env"
    PROFILE = "profile"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from; `text` names the flag, the variable, or the file and line."""

    source: Source
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it was written, not yet checked. It may be a secret, so it has no repr."""

    value: Any
    origin: Origin

    def __repr__(self) -> str:
        return f"Value({self.origin.text})"


Layer = dict[str, Value]
"""Values of one source by the setting's dotted name."""

DEFAULT = Origin(Source.DEFAULT, "default")

# A source that says where the platform is says it whole: half of one and half of another
# would send the secrets of one place to another. The same holds for what is secret.
_HOST = {"base_url", "region"}
_HOST_GROUP = {"base_url", "region", "login_url", "token_path"}
_SECRET_GROUP = {"client_secret", "access_token", "secret_command", "keyring"}


def flatten(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by dotted name; the tables of `SECTIONS` become `table.key`."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if name in SECTIONS and isinstance(value, Mapping):
            flat |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            flat[name] = value
    return flat


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `flatten`."""
    values: dict[str, Any] = {}
    for name, value in flat.items():
        table, _, key = name.partition(".")
        if key:
            values.setdefault(table, {})[key] = value
        else:
            values[name] = value
    return values


def refuse_unknown(layer: Layer) -> None:
    """Raise ConfigError for a setting that does not exist, with the one that was likely meant."""
    for name, value in layer.items():
        table = name.partition(".")[0]
        if name in SETTINGS or (table == "endpoints" and name != table):
            continue
        if name in SECTIONS:
            raise ConfigError(
                f"{value.origin.text}: {name} is a table of settings, not a value.",
                fix=f"Write its settings under [profiles.NAME.{name}].",
            )
        raise unknown_key(value.origin.text, name, SETTINGS)


def unknown_key(where: str, name: str, known: Mapping[str, object] | list[str]) -> ConfigError:
    """The error for the setting `name` at `where`, when only `known` ones exist."""
    from difflib import get_close_matches

    last = name.rpartition(".")[2]
    close = get_close_matches(name, list(known), n=1, cutoff=0.6) or [
        key for key in known if get_close_matches(last, [key.rpartition(".")[2]], cutoff=0.75)
    ]
    fix = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}."
    return ConfigError(f"{where}: there is no setting {name[:80]}.", fix=fix)


def merge(layers: list[Layer]) -> Layer:
    """One layer out of several, the first counting most; in one layer a URL beats a region."""
    merged: Layer = {}
    hidden: set[str] = set()
    for layer in layers:
        for name, value in layer.items():
            if name not in hidden and not (name == "region" and "base_url" in layer):
                merged.setdefault(name, value)
        if _HOST & layer.keys():
            hidden |= _HOST_GROUP
        if _SECRET_GROUP & layer.keys():
            hidden |= _SECRET_GROUP
    return merged


def origin_of(layer: Layer, key: str) -> Origin:
    """Where the setting `key` comes from; the default when no source names it."""
    if key in layer:
        return layer[key].origin
    if key == "base_url" and "region" in layer:
        return layer["region"].origin
    return DEFAULT
