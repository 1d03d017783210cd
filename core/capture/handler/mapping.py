"""Which declared code an exception becomes (contract §6, "Handler answer")."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import httpx
import pydantic

from .errors import (
    ActionError,
    HandlerFaultError,
    InvalidInputError,
    UnreadableAnswerError,
    UpstreamError,
    UpstreamThrottledError,
    UpstreamTimeoutError,
)

Code = str | Callable[[BaseException], str]
"""A code, or what chooses one for the exception."""

Table = Mapping[type[BaseException], Code]
"""Codes by exception; the nearest class counts."""

INVALID_INPUT = "INVALID_INPUT_FORMAT"
TIMEOUT = "UPSTREAM_TIMEOUT"
THROTTLED = "RATE_LIMIT_EXCEEDED"
UNREADABLE = "DESERIALIZATION_FAILURE"
UPSTREAM = "UPSTREAM_ERROR"
FAULT = "HANDLER_FAULT"

STANDARD_CODES: Mapping[str, str] = {
    INVALID_INPUT: "The input lacks fields, or some have a wrong type or value.",
    TIMEOUT: "The system behind this action did not answer in time.",
    THROTTLED: "The system behind this action takes no more calls at present.",
    UNREADABLE: "The system behind this action answered what cannot be read.",
    UPSTREAM: "The system behind this action failed or cannot be reached.",
    FAULT: "This action itself is at fault.",
}
"""The codes that the standard table leads to, with what they mean."""


def _of_status(error: BaseException) -> str:
    """For those who call with httpx themselves."""
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else 0
    return {429: THROTTLED, 408: TIMEOUT, 504: TIMEOUT}.get(status, UPSTREAM)


STANDARD: Table = {
    InvalidInputError: INVALID_INPUT,
    UpstreamTimeoutError: TIMEOUT,
    UpstreamThrottledError: THROTTLED,
    UnreadableAnswerError: UNREADABLE,
    UpstreamError: UPSTREAM,
    HandlerFaultError: FAULT,
    TimeoutError: TIMEOUT,
    httpx.TimeoutException: TIMEOUT,
    httpx.HTTPStatusError: _of_status,
    httpx.DecodingError: UNREADABLE,
    httpx.TransportError: UPSTREAM,
    json.JSONDecodeError: UNREADABLE,
    UnicodeDecodeError: UNREADABLE,
    pydantic.ValidationError: UNREADABLE,
    Exception: FAULT,
}
"""What holds unless a handler's own table says otherwise."""


def code_of(error: BaseException, table: Table) -> str:
    """The code of `error`, by the nearest of its classes in `table`."""
    if isinstance(error, ActionError):
        return error.code
    for kind in type(error).__mro__:
        if kind in table:
            code = table[kind]
            return code if isinstance(code, str) else code(error)
    return FAULT


def codes_in(table: Table) -> list[str]:
    """Every code that is in `table` by name, each once; those that are chosen are not known."""
    codes = [code for code in table.values() if isinstance(code, str)]
    return list(dict.fromkeys(codes))
