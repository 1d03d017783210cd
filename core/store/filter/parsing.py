"""From text to a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

from ...errors import FilterError
from .fields import FIELDS, word
from .tokens import Token, tokenize
from .tree import Either, Every, Inverse, Node, Phrase, Subject, Texts

# Beyond this the tree would be deeper than Python likes to go.
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """What was typed, understood. `text` is as it was typed."""

    text: str
    root: Node

    @property
    def everything(self) -> bool:
        """Whether it lets everything through."""
        return self.root == Every(())

    @property
    def needs_bodies(self) -> bool:
        """Whether it asks for text in bodies."""
        return _asks_bodies(self.root)

    def matches(self, subject: Subject, texts: Texts | None = None) -> bool:
        """Whether `subject`, an exchange or the head of a line, is let through.

        `texts` gives the texts of its bodies. Raises `FilterError` where the filter asks for
        bodies and there are none.
        """
        return self.root.matches(subject, texts or _no_texts)


def parse(text: str, *, now: datetime | None = None) -> Filter:
    """The filter in `text`; an empty one lets everything through.

    `now` is what `since` and `until` count from. Raises `FilterError`, which points at the
    character.
    """
    tokens = tokenize(text)
    if not tokens:
        return Filter(text, Every(()))
    parser = _Parser(tokens, len(text), now or datetime.now(UTC))
    root = parser.either(0)
    if (left := parser.peek()) is not None:
        raise FilterError("This parenthesis was never opened.", position=left.at)
    return Filter(text, root)


class _Parser:
    def __init__(self, tokens: Sequence[Token], end: int, now: datetime) -> None:
        self._tokens = tokens
        self._next = 0
        self._end = end
        self._now = now

    def peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def either(self, depth: int) -> Node:
        parts = [self._every(depth)]
        while (token := self.peek()) is not None and token.kind == "or":
            self._take()
            parts.append(self._every(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _every(self, depth: int) -> Node:
        parts = [self._one(depth)]
        while (token := self.peek()) is not None and token.kind not in ("or", ")"):
            if token.kind == "and":
                self._take()
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self, depth: int) -> Node:
        token = self.peek()
        if token is None:
            raise FilterError("Something is missing at the end.", position=self._end)
        if depth > _DEEPEST:
            raise FilterError("This is nested too deeply.", position=token.at)
        if token.kind == "not":
            self._take()
            return Inverse(self._one(depth + 1))
        if token.kind == "(":
            return self._group(depth)
        if token.kind != "term":
            raise FilterError(
                "Something is missing before this.",
                position=token.at,
                fix="To look for the sign itself, put it in quotes.",
            )
        return self._term(self._take())

    def _group(self, depth: int) -> Node:
        opened = self._take()
        inside = self.either(depth + 1)
        closed = self.peek()
        if closed is None:
            raise FilterError("This parenthesis is not closed.", position=opened.at)
        self._take()
        return inside

    def _term(self, token: Token) -> Node:
        if not token.name:
            return word(token)
        field = FIELDS.get(token.name)
        if field is None:
            raise _unknown(token)
        if not token.value and not token.quoted:
            raise FilterError(
                f"After {token.name}: something is missing.",
                position=token.end,
                fix=f"For example {field.example.split('  ')[0]}.",
            )
        return field.read(token, self._now)


def _unknown(token: Token) -> FilterError:
    near = get_close_matches(token.name, FIELDS, n=1, cutoff=0.5)
    meant = f"Did you mean {near[0]}:? " if near else ""
    return FilterError(
        f"There is no field {token.name}.",
        position=token.at,
        fix=f"{meant}The fields are {', '.join(FIELDS)}. To look for text with a colon in it, "
        "put it in quotes.",
    )


def _asks_bodies(node: Node) -> bool:
    if isinstance(node, Every | Either):
        return any(map(_asks_bodies, node.parts))
    return _asks_bodies(node.part) if isinstance(node, Inverse) else isinstance(node, Phrase)


def _no_texts() -> Sequence[str]:
    raise FilterError("Bodies cannot be looked into here.", position=0)


EVERYTHING = Filter("", Every(()))
"""The filter that lets everything through."""
