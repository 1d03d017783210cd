"""What belongs to runs: the exchanges and the traces of the requests that their records name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ..live.correlation import AROUND
from ..live.recordids import ids_of
from ..models import Key
from ..sources import Library
from ..store import Store
from ..store.filter import Filter
from ..store.filter.tree import Either, Every, Id, Node, Span, Text, millis

_KINDS = {
    Key.REQUEST_ID: "request",
    Key.FLOW_EXECUTION_ID: "flow",
    Key.TRACE_ID: "trace",
    Key.CONVERSATION_ID: "conversation",
}
_AT_A_TIME = 100


@dataclass(slots=True)
class Belonging:
    """The rows of exchanges, and the executions of flows."""

    rows: set[int] = field(default_factory=set)
    executions: set[str] = field(default_factory=set)


async def belonging_to(
    store: Store, library: Library | None, run_ids: Sequence[str], last: int
) -> Belonging:
    """What belongs to these runs, of exchanges up to row `last`, by the keys of `correlation`:
    certain ones, and a conversation or an action at about the time of the run."""
    found = Belonging()
    for run_id in run_ids:
        span = await _span(store, run_id)
        likely: list[Node] = [Text("action", run_id, quoted=True)] if span else []
        ids: dict[tuple[str, str], None] = {}
        async for error in store.errors(run_id):
            for key, value in ids_of(error):
                ids[_KINDS[key], value] = None
                if key is Key.FLOW_EXECUTION_ID:
                    found.executions.add(value)
            if len(ids) >= _AT_A_TIME:
                await _look(library, found, _nodes(ids, span), last)
                ids.clear()
        nodes = _nodes(ids, span)
        if span:
            nodes += [Every((node, span)) for node in likely]
        await _look(library, found, nodes, last)
    await _go_on(library, found, last)
    return found


def _nodes(ids: Iterable[tuple[str, str]], span: Node | None) -> list[Node]:
    nodes: list[Node] = []
    for kind, value in ids:
        node = Id(kind, value, quoted=True)
        if kind != "conversation":
            nodes.append(node)
        elif span is not None:
            nodes.append(Every((node, span)))
        # Some flows send their execution's id as the request's.
        if kind == "flow":
            nodes.append(Id("request", value, quoted=True))
    return nodes


async def _look(library: Library | None, found: Belonging, nodes: list[Node], last: int) -> None:
    if library is None or not nodes:
        return
    async for numbers in rows_of(library, Filter("", Either(tuple(nodes))), last):
        found.rows.update(numbers)


async def _go_on(library: Library | None, found: Belonging, last: int) -> None:
    """What is certain leads on: to the other exchanges of the same executions."""
    if library is None:
        return
    numbers = sorted(found.rows)
    known = set(found.executions)
    for start in range(0, len(numbers), _AT_A_TIME):
        listed = await library.listed(numbers[start : start + _AT_A_TIME])
        found.executions |= {row.flow_execution_id for row in listed if row.flow_execution_id}
    new = sorted(found.executions - known)
    for start in range(0, len(new), _AT_A_TIME):
        nodes: list[Node] = [
            Id("flow", value, quoted=True) for value in new[start : start + _AT_A_TIME]
        ]
        await _look(library, found, nodes, last)


async def _span(store: Store, run_id: str) -> Span | None:
    """The time of a run and a little around it; `None` where it is unknown."""
    run = await store.run(run_id)
    if run is None or run.created_at is None:
        return None
    ends = run.updated_at if run.status.terminal and run.updated_at else run.polled_at
    return Span("at", _millis(run.created_at, -AROUND), _millis(ends, AROUND))


def _millis(moment, by: timedelta) -> int:
    return millis(moment) + by // timedelta(milliseconds=1)


async def rows_of(
    library: Library, wanted: Filter, last: int, *, limit: int = 4096
) -> AsyncIterator[list[int]]:
    """The numbers of all rows up to `last` that a filter lets through, as they were seen."""
    first = 1
    while first <= last:
        numbers, reached = await library.numbers(
            wanted, first=first, last=last, limit=limit, descending=False
        )
        if numbers:
            yield numbers
        if reached is None:
            return
        first = reached + 1
