import pytest
from pydantic import ValidationError

from cxtop.core.config import HealthSettings
from cxtop.core.config.describing import describe
from cxtop.core.errors import ConfigError

PROFILE = '[profiles.acme]\nplatform = "cxone"\nbase_url = "https://api.nicecxone.com"\n'


def test_thresholds_and_when_an_action_is_well_again():
    settings = HealthSettings(thresholds={"a": 20})
    assert (settings.threshold_of("a"), settings.threshold_of("b")) == (20, 5)
    assert (settings.clear_of("a"), settings.clear_of("b")) == (16, 4)
    settings = HealthSettings(threshold=10, thresholds={"a": 2}, clear_below=6)
    # Never above the threshold itself: what is ill cannot be well too.
    assert (settings.clear_of("a"), settings.clear_of("b")) == (2, 6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 0},
        {"threshold": 101},
        {"threshold": True},
        {"thresholds": {"a": -1}},
        {"actions": ("",)},
        {"interval": "24h"},
        {"refresh_s": 0},
        {"for_s": -1},
        {"clear_below": 0},
        {"least": 0},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        HealthSettings(**wrong)


def test_the_section_is_read_and_told(place):
    place.config(
        PROFILE
        + "[profiles.acme.health]\nthreshold = 2.5\ninterval = 'pt1h'\nactions = ['a', 'b']\n"
        + "for_s = 0\n[profiles.acme.health.thresholds]\n'crm lookup' = 7\n"
    )
    settings = place.load()
    health = settings.profile.health
    assert (health.threshold, health.interval, health.actions) == (2.5, "PT1H", ("a", "b"))
    assert health.threshold_of("crm lookup") == 7
    told = {one.setting: one.value for one in describe(settings)}
    assert told["health.threshold"] == "2.5"
    assert told["health.thresholds"] == "crm lookup = 7.0"
    assert told["health.actions"] == "a, b"


def test_a_wrong_interval_names_the_line_and_what_is_allowed(place):
    place.config(PROFILE + "[profiles.acme.health]\ninterval = '24h'\n")
    with pytest.raises(ConfigError, match=r"health\.interval") as refused:
        place.load()
    assert refused.value.why == "It does not begin with P."
    assert "ISO 8601" in refused.value.fix
