from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cxtop.core.capture.files import LogFile, rotated

Opening = Callable[..., LogFile]


@pytest.fixture
def opening() -> Iterator[Opening]:
    """Makes log files, and closes them."""
    made: list[LogFile] = []

    def make(
        path: Path | str, *, service: str = "svc", max_bytes: int = 10_000, keep: int = 3
    ) -> LogFile:
        made.append(LogFile(path, service, max_bytes=max_bytes, keep=keep))
        return made[-1]

    yield make
    for file in made:
        file.close()


def write(file: LogFile, *lines: bytes) -> int:
    return file.write(deque(lines))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_written_where_it_was_told(tmp_path: Path, opening: Opening) -> None:
    path = tmp_path / "deep" / "er" / "captures.jsonl"
    file = opening(path)
    assert file.path is None
    assert write(file, b"one\n", b"two\n") == 2
    assert path.read_bytes() == b"one\ntwo\n"
    assert mode(path) == 0o600
    assert mode(path.parent) == mode(path.parent.parent) == 0o700


@pytest.mark.parametrize("form", ["there", "slash", "bare"])
def test_a_folder_gets_a_file_by_service_and_process(
    tmp_path: Path, opening: Opening, form: str
) -> None:
    folder = tmp_path / "logs.d" if form != "bare" else tmp_path / "logs"
    if form == "there":
        folder.mkdir()
    file = opening(f"{folder}/" if form == "slash" else folder, service="../my svc")
    write(file, b"one\n")
    assert [path.name for path in folder.iterdir()] == [f"_my_svc-{os.getpid()}.jsonl"]


def test_a_service_without_a_usable_name_is_named(tmp_path: Path, opening: Opening) -> None:
    write(opening(f"{tmp_path}/", service="..."), b"one\n")
    assert [path.name for path in tmp_path.iterdir()] == [f"service-{os.getpid()}.jsonl"]


def test_an_existing_file_is_appended_to_and_closed_to_others(
    tmp_path: Path, opening: Opening
) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes(b"old\n")
    path.chmod(0o644)
    write(opening(path), b"new\n")
    assert path.read_bytes() == b"old\nnew\n"
    assert mode(path) == 0o600


def test_a_full_file_is_renamed_once_and_numbered_upward(tmp_path: Path, opening: Opening) -> None:
    file = opening(tmp_path / "c.jsonl", max_bytes=8)
    write(file, *(f"{n:03}\n".encode() for n in range(7)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "c.1.jsonl": b"000\n001\n",
        "c.2.jsonl": b"002\n003\n",
        "c.3.jsonl": b"004\n005\n",
        "c.jsonl": b"006\n",
    }
    assert mode(tmp_path / "c.1.jsonl") == 0o600


def test_the_oldest_files_go_and_their_numbers_are_not_used_again(
    tmp_path: Path, opening: Opening
) -> None:
    file = opening(tmp_path / "c.jsonl", max_bytes=4, keep=2)
    write(file, *[b"one\n"] * 6)
    assert sorted(rotated(tmp_path / "c.jsonl")) == [4, 5]
    file.close()
    write(opening(tmp_path / "c.jsonl", max_bytes=4, keep=2), b"two\n")
    assert sorted(rotated(tmp_path / "c.jsonl")) == [5, 6]


def test_none_is_kept_if_none_shall_be(tmp_path: Path, opening: Opening) -> None:
    write(opening(tmp_path / "c.jsonl", max_bytes=4, keep=0), *[b"one\n"] * 3)
    assert [path.name for path in tmp_path.iterdir()] == ["c.jsonl"]


def test_a_line_longer_than_a_file_gets_a_file_of_its_own(tmp_path: Path, opening: Opening) -> None:
    long = b"x" * 50 + b"\n"
    write(opening(tmp_path / "c.jsonl", max_bytes=10), b"one\n", long, b"two\n")
    assert (tmp_path / "c.1.jsonl").read_bytes() == b"one\n"
    assert (tmp_path / "c.2.jsonl").read_bytes() == long
    assert (tmp_path / "c.jsonl").read_bytes() == b"two\n"


def test_others_of_a_similar_name_are_left_alone(tmp_path: Path, opening: Opening) -> None:
    for name in ("c.x.jsonl", "c.1.json", "cc.1.jsonl", "c.1.jsonl.gz"):
        (tmp_path / name).write_bytes(b"mine")
    write(opening(tmp_path / "c.jsonl", max_bytes=4, keep=1), *[b"one\n"] * 4)
    assert len(list(tmp_path.iterdir())) == 6


def test_two_writers_never_share_a_file(tmp_path: Path, opening: Opening) -> None:
    path = tmp_path / "c.jsonl"
    for text in (b"one\n", b"two\n", b"three\n"):
        write(opening(path), text)
    pid = os.getpid()
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        "c.jsonl": b"one\n",
        f"c-{pid}.jsonl": b"two\n",
        f"c-{pid}-2.jsonl": b"three\n",
    }


def test_a_closed_file_is_free_for_the_next_and_can_be_written_again(
    tmp_path: Path, opening: Opening
) -> None:
    path = tmp_path / "c.jsonl"
    first, second = opening(path), opening(path)
    write(first, b"one\n")
    first.close()
    write(second, b"two\n")
    second.close()
    write(first, b"three\n")
    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_a_file_whose_last_line_is_unfinished_is_set_aside(
    tmp_path: Path, opening: Opening
) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes(b"one\nha")
    write(opening(path), b"two\n")
    assert (tmp_path / "c.1.jsonl").read_bytes() == b"one\nha"
    assert path.read_bytes() == b"two\n"


@pytest.mark.parametrize("act", [Path.unlink, lambda path: path.rename(f"{path}.moved")])
def test_a_file_that_was_moved_or_deleted_is_made_again(
    tmp_path: Path, opening: Opening, act: Callable[[Path], object]
) -> None:
    path = tmp_path / "c.jsonl"
    file = opening(path)
    write(file, b"one\n")
    act(path)
    write(file, b"two\n")
    assert path.read_bytes() == b"two\n"


def test_a_file_that_was_cut_to_nothing_goes_on_at_its_start(
    tmp_path: Path, opening: Opening
) -> None:
    path = tmp_path / "c.jsonl"
    file = opening(path)
    write(file, b"one\n")
    os.truncate(path, 0)
    write(file, b"two\n")
    assert path.read_bytes() == b"two\n"


def test_a_full_disk_leaves_the_lines_to_be_written_later() -> None:
    lines = deque([b"one\n", b"two\n"])
    file = LogFile("/dev/full", "svc", max_bytes=4, keep=1)
    with pytest.raises(OSError, match="No space"):
        file.write(lines)
    assert list(lines) == [b"one\n", b"two\n"]
    assert file.duplicate() is None
    file.close()


def test_a_folder_that_vanishes_is_made_again(tmp_path: Path, opening: Opening) -> None:
    path = tmp_path / "in" / "c.jsonl"
    file = opening(path)
    write(file, b"one\n")
    path.unlink()
    path.parent.rmdir()
    write(file, b"two\n")
    assert path.read_bytes() == b"two\n"


def test_when_every_name_is_taken_it_is_said(tmp_path: Path, opening: Opening) -> None:
    path = tmp_path / "c.jsonl"
    for _ in range(100):
        write(opening(path), b"x\n")
    with pytest.raises(FileExistsError, match="every name"):
        write(opening(path), b"x\n")
