"""Files that are no snapshots, or would do harm, are refused with a sentence."""

import asyncio
import json
import os
import struct
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.errors import SnapshotError, SnapshotNewerError
from cxtop.core.snapshot.bundle import Bundle
from cxtop.core.snapshot.manifest import MINOR, VERSION
from cxtop.core.snapshot.reading import Limits, is_snapshot
from cxtop.core.snapshot.scope import Part

from .support import as_text, bundle_in, read

Change = Callable[[dict[str, bytes], dict[str, Any]], None]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return asyncio.run(bundle_in(tmp_path))


def rebuilt(good: Path, change: Change, *, also: tuple[zipfile.ZipInfo, ...] = ()) -> Path:
    """The bundle with other members or another manifest, whose checksums fit unless `change`
    says otherwise."""
    with zipfile.ZipFile(good) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    before = dict(members)
    change(members, manifest)
    for member in manifest.get("members", ()):
        data = members.get(member["name"], b"")
        if data != before.get(member["name"]):
            member |= {"size": len(data), "sha256": sha256(data).hexdigest()}
    path = good.with_name("bad.cxsnap")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
        for info in also:
            archive.writestr(info, b"x")
    return path


def refusal(path: Path, **limits: int) -> SnapshotError:
    with pytest.raises(SnapshotError) as caught, Bundle.open(path, limits=Limits(**limits)) as it:
        it.verify()
    error = caught.value
    assert str(path) in error.what
    for sentence in (error.what, error.why, error.fix):
        assert not sentence or sentence.endswith((".", "”.")), sentence
    return error


def test_a_good_one_is_read(good: Path) -> None:
    assert is_snapshot(good)
    assert not is_snapshot(Path(__file__))
    with Bundle.open(good) as bundle:
        bundle.verify()
    bundle.close()


# Damage


