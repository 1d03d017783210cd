"""Makes docs/screen.svg: the real screen over the simulated platform. Run by `make picture`."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from cxtop.core.config import load
from cxtop.core.live import open_monitor
from cxtop.core.simulator.serve import simulator
from cxtop.tui.app import CxtopApp, Launch

SECONDS = 25


async def main() -> None:
    """Let the runs move for a while, then take the picture."""
    with tempfile.TemporaryDirectory() as home:
        async with simulator("busy") as platform:
            settings = load(
                {
                    "platform": "genesys",
                    "base_url": platform.url,
                    "client_id": platform.client_id,
                    "client_secret": platform.client_secret,
                    "poll": {"interval_s": 2.0},
                },
                env={"CXTOP_HOME": home},
                cwd=Path(home),
            )
            app = CxtopApp(
                Launch(
                    open=lambda _name: open_monitor(settings),
                    profile="acme-prod",
                    platform=lambda _name: "genesys · eu-west-1",
                    runs=platform.run_ids(),
                )
            )
            async with app.run_test(size=(128, 24)) as pilot:
                await asyncio.sleep(SECONDS)
                await pilot.pause()
                svg = app.export_screenshot(title="cxtop")
    # The picture must not load a font from anywhere.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    Path(__file__).with_name("screen.svg").write_text(svg.replace("Fira Code", "monospace"))


asyncio.run(main())
