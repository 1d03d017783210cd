import tracemalloc

import pytest

from cxtop.core.errors import AnswerError, ServerError
from cxtop.core.live import Walk
from cxtop.core.live.walking import IDLE_PAGES
from cxtop.core.models import RecordError
from cxtop.core.platforms import platform_for

from ..platforms.server import Reply, calling, profile_for, serving
from .support import Act, Platform, store_in

SIZE = 10


def ids(first, count):
    return [f"id-{n}" for n in range(first, first + count)]


@pytest.fixture
async def store(tmp_path):
    async with store_in(tmp_path) as store:
        yield store


class Setting:
    """One run `r` on a real server, walked through with a real store."""

    def __init__(self, act, store):
        self.act = act
        self.store = store
        self.platform = Platform({"r": act})
        self.progress = []

    async def walk(self, *, ended, size=SIZE, name="genesys"):
        self.platform.results.clear()
        async with serving(self.platform) as server:
            profile = profile_for(server.url, platform=name)
            async with calling(profile) as caller:
                return await Walk(
                    platform_for(profile, caller),
                    self.store,
                    "r",
                    size=size,
                    ended=ended,
                    on_page=self.progress.append,
                ).run()

    @property
    def fetched(self):
        return [number for _, number in self.platform.results]


async def test_an_ended_run_is_walked_to_its_end(store):
    setting = Setting(Act(pages=[ids(0, 10), ids(10, 10), ids(20, 3)], total=23), store)
    walked = await setting.walk(ended=True)
    assert (walked.kept, walked.complete, walked.pages, walked.total) == (23, True, 3, 23)
    assert setting.fetched == [1, 2, 3]
    assert setting.progress == [10, 20, 23]
    assert await store.error_count("r") == 23
    assert (await store.error_walk("r"))[1]


async def test_without_a_total_only_an_empty_page_ends_it(store):
    setting = Setting(Act(pages=[ids(0, 10), ids(10, 2), ids(12, 5)]), store)
    walked = await setting.walk(ended=True)
    assert (walked.kept, walked.complete) == (17, True)
    assert setting.fetched == [1, 2, 3, 4]


async def test_what_is_complete_is_not_walked_again(store):
    setting = Setting(Act(pages=[ids(0, 3)], total=3), store)
    await setting.walk(ended=True)
    walked = await setting.walk(ended=True)
    assert (walked.kept, walked.complete, setting.fetched) == (3, True, [])


async def test_a_live_run_is_walked_from_where_it_stopped(store):
    setting = Setting(Act(pages=[ids(0, 10), ids(10, 4)], total=14), store)
    assert not (await setting.walk(ended=False)).complete
    assert await store.error_walk("r") == (2, False)
    setting.act.pages = [ids(0, 10), ids(10, 10), ids(20, 1)]
    setting.act.total = 21
    walked = await setting.walk(ended=False)
    assert setting.fetched == [2, 3]
    assert (walked.kept, walked.complete) == (21, False)
    setting.act.pages[2] = ids(20, 2)
    setting.act.total = 22
    walked = await setting.walk(ended=True)
    assert setting.fetched == [3]
    assert (walked.kept, walked.complete) == (22, True)


async def test_records_that_moved_between_pages_are_found_at_the_end(store):
    setting = Setting(Act(pages=[ids(0, 10), ids(10, 2)], total=12), store)
    await setting.walk(ended=False)
    setting.act.pages = [["new-1", "new-2", *ids(0, 8)], ids(8, 4)]
    setting.act.total = 14
    walked = await setting.walk(ended=True)
    assert (walked.kept, walked.complete) == (14, True)
    assert setting.fetched[:2] == [2, 3]
    assert 1 in setting.fetched


async def test_records_that_come_twice_count_once(store):
    pages = [ids(0, 10), [*ids(5, 5), *ids(10, 5)], [*ids(14, 1), "id-15", "id-15"]]
    setting = Setting(Act(pages=pages, total=16), store)
    walked = await setting.walk(ended=True)
    assert (walked.kept, walked.complete) == (16, True)


@pytest.mark.parametrize("total", [None, 10, 10**12])
@pytest.mark.parametrize("ended", [True, False])
async def test_a_platform_that_repeats_a_page_for_ever_is_left(store, total, ended):
    setting = Setting(Act(pages=[ids(0, 10)] * 1000, total=total), store)
    for _ in range(2):
        walked = await setting.walk(ended=ended)
        assert len(setting.fetched) <= 2 * (IDLE_PAGES + 1)
    assert (walked.kept, walked.complete) == (10, ended)


async def test_pages_that_are_kept_already_do_not_count_as_repetition(store):
    many = [ids(n * 10, 10) for n in range(12)]
    found = [RecordError(run_id="r", record_id=id_, code="E") for page in many for id_ in page]
    await store.add_errors("r", found)
    setting = Setting(Act(pages=[*many, ids(120, 5)], total=125), store)
    walked = await setting.walk(ended=True)
    assert (walked.kept, walked.complete) == (125, True)


async def test_a_platform_with_smaller_pages_than_asked_for(store):
    pages = [ids(0, 4), ids(4, 4), ids(8, 1)]
    setting = Setting(Act(pages=pages, total=9, page_size=4), store)
    walked = await setting.walk(ended=True)
    assert (walked.kept, walked.complete) == (9, True)
    assert setting.fetched == [1, 2, 3]


async def test_a_failure_keeps_what_was_had_and_the_next_walk_goes_on_there(store):
    setting = Setting(Act(pages=[ids(0, 10), ids(10, 10)], total=20), store)
    real = setting.platform

    async def fails_at_two(asked):
        if asked.query["pageNumber"] == "2":
            return Reply({"message": "broken"}, 500)
        return await real(asked)

    setting.platform = fails_at_two
    setting.platform.results = real.results
    with pytest.raises(ServerError):
        await setting.walk(ended=True)
    assert await store.error_count("r") == 10
    assert await store.error_walk("r") == (2, False)
    setting.platform = real
    walked = await setting.walk(ended=True)
    assert setting.fetched[0] == 2
    assert (walked.kept, walked.complete) == (20, True)


async def test_what_is_no_page_raises(store):
    setting = Setting(Act(refuse_pages=Reply(b"<html>")), store)
    with pytest.raises(AnswerError):
        await setting.walk(ended=True)


async def test_a_dialect_without_results_is_complete_when_the_run_has_ended(store):
    setting = Setting(Act(), store)
    assert not (await setting.walk(ended=False, name="cxone")).complete
    assert (await setting.walk(ended=True, name="cxone")).complete
    assert setting.fetched == []


async def test_memory_does_not_grow_with_the_number_of_records(store):
    peaks = []
    for count in (1_000, 8_000):
        pages = [ids(first, 200) for first in range(0, count, 200)]
        setting = Setting(Act(pages=pages, total=count), store)
        await store.set_error_walk("r", 1, False)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        walked = await setting.walk(ended=True, size=200)
        peaks.append(tracemalloc.get_traced_memory()[1] - before)
        tracemalloc.stop()
        assert (walked.kept, walked.complete) == (count, True)
    assert peaks[1] < 2 * peaks[0]
