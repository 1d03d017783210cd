"""A picture of the screen, as a file that shows the same everywhere."""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path

from ..core.redact import Redactor

SUFFIX = ".svg"

_REMOTE_FONT = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
_TEXT = re.compile(r"(<text [^>]*>)([^<]*)(</text>)")
_FONTS = "DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace"


async def save(svg: str, path: Path, *, overwrite: bool, redactor: Redactor) -> int:
    """Write the picture, whole or not at all; says how many bytes it is. Raises ExportError."""
    from ..core.snapshot.exporting import save as write

    picture = masked(self_contained(svg), redactor)
    return await write(picture.encode(), path, overwrite=overwrite)


def masked(svg: str, redactor: Redactor) -> str:
    """The picture without what looks like a secret: a log that another program wrote may have
    brought one to the screen. No text changes its length, so that all stays in its place."""

    def mask(found: re.Match[str]) -> str:
        text = unescape(found[2]).replace("\xa0", " ")
        clean = redactor.text(text)
        if clean == text:
            return found[0]
        fitted = clean[: len(text)].ljust(len(text))
        return found[1] + escape(fitted).replace(" ", "&#160;") + found[3]

    return _TEXT.sub(mask, svg)


def self_contained(svg: str) -> str:
    """The picture without the fonts that it would fetch: opening evidence asks nobody anything."""
    return (
        _REMOTE_FONT.sub("", svg)
        .replace("Fira Code, monospace", _FONTS)
        .replace("Fira Code", "monospace")
    )
