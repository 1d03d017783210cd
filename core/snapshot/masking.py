"""Masking again, on the way out: nothing that is handed over holds a secret.

default   what the redactor of the settings knows, as it is today: names and patterns that were
          added since something was kept count, too
strict    beside that whatever tells about a person, and all header and query values but
          harmless ones; ids and error codes stay, so that it still is evidence
none      as it was kept, which is masked already
"""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..models import Body, BodyKind, Model
from ..redact import MASK, Redactor
from .personal import Personal
from .scope import Part

if TYPE_CHECKING:
    from .evidence import Evidence

M = TypeVar("M", bound=Model)
T = TypeVar("T")

_MOST_KINDS = 500
_OTHER = "other"
_LONGEST_KIND = 80
_FORM = "x-www-form-urlencoded"
_PLAIN = frozenset((type(None), bool, int, float, datetime))

# What comes again and again is looked at once: words, headers, addresses. Ids are longer.
_LONGEST_WORD = 31
_LONGEST_KEPT = 256
_KEPT = 2048


class Strictness(StrEnum):
    """How much is masked."""

    STRICT = "strict"
    DEFAULT = "default"
    NONE = "none"


_TIES = (
    "id run_id call_id exchange_id request_id correlation_id flow_execution_id conversation_id "
    "traceparent error_id action_id execution_id step_id flow_id idempotency_key retry_of "
    "code error_code action service method content_type platform operation type interval"
)
_IDS = frozenset(_TIES.split())
"""Fields that tie things together or say what went wrong: no secret stays, the rest does."""

_URLS = frozenset(("url",))
_HEADERS = frozenset(("request_headers", "response_headers", "rate_limit"))


