"""From a filter to SQL on the index.

The index does not know everything: URLs beyond their path, ids beyond their hashes, bodies. What
cannot be told from it is let through, and the plan says that it has to be checked (`exact`).
So a plan's SQL may let too much through, and never too little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple, Protocol

from .parsing import Filter
from .tree import Either, Every, Id, Inverse, Node, NoStatus, Path, Phrase, Span, Text


class Shape(NamedTuple):
    """What exchanges have in common that look alike; `shape` is its number."""

    shape: int
    service: str
    method: str
    route: str
    action: str
    outcome: str
    code: str
    status: int | None
    times: int = 0


class Facts(Protocol):
    """What the index knows that a plan depends on."""

    @property
    def shapes(self) -> Sequence[Shape]:
        """All shapes; number 0 stands for exchanges whose shape is not told apart."""
        ...

    @property
    def blurred(self) -> bool:
        """Whether there are exchanges without a known shape or path."""
        ...

    def paths(self, fits: Callable[[str], bool]) -> Sequence[int]:
        """The numbers of the paths that fit."""
        ...

    def rows(self, wanted: Id) -> Sequence[int] | None:
        """The rows that may have this id; `None` where that cannot be told."""
        ...

    def phrase(self, wanted: Phrase) -> str | None:
        """What the full text has to be asked; `None` where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """A filter as SQL over `exchanges`, with named parameters.

    `exact` tells whether what comes out need not be checked. `shapes` and `rows` are the only ones
    that can match, `low` to `high` the only times, and nothing that took less than `slow` µs can;
    `None` means any. `phrases` are the full text's questions; their condition is in `where` as
    `:textN`.
    """

    where: str
    values: dict[str, int | str]
    exact: bool
    shapes: frozenset[int] | None = None
    rows: frozenset[int] | None = None
    low: int | None = None
    high: int | None = None
    slow: int | None = None
    phrases: tuple[str, ...] = ()

    @property
    def by_shape(self) -> bool:
        """Whether it depends on shapes alone, so that their counts are the answer."""
        return self.exact and self.shapes is not None and self.where == _shape_sql(self.shapes)


@dataclass(slots=True)
class _Part:
    sql: str
    exact: bool = True
    shapes: frozenset[int] | None = None
    rows: frozenset[int] | None = None
    low: int | None = None
    high: int | None = None
    slow: int | None = None


@dataclass(slots=True)
class _Compiler:
    facts: Facts
    values: dict[str, int | str] = field(default_factory=dict)
    phrases: list[str] = field(default_factory=list)

    def compile(self, node: Node, *, turned: bool) -> _Part:
        if isinstance(node, Inverse):
            return self.compile(node.part, turned=not turned)
        if _of_shapes(node):
            return self._shapes(node, turned=turned)
        if isinstance(node, Every | Either):
            parts = [self.compile(part, turned=turned) for part in node.parts]
            return _all(parts) if isinstance(node, Every) is not turned else _any(parts)
        if isinstance(node, Span):
            return self._span(node, turned=turned)
        if isinstance(node, Path):
            return self._path(node, turned=turned)
        if isinstance(node, Id) and not turned:
            return self._id(node)
        if isinstance(node, Phrase) and not turned:
            return self._phrase(node)
        return _Part("TRUE", exact=False)

    def value(self, value: int | str) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def _shapes(self, node: Node, *, turned: bool) -> _Part:
        known = frozenset(
            shape.shape
            for shape in self.facts.shapes
            if shape.shape and node.matches(shape, tuple) is not turned  # pyright: ignore[reportArgumentType]
        )
        if self.facts.blurred:
            known |= {0}
        return _Part(_shape_sql(known), exact=not self.facts.blurred, shapes=known)

    def _span(self, node: Span, *, turned: bool) -> _Part:
        column = node.field
        bounds = [
            f"{column} {sign} {self.value(bound)}"
            for sign, bound in ((">=", node.low), ("<=", node.high))
            if bound is not None
        ]
        sql = " AND ".join([f"{column} IS NOT NULL", *bounds])
        if turned:
            return _Part(f"NOT ({sql})")
        if column == "at":
            return _Part(f"({sql})", low=node.low, high=node.high)
        return _Part(f"({sql})", slow=node.low)

    def _path(self, node: Path, *, turned: bool) -> _Part:
        known = _list(self.facts.paths(node.fits))
        if node.exact:
            text = f"path = {self.value(node.value)}"
        else:
            text = f"path GLOB {self.value(node.value.replace('[', '[[]'))}"
        sql = f"CASE typeof(path) WHEN 'integer' THEN path IN ({known}) ELSE {text} END"
        sql = f"NOT {sql}" if turned else sql
        return _Part(f"(path IS NULL OR {sql})", exact=not self.facts.blurred)

    def _id(self, node: Id) -> _Part:
        rows = self.facts.rows(node)
        if rows is None:
            return _Part("TRUE", exact=False)
        return _Part(f"row IN ({_list(rows)})", exact=False, rows=frozenset(rows))

    def _phrase(self, node: Phrase) -> _Part:
        question = self.facts.phrase(node)
        if question is None:
            return _Part("TRUE", exact=False)
        self.phrases.append(question)
        return _Part(f"{{text{len(self.phrases) - 1}}}", exact=False)


