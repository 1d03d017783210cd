"""Two exchanges side by side: reading them, and opening their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.models import Exchange
from .diff import DiffScreen

if TYPE_CHECKING:
    from ...core.sources import Library
    from ..app import CxtopApp


async def compare(app: CxtopApp, library: Library, before: int, after: int) -> None:
    """Open the difference of two exchanges, by the numbers of their rows; says why where not."""
    pair: list[Exchange] = []
    for number in (before, after):
        exchange = await library.payload(number)
        if not isinstance(exchange, Exchange):
            app.say(f"One of the two cannot be read: {exchange.why}", severity="warning")
            return
        pair.append(exchange)
    app.push_screen(DiffScreen(*pair, heading=f"Exchanges › {pair[1].request_id or pair[1].id}"))
