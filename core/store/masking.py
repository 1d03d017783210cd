"""Secrets are masked before anything reaches the disk, and nothing on the way may fail."""

from __future__ import annotations

from typing import Any

from ..redact import Redactor
from .codec import TOO_DEEP, dump


def masked(redactor: Redactor, value: Any) -> str:
    """`value`, of any JSON shape, as JSON text without secrets."""
    try:
        return dump(redactor.json(value))
    except RecursionError:
        return dump(TOO_DEEP)


def masked_object(redactor: Redactor, value: dict[str, Any]) -> str:
    """The same for what must stay an object."""
    text = masked(redactor, value)
    return text if text.startswith("{") else dump({"": TOO_DEEP})
