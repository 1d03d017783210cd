"""Actions whose health looks the same each time: figures of a platform, captures, and a history."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cxtop.core.capture.record import encode
from cxtop.core.config import HealthSettings
from cxtop.core.errors import ServerError
from cxtop.core.models import CodeShare, HealthReport, HealthSource, Outcome
from cxtop.core.platforms import Analytics, AnalyticsRow
from cxtop.core.sources import Library
from cxtop.core.store import Store, health
from cxtop.core.store.health import Alarm, Level
from cxtop.tui.app import CxtopApp

from .captured import exchange, json_body
from .stage import HOSTILE, NOW, staged

LOOKUP, REFUND, POINTS, SURVEY = "crm-lookup", "payment-refund", "loyalty-points", "survey-push"
LONG = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
CAPTURED = "address-check"


def figures(*parts: tuple[str, int, float | None], good: int, ms: float = 120.0) -> Analytics:
    """Rows of a platform: executions that went well, and of each `(code, count, ms)` that not."""
    rows = [AnalyticsRow("COMPLETED", "", good, 0, ms)] if good else []
    rows += [AnalyticsRow("FAILED", code, count, count, took) for code, count, took in parts]
    return Analytics(tuple(rows))


BROKEN = ServerError(
    "The platform answered 503 to the analytics of loyalty-points.",
    why="It says: upstream is down.",
    fix="It is asked again in a minute.",
    status=503,
)

FIGURES: dict[str, Analytics | ServerError] = {
    LOOKUP: figures(
        ("UPSTREAM_TIMEOUT", 112, 5100.0),
        ("VALIDATION_ERROR", 41, 80.0),
        ("DUPLICATE_RECORD", 20, 60.0),
        ("AUTH_EXPIRED", 8, None),
        ("UNKNOWN_ERROR", 3, 90.0),
        good=1305,
    ),
    # The time before is this without the above.
    f"{LOOKUP} PT48H": figures(
        ("UPSTREAM_TIMEOUT", 118, 5100.0),
        ("VALIDATION_ERROR", 83, 80.0),
        ("DUPLICATE_RECORD", 41, 60.0),
        ("AUTH_EXPIRED", 8, None),
        good=2700,
    ),
    LONG: figures(("HTTP_500", 1400, 800.0), ("TIMEOUT", 89, 3000.0), good=47_022),
    REFUND: figures(("LEDGER_LOCKED", 30, 240.0), good=170),
    POINTS: BROKEN,
    SURVEY: Analytics(()),
    HOSTILE: figures((HOSTILE, 4, 10.0), good=996),
}

SETTINGS = HealthSettings(
    actions=(LOOKUP, LONG, REFUND, POINTS, SURVEY, HOSTILE),
    thresholds={LONG: 2.5},
)


def healthy(folder: Path, **more: Any) -> CxtopApp:
    """The app over these actions; `folder` is to be prepared before."""
    settings = {"runs": {}, "figures": FIGURES, "health": SETTINGS, "dialect": "cxone"} | more
    return staged(folder, **settings)


async def prepare(folder: Path) -> None:
    """A store with what was seen of these actions before, and a log with exchanges of another."""
    async with await Store.open(folder / "store.sqlite3") as store:
        await store.writer.submit(_history)
        log = folder / "captures" / "gateway.jsonl"
        log.parent.mkdir()
        log.write_bytes(b"".join(_captured(number) for number in range(60)))
        async with Library.open(store, [log.parent], full_text=False, follow=False) as library:
            await library.catch_up()


def _history(connection: sqlite3.Connection) -> None:
    ill = Alarm(Level.ABOVE, since=NOW - timedelta(minutes=31), looked=NOW - timedelta(minutes=1))
    _past(connection, LOOKUP, lambda step: 1.5 + 0.4 * math.sin(step / 5) + max(0, step - 80) / 4)
    _stands(connection, LOOKUP, ill)
    _past(connection, LONG, lambda step: 2.0 + step / 120)
    _past(connection, REFUND, lambda step: 15.0)
    _stands(connection, REFUND, replace(ill, silenced_until=NOW + timedelta(hours=1)))
    _past(connection, POINTS, lambda step: 0.2)


def _past(connection: sqlite3.Connection, action_id: str, rate: Callable[[int], float]) -> None:
    """What looks at an action said in the hours before, each ten minutes."""
    for step in range(120):
        calls = round(1000 + 500 * math.sin(step / 20) ** 2)
        percent = round(rate(step), 2)
        report = HealthReport(
            action_id=action_id,
            interval="PT24H",
            source=HealthSource.ANALYTICS,
            executions=calls,
            errors=round(calls * percent / 100),
            error_rate=percent,
            codes=(CodeShare(code="UPSTREAM_TIMEOUT", count=1),),
            as_of=NOW - timedelta(minutes=10 * (120 - step)),
        )
        assert health.add_point(connection, report, gap_s=30)


def _stands(connection: sqlite3.Connection, action_id: str, alarm: Alarm) -> None:
    health.step(connection, action_id, lambda _: alarm)


def _captured(number: int) -> bytes:
    """An exchange of an hour ago: some were no JSON, some named a code."""
    seen = exchange(0).model_copy(
        update={
            "id": f"0000{number:04}-aaaa-4bbb-8ccc-eeeeeeeeeeee",
            "at": NOW - timedelta(seconds=3600 - number),
            "action": CAPTURED,
            "duration_ms": 100.0 + number,
        }
    )
    if number % 15 == 0:
        seen = seen.model_copy(update={"outcome": Outcome.NOT_JSON, "code": ""})
    elif number % 20 == 3:
        body = json_body({"success": False, "error": {"code": "NO_SUCH_STREET"}})
        update = {"outcome": Outcome.ACTION_ERRORS, "code": "NO_SUCH_STREET", "response": body}
        seen = seen.model_copy(update=update)
    return encode(seen)
