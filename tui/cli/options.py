"""What several commands take, and the settings that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ...core.errors import ConfigError, CxtopError
from . import exits

if TYPE_CHECKING:
    from ...core.config import Profile, Settings

F = TypeVar("F", bound=Callable[..., Any])
Flags = Mapping[str, Any]


class ProfileName(click.ParamType[str]):
    """The name of a profile; the shell can complete it."""

    name = "name"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The profiles there are; none where the configuration cannot be read."""
        from ...core.config import load

        try:
            names = load({"config": ctx.params.get("config")}).profiles
        except CxtopError:
            # A shell that waits for a completion is no place for an error.
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


_FLAGS = (
    click.option("-p", "--profile", type=ProfileName(), help="The profile to use."),
    click.option(
        "--config",
        type=click.Path(dir_okay=False),
        help="Another config file than that of `cxtop config path`.",
    ),
    click.option(
        "--platform", type=click.Choice(["genesys", "cxone"]), help="Which platform it is."
    ),
    click.option("--region", metavar="REGION", help="The region of Genesys Cloud."),
    click.option("--base-url", metavar="URL", help="The root of the platform's API."),
    click.option("--login-url", metavar="URL", help="Where tokens come from, if elsewhere."),
    click.option("--client-id", metavar="ID", help="The OAuth client's id."),
)

_CAPTURES = click.option(
    "--captures",
    multiple=True,
    metavar="PATH",
    help="A capture log, a folder of them, or a pattern; may be given more than once.",
)


_SIMULATION = (
    click.option(
        "--scenario",
        default="busy",
        show_default=True,
        metavar="NAME",
        help="Which runs and which weather: calm, busy, storm, hostile.",
    ),
    click.option(
        "--seed", type=int, default=1, show_default=True, help="The same seed, the same run."
    ),
    click.option(
        "--speed",
        type=click.FloatRange(0, 10_000, min_open=True),
        default=1.0,
        show_default=True,
        help="How much faster than real time.",
    ),
)


def with_simulation(function: F) -> F:
    """Adds the options that say what is simulated: `scenario`, `seed` and `speed`."""
    for option in reversed(_SIMULATION):
        function = option(function)
    return function


def with_profile(function: F) -> F:
    """Adds the options that say which platform is meant; they come as the keyword `flags`."""
    return _with(_FLAGS, function)


def with_captures(function: F) -> F:
    """As `with_profile`, and with the option that says which capture logs are meant."""
    return _with((*_FLAGS, _CAPTURES), function)


def _with(options: Sequence[Callable[[Any], Any]], function: F) -> F:
    def gathered(**given: Any) -> Any:
        flags = {name: given.pop(name) for name in (*_NAMES, "captures") if name in given}
        if not flags.get("captures"):
            flags["captures"] = None
        return function(flags=flags, **given)

    gathered.__doc__ = function.__doc__
    gathered.__name__ = getattr(function, "__name__", "command")
    gathered.__click_params__ = list(  # pyright: ignore[reportFunctionMemberAccess]
        getattr(function, "__click_params__", [])
    )
    for option in reversed(options):
        gathered = option(gathered)
    return gathered  # pyright: ignore[reportReturnType]


_NAMES = ("profile", "config", "platform", "region", "base_url", "login_url", "client_id")


def chosen(settings: Settings) -> Profile:
    """The profile to use. Raises ConfigError when there is none yet."""
    if settings.profile is None:
        raise ConfigError(
            "There is no profile yet.",
            why=" ".join(settings.missing),
            fix="Run: cxtop config init (or try cxtop demo).",
        )
    return settings.profile


def load_profile(flags: Flags) -> tuple[Settings, Profile]:
    """The settings and the profile to use. Raises ConfigError."""
    from ...core.config import load

    settings = load(flags)
    return settings, chosen(settings)


def epilog(*examples: str, codes: bool = False, one: str = "", times_out: bool = False) -> str:
    """The end of a command's help: examples, and with `codes` what its exit codes mean; see
    `exits.meanings`."""
    parts = ["\n".join(("\b", "Examples:", *(f"  {example}" for example in examples)))]
    if codes:
        parts.append(exits.meanings(one, times_out=times_out))
    return "\n\n".join(parts)
