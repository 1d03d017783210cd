"""An exception, as it is kept: type, message, frames."""

from __future__ import annotations

from itertools import islice
from traceback import walk_tb

from ..redact import Redactor
from ..text import clip
from .record import FailurePart, FramePart

_FRAMES = 100
_MESSAGE = 8000


def failure_of(error: BaseException, redactor: Redactor, *, skip: int = 0) -> FailurePart:
    """What is kept of `error`, redacted; the `skip` outermost frames are left out.

    Of more than 100 frames the outermost and the innermost 50 are kept.
    """
    frames = [
        FramePart(
            frame.f_code.co_qualname,
            redactor.text(frame.f_code.co_filename),
            line,
        )
        for frame, line in islice(walk_tb(error.__traceback__), skip, None)
    ]
    if len(frames) > _FRAMES:
        left_out = len(frames) - _FRAMES
        middle = FramePart(f"… {left_out} frames left out …")
        frames = [*frames[: _FRAMES // 2], middle, *frames[-_FRAMES // 2 :]]
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    return FailurePart(name, clip(redactor.text(_message(error)), _MESSAGE), tuple(frames))


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as worse:  # noqa: BLE001 - its __str__ is somebody else's code
        return f"(its message cannot be had: {type(worse).__name__})"
