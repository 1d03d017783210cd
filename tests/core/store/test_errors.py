import random
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxtop.core.errors import StoreError
from cxtop.core.models import RecordError
from cxtop.core.redact import MASK
from cxtop.core.store import Store

from .support import make_error
from .test_codec import any_json, any_text

SORTS = ("seen", "record", "code", "message")


async def test_a_failed_record_comes_back_whole(store):
    error = make_error(
        "r1",
        message="Field “age” is no number",
        status="error",
        record={"age": "x", "list": [1, None, {"deep": True}]},
        extra={"attempt": 2},
    )
    assert await store.add_errors("run-1", [error]) == 1
    assert (await store.error_page("run-1")).items == (error,)


async def test_a_record_counts_once_in_its_run(store):
    assert await store.add_errors("run-1", [make_error("r1"), make_error("r1", "OTHER")]) == 1
    assert await store.add_errors("run-1", [make_error("r1"), make_error("r2")]) == 1
    assert await store.add_errors("run-2", [make_error("r1")]) == 1
    assert await store.error_count("run-1") == 2
    assert (await store.error_page("run-2")).items[0].run_id == "run-2"


async def test_records_whose_ids_are_masked_alike_stay_several(store):
    errors = [make_error("password=one"), make_error("password=two")]
    assert await store.add_errors("run-1", errors) == 2
    assert await store.add_errors("run-1", errors) == 0
    kept = (await store.error_page("run-1")).items
    assert {error.record_id for error in kept} == {f"password={MASK}"}


async def test_secrets_are_masked_and_not_found(path):
    secrets = ["hunter2-message", "hunter2-record", "hunter2-extra", "hunter2-status"]
    async with await Store.open(path) as store:
        await store.add_errors(
            "run-1",
            [
                make_error(
                    "r1",
                    message=f"sent password={secrets[0]} to it",
                    record={"login": [{"client_secret": secrets[1]}]},
                    extra={"token": secrets[2]},
                    status=f"password={secrets[3]}",
                )
            ],
        )
        assert await store.error_count("run-1", text="HUNTER2") == 0
        for file in path.parent.iterdir():
            assert b"hunter2" not in file.read_bytes()
        (kept,) = (await store.error_page("run-1")).items
    assert kept.record == {"login": [{"client_secret": MASK}]}
    assert kept.extra == {"token": MASK}


async def test_groups_are_counted_with_samples_the_largest_first(store):
    codes = ["A"] * 2 + ["B"] * 5 + ["C"] * 2
    await store.add_errors("run-1", [make_error(f"r{n}", code) for n, code in enumerate(codes)])
    groups = await store.error_groups("run-1", samples=3)
    assert [(group.code, group.count) for group in groups] == [("B", 5), ("A", 2), ("C", 2)]
    assert [error.record_id for error in groups[0].samples] == ["r2", "r3", "r4"]
    assert [len(group.samples) for group in groups] == [3, 2, 2]
    assert [group.samples for group in await store.error_groups("run-1", samples=0)] == [()] * 3


async def test_groups_of_what_a_text_lets_through(store):
    errors = [make_error(f"r{n}", "AB"[n % 2], message=f"row {n}") for n in range(30)]
    await store.add_errors("run-1", errors)
    groups = await store.error_groups("run-1", text="ROW 1", samples=2)
    # row 1 and row 10 to 19
    assert [(group.code, group.count) for group in groups] == [("B", 6), ("A", 5)]
    assert [error.record_id for error in groups[0].samples] == ["r1", "r11"]
    assert [error.record_id for error in groups[1].samples] == ["r10", "r12"]


async def test_samples_of_a_rare_code_are_found_behind_many_others(store):
    codes = ["A"] * 50 + ["B", "A", "B"]
    errors = [make_error(f"r{n}", code, message="row") for n, code in enumerate(codes)]
    await store.add_errors("run-1", errors)
    first, second = await store.error_groups("run-1", text="row", samples=2)
    assert [error.record_id for error in first.samples] == ["r0", "r1"]
    assert [error.record_id for error in second.samples] == ["r50", "r52"]


async def test_an_unknown_run_has_no_errors(store):
    page = await store.error_page("nobody", text="x")
    assert (page.items, page.number, page.total, page.pages) == ((), 1, 0, 1)
    assert await store.error_count("nobody") == 0
    assert await store.error_groups("nobody", text="x") == []
    assert [error async for error in store.errors("nobody")] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("STRASSE", {"r0"}),
        ("straße", {"r0"}),
        ("100%", {"r1"}),
        ("100_", set()),
        ("a\\b", {"r2"}),
        ("timeout", {"r0", "r1", "r2", "r3"}),
        ("R3", {"r3"}),
        ("behind", {"r3"}),
        ("", {"r0", "r1", "r2", "r3"}),
        ("no such", set()),
        ("x" * 1001, set()),
    ],
)
async def test_text_is_looked_for_in_message_record_id_and_code_without_case(store, text, found):
    messages = ["In der Straße", "at 100% load", "path a\\b", "before\0behind"]
    await store.add_errors(
        "run-1", [make_error(f"r{n}", message=message) for n, message in enumerate(messages)]
    )
    page = await store.error_page("run-1", text=text)
    assert {error.record_id for error in page.items} == found
    assert await store.error_count("run-1", text=text) == len(found)


async def test_a_text_of_any_length_can_be_looked_for(store):
    await store.add_errors("run-1", [make_error("r1", message="A" * 70_000), make_error("r2")])
    assert await store.error_count("run-1", text="a" * 60_000) == 1


