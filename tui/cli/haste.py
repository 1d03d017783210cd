"""How the app gets to its first frame sooner."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is looked for until the app has painted, when it takes that up again itself.

    What loads stays, so there is nothing to find; the search takes a sixth of the time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
