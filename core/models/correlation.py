"""What belongs together: exchanges, failed records, runs and the trace of a flow."""

from __future__ import annotations

from datetime import datetime

from ..states import Certainty, Key, Kind, TraceState
from .base import Model
from .exchanges import Exchange, FlowTrace
from .runs import ActionRun, RecordError


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
