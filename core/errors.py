"""Every error that cxtop raises.

    CxtopError
    ├── ConfigError              a setting is missing, wrong or unsafe
    │   ├── SecretError          a secret could not be had
    │   └── UnsupportedError     the profile's platform has no such call
    ├── PlatformError            the platform answered, and the answer is no
    │   ├── AuthenticationError  401, or the token endpoint refused the client
    │   ├── ForbiddenError       403: a scope or permission is missing
    │   ├── NotFoundError        404, 410: no such id
    │   ├── ConflictError        409
    │   ├── RequestError         400, 422 and other 4xx: the request is at fault
    │   ├── RateLimitError       429 beyond the retries
    │   ├── ServerError          5xx beyond the retries
    │   └── AnswerError          an answer that cannot be read as what was asked for
    ├── NetworkError             no answer came
    │   ├── UnreachableError     DNS, refused, reset, TLS
    │   ├── NoAnswerError        timed out, or broke off in the middle
    │   └── CircuitOpenError     the host failed so often that cxtop pauses calls to it
    ├── StoreError               what was seen could not be kept or read
    │   ├── StoreLockedError     another process holds it
    │   ├── StoreNewerError      written by a newer cxtop
    │   └── StoreFullError       the disk is full
    ├── CaptureError             exchanges cannot be captured
    │   └── LineError            a line of a capture log is not an exchange
    ├── SourceError              a log or file of exchanges cannot be read as one
    ├── FilterError              what was typed is no filter
    ├── InputError               what is to be sent is not fit to be sent
    │   └── ReadOnlyError        a snapshot is only looked at; nothing acts from there
    ├── ExportError              evidence could not be written to a file
    │   └── ExportExistsError    there is a file of that name already
    ├── SnapshotError            a file is no snapshot that can be read
    │   └── SnapshotNewerError   written by a newer cxtop
    └── ViewError                a payload cannot be shown in the way that was asked for

Each says *what* happened, *why*, and what to do (*fix*), in sentences for the user. Text from
outside is quoted in them as it came; whoever shows it makes it safe (`cxtop.core.text`).
"""

from __future__ import annotations


class CxtopError(Exception):
    """Something the user can understand and act on.

    `what` happened, `why` it did, and the `fix`: full sentences; `why` and `fix` may be empty.
    """

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.fix) if part)


class ConfigError(CxtopError):
    """A setting is missing, wrong or unsafe. `what` names the file and line, or the variable."""


class SecretError(ConfigError):
    """A secret could not be had from where the profile says it is."""


class UnsupportedError(ConfigError):
    """The profile's platform has no such call."""


class PlatformError(CxtopError):
    """The platform answered, and the answer is no.

    `status` is the HTTP status; `correlation_id` is what the vendor asks for; `call_id` finds
    the attempts in the store.
    """

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        status: int | None = None,
        correlation_id: str | None = None,
        call_id: str | None = None,
    ) -> None:
        super().__init__(what, why=why, fix=fix)
        self.status = status
        self.correlation_id = correlation_id
        self.call_id = call_id

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text} Correlation id: {self.correlation_id}." if self.correlation_id else text


class AuthenticationError(PlatformError):
    """The platform does not accept the client's credentials or token."""


class ForbiddenError(PlatformError):
    """The client is known but may not do this; `fix` names the missing scope or permission."""


class NotFoundError(PlatformError):
    """There is nothing with this id, or no longer."""


class ConflictError(PlatformError):
    """The request collides with the state on the platform."""


class RequestError(PlatformError):
    """The platform finds the request itself at fault."""


class RateLimitError(PlatformError):
    """Still throttled after the last retry. `retry_after` is in seconds, where it was said."""

    def __init__(self, what: str, *, retry_after: float | None = None, **rest: object) -> None:
        super().__init__(what, **rest)  # pyright: ignore[reportArgumentType]
        self.retry_after = retry_after


class ServerError(PlatformError):
    """The platform itself failed, again and again."""


class AnswerError(PlatformError):
    """The answer cannot be read as what was asked for: HTML, broken JSON, a wrong shape."""


class NetworkError(CxtopError):
    """No answer came. `call_id` finds the attempts in the store."""

    def __init__(
        self, what: str, *, why: str = "", fix: str = "", call_id: str | None = None
    ) -> None:
        super().__init__(what, why=why, fix=fix)
        self.call_id = call_id


class UnreachableError(NetworkError):
    """The host was not reached: DNS, refused, reset, TLS."""


class NoAnswerError(NetworkError):
    """The host was reached, but its answer did not come, or broke off."""


class CircuitOpenError(NetworkError):
    """Calls to a host that keeps failing are paused; one probe at a time goes through."""


class StoreError(CxtopError):
    """What was seen could not be kept, or what was kept could not be read."""


class StoreLockedError(StoreError):
    """Another process holds the store."""


class StoreNewerError(StoreError):
    """The store was written by a newer cxtop, and is left alone."""


class StoreFullError(StoreError):
    """The disk has no room left."""


class CaptureError(CxtopError):
    """Exchanges cannot be captured: a listener that cannot be opened, for one."""


class LineError(CaptureError):
    """A line of a capture log that cannot be read as an exchange."""


class SourceError(CxtopError):
    """A log or another file of exchanges cannot be read: not there, not allowed, unknown kind."""


class FilterError(CxtopError):
    """What was typed is no filter. `position` counts characters from 0: there the fault begins."""

    def __init__(self, what: str, *, position: int, why: str = "", fix: str = "") -> None:
        super().__init__(what, why=why, fix=fix)
        self.position = position


class InputError(CxtopError):
    """What is to be sent is not fit to be sent; `faults` are `(place, sentence)`, first to last."""

    def __init__(
        self, what: str, *, faults: tuple[tuple[str, str], ...] = (), why: str = "", fix: str = ""
    ) -> None:
        super().__init__(what, why=why, fix=fix)
        self.faults = faults


class ViewError(CxtopError):
    """A payload cannot be shown in the way that was asked for."""


class ReadOnlyError(InputError):
    """A snapshot is only looked at: nothing is asked, sent or changed from there."""


class ExportError(CxtopError):
    """Evidence could not be written. What was in the file's place before is whole."""


class ExportExistsError(ExportError):
    """There is a file already, and nobody said that it may be replaced."""


class SnapshotError(CxtopError):
    """A file is no snapshot that can be read: damaged, unsafe, or something else."""


class SnapshotNewerError(SnapshotError):
    """The snapshot was written by a newer cxtop."""
