"""How far a search in a widget has got."""

from __future__ import annotations

from textual.message import Message

MOST = 10_000
"""How many matches are kept."""


class Found(Message):
    """`count` matches of `text`, the cursor on number `position` from 1, or 0 on none.

    `complete` says that all was searched; where it stays false there are more matches than kept.
    """

    def __init__(self, text: str, count: int, position: int, complete: bool) -> None:
        super().__init__()
        self.text = text
        self.count = count
        self.position = position
        self.complete = complete

    @property
    def words(self) -> str:
        """`3 of 17`, or that there is none."""
        if not self.text:
            return ""
        if not self.count:
            return "no match" if self.complete else "searching …"
        return f"{self.position:,} of {self.count:,}" + ("" if self.complete else "+")
