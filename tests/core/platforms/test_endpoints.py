import pytest

from cxtop.core.errors import ConfigError
from cxtop.core.platforms.endpoints import Endpoint, endpoints


@pytest.mark.parametrize(
    ("run_id", "path"),
    [
        ("abc-1", "/runs/abc-1/status"),
        ("../../x?y=1#z", "/runs/..%2F..%2Fx%3Fy%3D1%23z/status"),
        ("..", "/runs/%2E%2E/status"),
        ("a b/ü%", "/runs/a%20b%2F%C3%BC%25/status"),
        ("{run_id}", "/runs/%7Brun_id%7D/status"),
    ],
)
def test_an_id_stays_one_segment(run_id, path):
    assert Endpoint.parse("run_status", "/runs/{run_id}/status").fill(run_id) == path


@pytest.mark.parametrize(
    "template",
    ["/runs/status", "/runs/{id}", "/runs/{run_id}/{run_id.__class__}", "/runs/{}/{run_id}"],
)
def test_a_template_whose_holes_nobody_fills_is_an_error_that_quotes_it(template):
    with pytest.raises(ConfigError) as caught:
        Endpoint.parse("run_status", template)
    assert "run_status" in str(caught.value)
    assert template in str(caught.value)
    assert "{run_id}" in caught.value.fix


def test_overrides_replace_by_name_and_leave_the_rest():
    own = {"a": "/a/{run_id}", "b": "/b/{run_id}"}
    found = endpoints(own, {"b": "/other/{run_id}", "c": "/c"})
    assert {name: each.template for name, each in found.items()} == {
        "a": "/a/{run_id}",
        "b": "/other/{run_id}",
    }


def test_a_call_that_is_about_no_run_has_no_hole():
    assert Endpoint.parse("submit", "/v3/runs", of="/api/v2/data/actions").path == "/v3/runs"
    with pytest.raises(ConfigError) as raised:
        Endpoint.parse("submit", "/v3/{run_id}", of="/api/v2/data/actions")
    assert "submit" in raised.value.what
