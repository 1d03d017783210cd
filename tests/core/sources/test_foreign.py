"""Lines of other loggers, in the shapes that loggers really give them."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from cxtop.core.capture.cleaner import Cleaner
from cxtop.core.capture.record import Line
from cxtop.core.models import Outcome
from cxtop.core.models.exchanges import BodyKind, RequestIdSource
from cxtop.core.redact import REDACTOR
from cxtop.core.sources.foreign import exchange_in, moment, sighting_of

SEVEN: dict[str, Any] = {
    "request_id": "r-1",
    "method": "POST",
    "url": "http://crm/api/v2/data/actions/lookup/execute?token=geheim",
    "status_code": 200,
    "duration_ms": 12.5,
    "request_payload": {"flowExecutionId": "f-1", "password": "geheim"},
    "response_payload": {"errors": [{"code": "NO_SUCH"}]},
    "request_content_type": "application/json",
}


def line_of(fields: dict[str, Any]) -> Line:
    found = exchange_in(json.dumps(fields).encode())
    assert found is not None
    return sighting_of(found, 1000.0).line("crm", Cleaner(REDACTOR))


def test_the_seven_keys_become_an_exchange_without_secrets():
    line = line_of(SEVEN | {"timestamp": "2026-03-01T12:00:00.250Z", "level": "info"})
    assert line.at == datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    assert (line.request_id, line.request_id_source) == ("r-1", RequestIdSource.HEADER)
    assert (line.method, line.status, line.duration_ms) == ("POST", 200, 12.5)
    assert line.flow_execution_id == "f-1"
    assert line.action == "lookup"
    assert (line.outcome, line.code) == (Outcome.ACTION_ERRORS, "NO_SUCH")
    assert line.request is not None
    assert line.request.kind is BodyKind.JSON
    assert line.request.content_type == "application/json"
    assert "geheim" not in repr(line)
    assert line.service == "crm"


@pytest.mark.parametrize(
    "shape",
    [
        lambda fields: fields,
        lambda fields: {"event": "call", "level": "info"} | fields,
        lambda fields: {"message": "call", "extra": fields},
        lambda fields: {"text": "call\n", "record": {"extra": fields, "level": {"name": "INFO"}}},
        lambda fields: {"levelname": "INFO", "message": json.dumps(fields)},
        lambda fields: {"msg": fields, "pid": 7},
        lambda fields: {"fields": {"data": {"context": fields}}},
    ],
    ids=["bare", "structlog", "extra", "loguru", "json in text", "pino", "nested"],
)
def test_whichever_logger_wrote_it(shape):
    assert line_of(shape(SEVEN)).request_id == "r-1"


def test_the_log_of_the_official_sdk():
    line = line_of(
        {
            "date": "2026-03-01T12:00:00Z",
            "level": "trace",
            "method": "POST",
            "url": "https://api.mypurecloud.com/api/v2/x",
            "requestBody": '{"conversationId": "c-1"}',
            "responseBody": '{"message": "no", "code": "bad.request"}',
            "statusCode": 400,
            "requestHeaders": {
                "Authorization": "Bearer geheim",
                "Content-Type": "application/json",
            },
            "responseHeaders": {"ININ-Correlation-Id": ["x-1"], "content-type": "application/json"},
        }
    )
    assert (line.status, line.outcome, line.code) == (400, Outcome.CLIENT_ERROR, "bad.request")
    assert line.conversation_id == "c-1"
    assert ("inin-correlation-id", "x-1") in line.response_headers
    assert "geheim" not in repr(line)
    assert line.duration_ms is None
    assert line.request_id_source is RequestIdSource.GENERATED
    assert len(line.request_id) == 36


def test_ids_come_from_header_and_body_where_none_was_logged():
    fields = {**SEVEN, "request_id": None, "request_headers": {"X-Request-ID": "h-1"}}
    assert line_of(fields).request_id == "h-1"
    fields["request_headers"] = [["a", "b"], {"name": "c", "value": "d"}, "odd"]
    line = line_of(fields)
    assert (line.request_id, line.request_id_source) == ("f-1", RequestIdSource.BODY)
    assert line.request_headers[:2] == (("a", "b"), ("c", "d"))


def test_numbers_may_be_text_and_nonsense_is_left_out():
    line = line_of(SEVEN | {"status_code": "503", "duration_ms": "7.25"})
    assert (line.status, line.duration_ms, line.outcome) == (503, 7.25, Outcome.SERVER_ERROR)
    line = line_of(SEVEN | {"status_code": "no", "duration_ms": [], "request_payload": 7})
    assert (line.status, line.duration_ms) == (None, None)
    assert line_of(SEVEN | {"status_code": 7}).status is None


def test_an_answer_that_was_not_logged_is_no_empty_answer():
    line = line_of({**SEVEN, "response_payload": None})
    assert line.outcome is Outcome.OK
    assert line_of({**SEVEN, "response_payload": "<html>"}).outcome is Outcome.NOT_JSON


@pytest.mark.parametrize(
    "text",
    [
        "Traceback",
        "[1]",
        "{",
        '{"event": "started"}',
        '{"url": "/", "status_code": 200}',
        '{"message": "{broken", "url": 1}',
        '{"url": "/", "method": "GET"}',
        '{"a":' * 5000,
    ],
)
def test_other_lines_are_none(text):
    assert exchange_in(text.encode()) is None


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01 12:00:00,250", NOON + 0.25),
        ("2026-03-01T13:00:00+01:00", NOON),
        (NOON, NOON),
        (NOON * 1000, NOON),
        (str(NOON), NOON),
        (True, None),
        (None, None),
        ("soon", None),
        (1e300, None),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_times_as_loggers_write_them(value, seconds):
    found = moment(value)
    assert found == pytest.approx(seconds) if seconds is not None else found is None


def test_a_line_without_a_time_has_that_of_its_file():
    assert line_of(SEVEN).at == datetime.fromtimestamp(1000, UTC)


def test_what_pythons_own_logging_writes_is_read():
    class Json(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            record.message = record.getMessage()
            record.asctime = self.formatTime(record)
            wanted = {"asctime", "levelname", "message", *SEVEN}
            return json.dumps({k: v for k, v in vars(record).items() if k in wanted})

    record = logging.LogRecord("crm", logging.INFO, "x.py", 1, "call", (), None)
    vars(record).update(SEVEN)
    found = exchange_in(Json().format(record).encode())
    assert found is not None
    assert sighting_of(found, 0).at == pytest.approx(record.created, abs=0.002)
