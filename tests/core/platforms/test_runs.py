import pytest

from cxtop.core.models import RunStatus
from cxtop.core.platforms.dialect import UnreadableError
from cxtop.core.platforms.runs import RUN_FIELDS, read_run, require, share


@pytest.mark.parametrize(
    ("raw", "processed", "total", "expected"),
    [
        (0.25, 1, 2, 0.25),
        ("0.25", None, None, 0.25),
        (1.7, None, None, 1.0),
        (-3, None, None, 0.0),
        (None, 1, 4, 0.25),
        ("half", 1, 4, 0.25),
        (None, 9, 4, 1.0),
        (None, 1, 0, None),
        (None, None, 4, None),
        (None, 1, None, None),
    ],
)
def test_share(raw, processed, total, expected):
    assert share(raw, processed, total) == expected


def test_a_run_keeps_what_it_cannot_read():
    body = {
        "status": "Sideways",
        "progress": 1.5,
        "processedCount": "many",
        "createdTimestamp": "someday",
        "dataActionId": "another",
        "flavour": {"sour": True},
        "errorCount": None,
    }
    run = read_run(body, run_id="r1", platform="genesys", id_field="dataActionId")
    assert run.run_id == "r1"
    assert (run.status, run.raw_status) == (RunStatus.UNKNOWN, "Sideways")
    assert (run.progress, run.raw_progress) == (1.0, 1.5)
    assert run.processed is run.created_at is run.errors is None
    assert run.extra == {
        "processedCount": "many",
        "createdTimestamp": "someday",
        "dataActionId": "another",
        "flavour": {"sour": True},
    }
    assert run.raw == body


def test_a_status_that_is_no_word_is_kept_as_its_text():
    run = read_run({"status": ["RUNNING"]}, run_id="r", platform="genesys", id_field="id")
    assert (run.status, run.raw_status) == (RunStatus.UNKNOWN, '["RUNNING"]')


def test_an_object_of_another_kind_is_refused_with_its_fields():
    with pytest.raises(UnreadableError, match="message, path"):
        require({"path": "/x", "message": "hello"}, RUN_FIELDS, "a run")
    with pytest.raises(UnreadableError, match="none at all"):
        require({}, RUN_FIELDS, "a run")
