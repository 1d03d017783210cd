"""What indexing costs: CPU of whole processes against lnav and sqlite-utils, memory, the size of
the index; and how soon a line that was appended can be found.

    python -m tests.benchmarks.ingest [--lines 200000] [--rounds 3] [--seconds 5]

LNAV and SQLITE_UTILS may name the peers' programs; peers that are not there are left out. What
counts are the ratios of one run; the median of the rounds is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from . import _logs


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Cost(NamedTuple):
    cpu_s: float
    wall_s: float
    rss_mb: float


def cost_of(command: list[str], **environment: str) -> Cost:
    """What a process and its children cost."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with {process.returncode}")
    wall = time.perf_counter() - began
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


async def ingest(log: Path, store: Path, *, full_text: bool) -> None:
    """What is measured: everything in `log` into a fresh store."""
    from cxtop.core.sources import Library
    from cxtop.core.store import Store

    async with (
        await Store.open(store) as opened,
        Library.open(opened, [log], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        if full_text:
            await library.fill_texts()


LNAV_FORMAT = {
    "$schema": "https://lnav.org/schemas/format-v1.schema.json",
    "cxtop_log": {
        "title": "cxtop capture log",
        "file-type": "json",
        "timestamp-field": "at",
        "body-field": "url",
        "opid-field": "request_id",
        "hide-extra": True,
        "line-format": [{"field": "__timestamp__"}, " ", {"field": "method"}],
        "value": {
            "method": {"kind": "string"},
            "url": {"kind": "string"},
            "request_id": {"kind": "string", "identifier": True},
            "status": {"kind": "integer"},
            "duration_ms": {"kind": "float"},
            "code": {"kind": "string", "identifier": True},
        },
    },
}


def lnav(program: str, log: Path, home: Path) -> list[str]:
    formats = home / ".config" / "lnav" / "formats" / "installed"
    formats.mkdir(parents=True, exist_ok=True)
    (formats / "cxtop_log.json").write_text(json.dumps(LNAV_FORMAT))
    query = ";SELECT status, count(*) FROM cxtop_log GROUP BY status"
    return [program, "-n", "-c", query, str(log)]


def bulk(folder: Path, lines: int, rounds: int) -> None:
    log = folder / "captures.jsonl"
    size = _logs.write(log, lines)
    say(f"bulk: {lines:,} exchanges, {size / 1e6:.0f} MB")
    number = 0

    def ours(way: str) -> Callable[[], Cost]:
        def run() -> Cost:
            nonlocal number
            number += 1
            store = folder / f"store-{number}.sqlite3"
            command = [sys.executable, "-m", "tests.benchmarks.ingest", "--only", way]
            found = cost_of([*command, "--log", str(log), "--store", str(store)])
            sizes[way] = sum(path.stat().st_size for path in folder.glob(f"{store.name}*"))
            return found

        return run

    sizes: dict[str, int] = {}
    ways = {"cxtop": ours("offsets"), "cxtop, full text": ours("text")}
    if program := os.environ.get("LNAV") or shutil.which("lnav"):
        command = lnav(program, log, folder)
        ways["lnav"] = lambda: cost_of(command, HOME=str(folder), TERM="xterm")
    if tool := os.environ.get("SQLITE_UTILS") or shutil.which("sqlite-utils"):
        ways["sqlite-utils"] = lambda: cost_of(
            [tool, "insert", "--nl", "--replace", "--pk", "id", str(folder / "u.db"), "x", str(log)]
        )
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            costs[name].append(run())
    cpu = {name: statistics.median(one.cpu_s for one in some) for name, some in costs.items()}
    for name, some in costs.items():
        peers = [
            f"÷ {peer} {cpu[name] / cpu[peer]:5.2f}"
            for peer in ("lnav", "sqlite-utils")
            if peer in cpu
        ]
        rate = lines / statistics.median(one.wall_s for one in some)
        rss = max(one.rss_mb for one in some)
        say(
            f"  {name:18} {cpu[name]:6.2f} s CPU  {rate / 1000:5.0f} klines/s  {rss:4.0f} MB  "
            + "  ".join(peers)
        )
    say(f"  index ÷ log: {sizes['offsets'] / size:.3f}, with full text {sizes['text'] / size:.3f}")


async def tail(folder: Path, rate: int, seconds: float) -> None:
    """Append `rate` lines a second and see how soon each batch can be found."""
    from cxtop.core.capture.record import encode
    from cxtop.core.sources import Library
    from cxtop.core.store import Store

    lines = [encode(line) for line in _logs.exchanges(int(rate * seconds), seed=2)]
    log = folder / "tail.jsonl"
    appended: list[tuple[float, int]] = []
    seen: list[tuple[float, int]] = []

    async def append() -> None:
        began = time.perf_counter()
        written = 0
        with log.open("ab", buffering=0) as file:
            while written < len(lines):
                due = min(len(lines), int((time.perf_counter() - began) * rate))
                if due > written:
                    file.write(b"".join(lines[written:due]))
                    written = due
                    appended.append((time.perf_counter(), written))
                await asyncio.sleep(0.01)

    async with (
        await Store.open(folder / "tail.sqlite3") as opened,
        Library.open(opened, [log], full_text=False) as library,
    ):
        process = time.process_time()
        writing = asyncio.create_task(append())
        while not seen or seen[-1][1] < len(lines):
            _, newest = await library.index.bounds()
            seen.append((time.perf_counter(), newest))
            await asyncio.sleep(0.004)
        await writing
        used = time.process_time() - process
    waits: list[float] = []
    place = 0
    for at, number in appended:
        while seen[place][1] < number:
            place += 1
        waits.append(seen[place][0] - at)
    waits.sort()
    say(f"tail: {rate:,} lines/s for {seconds:g} s, appended to findable")
    p50, p99 = (waits[int(len(waits) * part)] * 1000 for part in (0.5, 0.99))
    say(f"  p50 {p50:.0f} ms  p99 {p99:.0f} ms")
    say(f"  CPU {used / seconds * 100:.0f} % of a core, appending and looking included")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", choices=["offsets", "text"])
    parser.add_argument("--log", type=Path)
    parser.add_argument("--store", type=Path)
    chosen = parser.parse_args()
    if chosen.only:
        asyncio.run(ingest(chosen.log, chosen.store, full_text=chosen.only == "text"))
        return
    with tempfile.TemporaryDirectory() as folder:
        bulk(Path(folder), chosen.lines, chosen.rounds)
        asyncio.run(tail(Path(folder), 5000, chosen.seconds))


if __name__ == "__main__":
    main()
