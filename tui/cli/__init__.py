"""The command line. Everything but `--version` is loaded when it is needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `cxtop`; gives the exit code (see `exits`)."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments == ["--version"]:
        from ...core import __version__

        sys.stdout.write(f"cxtop {__version__}\n")
        return 0
    try:
        from .command import run

        return run(arguments)
    except KeyboardInterrupt:
        return 130
