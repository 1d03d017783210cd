"""What a scope means, and how much it is."""

from datetime import timedelta
from pathlib import Path

from cxtop.core.models import Exchange, Model, RunStatus
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.records import MODELS, KeptRun, RunPoll
from cxtop.core.snapshot.scope import Part, Scope
from cxtop.core.sources import Library
from cxtop.core.store import Store
from cxtop.core.store.filter import parse

from .support import (
    EXECUTION,
    NOW,
    all_of,
    at,
    call,
    entry,
    errors,
    evidence_of,
    exchange,
    letter,
    log_of,
    opened,
    recovery,
    run,
    trace,
)


def ids(models: list[Model], name: str) -> list[str]:
    return [getattr(model, name) for model in models]


async def test_everything_comes_as_it_was_kept_and_in_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, library):
        evidence = evidence_of(store, library)
        found = await all_of(evidence)
        counts = await evidence.counts()
    for part, models in found.items():
        assert all(type(model) is MODELS[part] for model in models), part
    assert ids(found[Part.RUNS], "run_id") == ["other", "import", "import-again"]
    imported = found[Part.RUNS][1]
    assert isinstance(imported, KeptRun)
    assert (imported.watched, imported.errors_complete) == (True, True)
    assert not any(getattr(found[Part.RUNS][2], name) for name in ("watched", "errors_complete"))
    polls = [poll for poll in found[Part.POLLS] if getattr(poll, "run_id", "") == "import"]
    assert ids(polls, "polled_at") == [at(300 - step) for step in range(5)] + [at(60)]
    assert found[Part.ERRORS] == errors("import", 7)
    assert found[Part.EXCHANGES] == [exchange(number) for number in range(12)]
    assert found[Part.CALLS] == [call(n, "import" if n % 2 else None) for n in range(4)]
    assert found[Part.TRACES] == [trace(), trace("another-execution")]
    assert found[Part.RECOVERIES] == [recovery(), recovery("error-2", "other")]
    assert found[Part.DEAD_LETTERS] == [letter(), letter("error-2", "other")]
    assert found[Part.AUDIT] == [entry(), entry("error-2", "other")]
    assert ids(found[Part.HEALTH], "action_id") == ["assist"]
    assert {part: len(models) for part, models in found.items()} == dict(counts.parts)
    assert counts.exact
    assert counts.total == sum(map(len, found.values()))
    assert 5_000 < counts.size < 50_000


async def test_a_run_comes_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, library):
        evidence = evidence_of(store, library, Scope.of_run("import"))
        found = await all_of(evidence)
        counts = await evidence.counts()
    # The run that recovery started in its place belongs to it.
    assert ids(found[Part.RUNS], "run_id") == ["import", "import-again"]
    assert {poll.run_id for poll in found[Part.POLLS] if isinstance(poll, RunPoll)} == {
        "import",
        "import-again",
    }
    assert len(found[Part.ERRORS]) == 7
    assert ids(found[Part.CALLS], "call_id") == ["call-1", "call-3"]
    # Records name the first seven requests; the execution that these are of leads to the others.
    named = [*range(7), 7, 9, 11]
    assert found[Part.EXCHANGES] == [exchange(number) for number in named]
    assert ids(found[Part.TRACES], "execution_id") == [EXECUTION]
    for part in (Part.RECOVERIES, Part.DEAD_LETTERS, Part.AUDIT):
        assert ids(found[part], "error_id") == ["error-1"], part
    assert {part: len(models) for part, models in found.items()} == dict(counts.parts)


async def test_a_run_without_a_library_or_a_time_has_no_exchanges(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, library):
        await store.save_run(run("timeless", created_at=None))
        without = await all_of(evidence_of(store, None, Scope.of_run("import")))
        timeless = await all_of(evidence_of(store, library, Scope.of_run("timeless")))
        counts = await evidence_of(store, None, Scope.of_run("import")).counts()
    assert without[Part.EXCHANGES] == timeless[Part.EXCHANGES] == []
    assert counts.parts[Part.EXCHANGES] == 0
    assert timeless[Part.TRACES] == []


