"""An ASGI middleware that captures the exchanges of the service it is put into (contract §6).

    app.add_middleware(CaptureMiddleware, log="captures.jsonl")      # FastAPI, Starlette
    app = CaptureMiddleware(app, log="captures/")                    # any ASGI application

It watches messages as they pass and holds none of them back, in neither direction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import ConfigError
from ..redact import REDACTOR, Redactor
from .asgi import App, Message, Receive, Scope, Send
from .identity import CURRENT
from .log import CaptureLog
from .passage import Passage
from .sighting import MAX_BODY

Routes = Callable[[str], bool] | Iterable[str]


class CaptureMiddleware:
    """Captures HTTP exchanges into `log`, a path or a `CaptureLog`.

    `service` names the service in the log. `routes` chooses what is captured: path prefixes
    (whole segments), or a function of the path; the rest is passed on untouched. `max_body` is
    how many bytes of a body are kept. `redact_names` and `redact_patterns` are further names and
    regular expressions of secrets. `sample` is the share of exchanges that are kept, 0 to 1.
    `request_id_header` bears the request id, in both directions; an id that the application sets
    itself is left alone.

    An exception that the application does not handle is answered with 500 and logged, and so is
    done with. Where the answer had begun, it is passed on, for the server must break off.

    `service`, `redact_names` and `redact_patterns` belong to the log, so they only go with a path.
    Raises `ConfigError` for settings that make no sense.
    """

    def __init__(
        self,
        app: App,
        *,
        log: str | Path | CaptureLog,
        service: str | None = None,
        routes: Routes | None = None,
        max_body: int = MAX_BODY,
        redact_names: Iterable[str] = (),
        redact_patterns: Iterable[str] = (),
        sample: float = 1.0,
        request_id_header: str = "X-Request-ID",
    ) -> None:
        if not 0 <= sample <= 1 or max_body < 0:
            raise ConfigError(
                "The capture middleware's settings make no sense.",
                why="sample goes from 0 to 1, and max_body is not below 0.",
            )
        self.app = app
        self.log = _log(log, service, tuple(redact_names), tuple(redact_patterns))
        self._chosen = None if routes is None else _chooser(routes)
        self.max_body = max_body
        self.sample = sample
        self.id_header = request_id_header.encode("ascii")
        self.id_key = self.id_header.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                send = self._flushing(send)
            await self.app(scope, receive, send)
            return
        if self._chosen is not None and not self._chosen(scope["path"]):
            await self.app(scope, receive, send)
            return
        passage = Passage(self, scope, receive, send)
        token = CURRENT.set(passage.identity)
        try:
            await self.app(scope, passage.receive, passage.send)
        except Exception as error:
            if not await passage.failed(error):
                raise
        except BaseException:
            passage.broke_off()
            raise
        else:
            passage.returned()
        finally:
            CURRENT.reset(token)

    def _flushing(self, send: Send) -> Send:
        """Closes the log when the application has shut down: many servers end by a signal, and
        nothing else gets a turn then."""

        async def passed(message: Message) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                self.log.close()
            await send(message)

        return passed


def _log(
    log: str | Path | CaptureLog,
    service: str | None,
    names: tuple[str, ...],
    patterns: tuple[str, ...],
) -> CaptureLog:
    if isinstance(log, CaptureLog):
        if service is not None or names or patterns:
            raise ConfigError(
                "service, redact_names and redact_patterns belong to the capture log.",
                fix="Give them to the CaptureLog, or give the middleware a path.",
            )
        return log
    redactor = Redactor(names, patterns) if names or patterns else REDACTOR
    return CaptureLog(log, service or "service", redactor=redactor)


def _chooser(routes: Routes) -> Callable[[str], bool]:
    if callable(routes):
        return routes
    whole = tuple(prefix.rstrip("/") for prefix in routes)
    beginnings = tuple(f"{prefix}/" for prefix in whole)
    exact = frozenset(whole)
    return lambda path: path in exact or path.startswith(beginnings)
