"""cxtop completion: the script that a shell needs to complete commands, options and profiles."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .options import epilog
from .output import print_line

VARIABLE = "_CXTOP_COMPLETE"


@click.command(
    "completion",
    epilog=epilog(
        "cxtop completion bash > ~/.local/share/bash-completion/completions/cxtop",
        "cxtop completion zsh > ~/.zfunc/_cxtop",
        "cxtop completion fish > ~/.config/fish/completions/cxtop.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for a shell."""
    from .command import cxtop

    kind = get_completion_class(shell)
    assert kind is not None
    print_line(kind(cxtop, {}, "cxtop", VARIABLE).source())
