"""An exchange in the forms that people paste elsewhere."""

from __future__ import annotations

import json
import shlex
from typing import Any

from ..core.models import Body, BodyKind, Exchange

FORMS = (("curl", "as a curl command"), ("json", "as JSON"), ("har", "as a HAR entry"))
_LEFT_OUT = {"content-length", "host", "connection", "transfer-encoding", "accept-encoding"}


def copy_as(exchange: Exchange, form: str) -> str:
    """The exchange as `curl`, `json` or `har`; what was masked stays masked."""
    if form == "curl":
        return curl(exchange)
    if form == "har":
        return json.dumps(har_entry(exchange), indent=2, ensure_ascii=False)
    return exchange.model_dump_json(indent=2, exclude_defaults=True)


def body_text(body: Body) -> str:
    """A body as text: JSON written anew, text as it is, binary as its base64."""
    if body.kind is BodyKind.NONE:
        return ""
    if body.kind is BodyKind.JSON:
        return json.dumps(body.value, ensure_ascii=False)
    return str(body.value)


def curl(exchange: Exchange) -> str:
    """A command that sends the request again."""
    parts = ["curl", "-X", exchange.method or "GET", exchange.url]
    for name, value in exchange.request_headers:
        if name.lower() not in _LEFT_OUT:
            parts += ["-H", f"{name}: {value}"]
    if exchange.request.kind is not BodyKind.NONE:
        parts += ["--data-binary", body_text(exchange.request)]
    words = [shlex.quote(part) for part in parts]
    lines = [" ".join(words[:4])]
    lines += [" ".join(words[at : at + 2]) for at in range(4, len(words), 2)]
    return " \\\n  ".join(lines)


def har_entry(exchange: Exchange) -> dict[str, Any]:
    """One entry of a HAR 1.2 log; times that were not measured are -1, as the format says."""
    took = exchange.duration_ms if exchange.duration_ms is not None else 0
    request, response = exchange.request, exchange.response
    entry: dict[str, Any] = {
        "startedDateTime": exchange.at.isoformat(),
        "time": took,
        "request": {
            "method": exchange.method,
            "url": exchange.url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(exchange.request_headers),
            "queryString": [],
            "headersSize": -1,
            "bodySize": request.size,
        },
        "response": {
            "status": exchange.status or 0,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(exchange.response_headers),
            "content": {
                "size": response.size,
                "mimeType": response.content_type,
                "text": body_text(response),
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": response.size,
        },
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
    }
    if request.kind is not BodyKind.NONE:
        entry["request"]["postData"] = {
            "mimeType": request.content_type,
            "text": body_text(request),
        }
    if response.kind is BodyKind.BASE64:
        entry["response"]["content"]["encoding"] = "base64"
    return entry


def _headers(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
