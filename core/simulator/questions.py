"""Answers of several pages, kept as they were when their first page was asked for."""

from __future__ import annotations

MOST_QUESTIONS = 200


class Questions:
    """The rows that go with the pages of recent questions; older ones are forgotten."""

    def __init__(self) -> None:
        self._rows: dict[int, list[dict[str, object]]] = {}
        self._asked = 0

    def ask(self, rows: list[dict[str, object]]) -> int:
        """Remembers the rows of a question; gives its number."""
        self._asked += 1
        self._rows[self._asked] = rows
        self._rows.pop(self._asked - MOST_QUESTIONS, None)
        return self._asked

    def rows(self, question: int) -> list[dict[str, object]] | None:
        """The rows of a question, if they are still known."""
        return self._rows.get(question)
