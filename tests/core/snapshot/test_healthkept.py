"""What is known of the health of actions without asking a platform."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cxtop.core.config import HealthSettings
from cxtop.core.models import HealthSource, HealthState, Outcome
from cxtop.core.snapshot.healthkept import health_known
from cxtop.core.sources import Library
from cxtop.core.store import Store, health
from cxtop.core.store.health import Alarm, Level

from .support import exchange, log_of, report


async def test_captures_tell_the_codes_and_what_is_kept_tells_the_rest(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    failed = {"outcome": Outcome.SERVER_ERROR, "status": 502, "code": "UPSTREAM_TIMEOUT"}
    log = log_of(
        tmp_path / "log.jsonl",
        [
            exchange(n, at=now - timedelta(minutes=n + 1), **(failed if n % 4 == 0 else {}))
            for n in range(8)
        ],
    )
    async with await Store.open(tmp_path / "store.sqlite3") as store:

        def keep(connection) -> None:
            health.add_point(connection, report("by the platform"), gap_s=1)
            health.add_point(connection, report("assist"), gap_s=1)
            health.step(connection, "assist", lambda _: Alarm(Level.ABOVE, since=now))

        await store.writer.submit(keep)
        async with Library.open(store, [log], follow=False, full_text=False) as library:
            await library.catch_up()
            found = await health_known(
                store, ["assist", "nothing is known"], HealthSettings(thresholds={"assist": 7.5})
            )
    assert {one.action_id for one in found} == {"assist", "by the platform"}
    by_id = {one.action_id: one for one in found}
    assist = by_id["assist"]
    assert assist.report is not None
    assert assist.report.source is HealthSource.CAPTURES
    assert (assist.report.executions, assist.report.errors) == (8, 2)
    assert [(share.code, share.count) for share in assist.report.codes] == [("UPSTREAM_TIMEOUT", 2)]
    assert (assist.threshold, assist.state, assist.since) == (7.5, HealthState.ABOVE, now)
    # Figures of the platform are another line than those of captures.
    assert assist.history == ()
    kept = by_id["by the platform"].report
    assert kept is not None
    assert (kept.source, kept.executions) == (HealthSource.ANALYTICS, 200)
    assert "error codes" in kept.warnings[0]
