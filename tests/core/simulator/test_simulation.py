from datetime import UTC, datetime

import pytest

from cxtop.core.simulator.answers import RefusedError
from cxtop.core.simulator.app import create_app

from .conftest import Clock


def test_simulated_time_runs_at_its_speed():
    clock = Clock()
    simulation = create_app("calm", speed=4, clock=clock).state.simulation
    clock.now += 2.5
    assert simulation.elapsed == 10
    assert (simulation.at(10) - simulation.at(0)).total_seconds() == 2.5
    assert abs((simulation.at(0) - datetime.now(UTC)).total_seconds()) < 5


@pytest.mark.parametrize(
    ("run_id", "status"), [("forbidden-run", 403), ("nothing", 404), ("", 404)]
)
def test_runs_that_cannot_be_seen(run_id, status):
    with pytest.raises(RefusedError) as refused:
        create_app("calm").state.simulation.plan(run_id)
    assert refused.value.status == status
