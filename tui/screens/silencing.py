"""Asking for how long nobody is to be told of an action."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...core.models import ActionHealth, HealthState
from .. import words
from ..verdicts import is_silent
from ..widgets.dialogs import Choose

if TYPE_CHECKING:
    from ..app import CxtopApp

_TIMES = {
    "15m": (900.0, "for 15 minutes"),
    "1h": (3600.0, "for 1 hour"),
    "8h": (28_800.0, "for 8 hours"),
    "end": (math.inf, "until it recovers"),
}
_SPEAK = "speak"
_ILL = (HealthState.PENDING, HealthState.ABOVE, HealthState.SILENCED)


def ask_silence(app: CxtopApp, chosen: Sequence[ActionHealth]) -> None:
    """Ask for how long alerts of these actions are held back, and see to it."""
    if not chosen:
        return
    what = chosen[0].action_id if len(chosen) == 1 else words.plural(len(chosen), "action")
    silent = [one for one in chosen if is_silent(one, app.now())]
    options = [(key, said) for key, (_, said) in _TIMES.items()]
    if not any(one.state in _ILL for one in chosen):
        options.pop()
    if silent:
        options.append((_SPEAK, "tell of it again"))

    def silence(key: str | None) -> None:
        if key == _SPEAK:
            for one in silent:
                app.command(
                    lambda monitor, one=one: monitor.health.unsilence(one.action_id),
                    f"{one.action_id} is told of again.",
                )
        elif key is not None:
            for_s, said = _TIMES[key]
            for one in chosen:
                app.command(
                    lambda monitor, one=one: monitor.health.silence(one.action_id, for_s),
                    f"{one.action_id} is silent {said}; z speaks again.",
                )

    note = "It is shown all the same; only nobody is told."
    app.push_screen(Choose(f"Silence {what}", options, note=note), silence)
