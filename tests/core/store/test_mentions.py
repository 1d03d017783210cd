"""Finding failed records by an id that they name."""

from __future__ import annotations

from typing import Any

import pytest

from cxtop.core.models import RecordError
from cxtop.core.store import Store

from .support import make_error

ID = "7d0c2a9e-11aa-4bb2-9cc3-0123456789ab"


async def mentioned(store: Store, *ids: str, limit: int = 50) -> list[tuple[str, str]]:
    found = await store.errors_mentioning(ids, limit=limit)
    return [(mention.error.record_id, mention.id) for mention in found]


@pytest.mark.parametrize(
    "fields",
    [
        {"message": f"Upstream failed (request {ID})."},
        {"record": {"requestId": ID}},
        {"record": {"steps": [{"answer": f"\n{ID}"}]}},
        {"extra": {"flowExecutionId": ID}},
        {"record": ID},
    ],
)
async def test_it_may_stand_anywhere_in_the_record(store: Store, fields: dict[str, Any]) -> None:
    await store.add_errors("run-1", [make_error("a"), make_error("b", **fields), make_error("c")])
    assert await mentioned(store, ID) == [("b", ID)]


async def test_the_record_is_whole_and_of_its_run(store: Store) -> None:
    error = make_error("b", message="m", status="failed", record={"id": ID}, extra={"x": 1})
    await store.add_errors("run-2", [error.model_copy(update={"run_id": "run-2"})])
    (found,) = await store.errors_mentioning([ID])
    assert found.error == error.model_copy(update={"run_id": "run-2"})
    assert isinstance(found.error, RecordError)
    assert found.seen_at.tzinfo is not None


async def test_only_whole_words_count(store: Store) -> None:
    records = [
        make_error("longer", record={"id": f"{ID}-2"}),
        make_error("within", message=f"x{ID}"),
        make_error("cased", record={"id": ID.upper()}),
        make_error("number", record={"order": 4711, "more": [True, None, 1.5]}),
    ]
    await store.add_errors("run-1", records)
    assert await mentioned(store, ID) == []
    assert await mentioned(store, "4711") == [("number", "4711")]


async def test_odd_ids_are_text_like_any_other(store: Store) -> None:
    odd = ('100%_"quoted"\\', "größe-42", "a.b*c?")
    await store.add_errors(
        "run-1", [make_error(str(n), record={"id": each}) for n, each in enumerate(odd)]
    )
    for number, each in enumerate(odd):
        assert await mentioned(store, each) == [(str(number), each)]


async def test_the_last_seen_come_first_and_no_more_than_asked_for(store: Store) -> None:
    await store.add_errors("run-1", [make_error(str(n), record=[ID]) for n in range(5)])
    assert await mentioned(store, "nowhere", ID, limit=2) == [("4", ID), ("3", ID)]
    assert await mentioned(store, ID, limit=0) == []


async def test_what_stands_everywhere_is_not_looked_for(store: Store) -> None:
    await store.add_errors("run-1", [make_error("a", record={"n": "abc"})])
    assert await mentioned(store, "abc") == []
    assert await mentioned(store) == []
