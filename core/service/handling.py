"""The user's handler: found by its name, run with a limit, and what it gives back."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import ConfigError

Handler = Callable[[dict[str, Any]], Any]
"""Takes the inbound call as a dictionary; gives data, or a whole answer with `success` in it.

It may be a coroutine function. Any other runs in a thread of its own.
"""


class BusyError(Exception):
    """Too many handlers are still running."""


class HandlerTimeoutError(Exception):
    """The handler did not come to its end in time."""


def load_handler(name: str, *, folder: Path | None = None) -> Handler:
    """The function that `module:function` names; the module may lie in `folder`.

    Raises `ConfigError` for a name that leads to no function.
    """
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        raise ConfigError(
            f"{name!r} names no handler.", fix="Write module:function, such as handlers:lookup."
        )
    if folder is not None and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        found: Any = import_module(module_name)
    except Exception as error:
        raise ConfigError(
            f"The handler's module {module_name} cannot be imported.",
            why=f"{type(error).__name__}: {error}.",
            fix="Start in the folder of the module, or set PYTHONPATH.",
        ) from error
    for part in path.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise ConfigError(
            f"{module_name} has no function {path}.",
            fix="Name a function that takes one argument, the call.",
        )
    return found


class Handling:
    """Runs a handler, at most `most` at a time and each for at most `limit_s` seconds.

    A thread cannot be ended: one that takes longer runs on, is counted, and is left behind when
    the process ends.
    """

    def __init__(self, handler: Handler | None, *, limit_s: float, most: int) -> None:
        self._handler = handler
        self._limit_s = limit_s
        self._most = most
        self._threads = 0

    async def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        """The whole answer to `call`: `{"success": true, "data": …}`, or the handler's own.

        Raises `HandlerTimeoutError`, `BusyError`, and whatever the handler raises.
        """
        if self._handler is None:
            return {"success": True, "data": call}
        limit = asyncio.timeout(self._limit_s)
        try:
            async with limit:
                result = await self._run(self._handler, call)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise HandlerTimeoutError(
                f"The handler did not answer within {self._limit_s:g} s."
            ) from error
        whole = isinstance(result, dict) and isinstance(result.get("success"), bool)
        return result if whole else {"success": True, "data": result}

    async def _run(self, handler: Handler, call: dict[str, Any]) -> Any:
        if is_async(handler):
            return await handler(call)
        result = await self._in_thread(handler, call)
        return await result if inspect.isawaitable(result) else result

    async def _in_thread(self, handler: Handler, call: dict[str, Any]) -> Any:
        if self._threads >= self._most:
            raise BusyError("Too many handlers are still running.")
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[tuple[Any, Exception | None]] = loop.create_future()
        context = contextvars.copy_context()

        def settle(result: Any, error: Exception | None) -> None:
            self._threads -= 1
            if not ended.done():
                ended.set_result((result, error))

        def run() -> None:
            result, failure = None, None
            try:
                result = context.run(handler, call)
            except Exception as error:  # noqa: BLE001 - it is raised again where it is awaited
                failure = error
            except BaseException as error:  # noqa: BLE001 - a handler must not end the service
                failure = RuntimeError(f"The handler raised {type(error).__name__}: {error}")
            # The loop may have ended meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, result, failure)

        self._threads += 1
        # A thread of a pool would hold up the end of the process until it is done.
        threading.Thread(target=run, name="handler", daemon=True).start()
        result, error = await ended
        if error is not None:
            raise error
        return result


def is_async(handler: Handler) -> bool:
    """Whether calling it gives something to await."""
    call = getattr(handler, "__call__", None)  # noqa: B004 - an object's own call may be async
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call)
