"""The index of exchanges: what is found, and that it is what reading everything would find."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxtop.core.models import Outcome
from cxtop.core.store import Store, adding, identities, zones
from cxtop.core.store.adding import Bad
from cxtop.core.store.entries import Entries
from cxtop.core.store.exchanges import ExchangeIndex
from cxtop.core.store.filter import EVERYTHING, parse
from cxtop.core.store.finding import Count, Search

from .exchangesupport import LENGTH, START, Shelf, entries_of, make_exchange

NOW = START + timedelta(hours=1)


@pytest.fixture
async def shelf(store: Store) -> Shelf:
    return Shelf(ExchangeIndex(store))


async def test_an_empty_index_has_nothing(shelf):
    assert await shelf.index.bounds() == (1, 0)
    assert await shelf.found(EVERYTHING) == []
    assert await shelf.found(parse("status:500")) == []
    assert await shelf.index.count(EVERYTHING, shelf.verify(EVERYTHING)) == Count(0, exact=True)
    assert await shelf.index.runs() == []
    assert await shelf.index.missing_texts() == 0


async def test_rows_are_numbered_as_they_come(shelf):
    await shelf.add([make_exchange(number) for number in range(5)])
    await shelf.add([make_exchange(number) for number in range(5, 8)])
    assert await shelf.found(EVERYTHING) == [8, 7, 6, 5, 4, 3, 2, 1]
    assert await shelf.found(EVERYTHING, descending=False, size=3) == [1, 2, 3, 4, 5, 6, 7, 8]
    (row,) = await shelf.index.rows([3])
    assert (row.offset, row.length, row.path) == (2 * LENGTH, LENGTH, "/orders/2")
    assert row.shape.action == "action-2"
    assert await shelf.index.rows([99]) == []


FILTERS = [
    "",
    "status:5xx",
    "status:200",
    "status:none",
    "not status:200",
    "code:TIMEOUT",
    "code:T*",
    "code:NOPE",
    "-code:TIMEOUT",
    "method:post action:action-1",
    "action:action-1 | status:500",
    "not (action:action-1 | status:500)",
    "path:/orders/3",
    "path:/orders/*",
    "path:*[3]",
    "not path:/orders/3",
    "path:/nowhere",
    "ms:>900",
    "ms:100..110 status:200",
    "not ms:>10",
    "since:2026-03-01T12:00:01Z",
    "until:2026-03-01T12:00:00.5Z",
    "since:2026-03-01T12:00:01Z until:2026-03-01T12:00:01.1Z",
    "not since:2026-03-01T12:00:01Z",
    "id:request-77",
    "id:flow-30",
    "id:flow-30 status:500",
    "id:flow-30 | id:flow-50 | status:500 ms:500",
    "-id:flow-30 ms:<20",
    "flow:flow-3*",
    "request:flow-30",
    "n=15",
    "n=15 status:500",
    "ACTION-2 code:timeout",
    "not orders",
    "service:crm route:/orders/{id} outcome:server_error ms:<100",
]


@pytest.mark.parametrize("text", FILTERS)
async def test_every_filter_finds_what_reading_everything_finds(shelf, text):
    await shelf.add([make_exchange(number) for number in range(2500)])
    wanted = parse(text, now=NOW)
    expected = shelf.expected(wanted)
    assert await shelf.found(wanted, size=40) == expected
    assert await shelf.found(wanted, size=40, descending=False) == expected[::-1]
    verify = shelf.verify(wanted)
    count = await shelf.index.count(wanted, verify, budget_s=10)
    assert count == Count(len(expected), exact=True)
    numbers, reached = await shelf.index.numbers(wanted, verify, budget_s=10)
    assert (numbers, reached) == (expected, None)


async def test_what_the_index_can_tell_needs_no_look_at_lines(shelf):
    await shelf.add([make_exchange(number) for number in range(100)])
    for text in ("status:5xx", "path:/orders/*", "ms:>5 since:2h", "not code:X", ""):
        await shelf.found(parse(text, now=NOW))
    assert shelf.looked_at == 0
    await shelf.found(parse("id:request-7"))
    assert shelf.looked_at <= 2


WORDS = st.sampled_from(["a", "b", "A*", "", "x y", "ß"])
EXCHANGES = st.builds(
    lambda number, **fields: make_exchange(number, **fields),
    st.integers(0, 50),
    id=st.sampled_from(["abcd0000ff", "abcdef012345", "ABCD", "beef-1", "beef", "b", "x" * 40]),
    request_id=st.sampled_from(["", "abcd", "beef", "r"]),
    conversation_id=st.sampled_from(["", "abcd", "c"]),
    method=st.sampled_from(["GET", "get", ""]),
    url=st.sampled_from(["", "/a", "/a?b", "http://h/a/b", "//h", "/[x]", "/" + "y" * 600, "\0"]),
    route=WORDS,
    action=WORDS,
    code=WORDS,
    status=st.sampled_from([None, 0, 200, 404, 500]),
    duration_ms=st.sampled_from([None, 0.0, 0.0004, 1.0, 1e300, -1.0]),
    outcome=st.sampled_from(list(Outcome)[:4]),
)
TERMS = st.one_of(
    st.builds(
        "{}:{}".format,
        st.sampled_from(["code", "action", "route", "method", "outcome"]),
        st.sampled_from(["a", "B", "*", "a*", '"x y"', '""', "?", "ok", '"A*"']),
    ),
    st.builds("status:{}".format, st.sampled_from(["none", "2xx", "500", ">=404", "0..200"])),
    st.builds("ms:{}".format, st.sampled_from([">0", "<1", "0", "0..1", ">1m", "<=0.0004"])),
    st.builds("path:{}".format, st.sampled_from(["/a", "/a*", "*", '"/[x]"', "/[x]*", '""', "?*"])),
    st.builds(
        "{}:{}".format,
        st.sampled_from(["id", "request", "conversation", "flow"]),
        st.sampled_from(
            ["abcd", "beef", "beef-1", "b", "abcdef01", "x", "*", "flow-1", "xxxxxxxxxx"]
        ),
    ),
    st.builds("since:{}".format, st.sampled_from(["2026-03-01T12:00:00.010Z", "2d"])),
    st.builds("until:{}".format, st.sampled_from(["2026-03-01T12:00:00.010Z", "2d"])),
    st.sampled_from(["beef", "A", "http", '" "', "flow"]),
)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({} {})".format, inner, inner),
        st.builds("({} | {})".format, inner, inner),
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    exchanges=st.lists(EXCHANGES, min_size=1, max_size=30),
    texts=st.lists(st.recursive(TERMS, _combined, max_leaves=6), min_size=1, max_size=12),
)
async def test_index_and_look_agree(tmp_path_factory, exchanges, texts):
    path = tmp_path_factory.mktemp("agree") / "store.sqlite3"
    async with await Store.open(path) as store:
        shelf = Shelf(ExchangeIndex(store))
        await shelf.add(exchanges)
        for text in texts:
            wanted = parse(text, now=NOW)
            assert await shelf.found(wanted, size=7) == shelf.expected(wanted), text


async def test_more_shapes_than_are_told_apart_are_found_all_the_same(shelf, monkeypatch):
    many = [make_exchange(number, code=f"code-{number}") for number in range(300)]
    # A limit that real logs reach in days would take long to reach here.
    monkeypatch.setattr(adding, "MOST_SHAPES", 100)
    await shelf.add(many)
    for text in ("code:code-7", "code:code-250", "status:500", "not code:code-250 ms:>280"):
        wanted = parse(text)
        assert await shelf.found(wanted) == shelf.expected(wanted)
    assert await shelf.index.count(
        parse("status:500"), shelf.verify(parse("status:500")), budget_s=10
    ) == Count(30, exact=True)


async def test_more_paths_than_are_numbered_are_kept_in_the_rows(shelf, monkeypatch):
    monkeypatch.setattr(adding, "MOST_PATHS", 10)
    await shelf.add([make_exchange(number, url=f"/orders/{number}") for number in range(50)])
    for text in ("path:/orders/3", "path:/orders/44", "path:/orders/4*", "not path:/orders/4*"):
        wanted = parse(text)
        assert await shelf.found(wanted) == shelf.expected(wanted)
    assert shelf.looked_at == 0
    assert (await shelf.index.rows([45]))[0].path == "/orders/44"


async def test_many_at_once_are_found_by_id(shelf):
    # So many that their ids become a run of their own.
    await shelf.add([make_exchange(number) for number in range(9000)])
    await shelf.add([make_exchange(number) for number in range(9000, 9010)])
    for number in (0, 1, 4500, 8999, 9000, 9009):
        exchange = make_exchange(number)
        for text in (exchange.id, exchange.id[:10], exchange.request_id):
            wanted = parse(f"id:{text}")
            assert await shelf.found(wanted) == [number + 1]
    assert await shelf.found(parse("id:flow-2250")) == [9004, 9003, 9002, 9001]


async def test_small_runs_are_merged(shelf, store, monkeypatch):
    monkeypatch.setattr(identities, "_MANY", 20)
    monkeypatch.setattr(identities, "_FAN_IN", 4)
    for start in range(0, 400, 20):
        await shelf.add([make_exchange(number) for number in range(start, start + 20)])
    runs = "SELECT count(*) FROM id_runs"
    before = await store.readers.read(lambda connection: connection.execute(runs).fetchone()[0])
    while await shelf.index.compact():
        pass
    after = await store.readers.read(lambda connection: connection.execute(runs).fetchone()[0])
    assert after < before
    for number in range(0, 400, 7):
        assert await shelf.found(parse(f"id:request-{number}")) == [number + 1]


async def test_an_id_that_very_many_share_is_found_page_by_page(shelf, monkeypatch):
    monkeypatch.setattr(identities, "_MOST_FOUND", 50)
    await shelf.add([make_exchange(number, conversation_id="same") for number in range(200)])
    wanted = parse("conversation:same")
    assert await shelf.found(wanted, size=30) == list(range(200, 0, -1))


async def test_blocks_without_slow_exchanges_are_not_looked_into(shelf, store):
    size = zones.BLOCK
    slow = (3, 2 * size + 5, 5 * size)
    for first in range(0, 6 * size, 700):
        await shelf.add(
            [
                make_exchange(
                    number,
                    duration_ms=900.0 if number in slow else None if number % 50 == 0 else 5.0,
                    status=500 if number % 2 else 200,
                )
                for number in range(first, min(first + 700, 6 * size))
            ]
        )

    async def looked_into(text: str) -> list[int]:
        def job(connection: sqlite3.Connection) -> list[int]:
            search = Search(connection, parse(text), shelf.verify(EVERYTHING))
            found = zones.windows(connection, search.plan, 1, search.last, descending=False)
            return [low >> zones.BLOCK_BITS for low, _ in found]

        assert await shelf.found(parse(text)) == shelf.expected(parse(text))
        return await store.readers.read(job)

    assert await looked_into("ms:>500") == [0, 2, 5]
    assert await looked_into("ms:>500 status:5xx") == [0, 2]
    assert await looked_into("ms:>500 status:404") == []
    assert await looked_into("ms:>2000") == []
    assert len(await looked_into("ms:>500 | status:5xx")) > 1
    assert len(await looked_into("not ms:<500")) > 1
    # Of blocks from before this was noted it is not known.
    await store.writer.submit(lambda c: c.execute("UPDATE blocks SET slowest = NULL").rowcount)
    await shelf.add([make_exchange(number) for number in range(6 * size, 6 * size + 20)])
    assert len(await looked_into("ms:>500 status:5xx")) > 1


async def test_rows_far_apart_become_runs_of_their_own(store, monkeypatch):
    monkeypatch.setattr(identities, "_MOST_FRESH", 10)
    far = 3 * identities._SPAN
    marks = identities.marks

    def job(connection: sqlite3.Connection) -> list[set[int] | None]:
        identities.add(connection, 5, 2, [*marks(["a"], 0), *marks(["b"], 1), *marks(["c"], 1)])
        identities.add(connection, far, 22, marks(["a", "d", *["e"] * 20], 0))
        keys = map(identities.key_of, "acdx")
        return [identities.rows_of(connection, key, key) for key in keys]

    assert await store.writer.submit(job) == [{5, far}, {6}, {far + 1}, set()]


async def test_a_batch_that_does_not_follow_is_refused(shelf):
    await shelf.add([make_exchange(0)])
    entries = entries_of([make_exchange(1)], LENGTH)
    assert await shelf.index.add(shelf.batch(0, entries)) is None
    assert await shelf.index.add(shelf.batch(5 * LENGTH, entries)) is None
    assert await shelf.found(EVERYTHING) == [1]
    added = await shelf.index.add(shelf.batch(LENGTH, entries))
    assert added is not None
    assert added.first == 2


async def test_of_two_that_add_the_same_one_wins(shelf, path):
    await shelf.add([make_exchange(0)])
    async with await Store.open(path) as other:
        second = ExchangeIndex(other)
        entries = entries_of([make_exchange(1)], LENGTH)
        both = await asyncio.gather(
            shelf.index.add(shelf.batch(LENGTH, entries)), second.add(shelf.batch(LENGTH, entries))
        )
    assert sum(added is not None for added in both) == 1
    assert (await shelf.index.bounds()) == (1, 2)


async def test_lines_that_are_none_are_kept_with_their_place(shelf):
    await shelf.add([make_exchange(0)])
    bad = [Bad(LENGTH, 7, "It is not UTF-8.")]
    await shelf.index.add(shelf.batch(LENGTH, Entries(), bad))
    (found,) = await shelf.index.quarantined()
    assert found == ("/a.jsonl", LENGTH, 7, "It is not UTF-8.")
    (log,) = await shelf.index.logs()
    assert (log.lines, log.bad, log.offset, log.head, log.tail) == (1, 1, 100, b"head", b"tail")


async def test_a_log_that_another_process_added_is_given_back(shelf):
    first, mine = await shelf.index.add_log("/x", 7, 2**64 - 1, packed=True, after=0)
    assert mine
    assert (first.inode, first.packed) == (2**64 - 1, True)
    again, mine = await shelf.index.add_log("/y", 7, 2**64 - 1, packed=True, after=0)
    assert not mine
    assert again.log == first.log
    third, mine = await shelf.index.add_log("/z", 7, 2**64 - 1, packed=True, after=first.log)
    assert mine
    await shelf.index.move_log(third.log, "/\udcff", 8, 9, packed=False)
    moved = (await shelf.index.logs_by_number([third.log]))[third.log]
    assert (moved.path, moved.device, moved.inode, moved.packed) == ("/\udcff", 8, 9, False)


async def test_a_search_that_takes_too_long_says_how_far_it_came(shelf):
    await shelf.add([make_exchange(number) for number in range(5000)])
    wanted = parse("n=0")
    found = await shelf.index.find(wanted, shelf.verify(wanted), limit=10, budget_s=0)
    assert found.rows == ()
    rows = []
    while found.reached is not None:
        last = found.reached - 1
        found = await shelf.index.find(
            wanted, shelf.verify(wanted), last=last, limit=10, budget_s=0
        )
        rows += [row.row for row in found.rows]
    assert rows == [1]
    count = await shelf.index.count(wanted, shelf.verify(wanted), budget_s=0)
    assert not count.exact
    slow = parse("ms:>998")
    numbers, reached = await shelf.index.numbers(slow, shelf.verify(slow), budget_s=0)
    assert reached is not None
    assert numbers == [row for row in shelf.expected(slow) if row >= reached]
    assert not (await shelf.index.count(slow, shelf.verify(slow), budget_s=0)).exact


async def test_phrases_are_found_by_the_full_text_and_without_it(shelf):
    texts = [
        (f"order {number} accepted", "deadline exceeded" if number % 50 == 0 else "Größe: fine")
        for number in range(300)
    ]
    await shelf.add([make_exchange(number) for number in range(300)], texts)
    filters = [
        'body:"deadline exceeded"',
        'body:"exceeded deadline"',
        "body:dead*",
        'body:"order 17"',
        "not body:deadline",
        "body:größe ms:<10",
        "body:deadline | status:500 ms:<50",
        f"body:{'x' * 100}",
    ]
    for filled in (False, True):
        if filled:
            await shelf.fill_texts()
            assert await shelf.index.missing_texts() == 0
            shelf.looked_at = 0
        for text in filters[:3] if filled else filters:
            wanted = parse(text)
            assert await shelf.found(wanted) == shelf.expected(wanted), text
    assert shelf.looked_at < 30, "the full text says where to look"
    await shelf.add([make_exchange(300)], [("deadline exceeded",)])
    assert await shelf.index.missing_texts() == 1
    wanted = parse('body:"deadline exceeded"')
    assert await shelf.found(wanted) == shelf.expected(wanted)


async def test_texts_are_kept_once_by_two_processes(shelf):
    await shelf.add([make_exchange(number) for number in range(4)], [("a",)] * 4)
    shard, rows, logs = await shelf.index.next_texts(2)
    assert [row.row for row in rows] == [1, 2]
    assert list(logs) == [1]
    texts = [(row.row, "a") for row in rows]
    assert await shelf.index.add_texts(shard, texts)
    assert not await shelf.index.add_texts(shard, texts)
    assert await shelf.index.missing_texts() == 2


async def test_old_blocks_are_dropped_whole(shelf, store):
    size = zones.BLOCK
    day = timedelta(days=1)
    for number in range(4):
        await shelf.add(
            [
                make_exchange(n, at=START + number * day)
                for n in range(number * size, number * size + size)
            ]
        )
    before = await shelf.index.count(parse("status:500"), shelf.verify(EVERYTHING))
    assert await shelf.index.drop_before(START) == 0
    dropped = await shelf.index.drop_before(START + 1.5 * day)
    first, last = await shelf.index.bounds()
    assert first == dropped + 1
    assert 1.5 * size < dropped <= 2 * size
    assert last == 4 * size
    found = await shelf.found(parse("status:500"))
    assert found == [row for row in shelf.expected(parse("status:500")) if row >= first]
    count = await shelf.index.count(parse("status:500"), shelf.verify(EVERYTHING))
    assert count == Count(len(found), exact=True)
    assert count.number < before.number
    assert await shelf.found(parse("id:request-1")) == []
    assert await shelf.index.runs() == [(first, last - first + 1)]
    # The newest block stays, so that no number is given twice.
    await shelf.index.drop_before(START + 99 * day)
    assert (await shelf.index.bounds())[1] == last
    await shelf.add([make_exchange(9999)])
    assert (await shelf.index.bounds())[1] == last + 1


async def test_the_store_keeps_within_its_size_by_dropping_exchanges(shelf, store):
    texts = [("word " * 20,)] * 4000
    await shelf.add([make_exchange(number) for number in range(4000)], texts)
    await shelf.fill_texts(500)
    with closing(sqlite3.connect(store.path)) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    assert await store.retain(max_age=timedelta(days=36500), max_bytes=pages * 4096 // 2) > 0
    first, last = await shelf.index.bounds()
    assert 1 < first < last == 4000


async def test_shapes_tell_how_many_look_alike(shelf):
    await shelf.add([make_exchange(number) for number in range(30)])
    found = await shelf.index.shapes()
    assert sum(shape.times for shape in found) == 30
    assert sum(shape.times for shape in found if shape.code == "TIMEOUT") == 3
