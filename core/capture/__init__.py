"""Seeing exchanges where they happen: in somebody's service, or between it and its caller.

    record      the line format of a capture log
    files       the file: whole lines, one process, rotated
    log         the queue before it
    sighting    an exchange as it was seen, and how it becomes a line
    bodies      what is kept of a body
    outcome     what an answer was, in one word
    failure     what is kept of an exception
    identity    the request id, for the service's own logs too
    middleware  sees exchanges inside an ASGI application
    proxy       sees them in front of any service (import it by itself: it needs aiohttp)

Importing this loads nothing heavier than pydantic and msgspec, for it runs in others' services.
"""

from .identity import RequestIdFilter, current_request_id
from .log import CaptureLog, CaptureStats
from .middleware import CaptureMiddleware

__all__ = [
    "CaptureLog",
    "CaptureMiddleware",
    "CaptureStats",
    "RequestIdFilter",
    "current_request_id",
]
