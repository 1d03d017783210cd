"""Trouble with the platform as a whole, above what is still known."""

from __future__ import annotations

from textual.widgets import Static

from ...core.states import Connection, ConnectionState
from ..ink import Span, content


class Banner(Static):
    """What happened, why, and what to do; hidden while all is well."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.display = False

    def tell(self, connection: Connection) -> None:
        """Show the trouble of this connection, or hide."""
        # Wanted, and said in the top line.
        quiet = connection.state in (ConnectionState.PAUSED, ConnectionState.SNAPSHOT)
        self.display = bool(connection.what) and not quiet
        if not self.display:
            return
        sign = "✖" if connection.state is ConnectionState.DENIED else "▲"
        spans: list[Span] = [(f"{sign} {connection.what}", "bad")]
        if connection.why:
            spans.append((f" {connection.why}", ""))
        if connection.fix:
            spans.append((f"\n  {connection.fix}", "dim"))
        self.update(content(*spans))
