import asyncio
import logging

from cxtop.core.live import Change, Changes

from .support import Told


async def test_what_changes_together_is_told_together():
    changes = Changes()
    told = Told(changes)
    changes.post("run", "a")
    changes.post("run", "b")
    changes.post("run", "a")
    await told.until(lambda: told.seen)
    assert told.seen == [frozenset({Change("run", "a"), Change("run", "b")})]


async def test_a_flood_is_told_ten_times_a_second_and_nothing_is_missing():
    changes = Changes()
    told = Told(changes)
    loop = asyncio.get_running_loop()
    started, posted = loop.time(), 0
    while loop.time() < started + 0.55:
        changes.post("call", str(posted))
        posted += 1
        await asyncio.sleep(0)
    changes.close()
    assert len(told.seen) <= 7
    keys = {change.key for seen in told.seen for change in seen}
    assert keys == {str(n) for n in range(posted)}


async def test_the_first_change_after_silence_is_told_in_the_next_turn():
    changes = Changes(gap_s=60)
    told = Told(changes)
    changes.post("runs")
    await told.until(lambda: told.seen)
    assert told.seen == [{Change("runs", "")}]


async def test_a_listener_can_leave_even_twice():
    changes = Changes(gap_s=0)
    told = Told(changes)
    heard = []
    leave = changes.subscribe(heard.append)
    leave()
    leave()
    changes.post("budget")
    await told.until(lambda: told.seen)
    assert heard == []


async def test_a_listener_that_raises_is_logged_and_the_others_are_told(caplog):
    changes = Changes(gap_s=0)

    def fails(seen):
        raise RuntimeError("a fault of the listener")

    changes.subscribe(fails)
    told = Told(changes)
    with caplog.at_level(logging.ERROR):
        changes.post("connection")
        await told.until(lambda: told.seen)
    assert "a fault of the listener" in caplog.text


async def test_changes_can_be_posted_from_any_thread():
    changes = Changes(gap_s=0)
    told = Told(changes)
    await asyncio.to_thread(changes.post, "run", "from-afar")
    await told.until(lambda: told.seen)
    assert told.seen == [{Change("run", "from-afar")}]


async def test_after_closing_nothing_is_told():
    changes = Changes()
    told = Told(changes)
    changes.post("run", "last")
    changes.close()
    assert told.seen == [{Change("run", "last")}]
    changes.post("run", "too late")
    await asyncio.to_thread(changes.post, "run", "too late")
    await asyncio.sleep(0)
    assert len(told.seen) == 1
