"""A process that, told the path of a store, forks a writer for each line it reads.

The writer keeps a run and its errors for ever and prints each number once that is acknowledged;
whoever reads it kills it. Forking saves the imports, which take longer than all the rest.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from cxtop.core.models import ActionRun, RecordError, RunStatus
from cxtop.core.store import Store


async def write_for_ever(path: Path, life: str) -> None:
    store = await Store.open(path)
    number = 0
    while True:
        run = ActionRun(
            run_id=life,
            platform="genesys",
            status=RunStatus.RUNNING,
            polled_at=datetime.now(UTC),
            processed=number,
        )
        errors = [
            RecordError(run_id=life, record_id=f"{number}-{part}", code="TIMEOUT", record="x" * 500)
            for part in range(5)
        ]
        await asyncio.gather(store.save_run(run), store.add_errors(life, errors))
        os.write(1, f"{number}\n".encode())
        number += 1


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(write_for_ever(Path(sys.argv[1]), line.strip()))
        os.write(1, f"pid {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


main()
