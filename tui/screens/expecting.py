"""Asking what an action's answer has to fit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import CxtopError
from ..widgets.dialogs import Ask, Choose

if TYPE_CHECKING:
    from ...core.live.executing import Expected
    from .base import CxScreen

NOTHING = "nothing in particular"
_NOTHING, _TOKEN, _FILE = "nothing", "token", "file"

Took = Callable[["Expected | None", str], None]


def ask_expected(screen: CxScreen, took: Took) -> None:
    """Ask what the result has to fit; `took` gets it, `None` for nothing, and the words for it."""

    def chosen(choice: str | None) -> None:
        if choice == _FILE:
            screen.app.push_screen(Ask("Which JSON Schema?", placeholder="path of a file"), named)
        elif choice == _TOKEN:
            from ...core.diagnosis import ProfileToken

            took(ProfileToken, "a Cognigy profile token")
        elif choice == _NOTHING:
            took(None, NOTHING)

    def named(path: str | None) -> None:
        if path:
            screen.run_worker(
                _read(screen, Path(path).expanduser(), took),
                exclusive=True,
                group="schema",
                exit_on_error=False,
            )

    options = [
        (_NOTHING, f"{NOTHING}, or the action's own schema"),
        (_TOKEN, "a Cognigy profile token"),
        (_FILE, "a JSON Schema in a file …"),
    ]
    screen.app.push_screen(Choose("What the result has to fit", options), chosen)


async def _read(screen: CxScreen, file: Path, took: Took) -> None:
    from ...core.live.knownschemas import schema_in

    try:
        schema = await asyncio.to_thread(schema_in, file)
    except CxtopError as error:
        screen.app.say(str(error), severity="error")
    else:
        took(partial(_same, schema), f"the {schema.name}")


def _same(shape: Any, _now: object) -> Any:
    return shape
