"""How quickly exchanges are found among many: by id, by code, page by page, by text.

    python -m tests.benchmarks.lookup [--lines 1000000] [--keep FOLDER]

Everything is warm, and what is measured is what a screen waits for: from the call to the rows,
heads of lines included. ripgrep over the log is the peer for ids, where it is installed. With
`--keep` log and store are left there, and used again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from cxtop.core.sources import Library
from cxtop.core.store import Store
from cxtop.core.store.filter import parse

from . import _logs


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def times(call: Callable[[], Awaitable[object]], count: int) -> tuple[float, float, float]:
    """Median, 99th percentile and worst of `count` calls, in milliseconds."""
    found: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await call()
        found.append((time.perf_counter() - began) * 1000)
    found.sort()
    return found[len(found) // 2], found[int(len(found) * 0.99)], found[-1]


async def show(name: str, target: str, call: Callable[[], Awaitable[object]], count: int) -> None:
    await call()
    p50, p99, worst = await times(call, count)
    say(f"  {name:44} p50 {p50:7.2f}  p99 {p99:7.2f}  worst {worst:7.2f} ms   target {target}")


async def show_sifting(library: Library, text: str) -> None:
    """CPU seconds of finding all that `text` lets through, and of verifying every line for it."""
    wanted = parse(text)
    used: list[float] = []
    for read in (library._payloads.span, None):
        began = time.process_time()
        await library.index.numbers(
            wanted, library._verifier(wanted), limit=10**7, budget_s=600, read=read
        )
        used.append(time.process_time() - began)
    sifted, verified = used
    say(
        f"  {'all of ' + text:44} {sifted:7.2f} s CPU, {verified / sifted:.1f} times cheaper"
        f" than decoding each ({verified:.2f})"
    )


async def measure(log: Path, store: Path) -> str:
    async with (
        await Store.open(store) as opened,
        Library.open(opened, [log], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        await library.fill_texts()
        while await library.index.compact():
            pass
        _, last = await library.index.bounds()
        chance = random.Random(7)
        view = await library.view()
        some = await view.rows(0, 1)
        for _ in range(300):
            place = chance.randrange(last)
            some += await view.rows(place, place + 1)
        index = library.index

        def pick(name: str) -> str:
            return getattr(chance.choice(some), name)

        async def by_id(name: str) -> None:
            assert await library.by_id(pick(name))

        async def found_only() -> None:
            wanted = parse(f"id:{pick('request_id')}")
            assert (await index.find(wanted, library._verifier(wanted))).rows

        say(f"lookup among {last:,}")
        await show("by request id, the row", "p99 1 ms", found_only, 1000)
        await show("by request id, with its head", "", lambda: by_id("request_id"), 1000)
        await show("by conversation id", "", lambda: by_id("conversation_id"), 300)
        await show("by the exchange's own id", "", lambda: by_id("id"), 300)
        code = parse(f"code:{_logs.CODES[0]}")
        await show("count by code", "10 ms", lambda: library.count(code), 100)
        await show("page 1", "5 ms", lambda: library.page(limit=50), 200)
        deep = last - 10_000 * 50
        await show("page 10,000", "5 ms", lambda: library.page(limit=50, before=deep), 200)
        for text in ("status:5xx", code.text, "status:5xx ms:>500", "path:/orders/7"):
            wanted = parse(text)
            await show(
                f"page 1 of {text}",
                "5 ms",
                lambda wanted=wanted: library.page(wanted, limit=50),
                50,
            )
            await show(
                f"deep page of {text}",
                "5 ms",
                lambda wanted=wanted: library.page(wanted, limit=50, before=last // 3),
                50,
            )
        for text in ('body:"quarterly reconciliation"', 'body:"deadline was exceeded"'):
            wanted = parse(text)
            await show(
                f"page 1 of {text}",
                "50 ms",
                lambda wanted=wanted: library.page(wanted, limit=50),
                50,
            )
        for text in ("nowhere", "id:*5f3ac2*", _logs.CODES[0], "page=3"):
            await show_sifting(library, text)
        return pick("request_id")


def with_ripgrep(log: Path, needle: str) -> None:
    if ripgrep := shutil.which("rg"):
        began = time.perf_counter()
        subprocess.run([ripgrep, "-F", needle, log], stdout=subprocess.DEVNULL, check=False)
        say(f"  {'rg -F':44} {(time.perf_counter() - began) * 1000:7.0f} ms")


def run(folder: Path, lines: int) -> None:
    log = folder / f"captures-{lines}.jsonl"
    if not log.exists():
        _logs.write(log, lines)
    needle = asyncio.run(measure(log, folder / f"store-{lines}.sqlite3"))
    with_ripgrep(log, needle)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
        run(chosen.keep, chosen.lines)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), chosen.lines)


if __name__ == "__main__":
    main()
