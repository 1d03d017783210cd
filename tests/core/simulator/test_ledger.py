from cxtop.core.simulator import ledger
from cxtop.core.simulator.ledger import Done, Ledger, Sum, summed


def test_executions_are_remembered_by_action_and_time():
    kept = Ledger()
    for at in range(5):
        kept.add("a", Done(at, None, 10))
    kept.add("b", Done(1, "E", 10))
    assert list(kept) == ["a", "b"]
    assert [done.at_s for done in kept.since("a", 3)] == [3, 4]
    assert kept.since("c", 0) == []


def test_no_more_than_so_many_are_remembered():
    kept = Ledger()
    for at in range(ledger.MOST_KEPT + 5):
        kept.add("a", Done(at, None, 1))
    assert kept.since("a", 0)[0].at_s == 5


def test_they_are_summed_by_how_they_ended():
    done = [Done(0, None, 10), Done(0, "B", 1), Done(0, "A", 1), Done(0, "A", 3), Done(0, "", 5)]
    assert summed(done) == [Sum(None, 1, 10), Sum("A", 2, 4), Sum("", 1, 5), Sum("B", 1, 1)]
    assert Sum("A", 2, 4).row() == {
        "status": "FAILED",
        "errorCode": "A",
        "executionCount": 2,
        "errorCount": 2,
        "averageDuration": 2.0,
    }
    assert "errorCode" not in Sum("", 1, 5).row()