def expected(errors, sort, descending, code, text):
    keys = {
        "seen": lambda item: item[0],
        "record": lambda item: (item[1].record_id, item[0]),
        "code": lambda item: (item[1].code, item[0]),
        "message": lambda item: (item[1].message.casefold()[:64], item[0]),
    }
    chosen = [
        (place, error)
        for place, error in enumerate(errors)
        if (code is None or error.code == code) and (not text or text in error.message)
    ]
    chosen.sort(key=keys[sort], reverse=descending)
    return [error.record_id for _, error in chosen]


@pytest.fixture
async def many(store):
    chance = random.Random(7)
    errors = [
        make_error(
            f"{chance.getrandbits(40):010x}",
            chance.choice(["TIMEOUT", "CONFLICT", "BAD"]),
            message=chance.choice(["Zeta", "alpha", "Beta"]) + (" rare" if n % 50 == 0 else " a"),
        )
        for n in range(4500)
    ]
    assert await store.add_errors("run-0", [make_error(f"other{n}") for n in range(20)]) == 20
    assert await store.add_errors("run-1", errors) == 4500
    return errors


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_are_cuts_of_the_sorted_and_filtered_list(store, many, sort, descending):
    for code in (None, "CONFLICT"):
        # No text, one that few have, one that more have than are read at once.
        for text in (None, "rare", "a"):
            whole = expected(many, sort, descending, code, text)
            size = 40
            last = -(-len(whole) // size)
            for number in {1, 2, last // 2 + 1, last} & set(range(1, last + 1)):
                page = await store.error_page(
                    "run-1",
                    code=code,
                    text=text,
                    sort=sort,
                    descending=descending,
                    number=number,
                    size=size,
                )
                start = (number - 1) * size
                assert [error.record_id for error in page.items] == whole[start : start + size]
                assert (page.number, page.total, page.pages) == (number, len(whole), last)


async def test_a_page_number_beyond_the_ends_gives_the_nearest_page(store):
    await store.add_errors("run-1", [make_error(f"r{n}") for n in range(25)])
    last = await store.error_page("run-1", number=99, size=10)
    assert (last.number, last.items[0].record_id) == (3, "r20")
    assert (await store.error_page("run-1", number=-3, size=10)).number == 1
    assert len((await store.error_page("run-1", size=10**9)).items) == 25


async def test_a_page_of_nothing_is_refused(store):
    with pytest.raises(ValueError, match="at least one"):
        await store.error_page("run-1", size=0)


async def test_streaming_gives_every_record_once_in_order(store, many):
    assert [error.record_id async for error in store.errors("run-1")] == [
        error.record_id for error in many
    ]
    bad = [error.record_id async for error in store.errors("run-1", code="BAD")]
    assert bad == [error.record_id for error in many if error.code == "BAD"]


async def test_what_is_added_while_streaming_comes_too(store):
    await store.add_errors("run-1", [make_error(f"r{n}") for n in range(700)])
    count = 0
    async for _ in store.errors("run-1"):
        if count == 0:
            await store.add_errors("run-1", [make_error("late")])
        count += 1
    assert count == 701


async def test_streaming_holds_few_records_in_memory(store):
    payload = "x" * 10_000
    for start in range(0, 3000, 500):
        part = [make_error(f"r{start + n}", record=payload) for n in range(500)]
        await store.add_errors("run-1", part)
        del part
    tracemalloc.start()
    try:
        count = 0
        async for _ in store.errors("run-1"):
            count += 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 3000
    assert peak < 15_000_000


async def test_a_group_for_each_record_is_no_trouble(store):
    await store.add_errors("run-1", [make_error(f"r{n}", f"CODE-{n}") for n in range(2000)])
    groups = await store.error_groups("run-1")
    assert len(groups) == 2000
    assert all(len(group.samples) == 1 for group in groups)


async def test_deep_and_huge_records_do_not_hide_the_others(store):
    deep: list = [1]
    for _ in range(100_000):
        deep = [deep]
    await store.add_errors(
        "run-1", [make_error("deep", record=deep), make_error("huge", record=10**6000)]
    )
    first, second = (await store.error_page("run-1")).items
    assert first.record_id == "deep"
    assert second.record == str(10).ljust(6001, "0")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.tuples(any_text, any_text, any_text, any_text), record=any_json)
async def test_records_of_any_shape_and_text_come_back(store, texts, record):
    record_id, code, message, status = texts
    error = RecordError(
        run_id="any", record_id=record_id, code=code, message=message, status=status, record=record
    )
    added = await store.add_errors("any", [error])
    kept = [one async for one in store.errors("any")]
    assert len(kept) == await store.error_count("any")
    assert {group.code for group in await store.error_groups("any")} == {one.code for one in kept}
    for sort in SORTS:
        page = await store.error_page("any", sort=sort, size=1000)
        assert sorted(map(repr, page.items)) == sorted(map(repr, kept))
    if added and kept[-1].record == record:
        assert kept[-1].message == message or MASK in kept[-1].message
    assert await store.error_count("any", text=kept[-1].code) >= 1
    assert await store.error_count("any", code=kept[-1].code) >= 1


async def test_a_damaged_row_is_a_sentence(store):
    await store.add_errors("run-1", [make_error("r1")])
    await store.writer.submit(lambda c: c.execute("DROP TABLE error_entries"))
    with pytest.raises(StoreError, match="failed"):
        await store.error_page("run-1")
