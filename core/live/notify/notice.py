"""What is told: one notice, the same for every way out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from ...models import Model

SAMPLES = 3


class Occasion(StrEnum):
    """Why a notice is given."""

    ENDED = "ended"
    ERROR_SHARE = "error_share"
    DEAD_LETTER = "dead_letter"
    BUDGET = "budget"
    HEALTH = "health"
    RECOVERED = "recovered"
    TEST = "test"

    @property
    def good(self) -> bool:
        """Whether it is no reason for worry."""
        return self in (Occasion.RECOVERED, Occasion.TEST)


class Sample(Model):
    """One failed record, without what it held."""

    record_id: str
    message: str = ""


class CodeCount(Model):
    """How many records failed with a code, and up to three of them."""

    code: str
    count: int
    samples: tuple[Sample, ...] = ()


class Notice(Model):
    """One notice. `key` is the same for the same event, and is given notice of once.

    `status` is a word or two for a head line ("FAILED"), `sentence` says it in full. `subject`
    is the id of the run or error it is about, empty when it is about all. `total_errors` counts
    failed records; `codes` has them by error code, most first. Holds no secret.
    """

    key: str
    occasion: Occasion
    status: str
    sentence: str
    platform: str
    profile: str
    subject: str = ""
    name: str | None = None
    at: datetime
    total_errors: int | None = None
    codes: tuple[CodeCount, ...] = ()

    @property
    def headline(self) -> str:
        """One short line, with a sign: for a terminal's title, or a moment on the screen."""
        sign = "✔" if self.occasion.good else "✖" if self.occasion is Occasion.ENDED else "▲"
        return f"{sign} {self.sentence}"

    def payload(self) -> dict[str, Any]:
        """The notice as a generic webhook gets it."""
        return {"event": "cxtop.notice", **self.model_dump(mode="json")}
