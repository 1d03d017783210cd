"""What is chosen before anything is checked, as the first frame of the app has nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cxtop.core.config as config
from cxtop.core.config import Choice, choose, complete
from cxtop.core.errors import ConfigError

from .support import Place


def chosen(place: Place, **env: str) -> Choice:
    return choose(env=place.env | env, cwd=place.cwd)


def test_a_wrong_value_is_found_by_the_check_alone(place: Place):
    place.config('theme = "cxtop-light"\n[profiles.p]\nregion = "us-east-1"\nclient_id = 7\n')
    choice = chosen(place)
    assert (choice.name, choice.settings.theme) == ("p", "cxtop-light")
    assert choice.settings.profile is None
    with pytest.raises(ConfigError, match="line 4: client_id = 7 does not fit"):
        complete(choice)


def test_what_is_wrong_beside_the_values_is_found_at_once(place: Place):
    for text in ("theme = ", "[profiles.p]\nregoin = 1\n", 'default_profile = "q"\n'):
        place.config(text)
        with pytest.raises(ConfigError):
            chosen(place)


def test_without_any_profile_the_check_has_nothing_to_do(place: Place):
    choice = chosen(place)
    assert choice.name is None
    assert complete(choice) is choice.settings
    assert choice.settings.missing


@pytest.mark.parametrize(
    "profile",
    [
        'region = "eu-west-1"',
        'region = " API.EU_West_1 "',
        'region = "EU_West_1"',
        'region = "api.mypurecloud.de"',
        'base_url = "https://API.nicecxone.com/"\nplatform = "cxone"',
        'base_url = "http://127.0.0.1:8080"',
        'base_url = "https://own.example.com/genesys/"',
    ],
)
def test_the_place_is_the_one_that_the_checked_profile_has(place: Place, profile: str):
    place.config(f"[profiles.p]\n{profile}\n")
    choice = chosen(place)
    try:
        checked = complete(choice).profile
    except ConfigError:
        assert choice.place == ""
        return
    assert checked is not None
    where = checked.region or checked.base_url.partition("://")[2]
    assert choice.place == f"{checked.platform} · {where}"


@pytest.mark.parametrize("url", ['"ftp://x"', '"https://user:secret@host"', "7", '"http://["'])
def test_a_place_that_does_not_fit_is_not_shown(place: Place, url: str):
    place.config(f"[profiles.p]\nbase_url = {url}\n")
    assert chosen(place).place == ""


def test_every_name_of_the_package_can_be_had():
    assert all(getattr(config, name) is not None for name in config.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = config.nonsense  # pyright: ignore[reportAttributeAccessIssue]


def test_choosing_loads_no_pydantic(place: Place):
    place.config('[profiles.p]\nregion = "us-east-1"\n')
    program = (
        "import sys; from cxtop.core.config import choose\n"
        "assert choose().place == 'genesys · us-east-1'\n"
        "sys.exit('pydantic' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program],
        env=place.env,
        cwd=place.cwd,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
