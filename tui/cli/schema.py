"""cxtop schema: action schemas, checked here and deployed on the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import exits
from .options import Flags, epilog, load_profile, with_profile
from .output import print_json, print_line

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.platforms import Deployed

FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group("schema", epilog=epilog("cxtop schema check inventory.json"))
def command() -> None:
    """Check and deploy action schemas: {name, description, input, output, errorCodes}."""


@command.command(
    epilog=epilog("cxtop schema check inventory.json", "cxtop schema check inventory.json --json")
)
@FILE
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def check(file: Path, as_json: bool) -> int:
    """Say what is wrong with an action schema, each fault with its JSON path.

    Exit code 1 when anything is, 2 when the file is no JSON. Nothing is sent anywhere.
    """
    _, faults = _read(file)
    if as_json:
        told = [{"path": path, "fault": sentence} for path, sentence in faults]
        print_json({"file": str(file), "ok": not faults, "faults": told}, indent=2)
    elif not faults:
        print_line("✔ The schema is in order.")
    else:
        _print(faults)
    return exits.ENDED_OTHERWISE if faults else exits.OK


@command.command(
    epilog=epilog(
        "cxtop schema deploy inventory.json --profile acme",
        "cxtop schema deploy inventory.json --json",
        codes=True,
        one="the schema has faults; nothing was sent",
    )
)
@FILE
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@with_profile
def deploy(file: Path, as_json: bool, flags: Flags) -> int:
    """Deploy an action schema on the platform of the profile, after the check.

    A schema with faults is not sent, and its faults are named; exit code 1.
    """
    settings, profile = load_profile(flags)
    schema, faults = _read(file)
    if faults:
        exits.narrate("✖ The schema has faults; nothing was sent.")
        _print(faults)
        return exits.ENDED_OTHERWISE
    from .running import run_async

    deployed = run_async(_deploy(settings, schema))
    if as_json:
        answer = deployed.answer
        print_json(
            {
                "id": deployed.schema_id,
                "name": schema["name"],
                "created": deployed.created,
                "platform": profile.platform,
                "http_status": answer.status,
                "correlation_id": answer.correlation_id,
            }
        )
    else:
        _tell(schema["name"], deployed)
    return exits.OK


def _read(file: Path) -> tuple[Any, tuple[tuple[str, str], ...]]:
    from ...core.capture.handler.schema import faults_of_schema
    from ...core.diagnosis.jsonfiles import read_json

    schema = read_json(file, "action schema")
    return schema, faults_of_schema(schema)


async def _deploy(settings: Settings, schema: dict[str, Any]) -> Deployed:
    from ...core.live import open_session

    async with open_session(settings) as session:
        return await session.link.deploy_schema(schema)


def _print(faults: tuple[tuple[str, str], ...]) -> None:
    from ...core.text import safe

    for path, sentence in faults:
        print_line(safe(f"✖ {path} {sentence}"))


def _tell(name: str, deployed: Deployed) -> None:
    from ...core.text import safe

    done = "Deployed" if deployed.created else "Deployed in the place of the one before"
    named = f", its id is {deployed.schema_id}" if deployed.schema_id else ""
    print_line(safe(f"✔ {done}: {name}{named}."))
