"""How things stand, in one word each, and the connection to the platform.

Apart from the models, as a screen is painted before pydantic has loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WaitReason(StrEnum):
    """Why a call waited before its next attempt."""

    RETRY_AFTER = "retry-after"
    BACKOFF = "backoff"


class CallState(StrEnum):
    """What a call is doing."""

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_WORDS = {
    "QUEUED": "queued pending registered idle created",
    "RUNNING": "running in_progress processing",
    "COMPLETED": "completed complete success succeeded fulfilled",
    "FAILED": "failed error",
    "CANCELLED": "cancelled canceled terminated",
    "EXPIRED": "expired",
}


class RunStatus(StrEnum):
    """Where a run stands, whatever word the platform used for it (contract §0)."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def from_word(cls, word: object) -> RunStatus:
        """The status that `word` means, in any case; `UNKNOWN` for anything else."""
        if not isinstance(word, str):
            return cls.UNKNOWN
        return _BY_WORD.get(word.strip().lower(), cls.UNKNOWN)

    @property
    def terminal(self) -> bool:
        """Whether the run will never move again."""
        return self in _TERMINAL


_BY_WORD = {word: RunStatus(status) for status, words in _WORDS.items() for word in words.split()}
_TERMINAL = {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.EXPIRED}


class WatchState(StrEnum):
    """How the watching of one run goes."""

    KNOWN = "known"  # from the store; not asked again since cxtop started
    LIVE = "live"
    STALLED = "stalled"
    THROTTLED = "throttled"
    TROUBLED = "troubled"
    PAUSED = "paused"
    ENDED = "ended"


class ConnectionState(StrEnum):
    """How the platform answers as a whole."""

    CONNECTING = "connecting"
    LIVE = "live"
    PAUSED = "paused"
    OFFLINE = "offline"
    DENIED = "denied"
    SNAPSHOT = "snapshot"  # there is no platform: what is shown was read from a file


class RequestIdSource(StrEnum):
    """Where an exchange's request id came from."""

    HEADER = "header"
    BODY = "body"
    GENERATED = "generated"


class BodyKind(StrEnum):
    """How a body is kept: parsed JSON, text, base64 of binary data, or nothing."""

    NONE = "none"
    JSON = "json"
    TEXT = "text"
    BASE64 = "base64"


class Outcome(StrEnum):
    """What an answer was, in one word (contract §4; the last three are of captures only)."""

    OK = "ok"
    AUTH_EXPIRED = "auth_expired"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CLIENT_ERROR = "client_error"
    EMPTY_BODY = "empty_body"
    NOT_JSON = "not_json"
    NOT_OBJECT = "not_object"
    ACTION_ERRORS = "action_errors"
    NULL_RESULT = "null_result"
    STRINGIFIED_RESULT = "stringified_result"
    RAW_TOKEN = "raw_token"  # noqa: S105 - a word, no secret
    SCHEMA_DRIFT = "schema_drift"
    EXCEPTION = "exception"
    DISCONNECTED = "disconnected"
    UNREACHABLE = "unreachable"

    @property
    def good(self) -> bool:
        """Whether nobody needs to look."""
        return self in (
            Outcome.OK,
            Outcome.STRINGIFIED_RESULT,
            Outcome.RAW_TOKEN,
            Outcome.NULL_RESULT,
        )


class StepStatus(StrEnum):
    """How a step of a flow went."""

    DONE = "done"
    FAILED = "failed"
    RUNNING = "running"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class HealthSource(StrEnum):
    """Where figures come from."""

    ANALYTICS = "analytics"  # the platform's own
    CAPTURES = "captures"  # the exchanges that were captured here


class HealthState(StrEnum):
    """How an action stands against its threshold."""

    UNKNOWN = "unknown"  # no figures yet, or no executions
    HEALTHY = "healthy"
    PENDING = "pending"  # above the threshold, not yet for as long as an alert needs
    ABOVE = "above"
    SILENCED = "silenced"  # above, and nobody is to be told for a while


class Directive(StrEnum):
    """What is to be done about a failure, by its error code."""

    RETRY = "RETRY"
    ROLLBACK = "ROLLBACK"
    DEAD_LETTER = "DEAD_LETTER"


class RecoveryState(StrEnum):
    """How far the handling of a failure is."""

    NEW = "new"  # its error code is not known yet
    WAITING = "waiting"  # for the time of its next attempt
    SUBMITTING = "submitting"  # the attempt is decided and its key kept; the answer is not here
    WATCHING = "watching"  # the run of the attempt is on its way
    CHECKING = "checking"  # whether it was rolled back
    RECOVERED = "recovered"
    VERIFIED = "verified"  # rolled back, as the configured check saw
    UNVERIFIED = "unverified"  # nothing shows that it was rolled back
    DEAD_LETTER = "dead_letter"

    @property
    def over(self) -> bool:
        """Whether nothing more is done about it."""
        return self in _OVER


_OVER = {
    RecoveryState.RECOVERED,
    RecoveryState.VERIFIED,
    RecoveryState.UNVERIFIED,
    RecoveryState.DEAD_LETTER,
}


class LetterState(StrEnum):
    """Where a dead letter is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DISCARDED = "discarded"


class AuditEvent(StrEnum):
    """What the audit log tells."""

    HANDLED = "ASYNC_ERROR_HANDLED"
    DELIVERED = "DEAD_LETTER_DELIVERED"
    REQUEUED = "DEAD_LETTER_REQUEUED"
    DISCARDED = "DEAD_LETTER_DISCARDED"


class Resolution(StrEnum):
    """How the handling of an error ended."""

    SUCCESS = "SUCCESS"
    EXHAUSTED = "EXHAUSTED"


class Certainty(StrEnum):
    """How sure it is that two things belong together. Time alone never ties anything."""

    CERTAIN = "certain"
    LIKELY = "likely"


class Key(StrEnum):
    """By what things are known to belong together.

    `TIME` and `ORDER` tie a step to an exchange of the same execution, and nothing else.
    """

    REQUEST_ID = "request_id"
    FLOW_EXECUTION_ID = "flow_execution_id"
    CONVERSATION_ID = "conversation_id"
    TRACE_ID = "trace_id"
    EXCHANGE_ID = "exchange_id"
    RUN_ID = "run_id"
    ACTION_ID = "action_id"
    TIME = "time"
    ORDER = "order"


class Kind(StrEnum):
    """What is tied to what was asked for."""

    EXCHANGE = "exchange"
    RECORD_ERROR = "record_error"
    RUN = "run"
    TRACE = "trace"


class TraceState(StrEnum):
    """What came of asking for a flow's trace (contract §1, flow trace)."""

    FOUND = "found"
    NO_STEPS = "no_steps"  # the platform knows the execution, and tells no steps of it
    NO_EXECUTION = "no_execution"  # nothing says which execution it was
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    DENIED = "denied"  # the client has no access at all
    UNSUPPORTED = "unsupported"  # the dialect has no such call
    NO_PLATFORM = "no_platform"  # there is no profile
    THROTTLED = "throttled"
    OFFLINE = "offline"
    UNREADABLE = "unreadable"
    FAILED = "failed"

    @property
    def had(self) -> bool:
        """Whether there is a trace."""
        return self in (TraceState.FOUND, TraceState.NO_STEPS)


@dataclass(frozen=True, slots=True)
class Connection:
    """The state of the platform as a whole; `what`, `why` and `fix` speak when it is not live."""

    state: ConnectionState = ConnectionState.CONNECTING
    what: str = ""
    why: str = ""
    fix: str = ""
    since: datetime | None = None
