"""Keeps httpx from loading its own command line.

Where rich and click are installed, `import httpx` loads them for a command that cxtop never
runs; that doubles its import time and would bring a screen library into the core.
"""

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" not in sys.modules:
    sys.modules[_COMMAND_LINE] = None  # pyright: ignore[reportArgumentType]
    import httpx  # noqa: F401 - loaded once, here, without the module that is barred

    del sys.modules[_COMMAND_LINE]
