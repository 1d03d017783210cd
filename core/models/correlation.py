"""What belongs together: exchanges, failed records, runs and the trace of a flow."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from .base import Model
from .exchanges import Exchange, FlowTrace
from .runs import ActionRun, RecordError


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


class Tie(Model):
    """Why something belongs to what was asked for.

    `id` says which one: of an exchange, of a run, of an execution, or of a failed record in the
    run `run_id`. `value` is what both have under `key`.
    """

    kind: Kind
    id: str
    key: Key
    value: str
    certainty: Certainty
    run_id: str = ""


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


class StepMatch(Model):
    """Step number `step` of the trace, from 0, made the exchange with the id `exchange_id`."""

    step: int
    exchange_id: str
    key: Key
    value: str
    certainty: Certainty


class TraceResult(Model):
    """A flow's trace, or why there is none: `what`, `why` and `fix` are sentences for the user.

    `asked_at` is when the platform was asked, `None` if it was not.
    """

    execution_id: str
    state: TraceState
    trace: FlowTrace | None = None
    what: str = ""
    why: str = ""
    fix: str = ""
    asked_at: datetime | None = None
    matches: tuple[StepMatch, ...] = ()


class Correlation(Model):
    """Everything that is known to belong to a request, and by which key each is tied to it.

    Exchanges are in the order of their time. `more` says that some were left out, as there are
    too many.
    """

    request_id: str
    exchanges: tuple[Exchange, ...] = ()
    record_errors: tuple[RecordError, ...] = ()
    runs: tuple[ActionRun, ...] = ()
    trace: TraceResult
    links: tuple[Tie, ...] = ()
    more: bool = False

    @property
    def found(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.exchanges or self.record_errors or self.runs) or self.trace.state.had
