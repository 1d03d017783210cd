"""The fields of the filter language: what each means, and how its value is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ...errors import FilterError
from ...models.exchanges import Outcome
from . import values
from .texts import tokens_of
from .tokens import Token
from .tree import Id, Node, Path, Phrase, Text, Word

Read = Callable[[Token, datetime], Node]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name, what it means, what may be typed, and values worth offering."""

    name: str
    meaning: str
    example: str
    read: Read
    offers: tuple[str, ...] = ()


def _text(name: str) -> Read:
    return lambda token, now: Text(name, token.value, token.quoted)


def _id(kind: str) -> Read:
    return lambda token, now: Id(kind, token.value, token.quoted)


def _body(token: Token, now: datetime) -> Node:
    open_end = not token.quoted and token.value.endswith("*")
    phrase = tuple(tokens_of(token.value))
    if not phrase:
        raise FilterError(
            "There is nothing here to look for in bodies.",
            position=token.value_at,
            why="Only letters, digits, dots, hyphens and underscores are indexed.",
        )
    return Phrase(phrase, open_end)


def word(token: Token) -> Node:
    """What a word without a field asks."""
    return Word(token.value.casefold())


_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_AGES = ("10m", "1h", "24h", "7d")

FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field(
            "status",
            "HTTP status: one, a class, a comparison, a range, or none when no answer came",
            "status:500  status:5xx  status:>=400  status:400..499  status:none",
            lambda token, now: values.status(token.value, token.value_at),
            ("2xx", "4xx", "5xx", ">=400", "none"),
        ),
        Field(
            "code",
            "error code in the answer; * and ? stand for any text",
            "code:TIMEOUT",
            _text("code"),
        ),
        Field("method", "HTTP method", "method:POST", _text("method"), _METHODS),
        Field(
            "path",
            "path in the URL, without the query; * and ? stand for any text",
            "path:/orders*",
            lambda token, now: Path(token.value, token.quoted),
        ),
        Field(
            "id",
            "request id, flow execution, conversation or trace; or the beginning of the exchange's",
            "id:5f3ac21e",
            _id(""),
        ),
        Field("request", "request id", "request:5f3ac21e-…", _id("request")),
        Field("flow", "flow execution id", "flow:7d0c…", _id("flow")),
        Field("conversation", "conversation id", "conversation:c-10442", _id("conversation")),
        Field("trace", "trace id of W3C traceparent", "trace:4bf92f35…", _id("trace")),
        Field(
            "action", "data action; * and ? stand for any text", "action:lookup*", _text("action")
        ),
        Field("route", "route of the service", "route:/orders/{id}", _text("route")),
        Field("service", "who captured it", "service:crm", _text("service")),
        Field(
            "outcome",
            "what the answer was, in one word",
            "outcome:not_json",
            _text("outcome"),
            tuple(outcome.value for outcome in Outcome),
        ),
        Field(
            "ms",
            "how long it took, in milliseconds or with a unit",
            "ms:>500  ms:<=2s  ms:100..200",
            lambda token, now: values.duration(token.value, token.value_at),
            (">100", ">500", ">1s", ">5s"),
        ),
        Field(
            "since",
            "from that time on: ago, a time of day, or a date",
            "since:10m  since:14:30  since:2026-03-01T14:30Z",
            lambda token, now: values.since(token.value, token.value_at, now),
            _AGES,
        ),
        Field(
            "until",
            "up to that time",
            "until:2h  until:14:30",
            lambda token, now: values.until(token.value, token.value_at, now),
            _AGES,
        ),
        Field(
            "body",
            "words one after the other in a body; a * at the end lets the last go on",
            'body:"deadline exceeded"  body:dead*',
            _body,
        ),
    )
}
