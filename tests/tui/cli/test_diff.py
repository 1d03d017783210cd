"""cxtop diff: what is worse, and the code that tells it."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path

import pytest

from cxtop.core.config import load
from cxtop.core.models import RecordError
from cxtop.core.store import Store
from cxtop.tui.cli import exits

from ..stage import HOSTILE, a_run
from .evidence import Here, here


@pytest.fixture
def two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    """Two snapshots, a.cxsnap and b.cxsnap, between which things got worse and better."""
    known = here(tmp_path, monkeypatch, capsys)
    assert known("snapshot", "-o", "a.cxsnap").code == exits.OK
    settings = load({})
    assert settings.profile is not None
    path = settings.paths.store_file(settings.profile.name)

    async def go_on() -> None:
        async with await Store.open(path) as store:
            await store.save_run(a_run("loyalty-sync", "failed", 700, 2000, errors=7))
            await store.save_run(a_run("survey-push", "completed", 12400, 12400))
            await store.add_errors(
                "loyalty-sync",
                [RecordError(run_id="loyalty-sync", record_id="r-1", code=HOSTILE)],
            )

    asyncio.run(go_on())
    assert known("snapshot", "-o", "b.cxsnap").code == exits.OK
    return known


def test_worse_is_told_first_and_is_code_1(two: Here) -> None:
    done = two("diff", "a.cxsnap", "b.cxsnap")
    assert done.code == exits.ENDED_OTHERWISE
    assert done.err == ""
    blocks = done.out.split("\n\n")
    assert blocks[0].startswith("from  environment · ")
    assert blocks[1].startswith("✖ worse\n")
    assert "loyalty-sync" in blocks[1]
    assert "running → failed, 7 errors" in blocks[1]
    assert blocks[2].startswith("+ new\n  error code")
    assert blocks[3] == "✔ better\n  run  survey-push  queued → completed"
    assert blocks[4] == "✖ It is worse: 1 worse, 1 new, 1 better.\n"
    assert "\x1b" not in done.out


def test_the_other_way_round_it_is_better(two: Here) -> None:
    told = two("diff", "b.cxsnap", "a.cxsnap", "--json").json
    kinds = {(one["verdict"], one["kind"], one["name"]) for one in told["differences"]}
    assert ("better", "run", "loyalty-sync") in kinds
    assert ("gone", "error code") in {kind[:2] for kind in kinds}
    assert told["worse"] is False


def test_the_same_is_code_0(two: Here) -> None:
    done = two("diff", "a.cxsnap", "a.cxsnap")
    assert done.code == exits.OK
    assert done.out.endswith("✔ Nothing is different.\n")


def test_what_is_no_snapshot_is_refused(two: Here) -> None:
    (two.folder / "text.cxsnap").write_text("hello")
    done = two("diff", "a.cxsnap", "text.cxsnap")
    assert done.code == exits.PLATFORM
    assert "is no snapshot of cxtop" in done.err
    with zipfile.ZipFile(two.folder / "a.cxsnap") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(two.folder / "bent.cxsnap", "w") as bent:
        for name, text in members.items():
            bent.writestr(name, text.replace(b"crm-backfill", b"crm-backfull"))
    done = two("diff", "bent.cxsnap", "a.cxsnap")
    assert done.code == exits.PLATFORM
    assert done.out == ""
    assert two("diff", "a.cxsnap", "nowhere.cxsnap").code == exits.USAGE
