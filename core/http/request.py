"""What is asked of the platform."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

from ..errors import RequestError


class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET: Final[Literal[Unset.UNSET]] = Unset.UNSET
"""No body at all, where `None` is the body `null`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to the platform, before any attempt at it.

    `operation` names it for people ("run status"). `path` is percent-encoded already (see
    `segment`) and begins with a slash; it hangs under the profile's API. Parameters that are
    `None` are left out. `json` is any JSON value, `form` a form's fields; at most one of them.
    `idempotent` says that a POST may be sent twice; an `Idempotency-Key` header says so too.
    `permission` is named when the platform answers 403, `subject` (an id) when it answers 404.
    `timeout_s` is how long the platform may be silent, in seconds; the profile's `read_s` else.
    With `any_status` an answer with any status is given back, once there are no more attempts.
    """

    operation: str
    method: str
    path: str
    params: Mapping[str, Any] | None = None
    json: Any = field(default=UNSET, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    idempotent: bool = False
    permission: str = ""
    subject: str = ""
    run_id: str | None = None
    timeout_s: float | None = None
    any_status: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once (contract §0, "Retried")."""
        if self.method.upper() in ("GET", "HEAD"):
            return True
        keyed = any(name.lower() == "idempotency-key" for name in self.headers)
        return self.method.upper() == "POST" and (self.idempotent or keyed)


def segment(identifier: str) -> str:
    """`identifier` as exactly one segment of a path, whatever it holds (contract §0).

    `.` and `..` are encoded too, as they would climb. Raises RequestError for an empty id, which
    no encoding can keep from changing the path.
    """
    if not identifier:
        raise RequestError(
            "An empty id cannot be asked for.", fix="Give the id as the platform shows it."
        )
    encoded = quote(identifier, safe="", errors="surrogatepass")
    return encoded.replace(".", "%2E") if identifier in (".", "..") else encoded
