"""Notices on the terminal: a line on the screen, the bell, and the title of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.text import clip, safe

if TYPE_CHECKING:
    from ..core.config import NotifySettings
    from ..core.errors import CxtopError
    from ..core.live.notify import Notice, Notifier
    from .app import CxtopApp

_KEEP_TITLE = "\x1b[22;2t"
_GIVE_BACK = "\x1b[23;2t"
_LONGEST_TITLE = 80


class Herald:
    """Says on the terminal what a notifier gives notice of.

    The title is taken only with the first notice: until then it is the terminal's own, and it
    gets that back in the end. Coming back to the window shows that the notice was seen.
    """

    def __init__(self, app: CxtopApp) -> None:
        self._app = app
        self._taken = False
        self._unseen = 0

    def follow(self, notifier: Notifier, settings: NotifySettings) -> None:
        """From now on tells what this notifier tells."""

        def heard(notice: Notice) -> None:
            severity = "information" if notice.occasion.good else "warning"
            self._app.say(notice.headline, severity=severity)
            if settings.bell:
                self._app.bell()
            if settings.title:
                self._unseen += 1
                count = f"{self._unseen} " if self._unseen > 1 else ""
                self._title(f"{count}{notice.headline}")

        def troubled(error: CxtopError) -> None:
            self._app.say(str(error), severity="warning")

        notifier.hear(heard, troubled)

    def seen(self) -> None:
        """The user has come back to the window."""
        if self._unseen:
            self._unseen = 0
            self._title(f"cxtop {self._app.profile_name or ''}".strip())

    def leave(self) -> None:
        """Give the terminal its title back."""
        if self._taken:
            self._taken = False
            self._write(_GIVE_BACK)

    def _title(self, text: str) -> None:
        if not self._taken:
            self._taken = True
            self._write(_KEEP_TITLE)
        # A run's name may hold anything; a control character would end the title and drive on.
        self._write(f"\x1b]2;{clip(safe(text), _LONGEST_TITLE)}\x07")

    def _write(self, sequence: str) -> None:
        driver = self._app._driver
        if driver is not None and not self._app.is_headless:
            driver.write(sequence)
            driver.flush()
