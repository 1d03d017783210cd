"""From what was written to a checked profile, with errors that say where and what is allowed."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..errors import ConfigError
from .layers import Layer, Source, nest
from .manual import how_to_complete, setting
from .profile import Profile
from .regions import host_of, is_loopback, is_vendor, login_base

_LONGEST_SHOWN = 60
_SECRETS = ("client_secret", "access_token", "secret_command", "keyring")
_FLOOR_S = 1.0


def build_profile(name: str, layer: Layer) -> Profile:
    """The profile that the merged `layer` describes. Raises ConfigError for a wrong value."""
    for key in ("poll.interval_s", "poll.min_interval_s"):
        value = layer.get(key)
        # The platforms count calls by the minute, so faster polling would only be throttled.
        if value and isinstance(value.value, int | float) and value.value < _FLOOR_S:
            raise _wrong(key, layer, "it is below 1 s")
    values = nest({key: value.value for key, value in layer.items()})
    try:
        profile = Profile.model_validate({**values, "name": name})
    except ValidationError as error:
        raise _explain(
            name, layer, error.errors(include_url=False, include_context=False)[0]
        ) from None
    _refuse_stray_host(profile, layer)
    return profile


def _explain(name: str, layer: Layer, error: ErrorDetails) -> ConfigError:
    why = ""
    if error["type"] == "value_error":
        why = error["msg"].removeprefix("Value error, ")
    parts = [str(part) for part in error["loc"]]
    key = ".".join(parts[:2]) if parts else ""
    if key not in layer:
        # Checks that compare settings name them; a base_url may have followed from a region.
        words = re.findall(r"\w+", why)
        candidates = [f"{parts[0]}.{word}" for word in words] + parts[:1] if parts else words
        if "base_url" in candidates:
            candidates.append("region")
        key = next((known for known in candidates if known in layer), "")
    if key:
        return _wrong(key, layer, why)
    return ConfigError(
        f'The profile "{name}" is not complete.', why=_sentence(why), fix=how_to_complete()
    )


def _wrong(key: str, layer: Layer, why: str) -> ConfigError:
    value, origin = layer[key].value, layer[key].origin
    known = setting(key)
    may_hold_secret = known.secret or "@" in str(value)
    shown = "(hidden)" if may_hold_secret else _shown(value)
    return ConfigError(
        f"{origin.text}: {key} = {shown} does not fit.",
        why=_sentence(why),
        fix=f"Allowed: {known.allowed}.",
    )


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    if "_" not in text.partition(" ")[0]:
        text = text[:1].upper() + text[1:]
    return f"{text}." if text else ""


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _refuse_stray_host(profile: Profile, layer: Layer) -> None:
    """A `.env` comes with a folder, which may be someone else's: it may not send a secret that
    is kept elsewhere to a host of its own choice."""
    hosts = [layer[key].origin for key in ("base_url", "region", "login_url") if key in layer]
    secrets = [layer[key].origin for key in _SECRETS if key in layer]
    chosen = [origin for origin in hosts if origin.source is Source.DOTENV]
    kept_elsewhere = any(origin.source is not Source.DOTENV for origin in secrets)
    if not chosen or not kept_elsewhere:
        return
    for url in (profile.base_url, login_base(profile)):
        if not is_vendor(url) and not is_loopback(url):
            raise ConfigError(
                f"{chosen[0].text} would send a secret that is not from there to {host_of(url)}.",
                why="A .env file may not choose an unknown host for secrets kept elsewhere.",
                fix="Set the host in the environment or in the profile, or keep the secret in "
                "the same .env.",
            )
