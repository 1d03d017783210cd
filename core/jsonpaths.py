"""JSONPath (RFC 9535): the path to a place in a JSON value, and what a path leads to."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from .errors import FilterError

Part = str | int

MOST = 1_000
"""How many places an expression leads to at most."""

PATIENCE_S = 5.0
"""How long an expression may take; a wild one over a large value would take for ever."""

_SHORT = {
    "'": "\\'",
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_DEEPEST = 300  # levels; a visit takes a stack of its own for each
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ESCAPED = re.compile(r"['\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Place(NamedTuple):
    """A place in a JSON value: the keys and indices to it, and what is there."""

    parts: tuple[Part, ...]
    value: Any

    @property
    def path(self) -> str:
        """The place as a JSONPath expression."""
        return path_of(self.parts)


class Places(NamedTuple):
    """Where an expression leads to. `cut` says that there are more than `MOST`."""

    found: tuple[Place, ...]
    cut: bool = False


def path_of(parts: Sequence[Part]) -> str:
    """The expression that leads to one place: `$.items[0]['odd key']`."""
    return "$" + "".join(map(step, parts))


def step(part: Part) -> str:
    """One key or index as a piece of an expression."""
    if isinstance(part, int):
        return f"[{part}]"
    if _PLAIN.match(part):
        return f".{part}"
    return f"['{_ESCAPED.sub(_escape, part)}']"


def select(value: Any, expression: str, *, patience_s: float = PATIENCE_S) -> Places:
    """The places in `value` that the expression leads to, in document order.

    Takes its time with large values, at most about `patience_s`. Raises FilterError, which says
    where the expression is none, or that it takes too long or goes too deep.
    """
    import jsonpath
    from jsonpath.exceptions import JSONPathRecursionError

    class Match(jsonpath.JSONPathMatch):
        """A match that ends the search when it has taken too long."""

        __slots__ = ()

        def __init__(self, **fields: Any) -> None:
            check()
            super().__init__(**fields)

    class Environment(jsonpath.JSONPathEnvironment):
        @property
        def max_recursion_depth(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
            # Asked for at every step of "..", also in filters, which make matches of their own.
            check()
            return _DEEPEST

    def check() -> None:
        if time.monotonic() > deadline:
            raise TimeoutError

    deadline = time.monotonic() + patience_s
    try:
        compiled = Environment(strict=True).compile(expression)
        assert isinstance(compiled, jsonpath.JSONPath)  # strict: nothing is compounded
        # Its own way in would read a string as JSON text, and begin with another kind of match.
        matches: Iterable[Any] = [
            Match(filter_context={}, obj=value, parent=None, path="$", parts=(), root=value)
        ]
        for segment in compiled.segments:
            matches = segment.resolve(matches)
        found = [Place(match.parts, match.obj) for match in islice(matches, MOST + 1)]
    except TimeoutError:
        raise _fault(
            f"The expression takes longer than {patience_s:g} s on this value.",
            fix="Name more of the keys instead of “..”.",
        ) from None
    except (JSONPathRecursionError, RecursionError):
        raise _fault("The value is nested too deeply for “..”.", fix="Name the keys.") from None
    except jsonpath.JSONPathError as error:
        raise _unreadable(expression, error) from None
    return Places(tuple(found[:MOST]), len(found) > MOST)


def _unreadable(expression: str, error: Any) -> FilterError:
    position = error.token.index if error.token else 0
    if not 0 <= position <= len(expression):
        position = len(expression)  # it ended too early
    told = str(error.message).strip().rstrip(".") or "it cannot be read"
    return _fault(
        "This is no JSONPath expression.",
        why=f"At character {position + 1}: {told}.",
        fix="$.items[0].name, $..code and $.items[?@.price > 10] are some.",
        position=position,
    )


def _fault(what: str, *, fix: str, why: str = "", position: int = 0) -> FilterError:
    return FilterError(what, why=why, fix=fix, position=position)


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}"
