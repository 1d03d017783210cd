"""Asking which action is to be run, and with which of its last inputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..widgets.dialogs import Choose

if TYPE_CHECKING:
    from ..app import CxtopApp

_SHOWN = 200


def ask_input(
    app: CxtopApp, inputs: Sequence[Mapping[str, Any]], put: Callable[[Any], None]
) -> None:
    """Ask for one of the last inputs of an action; `put` gets it."""

    def chosen(choice: str | None) -> None:
        if choice is not None:
            put(inputs[int(choice)])

    options = [(str(number), json.dumps(value)[:_SHOWN]) for number, value in enumerate(inputs)]
    note = "Secrets are not kept: a mask stands in their place."
    app.push_screen(Choose("Last inputs", options, note=note), chosen)


def ask_action(app: CxtopApp, ran: Sequence[str], put: Callable[[str], None]) -> None:
    """Ask for an action: one that `ran` here, the last first, or one whose health is followed."""
    followed = app.monitor.health.actions() if app.monitor is not None else []
    actions = list(dict.fromkeys([*ran, *(one.action_id for one in followed)]))
    if not actions:
        app.say("No action is known here yet; write its id.")
        return

    def chosen(action_id: str | None) -> None:
        if action_id is not None:
            put(action_id)

    note = "The last that were run here, then those whose health is followed."
    app.push_screen(Choose("Which action?", [(one, one) for one in actions], note=note), chosen)
