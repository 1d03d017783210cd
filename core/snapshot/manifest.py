"""What a bundle says of itself: which version, of what, and what each member must be."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ..models import Model
from .masking import Strictness
from .scope import Part

FORMAT = "cxtop-snapshot"
VERSION = 1
"""Counts the changes after which older readers understand nothing any more."""

MINOR = 0
"""Counts the fields that were added since: a reader of an older one leaves them out."""

NAME = "manifest.json"
SUFFIX = ".jsonl"


def member_name(part: Part) -> str:
    """The member of a bundle that holds a part."""
    return f"{part.value}{SUFFIX}"


class Member(Model):
    """A member as it was written: how many lines, how many bytes before packing, and the SHA-256
    of those, in hexadecimal digits."""

    name: str
    part: Part
    count: int
    size: int
    sha256: str


class Manifest(Model):
    """The whole bundle. `made_at` is when the evidence was taken; `missing` counts exchanges that
    were known but could not be read any more."""

    format: Literal["cxtop-snapshot"] = FORMAT
    version: int = VERSION
    minor: int = MINOR
    cxtop: str
    made_at: datetime
    title: str = ""
    scope: dict[str, Any] = {}
    strictness: Strictness
    profile: str = ""
    platform: str = ""
    missing: int = 0
    members: tuple[Member, ...] = ()

    @property
    def counts(self) -> dict[Part, int]:
        """How many records there are of each part."""
        return {member.part: member.count for member in self.members}

    @property
    def size(self) -> int:
        """How many bytes all members are before packing."""
        return sum(member.size for member in self.members)
