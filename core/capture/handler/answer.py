"""What an upstream answered to a handler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from .checking import parsed
from .errors import UnreadableAnswerError

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """What an upstream answered, after so many `attempts`; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    attempts: int = 1

    @property
    def text(self) -> str:
        """The body as UTF-8 text, with U+FFFD for what is none."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body's JSON value. Raises UnreadableAnswerError where it breaks."""
        try:
            return json.loads(self.content, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            told = f"line {error.lineno}, column {error.colno}"
            why = f"Its JSON breaks at {told}." if self.content.strip() else "It is empty."
        except UnicodeDecodeError as error:
            why = f"Byte {error.start + 1} is not UTF-8."
        except (ValueError, RecursionError) as error:
            why = f"Its JSON holds what JSON does not have ({type(error).__name__})."
        raise self._unreadable(why)

    def parsed(self, model: type[M]) -> M:
        """The body as a pydantic model. Raises UnreadableAnswerError that names the fields."""
        value, findings = parsed(model, self.json())
        if findings:
            raise self._unreadable("; ".join(f"{path} {told}" for path, told in findings) + ".")
        return value

    def _unreadable(self, why: str) -> UnreadableAnswerError:
        return UnreadableAnswerError(
            "The upstream's answer cannot be read.",
            why=why,
            attempts=self.attempts,
            status=self.status,
        )


def _refuse(word: str) -> Any:
    raise ValueError(word)
