"""From a call that a captured handler made to the exchange that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.models import Call

if TYPE_CHECKING:
    from ..app import CxtopApp


async def open_exchange(app: CxtopApp, call: Call) -> None:
    """Open the exchange in the inspector, or say why there is none."""
    from .inspector import InspectorScreen

    library = app.library
    if not call.exchange_id:
        app.say("cxtop made this call itself; it belongs to no captured exchange.")
        return
    rows = [] if library is None else await library.by_id(call.exchange_id, limit=1)
    if library is not None and rows:
        app.push_screen(InspectorScreen(library, rows[0]))
    else:
        app.say("The exchange of this call is not kept any more.", severity="warning")
