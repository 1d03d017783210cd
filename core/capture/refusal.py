"""What the proxy answers by itself, in place of the service."""

from __future__ import annotations

import asyncio
import json

import aiohttp
from aiohttp import web


class RefusedError(Exception):
    """An exchange that the proxy answers by itself, with a sentence in JSON."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def said(refusal: RefusedError) -> web.Response:
    """The refusal as an answer."""
    told = {"success": False, "error": {"code": refusal.code, "message": str(refusal)}}
    body = json.dumps(told).encode()
    return web.Response(
        status=refusal.status, headers=refusal.headers, body=body, content_type="application/json"
    )


def too_long(limit: int) -> RefusedError:
    """The caller's body has over `limit` bytes."""
    return RefusedError(413, "BODY_TOO_LONG", f"The body is longer than {limit} bytes.")


def unreachable(error: Exception, upstream: str) -> RefusedError:
    """The service at `upstream` did not answer, for the reason `error`."""
    if isinstance(error, asyncio.TimeoutError):
        return RefusedError(
            504, "UPSTREAM_TIMEOUT", f"The service at {upstream} did not answer in time."
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        why = error.os_error.strerror or type(error.os_error).__name__
        return RefusedError(
            502,
            "UPSTREAM_UNREACHABLE",
            f"The service at {upstream} could not be reached: {why}.",
        )
    return RefusedError(
        502,
        "UPSTREAM_BROKEN",
        f"The service at {upstream} broke off before it answered ({type(error).__name__}).",
    )
