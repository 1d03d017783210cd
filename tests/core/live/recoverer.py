"""A process that, told a store, a platform and a webhook, forks a monitor for each line it reads.

The monitor goes on until whoever reads kills it. Forking saves the imports, which take longer
than all the rest.
"""

import asyncio
import os
import sys
from pathlib import Path

from cxtop.core.live import Link, Monitor
from cxtop.core.store import Store

from .recovering import recovering


async def monitor_for_ever(path: Path, platform: str, hook: str) -> None:
    profile = recovering(platform, dead_letter_webhook=hook)
    monitors: list[Monitor] = []
    async with (
        await Store.open(path) as store,
        Link(profile, record=lambda call: monitors[0].see_call(call)) as link,
    ):
        monitor = Monitor(profile, store, link, link, ask=link.ask, lease_s=0.3)
        monitors.append(monitor)
        async with monitor:
            await asyncio.Event().wait()


def main() -> None:
    path, platform, hook = sys.argv[1:]
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(monitor_for_ever(Path(path), platform, hook))
        os.write(1, f"{child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


main()
