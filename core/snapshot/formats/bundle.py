"""The bundle, `.cxsnap`: what cxtop itself opens again.

A zip with one member of JSON Lines for each part, and last the manifest, which has the checksum
of each. `docs/snapshot.md` describes it.
"""

from __future__ import annotations

import zipfile
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO

from ... import __version__
from ...models import Model
from ..manifest import NAME, Manifest, Member, member_name
from ..records import as_json
from ..scope import EVERY_PART, Part
from .behind import Behind
from .pouring import Progress, finished, pour

if TYPE_CHECKING:
    from ..evidence import Evidence
    from ..masking import Mask

_LEVEL = 6
# Packed in one piece: much quicker than line by line, and meanwhile the next lines are made.
_PIECE = 256 * 1024


class BundleFormat:
    """Everything, to be opened with `cxtop open`."""

    name = "cxsnap"
    suffix = ".cxsnap"
    title = "Snapshot, opened with cxtop open"
    holds = EVERY_PART

    async def write(
        self, evidence: Evidence, mask: Mask, out: BinaryIO, progress: Progress
    ) -> None:
        """Write the bundle to `out`, member by member, as the records come."""
        members: list[Member] = []
        at = evidence.at.astimezone(UTC).timetuple()[:6]
        archive = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        try:
            for part in Part:
                if part in evidence.scope.parts:
                    written = _Written(archive, part, at)
                    try:
                        await pour(evidence, part, mask, written.add, progress)
                    finally:
                        await finished(written.close)
                    members.append(written.member)
            manifest = Manifest(
                cxtop=__version__,
                made_at=evidence.at,
                title=mask.text(evidence.scope.title),
                scope=mask.words(evidence.scope.words()),
                strictness=mask.strictness,
                profile=mask.text(evidence.profile_name),
                platform=evidence.platform,
                missing=evidence.missing,
                members=tuple(members),
            )
            text = manifest.model_dump_json(indent=1).encode()
            await finished(lambda: archive.writestr(_info(NAME, at), text))
        finally:
            # Also when it failed: an archive that is not closed would try to write later.
            await finished(archive.close)


class _Written:
    """A member while it is written."""

    def __init__(self, archive: zipfile.ZipFile, part: Part, at: tuple[int, ...]) -> None:
        self._part = part
        self._name = member_name(part)
        # Nobody knows now whether it will need more than 4 GiB.
        self._out = archive.open(_info(self._name, at), "w", force_zip64=True)
        self._sum = sha256()
        self._behind = Behind()
        self._lines: list[bytes] = []
        self._waiting = self._count = self._size = 0

    def add(self, model: Model) -> None:
        """Write one record."""
        line = as_json(model) + b"\n"
        self._lines.append(line)
        self._waiting += len(line)
        self._count += 1
        self._size += len(line)
        if self._waiting >= _PIECE:
            self._hand_over()

    def _hand_over(self) -> None:
        piece, self._lines, self._waiting = b"".join(self._lines), [], 0
        self._behind.do(lambda: self._pack(piece))

    def _pack(self, piece: bytes) -> None:
        self._out.write(piece)
        self._sum.update(piece)

    def close(self) -> None:
        """Write what is left, and the end of the member."""
        try:
            self._hand_over()
            self._behind.wait()
        finally:
            self._behind.close()
            self._out.close()

    @property
    def member(self) -> Member:
        """What was written."""
        return Member(
            name=self._name,
            part=self._part,
            count=self._count,
            size=self._size,
            sha256=self._sum.hexdigest(),
        )


def _info(name: str, at: tuple[int, ...]) -> zipfile.ZipInfo:
    # A zip knows no times before 1980.
    info = zipfile.ZipInfo(name, max(at, (1980, 1, 1, 0, 0, 0)))  # pyright: ignore[reportArgumentType]
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o100600 << 16
    return info


BUNDLE = BundleFormat()
