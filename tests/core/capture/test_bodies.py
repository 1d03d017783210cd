from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64decode

import pytest

from cxtop.core.capture.bodies import Seen, see
from cxtop.core.capture.record import BodyPart
from cxtop.core.models import BodyKind
from cxtop.core.redact import REDACTOR

CANARY = "canary-5eaf00d"
LIMIT = 10_000


def seen(raw: bytes, content_type: str = "", encoding: str = "", size: int | None = None) -> Seen:
    whole = len(raw) if size is None else size
    return see(raw, whole, content_type, encoding, REDACTOR, limit=LIMIT)


def part(raw: bytes, content_type: str = "", encoding: str = "", **more: int) -> BodyPart:
    found = seen(raw, content_type, encoding, **more).part
    assert found is not None
    return found


def test_an_empty_body_is_nothing() -> None:
    assert seen(b"", "application/json") == Seen(None)


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b'{"a": [1, 2.5, null, true]}', "application/json"),
        (b'{"a": [1, 2.5, null, true]}', "application/problem+json; charset=utf-8"),
        (b'  \n {"a": [1, 2.5, null, true]}', "text/plain"),
        (b'\xef\xbb\xbf{"a": [1, 2.5, null, true]}', "application/json"),
        ('{"a": [1, 2.5, null, true]}'.encode("utf-16"), "application/json; charset=utf-16"),
    ],
)
def test_json_is_kept_parsed(raw: bytes, content_type: str) -> None:
    found = seen(raw, content_type)
    assert found.part == BodyPart(
        BodyKind.JSON, content_type, len(raw), {"a": [1, 2.5, None, True]}
    )
    assert found.is_json


def test_a_json_null_is_json() -> None:
    found = seen(b"null", "application/json")
    assert found.is_json
    assert found.part == BodyPart(BodyKind.JSON, "application/json", 4, None)


def test_the_parsed_value_is_what_was_sent_and_the_kept_one_is_redacted() -> None:
    found = seen(json.dumps({"password": CANARY, "user": "ann"}).encode(), "application/json")
    assert found.parsed == {"password": CANARY, "user": "ann"}
    assert found.part is not None
    assert found.part.value == {"password": "[redacted]", "user": "ann"}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": ',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b"[" * 9000,
        b"[" * 3000 + b"]" * 3000,
        b"1" * 5000,
    ],
    ids=range(8),
)
def test_what_does_not_parse_is_text(raw: bytes) -> None:
    found = seen(raw, "application/json")
    assert not found.is_json
    assert found.part is not None
    assert found.part.kind is BodyKind.TEXT


def test_wrong_utf8_stands_as_replacement_characters() -> None:
    assert part(b"a\xffb", "text/plain").value == "a\ufffdb"


def test_text_is_read_in_its_charset() -> None:
    assert part("größe".encode("latin-1"), "text/plain; charset=ISO-8859-1").value == "größe"


@pytest.mark.parametrize("charset", ["martian", "idna", "punycode", "base64"])
def test_a_charset_that_is_none_is_read_as_utf8(charset: str) -> None:
    assert part("größe".encode(), f"text/plain; charset={charset}").value == "größe"


def test_a_form_is_redacted_as_a_form() -> None:
    kind = "application/x-www-form-urlencoded"
    found = part(f"user=ann&client_secret={CANARY}".encode(), kind)
    assert found.kind is BodyKind.TEXT
    assert CANARY not in found.value
    assert "user=ann" in found.value


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\xff", "image/png"),
        (b"plain words", "image/svg"),
        (b"\x00\x01", ""),
        (b"\xff\xfe\xfd", "application/octet-stream"),
    ],
)
def test_binary_is_kept_as_base64(raw: bytes, content_type: str) -> None:
    found = part(raw, content_type)
    assert found.kind is BodyKind.BASE64
    assert b64decode(found.value) == raw


def test_a_secret_within_binary_is_taken_out_before_it_is_packed() -> None:
    found = part(b"\x00\xff password=" + CANARY.encode() + b"\n\x00\xfe", "image/x")
    raw = b64decode(found.value)
    assert CANARY.encode() not in raw
    assert raw.startswith(b"\x00\xff")


def test_readable_bytes_of_unknown_kind_are_text() -> None:
    assert part("schön".encode(), "application/x-unknown").value == "schön"
    cut = "schön".encode()[:4]
    assert part(cut, "application/x-unknown", size=6).kind is BodyKind.TEXT


def test_json_that_was_cut_off_is_text_and_still_redacted() -> None:
    raw = b'{"user": "ann", "password": "' + CANARY.encode()
    found = part(raw, "application/json", size=5000)
    assert found.truncated
    assert found.size == 5000
    assert found.kind is BodyKind.TEXT
    assert CANARY not in found.value
    assert "ann" in found.value


def test_a_body_of_which_nothing_was_kept_tells_its_size() -> None:
    assert part(b"", "video/mp4", size=7) == BodyPart(
        BodyKind.NONE, "video/mp4", 7, None, truncated=True
    )


@pytest.mark.parametrize(
    ("pack", "encoding"),
    [
        (gzip.compress, "gzip"),
        (gzip.compress, " X-GZIP "),
        (zlib.compress, "deflate"),
        (lambda raw: zlib.compress(raw, wbits=-15), "deflate"),
        (lambda raw: raw, "identity"),
    ],
)
def test_packed_bodies_are_unpacked_and_redacted(pack: object, encoding: str) -> None:
    raw = pack(json.dumps({"password": CANARY, "n": 1}).encode())  # pyright: ignore
    found = part(raw, "application/json", encoding)
    assert found.value == {"password": "[redacted]", "n": 1}
    assert found.size == len(raw)
    assert not found.truncated


def test_a_packed_body_that_was_cut_off_gives_what_it_holds() -> None:
    raw = gzip.compress(b"words " * 50, compresslevel=0)
    found = part(raw[:100], "text/plain", "gzip", size=len(raw))
    assert found.truncated
    assert found.value.startswith("words words")


def test_a_bomb_is_cut_at_the_limit() -> None:
    found = part(gzip.compress(b"0" * 10_000_000), "text/plain", "gzip")
    assert found.truncated
    assert len(found.value) == LIMIT


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "gzip", "deflate"])
def test_what_cannot_be_unpacked_is_not_kept(encoding: str) -> None:
    found = part(b"password=" + CANARY.encode(), "text/plain", encoding)
    assert found.kind is BodyKind.NONE
    assert found.value is None
    assert found.truncated
