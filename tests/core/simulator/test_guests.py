import logging

import httpx
import pytest

from cxtop.core.errors import ConfigError
from cxtop.core.models import Outcome
from cxtop.core.simulator.guests import load_service, routes_of
from cxtop.core.simulator.serve import simulator

from .conftest import until
from .test_service import captured
from .test_traffic import signed_in_to

EXAMPLE = "tests.examples.demo:create_app"

BROKEN = """
raise LookupError("no warehouse")
"""
APPLICATION = """
from fastapi import FastAPI
app = FastAPI()
word = 3
"""


def of_inventory(folder):
    return [each for each in captured(folder) if each.service == "inventory"]


async def test_a_service_that_is_brought_along_is_called_captured_and_known(tmp_path, caplog):
    folder = tmp_path / "captures"
    options = {"speed": 10, "traffic_log": folder, "service": EXAMPLE}
    async with (
        simulator("calm", **options) as here,
        httpx.AsyncClient(base_url=here.url, trust_env=False, timeout=10) as client,
    ):
        await signed_in_to(client, here)
        await until(
            lambda: (
                {each.action for each in of_inventory(folder)}
                >= {"inventory-sync", "inventory-reserve"}
                and any(len(each.attempts) > 1 for each in of_inventory(folder))
            ),
            within_s=20,
        )
        exchange = next(e for e in of_inventory(folder) if e.outcome is Outcome.OK)
        told = await client.get(f"/api/v2/flows/executions/{exchange.flow_execution_id}")
    assert told.json()["flow"]["name"] == f"Back office: {exchange.action}"
    step = told.json()["steps"][1]
    assert (step["status"], step["requestId"]) == ("COMPLETED", exchange.request_id)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
    retried = [each for each in of_inventory(folder) if len(each.attempts) > 1]
    assert all(each.attempts[0].wait_s is not None for each in retried)


def test_a_file_or_a_module_and_an_application_or_what_makes_one(tmp_path):
    file = tmp_path / "guest_of_a_test.py"
    file.write_text(APPLICATION)
    app = load_service(f"{file}:app", tmp_path)
    assert app is load_service("guest_of_a_test:app", tmp_path)
    assert routes_of(app) == ()
    assert routes_of(object()) == ()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "names no service"),
        ("module", "names no service"),
        ("no_such_module_here:app", "ModuleNotFoundError"),
        ("{folder}/none.py:app", "FileNotFoundError"),
        ("{folder}/broken.py:app", "LookupError: no warehouse."),
        ("{folder}/application.py:nothing", "has no application nothing"),
        ("{folder}/application.py:word", "has no application word"),
    ],
    ids=["empty", "no-app", "no-module", "no-file", "broken", "no-name", "no-callable"],
)
def test_a_name_that_leads_nowhere(tmp_path, name, told):
    (tmp_path / "broken.py").write_text(BROKEN)
    (tmp_path / "application.py").write_text(APPLICATION)
    with pytest.raises(ConfigError) as raised:
        load_service(name.format(folder=tmp_path), tmp_path)
    assert told in str(raised.value)


async def test_a_service_without_a_data_action_and_one_without_a_folder(tmp_path):
    (tmp_path / "application.py").write_text(APPLICATION)
    service = f"{tmp_path / 'application.py'}:app"
    with pytest.raises(ConfigError, match="no data action"):
        async with simulator("calm", traffic_log=tmp_path / "c", service=service):
            pytest.fail("served what cannot be called")
    with pytest.raises(ConfigError, match="needs a folder"):
        async with simulator("calm", service=service):
            pytest.fail("served without a folder")
