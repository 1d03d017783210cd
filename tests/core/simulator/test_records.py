import tracemalloc
from collections import Counter

import pytest

from cxtop.core.simulator.records import CODES, KINDS, failed_record, failed_records
from cxtop.core.simulator.world import Plan


def plan(kind="contact", run_id="r"):
    return Plan(run_id=run_id, total=1, processed=1, rate=1, kind=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_depends_on_seed_run_and_index_alone(kind):
    one = failed_record(plan(kind), 7, 12)
    assert one == failed_record(plan(kind), 7, 12)
    others = [(plan(kind), 8, 12), (plan(kind), 7, 13), (plan(kind, "s"), 7, 12)]
    assert all(failed_record(*other) != one for other in others)


@pytest.mark.parametrize("kind", KINDS)
def test_records_are_as_the_contract_says(kind):
    for entity in failed_records(plan(kind), 1, 0, 300):
        assert entity.keys() - {"errorCode"} == {"id", "status", "errorMessage", "record"}
        assert entity["errorMessage"]
        assert isinstance(entity["record"], dict)


def test_ids_never_come_twice():
    ids = [entity["id"] for entity in failed_records(plan(), 1, 0, 3_000)]
    assert len(set(ids)) == 3_000


def test_eight_codes_in_skewed_proportions():
    codes = Counter(entity.get("errorCode") for entity in failed_records(plan(), 1, 0, 3_000))
    assert codes.keys() == {code for code, _, _ in CODES}
    assert len(codes) == 8
    counts = [count for _, count in codes.most_common()]
    assert counts[0] > 5 * counts[-1] > 0


def test_validation_messages_are_true_of_their_records():
    checked = Counter()
    for entity in failed_records(plan(), 1, 0, 1_000):
        if entity.get("errorCode") != "VALIDATION_ERROR":
            continue
        message, record = entity["errorMessage"], entity["record"]
        if "missing" in message:
            assert "email" not in record
        elif "'email'" in message:
            assert "@" not in record["email"]
        elif "'phone'" in message:
            assert record["phone"] in message
        else:
            assert record["address"]["postalCode"] == ""
        checked[message.split(":")[0][:20]] += 1
    assert len(checked) == 4


def test_fifty_thousand_records_take_no_memory():
    tracemalloc.start()
    try:
        count = sum(1 for _ in failed_records(plan(), 1, 0, 50_000 // 10))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 5_000
    assert peak < 500_000


def test_the_last_of_fifty_thousand_costs_as_little_as_the_first():
    assert failed_record(plan(), 1, 49_999)["id"].startswith("cnt-")
