from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cxtop.core.models import CodeShare, HealthReport, HealthSource
from cxtop.core.store import Store, health
from cxtop.core.store.health import Alarm, Level

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def report(at_s: float = 0, action_id: str = "a", errors: int = 1, **fields) -> HealthReport:
    values = {
        "action_id": action_id,
        "interval": "PT24H",
        "source": HealthSource.CAPTURES,
        "executions": 10,
        "errors": errors,
        "error_rate": errors * 10.0,
        "codes": (CodeShare(code="E", count=errors),),
        "as_of": after(at_s),
    }
    return HealthReport(**values | fields)


async def test_what_the_user_wants_is_kept(store: Store):
    await store.writer.submit(lambda c: health.follow(c, "a", wanted=True))
    await store.writer.submit(lambda c: health.follow(c, "b\ud800", wanted=False))
    await store.writer.submit(lambda c: health.add_point(c, report(action_id="c"), gap_s=1))
    kept = await store.readers.read(health.kept)
    assert [(one.action_id, one.followed) for one in kept] == [
        ("a", True),
        ("b\ud800", False),
        ("c", None),
    ]
    assert all(one.alarm == Alarm() for one in kept)


async def test_an_alarm_is_stepped_and_kept_whole(store: Store):
    whole = Alarm(Level.CLEARING, after(1), after(2), after(3), after(4), after(5))

    def change(alarm: Alarm) -> Alarm:
        assert alarm == Alarm()
        return whole

    assert await store.writer.submit(lambda c: health.step(c, "a", change)) == whole
    assert await store.readers.read(lambda c: health.alarm(c, "a")) == whole
    assert await store.readers.read(lambda c: health.alarm(c, "b")) == Alarm()
    again = await store.writer.submit(lambda c: health.step(c, "a", lambda alarm: alarm))
    assert again == whole


async def test_two_processes_step_one_alarm(store: Store):
    """Each sees what the other made of it, so that only one of them sees it begin."""

    def count(alarm: Alarm) -> Alarm:
        return replace(alarm, since=(alarm.since or NOW) + timedelta(seconds=1))

    async with await Store.open(store.path) as other:
        for _ in range(5):
            await store.writer.submit(lambda c: health.step(c, "a", count))
            await other.writer.submit(lambda c: health.step(c, "a", count))
    alarm = await store.readers.read(lambda c: health.alarm(c, "a"))
    assert alarm.since == after(10)


async def test_points_are_of_one_interval_and_source(store: Store):
    reports = [
        report(0),
        report(60, errors=2, average_ms=12.5),
        report(61, errors=9),  # too soon after the one before, as of a second cxtop
        report(62, interval="PT1H"),
        report(63, source=HealthSource.ANALYTICS),
        report(120, errors=3),
    ]
    added = [
        await store.writer.submit(lambda c, one=one: health.add_point(c, one, gap_s=30))
        for one in reports
    ]
    assert added == [True, True, False, True, True, True]
    points = await store.readers.read(lambda c: health.points(c, "a", "PT24H", "captures"))
    assert [(point.at, point.errors, point.average_ms) for point in points] == [
        (after(0), 1, None),
        (after(60), 2, 12.5),
        (after(120), 3, None),
    ]
    newest = await store.readers.read(lambda c: health.points(c, "a", "PT24H", "captures", 2))
    assert [point.errors for point in newest] == [2, 3]
    assert await store.readers.read(lambda c: health.points(c, "b", "PT24H", "captures")) == []


async def test_old_points_are_thinned_and_of_other_actions_not(store: Store):
    day = 86_400
    times = [*range(0, 2 * 3600, 60), *range(2 * day, 2 * day + 3600, 60), 5 * day]
    for at in times:
        await store.writer.submit(lambda c, at=at: health.add_point(c, report(at), gap_s=1))
    await store.writer.submit(lambda c: health.add_point(c, report(0, action_id="b"), gap_s=1))
    points = await store.readers.read(lambda c: health.points(c, "a", "PT24H", "captures"))
    seconds = [(point.at - NOW).total_seconds() for point in points]
    assert seconds == [3600 - 60, 7200 - 60, 2 * day + 3600 - 60, 5 * day]
    assert len(await store.readers.read(lambda c: health.points(c, "b", "PT24H", "captures"))) == 1


@pytest.mark.parametrize("way", ["age", "size"])
async def test_points_leave_with_retention(store: Store, way: str):
    now = datetime.now(UTC)
    for days in reversed(range(40)):
        one = report().model_copy(update={"as_of": now - timedelta(days=days)})
        await store.writer.submit(lambda c, one=one: health.add_point(c, one, gap_s=1))
    if way == "age":
        limits = {"max_age": timedelta(days=9.5), "max_bytes": 2**40}
    else:
        limits = {"max_age": timedelta(days=10_000), "max_bytes": 1}
    await store.retain(**limits, max_audit_age=None)
    points = await store.readers.read(lambda c: health.points(c, "a", "PT24H", "captures"))
    assert len(points) == (10 if way == "age" else 0)
