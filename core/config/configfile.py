"""What `config.toml` holds, beside the profiles' own settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError, SecretError
from .layers import Layer, Origin, Source, Value, flatten, refuse_unknown, unknown_key
from .manual import SETTINGS
from .tomlfile import Key, TomlFile

TOP_LEVEL = ["default_profile", "theme", "keys", "redact", "profiles"]
PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_RULE = "up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"


@dataclass(frozen=True, slots=True)
class RedactSettings:
    """What is masked beyond what is always masked: more field names, more patterns.

    `hint` lets the length and the last characters of a masked value be seen.
    """

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    hint: bool = False


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The checked head of a config file; its profiles are checked when they are used."""

    file: TomlFile
    profiles: tuple[str, ...]
    default_profile: str | None
    theme: str | None
    keymap: Mapping[str, str]
    redact: RedactSettings


def read_head(file: TomlFile) -> ConfigFile:
    """Everything in the file but the settings of its profiles.

    Raises ConfigError with the line for an unknown key or a wrong value.
    """
    values = file.values
    for name in values:
        if name not in TOP_LEVEL:
            raise unknown_key(file.place((name,)), name, TOP_LEVEL)
    profiles = _table(file, ("profiles",))
    for name in profiles:
        _table(file, ("profiles", name))
        if not PROFILE_NAME.fullmatch(name):
            raise ConfigError(
                f'{file.place(("profiles", name))}: "{name[:80]}" is no name for a profile.',
                fix=f"Allowed: {NAME_RULE}.",
            )
    default = _text(file, "default_profile")
    if default is not None and default not in profiles:
        raise ConfigError(
            f'{file.place(("default_profile",))}: there is no profile "{default}".',
            fix=f"Allowed: {', '.join(profiles) or 'none yet'}.",
        )
    return ConfigFile(
        file=file,
        profiles=tuple(profiles),
        default_profile=default,
        theme=_text(file, "theme"),
        keymap=_keymap(file),
        redact=_redact(file),
    )


def profile_layer(file: TomlFile, name: str) -> Layer:
    """The settings of one profile with their lines.

    Raises ConfigError for one that does not exist, or when two sources of a secret clash.
    """
    layer: Layer = {}
    for key, value in flatten(file.values["profiles"][name]).items():
        place = file.place(("profiles", name, *key.split(".", 1)))
        layer[key] = Value(value, Origin(Source.PROFILE, place))
    refuse_unknown(layer)
    chosen = [key for key in ("client_secret", "secret_command") if key in layer]
    if "keyring" in layer and layer["keyring"].value is True:
        chosen.append("keyring")
    if len(chosen) > 1:
        raise ConfigError(
            f"{layer[chosen[1]].origin.text}: {' and '.join(chosen)} both give the secret.",
            fix="Keep one of them.",
        )
    return layer


def refuse_open_secrets(file: TomlFile) -> None:
    """Raise SecretError for a secret in clear in a config file that others can read."""
    if file.private:
        return
    profiles = file.values.get("profiles")
    for name, table in profiles.items() if isinstance(profiles, dict) else ():
        written = flatten(table) if isinstance(table, dict) else {}
        for key, known in SETTINGS.items():
            if known.secret and key in written:
                place = file.place(("profiles", name, *key.split(".")))
                raise SecretError(
                    f"{place}: {key} stands in clear in a file "
                    "that other users of this machine can read.",
                    fix=f"Run: chmod 600 {file.path} (or use secret_command or keyring).",
                )


def _table(file: TomlFile, key: Key) -> Mapping[str, Any]:
    value: Any = file.values
    for part in key:
        value = value.get(part, {})
    if not isinstance(value, dict):
        raise ConfigError(
            f"{file.place(key)}: {'.'.join(key)} is a table, not a value.",
            fix=f"Write its settings under [{'.'.join(key)}].",
        )
    return value


def _text(file: TomlFile, key: str) -> str | None:
    value = file.values.get(key)
    if value is None or (isinstance(value, str) and value):
        return value
    raise _misfit(file, (key,), "a text in quotes")


def _misfit(file: TomlFile, key: Key, allowed: str) -> ConfigError:
    return ConfigError(
        f"{file.place(key)}: {'.'.join(key)} does not fit.", fix=f"Allowed: {allowed}."
    )


def _keymap(file: TomlFile) -> Mapping[str, str]:
    keymap = _table(file, ("keys",))
    for binding, keys in keymap.items():
        if not isinstance(keys, str):
            raise _misfit(file, ("keys", binding), 'keys in quotes, such as "ctrl+r" or "r,f5"')
    return dict(keymap)


def _redact(file: TomlFile) -> RedactSettings:
    table = _table(file, ("redact",))
    known = ["names", "patterns", "hint"]
    for name in table:
        if name not in known:
            raise unknown_key(file.place(("redact", name)), f"redact.{name}", known)
    hint = table.get("hint", False)
    if not isinstance(hint, bool):
        raise _misfit(file, ("redact", "hint"), "true, false")
    patterns = _texts(file, ("redact", "patterns"))
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ConfigError(
                f'{file.place(("redact", "patterns"))}: "{pattern[:60]}" is no pattern.',
                why=f"{error}.".capitalize(),
                fix="Allowed: regular expressions as Python reads them.",
            ) from None
    return RedactSettings(_texts(file, ("redact", "names")), patterns, hint)


def _texts(file: TomlFile, key: Key) -> tuple[str, ...]:
    value = file.values.get(key[0], {}).get(key[1], [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _misfit(file, key, "a list of texts in quotes")
    return tuple(value)