def plan(wanted: Filter, facts: Facts) -> Plan:
    """How to find what `wanted` lets through.

    In `where`, `{textN}` stands for the condition that the row may hold phrase N.
    """
    compiler = _Compiler(facts)
    part = compiler.compile(wanted.root, turned=False)
    return Plan(
        part.sql,
        compiler.values,
        part.exact,
        part.shapes,
        part.rows,
        part.low,
        part.high,
        part.slow,
        tuple(compiler.phrases),
    )


def _of_shapes(node: Node) -> bool:
    if isinstance(node, Every | Either):
        return bool(node.parts) and all(map(_of_shapes, node.parts))
    if isinstance(node, Inverse):
        return _of_shapes(node.part)
    return isinstance(node, Text | NoStatus) or (isinstance(node, Span) and node.field == "status")


def _all(parts: Sequence[_Part]) -> _Part:
    if not parts:
        return _Part("TRUE")
    return _Part(
        _joined(" AND ", parts),
        all(part.exact for part in parts),
        _met(part.shapes for part in parts),
        _met(part.rows for part in parts),
        max((part.low for part in parts if part.low is not None), default=None),
        min((part.high for part in parts if part.high is not None), default=None),
        max((part.slow for part in parts if part.slow is not None), default=None),
    )


def _any(parts: Sequence[_Part]) -> _Part:
    if not parts:
        return _Part("FALSE", shapes=frozenset())
    lows = [part.low for part in parts]
    highs = [part.high for part in parts]
    slows = [part.slow for part in parts]
    return _Part(
        _joined(" OR ", parts),
        all(part.exact for part in parts),
        _joint([part.shapes for part in parts]),
        _joint([part.rows for part in parts]),
        None if None in lows else min(low for low in lows if low is not None),
        None if None in highs else max(high for high in highs if high is not None),
        None if None in slows else min(slow for slow in slows if slow is not None),
    )


def _joined(sign: str, parts: Sequence[_Part]) -> str:
    return f"({sign.join(part.sql for part in parts)})"


def _met(sets: Iterable[frozenset[int] | None]) -> frozenset[int] | None:
    known = [one for one in sets if one is not None]
    return reduce(frozenset.intersection, known) if known else None


def _joint(sets: Sequence[frozenset[int] | None]) -> frozenset[int] | None:
    known = [one for one in sets if one is not None]
    return reduce(frozenset.union, known) if len(known) == len(sets) else None


def _shape_sql(shapes: frozenset[int]) -> str:
    return f"shape IN ({_list(shapes)})"


def _list(numbers: Iterable[int]) -> str:
    # Written out: there may be more of them than SQLite takes parameters.
    return ",".join(map(str, sorted(numbers)))
