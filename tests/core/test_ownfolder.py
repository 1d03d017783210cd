"""A process's own temporary folder, also after processes that were killed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxtop.core.ownfolder import OwnFolder

PREFIX = "cxtop-test-"
HOLDER = """
import sys
from pathlib import Path
from cxtop.core.ownfolder import OwnFolder
with OwnFolder(sys.argv[1], Path(sys.argv[2])) as folder:
    (folder.path / "a").mkdir()
    print(folder.path, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, PREFIX, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_it_is_private_and_goes_with_all_in_it(tmp_path: Path) -> None:
    with OwnFolder(PREFIX, tmp_path) as folder:
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        (folder.path / "file").write_text("x")
    assert not folder.path.exists()


def test_what_a_killed_one_left_is_removed_and_a_living_ones_stays(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    assert holder.stdout is not None
    theirs = Path(holder.stdout.readline().strip())
    with OwnFolder(PREFIX, tmp_path) as mine:
        assert mine.path.exists()
        assert theirs.exists()
    holder.kill()
    holder.wait()
    assert theirs.exists()
    with OwnFolder(PREFIX, tmp_path):
        assert not theirs.exists()


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / f"{PREFIX}file"
    file.write_text("x")
    target = tmp_path / "target"
    target.mkdir()
    link = tmp_path / f"{PREFIX}link"
    link.symlink_to(target)
    other = tmp_path / "other"
    young = tmp_path / f"{PREFIX}young"
    old = tmp_path / f"{PREFIX}old"
    for folder in (other, young, old):
        folder.mkdir()
    for folder in (other, old):
        os.utime(folder, (0, 0))
    with OwnFolder(PREFIX, tmp_path):
        assert [one.exists() for one in (file, link, target, other, young, old)] == [True] * 5 + [
            False
        ]


def test_where_there_is_no_place_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        OwnFolder(PREFIX, tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())
