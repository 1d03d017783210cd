"""Fields of a form: of an address, urlencoded, or in several parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ...core.errors import ViewError
from ...core.models import BodyKind
from ..ink import Line
from .fields import rows
from .lazylines import FixedLines, Lines
from .payload import bytes_of, foot, require_body, text_of
from .side import Side

_MOST = 10_000
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w*])name\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;\"]+))", re.IGNORECASE)
_FILE = re.compile(r"filename\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;\"]+))", re.IGNORECASE)
_LONGEST_HEAD = 8192


class Part(NamedTuple):
    """A part of a multipart body."""

    name: str
    filename: str
    content_type: str
    data: bytes


class Form:
    """The fields, decoded; those of the address first."""

    name: ClassVar[str] = "form"
    title: ClassVar[str] = "Form"

    def suits(self, side: Side) -> int:
        if side.body.kind is BodyKind.NONE:
            return 40 if _query(side) else 0
        if side.body.kind is BodyKind.JSON:
            return 0
        if side.media_type == "multipart/form-data":
            return 95 if _boundary(side) else 0
        return 95 if side.media_type == "application/x-www-form-urlencoded" else 0

    def lines(self, side: Side, *, whole: bool = False, width: int = 80) -> Lines:
        shown: list[Line] = []
        if query := _query(side):
            shown = [(("in the address", "dim"),), *rows(query, name_tone="busy"), ()]
            if side.body.kind is BodyKind.NONE:
                return FixedLines(shown[:-1])
        require_body(side.body)
        if _boundary(side):
            data, cut = bytes_of(side.body, whole=whole)
            fields = [_field(part) for part in parts(data, _boundary(side).encode())]
        else:
            fields, cut = self._urlencoded(side, whole)
        if not fields:
            raise ViewError("The body is no form.", fix="Look at it as raw text or as hex.")
        if shown:
            shown.append((("in the body", "dim"),))
        return FixedLines(
            [*shown, *rows(fields, name_tone="busy")], cut=cut, foot=foot(side.body, cut=cut)
        )

    def _urlencoded(self, side: Side, whole: bool) -> tuple[list[tuple[str, str]], bool]:
        text, cut = text_of(side.body, whole=whole)
        meant = side.media_type == "application/x-www-form-urlencoded"
        if side.body.kind is BodyKind.JSON or not (meant or re.match(r"[^\s<{=&]+=", text)):
            raise ViewError("The body is no form.", fix="Look at it as raw text or as hex.")
        return _pairs(text), cut


def parts(data: bytes, boundary: bytes) -> Iterator[Part]:
    """The parts of a multipart body; of a broken one those that can be made out."""
    for count, piece in enumerate(data.split(b"--" + boundary)[1:]):
        if piece.startswith(b"--") or count >= _MOST:
            return
        head, blank, content = _split(piece)
        if not blank:
            continue
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (
                line.partition(":") for line in head.decode("utf-8", "replace").splitlines()
            )
        }
        disposition = headers.get("content-disposition", "")
        yield Part(
            _named(_NAME, disposition),
            _named(_FILE, disposition),
            headers.get("content-type", ""),
            content.removesuffix(b"\n").removesuffix(b"\r"),
        )


def _split(piece: bytes) -> tuple[bytes, bytes, bytes]:
    for blank in (b"\r\n\r\n", b"\n\n"):
        if blank in piece[:_LONGEST_HEAD]:
            return piece.partition(blank)
    return piece, b"", b""


def _named(pattern: re.Pattern[str], disposition: str) -> str:
    found = pattern.search(disposition)
    return re.sub(r"\\(.)", r"\1", found[1] or found[2] or "") if found else ""


def _field(part: Part) -> tuple[str, str]:
    told = [f"“{part.filename}”"] if part.filename else []
    if part.content_type:
        told.append(part.content_type)
    if part.filename or b"\0" in part.data:
        return part.name, ", ".join([*told, f"{len(part.data):,} bytes"])
    return part.name, part.data.decode("utf-8", "replace")


def _boundary(side: Side) -> str:
    if not side.media_type.startswith("multipart/"):
        return ""
    # Not `content_type`: a boundary is told apart by upper and lower case.
    written = side.body.content_type or dict(side.headers).get("content-type", "")
    found = _BOUNDARY.search(written)
    return (found[1] or found[2]) if found else ""


def _query(side: Side) -> list[tuple[str, str]]:
    if side.which == "response":
        return []
    try:
        return _pairs(urlsplit(side.exchange.url).query)
    except ValueError:
        return []


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        return parse_qsl("&".join(text.split("&", _MOST)[:_MOST]), keep_blank_values=True)
