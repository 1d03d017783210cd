"""HAR 1.2: the exchanges, for browsers, proxies and all others that read the format."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from ... import __version__
from ...models import Exchange, Model
from ..scope import Part
from .harentry import har_entry
from .heading import heading
from .jsontext import encode
from .pouring import Progress, pour

if TYPE_CHECKING:
    from ..evidence import Evidence
    from ..masking import Mask


class HarFormat:
    """One document, written entry by entry."""

    name = "har"
    suffix = ".har"
    title = "HAR 1.2, for other HTTP tools"
    holds = frozenset((Part.EXCHANGES,))

    async def write(
        self, evidence: Evidence, mask: Mask, out: BinaryIO, progress: Progress
    ) -> None:
        """Write the document to `out`, an entry a line."""
        head = heading(evidence, mask)
        creator = encode({"name": "cxtop", "version": __version__})
        comment = encode(f"{head['title']} (made at {evidence.at.isoformat()})".strip())
        out.write(b'{"log":{"version":"1.2","creator":' + creator)
        out.write(b',"comment":' + comment + b',"entries":[')
        separator = b"\n"

        def take(record: Model) -> None:
            nonlocal separator
            out.write(separator + encode(har_entry(cast(Exchange, record))))
            separator = b",\n"

        await pour(evidence, Part.EXCHANGES, mask, take, progress)
        out.write(b"\n]}}\n")


HAR = HarFormat()
