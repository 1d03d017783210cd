"""What a profile accepts, and what it never tells."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from cxtop.core.config import PollSettings, Profile, Timeouts
from cxtop.core.config.kinds import bytes_in
from cxtop.core.config.manual import SECTIONS, SETTINGS

HOST = "https://api.example.com"


def test_the_defaults_are_the_contracts():
    profile = Profile(base_url=HOST)
    assert (profile.timeouts.connect_s, profile.timeouts.read_s, profile.timeouts.execute_s) == (
        5,
        15,
        30,
    )
    assert profile.max_body == 10 * 1024 * 1024
    assert (profile.retry.base_s, profile.retry.cap_s, profile.retry.attempts) == (1, 30, 5)
    assert profile.retry.max_retry_after_s == 180
    assert (profile.poll.interval_s, profile.poll.min_interval_s) == (10, 1)
    assert (profile.poll.budget_share, profile.poll.stalled_after) == (0.6, 6)
    assert (profile.retention.max_age_days, profile.retention.max_bytes) == (30, 1024**3)
    assert profile.retention.max_audit_age.days == 365
    long = Profile.model_validate({"base_url": HOST, "retention": {"max_age_days": 400}})
    assert long.retention.max_audit_age.days == 400
    assert profile.token_auth == "basic"


def test_every_setting_is_explained():
    named = {name for name in Profile.model_fields if name not in (*SECTIONS, "name")}
    for table in SECTIONS:
        model = Profile.model_fields[table].default
        if table != "endpoints":
            named |= {f"{table}.{key}" for key in type(model).model_fields}
    assert named == set(SETTINGS)
    for name, setting in SETTINGS.items():
        assert setting.meaning, name
        assert setting.allowed, name


def test_secrets_are_in_no_text():
    profile = Profile.model_validate(
        {
            "base_url": HOST,
            "client_secret": "hush-1",
            "access_token": SecretStr("hush-2"),
            "slack_webhook_url": "https://hooks.example.com/hush-3",
        }
    )
    for text in (repr(profile), str(profile), str(profile.model_dump()), profile.model_dump_json()):
        assert "hush" not in text


def test_a_profile_cannot_be_changed():
    with pytest.raises(ValidationError):
        Profile(base_url=HOST).name = "other"


def test_errors_do_not_quote_the_input():
    with pytest.raises(ValidationError) as caught:
        Profile.model_validate({"base_url": HOST, "client_secret": ["hush"]})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": ""},
        {"base_url": "http://example.com"},
        {"login_url": "http://example.com"},
        {"slack_webhook_url": "http://hooks.example.com/x"},
        {"slack_webhook_url": "hooks"},
        {"region": "nowhere"},
        {"region": 5},
        {"region": "us-east-1", "platform": "cxone"},
        {"client_secret": "  "},
        {"access_token": "a\nb"},
        {"client_id": "a\x00"},
        {"unknown": 1},
        {"token_path": "/a b"},
        {"endpoints": {"run_status": "/a?b"}},
        {"endpoints": {"run_status": "/a\\b"}},
        {"secret_command": []},
        {"max_body": 0},
        {"poll": {"budget_share": 0}},
        {"poll": {"interval_s": 1, "min_interval_s": 2}},
        {"timeouts": {"read_s": float("inf")}},
    ],
)
def test_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        Profile.model_validate({"base_url": HOST} | wrong)


def test_not_a_mapping_is_refused():
    with pytest.raises(ValidationError):
        Profile.model_validate("text")


def test_what_is_written_loosely_is_put_straight():
    profile = Profile.model_validate(
        {
            "region": " login.MyPureCloud.DE ",
            "client_id": " ",
            "secret_command": "pass show 'my secret'",
            "client_secret": " padded ",
            "max_body": "1.5 KiB",
        }
    )
    assert profile.region == "mypurecloud.de"
    assert profile.base_url == "https://api.mypurecloud.de"
    assert profile.client_id is None
    assert profile.secret_command == ("pass", "show", "my secret")
    assert profile.client_secret is not None
    assert profile.client_secret.get_secret_value() == "padded"
    assert profile.max_body == 1536


def test_a_url_in_place_of_a_region_is_the_base():
    profile = Profile(region="https://gw.example.com/genesys/")
    assert profile.base_url == "https://gw.example.com/genesys"
    assert profile.region is None


def test_sections_may_be_given_as_models_faster_than_the_file_allows():
    profile = Profile(
        base_url="http://[::1]:8080",
        poll=PollSettings(interval_s=0.05, min_interval_s=0.01),
        timeouts=Timeouts(read_s=0.2),
    )
    assert profile.poll.interval_s == 0.05
    assert profile.timeouts.read_s == 0.2


@pytest.mark.parametrize(
    ("text", "size"),
    [("10", 10), ("10 MiB", 10 << 20), ("2kb", 2000), ("1 GiB", 1 << 30), (" 0.5 KiB ", 512)],
)
def test_sizes(text: str, size: int):
    assert bytes_in(text) == size


@given(st.text(max_size=20))
def test_any_text_is_a_size_or_refused(text: str):
    try:
        assert bytes_in(text) >= 0
    except ValueError as error:
        assert str(error) == "not a size"  # noqa: PT017 - both ways are right
