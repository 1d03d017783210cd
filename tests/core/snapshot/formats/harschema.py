"""HAR 1.2 as its specification has it, as a JSON Schema."""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": -1}
TIME: dict[str, Any] = {"type": "number", "minimum": 0}
WHEN: dict[str, Any] = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
}


def thing(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object; members of one's own begin with an underscore."""
    return {
        "type": "object",
        "properties": required | optional | {"comment": TEXT},
        "patternProperties": {"^_": {}},
        "required": list(required),
        "additionalProperties": False,
    }


def several(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


PAIR = thing({"name": TEXT, "value": TEXT})
COOKIE = thing(
    {"name": TEXT, "value": TEXT},
    path=TEXT,
    domain=TEXT,
    expires=WHEN,
    httpOnly={"type": "boolean"},
    secure={"type": "boolean"},
)
# `encoding` is of contents alone; for what was posted it is a habit that many readers know.
POSTED = thing({"mimeType": TEXT, "text": TEXT}, encoding={"const": "base64"})
REQUEST = thing(
    {
        "method": TEXT,
        "url": {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.\-]*://[^\s<>\"{}|\\^`/]+\S*$"},
        "httpVersion": TEXT,
        "cookies": several(COOKIE),
        "headers": several(PAIR),
        "queryString": several(PAIR),
        "headersSize": COUNT,
        "bodySize": COUNT,
    },
    postData=POSTED,
)
RESPONSE = thing(
    {
        "status": {"type": "integer", "minimum": 0, "maximum": 999},
        "statusText": TEXT,
        "httpVersion": TEXT,
        "cookies": several(COOKIE),
        "headers": several(PAIR),
        "content": thing(
            {"size": COUNT, "mimeType": TEXT}, text=TEXT, encoding={"const": "base64"}
        ),
        "redirectURL": TEXT,
        "headersSize": COUNT,
        "bodySize": COUNT,
    }
)
ENTRY = thing(
    {
        "startedDateTime": WHEN,
        "time": TIME,
        "request": REQUEST,
        "response": RESPONSE,
        "cache": {"type": "object"},
        "timings": thing({"send": TIME, "wait": TIME, "receive": TIME}),
    }
)
HAR = thing(
    {
        "log": thing(
            {
                "version": {"const": "1.2"},
                "creator": thing({"name": TEXT, "version": TEXT}),
                "entries": several(ENTRY),
            }
        )
    }
)
