"""The routes of the debug service (contract §6)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .. import __version__
from ..capture import CaptureLog, CaptureMiddleware
from ..errors import CxtopError, SourceError, StoreError
from ..live import Captures
from ..models import Correlation
from . import health
from .answers import Json, page, refusal
from .guard import Guard, Limits
from .handling import BusyError, Handler, HandlerTimeoutError, Handling
from .inbound import InboundCall, InvalidCallError, read_call
from .metrics import CONTENT_TYPE, Metrics

_ABOUT = (
    "Takes the calls of data actions, captures them, and tells what belongs to a request: its "
    "exchanges here, failed records, runs, and the trace of its flow on the platform. Also how "
    "healthy actions are, and counts for Prometheus."
)

_ANSWER = {
    "type": "object",
    "required": ["success"],
    "properties": {
        "success": {"type": "boolean"},
        "data": {},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        },
    },
}


def create_service(
    captures: Captures,
    *,
    log: CaptureLog | str | Path,
    handler: Handler | None = None,
    token: str | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The debug service as an ASGI application.

    Calls at `/dataaction/webhook` are checked, answered by `handler` (by an echo without one),
    and captured into `log`; `captures` must follow the place where that writes. With a `token`
    all other routes need it as a bearer token.
    """
    bounds = limits or Limits()
    capture = log if isinstance(log, CaptureLog) else CaptureLog(log, "cxtop-serve")
    app = FastAPI(
        title="cxtop debug service",
        description=_ABOUT,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.log = capture
    _Routes(captures, capture, handler, bounds).add_to(app)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_wrong_question)
    app.add_middleware(Guard, limits=bounds, token=token)  # pyright: ignore[reportArgumentType]
    # The last one is the outermost: what the guard refuses is captured too.
    app.add_middleware(
        CaptureMiddleware,  # pyright: ignore[reportArgumentType]
        log=capture,
        routes=("/dataaction",),
        max_body=bounds.body_bytes,
    )
    return app


