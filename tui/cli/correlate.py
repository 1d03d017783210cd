"""cxtop correlate: everything that belongs to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import exits
from .options import Flags, epilog, with_captures
from .output import print_json, print_line

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.models import Correlation, Kind, StepMatch, TraceStep

_SIGNS = {"done": "✔", "failed": "✖", "running": "▶", "skipped": "·", "unknown": "?"}
_LONGEST = 160


@click.command(
    "correlate",
    epilog=epilog(
        "cxtop correlate 5f3ac21e-0b7a-4f35-9a55-3f2d8c1e7b10",
        "cxtop correlate 7d0c2a9e-11aa-4bb2-9cc3-0123456789ab --json | jq .trace.state",
        "cxtop correlate req-42 --captures /var/log/crm/",
        codes=True,
        one="nothing is known of it",
    ),
)
@click.argument("request_id", metavar="REQUEST_ID")
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
@with_captures
def command(request_id: str, as_json: bool, flags: Flags) -> int:
    """Show what belongs to a request, by which key, and how sure that is.

    Its captured exchanges, failed records that name it, their runs, and the trace of its flow,
    which is asked for on the platform where there is a profile. The id may also be that of a
    flow's execution, a conversation or a trace. Exit code 1 when nothing is known.
    """
    from ...core.config import load
    from .running import run_async

    found = run_async(_correlate(load(flags), request_id))
    if as_json:
        print_json(found.model_dump(mode="json"), indent=2)
    else:
        _print(found)
    return exits.OK if found.found else exits.ENDED_OTHERWISE


async def _correlate(settings: Settings, request_id: str) -> Correlation:
    from ...core.live import open_captures

    def tell(sentence: str) -> None:
        exits.narrate(f"▲ {sentence}")

    async with open_captures(settings, tell=tell) as captures:
        return await captures.correlate(request_id)


def _print(found: Correlation) -> None:
    from ...core.models import Kind
    from ...core.text import clip, safe
    from .exchanges import Lines

    print_line(safe(found.request_id))
    lines = Lines.for_terminal()
    _head("Exchanges", len(found.exchanges), more=found.more)
    for exchange in found.exchanges:
        print_line(f"  {lines.line(exchange)}")
        print_line(f"      {_tie(found, Kind.EXCHANGE, exchange.id)}")
    _print_trace(found)
    _head("Failed records", len(found.record_errors))
    for error in found.record_errors:
        place = f"{safe(error.run_id)} / {safe(error.record_id)}"
        print_line(clip(f"  {place}   {safe(error.code)}   {safe(error.message)}", _LONGEST))
        print_line(f"      {_tie(found, Kind.RECORD_ERROR, error.record_id, error.run_id)}")
    _head("Runs", len(found.runs))
    for run in found.runs:
        print_line(f"  {safe(run.run_id)}   {run.status.value}")
        print_line(f"      {_tie(found, Kind.RUN, run.run_id)}")


def _head(title: str, count: int, *, more: bool = False) -> None:
    said = f"{count}, the newest of more" if more else f"{count}" if count else "none"
    print_line(f"\n{title}: {said}")


def _tie(found: Correlation, kind: Kind, id_: str, run_id: str = "") -> str:
    from ...core.text import safe

    for tie in found.links:
        if (tie.kind, tie.id) == (kind, id_) and run_id in ("", tie.run_id):
            return f"{tie.certainty.value} by {tie.key.value} {safe(tie.value)}"
    return ""


def _print_trace(found: Correlation) -> None:
    from ...core.text import safe

    result = found.trace
    trace = result.trace
    if trace is None:
        print_line(f"\nFlow: {safe(result.what)}")
        for sentence in filter(None, (result.why, result.fix)):
            print_line(f"  {safe(sentence)}")
        return
    name = safe(trace.flow_name or trace.flow_id or "unnamed")
    print_line(f"\nFlow: {name}   {safe(trace.status)}   {safe(trace.execution_id)}")
    if not trace.steps:
        print_line(f"  {safe(result.what)}")
    matches = {match.step: match for match in result.matches}
    for number, step in enumerate(trace.steps):
        _print_step(step, matches.get(number))


def _print_step(step: TraceStep, match: StepMatch | None) -> None:
    from ...core.text import clip, safe
    from .. import words

    took = None
    if step.started_at and step.ended_at:
        took = (step.ended_at - step.started_at).total_seconds()
    parts = [f"  {_SIGNS[step.status.value]} {safe(step.name)}", words.span(took)]
    if step.message:
        parts.append(safe(step.message))
    print_line(clip("   ".join(parts), _LONGEST))
    if match is not None:
        how = f"{match.certainty.value} by {match.key.value}"
        print_line(f"      exchange {safe(match.exchange_id)}, {how}")
