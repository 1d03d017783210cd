import random

import pytest

from cxtop.core.simulator.flows import CALLS_A_FLOW, FLOWS, Told, action_id
from cxtop.core.simulator.payloads import ROUTES, customer_id

CALLS = [step.call for flow in FLOWS for step in flow.steps if step.call]


def test_every_manner_of_telling_and_every_route_has_a_flow():
    assert {flow.told for flow in FLOWS} == set(Told)
    assert {call.route.path for call in CALLS} == {route.path for route in ROUTES}
    assert 1 <= CALLS_A_FLOW <= 2


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.action)
def test_a_call_gives_what_its_route_needs(call):
    variables = call.variables(1, customer_id(1, 2), random.Random(3))
    assert all(variables[name] for name in call.route.needs)
    assert set(call.route.brings) <= set(call.route.answer(1, variables))


def test_ids_can_be_read_and_stay_the_same():
    assert action_id("CRM: find customer") == "crm-find-customer"
    assert len({flow.flow_id for flow in FLOWS}) == len(FLOWS)