def test_one_that_is_cut_off_anywhere_is_refused(good: Path) -> None:
    data = good.read_bytes()
    for length in (0, 1, 3, 4, 30, 100, len(data) // 2, len(data) - 30, len(data) - 1):
        good.write_bytes(data[:length])
        error = refusal(good)
        assert ("damaged" in error.what) or ("no snapshot" in error.what), length


def test_any_byte_that_is_another_is_noticed(good: Path) -> None:
    """Or does not count: a zip has fields that nobody reads."""
    whole = as_text(model for models in read(good).values() for model in models)
    data = good.read_bytes()
    for place in range(0, len(data), 97):
        changed = bytearray(data)
        changed[place] ^= 0x55
        good.write_bytes(changed)
        try:
            found = as_text(model for models in read(good).values() for model in models)
        except SnapshotError:
            continue
        assert found == whole, place


def _cut(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["calls.jsonl"] = members["calls.jsonl"][:-1]


def _line(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    lines = members["errors.jsonl"].split(b"\n")
    lines[2] = b'{"run_id": 7}'
    members["errors.jsonl"] = b"\n".join(lines)


def _unknown_field(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["calls.jsonl"] = members["calls.jsonl"].replace(b'"call_id"', b'"mood":1,"call_id"')


def _no_zone(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["audit.jsonl"] = members["audit.jsonl"].replace(b"Z", b"")


def _beyond(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["traces.jsonl"] = members["traces.jsonl"].replace(
        b'"started_at":"2026-03-04T14:17:07.123456Z"', b'"started_at":"0001-01-01T00:00:00+14:00"'
    )


def _infinite(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["calls.jsonl"] = members["calls.jsonl"].replace(b":80.0", b":1e999")


def _deep(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    lines = members["errors.jsonl"].split(b"\n")
    lines[0] = b'{"record": ' + b"[" * 100_000
    members["errors.jsonl"] = b"\n".join(lines)


def _short(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["calls.jsonl"] = members["calls.jsonl"].split(b"\n")[0] + b"\n"


def _sum(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["members"][0]["sha256"] = "0" * 64


def _size(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["members"][0]["size"] += 1


def _lacking(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del members["runs.jsonl"]


def _unnamed(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["members"] = manifest["members"][1:]


def _twice(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["members"][1] = manifest["members"][0]


def _another(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["members"][0]["part"] = "calls"


def _no_format(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["format"] = "something else"


def _no_version(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["version"] = "one"


def _field(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["mood"] = "good"


def _no_time(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["made_at"] = "never"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_cut, "last line of calls.jsonl is cut off"),
        (_line, "Line 3 of errors.jsonl"),
        (_unknown_field, "Line 1 of calls.jsonl cannot be read: mood"),
        (_no_zone, "Line 1 of audit.jsonl cannot be read: resolved_at is a time without a zone"),
        (_beyond, "started_at is beyond the calendar"),
        (_infinite, "duration_ms is no number"),
        (_deep, "Line 1 of errors.jsonl"),
        (_short, "calls.jsonl has 1 lines, and its manifest says 4"),
        (_sum, "runs.jsonl is not what was written"),
        (_size, "runs.jsonl is not as long"),
        (_lacking, "It lacks runs.jsonl"),
        (_unnamed, "does not name the members"),
        (_twice, "does not name the members"),
        (_another, "“runs.jsonl” for another part"),
        (_no_format, "does not say that it is"),
        (_no_version, "which version"),
        (_field, "Its manifest cannot be read: mood"),
        (_no_time, "Its manifest cannot be read: made_at"),
    ],
)
def test_damage_is_named(good: Path, change: Change, words: str) -> None:
    error = refusal(rebuilt(good, change))
    assert "damaged" in error.what
    assert words in error.why


def test_a_manifest_that_is_no_json_is_damage(good: Path) -> None:
    path = good.with_name("broken.cxsnap")
    for text in (b"{", b"[]", b"\xff", b"[" * 200_000):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", text)
        assert "Its manifest" in refusal(path).why


# Newer ones


def test_a_newer_version_is_refused(good: Path) -> None:
    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest |= {"version": VERSION + 1, "members": "otherwise now"}
        manifest.pop("members")

    error = refusal(rebuilt(good, change))
    assert isinstance(error, SnapshotNewerError)
    assert "newer cxtop" in error.what
    assert f"version {VERSION + 1}" in error.why
    assert "Update" in error.fix


def test_what_a_newer_minor_version_has_added_is_left_out(good: Path) -> None:
    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest |= {"minor": MINOR + 1, "mood": "good"}
        manifest["members"][0]["mood"] = "good"
        _unknown_field(members, manifest)
        members["calls.jsonl"] = members["calls.jsonl"].replace(b'"number":1', b'"number":1,"x":[]')

    path = rebuilt(good, change)
    with Bundle.open(path) as bundle:
        assert bundle.newer
        assert list(bundle.records(Part.CALLS)) == read(good)[Part.CALLS]


def test_what_a_newer_one_has_changed_is_still_damage(good: Path) -> None:
    def line(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest["minor"] = MINOR + 1
        _line(members, manifest)

    def head(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest |= {"minor": MINOR + 1, "mood": "good", "made_at": "never"}

    assert "Line 3" in refusal(rebuilt(good, line)).why
    assert "made_at" in refusal(rebuilt(good, head)).why


# Harm


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../runs.jsonl",
        "a/../../b",
        "..\\runs.jsonl",
        "C:\\x",
        "\\\\host\\x",
        "extra.txt",
        "runs.jsonl/",
        "sub/runs.jsonl",
        "\x1b[2Jruns.jsonl",
        "runs.jsonl\x00.exe",
    ],
)
def test_members_that_do_not_belong_there(good: Path, name: str) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    error = refusal(rebuilt(good, lambda members, manifest: None, also=(info,)))
    assert "not safe" in error.what
    assert "\x1b" not in str(error)


def test_links_and_the_like(good: Path) -> None:
    def drop(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        del members["runs.jsonl"]

    for kind in (0o120777, 0o060666, 0o010666, 0o040700):
        info = zipfile.ZipInfo("runs.jsonl")
        info.external_attr = kind << 16
        assert "no ordinary file" in refusal(rebuilt(good, drop, also=(info,))).why


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice(good: Path) -> None:
    info = zipfile.ZipInfo("runs.jsonl")
    error = refusal(rebuilt(good, lambda members, manifest: None, also=(info,)))
    assert "runs.jsonl twice" in error.why


def test_packings_that_snapshots_do_not_use(good: Path) -> None:
    def drop(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        del members["runs.jsonl"]

    info = zipfile.ZipInfo("runs.jsonl")
    info.compress_type = zipfile.ZIP_LZMA
    assert "packed in a way" in refusal(rebuilt(good, drop, also=(info,))).why
    encrypted = bytearray(good.read_bytes())
    place = encrypted.rindex(b"PK\x01\x02")
    encrypted[place + 8] |= 1
    good.write_bytes(encrypted)
    assert "packed in a way" in refusal(good).why


def test_what_would_unpack_to_too_much(good: Path) -> None:
    assert "allowed" in refusal(good, total=1000).why
    assert "out of few" in refusal(good, ratio=1, ratio_from=0).why
    assert "line of" in refusal(good, line=20).why
    assert "manifest.json would unpack" in refusal(good, manifest=20).why


def test_a_bomb_that_lies_about_its_size_ends_there(good: Path) -> None:
    """Manifest and zip say a hundred bytes; unpacked it would be fifty million."""

    def bomb(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        members["runs.jsonl"] = b"0" * 50_000_000

    assert "A line of runs.jsonl is too long" in refusal(rebuilt(good, bomb), line=10**6).why

    path = rebuilt(good, bomb)
    with zipfile.ZipFile(path) as archive:
        others = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(others["manifest.json"])
    manifest["members"][0]["size"] = 100
    others["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in others.items():
            archive.writestr(name, content)
    data = bytearray(path.read_bytes())
    # The size stands 24 bytes into the entry of the table of contents, the name 46.
    entry = data.rindex(b"runs.jsonl") - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 24 : entry + 28] = struct.pack("<L", 100)
    path.write_bytes(data)
    assert "runs.jsonl cannot be unpacked" in refusal(path).why


def test_a_zip_of_very_many_members(tmp_path: Path) -> None:
    path = tmp_path / "many.cxsnap"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            archive.writestr(f"{number}", b"")
    error = refusal(path)
    assert "40 members" in error.why
    # Beyond 65,535 members, or 4 GiB, the counts stand in a place of their own.
    head = b"PK\x03\x04" + b"\0" * 96
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 70_000, 70_000, 0, 0)
    where = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(head), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)
    path.write_bytes(head + large + where + end)
    assert "70000 members" in refusal(path).why
    for broken in (head + large + b"\0" * 20 + end, b"PK\x03\x04" + end):
        path.write_bytes(broken)
        assert "65535 members" in refusal(path).why
    # Whoever reads them goes by that place, whatever the end itself says, and by its distance
    # from the end, whatever the way to it says.
    few = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 60, 4, 0)
    innocent = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 60, 4)
    for lie in (head + large + where + few, head + innocent + large + where + few):
        path.write_bytes(lie)
        assert "70000 members" in refusal(path).why


# Other files


def test_files_of_other_kinds(tmp_path: Path) -> None:
    path = tmp_path / "x.cxsnap"
    assert "There is no file" in refusal(path).what
    path.write_bytes(b"")
    assert "It is empty" in refusal(path).why
    path.write_bytes(b"{}\n" * 100)
    assert "It is no zip" in refusal(path).why
    path.write_bytes(b"PK\x03\x04" + b"\0" * 100)
    assert "cut off" in refusal(path).why
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", b"<x/>")
    assert "without manifest.json" in refusal(path).why
    path.unlink()
    path.mkdir()
    assert refusal(path)
    path.rmdir()
    os.mkfifo(path)
    assert "no ordinary file" in refusal(path).what
    path.unlink()
    path.symlink_to(path)
    assert "cannot be read" in refusal(path).what
