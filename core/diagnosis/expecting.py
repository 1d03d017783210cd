"""What an answer is held against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from .wording import Findings


class Form(StrEnum):
    """How an answer wraps what it brings.

    `ANY`: one of the other two where it bears their fields, else a JSON object of its own.
    `EXECUTE`: `{id, status, result, errors, warnings}` (contract §1). `HANDLER`: `{success, data}`
    or `{success, error}` (contract §6).
    """

    ANY = "any"
    EXECUTE = "execute"
    HANDLER = "handler"


@dataclass(frozen=True, slots=True)
class Fit:
    """How a value fits a shape: what does not, and the part that does (`None` for nothing).

    `about` ends the sentence "The answer fits the …" with what the value means; `advice` is a
    sentence on what to do about it.
    """

    findings: Findings = ()
    partial: Any = None
    about: str = ""
    advice: str = ""


class Shape(Protocol):
    """A model of what an answer brings. `name` goes into sentences: "a profile token".

    `text_is_token` says that a plain string in its place is the token itself, no fault.
    """

    @property
    def name(self) -> str: ...

    @property
    def text_is_token(self) -> bool: ...

    def fit(self, value: Any, path: str) -> Fit:
        """Holds `value`, which stands at the JSON path `path`, against this shape."""
        ...


@dataclass(frozen=True, slots=True)
class Expectation:
    """The form of the answer, and the shape of what it brings, where one is known."""

    form: Form = Form.ANY
    shape: Shape | None = None

    def bringing(self, shape: Shape) -> Expectation:
        """The same form with `shape` in it: `EXECUTE.bringing(ProfileToken(now))`."""
        return replace(self, shape=shape)


ANY = Expectation()
EXECUTE = Expectation(Form.EXECUTE)
HANDLER = Expectation(Form.HANDLER)
