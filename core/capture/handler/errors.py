"""What a handler raises, and what its upstream calls raise.

    HandlerError
    ├── ActionError                 the handler itself says no, with one of its declared codes
    ├── InvalidInputError           the input is not what the schema asks for
    ├── HandlerFaultError           the handler broke its own contract
    └── UpstreamError               a call to another service came to nothing
        ├── UpstreamTimeoutError    it took too long, here or by its own gateway (408, 504)
        ├── UpstreamThrottledError  429 beyond the retries
        ├── UpstreamStatusError     any other status that is no answer
        ├── UpstreamUnreachableError no connection came about, or it was lost before the answer
        └── UnreadableAnswerError   it answered, but what cannot be read, or broke off

None of them carries a payload: what they say may leave the service.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import CxtopError


class HandlerError(CxtopError):
    """A data action's handler cannot give what it was asked for."""


class ActionError(HandlerError):
    """Raised by a handler to answer with the error `code`, which its schema must declare.

    Without a `message` the schema's own is told. The message leaves the service: put no payload
    and no secret into it.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message


class InvalidInputError(HandlerError):
    """The input does not fit the schema: which fields are `missing`, and what is `wrong` with
    others, both by their JSON path."""

    def __init__(
        self, what: str, *, missing: tuple[str, ...] = (), wrong: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(what)
        self.missing = missing
        self.wrong = dict(wrong or {})


class HandlerFaultError(HandlerError):
    """The handler broke its own contract: a code that is not declared, an output that does not
    fit. Found before it leaves; the caller is told `HANDLER_FAULT`, the log says what it was."""


class UpstreamError(HandlerError):
    """A call to an upstream came to nothing after so many `attempts`.

    `status` is that of the last answer, `None` where none came.
    """

    def __init__(
        self, what: str, *, why: str = "", attempts: int = 0, status: int | None = None
    ) -> None:
        super().__init__(what, why=why)
        self.attempts = attempts
        self.status = status


class UpstreamTimeoutError(UpstreamError):
    """The upstream did not answer in time."""


class UpstreamThrottledError(UpstreamError):
    """The upstream still answers 429. `retry_after_s` is what it asked for, where it did."""

    retry_after_s: float | None = None


class UpstreamStatusError(UpstreamError):
    """The upstream answered with a status that is no answer."""


class UpstreamUnreachableError(UpstreamError):
    """The upstream was not reached, or the connection was lost before its answer."""


class UnreadableAnswerError(UpstreamError):
    """The upstream answered what cannot be read: no JSON, half of it, too much, another shape."""
