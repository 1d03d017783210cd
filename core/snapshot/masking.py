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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..models import Body, BodyKind, Model
from ..redact import MASK, Redactor
from .personal import Personal
from .scope import Part

if TYPE_CHECKING:
    from .evidence import Evidence

M = TypeVar("M", bound=Model)

_MOST_KINDS = 500
_OTHER = "other"
_LONGEST_KIND = 80
_LONGEST_KEPT = 128
_KEPT = 4096
_FORM = "x-www-form-urlencoded"


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
        self._headers_kept: set[tuple[str, str]] = set()
        self._words: set[str] = set()

    def fresh(self) -> Mask:
        """Another one of the same kind, that has counted nothing."""
        return Mask(self.strictness, self._redactor)

    def model(self, model: M) -> M:
        """The model masked; itself where there is nothing to mask."""
        if self.strictness is Strictness.NONE:
            return model
        return self._model(model)

    def text(self, text: str) -> str:
        """Text that goes along with the models, such as a title."""
        return text if self.strictness is Strictness.NONE else self._string(text, "text")

    def words(self, words: dict[str, Any]) -> dict[str, Any]:
        """What is told beside the models, such as the filter that somebody typed."""
        return words if self.strictness is Strictness.NONE else self._json(words)

    def _model(self, model: M) -> M:
        if isinstance(model, Body):
            return cast(M, self._body(model))
        changed: dict[str, Any] = {}
        for name, value in model:
            new = self._field(name, value)
            if new is not value:
                changed[name] = new
        return model.model_copy(update=changed) if changed else model

    def _field(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, Enum | bool | int | float):
            return value
        if name in _HEADERS:
            return self._headers(value)
        if isinstance(value, str):
            if name in _IDS:
                return self._id(value)
            return self._url(value) if name in _URLS else self._string(value, name)
        if isinstance(value, Model):
            return self._model(value)
        if isinstance(value, tuple):
            new = tuple(self._field(name, each) for each in value)
            same = all(one is other for one, other in zip(new, value, strict=True))
            return value if same else new
        if isinstance(value, dict | list):
            return self._json(value)
        return value

    # Kinds of values

    def _id(self, text: str) -> str:
        # Most words come again and again, and so may ids.
        if not text or text in self._words:
            return text
        clean = self._noted(text, self._redactor.text(text), "id")
        if clean == text and len(text) <= _LONGEST_KEPT:
            if len(self._words) >= _KEPT:
                self._words.clear()
            self._words.add(text)
        return clean

    def _string(self, text: str, name: str) -> str:
        clean = self._noted(text, self._redactor.text(text), name)
        return clean if self._personal is None else _same(clean, self._personal.text(clean))

    def _url(self, url: str) -> str:
        clean = self._noted(url, self._redactor.url(url), "url")
        return clean if self._personal is None else _same(clean, self._personal.url(clean))

    def _headers(self, headers: Any) -> Any:
        if isinstance(headers, Mapping):
            pairs = self._pairs(headers.items())
            return headers if pairs == tuple(headers.items()) else dict(pairs)
        pairs = self._pairs(headers)
        return headers if pairs == headers else pairs

    def _pairs(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        pairs = tuple((self._id(name), self._header(name, value)) for name, value in headers)
        return pairs if self._personal is None else self._personal.headers(pairs)

    def _header(self, name: str, value: str) -> str:
        if (name, value) in self._headers_kept:
            return value
        clean = self._noted(value, self._redactor.header(name, value), f"header {name}")
        if clean == value and len(value) <= _LONGEST_KEPT:
            if len(self._headers_kept) >= _KEPT:
                self._headers_kept.clear()
            self._headers_kept.add((name, value))
        return clean

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
        kind = kind[:_LONGEST_KIND]
        if kind not in self.masked and len(self.masked) >= _MOST_KINDS:
            kind = _OTHER
        self.masked[kind] += 1

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
