import pytest

from cxtop.core.errors import ConfigError
from cxtop.core.platforms import DIALECTS, platform_for

from .server import calling, profile_for


async def test_each_dialect_is_had_by_its_name():
    for name, dialect in DIALECTS.items():
        profile = profile_for("http://127.0.0.1:1", platform=name)
        async with calling(profile) as caller:
            platform = platform_for(profile, caller)
        assert type(platform) is dialect
        assert platform.name == name


async def test_a_platform_without_dialect_names_those_that_there_are():
    profile = profile_for("http://127.0.0.1:1")
    strange = profile.model_copy(update={"platform": "acme"})
    async with calling(profile) as caller:
        with pytest.raises(ConfigError, match="genesys, cxone"):
            platform_for(strange, caller)


async def test_an_endpoint_that_does_not_exist_names_those_that_do():
    profile = profile_for("http://127.0.0.1:1", endpoints={"run_statsu": "/x/{run_id}"})
    async with calling(profile) as caller:
        with pytest.raises(ConfigError, match=r"run_statsu.*run_results, run_status"):
            platform_for(profile, caller)
