"""All settings out of all sources: what was chosen, with the values of the profile checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from .building import build_profile
from .choosing import Choice, Flags, Settings, choose
from .layers import DEFAULT, origin_of
from .manual import SETTINGS


def load(
    flags: Flags | None = None,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Settings:
    """Read all sources, choose the profile and check it.

    Raises ConfigError, which names the flag, the variable, or the file and line.
    """
    return complete(choose(flags, env=env, cwd=cwd))


def complete(choice: Choice) -> Settings:
    """The settings with the chosen profile. Raises ConfigError for a value in it that is wrong."""
    if choice.name is None:
        return choice.settings
    layer = choice.layer
    origins = {key: origin_of(layer, key) for key in (*SETTINGS, *layer)}
    origins["profile"] = choice.chosen_by
    return replace(
        choice.settings,
        profile=build_profile(choice.name, layer),
        sources={key: origin for key, origin in origins.items() if origin is not DEFAULT},
    )
