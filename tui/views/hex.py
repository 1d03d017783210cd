"""The payload byte by byte."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from ...core.models import BodyKind
from ..ink import Line
from .lazylines import Lines
from .payload import bytes_of, foot, require_body
from .side import Side

_ROW = 16
_HALF = _ROW // 2
_ASCII = bytes(code if 0x20 <= code < 0x7F else ord(".") for code in range(256))


class HexLines(Lines):
    """Sixteen bytes a line: offset, bytes in two groups, ASCII."""

    def __init__(self, data: bytes, *, cut: bool = False, foot: Iterable[Line] = ()) -> None:
        super().__init__(cut=cut, foot=foot)
        self._data = data

    @property
    def height(self) -> int:
        return -(-len(self._data) // _ROW)

    def line(self, index: int) -> Line:
        row = self._data[index * _ROW : (index + 1) * _ROW]
        left, right = row[:_HALF].hex(" "), row[_HALF:].hex(" ")
        group = _HALF * 3 - 1
        return (
            (f"{index * _ROW:08x}  ", "dim"),
            (f"{left:<{group}}  {right:<{group}}  ", ""),
            (row.translate(_ASCII).decode("ascii"), "busy"),
        )


class Hex:
    """Offset, bytes, ASCII. What was kept as text or JSON is shown as UTF-8."""

    name: ClassVar[str] = "hex"
    title: ClassVar[str] = "Hex"

    def suits(self, side: Side) -> int:
        return 50 if side.body.kind is BodyKind.BASE64 and b"\0" in bytes_of(side.body).data else 0

    def lines(self, side: Side, *, whole: bool = False, width: int = 80) -> Lines:
        require_body(side.body)
        data, cut = bytes_of(side.body, whole=whole)
        return HexLines(data, cut=cut, foot=foot(side.body, cut=cut))
