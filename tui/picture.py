"""A picture of the screen, as a file that shows the same everywhere."""

from __future__ import annotations

import re
from pathlib import Path

SUFFIX = ".svg"

_REMOTE_FONT = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
_FONTS = "DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace"


async def save(svg: str, path: Path, *, overwrite: bool) -> int:
    """Write the picture, whole or not at all; says how many bytes it is. Raises ExportError."""
    from ..core.snapshot.exporting import save as write

    return await write(self_contained(svg).encode(), path, overwrite=overwrite)


def self_contained(svg: str) -> str:
    """The picture without the fonts that it would fetch: opening evidence asks nobody anything."""
    return (
        _REMOTE_FONT.sub("", svg)
        .replace("Fira Code, monospace", _FONTS)
        .replace("Fira Code", "monospace")
    )
