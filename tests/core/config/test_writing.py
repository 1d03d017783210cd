"""Profiles that are written, and files that survive it."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from cxtop.core.config import Paths, find_paths, load, save_profile
from cxtop.core.config.describing import describe
from cxtop.core.config.manual import SETTINGS
from cxtop.core.config.writing import _toml
from cxtop.core.errors import ConfigError

from .support import Place

FULL: dict[str, Any] = {
    "name": "prod",
    "platform": "genesys",
    "region": "eu-central-1",
    "client_id": "id",
    "client_secret": SecretStr('hu"sh\\'),
    "login_url": None,
    "runs": ("a", "b"),
    "allow_http": False,
    "poll": {"interval_s": 2.5},
    "retry.attempts": 3,
    "endpoints": {"run_status": "/x/{id}", "odd.name": "/y"},
}


def paths_of(place: Place) -> Paths:
    return find_paths(place.env)


def test_a_new_file_is_private_and_reads_back(place: Place):
    place.home.rmdir()
    path = save_profile(paths_of(place), FULL)
    assert path == place.config_file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    settings = place.load()
    profile = settings.profile
    assert profile is not None
    assert settings.default_profile == "prod"
    assert profile.client_secret is not None
    assert profile.client_secret.get_secret_value() == 'hu"sh\\'
    assert profile.poll.interval_s == 2.5
    assert profile.retry.attempts == 3
    assert profile.runs == ("a", "b")
    assert profile.endpoints == {"run_status": "/x/{id}", "odd.name": "/y"}
    assert [path.name for path in place.home.iterdir()] == ["config.toml"]


def test_it_explains_every_setting(place: Place):
    text = save_profile(paths_of(place), FULL).read_text()
    for name, setting in SETTINGS.items():
        if setting.example:
            assert f"{name.rpartition('.')[2]} = " in text
            assert setting.meaning in text
        elif name != "client_secret":
            assert f"{name} = " not in text


def test_the_examples_in_the_comments_are_valid(place: Place):
    for name, setting in SETTINGS.items():
        if setting.example:
            value = tomllib.loads(f"x = {setting.example}")["x"]
            flags = {"access_token": "t", "base_url": "https://a.example.com", name: value}
            if name == "region":
                del flags["base_url"]
            assert place.load(flags).profile is not None


def test_what_stands_there_stays(place: Place):
    before = '# mine\ntheme = "light" # so\n\n[profiles.old]  # keep\nregion = "us-east-1"'
    place.config(before, 0o644)
    save_profile(paths_of(place), {"name": "new", "platform": "cxone", "base_url": "https://a.b"})
    assert place.config_file.read_text().startswith(before + "\n\n[profiles.new]\n")
    assert stat.S_IMODE(place.config_file.stat().st_mode) == 0o600
    assert place.load().profiles == ("old", "new")


def test_a_name_that_is_taken(place: Place):
    save_profile(paths_of(place), FULL)
    before = place.config_file.read_bytes()
    with pytest.raises(ConfigError, match=r'the profile "prod" exists already'):
        save_profile(paths_of(place), FULL)
    assert place.config_file.read_bytes() == before


def test_replacing_leaves_the_others_as_they_are(place: Place):
    save_profile(paths_of(place), FULL)
    head = place.config_file.read_text().partition("[profiles.prod]")[0]
    tail = '# about the other\n[profiles.other] # yes\nregion = "us-east-1" # really\n'
    place.config(place.config_file.read_text() + "\n" + tail)
    for client_id in ("second", "third"):
        fields = {"name": "prod", "region": "us-west-2", "client_id": client_id}
        save_profile(paths_of(place), fields, replace=True)
        text = place.config_file.read_text()
        assert text.startswith(head.rstrip("\n"))
        assert tail in text
        assert text.count("[profiles.prod]") == 1
        assert "hu" not in text.partition(tail)[2]
        profile = place.load().profile
        assert profile is not None
        assert profile.client_id == client_id
        assert profile.poll.interval_s == 10


def test_replacing_what_is_not_there_adds_it(place: Place):
    save_profile(paths_of(place), FULL, replace=True)
    assert place.load().profiles == ("prod",)


@pytest.mark.parametrize(
    "before",
    [
        'profiles.p.region = "us-east-1"\n',
        'profiles = { p = { region = "us-east-1" } }\n',
        '[profiles]\np = { region = "us-east-1" }\n',
    ],
)
def test_what_cannot_be_cut_out_is_left_alone(place: Place, before: str):
    place.config(before)
    with pytest.raises(ConfigError, match=r"exists already|by hand"):
        save_profile(paths_of(place), {"name": "p", "region": "us-east-1"}, replace=True)
    assert place.config_file.read_text() == before


def test_a_file_that_cannot_be_appended_to(place: Place):
    before = 'profiles = { p = { region = "us-east-1" } }\n'
    place.config(before)
    with pytest.raises(ConfigError, match="not valid TOML"):
        save_profile(paths_of(place), {"name": "q", "region": "us-east-1"})
    assert place.config_file.read_text() == before


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "a b", "region": "us-east-1"}, "no name for a profile"),
        ({"region": "moon"}, r'^profile "default": region = "moon" does not fit'),
        ({"region": "us-east-1", "secret": "x"}, "there is no setting secret"),
        ({"platform": "cxone"}, "not complete"),
        ({"region": "us-east-1", "runs": ["\ud800"]}, "no text"),
    ],
)
def test_a_wrong_profile_is_not_written(place: Place, fields: dict[str, Any], told: str):
    with pytest.raises(ConfigError, match=told):
        save_profile(paths_of(place), fields)
    assert list(place.home.iterdir()) == []


def test_a_link_stays_a_link(place: Place):
    target = place.cwd / "dotfiles.toml"
    target.write_text('[profiles.old]\nregion = "us-east-1"\n')
    place.config_file.symlink_to(target)
    save_profile(paths_of(place), {"name": "new", "region": "us-east-1"})
    assert place.config_file.is_symlink()
    assert "[profiles.new]" in target.read_text()


def test_a_place_that_cannot_be_written(place: Place):
    (place.cwd / "file").write_text("")
    paths = find_paths(place.env, config_file=place.cwd / "folder" / "c.toml")
    (place.cwd / "folder").symlink_to(place.cwd / "nowhere" / "deep")
    (place.cwd / "nowhere").symlink_to(os.devnull)
    with pytest.raises(ConfigError, match=r"cannot be (written|read)"):
        save_profile(paths, {"region": "us-east-1"})


def test_a_full_name_of_no_folder(place: Place):
    paths = find_paths(place.env, config_file=Path("/proc/cxtop/config.toml"))
    with pytest.raises(ConfigError, match=r"cannot be written\. The system says"):
        save_profile(paths, {"region": "us-east-1"})


def test_the_name_defaults(place: Place):
    save_profile(paths_of(place), {"region": "us-east-1"})
    settings = load(env=place.env, cwd=place.cwd)
    assert settings.profiles == ("default",)
    assert describe(settings)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_reads_back(text: str):
    assert tomllib.loads(f"x = {_toml(text)}")["x"] == text
