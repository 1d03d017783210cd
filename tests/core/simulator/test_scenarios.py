import itertools

import pytest

from cxtop.core.errors import ConfigError
from cxtop.core.models import RunStatus
from cxtop.core.simulator.records import KINDS
from cxtop.core.simulator.scenarios import SCENARIOS, scenario
from cxtop.core.simulator.world import Oddity, moment

BUSY = scenario("busy").plans
HOME = [plan for plan in BUSY if plan.platform == "genesys"]


def statuses(at):
    return {RunStatus.from_word(moment(plan, 1, at).word) for plan in HOME}


def test_an_unknown_scenario_names_the_known_ones():
    with pytest.raises(ConfigError, match="calm, busy, storm, hostile"):
        scenario("quiet")


@pytest.mark.parametrize("name", SCENARIOS)
def test_runs_are_told_apart_and_can_be_made(name):
    plans = scenario(name).plans
    assert len({plan.run_id for plan in plans}) == len(plans)
    for plan in plans:
        assert plan.kind in KINDS
        assert plan.errors <= plan.processed <= plan.total
        assert RunStatus.from_word(plan.end_word).terminal


def test_busy_is_a_dozen_runs_of_200_to_50000_records_in_all_states():
    assert len(HOME) >= 12
    assert min(plan.total for plan in HOME) == 200
    assert max(plan.total for plan in HOME) == 50_000
    seen = statuses(0) | statuses(20) | statuses(100)
    assert seen == set(RunStatus)


def test_busy_lives_from_its_first_second():
    moving = [plan for plan in HOME if moment(plan, 1, 1).processed != moment(plan, 1, 0).processed]
    assert len(moving) >= 7
    assert sum(moment(plan, 1, 0).ended for plan in HOME) >= 3
    for second in range(600):
        assert any(
            moment(plan, 1, second + 1).processed > moment(plan, 1, second).processed
            for plan in HOME
        )


def test_every_second_each_big_run_moves():
    nightly = next(plan for plan in HOME if plan.run_id == "nightly-contact-import")
    done = [moment(nightly, 1, second).processed for second in range(300)]
    assert all(later > earlier for earlier, later in itertools.pairwise(done))
    assert nightly.ends_s > 600


def test_busy_has_the_runs_of_its_story():
    by_id = {plan.run_id: plan for plan in HOME}
    backfill = moment(by_id["crm-backfill"], 1, 0)
    assert (backfill.word, backfill.processed, backfill.total, backfill.errors) == (
        "failed", 48_511, 50_000, 1_489,
    )  # fmt: skip
    assert moment(by_id["gdpr-erasure-0412"], 1, 0).ended
    words = [moment(by_id["survey-push"], 1, at).word for at in (0, 20, 30)]
    assert words == ["queued", "starting", "running"]
    assert 80 < by_id["order-history-export"].ends_s < 100
    assert by_id["order-history-export"].end_word == "error"
    assert 30 < by_id["consent-refresh"].ends_s < 60
    cleanup = by_id["address-cleanup"]
    assert moment(cleanup, 1, 25).processed == moment(cleanup, 1, 200).processed
    assert {oddity for plan in HOME for oddity in plan.oddities} == set(Oddity)
    assert any(plan.total_at_first for plan in HOME)


def test_a_storm_ends_in_thirty_seconds_in_every_way():
    plans = scenario("storm").plans
    assert all(3 < plan.ends_s <= 30 for plan in plans)
    ends = {RunStatus.from_word(plan.end_word) for plan in plans if plan.platform == "genesys"}
    assert ends == {status for status in RunStatus if status.terminal}
