import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.simulator.scenarios import SCENARIOS
from cxtop.core.simulator.world import Plan, Stall, moment

PLAN = Plan(run_id="r", total=1_000, processed=800, rate=10, errors=120, warnings=8)
ALL = [plan for scenario in SCENARIOS.values() for plan in scenario.plans]


@settings(max_examples=150, deadline=None)
@given(
    plan=st.sampled_from(ALL),
    seed=st.integers(0, 5),
    times=st.lists(st.floats(0, 2_000), min_size=2, max_size=6),
)
def test_a_run_only_goes_forward_and_its_counts_agree(plan, seed, times):
    before = None
    for elapsed in sorted(times):
        now = moment(plan, seed, elapsed)
        assert 0 <= now.errors <= now.processed <= now.total <= plan.total
        assert now.warnings <= plan.warnings
        assert 0 <= now.share <= 1
        assert plan.begins_s <= now.updated_s <= max(elapsed, plan.begins_s)
        if before:
            assert now.processed >= before.processed
            assert now.errors >= before.errors
            assert now.total >= before.total
            assert now.updated_s >= before.updated_s
            assert now.ended >= before.ended
        before = now


@pytest.mark.parametrize("plan", ALL, ids=lambda plan: repr(plan.run_id))
def test_a_run_ends_as_planned(plan):
    just_before, end = moment(plan, 1, plan.ends_s - 0.01), moment(plan, 1, plan.ends_s)
    assert not just_before.ended
    assert end.ended
    assert end.updated_s == plan.ends_s
    assert (end.word, end.processed, end.errors, end.warnings) == (
        plan.end_word,
        plan.processed,
        plan.errors,
        plan.warnings,
    )


def test_waits_pass_in_order():
    plan = Plan(
        run_id="r", total=10, processed=10, rate=1, waits=(("queued", 5), ("starting", 3)),
        begins_s=1,
    )  # fmt: skip
    words = [moment(plan, 1, at).word for at in (0, 1, 5.9, 6, 8.9, 9, 19)]
    assert words == ["queued"] * 3 + ["starting"] * 2 + ["running", "completed"]
    assert moment(plan, 1, 7).updated_s == 6
    assert moment(plan, 1, 7).processed == 0


def test_a_run_without_waits_is_queued_before_it_begins():
    plan = Plan(run_id="r", total=10, processed=10, rate=1, waits=(), begins_s=5)
    assert moment(plan, 1, 4).word == "queued"


def test_a_stalled_run_stands_still_then_goes_on():
    plan = Plan(
        run_id="r", total=100, processed=100, rate=1, waits=(),
        stalls=(Stall(20, 30), Stall(40, 5), Stall(1_000, 5)),
    )  # fmt: skip
    stalled = [moment(plan, 1, at) for at in (20, 35, 49.9)]
    assert len({(now.processed, now.updated_s) for now in stalled}) == 1
    assert stalled[0].updated_s == 20
    assert stalled[0].word == "running"
    assert moment(plan, 1, 60).processed > stalled[0].processed
    assert moment(plan, 1, 72).updated_s == 70
    assert plan.ends_s == 135


def test_the_total_grows_where_planned():
    plan = Plan(run_id="r", total=900, processed=900, rate=10, total_at_first=100, waits=())
    totals = [moment(plan, 1, at).total for at in (0, 20, 45, 90)]
    assert totals[0] == 100
    assert totals == sorted(totals)
    assert 100 < totals[1] < 900
    assert totals[2:] == [900, 900]


def test_a_run_of_nothing_is_done_at_once():
    plan = Plan(run_id="r", total=0, processed=0, rate=1, waits=())
    now = moment(plan, 1, 0)
    assert now.ended
    assert now.share == 1
    assert now.warnings == 0


def test_the_seed_changes_the_pace_but_not_the_end():
    paces = {moment(PLAN, seed, 33).processed for seed in range(6)}
    assert len(paces) > 1
    assert len({moment(PLAN, seed, 500) for seed in range(6)}) == 1
