"""The library over real logs: pages, views, payloads, news."""

import asyncio
from datetime import timedelta

from cxtop.core.models import Exchange, Outcome
from cxtop.core.sources import Absent, Library, Missing
from cxtop.core.store import Store
from cxtop.core.store.filter import parse

from ..store.support import held_by_another_process
from .support import (
    START,
    append,
    json_body,
    library,
    lines,
    make_id,
    make_line,
    until,
)


def failing(number: int, **fields) -> bytes:
    values = {"status": 504, "outcome": Outcome.SERVER_ERROR, "code": "TIMEOUT"}
    return make_line(number, **(values | fields))


async def test_a_row_tells_what_a_list_shows(store, folder):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    append(
        folder / "a.jsonl",
        failing(7, flow_execution_id="f-1", conversation_id="c-1", traceparent=trace),
    )
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        (row,) = (await shelf.page()).rows
        assert (row.number, row.id, row.at) == (1, make_id(7), START + timedelta(seconds=7))
        assert (row.method, row.path, row.route) == ("POST", "/orders/7", "/orders/{id}")
        assert (row.status, row.duration_ms, row.code) == (504, 7.5, "TIMEOUT")
        assert (row.outcome, row.action, row.service) == (
            Outcome.SERVER_ERROR,
            "action-1",
            "orders",
        )
        assert (row.request_id, row.request_id_source) == ("request-7", "generated")
        assert (row.flow_execution_id, row.conversation_id) == ("f-1", "c-1")
        assert row.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert row.url == "http://127.0.0.1:8080/orders/7?n=7"
        assert row.request_size == len(str({"number": 7}))
        assert row.response_size == len(str({"result": "fine"}))
        assert row.length == len(
            failing(7, flow_execution_id="f-1", conversation_id="c-1", traceparent=trace)
        )


async def test_pages_go_back_and_forth(store, folder):
    append(folder / "a.jsonl", lines(0, 25))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        newest = await shelf.page(limit=10)
        assert [row.number for row in newest.rows] == list(range(25, 15, -1))
        older = await shelf.page(limit=10, before=newest.older)
        assert [row.number for row in older.rows] == list(range(15, 5, -1))
        last = await shelf.page(limit=10, before=older.older)
        assert [row.number for row in last.rows] == [5, 4, 3, 2, 1]
        assert last.older is None
        assert last.complete
        back = await shelf.page(limit=10, after=older.newer)
        assert [row.number for row in back.rows] == list(range(25, 15, -1))
        assert (await shelf.page(limit=10, after=25)).rows == ()
        around = await shelf.around(12, before=2, after=2)
        assert [row.number for row in around] == [14, 13, 12, 11, 10]
        assert [row.number for row in await shelf.around(12, before=1, after=0)] == [12, 11]


async def test_found_by_any_id(store, folder):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    append(folder / "a.jsonl", lines(0, 50))
    append(
        folder / "a.jsonl",
        make_line(50, flow_execution_id="f-1", conversation_id="c 1", traceparent=trace),
    )
    append(folder / "a.jsonl", make_line(51, conversation_id="c 1"))
    async with library(store, folder) as shelf:
        await shelf.catch_up()

        async def found(text: str) -> list[int]:
            return [row.number for row in await shelf.by_id(text)]

        for text in ("f-1", "request-50", trace[3:35], make_id(50), make_id(50)[:9]):
            assert await found(text) == [51]
        assert await found("c 1") == [52, 51]
        assert await found("nobody") == []
        assert await found("") == []


async def test_payloads_are_read_back(store, folder):
    log = folder / "a.jsonl"
    append(log, make_line(1, response=json_body({"ü": [1, None, "\x1b[31m"]})))
    append(
        log, b'{"id":"x","at":"2026-03-01T12:00:00Z","request":{"value":' + b"1" * 5000 + b"}}\n"
    )
    async with library(store, log) as shelf:
        await shelf.catch_up()
        found = await shelf.payload(1)
        assert isinstance(found, Exchange)
        assert found.response.value == {"ü": [1, None, "\x1b[31m"]}
        assert await shelf.line(1) == log.read_bytes().splitlines()[0]
        odd = await shelf.payload(2)
        assert isinstance(odd, Absent)
        assert odd.state is Missing.UNREADABLE
        gone = await shelf.payload(3)
        assert isinstance(gone, Absent)
        assert gone.state is Missing.GONE
        assert isinstance(await shelf.line(3), Absent)


