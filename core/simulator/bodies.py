"""JSON objects that clients send."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request

from .answers import RefusedError

MOST_BYTES = 1024 * 1024


async def object_in(request: Request) -> dict[str, Any]:
    """The JSON object in the body of `request`. Raises RefusedError for anything else."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise RefusedError(413, "payload.too.large", "The body is too large.")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise RefusedError(400, "bad.request", "The body is no JSON.") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "bad.request", "The body is no JSON object.")
    return body
