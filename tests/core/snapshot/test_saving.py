"""Content that is there already, such as a picture: whole or not at all, as an export."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxtop.core.errors import ExportError, ExportExistsError
from cxtop.core.snapshot.exporting import save


async def test_it_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "screen.svg"
    assert await save(b"<svg/>", path) == 6
    assert path.read_bytes() == b"<svg/>"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in files(tmp_path)] == ["screen.svg"]


async def test_another_file_is_replaced_only_when_that_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "screen.svg"
    path.write_text("precious")
    with pytest.raises(ExportExistsError):
        await save(b"<svg/>", path)
    assert path.read_text() == "precious"
    assert await save(b"<svg/>", path, overwrite=True) == 6
    assert path.read_bytes() == b"<svg/>"


async def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no folder"):
        await save(b"<svg/>", tmp_path / "nowhere" / "screen.svg")
    with pytest.raises(ExportError, match="could not be written"):
        await save(b"<svg/>", Path("/proc/cxtop.svg"))


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())
