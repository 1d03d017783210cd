"""How failures are recovered (contract §5): directives by error code, retries, the check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from .kinds import Seconds, Section, no_bool
from .regions import is_loopback

Word = Literal["RETRY", "ROLLBACK", "DEAD_LETTER"]

DIRECTIVES: Mapping[str, Word] = MappingProxyType(
    {"TIMEOUT": "RETRY", "SERVICE_UNAVAILABLE": "RETRY", "CONFLICT": "RETRY"}
)
"""What is done about a code that the profile does not name; any other is a dead letter."""

ELSE = "*"
"""The name in `directives` that stands for every code that is not named."""

_HOLE = "{actionId}"


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


class RollbackCheck(Section):
    """A `GET` that shows whether a run was rolled back.

    `url` has the hole `{actionId}`; a path is one of the platform's API, and asked for with its
    token. `field` is where to look in the answer, names parted by dots; there `value` must stand.
    """

    url: str
    field: Annotated[str, Field(min_length=1)]
    value: str | int | float | bool | None

    @field_validator("url")
    @classmethod
    def _has_hole(cls, url: str) -> str:
        if url.count(_HOLE) != 1 or "{" in url.replace(_HOLE, ""):
            raise ValueError(f"it says where the id goes with {_HOLE}, once")
        if not url.isprintable() or " " in url or "\\" in url:
            raise ValueError("a URL holds no white space, backslash or control character")
        if not url.startswith("/") or url.startswith("//"):
            _refuse_unsafe(url.replace(_HOLE, "id"))
            if _HOLE in urlsplit(url).netloc:
                raise ValueError("the id goes into the path, not into the host")
        return url

    def fill(self, action_id: str) -> str:
        """The URL, or path, for one run; its id stays one percent-encoded segment."""
        segment = quote(action_id, safe="", errors="surrogatepass")
        if segment in (".", ".."):
            segment = segment.replace(".", "%2E")
        return self.url.replace(_HOLE, segment)

    def __str__(self) -> str:
        return f"{self.url} has {self.field} = {json.dumps(self.value)}"


class RecoverySettings(Section):
    """What is done about a run that failed.

    `directives` gives an error code its directive, `*` all that are not named. `max_retries`
    counts the tries after the first failure; the wait before try k is `base_s · factor^(k-1)`
    seconds, and at most `cap_s`.
    """

    directives: dict[str, Annotated[Word, BeforeValidator(_upper)]] = {}
    rollback_codes: tuple[str, ...] = ()
    max_retries: Annotated[int, BeforeValidator(no_bool), Field(ge=0, le=100)] = 5
    base_s: Seconds = 2.0
    factor: Annotated[float, BeforeValidator(no_bool), Field(ge=1, le=100, allow_inf_nan=False)] = (
        2.0
    )
    cap_s: Seconds = 30.0
    rollback_check: RollbackCheck | None = None

    @model_validator(mode="after")
    def _no_clash(self) -> Self:
        named = {code.upper(): word for code, word in self.directives.items()}
        for code in self.rollback_codes:
            if named.get(code.upper(), "ROLLBACK") != "ROLLBACK":
                raise ValueError(f"rollback_codes and directives both name {code[:60]}")
        return self

    def directive(self, code: str) -> Word:
        """What is to be done about the error code `code`, in any case."""
        code = code.strip().upper()
        named: dict[str, Word] = {
            name.strip().upper(): word for name, word in self.directives.items()
        }
        if code in named:
            return named[code]
        if code in {name.strip().upper() for name in self.rollback_codes}:
            return "ROLLBACK"
        return DIRECTIVES.get(code) or named.get(ELSE) or "DEAD_LETTER"

    def wait_s(self, attempt: int) -> float:
        """The seconds before attempt `attempt`, which counts from 1."""
        # Beyond a few dozen the power would overflow, and the cap has been reached long before.
        return min(self.cap_s, self.base_s * self.factor ** min(attempt - 1, 64))


def checked_webhook(secret: SecretStr) -> SecretStr:
    """A webhook's URL, which may carry its secret in path or query.

    Raises ValueError, which never quotes it.
    """
    _refuse_unsafe(secret.get_secret_value())
    return secret


def _refuse_unsafe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL begins with https:// and a host")
    if "@" in parts.netloc:
        raise ValueError("a URL here holds no user name or password")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("a URL here begins with https://, unless it is of this machine")
