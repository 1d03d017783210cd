"""cxtop config: where the settings are, what they are, and whether they are right."""

from __future__ import annotations

import click

from . import exits
from .options import Flags, epilog, with_captures
from .output import print_json, print_line

_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group(
    "config",
    epilog=epilog(
        "cxtop config path",
        'cxtop config init acme --region eu-west-1 --secret-command "pass show acme"',
        "cxtop config show --profile acme",
        "cxtop config check",
    ),
)
def command() -> None:
    """Tell and check the settings. No secret is ever printed."""


@command.command(epilog=epilog("cxtop config path", "$EDITOR $(cxtop config path)"))
@click.option("--config", type=click.Path(dir_okay=False), help="Another config file.")
@_JSON
def path(config: str | None, as_json: bool) -> None:
    """Print where the config file is, whether it exists or not."""
    import os

    from ...core.config import find_paths

    paths = find_paths(os.environ, config_file=config)
    if as_json:
        names = ("config_file", "state_dir", "data_dir", "log_file")
        print_json({name: str(getattr(paths, name)) for name in names})
    else:
        print_line(str(paths.config_file))


@command.command(epilog=epilog("cxtop config show", "cxtop config show -p acme --json"))
@_JSON
@with_captures
def show(as_json: bool, flags: Flags) -> None:
    """Print every setting with its value and where that came from; secrets stay hidden."""
    from ...core.config import load
    from ...core.config.describing import describe
    from ...core.text import safe

    settings = load(flags)
    lines = describe(settings)
    if as_json:
        print_json(
            [{"setting": one.setting, "value": one.value, "from": one.origin} for one in lines],
            indent=2,
        )
    else:
        wide = max(len(one.setting) for one in lines)
        for one in lines:
            value = f"{safe(one.setting):<{wide}}  {safe(one.value)}"
            print_line(f"{value}   ({safe(one.origin)})" if one.origin else value)
    for sentence in settings.missing:
        exits.narrate(f"▲ {sentence}")


@command.command(
    epilog=epilog(
        "cxtop config init",
        'cxtop config init acme --region eu-west-1 --secret-command "pass show acme"',
        "cxtop config init cx --platform cxone --base-url https://api.nicecxone.com --keyring",
    )
)
@click.argument("name", default="default")
@click.option("--secret-command", metavar="COMMAND", help="A command that prints the secret.")
@click.option("--keyring", is_flag=True, default=None, help="The secret is in the keyring.")
@click.option("--replace", is_flag=True, help="Replace the profile if there is one already.")
@with_captures
def init(
    name: str,
    secret_command: str | None,
    keyring: bool | None,
    replace: bool,
    flags: Flags,
) -> None:
    """Write a profile into the config file, which is made, with all settings, if there is none."""
    import os
    from pathlib import Path

    from ...core.config import find_paths, save_profile

    given = {key: value for key, value in flags.items() if key not in ("profile", "config")}
    if given["captures"]:
        # A relative path in the file would count from the file's folder.
        given["captures"] = [str(Path(each).expanduser().absolute()) for each in given["captures"]]
    if not (given["region"] or given["base_url"]):
        given["region"] = "us-east-1"
        exits.narrate("▲ No --region and no --base-url: region is us-east-1; change it there.")
    fields = {"name": name, **given, "secret_command": secret_command, "keyring": keyring}
    paths = find_paths(os.environ, config_file=flags["config"])
    written = save_profile(paths, fields, replace=replace)
    print_line(str(written))
    exits.narrate(f"✔ The profile {name} is written. Next: cxtop doctor --profile {name}")


@command.command(epilog=epilog("cxtop config check && cxtop doctor"))
@_JSON
@with_captures
def check(as_json: bool, flags: Flags) -> int:
    """Say what is wrong with the settings; exit code 2 if anything is."""
    from ...core.config import load
    from ...core.config.describing import check as problems_of

    settings = load(flags)
    problems = problems_of(settings)
    if as_json:
        found = [{"what": one.what, "why": one.why, "fix": one.fix} for one in problems]
        print_json({"ok": not problems, "problems": found}, indent=2)
    else:
        for problem in problems:
            exits.tell(problem)
    if not problems:
        exits.narrate("✔ The configuration is right.")
    return exits.USAGE if problems else exits.OK
