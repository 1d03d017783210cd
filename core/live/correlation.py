"""What belongs together: exchange, failed record, run and flow trace, by which key, and how sure.

    certain   the same request id, flow execution id or trace id
    likely    the same conversation, or the same action, at about the same time

Time alone ties nothing. What is found by a certain key leads on to more; what is likely does not,
so that a long conversation does not draw in another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from ..models import (
    ActionRun,
    Certainty,
    Correlation,
    Exchange,
    Key,
    Kind,
    RecordError,
    RequestIdSource,
    Tie,
    TraceResult,
)
from ..sources import Absent, Listed, Missing
from ..sources.library import Page
from ..store import Store
from ..store.filter import Filter, parse
from ..store.mentions import Mention
from .recordids import ids_of
from .stepmatching import match_steps
from .tracing import Tracer, nothing_to_ask

AROUND = timedelta(minutes=5)
"""How far apart two things of one conversation or action may be to be tied."""

MOST = 100
"""Exchanges of one correlation; of more, the newest are shown."""

_MOST_RECORDS = 50
_MOST_IDS = 16
_SHORTEST_OWN_ID = 8
_SEARCH_S = 1.0
_CERTAIN = (Key.REQUEST_ID, Key.FLOW_EXECUTION_ID, Key.TRACE_ID)


class Exchanges(Protocol):
    """What is needed of `sources.Library`."""

    async def page(self, wanted: Filter, *, limit: int, budget_s: float) -> Page: ...

    async def payload(self, number: int) -> Exchange | Absent: ...


@dataclass(slots=True)
class _Gathered:
    """What was found so far, and by what; `ids` are those that may lead to more, by key."""

    request_id: str
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    errors: list[Mention] = field(default_factory=list)
    runs: dict[str, ActionRun] = field(default_factory=dict)
    ties: dict[tuple[Kind, str, str], Tie] = field(default_factory=dict)
    ids: dict[str, Key] = field(default_factory=dict)
    more: bool = False

    def tie(
        self,
        kind: Kind,
        id_: str,
        key: Key,
        value: str,
        certainty: Certainty = Certainty.CERTAIN,
        *,
        run_id: str = "",
    ) -> None:
        """Why something belongs here; the surest reason stays."""
        known = self.ties.get((kind, run_id, id_))
        if known is None or (known.certainty, certainty) == (Certainty.LIKELY, Certainty.CERTAIN):
            self.ties[kind, run_id, id_] = Tie(
                kind=kind, id=id_, key=key, value=value, certainty=certainty, run_id=run_id
            )

    def learn(self, key: Key, value: str) -> None:
        """An id that may lead to more."""
        if value and len(self.ids) < _MOST_IDS:
            self.ids.setdefault(value, key)

    def certain(self) -> list[Exchange]:
        """The exchanges that belong here for certain, in the order of their time."""
        sure = {
            tie.id
            for tie in self.ties.values()
            if tie.kind is Kind.EXCHANGE and tie.certainty is Certainty.CERTAIN
        }
        return [each for each in self.in_order() if each.id in sure]

    def in_order(self) -> list[Exchange]:
        return sorted(self.exchanges.values(), key=lambda each: (each.at, each.id))


class NoExchanges:
    """Where no captures are followed."""

    async def page(self, wanted: Filter, *, limit: int, budget_s: float) -> Page:
        """There are none."""
        return Page((), None, None)

    async def payload(self, number: int) -> Exchange | Absent:
        """There are none."""
        return Absent(Missing.GONE, "No captures are followed.")


class Correlator:
    """Finds what belongs to a request, in the index, in the store, and on the platform."""

    def __init__(self, exchanges: Exchanges, store: Store, tracer: Tracer) -> None:
        self._exchanges = exchanges
        self._store = store
        self._tracer = tracer

    async def correlate(self, request_id: str) -> Correlation:
        """Everything that is known to belong to `request_id`.

        It may be the id of a request, of a flow's execution, of a conversation or of a trace, or
        at least the first 8 characters of an exchange's own. Raises StoreError.
        """
        gathered = _Gathered(request_id)
        gathered.learn(Key.REQUEST_ID, request_id)
        await self._find_exchanges(gathered, [request_id])
        await self._find_errors(gathered)
        await self._find_exchanges(gathered, [each for each in gathered.ids if each != request_id])
        await self._find_runs(gathered)
        trace = await self._find_trace(gathered)
        return Correlation(
            request_id=request_id,
            exchanges=tuple(gathered.in_order()),
            record_errors=tuple(mention.error for mention in gathered.errors),
            runs=tuple(gathered.runs.values()),
            trace=trace,
            links=tuple(gathered.ties.values()),
            more=gathered.more,
        )

    async def of_record(self, error: RecordError) -> Correlation | None:
        """What belongs to a failed record; `None` if it bears no id. Raises StoreError."""
        found = ids_of(error)
        if not found:
            return None
        return await self.correlate(found[0][1])

    # Exchanges

    async def _find_exchanges(self, gathered: _Gathered, ids: Sequence[str]) -> None:
        for value in ids:
            if len(gathered.exchanges) >= MOST:
                gathered.more = True
                return
            await self._search(gathered, value)

    async def _search(self, gathered: _Gathered, value: str) -> None:
        page = await self._exchanges.page(parse(_id(value)), limit=MOST, budget_s=_SEARCH_S)
        gathered.more = gathered.more or (page.older is not None and len(page.rows) >= MOST)
        new = [row for row in page.rows if row.id and row.id not in gathered.exchanges]
        tied = [(row, tie) for row in new if (tie := self._tie_of(gathered, row, value))]
        room = MOST - len(gathered.exchanges)
        gathered.more = gathered.more or len(tied) > room
        wanted = tied[:room]
        payloads = await asyncio.gather(*(self._exchanges.payload(row.number) for row, _ in wanted))
        for (row, (key, certainty)), payload in zip(wanted, payloads, strict=True):
            exchange = _without_payload(row) if isinstance(payload, Absent) else payload
            gathered.exchanges[exchange.id] = exchange
            if value == gathered.request_id:
                gathered.ids[value] = key
            gathered.tie(Kind.EXCHANGE, exchange.id, key, value, certainty)
            if certainty is Certainty.CERTAIN:
                gathered.learn(Key.REQUEST_ID, exchange.request_id)
                gathered.learn(Key.FLOW_EXECUTION_ID, exchange.flow_execution_id)
                gathered.learn(Key.TRACE_ID, _real_trace(exchange.trace_id))
                gathered.learn(Key.CONVERSATION_ID, exchange.conversation_id)

    def _tie_of(self, gathered: _Gathered, row: Listed, value: str) -> tuple[Key, Certainty] | None:
        """By what `row` has `value`, and what that is worth."""
        if value == row.request_id:
            return Key.REQUEST_ID, Certainty.CERTAIN
        if value == row.flow_execution_id:
            return Key.FLOW_EXECUTION_ID, Certainty.CERTAIN
        if value == _real_trace(row.trace_id):
            return Key.TRACE_ID, Certainty.CERTAIN
        if value == row.conversation_id:
            asked = value == gathered.request_id
            near = any(abs(each.at - row.at) <= AROUND for each in gathered.certain())
            return (Key.CONVERSATION_ID, Certainty.LIKELY) if asked or near else None
        if value == gathered.request_id and len(value) >= _SHORTEST_OWN_ID:
            return (Key.EXCHANGE_ID, Certainty.CERTAIN) if row.id.startswith(value) else None
        return None

    # Failed records and runs

    async def _find_errors(self, gathered: _Gathered) -> None:
        ids = list(gathered.ids)
        for mention in await self._store.errors_mentioning(ids, limit=_MOST_RECORDS):
            error = mention.error
            named = {value: key for key, value in reversed(ids_of(error))}
            key = named.get(mention.id, gathered.ids[mention.id])
            by_conversation = key is Key.CONVERSATION_ID
            asked = mention.id == gathered.request_id
            if by_conversation and not asked and not await self._at_that_time(gathered, mention):
                continue
            gathered.errors.append(mention)
            certainty = Certainty.LIKELY if by_conversation else Certainty.CERTAIN
            gathered.tie(
                Kind.RECORD_ERROR,
                error.record_id,
                key,
                mention.id,
                certainty,
                run_id=error.run_id,
            )
            gathered.tie(Kind.RUN, error.run_id, key, mention.id, certainty)
            if certainty is Certainty.CERTAIN:
                for other, value in ids_of(error):
                    gathered.learn(other, value)

    async def _at_that_time(self, gathered: _Gathered, mention: Mention) -> bool:
        run = await self._store.run(mention.error.run_id)
        return run is not None and any(_spans(run, each) for each in gathered.certain())

    async def _find_runs(self, gathered: _Gathered) -> None:
        ids = [mention.error.run_id for mention in gathered.errors]
        acted = {each.action: each for each in gathered.certain() if each.action}
        known = await self._store.runs(
            list(dict.fromkeys([*ids, gathered.request_id, *acted])),
        )
        for run in known:
            if run.run_id == gathered.request_id:
                gathered.tie(Kind.RUN, run.run_id, Key.RUN_ID, run.run_id)
            elif run.run_id not in ids:
                if not _spans(run, acted[run.run_id]):
                    continue
                gathered.tie(Kind.RUN, run.run_id, Key.ACTION_ID, run.run_id, Certainty.LIKELY)
            gathered.runs[run.run_id] = run

    # The trace

    async def _find_trace(self, gathered: _Gathered) -> TraceResult:
        execution_id, key = _execution_of(gathered)
        if not execution_id:
            return nothing_to_ask()
        result = await self._tracer.trace(execution_id)
        if result.trace is None:
            return result
        gathered.tie(Kind.TRACE, execution_id, key, execution_id)
        # One that names no execution belongs here by its trace id; one that names another does not.
        certain = gathered.certain()
        mine = [each for each in certain if each.flow_execution_id in ("", execution_id)]
        return result.model_copy(update={"matches": match_steps(result.trace, mine)})


def _execution_of(gathered: _Gathered) -> tuple[str, Key]:
    """The execution whose trace is meant, and by which key it is known."""
    asked = gathered.request_id
    sure = gathered.certain()
    # First what bears the very id that was asked for.
    sure.sort(key=lambda each: asked not in (each.request_id, each.id, each.flow_execution_id))
    for exchange in sure:
        if exchange.flow_execution_id:
            return exchange.flow_execution_id, Key.FLOW_EXECUTION_ID
    for value, key in gathered.ids.items():
        if key is Key.FLOW_EXECUTION_ID:
            return value, key
    # Some flows send their execution's id as the request's. An id that was made up here, or is
    # another kind of id, is not worth a call.
    told = all(each.request_id_source is not RequestIdSource.GENERATED for each in sure)
    other = gathered.exchanges and not any(each.request_id == asked for each in sure)
    return ("", Key.REQUEST_ID) if other or not told else (asked, Key.REQUEST_ID)


def _id(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'id:"{escaped}"'


def _real_trace(trace_id: str) -> str:
    """A trace id of zeros stands for none (W3C)."""
    return trace_id if trace_id.strip("0") else ""


def _spans(run: ActionRun, exchange: Exchange) -> bool:
    """Whether an exchange was at about the time of a run; not where that is unknown."""
    if run.created_at is None:
        return False
    ends = run.updated_at if run.status.terminal and run.updated_at else run.polled_at
    return run.created_at - AROUND <= exchange.at <= ends + AROUND


def _without_payload(row: Listed) -> Exchange:
    """What is known of an exchange whose line went away between two looks."""
    return Exchange(
        id=row.id,
        at=row.at,
        service=row.service,
        request_id=row.request_id,
        flow_execution_id=row.flow_execution_id,
        conversation_id=row.conversation_id,
        traceparent=row.traceparent,
        method=row.method,
        url=row.url,
        route=row.route,
        action=row.action,
        status=row.status,
        duration_ms=row.duration_ms,
        outcome=row.outcome,
        code=row.code,
    )
