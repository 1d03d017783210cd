"""When an action counts as ill, and how often that is looked at."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ..durations import duration
from ..errors import InputError
from .kinds import Count, Seconds, Section, no_bool

CLEAR_SHARE = 0.8
"""Where nothing says when an action is well again: below this share of its threshold."""


def _written_duration(text: Any) -> Any:
    try:
        duration(text)
    except InputError as error:
        # A setting's error quotes the value by itself.
        raise ValueError(error.why.rstrip(".")) from None
    return text.strip().upper()


Percent = Annotated[float, BeforeValidator(no_bool), Field(gt=0, le=100, allow_inf_nan=False)]
Length = Annotated[float, BeforeValidator(no_bool), Field(ge=0, le=86_400, allow_inf_nan=False)]


class HealthSettings(Section):
    """How actions are judged.

    `threshold` is the error rate in percent above which an action is ill, `thresholds` those of
    single actions by id. It is told once the rate is above for `for_s` seconds, and once more when
    it is below `clear_below` percent for as long; below 80 % of the threshold where that is
    `None`. `actions` are the ids to follow, `interval` (ISO 8601) the time that figures are of.
    They are asked for every `refresh_s` seconds. Of fewer than `least` executions nothing is told.
    """

    threshold: Percent = 5.0
    thresholds: dict[str, Percent] = {}
    actions: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    interval: Annotated[str, AfterValidator(_written_duration)] = "PT24H"
    refresh_s: Seconds = 60.0
    for_s: Length = 300.0
    clear_below: Percent | None = None
    least: Count = 10

    def threshold_of(self, action_id: str) -> float:
        """The threshold of an action, in percent."""
        return self.thresholds.get(action_id, self.threshold)

    def clear_of(self, action_id: str) -> float:
        """The rate, in percent, below which an action that was ill counts as well again."""
        threshold = self.threshold_of(action_id)
        if self.clear_below is None:
            return threshold * CLEAR_SHARE
        return min(self.clear_below, threshold)
