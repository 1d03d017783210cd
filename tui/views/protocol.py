"""What a content view is."""

from __future__ import annotations

from typing import ClassVar, Protocol

from .lazylines import Lines
from .side import Side


class ContentView(Protocol):
    """A way to look at one side of an exchange; without state, and safe to use in a thread."""

    name: ClassVar[str]
    title: ClassVar[str]

    def suits(self, side: Side) -> int:
        """How well it suits: the highest is chosen, 0 never is unless somebody asks for it."""
        ...

    def lines(self, side: Side, *, whole: bool = False, width: int = 80) -> Lines:
        """The side in lines: its head (`HEAD`), or the `whole` of it.

        `width` in cells is for views that wrap sentences. Raises ViewError.
        """
        ...
