"""The formats in which evidence is written, each for another reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

from ..scope import Part
from .bundle import BUNDLE
from .csvtext import CSV_ERRORS, CSV_EXCHANGES
from .har import HAR
from .jsondocument import JSON
from .jsonlines import JSON_LINES
from .markdown import MARKDOWN
from .pouring import Progress
from .webpage import HTML

if TYPE_CHECKING:
    from ..evidence import Evidence
    from ..masking import Mask


class Format(Protocol):
    """How evidence is written. `title` says in words what it is for, `holds` what it can hold."""

    @property
    def name(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def holds(self) -> frozenset[Part]: ...

    async def write(
        self, evidence: Evidence, mask: Mask, out: BinaryIO, progress: Progress
    ) -> None:
        """Write all of it to `out`, which can seek, masked by `mask`; `progress` is told in the
        event loop how many records of a part are done. Raises what reading and writing raise."""
        ...


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (BUNDLE, JSON, JSON_LINES, CSV_ERRORS, CSV_EXCHANGES, HAR, MARKDOWN, HTML)
}
"""Every format by its name."""
