"""The simulated platform as a child process, which never outlives its parent."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ...core.errors import CxtopError
from ...core.ownfolder import OwnFolder
from ...core.text import clip

PREFIX = "cxtop-demo-"
READY_S = 30.0
GRACE_S = 3.0
_LONGEST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Announced:
    """Where the child's platform is, how to get in, and the ids of its runs.

    `traffic_log` is the folder of the capture log of the service that the platform calls.
    """

    url: str
    platform: str
    client_id: str
    client_secret: str = field(repr=False)
    runs: tuple[str, ...]
    traffic_log: Path


class Simulator:
    """Starts at once, so that it loads while the caller does; in `with`, which ends it.

    It has a temporary `folder` in `place` that goes with it, with the captured exchanges in it.
    The child ends by itself when its stdin closes, as that happens even to a parent that is
    killed; the folder of such a one goes when the next begins.
    """

    def __init__(
        self,
        *,
        scenario: str,
        seed: int,
        speed: float,
        service: str = "",
        place: Path | None = None,
    ) -> None:
        self._folder = OwnFolder(PREFIX, place)
        self._announced: Announced | None = None
        self.folder = self._folder.path
        self._complaints: IO[bytes] = (self.folder / "simulator.stderr").open("w+b")
        command = [sys.executable, "-P", "-m", "cxtop.core.simulator", "--with-parent"]
        command += ["--scenario", scenario, "--seed", str(seed), "--speed", str(speed)]
        command += ["--traffic-log", str(self.folder / "captures"), "--service", service]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,  # Ctrl+C is for the app, which ends the child itself
        )

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_: object) -> None:
        """SIGTERM, then SIGKILL; nothing of the child is left, nor its folder."""
        try:
            self._end()
        finally:
            self._complaints.close()
            with suppress(OSError):  # what cannot be removed now is left to the next demo
                self._folder.remove()

    def _end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    async def announced(self) -> Announced:
        """What the child says once it takes connections. Raises CxtopError when it does not."""
        if self._announced is None:
            self._announced = await self._listen()
        return self._announced

    async def _listen(self) -> Announced:
        line = await self._first_line()
        if not line:
            raise self._failed()
        told = json.loads(line)
        return Announced(
            url=told["url"],
            platform=told["platform"],
            client_id=told["client_id"],
            client_secret=told["client_secret"],
            runs=tuple(run["id"] for run in told["runs"]),
            traffic_log=Path(told["traffic"]["log"]),
        )

    async def _first_line(self) -> bytes:
        reader = asyncio.StreamReader(limit=_LONGEST_LINE)
        assert self.process.stdout is not None
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self.process.stdout
        )
        try:
            async with asyncio.timeout(READY_S):
                return await reader.readline()
        except TimeoutError:
            return b""
        finally:
            transport.close()

    def _failed(self) -> CxtopError:
        said = (self.folder / "simulator.stderr").read_text("utf-8", "replace").strip()
        last = said.splitlines()[-1] if said else f"It said nothing within {READY_S:g} s."
        return CxtopError(
            "The simulated platform could not be started.",
            why=clip(last, 300),
            fix="Run cxtop simulate to see all that it says.",
        )
