"""An exchange as an entry of a HAR 1.2 log.

What the format has no word for stands in comments for people, and in members that begin with an
underscore, as the format provides, for programs:

    entry._cxtop              what was captured beside the exchange: its id, outcome, failure …
    postData.encoding         "base64" for a binary request body, as `content` has it
    postData._truncated,
    content._truncated        true where only the first part of a body was kept
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from ...models import Body, BodyKind, Exchange
from .jsontext import encode, unicode

NOT_TOLD = "unknown"
"""The HTTP version: captures do not tell it."""

_NOWHERE = "http://host.invalid"
_OURS = (
    "id",
    "service",
    "request_id",
    "request_id_source",
    "flow_execution_id",
    "conversation_id",
    "traceparent",
    "route",
    "action",
    "outcome",
    "code",
    "failure",
    "attempts",
)
# What a URL may hold as it is (RFC 3986); a percent sign is taken for an escape.
_IN_URL = "%:/?#[]@!$&'()*+,;=-._~"
_WHOLE = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*://)([^/?#]*@)?([^/?#]*)(.*)", re.DOTALL)
_HOST = re.compile(r"(?:[A-Za-z0-9._\-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

Pairs = tuple[tuple[str, str], ...]


def har_entry(exchange: Exchange) -> dict[str, Any]:
    """One entry of a HAR 1.2 log, of plain values.

    All that was measured is the whole duration, so it is the time of waiting. Status 0 means that
    no answer came.
    """
    took = max(0.0, exchange.duration_ms or 0.0)
    request = _request(exchange)
    ours = {name: getattr(exchange, name) for name in _OURS if getattr(exchange, name)}
    if request["url"] != exchange.url:
        ours["url"] = exchange.url
    entry: dict[str, Any] = {
        "startedDateTime": _rfc3339(exchange.at),
        "time": took,
        "request": request,
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_cxtop": ours,
    }
    if comment := _remarks(exchange):
        entry["comment"] = comment
    return entry


def body_text(body: Body) -> str:
    """A body as text: JSON written anew, text as it is, binary as its base64."""
    if body.kind is BodyKind.NONE:
        return ""
    if body.kind is BodyKind.JSON:
        return encode(body.value).decode()
    return str(body.value)


def absolute(url: str, headers: Pairs) -> str:
    """`url` with a scheme and a host, and without signs that no URL may hold.

    The host is that of the header `host` where the URL has none, and `host.invalid` where nothing
    tells it or what does is none.
    """
    found = _WHOLE.match(url)
    if found is None:
        host = header(headers, "host")
        base = f"http://{host}" if _HOST.fullmatch(host) else _NOWHERE
        return base + _quoted(url if url.startswith("/") else f"/{url}")
    scheme, user, host, rest = found.groups()
    # A mask in the place of a user would be read as the address of a host.
    user = "" if user is None else quote(unicode(user[:-1]), safe="%:!$&'()*+,;=") + "@"
    known = host if _HOST.fullmatch(host) else _NOWHERE.removeprefix("http://")
    return f"{scheme}{user}{known}{_quoted(rest)}"


def _quoted(rest: str) -> str:
    return quote(unicode(rest), safe=_IN_URL)


def header(headers: Pairs, name: str) -> str:
    """The first value of a header, whatever its case; empty if there is none."""
    return next((value for key, value in headers if key.lower() == name), "")


def _request(exchange: Exchange) -> dict[str, Any]:
    body = exchange.request
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": absolute(exchange.url, exchange.request_headers),
        "httpVersion": NOT_TOLD,
        "cookies": _sent_cookies(exchange.request_headers),
        "headers": _pairs(exchange.request_headers),
        "queryString": _pairs(_query(exchange.url)),
        "headersSize": -1,
        "bodySize": body.size,
    }
    if body.kind is not BodyKind.NONE:
        posted = {"mimeType": body.content_type, "text": body_text(body)}
        request["postData"] = posted | _manner(body)
    elif body.size:
        request["comment"] = _not_kept(body)
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    body = exchange.response
    status = exchange.status or 0
    content: dict[str, Any] = {"size": body.size, "mimeType": body.content_type}
    if body.kind is not BodyKind.NONE:
        content |= {"text": body_text(body)} | _manner(body)
    elif body.size:
        content["comment"] = _not_kept(body)
    return {
        "status": status,
        "statusText": _phrase(status),
        "httpVersion": NOT_TOLD,
        "cookies": _set_cookies(exchange.response_headers),
        "headers": _pairs(exchange.response_headers),
        "content": content,
        "redirectURL": header(exchange.response_headers, "location"),
        "headersSize": -1,
        "bodySize": body.size,
    }


def _manner(body: Body) -> dict[str, Any]:
    """How the text of a body is to be read."""
    manner: dict[str, Any] = {"encoding": "base64"} if body.kind is BodyKind.BASE64 else {}
    if body.truncated:
        manner |= {
            "_truncated": True,
            "comment": f"Only the first part of {body.size} bytes was kept.",
        }
    return manner


def _not_kept(body: Body) -> str:
    return f"The body of {body.size} bytes was not kept."


def _remarks(exchange: Exchange) -> str:
    remarks: list[str] = []
    if exchange.duration_ms is None:
        remarks.append("The duration is not known.")
    if _WHOLE.match(exchange.url) is None:
        remarks.append("The URL was captured without its scheme and host.")
    if exchange.status is None:
        remarks.append("No answer was captured.")
    return " ".join(remarks)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _query(url: str) -> list[tuple[str, str]]:
    query = url.partition("#")[0].partition("?")[2]
    return parse_qsl(query, keep_blank_values=True, errors="replace")


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _sent_cookies(headers: Pairs) -> list[dict[str, Any]]:
    parts = [
        part
        for name, value in headers
        if name.lower() == "cookie"
        for part in value.split(";")
        if part.strip()
    ]
    return [_cookie(part) for part in parts]


def _set_cookies(headers: Pairs) -> list[dict[str, Any]]:
    cookies: list[dict[str, Any]] = []
    for name, value in headers:
        if name.lower() != "set-cookie":
            continue
        first, *attributes = value.split(";")
        cookie = _cookie(first)
        for attribute in attributes:
            cookie |= _attribute(attribute)
        cookies.append(cookie)
    return cookies


def _cookie(text: str) -> dict[str, Any]:
    # A cookie that was masked whole has no name any more.
    name, _, value = text.partition("=") if "=" in text else ("", "", text)
    return {"name": name.strip(), "value": value.strip()}


def _attribute(text: str) -> dict[str, Any]:
    name, _, value = (part.strip() for part in text.partition("="))
    match name.lower():
        case "path" | "domain" as known:
            return {known: value}
        case "httponly":
            return {"httpOnly": True}
        case "secure":
            return {"secure": True}
        case "expires":
            try:
                return {"expires": _rfc3339(parsedate_to_datetime(value))}
            except (ValueError, OverflowError):
                return {}
        case _:
            return {}


def _rfc3339(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
