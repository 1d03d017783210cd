"""The file: whole or not at all, and never over another one unasked."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from cxtop.core.errors import ExportError, ExportExistsError, StoreError
from cxtop.core.models import Model
from cxtop.core.redact import REDACTOR
from cxtop.core.snapshot.bundle import Bundle
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.exporting import UNFINISHED, Exported, Progress, export
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.snapshot.scope import Part, Scope

from .support import NOW, evidence_of, exchange, opened, plain


class Waiting(Evidence):
    """Evidence that stops in the middle, until `go`."""

    def __init__(self) -> None:
        self.scope = Scope(parts=frozenset({Part.EXCHANGES}))
        self.profile_name = self.platform = ""
        self.at = NOW
        self.missing = 0
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def records(self, part: Part) -> AsyncGenerator[Model, None]:
        if part is not Part.EXCHANGES:
            return
        for number in range(500):
            yield exchange(number)
            if number == 450 and not self.go.is_set():
                self.reached.set()
                await self.go.wait()
                if self.error is not None:
                    raise self.error

    async def counts(self):
        from cxtop.core.snapshot.counting import Counts

        return Counts({Part.EXCHANGES: 500})


async def write(path: Path, evidence: Evidence | None = None, **rest: bool) -> Exported:
    given = evidence or Waiting()
    if evidence is None:
        assert isinstance(given, Waiting)
        given.go.set()
    return await export(given, format="cxsnap", mask=plain(), path=path, **rest)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_it_says_what_it_wrote_and_how_far_it_is(tmp_path: Path) -> None:
    heard: list[Progress] = []
    loop_thread = threading.current_thread()
    threads = set()
    path = tmp_path / "out" / "a.cxsnap"
    path.parent.mkdir()

    def hear(progress: Progress) -> None:
        heard.append(progress)
        threads.add(threading.current_thread())

    async with opened(tmp_path, exchanges=450) as (store, library):
        evidence = evidence_of(store, library)
        counts = await evidence.counts()
        done = await export(
            evidence,
            format="cxsnap",
            mask=Mask(Strictness.STRICT, REDACTOR),
            path=path,
            progress=hear,
        )
    assert done.path == path
    assert done.size == path.stat().st_size
    assert dict(done.counts) == {part: n for part, n in counts.parts.items() if n}
    assert done.missing == 0
    assert done.masked["value of try"] == 450
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == ["a.cxsnap"]
    assert [progress.done for progress in heard] == sorted(progress.done for progress in heard)
    assert heard[-1].done == heard[-1].total == counts.total
    assert {progress.part for progress in heard} == set(Part)
    assert threads == {loop_thread}


async def test_an_existing_file_stays_unless_it_may_go(tmp_path: Path) -> None:
    path = tmp_path / "a.cxsnap"
    path.write_bytes(b"old")
    with pytest.raises(ExportExistsError, match="already"):
        await write(path)
    assert path.read_bytes() == b"old"
    await write(path, overwrite=True)
    with Bundle.open(path) as bundle:
        bundle.verify()
    assert names(tmp_path) == ["a.cxsnap"]
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ExportExistsError):
        await write(path)
    assert not (tmp_path / "nowhere").exists()


async def test_one_that_comes_meanwhile_stays_too(tmp_path: Path) -> None:
    path = tmp_path / "a.cxsnap"
    evidence = Waiting()
    task = asyncio.create_task(write(path, evidence))
    await evidence.reached.wait()
    path.write_bytes(b"another's")
    evidence.go.set()
    with pytest.raises(ExportExistsError):
        await task
    assert path.read_bytes() == b"another's"
    assert names(tmp_path) == ["a.cxsnap"]


async def test_of_two_at_once_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "a.cxsnap"
    found = await asyncio.gather(*(write(path) for _ in range(4)), return_exceptions=True)
    assert len([each for each in found if isinstance(each, Exported)]) == 1
    assert len([each for each in found if isinstance(each, ExportExistsError)]) == 3
    with Bundle.open(path) as bundle:
        bundle.verify()
    assert names(tmp_path) == ["a.cxsnap"]


@pytest.mark.parametrize("overwrite", [False, True])
async def test_cancelling_leaves_the_old_file_whole(tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "a.cxsnap"
    if overwrite:
        path.write_bytes(b"old")
    evidence = Waiting()
    task = asyncio.create_task(write(path, evidence, overwrite=overwrite))
    await evidence.reached.wait()
    assert len(names(tmp_path)) == 1 + overwrite
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names(tmp_path) == (["a.cxsnap"] if overwrite else [])
    if overwrite:
        assert path.read_bytes() == b"old"


async def test_a_store_that_fails_leaves_nothing(tmp_path: Path) -> None:
    evidence = Waiting()
    evidence.error = StoreError("The store is damaged.")
    task = asyncio.create_task(write(tmp_path / "a.cxsnap", evidence))
    await evidence.reached.wait()
    evidence.go.set()
    with pytest.raises(StoreError):
        await task
    assert names(tmp_path) == []


async def test_places_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no folder"):
        await write(tmp_path / "missing" / "a.cxsnap")
    with pytest.raises(ExportError, match="is a folder"):
        await write(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ExportError, match="no ordinary file"):
        await write(tmp_path / "pipe", overwrite=True)
    with pytest.raises(ExportError, match="no format 'pdf'"):
        await export(Waiting(), format="pdf", mask=plain(), path=tmp_path / "a")
    with pytest.raises(ExportError, match="could not be written"):
        await write(Path("/proc/a.cxsnap"))
    (tmp_path / "long").mkdir()
    with pytest.raises(ExportError, match="could not be written"):
        await write(tmp_path / ("x" * 300))


# Where the system is in the way: in a process of its own

CHILD = """
import asyncio, resource, sys
from pathlib import Path
from cxtop.core.errors import ExportError
from tests.core.snapshot.test_exporting import Waiting, write
path, limit, kill = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "wait"
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
async def main():
    evidence = Waiting()
    task = asyncio.create_task(write(path, evidence, overwrite=True))
    if kill:
        await evidence.reached.wait()
        print("ready", flush=True)
        await asyncio.Event().wait()
    evidence.go.set()
    try:
        await task
    except ExportError as error:
        print(error)
        return 7
    return 0
