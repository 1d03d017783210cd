"""Telling what is set, where it came from, and what is wrong with it. No secret leaves here."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ..errors import ConfigError
from .building import build_profile
from .choosing import Settings
from .configfile import profile_layer, read_head
from .dotenv import read_dotenv
from .environment import ANY_PLATFORM, FOREIGN, OWN
from .gctool import gc_profiles
from .layers import DEFAULT, merge
from .manual import SECTIONS, SETTINGS
from .profile import Profile
from .regions import login_base
from .tomlfile import TomlFile, read_toml

HIDDEN = "(set, not shown)"
UNSET = "-"


@dataclass(frozen=True, slots=True)
class Described:
    """One setting as `cxtop config show` tells it: its name, its value as text, its source."""

    setting: str
    value: str
    origin: str


def describe(settings: Settings) -> list[Described]:
    """Every setting with its value, secrets hidden, and where it came from."""
    lines = [
        Described("config_file", str(settings.paths.config_file), ""),
        Described("state_dir", str(settings.paths.state_dir), ""),
        Described("data_dir", str(settings.paths.data_dir), ""),
        Described("profiles", ", ".join(settings.profiles) or UNSET, ""),
        Described("theme", settings.theme or UNSET, settings.theme_origin.text),
    ]
    place = f"{settings.paths.config_file} [keys]"
    lines += [Described(f"keys.{name}", keys, place) for name, keys in settings.keymap.items()]
    if settings.profile is None:
        return lines
    lines.append(_described(settings, "profile", settings.profile.name))
    names = [*SETTINGS, *(f"endpoints.{name}" for name in settings.profile.endpoints)]
    return lines + [_described(settings, name, _value(settings.profile, name)) for name in names]


def check(settings: Settings) -> list[ConfigError]:
    """What is wrong with the configuration as a whole, beyond what `load` refuses.

    Looks at every profile in the file, not only the chosen one, and at who can read the files.
    The errors are returned, not raised; an empty list means that all is well.
    """
    problems = [ConfigError(text) for text in settings.missing]
    try:
        file = read_toml(settings.paths.config_file)
        problems += _profile_problems(file)
    except ConfigError as error:
        return [*problems, error]
    if file.exists and not file.private:
        problems.append(_open_file(file.path))
    if settings.profile is not None:
        problems += _client_problems(settings.profile)
    if settings.dotenv_file is not None:
        problems += _dotenv_problems(settings.dotenv_file)
    if settings.gc_file is not None:
        problems += _gc_problems(settings.gc_file)
    return problems


def _described(settings: Settings, name: str, value: Any) -> Described:
    return Described(name, _shown(value), settings.sources.get(name, DEFAULT).text)


def _value(profile: Profile, name: str) -> Any:
    table, _, key = name.partition(".")
    value = getattr(profile, table)
    if table not in SECTIONS:
        if name == "login_url":
            return login_base(profile)
        return shlex.join(value) if name == "secret_command" and value else value
    return value[key] if isinstance(value, dict) else getattr(value, key)


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr) or (value and _all_secret(value)):
        return HIDDEN
    if value is None or value in ((), "", {}):
        return UNSET
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} = {word}" for name, word in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _all_secret(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, SecretStr) for each in value)


def _profile_problems(file: TomlFile) -> list[ConfigError]:
    problems: list[ConfigError] = []
    for name in read_head(file).profiles:
        try:
            layer = profile_layer(file, name)
            # The environment may add what a profile leaves out, so a hostless one is no fault.
            if {"base_url", "region"} & layer.keys():
                build_profile(name, merge([layer]))
        except ConfigError as error:
            problems.append(error)
    return problems


def _client_problems(profile: Profile) -> list[ConfigError]:
    problems: list[ConfigError] = []
    if profile.access_token is not None:
        return problems
    where = f'The profile "{profile.name}"'
    if profile.client_id is None:
        problems.append(
            ConfigError(
                f"{where} has no client id.", fix="Set client_id there, or CXTOP_CLIENT_ID."
            )
        )
    if not (profile.client_secret or profile.secret_command or profile.keyring):
        problems.append(
            ConfigError(
                f"{where} has no client secret.",
                fix="Set secret_command or keyring there, or CXTOP_CLIENT_SECRET.",
            )
        )
    return problems


def _dotenv_problems(path: Path) -> list[ConfigError]:
    names = set(OWN) | set(ANY_PLATFORM) | {name for table in FOREIGN.values() for name in table}
    secret = {
        name for name in names if name.endswith(("_SECRET", "_TOKEN", "WEBHOOK_URL", "_WEBHOOK"))
    }
    try:
        dotenv = read_dotenv(path)
    except ConfigError as error:
        return [error]
    holds_secret = any(value for name, (value, _) in dotenv.values.items() if name in secret)
    return [_open_file(path)] if holds_secret and not dotenv.private else []


def _gc_problems(path: Path) -> list[ConfigError]:
    try:
        file = read_toml(path)
    except ConfigError as error:
        return [error]
    return [_open_file(path)] if gc_profiles(file) and not file.private else []


def _open_file(path: Path) -> ConfigError:
    mode = path.stat().st_mode & 0o777
    return ConfigError(
        f"{path} can be read by other users of this machine (mode {mode:04o}).",
        fix=f"Run: chmod 600 {path}",
    )
