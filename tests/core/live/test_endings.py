import pytest

from cxtop.core.live.endings import ending_in, ending_of
from cxtop.core.models import ErrorGroup, RecordError, RunStatus

from .support import run_at


def a_record(code, message="", record=None):
    return RecordError(run_id="r", record_id=code, code=code, message=message, record=record)


def ended(**fields):
    return run_at(1, RunStatus.FAILED, **fields)


def test_the_first_error_with_a_code_tells():
    trace = {"stackTrace": "at a.b(C.java:1)", "statusCode": 504}
    errors = [a_record("UNKNOWN_ERROR"), a_record("TIMEOUT", "slow", trace), a_record("OTHER")]
    ending = ending_of(ended(), errors)
    assert (ending.code, ending.message, ending.status_code) == ("TIMEOUT", "slow", 504)
    assert ending.frames[0].file == "C.java"
    assert ending_of(ended(), errors[:1]).code == "UNKNOWN_ERROR"


@pytest.mark.parametrize(
    ("extra", "code", "message"),
    [
        ({"errorCode": "TIMEOUT", "errorMessage": "slow"}, "TIMEOUT", "slow"),
        ({"error": {"code": "TIMEOUT", "message": "slow"}}, "TIMEOUT", "slow"),
        ({"error": "TIMEOUT"}, "TIMEOUT", ""),
        ({"error": None, "code": 7, "message": ["x"]}, "", ""),
        ({}, "", ""),
    ],
)
def test_the_run_itself_may_tell(extra, code, message):
    ending = ending_of(ended(extra=extra))
    assert (ending.code, ending.message) == (code, message)


def test_without_records_there_is_nothing_to_wait_for():
    assert ending_of(ended(errors=0)).code == "UNKNOWN_ERROR"
    assert ending_of(ended(errors=3)).code == ""
    assert ending_of(ended(extra={"error": {"status": True}})).status_code is None


def test_failed_records_tell_by_their_number():
    groups = [
        ErrorGroup(code="BAD", count=9, samples=(a_record("BAD", "x", {"status": 422}),)),
        ErrorGroup(code="TIMEOUT", count=1),
    ]
    ending = ending_in("r", groups)
    assert (ending.code, ending.message, ending.status_code) == ("BAD", "x", 422)
    assert ending_in("r", []).code == "UNKNOWN_ERROR"
    assert ending_in("r", groups[1:]).message == ""