async def test_a_log_that_was_written_anew_is_told(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 2))
    async with library(store, log) as shelf:
        await shelf.catch_up()
        data = bytearray(log.read_bytes())
        data[:] = data.replace(b'"status":200', b'"status":201')
        log.write_bytes(data)
        found = await shelf.payload(1)
        assert isinstance(found, Absent)
        assert found.state is Missing.CHANGED
        log.write_bytes(b"short\n")
        found = await shelf.payload(2)
        assert isinstance(found, Absent)
        assert found.state is Missing.CHANGED
        log.unlink()
        log.mkdir()
        found = await shelf.payload(1)
        assert isinstance(found, Absent)
        assert found.state is Missing.GONE


async def test_the_last_good_one_before_a_failure(store, folder):
    log = folder / "a.jsonl"
    append(log, make_line(0))
    append(log, make_line(1, method="GET"))
    append(log, make_line(2, route="/other"))
    append(log, failing(3))
    append(log, failing(4))
    append(log, make_line(5))
    append(log, make_line(6, route="", action="a*"))
    append(log, make_line(7, route="", action="ab"))
    append(log, failing(8, route="", action="a*"))
    append(log, make_line(9, route="", action="", url="/x?1"))
    append(log, failing(10, route="", action="", url="/x?2"))
    append(log, failing(11, route="/never"))
    async with library(store, log) as shelf:
        await shelf.catch_up()
        rows = {row.number - 1: row for row in (await shelf.page()).rows}

        async def good(number: int) -> int | None:
            found = await shelf.last_good(rows[number])
            return None if found is None else found.number - 1

        assert await good(4) == 0
        assert await good(8) == 6
        assert await good(10) == 9
        assert await good(11) is None


async def test_a_view_of_everything_is_any_length(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 3000))
    async with library(store, log) as shelf:
        await shelf.catch_up()
        view = await shelf.view()
        assert len(view) == 3000
        assert view.complete
        assert not await view.find_more()
        assert [row.number for row in await view.rows(1500, 1503)] == [1501, 1502, 1503]
        assert await view.rows(2998, 4000) == await view.rows(2998, 3000)
        assert view.place(1501) == 1500
        assert view.place(0) is None
        assert view.place(3001) is None
        append(log, lines(3000, 3004))
        await shelf.catch_up()
        assert await view.grow() == 4
        assert await view.grow() == 0
        assert len(view) == 3004
        await shelf.index.drop_before(START + timedelta(seconds=2000))
        assert await view.grow() == 0
        first = view.numbers(0, 1)[0]
        assert len(view) == 3004 - first + 1
        assert view.place(first) == 0


async def test_a_view_with_a_filter_grows_at_its_end(store, folder):
    log = folder / "a.jsonl"
    append(log, b"".join(failing(n) if n % 10 == 0 else make_line(n) for n in range(1000)))
    async with library(store, log) as shelf:
        await shelf.catch_up()
        view = await shelf.view(parse("code:TIMEOUT"))
        assert len(view) == 100
        assert view.complete
        assert view.numbers(0, 3) == [1, 11, 21]
        assert view.place(11) == 1
        assert view.place(12) is None
        append(log, make_line(1000) + failing(1001) + failing(1002))
        await shelf.catch_up()
        assert await view.grow() == 2
        assert view.numbers(99, 102) == [991, 1002, 1003]
        assert await view.grow() == 0
        empty = await shelf.view(parse("code:NEVER"))
        assert len(empty) == 0
        append(log, failing(1003, code="NEVER"))
        await shelf.catch_up()
        assert await empty.grow() == 1


