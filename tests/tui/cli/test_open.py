"""cxtop open: the app on a snapshot, on a real terminal, or a sentence and no app."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from cxtop.tui.cli import exits

from .evidence import Here, here
from .terminal import RESTORED, terminal


@pytest.fixture
def known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    """A home with a snapshot of it, a.cxsnap."""
    made = here(tmp_path, monkeypatch, capsys)
    assert made("snapshot", "-o", "a.cxsnap").code == exits.OK
    return made


def bent(folder: Path, name: str, old: bytes, new: bytes) -> str:
    """A copy of a.cxsnap with other bytes in one member."""
    with (
        zipfile.ZipFile(folder / "a.cxsnap") as whole,
        zipfile.ZipFile(folder / "bent.cxsnap", "w") as other,
    ):
        for member in whole.namelist():
            text = whole.read(member)
            other.writestr(member, text.replace(old, new) if member == name else text)
    return "bent.cxsnap"


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_the_app_on_a_snapshot(known: Here) -> None:
    """Without the platform, the captures and the store: the file is enough."""
    there = files(known.folder)
    with terminal(known.cli, "open", "a.cxsnap", size=(24, 100)) as it:
        it.until(lambda text: "■ snapshot of environment" in text and "crm-backfill" in text)
        assert "live" not in it.text.splitlines()[0]
        it.send("2")
        it.until(lambda text: "24 exchanges" in text)
        it.send("\r")
        it.until(lambda text: "what it is" in text)
        it.send("q")
        it.until(lambda text: "24 exchanges" in text)
        it.send("q")
        assert it.ended() == exits.OK
    assert all(sequence in it.raw for sequence in RESTORED)
    assert files(known.folder) - there <= {known.cli.log()}


@pytest.mark.parametrize("what", ["damaged", "newer", "no snapshot"])
def test_what_cannot_be_shown_is_refused(known: Here, what: str) -> None:
    """Before the app opens where the manifest tells it, else by an app that ends."""
    if what == "damaged":
        name = bent(known.folder, "calls.jsonl", b"429", b"430")
        said = "is damaged"
    elif what == "newer":
        with zipfile.ZipFile(known.folder / "a.cxsnap") as whole:
            manifest = json.loads(whole.read("manifest.json"))
        old = whole_text(known.folder)
        manifest["version"] = 99
        name = bent(known.folder, "manifest.json", old, json.dumps(manifest).encode())
        said = "was written by a newer cxtop"
    else:
        name = "notes.cxsnap"
        (known.folder / name).write_text("three at night")
        said = "is no snapshot of cxtop"
    with terminal(known.cli, "open", name, size=(24, 100)) as it:
        assert it.ended() == exits.PLATFORM
    told = it.raw.decode(errors="replace").rpartition("\x1b[?1049l")[2]
    assert said in " ".join(told.split())
    assert (b"\x1b[?1049h" in it.raw) == (what == "damaged")


def whole_text(folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "a.cxsnap") as whole:
        return whole.read("manifest.json")


def test_without_a_terminal_there_is_no_app(known: Here) -> None:
    done = known("open", "a.cxsnap")
    assert done.code == exits.USAGE
    assert "cxtop diff" in done.err
    assert known("open", "nowhere.cxsnap").code == exits.USAGE
