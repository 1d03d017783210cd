import pytest

from cxtop.core.errors import ConfigError
from cxtop.core.simulator.app import create_app

from .conftest import SECRET


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf"), 1e6])
def test_an_impossible_speed_is_refused(speed):
    with pytest.raises(ConfigError, match="speed"):
        create_app("calm", speed=speed)


def test_an_unknown_scenario_is_refused():
    with pytest.raises(ConfigError, match="no scenario called 'x'"):
        create_app("x")


def test_nothing_shows_the_secret():
    simulation = create_app("calm", client_secret=SECRET).state.simulation
    assert SECRET not in repr(simulation)
    assert SECRET not in repr(simulation.tokens)


def test_without_a_secret_nobody_knows_it():
    tokens = create_app("calm").state.simulation.tokens
    assert not tokens.knows(tokens.client_id, "")
