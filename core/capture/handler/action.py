"""`@data_action`: a function becomes a data action whose every answer has the declared shape."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from ...errors import ConfigError
from ...redact import REDACTOR
from ...text import clip
from ..identity import CURRENT, Identity
from .checking import Checker
from .connections import Client
from .errors import (
    ActionError,
    HandlerError,
    HandlerFaultError,
    InvalidInputError,
    UpstreamError,
)
from .mapping import FAULT, STANDARD, Code, Table, code_of, codes_in
from .retrying import Retrying
from .schema import ActionSchema
from .upstream import BlockingUpstream, Upstream

LOGGER = logging.getLogger("cxtop.capture.handler")

_LONGEST_MESSAGE = 1000
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NO_TRACE = "0" * 32

Function = Callable[..., Any]


class DataAction(Protocol):
    """A function that is a data action.

    Given a Starlette or FastAPI request, as their routes do, it gives the response; given an
    inbound call as a dictionary, as `cxtop serve --handler` does, it gives the answer as one.
    """

    schema: ActionSchema

    async def __call__(self, call: Any) -> Any: ...

    async def aclose(self) -> None:
        """Closes the connections to upstreams; to be awaited when the service shuts down."""
        ...


def data_action(
    schema: ActionSchema,
    *,
    base_url: str | Callable[[], str] = "",
    headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None = None,
    retrying: Retrying | None = None,
    errors: Mapping[type[BaseException], Code] | None = None,
) -> Callable[[Function], DataAction]:
    """Makes a data action of a function that takes the input, and the upstream client if it wants.

        @data_action(SCHEMA, base_url="https://erp.example", errors={KeyError: "UNKNOWN_SKU"})
        async def sync_inventory(wanted: Wanted, upstream: Upstream) -> Stock: ...

    The input is the call's `variables`, checked, as the schema's model or as a dictionary. A
    function that is not async runs in a thread and gets a `BlockingUpstream`. What it returns is
    checked too. `errors` says which declared code an exception becomes, the nearest class first,
    before the standard table does (`mapping`); a code may be a function of the exception.
    `base_url` and `headers` are those of upstream calls, and may be functions, asked at each call.

    Raises ConfigError for a table that leads to codes that the schema does not declare, and for a
    function that takes anything else.
    """
    table: Table = {**STANDARD, **(errors or {})}
    if unknown := [code for code in codes_in(table) if code not in schema.codes]:
        raise ConfigError(
            f"The schema of {schema.name!r} does not declare {', '.join(unknown)}.",
            why="The handler's table of errors leads there.",
            fix="Declare them under errorCodes, or map their exceptions to codes that are.",
        )

    def decorated(function: Function) -> DataAction:
        client = Client(base_url, headers or {}, retrying or Retrying())
        return _as_function(_Action(schema, function, table, client))

    return decorated


class _Action:
    """A function, and all that is done around it."""

    def __init__(
        self, schema: ActionSchema, function: Function, table: Table, client: Client
    ) -> None:
        self.schema = schema
        self.function = function
        self.client = client
        self._table = table
        self._checker = Checker(schema)
        self._is_async = inspect.iscoroutinefunction(function)
        self._wants_upstream = _wants_upstream(function)

    async def answer(self, call: Any, identity: Identity) -> dict[str, Any]:
        """The whole answer to an inbound call; nothing that the function does is raised."""
        found = _TRACEPARENT.fullmatch(identity.traceparent.strip().lower())
        trace = found[1] if found and found[1] != _NO_TRACE else ""
        try:
            wanted = self._checker.taken(call)
            given = await self._run(wanted, identity, trace or uuid.uuid4().hex)
            return self._checked(given)
        except Exception as error:  # noqa: BLE001 - every one of them becomes a declared code
            return self._failed(error, identity, trace or identity.request_id or _own_id(call))

    async def _run(self, wanted: Any, identity: Identity, trace: str) -> Any:
        upstream = Upstream(self.client, identity, trace)
        if self._is_async:
            arguments = (wanted, upstream) if self._wants_upstream else (wanted,)
            return await self.function(*arguments)
        blocking = BlockingUpstream(upstream, asyncio.get_running_loop())
        arguments = (wanted, blocking) if self._wants_upstream else (wanted,)
        return await asyncio.to_thread(self.function, *arguments)

    def _checked(self, given: Any) -> dict[str, Any]:
        """The answer for what the function returned: data, or a whole answer of its own."""
        if not (isinstance(given, dict) and isinstance(given.get("success"), bool)):
            return {"success": True, "data": self._checker.given(given)}
        if given["success"]:
            return {"success": True, "data": self._checker.given(given.get("data"))}
        error = given.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        if not isinstance(code, str):
            raise HandlerFaultError("The handler returned an error without a code.")
        assert isinstance(error, dict)
        message = error.get("message")
        raise ActionError(code, message if isinstance(message, str) else "")

    def _failed(self, error: Exception, identity: Identity, trace: str) -> dict[str, Any]:
        code = code_of(error, self._table)
        if code not in self.schema.codes:
            told = f"The code {clip(code, 100)!r} is not declared in the schema."
            fault = HandlerFaultError(told)
            fault.__cause__ = error
            error, code = fault, FAULT
        if code == FAULT:
            identity.failure = error
            LOGGER.error("The data action %s is at fault.", self.schema.name, exc_info=error)
        attempts = error.attempts if isinstance(error, UpstreamError) else len(identity.attempts)
        details: dict[str, Any] = {"trace": trace, "attempts": attempts}
        if not isinstance(error, ActionError | InvalidInputError):
            details["type"] = type(error).__name__
        if isinstance(error, InvalidInputError):
            details |= {"missing": list(error.missing)} if error.missing else {}
            details |= {"wrong": error.wrong} if error.wrong else {}
        message = _clean(self._message(error, code))
        return {
            "success": False,
            "error": {"code": code, "message": message, "details": _clean(details)},
        }

    def _message(self, error: Exception, code: str) -> str:
        """A sentence that quotes nothing of what came in or back."""
        if isinstance(error, ActionError):
            return error.message or self.schema.codes[code]
        if code != FAULT and isinstance(error, HandlerError):
            return str(error)
        return self.schema.codes[code]


def _as_function(action: _Action) -> DataAction:
    """A function, as that is what routes of every framework take."""

    async def handler(call: Any) -> Any:
        identity = CURRENT.get() or Identity()
        if not isinstance(call, Request):
            return await action.answer(call, identity)
        if not identity.traceparent:
            identity.traceparent = call.headers.get("traceparent", "")
        if not identity.request_id:
            identity.from_header(call.headers.get("x-request-id", "").encode("latin-1", "replace"))
        answer = await action.answer(_read(await call.body()), identity)
        return Response(json.dumps(answer, allow_nan=False), media_type="application/json")

    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(handler, name, getattr(action.function, name, getattr(handler, name)))
    # Frameworks look here for what to hand in.
    parameter = inspect.Parameter(
        "call", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request
    )
    known: Any = handler
    known.__signature__ = inspect.Signature([parameter], return_annotation=Response)
    known.__annotations__ = {"call": Request, "return": Response}
    known.schema = action.schema
    known.aclose = action.client.close
    return known


def _read(body: bytes) -> Any:
    """The JSON value of a body; what is none is left to the check of the input, as text is."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _own_id(call: Any) -> str:
    """What finds the call where nothing captured it."""
    told = call.get("flowExecutionId") if isinstance(call, dict) else None
    return told if isinstance(told, str) and told else str(uuid.uuid4())


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clip(REDACTOR.text(value), _LONGEST_MESSAGE)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _wants_upstream(function: Function) -> bool:
    """Whether it takes two arguments. Raises ConfigError for anything but one or two."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = list(inspect.signature(function).parameters.values())
    needed = [each for each in parameters if each.kind in kinds]
    others = [
        each
        for each in parameters
        if each.kind is inspect.Parameter.KEYWORD_ONLY and each.default is each.empty
    ]
    if others or len(needed) not in (1, 2):
        raise ConfigError(
            f"{getattr(function, '__name__', 'The function')} cannot be a data action.",
            why="It must take the input, and may take the upstream client after it.",
        )
    return len(needed) == 2
