import pytest
from pydantic import SecretStr, ValidationError

from cxtop.core.config import RecoverySettings, RollbackCheck
from cxtop.core.config.recovery import checked_webhook
from cxtop.core.errors import ConfigError, SecretError

PROFILE = '[profiles.acme]\nplatform = "cxone"\nbase_url = "https://api.nicecxone.com"\n'


def test_the_defaults_are_those_of_the_contract():
    settings = RecoverySettings()
    assert settings.max_retries == 5
    assert [settings.wait_s(number) for number in range(1, 7)] == [2, 4, 8, 16, 30, 30]
    assert settings.wait_s(10_000) == 30
    assert settings.directive("timeout") == "RETRY"
    assert settings.directive("anything") == "DEAD_LETTER"


def test_the_whole_mapping_is_settable():
    settings = RecoverySettings(
        directives={"timeout": "dead_letter", "BAD_ROW": "RETRY", "*": "ROLLBACK"},
        rollback_codes=("PARTIAL",),
    )
    assert settings.directive("TIMEOUT") == "DEAD_LETTER"
    assert settings.directive("bad_row") == "RETRY"
    assert settings.directive(" partial ") == "ROLLBACK"
    assert settings.directive("CONFLICT") == "RETRY"
    assert settings.directive("ELSE") == "ROLLBACK"


@pytest.mark.parametrize(
    "wrong",
    [
        {"directives": {"X": "FORGET"}},
        {"directives": {"x": "RETRY"}, "rollback_codes": ("X",)},
        {"max_retries": -1},
        {"max_retries": True},
        {"factor": 0.5},
        {"base_s": 0},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        RecoverySettings(**wrong)


@pytest.mark.parametrize(
    "url",
    [
        "/no/hole",
        "/two/{actionId}/{actionId}",
        "/other/{run}/{actionId}",
        "//host/{actionId}",
        "ftp://host/{actionId}",
        "http://host.example/{actionId}",
        "https://{actionId}.example/x",
        "https://user:pass@host.example/{actionId}",
        "/with space/{actionId}",
    ],
)
def test_a_check_that_cannot_be_asked_is_refused(url):
    with pytest.raises(ValidationError):
        RollbackCheck(url=url, field="state", value="DONE")


def test_the_id_stays_one_segment():
    check = RollbackCheck(url="https://host.example/x/{actionId}/y?z=1", field="a", value=1)
    assert check.fill("../a?b=1#c") == "https://host.example/x/..%2Fa%3Fb%3D1%23c/y?z=1"
    assert check.fill("..") == "https://host.example/x/%2E%2E/y?z=1"
    assert str(check).endswith("has a = 1")


def test_a_webhook_may_carry_its_secret_in_the_query():
    url = "https://hooks.example.com/x?sig=hush"
    assert checked_webhook(SecretStr(url)).get_secret_value() == url
    for wrong in ("http://hooks.example.com/x", "hooks", "https://a:b@hooks.example.com"):
        with pytest.raises(ValueError, match="a URL") as caught:
            checked_webhook(SecretStr(wrong))
        assert wrong not in str(caught.value)


def test_they_are_read_from_the_file_and_the_environment(place):
    place.config(
        PROFILE
        + "[profiles.acme.recovery]\nmax_retries = 2\nrollback_codes = ['PARTIAL']\n"
        + "[profiles.acme.recovery.directives]\nBAD_ROW = 'RETRY'\n"
        + "[profiles.acme.recovery.rollback_check]\n"
        + "url = '/x/{actionId}'\nfield = 'state'\nvalue = 'DONE'\n"
    )
    place.env["CXTOP_DEAD_LETTER_WEBHOOK"] = "https://hooks.example.com/hush"
    profile = place.load({"profile": "acme"}).profile
    assert profile is not None
    assert profile.recovery.max_retries == 2
    assert profile.recovery.directive("BAD_ROW") == "RETRY"
    assert profile.recovery.rollback_check is not None
    assert profile.dead_letter_webhook is not None
    assert "hush" not in repr(profile)


def test_a_wrong_directive_names_its_place(place):
    place.config(PROFILE + "[profiles.acme.recovery]\nmax_retries = 'x'\n")
    with pytest.raises(ConfigError, match=r"recovery\.max_retries"):
        place.load({"profile": "acme"})


def test_a_webhook_in_a_file_that_others_can_read_is_refused(place):
    place.config(PROFILE + 'dead_letter_webhook = "https://hooks.example.com/hush"\n', mode=0o644)
    with pytest.raises(SecretError) as caught:
        place.load({"profile": "acme"})
    assert "hush" not in str(caught.value)