async def test_a_view_of_an_empty_library_grows_too(store, folder):
    async with library(store, folder) as shelf:
        every, some = await shelf.view(), await shelf.view(parse("orders"))
        assert len(every) == len(some) == 0
        append(folder / "a.jsonl", lines(0, 2))
        await shelf.catch_up()
        assert await every.grow() == 2
        assert await some.grow() == 2


async def test_listeners_hear_what_came(store, folder):
    heard: list[int] = []
    async with library(store, folder, follow=True) as shelf:
        stop = shelf.subscribe(lambda news: heard.append(news.added))
        append(folder / "a.jsonl", lines(0, 5))

        async def all_heard() -> bool:
            return sum(heard) == 5

        await until(all_heard)
        for number in range(5, 40):
            append(folder / "a.jsonl", lines(number, number + 1))
            await asyncio.sleep(0.005)

        async def rest_heard() -> bool:
            return sum(heard) == 40

        await until(rest_heard)
        assert len(heard) < 12, "notices are gathered"
        stop()
        stop()


async def test_listeners_hear_what_another_process_brought(store, folder):
    heard: list[int] = []
    async with library(store) as shelf:
        shelf.subscribe(lambda news: heard.append(news.newest))
        append(folder / "a.jsonl", lines(0, 5))
        async with library(store, folder) as other:
            await other.catch_up()

        async def was_heard() -> bool:
            return heard == [5]

        await until(was_heard)


async def test_two_libraries_follow_the_same_logs(store, folder):
    log = folder / "a.jsonl"
    async with (
        library(store, folder, follow=True) as first,
        library(store, folder, follow=True) as second,
    ):
        for start in range(0, 600, 20):
            append(log, lines(start, start + 20))
            await asyncio.sleep(0.005)
            if start == 300:
                log.rename(folder / "a.1.jsonl")

        async def all_there() -> bool:
            return (await first.count()).number >= 600 and (await second.count()).number >= 600

        await until(all_there)
        await asyncio.sleep(0.2)
        assert (await first.count()).number == 600
        view = await second.view()
        rows = await view.rows(0, 600)
        assert len({row.id for row in rows}) == 600


async def test_the_full_text_is_filled_in_the_background(store, folder):
    body = json_body({"message": "deadline exceeded", "n": 1})
    append(folder / "a.jsonl", lines(0, 400) + make_line(400, response=body) + lines(401, 450))
    wanted = parse('body:"deadline exceeded"')
    async with library(store, folder, follow=True, full_text=True) as shelf:

        async def all_there() -> bool:
            count = (await shelf.count()).number
            return count == 450 and await shelf.index.missing_texts() == 0

        await until(all_there)
        assert [row.number for row in (await shelf.page(wanted)).rows] == [401]
        assert (await shelf.page(parse("body:nothing"))).rows == ()
        assert len((await shelf.page(parse("body:fine"), limit=5)).rows) == 5


async def test_a_locked_store_is_waited_for(store, folder, told):
    log = folder / "a.jsonl"
    append(log, lines(0, 3))
    async with (
        await Store.open(store, notice=told.append, patience_s=0.1) as opened,
        Library.open(opened, [folder], tell=told.append, full_text=False) as shelf,
    ):

        async def three() -> bool:
            return (await shelf.count()).number == 3

        await until(three)
        async with held_by_another_process(store) as holder:
            append(log, lines(3, 6))

            async def complained() -> bool:
                return bool(told.about("locked"))

            await until(complained)
            await holder.let_go()

            async def six() -> bool:
                return (await shelf.count()).number == 6

            await until(six)
        assert [row.number for row in (await shelf.page()).rows] == [6, 5, 4, 3, 2, 1]


async def test_a_damaged_store_is_filled_again_from_the_logs(store, folder, told):
    append(folder / "a.jsonl", lines(0, 500))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
    data = bytearray(store.read_bytes())
    data[:4096] = b"x" * 4096
    store.write_bytes(data)
    async with library(store, folder, told=told) as shelf:
        await shelf.catch_up()
        assert (await shelf.count()).number == 500
    assert told.about("damaged")
