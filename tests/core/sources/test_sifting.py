"""Lines that are passed over by their bytes: what is found is what reading all of them finds."""

import gzip
import os

import pytest

from cxtop.core.sources import Library
from cxtop.core.store.filter import parse

from .support import append, json_body, library, lines, make_line

FILTERS = [
    "orders",
    "n=77",
    "N=7",
    "request-12",
    "ACTION-1",
    "nowhere",
    "größe",
    "GROSSE/teil",
    "id:*-77",
    "id:request-1?",
    "request:*7*",
    "conversation:*7*",
    "status:2xx n=5",
    "n=5 action-2",
    "n=5 | n=6",
    "n=5 | status:500",
    "-n=5",
    "n=5 -action-2",
]


async def found_plainly(shelf: Library, text: str) -> list[int]:
    """The rows that are found by looking at every line, the newest first."""
    wanted = parse(text)
    numbers, reached = await shelf.index.numbers(wanted, shelf._verifier(wanted), budget_s=60)
    assert reached is None
    return numbers


async def found(shelf: Library, text: str, *, descending: bool = True) -> list[int]:
    wanted = parse(text)
    numbers, reached = await shelf.index.numbers(
        wanted,
        shelf._verifier(wanted),
        descending=descending,
        budget_s=60,
        read=shelf._payloads.span,
    )
    assert reached is None
    return numbers


async def agree(shelf: Library, *, few: str = "n=77") -> None:
    for text in FILTERS:
        assert await found(shelf, text) == await found_plainly(shelf, text), text
    assert await found(shelf, few)


def odd_lines() -> bytes:
    return b"".join(
        (
            make_line(5, id="ß", url="/Größe?n=77", request=json_body("\x1b[0m")),
            make_line(6, id="e", url="/GROSSE/Teil", response=json_body("C:\\users")),
            make_line(7, id="f", url="/x").replace(b'"/x"', b'"\\/gro\\u00dfe\\/teil?n=77"'),
        )
    )


async def test_many_lines(store, folder):
    append(folder / "a.jsonl", lines(0, 1200) + odd_lines() + lines(1200, 1400))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        await agree(shelf)
        assert len(await found(shelf, "GROSSE/teil")) == 2


async def test_lines_of_several_logs(store, folder):
    async with library(store, folder) as shelf:
        for part in range(6):
            append(folder / "a.jsonl", lines(part * 70, part * 70 + 50))
            append(folder / "b.jsonl", lines(part * 70 + 50, part * 70 + 70) + b"no exchange\n")
            await shelf.catch_up()
        await agree(shelf)


async def test_long_lines_lie_far_apart(store, folder):
    long = json_body("x" * 400_000)
    for number in range(30):
        body = {"request": long} if number % 2 else {}
        append(folder / "a.jsonl", make_line(number, url=f"/orders?n={number + 60}", **body))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        await agree(shelf)


async def test_packed_logs(store, folder):
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(lines(0, 400)))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        await agree(shelf)


async def test_a_log_that_was_cut_and_filled_anew(store, folder):
    log = folder / "a.jsonl"
    append(log, lines(0, 90))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        os.truncate(log, 0)
        append(log, b"".join(make_line(number, request_id=f"r-{number}") for number in range(85)))
        await shelf.catch_up()
        await agree(shelf)
        assert len(await found(shelf, "n=77")) == 1


async def test_nothing_is_found_in_a_log_that_is_gone(store, folder):
    append(folder / "a.jsonl", lines(0, 100))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        assert await found(shelf, "n=77") == [78]
        (folder / "a.jsonl").unlink()
        assert await found(shelf, "n=77") == []
        assert await found(shelf, "id:*-77") == []


@pytest.mark.parametrize("text", ["orders", "n=77", "id:*-77", "n=7 | n=8"])
async def test_pages_and_counts_of_a_sifted_filter(store, folder, text):
    append(folder / "a.jsonl", lines(0, 600))
    async with library(store, folder) as shelf:
        await shelf.catch_up()
        pages: list[int] = []
        before = None
        while True:
            page = await shelf.page(parse(text), before=before, limit=7, budget_s=60)
            pages += [row.number for row in page.rows]
            before = page.older
            if before is None:
                break
        assert pages == await found_plainly(shelf, text)
        assert await found(shelf, text, descending=False) == pages[::-1]
        assert (await shelf.count(parse(text), budget_s=60)).number == len(pages)
