"""The variables that people already have set."""

from __future__ import annotations

import pytest

from cxtop.core.config.environment import foreign_layer, from_environment, own_layer
from cxtop.core.errors import ConfigError


def foreign(platform: str, **variables: str) -> dict[str, object]:
    layer = foreign_layer(variables, platform, from_environment)
    return {name: value.value for name, value in layer.items()}


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("us", "us-east-1"),
        ("EU", "eu-west-1"),
        ("au", "ap-southeast-2"),
        ("us_west_2", "us-west-2"),
        ("mypurecloud.de", "mypurecloud.de"),
    ],
)
def test_genesys_env(text: str, region: str):
    assert foreign("genesys", GENESYS_ENV=text) == {"region": region}


def test_genesys_env_that_means_nothing():
    with pytest.raises(ConfigError, match=r"GENESYS_ENV: \"mars\".*Allowed: us, eu, au"):
        foreign("genesys", GENESYS_ENV="mars")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("nicecxone", "https://api.nicecxone.com"),
        ("MyNiceCXone", "https://api.mynicecxone.com"),
        ("api.eu.nicecxone.com", "https://api.eu.nicecxone.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_cxone_env(text: str, url: str):
    assert foreign("cxone", CXONE_ENV=text) == {"base_url": url}


def test_cxone_env_that_means_nothing():
    with pytest.raises(ConfigError, match=r"CXONE_ENV: \"prod\".*Allowed: nicecxone"):
        foreign("cxone", CXONE_ENV="prod")
    assert foreign("cxone", CXONE_ENV="prod", CXONE_BASE_URL="https://a.example.com") == {
        "base_url": "https://a.example.com"
    }


def test_all_names_of_genesys():
    assert foreign(
        "genesys",
        GENESYSCLOUD_REGION="eu-west-1",
        GENESYSCLOUD_OAUTHCLIENT_ID="i",
        GENESYSCLOUD_OAUTHCLIENT_SECRET="s",
        GENESYSCLOUD_ACCESS_TOKEN="t",
        DATA_ACTION_ID="../../x?y=1#z",
        SLACK_WEBHOOK_URL="https://hooks.example.com",
        CXONE_CLIENT_ID="no",
    ) == {
        "region": "eu-west-1",
        "client_id": "i",
        "client_secret": "s",
        "access_token": "t",
        "runs": ["../../x?y=1#z"],
        "slack_webhook_url": "https://hooks.example.com",
    }


def test_a_platform_without_names_has_only_the_common_ones():
    assert foreign("other", GENESYS_CLIENT_ID="x", DATA_ACTION_ID="r") == {"runs": ["r"]}


def test_own_names():
    layer = own_layer({"CXTOP_LOGIN_URL": " https://l.example.com "}, from_environment)
    assert layer["login_url"].value == "https://l.example.com"
    assert layer["login_url"].origin.text == "environment variable CXTOP_LOGIN_URL"
    assert "l.example.com" not in repr(layer)
