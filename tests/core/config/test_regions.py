"""Regions, domains and URLs (contract §1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.config import REGIONS, Profile, api_base, login_base, token_url
from cxtop.core.config.regions import (
    checked_url,
    is_loopback,
    is_vendor,
    normal_region,
)


def test_all_regions_are_there():
    assert len(REGIONS) == 18
    assert REGIONS["us-east-1"] == "mypurecloud.com"
    assert REGIONS["eusc-de-east-1"] == "edee1.eusc-pure.cloud"
    assert REGIONS["ap-southeast-2"] == "mypurecloud.com.au"


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_a_region_gives_api_and_login(region: str):
    for written in (region, region.replace("-", "_"), region.upper()):
        profile = Profile(region=written)
        assert api_base(profile) == f"https://api.{REGIONS[region]}"
        assert login_base(profile) == f"https://login.{REGIONS[region]}"
        assert token_url(profile) == f"https://login.{REGIONS[region]}/oauth/token"


def test_a_bare_domain_is_a_region():
    for written in ("new1.pure.cloud", "api.new1.pure.cloud", "login.new1.pure.cloud"):
        profile = Profile(region=written)
        assert api_base(profile) == "https://api.new1.pure.cloud"
        assert login_base(profile) == "https://login.new1.pure.cloud"


def test_a_base_url_gives_its_own_tokens_unless_a_login_url_is_set():
    profile = Profile(base_url="https://Gate.example.com/x/")
    assert token_url(profile) == "https://gate.example.com/x/oauth/token"
    other = Profile(base_url="https://gate.example.com", login_url="https://sso.example.com/")
    assert token_url(other) == "https://sso.example.com/oauth/token"


def test_the_token_path_follows_the_platform_or_the_profile():
    cxone = Profile(platform="cxone", base_url="https://api.nicecxone.com")
    assert token_url(cxone) == "https://api.nicecxone.com/api/v2/oauth/token"
    other = Profile(
        platform="cxone", base_url="https://api.nicecxone.com", token_path="/oauth/token"
    )
    assert token_url(other) == "https://api.nicecxone.com/oauth/token"


@pytest.mark.parametrize("text", ["", "moon", "us east 1", "a..b", "-a.com", "a.com/x", "a.com:1"])
def test_no_region(text: str):
    with pytest.raises(ValueError, match="not a region"):
        normal_region(text)


@pytest.mark.parametrize(
    "text",
    [
        "ftp://a.com",
        "a.com",
        "https://",
        "https://u:p@a.com",
        "https://a.com/?q",
        "https://a.com/#f",
        "https://a.com\\@b.com",
        "https://a.com/ b",
        "https://a.com:0",
        "https://a.com:99999",
        "https://a.com\x00",
    ],
)
def test_no_url(text: str):
    with pytest.raises(ValueError, match=r"."):
        checked_url(text)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:1", True),
        ("http://a.localhost", True),
        ("http://127.0.0.2/x", True),
        ("http://[::1]:80", True),
        ("http://10.0.0.1", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost.example.com", False),
    ],
)
def test_loopback(url: str, loopback: bool):
    assert is_loopback(url) is loopback


@pytest.mark.parametrize(
    ("url", "vendor"),
    [
        ("https://api.mypurecloud.com", True),
        ("https://nicecxone.com", True),
        ("https://eu.api.mynicecxone.com", True),
        ("https://mypurecloud.com.evil.example", False),
        ("https://xmypurecloud.com", False),
    ],
)
def test_vendor(url: str, vendor: bool):
    assert is_vendor(url) is vendor


@given(st.text(max_size=40))
def test_a_checked_url_stays_what_it_is(text: str):
    try:
        url = checked_url("https://" + text)
    except ValueError:
        return
    assert checked_url(url) == url
