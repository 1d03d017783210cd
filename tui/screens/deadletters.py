"""Asking what is to become of dead letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .. import words
from ..widgets.dialogs import Ask, Choose

if TYPE_CHECKING:
    from ..app import CxtopApp


def ask_delivery(app: CxtopApp, chosen: Sequence[str], done: Callable[[], None]) -> None:
    """Ask whether these letters are posted to the webhook now, and see to it; then `done`."""
    if app.monitor is None or not chosen:
        return
    if not app.monitor.recovery.dead_letters.can_deliver:
        app.say(
            "There is no webhook: set dead_letter_webhook in the profile, or "
            "CXTOP_DEAD_LETTER_WEBHOOK.",
            severity="warning",
        )
        return

    def deliver(answer: str | None) -> None:
        if answer == "yes":
            app.command(
                lambda monitor: monitor.recovery.redeliver(chosen),
                f"{words.plural(len(chosen), 'dead letter')} on the way to the webhook.",
            )
            done()

    app.push_screen(
        Choose(
            f"Deliver {words.plural(len(chosen), 'dead letter')} now?",
            [("no", "no, leave as it is"), ("yes", "yes, post to the webhook")],
            now="no",
            note="One that was delivered before is sent once more.",
        ),
        deliver,
    )


def ask_discard(app: CxtopApp, chosen: Sequence[str], done: Callable[[], None]) -> None:
    """Ask why these letters are not needed, and give them up; then `done`."""
    if not chosen:
        return

    def give_up(reason: str | None) -> None:
        if not reason:
            return
        for error_id in chosen:
            app.command(
                lambda monitor, error_id=error_id: monitor.recovery.discard(error_id, reason),
                f"The dead letter {error_id} is discarded; the audit log has the reason.",
            )
        done()

    app.push_screen(
        Ask(
            f"Discard {words.plural(len(chosen), 'dead letter')}?",
            "Delivered no more, but kept. The audit log has the reason.",
            placeholder="why it is not needed",
            fault=lambda text: "" if text else "Say why, or leave with Esc.",
        ),
        give_up,
    )
