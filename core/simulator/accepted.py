"""What clients submitted, so that a key that comes again is the same run (contract §2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Submission:
    """A run that was submitted: its id, and with which key and body."""

    run_id: str
    key: str
    body: dict[str, Any]


class Submissions:
    """What was submitted, the oldest first. One key is one run, however often it comes."""

    def __init__(self) -> None:
        self._by_key: dict[str, Submission] = {}
        self.all: list[Submission] = []

    def find(self, key: str) -> Submission | None:
        """What was submitted with this key."""
        return self._by_key.get(key) if key else None

    def add(self, submission: Submission) -> None:
        """Remembers a submission."""
        self.all.append(submission)
        if submission.key:
            self._by_key[submission.key] = submission
