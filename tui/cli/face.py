"""Running the app: with the terminal given back however it ends."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AbstractAsyncContextManager, nullcontext

from ..app import CxtopApp, Launch
from . import exits

_ENDINGS = {
    signal.SIGTERM: exits.TERMINATED,
    signal.SIGHUP: 128 + signal.SIGHUP,
    signal.SIGINT: exits.INTERRUPTED,
}


def show(launch: Launch, around: AbstractAsyncContextManager[object] | None = None) -> str | int:
    """Run the app: the exit code, or `"demo"` where the user asked for that.

    `around` is entered before the app appears and left when it has gone. Raises FaultError when
    the app itself failed, ConfigError for a keymap that cannot be, the error of a Refusal, and
    what `around` raises.
    """
    app = CxtopApp(launch)
    ended: list[int] = []

    async def run() -> str | None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None

        def end(number: signal.Signals) -> None:
            ended.append(_ENDINGS[number])
            if app.is_running:
                app.exit()
            else:
                task.cancel()

        for number in _ENDINGS:
            loop.add_signal_handler(number, end, number)
        try:
            async with around or nullcontext():
                return await app.run_async()
        except asyncio.CancelledError:
            if not ended:
                raise
            return None
        finally:
            for number in _ENDINGS:
                loop.remove_signal_handler(number)

    wanted = asyncio.run(run())
    if ended:
        return ended[0]
    if app.refusal is not None:
        raise app.refusal.error
    if app.return_code:
        raise exits.FaultError("The app ended by a fault of its own.")
    return wanted or exits.OK
