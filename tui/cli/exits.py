"""Exit codes, and how an error is told on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from ...core.errors import (
    AuthenticationError,
    CaptureError,
    ConfigError,
    CxtopError,
    ExportError,
    ExportExistsError,
    FilterError,
    ForbiddenError,
    InputError,
    PlatformError,
    SourceError,
    StoreError,
)
from ...core.text import safe

OK = 0
ENDED_OTHERWISE = 1
USAGE = 2
DENIED = 3
PLATFORM = 4
TIMED_OUT = 5
FAULT = 70
STORE = 74
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143

_RANK = (DENIED, PLATFORM, STORE, TIMED_OUT, ENDED_OTHERWISE, OK)


def meanings(one: str = "", *, times_out: bool = False) -> str:
    """The exit codes of a command that speaks to a platform, for its help.

    `one` is what 1 means, where the command can end so; `times_out` says whether it gives up.
    """
    told = {
        OK: "all is well",
        ENDED_OTHERWISE: one,
        USAGE: "usage or configuration",
        DENIED: "authentication or permission",
        PLATFORM: "platform or network",
        TIMED_OUT: "timed out" if times_out else "",
        FAULT: "cxtop itself failed; the log file has the details",
        STORE: "the store could not be used, or a file not be written",
        INTERRUPTED: "interrupted",
    }
    lines = [f"  {code:<5}{meaning}" for code, meaning in told.items() if meaning]
    return "\n".join(("\b", "Exit codes:", *lines))


class FaultError(Exception):
    """The app ended because of a fault of its own, which it has logged."""


def code_of(error: CxtopError) -> int:
    """The exit code that tells what kind of error it was."""
    usage = ConfigError | CaptureError | SourceError | FilterError | InputError | ExportExistsError
    if isinstance(error, usage):
        return USAGE
    if isinstance(error, AuthenticationError | ForbiddenError):
        return DENIED
    return STORE if isinstance(error, StoreError | ExportError) else PLATFORM


def worst(codes: Iterable[int]) -> int:
    """The one code for several outcomes: what kept cxtop from knowing goes before what it saw."""
    return min(codes, key=_RANK.index, default=OK)


def leaf(error: BaseException) -> BaseException:
    """The error that a group is about; of several the first that is no mere consequence."""
    while isinstance(error, BaseExceptionGroup):
        inner = error.exceptions
        error = next((one for one in inner if not isinstance(one, OSError)), inner[0])
    return error


def narrate(text: str) -> None:
    """One or more lines for the user, beside the data; whatever is in them, they are made safe.

    Where nobody can read stderr any more, nothing is lost that is data.
    """
    try:
        sys.stderr.write(f"{safe(text, keep_newlines=True)}\n")
        sys.stderr.flush()
    except OSError:
        silence(2)


def tell(error: CxtopError, *, subject: str = "") -> None:
    """What happened, why, and what to do, a line each; `subject` is what it happened to."""
    narrate(sentences(error, subject=subject))


def sentences(error: CxtopError, *, sign: str = "✖", subject: str = "") -> str:
    """The lines of `tell`; text from outside in them is not yet safe, but on one line each."""
    what = f"{subject}: {error.what}" if subject else error.what
    parts = [f"{sign} {what}", error.why, error.fix]
    if isinstance(error, PlatformError) and error.correlation_id:
        parts.append(f"Correlation id: {error.correlation_id}")
    lines = [" ".join(part.split()) for part in parts if part]
    return "\n  ".join(lines)


def need_terminal(instead: str) -> None:
    """Raise ConfigError when the app has no terminal to be shown on; `instead` says what to do."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "The app needs a terminal.", why="stdin or stdout is a file or a pipe.", fix=instead
        )


def silence(descriptor: int) -> None:
    """From now on what is written there goes nowhere: its reader is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
