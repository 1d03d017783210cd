"""The environment variables that cxtop knows, its own and those that people already have set."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from ..errors import ConfigError
from .layers import Layer, Origin, Source, Value
from .regions import SHORT_REGIONS, normal_region

OWN: dict[str, str] = {
    "CXTOP_PLATFORM": "platform",
    "CXTOP_BASE_URL": "base_url",
    "CXTOP_LOGIN_URL": "login_url",
    "CXTOP_REGION": "region",
    "CXTOP_CLIENT_ID": "client_id",
    "CXTOP_CLIENT_SECRET": "client_secret",
    "CXTOP_ACCESS_TOKEN": "access_token",
    "CXTOP_CAPTURES": "captures",
    "CXTOP_DEAD_LETTER_WEBHOOK": "dead_letter_webhook",
}

# Of several names for one setting the first that is set counts.
FOREIGN: dict[str, dict[str, str]] = {
    "genesys": {
        "GENESYS_BASE_URL": "base_url",
        "GENESYS_ENVIRONMENT": "region",
        "GENESYSCLOUD_REGION": "region",
        "GENESYS_ENV": "region",
        "GENESYS_CLIENT_ID": "client_id",
        "GENESYSCLOUD_OAUTHCLIENT_ID": "client_id",
        "GENESYS_CLIENT_SECRET": "client_secret",
        "GENESYSCLOUD_OAUTHCLIENT_SECRET": "client_secret",
        "GENESYSCLOUD_ACCESS_TOKEN": "access_token",
    },
    "cxone": {
        "CXONE_BASE_URL": "base_url",
        "CXONE_ENV": "base_url",
        "CXONE_CLIENT_ID": "client_id",
        "CXONE_CLIENT_SECRET": "client_secret",
    },
}

ANY_PLATFORM: dict[str, str] = {
    "DATA_ACTION_ID": "runs",
    "SLACK_WEBHOOK_URL": "slack_webhook_url",
}

_CXONE_HOSTS = {
    "nicecxone": "https://api.nicecxone.com",
    "mynicecxone": "https://api.mynicecxone.com",
}

Place = Callable[[str], Origin]
"""Names where a variable was set."""


def from_environment(name: str) -> Origin:
    """The origin of a variable of the process."""
    return Origin(Source.ENVIRONMENT, f"environment variable {name}")


def own_layer(variables: Mapping[str, str], place: Place) -> Layer:
    """What the variables that begin with CXTOP_ say."""
    return _layer(variables, OWN, place)


def foreign_layer(variables: Mapping[str, str], platform: str, place: Place) -> Layer:
    """What the variables of other tools for `platform` say.

    Raises ConfigError for a shorthand that means nothing.
    """
    layer = _layer(variables, FOREIGN.get(platform, {}), place)
    if "base_url" in layer and "region" in layer:
        del layer["region"]
    return layer | _layer(variables, ANY_PLATFORM, place)


def likely_platform(variables: Mapping[str, str]) -> tuple[str, str] | None:
    """The platform whose variables are set, and the variable that says so."""
    for platform, names in FOREIGN.items():
        for name in names:
            if _text(variables, name):
                return platform, name
    return None


def _layer(variables: Mapping[str, str], names: Mapping[str, str], place: Place) -> Layer:
    layer: Layer = {}
    for name, setting in names.items():
        text = _text(variables, name)
        if text and setting not in layer:
            origin = place(name)
            layer[setting] = Value(_meaning(name, text, origin), origin)
    return layer


def _text(variables: Mapping[str, str], name: str) -> str:
    return variables.get(name, "").strip()


def _meaning(name: str, text: str, origin: Origin) -> object:
    if name == "GENESYS_ENV":
        return _genesys_env(text, origin)
    if name == "CXONE_ENV":
        return _cxone_env(text, origin)
    if name == "CXTOP_CAPTURES":
        return [part for part in text.split(os.pathsep) if part]
    if name == "DATA_ACTION_ID":
        return [text]
    return text


def _genesys_env(text: str, origin: Origin) -> str:
    if short := SHORT_REGIONS.get(text.lower()):
        return short
    try:
        return normal_region(text)
    except ValueError:
        raise ConfigError(
            f'{origin.text}: "{text[:60]}" is no environment of Genesys Cloud.',
            fix="Allowed: us, eu, au, a region such as us-west-2, or a domain.",
        ) from None


def _cxone_env(text: str, origin: Origin) -> str:
    if known := _CXONE_HOSTS.get(text.lower()):
        return known
    if "://" in text:
        return text
    if "." in text:
        return f"https://{text}"
    raise ConfigError(
        f'{origin.text}: "{text[:60]}" is no environment of CXone.',
        fix="Allowed: nicecxone, mynicecxone, a host such as api.nicecxone.com, or a URL. "
        "CXONE_BASE_URL counts before it.",
    )
