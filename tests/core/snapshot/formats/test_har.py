"""HAR: as the format says, and as our own import reads it back."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.capture.cleaner import Cleaner
from cxtop.core.capture.record import decode_line, encode
from cxtop.core.capture.sighting import Sighting
from cxtop.core.models import Body, BodyKind, Exchange
from cxtop.core.redact import REDACTOR
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats.harentry import absolute, har_entry
from cxtop.core.snapshot.formats.jsontext import encode as as_json
from cxtop.core.snapshot.masking import Strictness
from cxtop.core.sources.har import read_har

from .harschema import ENTRY, HAR
from .support import BINARY, HOSTILE, KINDS, exchange, written

ENTRIES = jsonschema.Draft202012Validator(ENTRY)
NAMES = ("json", "text", "binary", "left out", "cut", "no answer", "server error", "hostile")


def entry_of(each: Exchange) -> dict[str, Any]:
    """An entry as it is in the file."""
    return json.loads(as_json(har_entry(each)))


def read_back(data: bytes) -> list[Exchange]:
    sightings = list(read_har(data))
    assert not [each for each in sightings if isinstance(each, str)]
    cleaner = Cleaner(REDACTOR)
    return [
        decode_line(encode(each.line("import", cleaner)))
        for each in sightings
        if isinstance(each, Sighting)
    ]


def without_cookies(each: Exchange) -> list[tuple[str, str]]:
    pairs = (*each.request_headers, *each.response_headers)
    # Headers are bytes of Latin-1 where they are captured.
    return [
        (name, value.encode("latin-1", "replace").decode("latin-1"))
        for name, value in pairs
        if "cookie" not in name
    ]


async def test_a_file_is_as_the_format_says(evidence: Evidence) -> None:
    document = json.loads(await written("har", evidence))
    faults = jsonschema.Draft202012Validator(HAR).iter_errors(document)
    assert [error.message for error in faults] == []
    assert len(document["log"]["entries"]) == len(KINDS)


async def test_a_file_is_read_back_by_our_own_import(evidence: Evidence) -> None:
    back = read_back(await written("har", evidence, Strictness.NONE))
    for before, after in zip(KINDS, back, strict=True):
        assert (after.at, after.method, after.status) == (before.at, before.method, before.status)
        assert after.duration_ms == (before.duration_ms or 0)
        assert after.request_id == before.request_id or before.id.endswith("9")
        # Whatever is imported is masked, and cookies always are.
        assert without_cookies(after) == without_cookies(before)
        for was, now in ((before.request, after.request), (before.response, after.response)):
            assert (now.kind, now.value, now.truncated) == (was.kind, was.value, was.truncated)
            if was.kind is not BodyKind.JSON:
                assert now.size == was.size


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_each_kind_of_exchange_is_an_entry(number: int) -> None:
    jsonschema.validate(entry_of(KINDS[number]), ENTRY)


def test_query_cookies_and_words() -> None:
    entry = entry_of(KINDS[0])
    request, response = entry["request"], entry["response"]
    assert request["queryString"] == [
        {"name": "n", "value": "0"},
        {"name": "n", "value": "again"},
        {"name": "empty", "value": ""},
        {"name": "odd", "value": "a b"},
    ]
    assert request["cookies"] == [
        {"name": "theme", "value": "dark"},
        {"name": "lang", "value": "de"},
    ]
    assert response["cookies"] == [
        {
            "name": "lang",
            "value": "de",
            "path": "/",
            "httpOnly": True,
            "secure": True,
            "expires": "2026-03-04T15:00:00.000Z",
        }
    ]
    assert (response["statusText"], request["httpVersion"]) == ("OK", "unknown")
    assert entry["time"] == sum(entry["timings"].values()) == 12.5
    assert entry["_cxtop"]["outcome"] == "ok"
    assert entry_of(KINDS[10])["response"]["redirectURL"] == "/elsewhere"


@pytest.mark.parametrize(
    ("header", "cookie"),
    [
        ("[redacted]", {"name": "", "value": "[redacted]"}),
        ("a=1; Expires=never", {"name": "a", "value": "1"}),
        ("a=1; Max-Age=5; Domain=x", {"name": "a", "value": "1", "domain": "x"}),
        (
            "a=1; Expires=Wed, 04 Mar 2026 15:00:00 -0000",
            {"name": "a", "value": "1", "expires": "2026-03-04T15:00:00.000Z"},
        ),
    ],
)
def test_cookies_that_are_set(header: str, cookie: dict[str, str]) -> None:
    entry = entry_of(exchange(0, response_headers=(("set-cookie", header),)))
    assert entry["response"]["cookies"] == [cookie]


def test_bodies() -> None:
    text, binary, left_out, cut = (entry_of(each) for each in KINDS[1:5])
    assert text["response"]["content"]["text"] == HOSTILE
    assert b64decode(binary["response"]["content"]["text"]) == BINARY
    assert binary["response"]["content"]["encoding"] == "base64"
    assert b64decode(binary["request"]["postData"]["text"]) == BINARY
    assert binary["request"]["postData"]["encoding"] == "base64"
    assert "postData" not in left_out["request"]
    assert left_out["request"]["bodySize"] == 5000
    assert left_out["response"]["content"]["comment"] == "The body of 5000 bytes was not kept."
    assert cut["response"]["content"]["_truncated"] is True
    assert cut["request"]["postData"]["comment"] == "Only the first part of 9000 bytes was kept."
    nothing = entry_of(exchange(0, request=Body(), response=Body()))
    assert nothing["response"]["content"] == {"size": 0, "mimeType": ""}
    assert "postData" not in nothing["request"]


def test_what_is_not_known_is_said() -> None:
    gone, relative = entry_of(KINDS[5]), entry_of(KINDS[6])
    assert gone["response"]["status"] == 0
    assert gone["comment"] == "No answer was captured."
    assert "The duration is not known." in relative["comment"]
    assert "without its scheme and host" in relative["comment"]
    assert relative["_cxtop"]["url"] == KINDS[6].url
    assert relative["response"]["statusText"] == ""


@pytest.mark.parametrize(
    ("url", "host", "whole"),
    [
        ("http://h:80/a?b=c#d", "", "http://h:80/a?b=c#d"),
        ("/a?b=http://c", "crm:8000", "http://crm:8000/a?b=http://c"),
        ("a b", "crm", "http://crm/a%20b"),
        ("", "", "http://host.invalid/"),
        ("/x", "a b<", "http://host.invalid/x"),
        ("http://[redacted]@h/x", "", "http://%5Bredacted%5D@h/x"),
        ("http://[redacted]/x", "", "http://host.invalid/x"),
        ("http://[::1]:80/x", "", "http://[::1]:80/x"),
        ("/x", "[::1]:80", "http://[::1]:80/x"),
        ("http://h/ž\ud800%20", "", "http://h/%C5%BE%EF%BF%BD%20"),
        ("http://h", "", "http://h"),
    ],
)
def test_a_url_is_whole(url: str, host: str, whole: str) -> None:
    assert absolute(url, (("Host", host),)) == whole


@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_url_and_header_make_a_valid_entry(url: str, value: str) -> None:
    headers = (("host", value), ("cookie", value), ("set-cookie", value))
    found = exchange(1, url=url, request_headers=headers, response_headers=headers)
    entry = entry_of(found)
    assert ENTRIES.is_valid(entry)
    assert datetime.fromisoformat(entry["startedDateTime"]) == found.at
