"""The rows of a list of any length, read when they are looked at."""

from __future__ import annotations

from pathlib import Path

from cxtop.core.sources import Library
from cxtop.core.store import Store
from cxtop.tui.widgets.exchangetable import ExchangeRows

from ..captured import log_of


async def test_rows_are_read_when_they_are_wanted_and_asked_for_once(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 20)
    asked: list[None] = []
    async with (
        await Store.open(tmp_path / "store.sqlite3") as store,
        Library.open(store, [tmp_path / "captures"], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        rows = ExchangeRows(await library.view(), lambda: asked.append(None))
        assert len(rows) == 20
        assert rows[3] is None
        assert rows[4] is None
        assert len(asked) == 1
        await rows.read()
        row = rows[3]
        assert row is not None
        assert row.request_id.startswith("5f3a0003")


async def test_rows_that_are_dropped_meanwhile_are_not_asked_for_for_ever(tmp_path: Path) -> None:
    log_of(tmp_path / "captures", 20)
    asked: list[None] = []
    async with (
        await Store.open(tmp_path / "store.sqlite3") as store,
        Library.open(store, [tmp_path / "captures"], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        rows = ExchangeRows(await library.view(), lambda: asked.append(None))
        await store.writer.submit(
            lambda c: c.execute("DELETE FROM exchanges WHERE row < 5").rowcount
        )
        assert rows[0] is None
        await rows.read()
        assert rows[0] is None
        assert rows[19] is not None
        assert len(asked) == 1
        assert len(rows.gone) == 4
