"""The screens at the root, each reached by its number."""

from __future__ import annotations

from typing import NamedTuple


class Room(NamedTuple):
    """A screen at the root: its key, its name for people, and its mode in the app."""

    key: str
    title: str
    mode: str


ROOMS = (
    Room("1", "Runs", "runs"),
    Room("2", "Exchanges", "exchanges"),
    Room("3", "Retries", "retries"),
    Room("4", "Health", "health"),
    Room("5", "Recovery", "recovery"),
)
