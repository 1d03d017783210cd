"""A process that, told a store and a folder, forks a follower for each line it reads.

Whoever started it kills the follower at some moment. Forking saves the imports.
"""

import asyncio
import os
import sys
from pathlib import Path

from cxtop.core.sources import Library
from cxtop.core.store import Store


async def follow(store: Path, folder: Path) -> None:
    async with (
        await Store.open(store) as opened,
        Library.open(opened, [folder], interval_s=0.002) as shelf,
    ):
        shelf.subscribe(lambda news: None)
        await asyncio.sleep(3600)


def main() -> None:
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(follow(Path(sys.argv[1]), Path(sys.argv[2])))
        os.write(1, f"{child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


main()
