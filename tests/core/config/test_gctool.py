"""Profiles of the official `gc` tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxtop.core.config import resolve_secrets
from cxtop.core.config.describing import check
from cxtop.core.config.gctool import gc_file
from cxtop.core.errors import ConfigError

from .support import Place

# As `gc profiles new` writes it.
GC = """\
[default]
  access_token = ""
  client_credentials = "gc-id"
  client_secret = "gc-hush"
  environment = "mypurecloud.de"
  grant_type = "1"
  oauth_token_data = ""
  redirect_uri = ""
  secure_login_enabled = false

[token]
  access_token = "gc-token"
  environment = "us-west-2"
"""


async def test_its_profiles_can_be_chosen(place: Place):
    place.gc(GC)
    settings = place.load({"profile": "gc:default"})
    assert settings.profiles == ("gc:default", "gc:token")
    assert settings.profile is not None
    assert settings.profile.platform == "genesys"
    assert settings.profile.base_url == "https://api.mypurecloud.de"
    assert settings.sources["client_id"].text.endswith("config.toml line 3 (client_credentials)")
    credentials = await resolve_secrets(settings.profile)
    assert credentials.client_id == "gc-id"
    assert credentials.client_secret.get_secret_value() == "gc-hush"
    token = place.load({"profile": "gc:token"}).profile
    assert token is not None
    assert token.access_token is not None


def test_they_are_never_chosen_unasked(place: Place):
    place.gc(GC)
    assert place.load().profile is None


def test_one_that_is_not_there(place: Place):
    place.gc(GC)
    with pytest.raises(ConfigError, match=r'no profile "x" in .*gc:default, gc:token'):
        place.load({"profile": "gc:x"})


def test_no_file(place: Place):
    with pytest.raises(ConfigError, match=r"Profiles of gc: none\. gc profiles new"):
        place.load({"profile": "gc:x"})


def test_its_broken_file_matters_only_to_who_wants_it(place: Place):
    path = place.gc("[default\n")
    settings = place.load()
    assert settings.profiles == ()
    assert [problem.what for problem in check(settings)][-1].startswith(f"{path} line 1")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        place.load({"profile": "gc:default"})


def test_a_wrong_region_names_its_file(place: Place):
    place.gc('[a]\nenvironment = "moon"\n')
    with pytest.raises(ConfigError, match=r'\.gc/config\.toml line 2 .*region = "moon"'):
        place.load({"profile": "gc:a"})


def test_an_open_file_is_read_but_reported(place: Place):
    path = place.gc(GC, mode=0o644)
    settings = place.load({"profile": "gc:default"})
    assert [problem.fix for problem in check(settings)] == [f"Run: chmod 600 {path}"]


def test_without_a_home_in_the_environment():
    assert gc_file({}) == Path.home() / ".gc" / "config.toml"
