"""Making a profile out of the first-run form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, ValidationError

from ...core.config import Paths, Profile, resolve_secrets, save_profile, save_secret
from ...core.errors import ConfigError
from ...core.http import Caller


async def make_profile(paths: Paths, fields: Mapping[str, str]) -> str:
    """Try the credentials, then write the profile, and give its name.

    `fields` are `platform`, `where` (a region or URL), `client_id`, `client_secret`, `keeping`
    (`keyring` or `file`) and `name`. Raises ConfigError for what does not fit, and what asking
    for a token raises; then nothing is written.
    """
    given = _given(fields)
    secret = SecretStr(fields.get("client_secret", ""))
    try:
        profile = Profile.model_validate({**given, "client_secret": secret})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        key = str(first["loc"][0]) if first["loc"] else "region or URL"
        why = first["msg"].removeprefix("Value error, ")
        raise ConfigError(
            f"{_LABELS.get(key, key)} does not fit.", why=f"{why[:1].upper()}{why[1:]}."
        ) from None
    async with Caller(profile, await resolve_secrets(profile), record=lambda call: None) as caller:
        await caller.check_token()
    if fields.get("keeping") == "keyring":
        await save_secret(profile.name, secret)
        save_profile(paths, {**given, "keyring": True})
    else:
        save_profile(paths, {**given, "client_secret": secret})
    return profile.name


_LABELS = {
    "base_url": "The URL",
    "region": "The region",
    "client_secret": "The client secret",
    "client_id": "The client id",
}


def _given(fields: Mapping[str, str]) -> dict[str, Any]:
    where = fields.get("where", "").strip()
    if not where:
        raise ConfigError(
            "The region or URL is missing.", fix="Write a region such as eu-west-1, or a URL."
        )
    for key, label in (("client_id", "client id"), ("client_secret", "client secret")):
        if not fields.get(key, "").strip():
            raise ConfigError(f"The {label} is missing.", fix="The OAuth client has it.")
    given = {key: fields.get(key, "") for key in ("platform", "client_id")}
    given["name"] = fields.get("name", "").strip() or "main"
    is_region = "://" not in where and given["platform"] == "genesys"
    if is_region:
        return {**given, "region": where}
    return {**given, "base_url": where if "://" in where else f"https://{where}"}
