"""Work that goes on in one other thread while the next piece is made ready."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Behind:
    """Does one thing after another; used by one thread at a time, and closed at the end.

    At most one is under way, so whoever is quicker waits. What a piece of work raises, the next
    call raises.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cxtop-packing")
        self._last: Future[None] | None = None

    def do(self, work: Callable[[], None]) -> None:
        """Have `work` done, once what was asked for before is done."""
        self.wait()
        self._last = self._thread.submit(work)

    def wait(self) -> None:
        """Until all is done."""
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def close(self) -> None:
        """Let the last piece of work end, whatever comes of it. May be called again."""
        self._thread.shutdown()
