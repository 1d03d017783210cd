"""Keeping what was seen, and finding it again: one SQLite file for each profile."""

from .errorquery import ErrorSort
from .store import Store
from .writer import Writer

__all__ = ["ErrorSort", "Store", "Writer"]
