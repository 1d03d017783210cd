"""Running the app: with the terminal given back however it ends."""

from __future__ import annotations

import asyncio
import signal

from ..app import CxtopApp, Launch
from . import exits

_ENDINGS = {
    signal.SIGTERM: exits.TERMINATED,
    signal.SIGHUP: 128 + signal.SIGHUP,
    signal.SIGINT: exits.INTERRUPTED,
}


def show(launch: Launch) -> str | int:
    """Run the app: the exit code, or `"demo"` where the user asked for that.

    Raises FaultError when the app itself failed, ConfigError for a keymap that cannot be.
    """
    app = CxtopApp(launch)
    ended: list[int] = []

    async def run() -> str | None:
        loop = asyncio.get_running_loop()

        def end(number: signal.Signals) -> None:
            ended.append(_ENDINGS[number])
            app.exit()

        for number in _ENDINGS:
            loop.add_signal_handler(number, end, number)
        try:
            return await app.run_async()
        finally:
            for number in _ENDINGS:
                loop.remove_signal_handler(number)

    wanted = asyncio.run(run())
    if ended:
        return ended[0]
    if app.return_code:
        raise exits.FaultError("The app ended by a fault of its own.")
    return wanted or exits.OK
