"""HAR 1.2 files: browsers, proxies and mitmproxy write their exchanges like this."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

from ..capture.record import UNREADABLE
from ..capture.sighting import Headers, Sighting
from ..errors import SourceError
from .foreign import LIMIT, identify, moment


class _Pair(msgspec.Struct):
    name: str = ""
    value: str = ""


class _PostData(msgspec.Struct, rename="camel"):
    mime_type: str = ""
    text: str | None = None
    params: list[_Pair] = []
    # The format has no word for these, so writers use their own.
    encoding: str | None = ""
    truncated: bool = msgspec.field(default=False, name="_truncated")


class _Request(msgspec.Struct, rename="camel"):
    method: str = ""
    url: str = ""
    headers: list[_Pair] = []
    post_data: _PostData | None = None
    body_size: float | None = None


class _Content(msgspec.Struct, rename="camel"):
    mime_type: str = ""
    text: str | None = None
    encoding: str = ""
    size: int = 0
    truncated: bool = msgspec.field(default=False, name="_truncated")


class _Response(msgspec.Struct, rename="camel"):
    status: int = 0
    headers: list[_Pair] = []
    content: _Content | None = None


class _Entry(msgspec.Struct, rename="camel"):
    request: _Request
    response: _Response | None = None
    started_date_time: Any = None
    time: float | None = None


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw] = []


class _Document(msgspec.Struct):
    log: _Log


_documents = msgspec.json.Decoder(_Document)
_entries = msgspec.json.Decoder(_Entry)
_BOM = b"\xef\xbb\xbf"


def read_har(data: bytes) -> Iterator[Sighting | str]:
    """The exchanges in a HAR document; a sentence in place of an entry that cannot be read.

    Raises `SourceError` when it is no HAR document.
    """
    try:
        document = _documents.decode(data.removeprefix(_BOM))
    except UNREADABLE as error:
        raise SourceError("This is not a HAR document.", why=f"{error}.") from error
    for number, raw in enumerate(document.log.entries, 1):
        try:
            yield _sighting(_entries.decode(raw))
        except UNREADABLE as error:
            yield f"Entry {number} cannot be read: {str(error)[:200]}."


def _sighting(entry: _Entry) -> Sighting:
    at = moment(entry.started_date_time)
    if at is None:
        raise ValueError("its startedDateTime is no time")
    request, response = entry.request, entry.response
    sighting = Sighting(at, request.method, request.url, _pairs(request.headers), LIMIT)
    body = _sent(request.post_data)
    size = int(request.body_size or 0)
    sighting.request.add(body)
    if request.post_data is not None and request.post_data.truncated:
        sighting.request.size = max(size, len(body) + 1)
    elif request.post_data is None and size > 0:
        # It was left out of the file.
        sighting.request.size = size
    # A status of 0 means that no answer came.
    if response is not None and response.status:
        sighting.status = response.status
        sighting.response_headers = _pairs(response.headers)
        body = _answered(response.content)
        sighting.response.add(body)
        content = response.content
        if content is not None and content.truncated:
            sighting.response.size = max(content.size, len(body) + 1)
        elif not body and content is not None and content.size > 0:
            sighting.response.size = content.size
    if entry.time is not None and entry.time >= 0:
        sighting.duration_ms = entry.time
    identify(sighting)
    return sighting


def _pairs(pairs: list[_Pair]) -> Headers:
    # What is kept of a body is unpacked already.
    return [
        (pair.name.encode("latin-1", "replace"), pair.value.encode("latin-1", "replace"))
        for pair in pairs
        if pair.name.lower() != "content-encoding"
    ]


def _sent(posted: _PostData | None) -> bytes:
    if posted is None:
        return b""
    if posted.text is not None:
        return _unpacked(posted.text, posted.encoding or "")
    return urlencode([(pair.name, pair.value) for pair in posted.params]).encode()


def _answered(content: _Content | None) -> bytes:
    if content is None or content.text is None:
        return b""
    return _unpacked(content.text, content.encoding)


def _unpacked(text: str, encoding: str) -> bytes:
    if encoding.lower() == "base64":
        try:
            return b64decode(text)
        except (Base64Error, ValueError):
            pass  # it only says that it is
    return text.encode("utf-8", "replace")
