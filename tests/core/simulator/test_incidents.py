import httpx

from cxtop.core.simulator.app import create_app
from cxtop.core.simulator.incidents import Incident
from cxtop.core.simulator.listening import listening
from cxtop.core.simulator.scenarios import scenario

from .conftest import SECRET, Clock, sign_in

LINKED = next(plan for plan in scenario("calm").plans if plan.linked)
INCIDENT = Incident("SERVICE_UNAVAILABLE", "CRM: status 503", "e-1", "r-1")


def test_a_call_that_failed_is_the_cause_of_the_next_record_that_fails():
    clock = Clock()
    here = create_app("calm", clock=clock).state.simulation
    seen = here.moment(LINKED).errors
    before = list(here.failed(LINKED, 0, seen))
    here.blame(INCIDENT)
    assert list(here.failed(LINKED, 0, seen)) == before
    clock.now += 30
    assert here.moment(LINKED).errors > seen
    (entity,) = here.failed(LINKED, seen, seen + 1)
    assert entity["errorCode"] == "SERVICE_UNAVAILABLE"
    assert entity["errorMessage"] == "CRM: status 503"
    assert (entity["record"]["flowExecutionId"], entity["record"]["requestId"]) == ("e-1", "r-1")


def test_one_cause_a_record_and_none_of_a_run_that_is_over():
    clock = Clock()
    here = create_app("calm", clock=clock).state.simulation
    index = here.moment(LINKED).errors
    here.blame(INCIDENT)
    here.blame(Incident("OTHER", "second", "e-2"))
    clock.now += 10_000
    here.blame(Incident("LATE", "third", "e-3"))
    entities = list(here.failed(LINKED, 0, LINKED.errors))
    caused = [entity for entity in entities if "flowExecutionId" in entity["record"]]
    assert caused == [entities[index]]
    assert caused[0]["errorMessage"] == "CRM: status 503"


def test_linked_runs_take_turns():
    here = create_app("busy").state.simulation
    plans = [plan for plan in here.scenario.plans if plan.linked]
    assert len(plans) == 2
    for number in range(2):
        here.blame(Incident("X", f"{number}", f"e-{number}"))
    for plan in plans:
        (entity,) = here.failed(plan, here.moment(plan).errors, here.moment(plan).errors + 1)
        assert entity["errorCode"] == "X"


def test_an_incident_without_a_request_id_tells_none():
    here = create_app("calm").state.simulation
    here.blame(Incident("X", "none", "e-1"))
    index = here.moment(LINKED).errors
    (entity,) = here.failed(LINKED, index, index + 1)
    assert "requestId" not in entity["record"]


async def test_both_dialects_tell_it():
    clock = Clock()
    app = create_app("calm", clock=clock, client_secret=SECRET)
    app.state.simulation.blame(INCIDENT)
    clock.now += 30
    path = "/api/v2/{}/contact-import{}"
    async with (
        listening(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        await sign_in(client)
        results = (await client.get(path.format("data-actions", "/results?filter=error"))).json()
        status = (await client.get(path.format("data/actions", ""))).json()
    assert sum("requestId" in each["record"] for each in results["entities"]) == 1
    told = [each for each in status["errors"] if each.get("code") == INCIDENT.code]
    assert any(each["message"].endswith(INCIDENT.message) for each in told)
