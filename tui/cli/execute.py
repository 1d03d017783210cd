"""cxtop execute: run an action, and say what its answer really is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import exits
from .options import Flags, epilog, load_profile, with_profile
from .output import moment, print_json, print_line

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.live.executing import Execution, Expected
    from ...core.redact import Redactor

TOKEN = "token"  # noqa: S105 - a word, no secret


@click.command(
    "execute",
    epilog=epilog(
        'cxtop execute find-customer --input \'{"phone": "+49301234"}\'',
        "cxtop execute find-customer --input input.json --json | jq .result",
        'cxtop execute cognigy-profile --input \'{"userId": "u-1"}\' --expect token',
        "echo '{}' | cxtop execute find-customer --input - --expect customer.schema.json",
        codes=True,
        one="the answer is not good",
    ),
)
@click.argument("action_id", metavar="ACTION")
@click.option(
    "--input",
    "given",
    metavar="FILE|-|JSON",
    default="{}",
    help="The action's input: a file, - for stdin, or a JSON object; {} without it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with the whole result.")
@click.option(
    "--expect",
    metavar="token|FILE",
    help="What the result has to fit: a Cognigy profile token, or any JSON Schema in a file.",
)
@click.option(
    "--no-check", is_flag=True, help="Send the input even if it does not fit the action's schema."
)
@with_profile
def command(
    action_id: str,
    given: str,
    as_json: bool,
    expect: str | None,
    no_check: bool,
    flags: Flags,
) -> int:
    """Run a data action once, and say what its answer really is.

    The exit code is 0 when the answer is good (ok, stringified_result, raw_token, null_result)
    and 1 when it is not. The input is checked first against the action's schema, where there is
    one in the folder `schemas` beside the config file. The exchange is kept, without its
    secrets, and can be looked at in the app. With --json: one object with at least action_id,
    outcome, message, hint, token_state, result and http_status; the result is not masked there.
    """
    settings, _ = load_profile(flags)
    from .reading import text_of
    from .running import run_async

    text = text_of(given, inline=True)
    expected = _expected(expect)
    return run_async(
        _execute(settings, action_id, text, expected, check=not no_check, as_json=as_json)
    )


def _expected(expect: str | None) -> Expected | None:
    """What makes the model to hold the answer against. Raises ConfigError."""
    if expect is None:
        return None
    if expect == TOKEN:
        from ...core.diagnosis import ProfileToken

        return ProfileToken
    from pathlib import Path

    from ...core.live.knownschemas import schema_in

    schema = schema_in(Path(expect))
    return lambda _now: schema


async def _execute(
    settings: Settings,
    action_id: str,
    text: str,
    expected: Expected | None,
    *,
    check: bool,
    as_json: bool,
) -> int:
    from ...core.config.redaction import redactor_of
    from ...core.live import open_session
    from ...core.live.executing import executor_for

    redactor = redactor_of(settings)
    async with open_session(settings) as session:
        executor = executor_for(settings, session.link, redactor)
        done = await executor.run(action_id, text, expected=expected, check=check)
    for error in done.trouble:
        exits.narrate(exits.sentences(error, sign="▲"))
    if as_json:
        print_json(as_object(done))
    else:
        _tell(done, redactor)
    return exits.OK if done.diagnosis.outcome.good else exits.ENDED_OTHERWISE


def as_object(done: Execution) -> dict[str, Any]:
    """What became of it, for programs."""
    found, token = done.diagnosis, done.token
    return {
        "action_id": done.action_id,
        "outcome": found.outcome.value,
        "message": found.message,
        "hint": found.hint,
        "code": found.code or None,
        "findings": [{"path": place, "message": told} for place, told in found.findings],
        "token_state": token.state.value if token else None,
        "directive": (token.directive or None) if token else None,
        "expired_at": moment(token.expired_at) if token else None,
        "result": found.result,
        "http_status": done.answer.status,
        "duration_ms": round(done.answer.duration_ms, 1),
        "request_id": done.answer.request_id,
        "correlation_id": done.answer.correlation_id,
        "exchange_id": done.exchange.id,
    }


def _tell(done: Execution, redactor: Redactor) -> None:
    """What became of it, for people; secrets in the result are masked."""
    from ...core.live.executing import shown
    from ...core.text import safe
    from .output import json_text, print_wrapped

    found, token = done.diagnosis, done.token
    sign = "✔" if found.outcome.good else "✖"
    took = f"{done.answer.duration_ms:,.0f} ms"
    print_line(f"{sign} {found.outcome.value}   HTTP {done.answer.status} · {took}")
    print_wrapped(safe(found.message))
    for place, told in found.further:
        print_wrapped(f"{safe(place)}  {safe(told)}", indent=4)
    if token is not None:
        until = f", since {moment(token.expired_at)}" if token.expired_at else ""
        todo = f" → {token.directive}" if token.directive else ""
        print_wrapped(f"token: {token.state.value}{until}{todo}")
    if found.hint:
        print_wrapped(f"Try: {safe(found.hint)}")
    if found.result is not None:
        print_line(json_text({"result": shown(found, redactor)}, indent=2))
    exits.narrate(f"The exchange is kept: {done.exchange.id}")
