"""What the platform answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..errors import AnswerError
from .payload import UnreadableError, parse_json

_KINDS = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, its body read up to the profile's `max_body` bytes (contract §0).

    `headers` are by lower-case name; one that came several times is joined by commas. A body
    that was longer is cut and `truncated`. `correlation_id` is what the vendor asks for.
    `asked` are the headers that the request really bore, without its credentials; it began at
    `asked_at` and `duration_ms` later the last byte was there.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    truncated: bool
    call_id: str
    request_id: str
    correlation_id: str | None
    url: str
    operation: str = ""
    asked: Mapping[str, str] = field(default_factory=dict, repr=False)
    asked_at: datetime | None = None
    duration_ms: float = 0.0

    def json(self) -> Any:
        """The body as JSON. Raises AnswerError that says what came instead."""
        if self.truncated:
            raise self._unreadable(
                f"it was cut after {len(self.body)} bytes",
                fix="Raise max_body in the profile if answers of this size are to be expected.",
            )
        try:
            return parse_json(self.body, self.headers.get("content-type", ""))
        except UnreadableError as error:
            raise self._unreadable(str(error)) from error

    def object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises AnswerError for anything else."""
        value = self.json()
        if not isinstance(value, dict):
            raise self._unreadable(
                f"it is JSON, but {_KINDS.get(type(value), 'a number')} instead of an object"
            )
        return value

    def _unreadable(self, instead: str, fix: str = "") -> AnswerError:
        return AnswerError(
            f"The answer to “{self.operation}” cannot be read: {instead}.",
            why=f"It came from {self.url} with status {self.status}.",
            fix=fix or "Check that base_url is the platform's API and not a proxy or login page.",
            status=self.status,
            correlation_id=self.correlation_id,
            call_id=self.call_id,
        )
