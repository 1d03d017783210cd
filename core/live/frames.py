"""Stack traces as frames: from what a platform wrote, or from an exception that was raised.

Nothing is made up: what a line does not say stays empty, and a line that is no frame of any kind
that is known stands as a message (contract §5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from traceback import walk_tb
from typing import Any

from ..models import ErrorFrame
from ..text import clip

MOST = 200
"""Frames of one trace that are kept."""

_LONGEST = 2000
_NAMES = ("stackTrace", "stack_trace", "stacktrace", "stack", "traceback", "trace")

_PYTHON = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?')
_JAVA = re.compile(r"at (?P<function>[\w$.<>/@-]+)\((?P<file>[^():]*)(?::(?P<line>\d+))?\)")
_SCRIPT = re.compile(r"at (?:(?P<function>.+?) \()?(?P<file>[^()]+?):(?P<line>\d+)(?::\d+)?\)?")
_NET = re.compile(r"at (?P<function>.+?\)) in (?P<file>.+):line (?P<line>\d+)")
_BARE = re.compile(r"at (?P<function>.+)")
_KINDS = (_PYTHON, _NET, _JAVA, _SCRIPT, _BARE)


def frames_in(entry: Any) -> tuple[ErrorFrame, ...]:
    """The frames of the stack trace that an error entry of the platform holds; none without one."""
    if not isinstance(entry, Mapping):
        return ()
    for name in _NAMES:
        if found := frames_of(entry.get(name)):
            return found
    return ()


def frames_of(trace: Any) -> tuple[ErrorFrame, ...]:
    """The frames of a stack trace: a text, or a list of lines or of objects."""
    if isinstance(trace, str):
        trace = trace.splitlines()
    if not isinstance(trace, list):
        return ()
    made = [made for item in trace[: 2 * MOST] if (made := _fields(item))]
    return tuple(ErrorFrame(frame_index=i, **fields) for i, fields in enumerate(made[:MOST]))


def frames_raised(error: BaseException) -> tuple[ErrorFrame, ...]:
    """The frames that `error` really went through, outermost first; the last bears its message."""
    steps = list(walk_tb(error.__traceback__))[-MOST:]
    last = len(steps) - 1
    return tuple(
        ErrorFrame(
            frame_index=index,
            function=frame.f_code.co_qualname,
            file=frame.f_code.co_filename,
            line=line,
            message=clip(f"{type(error).__name__}: {error}", _LONGEST) if index == last else "",
        )
        for index, (frame, line) in enumerate(steps)
    )


def _fields(item: Any) -> dict[str, Any]:
    if isinstance(item, Mapping):
        return _of_object(item)
    return _of_line(item.strip()) if isinstance(item, str) else {}


def _of_line(text: str) -> dict[str, Any]:
    if not text:
        return {}
    for kind in _KINDS:
        match = kind.fullmatch(text)
        if match is not None:
            found = {name: value for name, value in match.groupdict().items() if value}
            if "line" in found:
                found["line"] = _number(found["line"])
            return found
    return {"message": clip(text, _LONGEST)}


def _of_object(item: Mapping[str, Any]) -> dict[str, Any]:
    function = _first(item, "function", "method", "methodName", "functionName", "name")
    place = _first(item, "class", "className", "declaringClass")
    told = {
        "function": f"{place}.{function}" if place and function else function or place,
        "file": _first(item, "file", "fileName", "filename", "source"),
        "message": _first(item, "message", "text", "code"),
    }
    found: dict[str, Any] = {name: clip(value, _LONGEST) for name, value in told.items() if value}
    line = next((item[name] for name in ("line", "lineNumber", "lineno") if name in item), None)
    number = _number(line)
    return found if number is None else {**found, "line": number}


def _first(item: Mapping[str, Any], *names: str) -> str:
    return next((item[name] for name in names if isinstance(item.get(name), str)), "")


def _number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        return None
    return number if 0 <= (number := int(str(value)[:12])) < 10**9 else None
