"""The filter that was typed, with its fault shown where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...core.errors import FilterError
from ...core.text import safe

if TYPE_CHECKING:
    from ...core.store.filter import Filter


def parsed(text: str) -> Filter:
    """The filter in `text`. Raises UsageError, which points at the character."""
    from ...core.store.filter import parse

    try:
        return parse(text)
    except FilterError as error:
        place = len(safe(text[: error.position]))
        said = " ".join(part for part in (error.what, error.why) if part)
        lines = [said, f"  {safe(text)}", f"  {' ' * place}^", error.fix]
        raise click.UsageError("\n".join(line for line in lines if line.strip())) from None
