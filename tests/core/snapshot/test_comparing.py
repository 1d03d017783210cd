"""What is new, gone, worse and better."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.models import (
    ActionHealth,
    ActionRun,
    DeadLetter,
    Exchange,
    HealthReport,
    HealthSource,
    LetterState,
    Model,
    Outcome,
    RecordError,
    RunStatus,
)
from cxtop.core.redact import REDACTOR
from cxtop.core.snapshot.bundle import Bundle
from cxtop.core.snapshot.comparing import Difference, Kind, Verdict, compare, differences_of
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.exporting import export
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.snapshot.records import KeptRun
from cxtop.core.snapshot.scope import Scope
from cxtop.core.snapshot.tallies import Durations, Tally, Tallying

from .support import opened

NOW = datetime(2026, 3, 4, 14, 32, 7, tzinfo=UTC)


def tally(*models: Model) -> Tally:
    tallying = Tallying()
    tallying.add(models)
    return tallying.done()


def run(status: RunStatus, errors: int = 0, **fields: Any) -> KeptRun:
    values = {"run_id": "crm", "platform": "genesys", "polled_at": NOW, "raw_status": "odd"}
    return KeptRun.model_validate({**values, "status": status, "errors": errors, **fields})


def error(code: str, number: int) -> RecordError:
    return RecordError(run_id="crm", record_id=f"rec-{number}", code=code)


def exchange(outcome: Outcome = Outcome.OK, ms: float | None = 20, **fields: Any) -> Exchange:
    values: dict[str, Any] = {"id": "x", "at": NOW, "action": "assist"}
    return Exchange(**{**values, "outcome": outcome, "duration_ms": ms, **fields})


def letter(state: LetterState, **fields: Any) -> DeadLetter:
    values: dict[str, Any] = {"error_id": "e-1", "action_id": "crm", "error_code": "TIMEOUT"}
    return DeadLetter(**{**values, "timestamp": NOW, "state": state, **fields})


def health(errors: int, executions: int = 1000, ms: float | None = None) -> ActionHealth:
    report = HealthReport(
        action_id="assist",
        interval="PT24H",
        source=HealthSource.ANALYTICS,
        executions=executions,
        errors=errors,
        error_rate=round(100 * errors / executions, 2) if executions else 0,
        average_ms=ms,
        as_of=NOW,
    )
    return ActionHealth(action_id="assist", threshold=5, report=report)


def found(a: Tally, b: Tally) -> list[Difference]:
    return list(differences_of(a, b))


def only(a: Tally, b: Tally) -> Difference:
    (one,) = found(a, b)
    return one


def test_the_same_is_no_difference() -> None:
    models = (
        run(RunStatus.FAILED, 3),
        error("TIMEOUT", 1),
        exchange(Outcome.EXCEPTION, code="BOOM"),
        letter(LetterState.WAITING),
        health(10),
    )
    assert found(tally(*models), tally(*models)) == []


R = RunStatus


@pytest.mark.parametrize(
    ("was", "now", "verdict"),
    [
        (run(R.RUNNING), run(R.FAILED), Verdict.WORSE),
        (run(R.RUNNING), run(R.EXPIRED), Verdict.WORSE),
        (run(R.FAILED), run(R.RUNNING), Verdict.BETTER),
        (run(R.RUNNING, 2), run(R.RUNNING, 5), Verdict.WORSE),
        (run(R.RUNNING, 5), run(R.COMPLETED, 6), Verdict.WORSE),
        (run(R.RUNNING, 5), run(R.RUNNING, 2), Verdict.BETTER),
        (run(R.RUNNING), run(R.COMPLETED), Verdict.BETTER),
        (run(R.QUEUED), run(R.RUNNING), None),
        (run(R.FAILED, 2), run(R.EXPIRED, 2), None),
    ],
)
def test_a_run(was: KeptRun, now: KeptRun, verdict: Verdict | None) -> None:
    differences = found(tally(was), tally(now))
    assert [one.verdict for one in differences] == ([verdict] if verdict else [])
    assert [one.bad for one in differences] == ([verdict is Verdict.WORSE] if verdict else [])


def test_a_run_in_words() -> None:
    one = only(tally(run(R.UNKNOWN, 1)), tally(run(R.FAILED, 1489, name="CRM")))
    assert (one.before, one.after) == ("odd, 1 error", "failed, 1,489 errors")
    assert (one.name, one.title) == ("crm", "CRM")


@pytest.mark.parametrize(
    ("now", "bad"), [(run(R.FAILED), True), (run(R.RUNNING, 1), True), (run(R.RUNNING), False)]
)
def test_a_new_run_is_bad_if_it_fails(now: KeptRun, bad: bool) -> None:
    one = only(tally(), tally(now))
    assert (one.kind, one.verdict, one.bad) == (Kind.RUN, Verdict.NEW, bad)
    gone = only(tally(now), tally())
    assert (gone.verdict, gone.bad, gone.after) == (Verdict.GONE, False, "")


def test_error_codes_by_their_number() -> None:
    one, three = error("TIMEOUT", 1), [error("TIMEOUT", number) for number in range(3)]
    assert only(tally(one), tally(*three)) == Difference(
        Kind.ERROR_CODE, "TIMEOUT", Verdict.WORSE, "1", "3", bad=True
    )
    assert only(tally(*three), tally(one)).verdict is Verdict.BETTER
    assert only(tally(), tally(one)).bad


def test_exchanges_by_their_share_not_their_number() -> None:
    boom = exchange(Outcome.EXCEPTION, code="BOOM")
    few = [exchange()] * 90 + [boom] * 10
    assert found(tally(*few), tally(*few * 7)) == []
    assert found(tally(*few), tally(*few, *[boom] * 2)) == [], "that is chance"
    worse = [*few, *[boom] * 20]
    kinds = {one.kind: one for one in found(tally(*few), tally(*worse))}
    assert kinds.keys() == {Kind.OUTCOME, Kind.ANSWER_CODE, Kind.ACTION}
    assert kinds[Kind.OUTCOME].before == "10 of 100 (10.0 %)"
    assert kinds[Kind.OUTCOME].bad
    back = {one.kind: one for one in found(tally(*worse), tally(*few))}
    assert {one.verdict for one in back.values()} == {Verdict.BETTER}


def test_an_outcome_that_is_new_and_one_that_is_gone() -> None:
    good, bad = tally(exchange(action="")), tally(exchange(Outcome.NOT_JSON, action=""))
    assert only(good, bad).name == "not_json"
    assert only(good, bad).bad
    assert only(bad, good).verdict is Verdict.GONE


def test_an_action_that_is_slower() -> None:
    fast, slow = [exchange(ms=20)] * 30, [exchange(ms=20)] * 27 + [exchange(ms=900)] * 3
    one = only(tally(*fast), tally(*slow))
    assert (one.kind, one.name, one.verdict) == (Kind.ACTION, "assist", Verdict.WORSE)
    assert one.before.startswith("0.0 % of 30 failed, 20 ms, p95 2")
    assert only(tally(*slow), tally(*fast)).verdict is Verdict.BETTER
    assert found(tally(exchange(ms=20)), tally(exchange(ms=35))) == []


def test_an_action_without_a_name_goes_by_its_route() -> None:
    plain = {"action": "", "method": "POST", "route": "/orders/{id}"}
    one = only(tally(), tally(exchange(**plain)))
    assert (one.name, one.verdict, one.bad) == ("POST /orders/{id}", Verdict.NEW, False)
    assert only(tally(), tally(exchange(**plain, ms=None))).after == "0.0 % of 1 failed"


def test_health_reports_go_before_exchanges() -> None:
    ok = [exchange()] * 10
    one = only(tally(health(10), *ok), tally(health(80), *ok))
    assert (one.before, one.after) == ("1.0 % of 1,000 failed", "8.0 % of 1,000 failed")
    assert one.bad
    assert found(tally(health(0, 0)), tally(health(0))) == []
    assert found(tally(health(1, ms=100)), tally(health(1))) == []
    assert only(tally(health(1, ms=100)), tally(health(1, ms=200))).after.endswith("200 ms")


def test_a_report_is_not_held_against_exchanges() -> None:
    ok = [exchange()] * 10
    one = only(tally(*ok), tally(health(80), *ok))
    assert (one.verdict, one.bad) == (Verdict.NEW, True)


def test_an_action_without_a_report_is_no_action() -> None:
    unknown = ActionHealth(action_id="assist", threshold=5)
    assert found(tally(), tally(unknown)) == []


def test_dead_letters() -> None:
    waiting, delivered = tally(letter(LetterState.WAITING)), tally(letter(LetterState.DELIVERED))
    assert only(tally(), waiting).bad
    assert not only(tally(), delivered).bad
    assert only(waiting, delivered).verdict is Verdict.BETTER
    assert only(delivered, waiting) == Difference(
        Kind.DEAD_LETTER,
        "e-1",
        Verdict.WORSE,
        "crm TIMEOUT: delivered",
        "crm TIMEOUT: waiting",
        bad=True,
    )
    nameless = tally(letter(LetterState.WAITING, action_id="", error_code=""))
    assert only(tally(), nameless).after == "waiting"


def test_durations_are_kept_within_a_twentieth() -> None:
    durations = Durations()
    assert durations.slow() is None
    assert durations.average() is None
    for ms in range(1, 1001):
        durations.add(ms)
    assert durations.average() == pytest.approx(500.5)
    assert durations.slow() == pytest.approx(950, rel=0.05)
    durations.add(0)


async def test_two_bundles(tmp_path: Path) -> None:
    """From the files: both sides by name, the worst first, and the same for programs."""
    async with opened(tmp_path / "one") as (store, library):
        before = await bundled(Evidence(store, library, Scope(title="one"), at=NOW), tmp_path)
        seen = run(RunStatus.FAILED, 3).model_dump(include=set(ActionRun.model_fields))
        await store.save_run(ActionRun.model_validate(seen))
        after = await bundled(Evidence(store, library, Scope(title="two"), at=NOW), tmp_path)
    with Bundle.open(before) as a, Bundle.open(after) as b:
        comparison = compare(a, b)
        assert not compare(a, a).worse
    assert comparison.worse
    assert [one.name for one in comparison.of(Verdict.NEW)] == ["crm"]
    told = comparison.as_object()
    assert told["before"]["title"] == "one"
    assert told["after"] == {"title": "two", "profile": "", "made_at": "2026-03-04T14:32:07Z"}
    assert told["differences"] == [
        {
            "kind": "run",
            "name": "crm",
            "title": "crm",
            "verdict": "new",
            "before": None,
            "after": "failed, 3 errors",
            "bad": True,
        }
    ]


async def bundled(evidence: Evidence, folder: Path) -> Path:
    path = folder / f"{evidence.scope.title}.cxsnap"
    await export(evidence, format="cxsnap", mask=Mask(Strictness.DEFAULT, REDACTOR), path=path)
    return path
