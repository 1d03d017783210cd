"""Lines, logs and libraries for the tests of sources."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cxtop.core.capture.record import BodyPart, Line, encode
from cxtop.core.models.exchanges import BodyKind, Outcome
from cxtop.core.sources import Library
from cxtop.core.store import Store

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_id(number: int) -> str:
    """An id as captures have them: 32 hexadecimal digits that look drawn."""
    return random.Random(number).randbytes(16).hex()


def make_line(number: int = 0, **fields: Any) -> bytes:
    values: dict[str, Any] = {
        "id": make_id(number),
        "at": START + timedelta(seconds=number),
        "service": "orders",
        "request_id": f"request-{number}",
        "method": "POST",
        "url": f"http://127.0.0.1:8080/orders/{number % 10}?n={number}",
        "route": "/orders/{id}",
        "action": f"action-{number % 3}",
        "status": 200,
        "duration_ms": number % 1000 + 0.5,
        "outcome": Outcome.OK,
        "request": json_body({"number": number}),
        "response": json_body({"result": "fine"}),
    }
    return encode(Line(**(values | fields)))


def json_body(value: Any) -> BodyPart:
    return BodyPart(BodyKind.JSON, "application/json", len(str(value)), value)


def lines(first: int, last: int) -> bytes:
    """The lines from number `first` up to, not including, `last`."""
    return b"".join(make_line(number) for number in range(first, last))


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def copy_and_cut(path: Path, copy: Path) -> None:
    """What logrotate does with copytruncate."""
    copy.write_bytes(path.read_bytes())
    os.truncate(path, 0)


class Told(list[str]):
    """Sentences for the user."""

    def about(self, word: str) -> list[str]:
        return [sentence for sentence in self if word in sentence]


@asynccontextmanager
async def library(
    store: Path, *sources: Path | str, told: Told | None = None, **options: Any
) -> AsyncIterator[Library]:
    """A library that reads when it is told to, unless the options say otherwise."""
    tell = Told() if told is None else told
    settings: dict[str, Any] = {"follow": False, "full_text": False} | options
    async with (
        await Store.open(store, notice=tell.append) as opened,
        Library.open(opened, sources, tell=tell.append, **settings) as found,
    ):
        yield found


async def numbers(shelf: Library) -> list[int]:
    """The numbers of the lines that are in the index, in the order of the rows."""
    view = await shelf.view()
    rows = await shelf.index.rows(view.numbers(0, len(view)))
    return [round((row.at / 1000) - START.timestamp()) for row in rows]


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float = 10) -> None:
    """Wait for what others bring about."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - files have no events
            await asyncio.sleep(0.01)