class _Routes:
    def __init__(
        self, captures: Captures, log: CaptureLog, handler: Handler | None, limits: Limits
    ) -> None:
        self._captures = captures
        self._log = log
        self._metrics = Metrics(captures.store, log)
        self._handling = Handling(handler, limit_s=limits.handler_s, most=limits.in_flight)

    def add_to(self, app: FastAPI) -> None:
        """Adds the webhook, and the routes for those who debug."""
        self._add_webhook(app)
        self._add_questions(app)
        app.add_api_route("/healthz", self.healthz, methods=["GET"], summary="Whether it works")
        app.add_api_route(
            "/docs", lambda: page(app.openapi()), methods=["GET"], include_in_schema=False
        )

    def _add_webhook(self, app: FastAPI) -> None:
        said = {400: "no JSON", 422: "not an inbound call; `details` names the fields"}
        more = {503: "too busy", 504: "the handler took too long"}
        app.add_api_route(
            "/dataaction/webhook",
            self.webhook,
            methods=["POST"],
            summary="The call of a data action",
            response_class=Json,
            responses={
                200: {
                    "description": "what the handler said, or an echo",
                    "content": {"application/json": {"schema": _ANSWER}},
                },
                **{status: {"description": text} for status, text in (said | more).items()},
            },
            openapi_extra={
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": InboundCall.model_json_schema()}},
                },
                "parameters": [
                    {
                        "name": "X-Request-ID",
                        "in": "header",
                        "required": False,
                        "schema": {"type": "string"},
                    }
                ],
            },
        )

    def _add_questions(self, app: FastAPI) -> None:
        app.add_api_route(
            "/debug/correlate/{request_id:path}",
            self.correlate,
            methods=["GET"],
            summary="Everything that belongs to a request",
            response_model=None,
            responses={
                200: {"model": Correlation, "description": "what is known"},
                404: {"model": Correlation, "description": "nothing is known, and why"},
                503: {"description": "the store cannot be used"},
            },
        )
        app.add_api_route(
            "/health",
            self.health,
            methods=["GET"],
            summary="How healthy an action is",
            response_model=None,
            responses={
                200: {"model": health.HealthAnswer, "description": "its figures"},
                422: {"description": "no action or no interval was given"},
                502: {"description": "the platform refuses its analytics"},
                503: {"description": "the store cannot be used"},
                504: {"description": "the platform does not answer"},
            },
        )
        app.add_api_route(
            "/metrics",
            self.metrics,
            methods=["GET"],
            summary="Counts for Prometheus",
            response_class=Response,
            responses={
                200: {"content": {"text/plain": {}}, "description": "in its text format"},
                503: {"description": "the store cannot be used"},
            },
        )

    async def webhook(self, request: Request) -> Response:
        """Checks the call and answers with the handler, or with what was sent where there is none.

        The request id is that of the header `X-Request-ID`, else `flowExecutionId`, else new.
        """
        try:
            call = read_call(await request.body())
        except InvalidCallError as error:
            details: dict[str, Any] = {}
            if error.missing:
                details["missing"] = list(error.missing)
            if error.wrong:
                details["wrong"] = error.wrong
            said = str(error)
            return refusal(error.status, "INVALID_INPUT_FORMAT", said, details=details)
        try:
            return Json(await self._handling.answer(call))
        except HandlerTimeoutError as error:
            return refusal(504, "UPSTREAM_TIMEOUT", str(error))
        except BusyError as error:
            return refusal(503, "BUSY", str(error), headers={"Retry-After": "1"})

    async def correlate(self, request_id: str) -> Response:
        """Exchanges that were captured here, failed records, runs, and the flow's trace on the
        platform, each with the key that ties it to the request and how sure that is.

        The id may also be that of a flow's execution, a conversation or a trace.
        """
        # What was captured a moment ago may not be in the file yet.
        await asyncio.to_thread(self._log.flush)
        try:
            found = await self._captures.correlate(request_id)
        except (StoreError, SourceError) as error:
            return refusal(503, "STORE", str(error), headers={"Retry-After": "5"})
        return Json(found.model_dump(mode="json"), 200 if found.found else 404)

    async def health(
        self,
        action_id: Annotated[str, Query(min_length=1, description="The action's id.")],
        interval: Annotated[
            str, Query(description="How far back, in ISO 8601, such as PT24H or P7D.")
        ] = "PT24H",
    ) -> Response:
        """Executions, errors, error rate in percent and the five codes with most errors, up to now.

        They are the platform's own figures, at most a minute old, or those of the exchanges that
        were captured here where it has none.
        """
        try:
            return health.answer(await self._captures.health.report(action_id, interval))
        except CxtopError as error:
            return health.refused(error)

    async def metrics(self) -> Response:
        """Executions, errors by code, polls, retries, what is left of the rate budget, dead
        letters, exchanges captured and dropped. No payload is in them."""
        try:
            return Response(await self._metrics.text(), media_type=CONTENT_TYPE)
        except StoreError as error:
            return refusal(503, "STORE", str(error), headers={"Retry-After": "5"})

    async def healthz(self) -> dict[str, Any]:
        """Counts of the capture log; `problem` says why it cannot be written, if it cannot."""
        stats = self._log.stats
        return {
            "status": "degraded" if stats.problem else "ok",
            "version": __version__,
            "capture": {
                "seen": stats.seen,
                "written": stats.written,
                "waiting": stats.waiting,
                "dropped": stats.dropped,
                "failed": stats.failed,
                "problem": stats.problem,
            },
        }


async def _on_wrong_question(request: Request, error: Exception) -> Response:
    """What a route's own parameters refuse, in the words of a handler's answer."""
    assert isinstance(error, RequestValidationError)
    wrong = {str(each["loc"][-1]): each["msg"] for each in error.errors()}
    said = "; ".join(f"{name}: {message}" for name, message in wrong.items())
    return refusal(422, "INVALID_INPUT_FORMAT", f"{said}.", details={"wrong": wrong})


async def _on_http_error(request: Request, error: Exception) -> Response:
    """What the router refuses: no such path, wrong method."""
    assert isinstance(error, HTTPException)
    code = "NOT_FOUND" if error.status_code == 404 else "METHOD_NOT_ALLOWED"
    headers = dict(error.headers or {})
    return refusal(error.status_code, code, f"{error.detail}.", headers=headers)
