"""Much evidence takes little memory."""

import subprocess
import sys
from pathlib import Path

MANY = 50_000
MIB = 1024 * 1024

CHILD = """
import asyncio, resource, sys
from pathlib import Path
from cxtop.core.snapshot.exporting import export
from cxtop.core.snapshot.scope import Part, Scope
from cxtop.core.sources import Library
from cxtop.core.store import Store
from tests.core.snapshot.support import evidence_of, plain

folder = Path(sys.argv[1])

def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

async def write(store, library, wanted, path):
    scope = Scope(parts=frozenset({Part.EXCHANGES}), numbers=wanted)
    done = await export(
        evidence_of(store, library, scope), format="cxsnap", mask=plain(), path=path
    )
    return done.counts[Part.EXCHANGES]

async def main():
    async with (
        await Store.open(folder / "store.sqlite3") as store,
        Library.open(store, [folder / "log.jsonl"], follow=False, full_text=False) as library,
    ):
        await library.catch_up()
        await write(store, library, tuple(range(1, 2000)), folder / "few.cxsnap")
        before = used()
        # Beyond this everything fails: no more than the half of what all would take at once.
        size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + 200 * 2**20, -1))
        count = await write(store, library, None, folder / "all.cxsnap")
        print(count, used() - before)

asyncio.run(main())
"""


def test_fifty_thousand_exchanges_stream_through(tmp_path: Path) -> None:
    from cxtop.core.capture.record import encode

    from .support import exchange

    line = encode(exchange(1))
    assert len(line) * MANY > 20 * MIB
    (tmp_path / "log.jsonl").write_bytes(line * MANY)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, grown = map(int, done.stdout.split())
    assert count == MANY
    # As models they would take more than 200 MiB, as lines 30.
    assert grown < 25 * MIB