sys.exit(asyncio.run(main()))
"""


def child(path: Path, *, limit: int = 0, wait: bool = False) -> subprocess.Popen[str]:
    root = Path(__file__).parents[3]
    words = [sys.executable, "-c", CHILD, str(path), str(limit), "wait" if wait else "go"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=root)


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.cxsnap"
    path.write_bytes(b"old")
    with child(path, limit=2000) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 7
    assert "no room left" in said
    assert "Nothing was changed." in said
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.cxsnap"]


async def test_a_kill_leaves_the_old_file_whole_and_the_next_one_clears_up(tmp_path: Path) -> None:
    path = tmp_path / "a.cxsnap"
    path.write_bytes(b"old")
    with child(path, wait=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # Another's file that is still being written stays.
        await write(tmp_path / "b.cxsnap")
        left = [name for name in names(tmp_path) if name.endswith(UNFINISHED)]
        assert len(left) == 1
        process.send_signal(signal.SIGKILL)
    assert path.read_bytes() == b"old"
    assert left[0] in names(tmp_path)
    await write(tmp_path / "c.cxsnap")
    assert names(tmp_path) == ["a.cxsnap", "b.cxsnap", "c.cxsnap"]


async def test_what_is_not_ours_is_not_cleared_up(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / f".link{UNFINISHED}").symlink_to(tmp_path / "secret")
    (tmp_path / f".folder{UNFINISHED}").mkdir()
    await write(tmp_path / "a.cxsnap")
    assert (tmp_path / f".link{UNFINISHED}").is_symlink()
    assert (tmp_path / f".folder{UNFINISHED}").is_dir()
    assert (tmp_path / "secret").exists()
