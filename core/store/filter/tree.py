"""What a filter asks, as a tree. Its leaves look at one property of an exchange each.

Times are compared in milliseconds and durations in microseconds, as they lie in the index, so that
the index and a look at the exchange itself never disagree.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from .texts import holds_phrase, is_pattern, pattern

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

Texts = Callable[[], Sequence[str]]
"""Gives the texts of an exchange's bodies; called only where a filter asks for them."""


class Subject(Protocol):
    """What a filter looks at; an exchange, or the head of a line."""

    @property
    def id(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def service(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def flow_execution_id(self) -> str: ...
    @property
    def conversation_id(self) -> str: ...
    @property
    def traceparent(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def status(self) -> int | None: ...
    @property
    def duration_ms(self) -> float | None: ...
    @property
    def outcome(self) -> str: ...
    @property
    def code(self) -> str: ...


class Node(ABC):
    """A part of a filter."""

    @abstractmethod
    def matches(self, subject: Subject, texts: Texts) -> bool:
        """Whether it lets `subject` through."""


@dataclass(frozen=True, slots=True)
class Every(Node):
    """All of them hold; without parts, whatever comes."""

    parts: tuple[Node, ...]

    def matches(self, subject: Subject, texts: Texts) -> bool:
        return all(part.matches(subject, texts) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either(Node):
    """One of them holds."""

    parts: tuple[Node, ...]

    def matches(self, subject: Subject, texts: Texts) -> bool:
        return any(part.matches(subject, texts) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Inverse(Node):
    """It does not hold."""

    part: Node

    def matches(self, subject: Subject, texts: Texts) -> bool:
        return not self.part.matches(subject, texts)


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A property that equals `value`, or fits it where it is a pattern, without regard to case.

    `field` is `code`, `method`, `route`, `action`, `service` or `outcome`.
    """

    field: str
    value: str
    quoted: bool = False

    def matches(self, subject: Subject, texts: Texts) -> bool:
        found = str(getattr(subject, self.field))
        if not self.quoted and is_pattern(self.value):
            return pattern(self.value, fold=True).fullmatch(found) is not None
        return found.casefold() == self.value.casefold()


@dataclass(frozen=True, slots=True)
class Span(Node):
    """A number from `low` to `high`, both included; `None` is open, a missing number never in it.

    `field` is `status`, `at` (milliseconds since 1970) or `took` (microseconds).
    """

    field: str
    low: int | None = None
    high: int | None = None

    def matches(self, subject: Subject, texts: Texts) -> bool:
        found = number_of(subject, self.field)
        if found is None:
            return False
        return (self.low is None or found >= self.low) and (self.high is None or found <= self.high)


@dataclass(frozen=True, slots=True)
class NoStatus(Node):
    """No answer came."""

    def matches(self, subject: Subject, texts: Texts) -> bool:
        return subject.status is None


@dataclass(frozen=True, slots=True)
class Path(Node):
    """The path in the URL equals `value`, or fits it where it is a pattern; case counts."""

    value: str
    quoted: bool = False

    @property
    def exact(self) -> bool:
        """Whether `value` is no pattern."""
        return self.quoted or not is_pattern(self.value)

    def fits(self, path: str) -> bool:
        """Whether this path is meant."""
        if self.exact:
            return path == self.value
        return pattern(self.value, fold=False).fullmatch(path) is not None

    def matches(self, subject: Subject, texts: Texts) -> bool:
        return self.fits(path_of(subject.url))


@dataclass(frozen=True, slots=True)
class Id(Node):
    """An id of the exchange. `kind` is one of `IDS`, or empty for any of them.

    For any, the first characters of the exchange's own id are enough.
    """

    kind: str
    value: str
    quoted: bool = False

    @property
    def exact(self) -> bool:
        """Whether `value` is no pattern."""
        return self.quoted or not is_pattern(self.value)

    def matches(self, subject: Subject, texts: Texts) -> bool:
        found = ids_of(subject)
        if self.kind:
            return self._is(found[IDS.index(self.kind)])
        if self.exact and subject.id.startswith(self.value):
            return True
        return any(map(self._is, found))

    def _is(self, found: str) -> bool:
        if self.exact:
            return found == self.value
        return bool(found) and pattern(self.value, fold=False).fullmatch(found) is not None


@dataclass(frozen=True, slots=True)
class Word(Node):
    """Text somewhere in URL, ids, code or action, without regard to case."""

    folded: str

    def matches(self, subject: Subject, texts: Texts) -> bool:
        places = (subject.url, *ids_of(subject), subject.code, subject.action)
        # Folded together they take a third of the time, and nothing lies across a line's end.
        if "\n" not in self.folded:
            return self.folded in "\n".join(places).casefold()
        return any(self.folded in place.casefold() for place in places)


@dataclass(frozen=True, slots=True)
class Phrase(Node):
    """Tokens one after the other in a body; with `open_end` the last one may go on."""

    tokens: tuple[str, ...]
    open_end: bool = False

    def matches(self, subject: Subject, texts: Texts) -> bool:
        return any(holds_phrase(text, self.tokens, open_end=self.open_end) for text in texts())


IDS = ("exchange", "request", "flow", "conversation", "trace")


def ids_of(subject: Subject) -> tuple[str, str, str, str, str]:
    """The ids that an exchange is found by, in the order of `IDS`."""
    return (
        subject.id,
        subject.request_id,
        subject.flow_execution_id,
        subject.conversation_id,
        trace_id(subject.traceparent),
    )


def trace_id(traceparent: str) -> str:
    """The trace id in a W3C `traceparent`, or nothing."""
    parts = traceparent.split("-")
    return parts[1] if len(parts) == 4 and len(parts[1]) == 32 else ""


# After RFC 3986: scheme, authority, path; what follows is query and fragment.
_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:)?(?://[^/?#]*)?([^?#]*)")


def path_of(url: str) -> str:
    """The path in a URL, whole or relative."""
    found = _PATH.match(url)
    return found[1] if found else ""


def millis(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (moment - EPOCH) // _MILLISECOND


def took(duration_ms: float | None) -> int | None:
    """Whole microseconds; a duration that is no number is none."""
    if duration_ms is None:
        return None
    if -_PLAIN_MS < duration_ms < _PLAIN_MS:
        return round(duration_ms * 1000)
    return None if math.isnan(duration_ms) else LARGEST if duration_ms > 0 else -LARGEST


_PLAIN_MS = 1e12
LARGEST = 2**62


def number_of(subject: Subject, field: str) -> int | None:
    """The number that a `Span` looks at."""
    if field == "status":
        return subject.status
    return millis(subject.at) if field == "at" else took(subject.duration_ms)
