"""Repeatable chance: the same words give the same draws, in every process."""

from __future__ import annotations

import random


def chance(*words: object) -> random.Random:
    """A source of draws that depends on nothing but `words`."""
    return random.Random(":".join(map(str, words)))  # noqa: S311 - play, not secrecy
