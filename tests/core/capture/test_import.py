from __future__ import annotations

from .serving import python

HEAVY = ["starlette", "fastapi", "httpx", "aiohttp", "uvicorn", "sqlite3", "textual", "rich"]


def test_the_middleware_loads_nothing_heavy() -> None:
    done = python(
        "import sys, cxtop.core.capture\n"
        f"loaded = [name for name in {HEAVY} if name in sys.modules]\n"
        "assert 'pydantic' in sys.modules and 'msgspec' in sys.modules\n"
        "assert not loaded, loaded\n"
    )
    assert done.returncode == 0, done.stderr
