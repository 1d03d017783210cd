"""What is told to people who do not look, and how."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from .kinds import Secret, Section, no_bool
from .recovery import checked_webhook

Occasion = Literal["ended", "error_share", "dead_letter", "budget", "health", "recovered"]
OCCASIONS: tuple[Occasion, ...] = get_args(Occasion)


class NotifySettings(Section):
    """On which occasions notice is given, and by what beside the profile's Slack webhook.

    `error_share` is the share (0 to 1) of a run's records that may fail before it is told.
    `bell` and `title` are those of the terminal. `webhooks` get each notice as JSON.
    """

    on: tuple[Occasion, ...] = OCCASIONS
    error_share: Annotated[float, BeforeValidator(no_bool), Field(gt=0, le=1)] = 0.1
    bell: bool = False
    title: bool = True
    webhooks: tuple[Annotated[Secret, AfterValidator(checked_webhook)], ...] = ()