class Mask:
    """Masks models. `masked` counts what was masked, by kind or by the name it went under.

    The same model masked twice is masked once: nothing more changes.
    """

    def __init__(self, strictness: Strictness, redactor: Redactor) -> None:
        self.strictness = strictness
        self.masked: Counter[str] = Counter()
        self._redactor = redactor
        self._personal = Personal(self._note) if strictness is Strictness.STRICT else None
        self._told: list[str] = []
        self._words: set[str] = set()
        self._seen: dict[object, tuple[Any, tuple[str, ...]]] = {}

    def fresh(self) -> Mask:
        """Another one of the same kind, that has counted nothing."""
        return Mask(self.strictness, self._redactor)

    def model(self, model: M) -> M:
        """The model masked; itself where there is nothing to mask."""
        if self.strictness is Strictness.NONE:
            return model
        masked = self._model(model)
        self._count()
        return masked

    def text(self, text: str) -> str:
        """Text that goes along with the models, such as a title."""
        if self.strictness is Strictness.NONE:
            return text
        masked = self._string(text, "text")
        self._count()
        return masked

    def words(self, words: dict[str, Any]) -> dict[str, Any]:
        """What is told beside the models, such as the filter that somebody typed."""
        if self.strictness is Strictness.NONE:
            return words
        masked = self._json(words)
        self._count()
        return masked

    def _model(self, model: M) -> M:
        if isinstance(model, Body):
            return cast(M, self._body(model))
        changed: dict[str, Any] = {}
        ids: dict[str, str] = {}
        for name, value in vars(model).items():
            kind = type(value)
            if kind in _PLAIN:
                continue
            if kind is str and name in _IDS:
                if value not in self._words:
                    ids[name] = value
                continue
            new = self._field(name, value)
            if new is not value:
                changed[name] = new
        if ids:
            changed |= self._ids(ids)
        return model.model_copy(update=changed) if changed else model

    def _field(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Enum):
            if name in _IDS:
                return self._id(value)
            return self._url(value) if name in _URLS else self._string(value, name)
        if isinstance(value, Model):
            return self._model(value)
        if name in _HEADERS and isinstance(value, tuple | dict):
            return self._headers(value)
        if isinstance(value, tuple):
            new = tuple(self._field(name, each) for each in value)
            same = all(one is other for one, other in zip(new, value, strict=True))
            return value if same else new
        if isinstance(value, dict | list):
            return self._json(value)
        return value

    # Kinds of values

    def _ids(self, ids: dict[str, str]) -> dict[str, str]:
        """Those of `ids` that change. They are searched together, which is much quicker."""
        if self._redactor.json(list(ids.values())) == list(ids.values()):
            self._learn(ids.values())
            return {}
        return {name: new for name, text in ids.items() if (new := self._id(text)) != text}

    def _id(self, text: str) -> str:
        if text in self._words:
            return text
        clean = self._noted(text, self._redactor.text(text), "id")
        if clean == text:
            self._learn((text,))
        return clean

    def _learn(self, words: Iterable[str]) -> None:
        if len(self._words) >= _KEPT:
            self._words.clear()
        self._words.update([word for word in words if len(word) <= _LONGEST_WORD])

    def _string(self, text: str, name: str) -> str:
        clean = self._noted(text, self._redactor.text(text), name)
        return clean if self._personal is None else _same(clean, self._personal.text(clean))

    def _url(self, url: str) -> str:
        return _same(url, self._once(url, len(url), lambda: self._clean_url(url)))

    def _clean_url(self, url: str) -> str:
        clean = self._noted(url, self._redactor.url(url), "url")
        return clean if self._personal is None else _same(clean, self._personal.url(clean))

    def _headers(self, headers: Any) -> Any:
        if isinstance(headers, Mapping):
            pairs = tuple(headers.items())
            new = tuple([self._header(pair) for pair in pairs])
            return headers if new == pairs else dict(new)
        new = tuple([self._header(pair) for pair in headers])
        return headers if new == headers else new

    def _header(self, pair: tuple[str, str]) -> tuple[str, str]:
        return self._once(pair, len(pair[0]) + len(pair[1]), lambda: self._clean_header(*pair))

    def _clean_header(self, name: str, value: str) -> tuple[str, str]:
        clean = self._noted(value, self._redactor.header(name, value), f"header {name}")
        name = self._id(name)
        if self._personal is None:
            return name, clean
        return self._personal.text(name), self._personal.header(name, clean)

    def _once(self, what: object, size: int, work: Callable[[], T]) -> T:
        """What `work` gives, and gave before for the same; what it told of is counted again."""
        found = self._seen.get(what)
        if found is not None:
            self._told += found[1]
            return found[0]
        before = len(self._told)
        made = work()
        if size <= _LONGEST_KEPT:
            if len(self._seen) >= _KEPT:
                self._seen.clear()
            self._seen[what] = made, tuple(self._told[before:])
        return made

    def _json(self, value: Any) -> Any:
        clean = self._redactor.json(value)
        if clean is not value:
            self._note_changes(value, clean, "value")
        return clean if self._personal is None else self._personal.json(clean)

    def _body(self, body: Body) -> Body:
        changed: dict[str, Any] = {}
        content_type = self._id(body.content_type)
        if content_type != body.content_type:
            changed["content_type"] = content_type
        kind, value = body.kind, body.value
        if kind is BodyKind.BASE64 and self._personal is not None:
            # Nobody can look into it for what it tells.
            self._note("binary body")
            changed |= {"kind": BodyKind.TEXT, "value": MASK}
        elif kind is BodyKind.BASE64:
            changed |= self._binary(value)
        elif value is not None:
            new = self._payload(value, body)
            if new is not value:
                changed["value"] = new
        return body.model_copy(update=changed) if changed else body

    def _payload(self, value: Any, body: Body) -> Any:
        if body.kind is BodyKind.JSON or not isinstance(value, str):
            return self._json(value)
        if _FORM not in body.content_type.lower():
            return self._string(value, "body")
        clean = self._noted(value, self._redactor.form(value), "body")
        return clean if self._personal is None else _same(clean, self._personal.form(clean))

    def _binary(self, value: Any) -> dict[str, Any]:
        """What changes of a binary body. Latin-1 maps every byte to one character and back, so
        that nothing else does."""
        try:
            text = b64decode(value, validate=True).decode("latin-1")
        except (TypeError, ValueError):
            text = ""
        else:
            clean = self._redactor.text(text)
            if clean != text:
                self._note("body")
                value = b64encode(clean.encode("latin-1", "replace")).decode()
                return {"value": value}
        # What is no base64, or a secret as it stands there, is looked at as text.
        seen = self._json(value)
        return {} if seen is value else {"kind": BodyKind.TEXT, "value": seen}

    # Counting

    def _noted(self, before: str, after: str, kind: str) -> str:
        if before == after:
            return before
        self._note(kind)
        return after

    def _note(self, kind: str) -> None:
        self._told.append(kind)

    def _count(self) -> None:
        for kind in self._told:
            kind = kind[:_LONGEST_KIND]
            if kind not in self.masked and len(self.masked) >= _MOST_KINDS:
                kind = _OTHER
            self.masked[kind] += 1
        self._told.clear()

    def _note_changes(self, before: Any, after: Any, name: str) -> None:
        if before is after:
            return
        if isinstance(before, dict) and isinstance(after, dict):
            for old, (label, new) in zip(before.values(), after.items(), strict=False):
                self._note_changes(old, new, f"value of {label}")
        elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
            for old, new in zip(before, after, strict=False):
                self._note_changes(old, new, name)
        elif before != after:
            self._note(name)


@dataclass(frozen=True, slots=True)
class Preview:
    """What will be masked, by kind or name, the most frequent first, in the records that were
    looked at; `complete` says that those are all."""

    masked: tuple[tuple[str, int], ...]
    looked_at: int
    complete: bool


async def preview(evidence: Evidence, mask: Mask, *, sample: int = 200) -> Preview:
    """What `mask` will mask, told from up to `sample` records of each part.

    What `mask` itself has counted stays as it is. Raises StoreError.
    """
    trial = mask.fresh()
    looked_at, complete = 0, True
    for part in Part:
        some: list[Model] = []
        async for model in evidence.records(part):
            if len(some) >= sample:
                complete = False
                break
            some.append(model)
        looked_at += len(some)
        await asyncio.to_thread(_try_out, trial, some)
    return Preview(tuple(trial.masked.most_common()), looked_at, complete)


def _try_out(mask: Mask, models: list[Model]) -> None:
    for model in models:
        mask.model(model)


def _same(before: str, after: str) -> str:
    return before if before == after else after
