"""One side of an exchange, as a content view takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...core.models import Body, Exchange

Which = Literal["request", "response"]


@dataclass(frozen=True)
class Side:
    """The request or the response of an exchange."""

    exchange: Exchange
    which: Which

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of this side, as they came."""
        exchange = self.exchange
        return exchange.request_headers if self.which == "request" else exchange.response_headers

    @property
    def body(self) -> Body:
        """The payload of this side."""
        return self.exchange.request if self.which == "request" else self.exchange.response

    @property
    def content_type(self) -> str:
        """What the payload says it is, in lower case; from the headers where the body does not."""
        named = self.body.content_type or next(
            (value for name, value in self.headers if name.lower() == "content-type"), ""
        )
        return named.strip().lower()

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.content_type.partition(";")[0].strip()
