"""Which profile it is, out of all sources: flags, environment, `.env`, files.

Nothing here loads pydantic, as the app paints its first frame with what is chosen here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .configfile import (
    ConfigFile,
    RedactSettings,
    profile_layer,
    read_head,
    refuse_open_secrets,
)
from .dotenv import DotenvFile, read_dotenv
from .environment import (
    foreign_layer,
    from_environment,
    likely_platform,
    own_layer,
)
from .gctool import PREFIX, gc_file, gc_layer, gc_profiles, read_gc
from .layers import (
    DEFAULT,
    Layer,
    Origin,
    Source,
    Value,
    flatten,
    merge,
    refuse_unknown,
)
from .manual import how_to_complete
from .paths import Paths, find_paths
from .regions import checked_url, host_of, normal_region
from .tomlfile import read_toml

if TYPE_CHECKING:
    from .profile import Profile

ADHOC_NAME = "environment"
"""The name of the profile that flags and environment describe without any file."""

Flags = Mapping[str, Any]
"""`profile`, `config`, `theme`, and any setting of a profile (nested or dotted); None is unset."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is set, for one start of cxtop.

    `profiles` are all names that can be chosen, those of the `gc` tool with `gc:` before them.
    `profile` is the chosen one, `None` when nothing describes a platform yet; `missing` then
    says in sentences what is needed. `sources` tells by dotted name where a value came from;
    what it does not name is a default. `captures` are the capture logs to follow: full paths of
    files and folders, and patterns of them.
    """

    paths: Paths
    profiles: tuple[str, ...] = ()
    profile: Profile | None = None
    default_profile: str | None = None
    keymap: Mapping[str, str] = field(default_factory=dict)
    theme: str | None = None
    theme_origin: Origin = DEFAULT
    redact: RedactSettings = field(default_factory=RedactSettings)
    sources: Mapping[str, Origin] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    dotenv_file: Path | None = None
    gc_file: Path | None = None
    captures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Without a word about them, capture logs lie in their own folder."""
        if not self.captures:
            object.__setattr__(self, "captures", (str(self.paths.captures_dir),))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which profile it is, before its values are checked.

    `settings` are all but the profile, whose `name` is `None` when nothing describes a platform
    yet. `layer` is what is written for it, `chosen_by` what named it.
    """

    settings: Settings
    name: str | None
    layer: Layer
    chosen_by: Origin = DEFAULT

    @property
    def place(self) -> str:
        """What the profile speaks to, `genesys · eu-west-1`; nothing where that does not fit."""
        platform, region, url = (
            str(self.layer[key].value) if key in self.layer else ""
            for key in ("platform", "region", "base_url")
        )
        try:
            where = normal_region(region) if region else checked_url(url).partition("://")[2]
        except ValueError:
            return ""
        return f"{platform or 'genesys'} · {where}"


@dataclass(frozen=True, slots=True)
class _Sources:
    """What was read, before anything is chosen."""

    flags: Layer
    env: Mapping[str, str]
    dotenv: DotenvFile
    dotenv_values: Mapping[str, str]
    config: ConfigFile
    cwd: Path

    def in_dotenv(self, name: str) -> Origin:
        line = self.dotenv.values[name][1]
        return Origin(Source.DOTENV, f"{self.dotenv.path} line {line} ({name})")


def choose(
    flags: Flags | None = None,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Choice:
    """Read all sources and choose the profile.

    Raises ConfigError for all that is wrong but the values of the profile.
    """
    flags = {key: value for key, value in (flags or {}).items() if value is not None}
    env = os.environ if env is None else env
    here = cwd or Path.cwd()
    paths = find_paths(env, config_file=flags.get("config"), cwd=here)
    file = read_toml(paths.config_file)
    if flags.get("config") and not file.exists:
        raise ConfigError(
            f"There is no file {paths.config_file}.",
            fix="Check --config, or run cxtop config init.",
        )
    refuse_open_secrets(file)
    dotenv = read_dotenv(here / ".env")
    sources = _Sources(
        flags=_flag_layer(flags),
        env=env,
        dotenv=dotenv,
        dotenv_values={name: value for name, (value, _) in dotenv.values.items()},
        config=read_head(file),
        cwd=here,
    )
    return _settle(sources, paths, flags)


def _settle(sources: _Sources, paths: Paths, flags: Flags) -> Choice:
    config = sources.config
    name, chosen_by = _choice(sources, flags)
    settings = Settings(
        paths=paths,
        profiles=(*config.profiles, *_gc_names(sources.env)),
        default_profile=config.default_profile,
        keymap=config.keymap,
        theme=flags.get("theme") or config.theme,
        theme_origin=_theme_origin(config, flags),
        redact=config.redact,
        dotenv_file=sources.dotenv.path if sources.dotenv.values else None,
        gc_file=gc_file(sources.env),
    )
    if name is None:
        return _without_file(settings, sources)
    if name.startswith(PREFIX):
        lowest = gc_layer(name, read_gc(sources.env))
    elif name in config.profiles:
        lowest = profile_layer(config.file, name)
    else:
        raise _no_profile(name, chosen_by, settings.profiles)
    layer = _merged(sources, lowest)
    settings = replace(settings, captures=_captures(settings, sources, layer))
    return Choice(settings, name, layer, chosen_by)


def _theme_origin(config: ConfigFile, flags: Flags) -> Origin:
    if flags.get("theme"):
        return Origin(Source.FLAG, "--theme")
    if config.theme:
        return Origin(Source.PROFILE, config.file.place(("theme",)))
    return DEFAULT


def _without_file(settings: Settings, sources: _Sources) -> Choice:
    layer = _merged(sources, {})
    settings = replace(settings, captures=_captures(settings, sources, layer))
    missing: list[str] = []
    if not {"base_url", "region"} & layer.keys():
        missing.append(f"Nothing says where the platform is. {how_to_complete()}")
    if "access_token" not in layer:
        if "client_id" not in layer:
            missing.append("There is no client id. Set CXTOP_CLIENT_ID or write a profile.")
        if "client_secret" not in layer:
            missing.append("There is no client secret. Set CXTOP_CLIENT_SECRET or write a profile.")
    if missing:
        return Choice(replace(settings, missing=tuple(missing)), None, layer)
    return Choice(settings, ADHOC_NAME, layer)


def _captures(settings: Settings, sources: _Sources, layer: Layer) -> tuple[str, ...]:
    """The capture logs with their full paths; what is no list of texts is refused later."""
    given = layer.get("captures")
    if given is None or not isinstance(given.value, list | tuple):
        return ()
    in_file = given.origin.source is Source.PROFILE
    base = settings.paths.config_file.parent if in_file else sources.cwd
    return tuple(str(base / Path(str(each)).expanduser()) for each in given.value)


def _choice(sources: _Sources, flags: Flags) -> tuple[str | None, Origin]:
    """The name of the profile and who chose it; None when there is no profile in any file."""
    if flags.get("profile"):
        return str(flags["profile"]), Origin(Source.FLAG, "--profile")
    if name := sources.env.get("CXTOP_PROFILE", "").strip():
        return name, from_environment("CXTOP_PROFILE")
    if name := sources.dotenv_values.get("CXTOP_PROFILE", "").strip():
        return name, sources.in_dotenv("CXTOP_PROFILE")
    config = sources.config
    if config.default_profile:
        place = config.file.place(("default_profile",))
        return config.default_profile, Origin(Source.PROFILE, place)
    if config.profiles:
        return config.profiles[0], Origin(Source.DEFAULT, "the first profile in the file")
    return None, DEFAULT


def _no_profile(name: str, chosen_by: Origin, profiles: tuple[str, ...]) -> ConfigError:
    from difflib import get_close_matches

    close = get_close_matches(name, profiles, n=1)
    there = ", ".join(profiles) or "none yet; cxtop config init writes one"
    return ConfigError(
        f'{chosen_by.text}: there is no profile "{name[:80]}".',
        fix=f"Did you mean {close[0]}?" if close else f"Profiles: {there}.",
    )


def _gc_names(env: Mapping[str, str]) -> tuple[str, ...]:
    try:
        return gc_profiles(read_gc(env))
    except ConfigError:
        # Another tool's broken file matters only to who chooses a profile in it; the choice
        # reads the file again and then says what is wrong with it.
        return ()


def _flag_layer(flags: Flags) -> Layer:
    settings = {
        key: value for key, value in flags.items() if key not in ("profile", "config", "theme")
    }
    layer: Layer = {}
    for key, value in flatten(settings).items():
        if value is not None:
            text = "--" + key.rpartition(".")[2].replace("_", "-")
            layer[key] = Value(value, Origin(Source.FLAG, text))
    refuse_unknown(layer)
    return layer


def _merged(sources: _Sources, lowest: Layer) -> Layer:
    """All layers in order, with the platform settled first: it says which variables count."""
    own = own_layer(sources.env, from_environment)
    own_dotenv = own_layer(sources.dotenv_values, sources.in_dotenv)
    platform = _platform(sources, [sources.flags, own, own_dotenv, lowest])
    name = str(platform.value)
    layer = merge(
        [
            sources.flags,
            own,
            foreign_layer(sources.env, name, from_environment),
            own_dotenv,
            foreign_layer(sources.dotenv_values, name, sources.in_dotenv),
            lowest,
        ]
    )
    return layer if platform.origin is DEFAULT else layer | {"platform": platform}


def _platform(sources: _Sources, layers: list[Layer]) -> Value:
    for layer in layers:
        if "platform" in layer:
            return layer["platform"]
        if "region" in layer and "base_url" not in layer:
            return _inferred("genesys", layer["region"].origin)
        url = layer["base_url"].value if "base_url" in layer else ""
        if isinstance(url, str) and "nicecxone" in host_or_nothing(url):
            return _inferred("cxone", layer["base_url"].origin)
    for variables, place in (
        (sources.env, from_environment),
        (sources.dotenv_values, sources.in_dotenv),
    ):
        if likely := likely_platform(variables):
            return _inferred(likely[0], place(likely[1]))
    return Value("genesys", DEFAULT)


def _inferred(platform: str, origin: Origin) -> Value:
    return Value(platform, Origin(origin.source, f"{origin.text} implies it"))


def host_or_nothing(url: str) -> str:
    """The host in `url`, or "" when it is no URL at all; whether it is one is checked later."""
    try:
        return host_of(url)
    except ValueError:
        return ""
