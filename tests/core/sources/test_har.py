"""HAR files."""

import json
from typing import Any

import pytest

from cxtop.core.capture.cleaner import Cleaner
from cxtop.core.capture.record import Line
from cxtop.core.capture.sighting import Sighting
from cxtop.core.errors import SourceError
from cxtop.core.models import Outcome
from cxtop.core.models.exchanges import BodyKind
from cxtop.core.redact import REDACTOR
from cxtop.core.sources.har import read_har


def entry(**fields: Any) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-03-01T12:00:00.000Z",
        "time": 31.5,
        "request": {
            "method": "POST",
            "url": "https://crm/x?token=geheim",
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": "X-Request-ID", "value": "h-1"}],
            "postData": {"mimeType": "application/json", "text": '{"password": "geheim"}'},
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "headers": [
                {"name": "Content-Type", "value": "application/json"},
                {"name": "Content-Encoding", "value": "gzip"},
            ],
            "content": {"size": 11, "mimeType": "application/json", "text": '{"a": "b"}'},
        },
        "cache": {},
        "timings": {"wait": 1},
    } | fields


def har(*entries: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries}}).encode()


def lines_of(data: bytes) -> list[Line]:
    found = list(read_har(data))
    return [one.line("browser", Cleaner(REDACTOR)) for one in found if isinstance(one, Sighting)]


def test_an_entry_becomes_an_exchange_without_secrets():
    (line,) = lines_of(b"\xef\xbb\xbf" + har(entry()))
    assert (line.method, line.status, line.duration_ms) == ("POST", 200, 31.5)
    assert line.request_id == "h-1"
    assert line.outcome is Outcome.OK
    assert line.response is not None
    assert line.response.value == {"a": "b"}
    assert (line.response.size, line.response.truncated) == (10, False)
    assert "geheim" not in repr(line)


def test_a_body_that_was_left_out_is_told():
    (line,) = lines_of(har(entry(response={"status": 200, "content": {"size": 70}})))
    assert line.response is not None
    assert (line.response.size, line.response.truncated) == (70, True)


def test_bodies_in_base64_and_forms():
    form = {"method": "POST", "url": "/", "postData": {"params": [{"name": "a", "value": "b c"}]}}
    picture = {"status": 200, "content": {"text": "iVBORw0KGgoAAAA=", "encoding": "base64"}}
    broken = {"status": 200, "content": {"text": "a", "encoding": "base64"}}
    first, second = lines_of(
        har(entry(request=form, response=picture), entry(request={}, response=broken))
    )
    assert first.request is not None
    assert first.request.value == "a=b+c"
    assert first.response is not None
    assert first.response.kind is BodyKind.BASE64
    assert second.response is not None
    assert second.response.value == "a"


@pytest.mark.parametrize("response", [None, {"status": 0}, {"status": 0, "content": {"text": ""}}])
def test_no_answer(response):
    (line,) = lines_of(har(entry(response=response, time=-1)))
    assert (line.status, line.outcome) == (None, Outcome.UNREACHABLE)
    assert line.duration_ms is None


def test_an_entry_that_cannot_be_read_is_told_and_its_neighbours_are_read():
    found = list(read_har(har(entry(), {"request": 7}, entry(startedDateTime="never"), entry())))
    assert [isinstance(one, str) for one in found] == [False, True, True, False]
    assert "Entry 2" in str(found[1])


@pytest.mark.parametrize("data", [b"", b"[]", b'{"log": 7}', b'{"log": {"entries": [', b"\xff"])
def test_what_is_no_har_is_refused(data):
    with pytest.raises(SourceError):
        list(read_har(data))
