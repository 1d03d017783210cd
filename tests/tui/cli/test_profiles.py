"""Making a profile out of the first-run form, against a platform that gives tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxtop.core.config import find_paths, load, resolve_secrets
from cxtop.core.errors import AuthenticationError, ConfigError
from cxtop.core.simulator.serve import simulator
from cxtop.tui.cli.profiles import make_profile


def form(**fields: str) -> dict[str, str]:
    given = {
        "platform": "genesys",
        "where": "eu-west-1",
        "client_id": "c-1",
        "client_secret": "canary-5c1e",
        "keeping": "file",
        "name": "acme",
    }
    return given | fields


async def test_what_works_is_saved(tmp_path: Path) -> None:
    env = {"CXTOP_HOME": str(tmp_path)}
    async with simulator("calm") as told:
        given = form(where=told.url, client_id=told.client_id, client_secret=told.client_secret)
        assert await make_profile(find_paths(env), given) == "acme"
    profile = load(env=env, cwd=tmp_path).profile
    assert profile is not None
    assert (profile.name, profile.base_url) == ("acme", told.url)
    secrets = await resolve_secrets(profile)
    assert secrets.client_secret.get_secret_value() == told.client_secret
    assert (tmp_path / "config.toml").stat().st_mode & 0o777 == 0o600


async def test_what_does_not_work_is_not(tmp_path: Path) -> None:
    paths = find_paths({"CXTOP_HOME": str(tmp_path)})
    async with simulator("calm") as told:
        with pytest.raises(AuthenticationError):
            await make_profile(paths, form(where=told.url))
    assert not paths.config_file.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"where": " "}, "The region or URL is missing."),
        ({"client_id": ""}, "The client id is missing."),
        ({"client_secret": ""}, "The client secret is missing."),
        ({"where": "atlantis"}, "The region does not fit."),
        ({"where": "ftp://x"}, "The URL does not fit."),
        ({"where": "http://example.com"}, "region or URL does not fit."),
        ({"platform": "cxone", "where": "a b"}, "The URL does not fit."),
        ({"client_secret": "canary\x1b"}, "The client secret does not fit."),
    ],
)
async def test_what_does_not_fit_is_named(
    tmp_path: Path, fields: dict[str, str], said: str
) -> None:
    paths = find_paths({"CXTOP_HOME": str(tmp_path)})
    with pytest.raises(ConfigError) as caught:
        await make_profile(paths, form(**fields))
    assert caught.value.what == said
    assert "canary" not in str(caught.value)
