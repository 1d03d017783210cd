"""The Cognigy profile token and its state (contract §4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from ..models import Diagnosis, Outcome
from .expecting import Fit
from .wording import step, type_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = 1e11  # as seconds this is the year 5138
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_A_TIME = "an epoch in s or ms, or an RFC 3339 time"


class TokenState(StrEnum):
    """Where a token stands."""

    VALID = "VALID"
    NO_TOKEN = "NO_TOKEN"  # noqa: S105 - a word, no secret
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105 - a word, no secret

    @property
    def directive(self) -> str:
        """What to do now, in the contract's word; empty when nothing."""
        return {"NO_TOKEN": "INITIATE_AUTH_FLOW", "TOKEN_EXPIRED": "REFRESH_TOKEN"}.get(self, "")


@dataclass(frozen=True, slots=True)
class TokenReading:
    """The state of a token; `expired_at` is in UTC, and only with `TOKEN_EXPIRED`."""

    state: TokenState
    expired_at: datetime | None = None

    @property
    def directive(self) -> str:
        """What to do now, in the contract's word; empty when nothing."""
        return self.state.directive


def token_of(diagnosis: Diagnosis, now: datetime) -> TokenReading | None:
    """The state at `now` of the token that an answer brought; `None` when it was no answer."""
    if diagnosis.outcome.good or diagnosis.outcome is Outcome.SCHEMA_DRIFT:
        return token_reading(diagnosis.result, now)
    return None


def token_reading(value: Any, now: datetime) -> TokenReading:
    """The state at `now` (aware) of a profile token, a bare token, or of nothing."""
    bare = isinstance(value, str)
    token = value if bare else value.get("token") if isinstance(value, dict) else None
    if not isinstance(token, str) or not token.strip():
        return TokenReading(TokenState.NO_TOKEN)
    expires_at = None if bare else moment(value.get("expiresAt"))
    if expires_at is not None and expires_at <= now:
        return TokenReading(TokenState.TOKEN_EXPIRED, expires_at)
    return TokenReading(TokenState.VALID)


def moment(value: Any) -> datetime | None:
    """A time in UTC, from an epoch in s or ms or from RFC 3339; `None` for anything else."""
    try:
        if isinstance(value, str) and _RFC3339.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        seconds = value / 1000 if abs(value) >= _FIRST_MS else value
        return _EPOCH + timedelta(seconds=seconds)
    except (ValueError, OverflowError):  # also for NaN
        return None


@dataclass(frozen=True, slots=True)
class ProfileToken:
    """`{token, expiresAt, userId, metadata}` as it stands at `now` (aware).

    Without a token nothing else has to be there; with one, who it is for and until when do.
    """

    now: datetime
    name: str = field(default="Cognigy profile token", init=False)
    text_is_token: bool = field(default=True, init=False)

    def fit(self, value: Any, path: str) -> Fit:
        """Holds `value` against the token's fields, and says where the token stands."""
        if not isinstance(value, dict):
            return Fit(findings=((path, f"expected object, found {type_name(value)}"),))
        token = value.get("token")
        bears = token is not None and token != ""
        told = [
            (step(path, name), f"expected {expected}, found {found}")
            for name, expected, found in (
                ("token", "string or null", _mistyped(token, str)),
                ("expiresAt", _A_TIME, self._expiry(value, bears)),
                ("userId", "string", self._owner(value, bears)),
                ("metadata", "object", _mistyped(value.get("metadata"), dict)),
            )
            if found
        ]
        wrong = {place.rpartition(".")[2] for place, _ in told}
        partial = {name: item for name, item in value.items() if name not in wrong}
        reading = token_reading(value, self.now)
        about = _ABOUT[reading.state].format(reading)
        return Fit(tuple(told), partial or None, about, _ADVICE[reading.state])

    @staticmethod
    def _expiry(value: dict[str, Any], bears: bool) -> str:
        raw = value.get("expiresAt")
        if raw is None:
            return _absent(value, "expiresAt") if bears else ""
        if moment(raw) is not None:
            return ""
        number = isinstance(raw, int | float) and not isinstance(raw, bool)
        return "a number out of range" if number else type_name(raw)

    @staticmethod
    def _owner(value: dict[str, Any], bears: bool) -> str:
        raw = value.get("userId")
        if raw is None:
            return _absent(value, "userId") if bears else ""
        return _mistyped(raw, str)


def _mistyped(value: Any, wanted: type) -> str:
    return "" if value is None or isinstance(value, wanted) else type_name(value)


def _absent(value: dict[str, Any], name: str) -> str:
    return "null" if name in value else "nothing"


_ABOUT = {
    TokenState.VALID: ", which is valid",
    TokenState.NO_TOKEN: ", and bears no token",
    TokenState.TOKEN_EXPIRED: ", which expired at {0.expired_at:%Y-%m-%d %H:%M:%S} UTC",
}
_ADVICE = {
    TokenState.VALID: "",
    TokenState.NO_TOKEN: "Start the authorization flow for this user (INITIATE_AUTH_FLOW).",
    TokenState.TOKEN_EXPIRED: "Refresh the token (REFRESH_TOKEN).",
}