async def test_a_conversation_and_the_action_belong_to_a_run_only_at_its_time(
    tmp_path: Path,
) -> None:
    near, far = at(100), at(9 * 3600)
    log = log_of(
        tmp_path / "log.jsonl",
        (
            exchange(1, at=near, conversation_id="conv-1", flow_execution_id=""),
            exchange(2, at=far, conversation_id="conv-1", flow_execution_id=""),
            exchange(3, at=near, action="import", flow_execution_id=""),
            exchange(4, at=far, action="import", flow_execution_id=""),
        ),
    )
    async with (
        await Store.open(tmp_path / "store.sqlite3") as store,
        Library.open(store, [log], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        await store.save_run(run("import"))
        error = errors("import", 1)[0].model_copy(update={"record": {"conversationId": "conv-1"}})
        await store.add_errors("import", [error])
        found = await all_of(evidence_of(store, library, Scope.of_run("import")))
    assert ids(found[Part.EXCHANGES], "request_id") == ["req-000001", "req-000003"]


async def test_a_time_narrows_everything(tmp_path: Path) -> None:
    scope = Scope(since=at(298), until=at(62))
    async with opened(tmp_path) as (store, library):
        found = await all_of(evidence_of(store, library, scope))
        counts = await evidence_of(store, library, scope).counts()
        later = await all_of(evidence_of(store, library, Scope(since=NOW + timedelta(hours=1))))
        before = await all_of(evidence_of(store, library, Scope(until=NOW - timedelta(days=1))))
    # All runs had begun by then and were seen later.
    assert ids(found[Part.RUNS], "run_id") == ["other", "import", "import-again"]
    assert ids(found[Part.POLLS], "polled_at") == [at(298), at(297), at(296)]
    assert len(found[Part.ERRORS]) == 7
    assert found[Part.EXCHANGES] == []
    assert found[Part.CALLS] == []
    assert found[Part.RECOVERIES] == []
    assert found[Part.DEAD_LETTERS] == []
    assert found[Part.AUDIT] == []
    # It was fetched then.
    assert len(found[Part.TRACES]) == 2
    assert {part: len(models) for part, models in found.items()} == dict(counts.parts)
    assert not any(models for part, models in later.items() if part is not Part.HEALTH)
    assert not any(models for part, models in before.items() if part is not Part.HEALTH)


async def test_parts_filters_and_marks_narrow(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, library):

        async def of(**scope: object) -> dict[Part, list[Model]]:
            return await all_of(evidence_of(store, library, Scope(**scope)))  # pyright: ignore[reportArgumentType]

        only = await of(parts=frozenset({Part.RUNS}))
        filtered = await of(wanted=parse("id:req-000003 | id:req-000005"))
        marked = await of(numbers=(2, 4, 99), wanted=parse("not id:req-000003"))
        plain = await of(numbers=(5, 2))
        records = await of(records=(("import", "rec-2"), ("other", "rec-3")))
        runs = await of(run_ids=("other",))
        counts = await evidence_of(
            store, library, Scope(records=(("import", "rec-2"),), run_ids=("import",))
        ).counts()
    assert [part for part, models in only.items() if models] == [Part.RUNS]
    assert ids(filtered[Part.EXCHANGES], "request_id") == ["req-000003", "req-000005"]
    assert ids(marked[Part.EXCHANGES], "request_id") == ["req-000001"]
    assert ids(plain[Part.EXCHANGES], "request_id") == ["req-000001", "req-000004"]
    assert ids(records[Part.ERRORS], "record_id") == ["rec-2"]
    assert ids(runs[Part.RUNS], "run_id") == ["other"]
    assert runs[Part.CALLS] == []
    assert len(runs[Part.EXCHANGES]) == 12
    assert runs[Part.HEALTH] == []
    assert counts.parts[Part.ERRORS] == 1


async def test_exchanges_whose_log_is_gone_are_counted_as_missing(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, library):
        (tmp_path / "captures" / "log.jsonl").unlink()
        evidence = evidence_of(store, library)
        counts = await evidence.counts()
        found = [each async for each in evidence.records(Part.EXCHANGES)]
    assert found == []
    assert evidence.missing == 12
    assert counts.parts[Part.EXCHANGES] == 12


async def test_many_come_in_slices(tmp_path: Path) -> None:
    big = "x" * 1_000_000
    body = {"kind": "text", "content_type": "text/plain", "size": len(big), "value": big}
    exchanges = [exchange(n, response=body) if n < 9 else exchange(n) for n in range(700)]
    log = log_of(tmp_path / "log.jsonl", exchanges)
    async with (
        await Store.open(tmp_path / "store.sqlite3") as store,
        Library.open(store, [log], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        for number in range(1200):
            await store.save_run(run("long", RunStatus.RUNNING, polled_at=at(5000 - number)))
        await store.add_errors("long", errors("long", 1201))
        found = await all_of(Evidence(store, library))
    assert found[Part.EXCHANGES] == exchanges
    assert len(found[Part.POLLS]) == 1200
    assert len(found[Part.ERRORS]) == 1201
    assert all(isinstance(each, Exchange) for each in found[Part.EXCHANGES])


async def test_many_requests_belong_to_a_run(tmp_path: Path) -> None:
    exchanges = [
        exchange(number, flow_execution_id=f"flow-{number:05}" if number < 5 else "")
        for number in range(260)
    ]
    log = log_of(tmp_path / "log.jsonl", exchanges)
    async with (
        await Store.open(tmp_path / "store.sqlite3") as store,
        Library.open(store, [log], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        await store.save_run(run("import", created_at=None))
        named = errors("import", 250)
        flow = {"flowExecutionId": "flow-00003", "conversationId": "conv-1"}
        await store.add_errors(
            "import", [*named, named[0].model_copy(update={"record_id": "flow", "record": flow})]
        )
        found = await all_of(evidence_of(store, library, Scope.of_run("import")))
    assert found[Part.EXCHANGES] == exchanges[:250]
