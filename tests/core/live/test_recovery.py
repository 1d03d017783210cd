"""Recovery over real HTTP: a platform, a webhook, a store; see the rules in test_rules."""

import asyncio

import pytest

from cxtop.core.errors import ConfigError, CxtopError
from cxtop.core.models import (
    RATE_LIMIT_EXHAUSTED,
    AuditEvent,
    Directive,
    LetterState,
    RecoveryState,
    Resolution,
)

from ..platforms.server import Reply, serving
from .recovering import (
    BODY,
    COMPLETED,
    KEY,
    TRACE,
    Factory,
    LetterBox,
    failed,
    opened,
    recovering,
    submitted,
    until,
)
from .support import eventually, store_in


async def only(monitor):
    found = (await monitor.recovery.recoveries()).items
    assert len(found) <= 1
    return found[0] if found else None


async def over(monitor):
    await until(monitor, lambda: _is_over(monitor))
    recovery = await only(monitor)
    assert recovery is not None
    return recovery


async def _is_over(monitor):
    recovery = await only(monitor)
    return recovery is not None and recovery.state.over


async def audited(monitor):
    return list(reversed((await monitor.recovery.audit()).items))


async def test_a_run_that_times_out_is_submitted_again_and_succeeds(tmp_path):
    factory = Factory([failed("TIMEOUT", stackTrace=TRACE), COMPLETED])
    async with store_in(tmp_path) as store:
        await submitted(store)
    async with serving(factory) as server, opened(tmp_path, recovering(server.url)) as monitor:
        recovery = await over(monitor)
        assert recovery.state is RecoveryState.RECOVERED
        assert factory.keys == [f"{KEY}.retry-1"]
        assert factory.bodies == [BODY]
        assert recovery.lineage == ("r0", "r1")
        assert recovery.retry_of == "r0"
        assert [a.outcome for a in recovery.attempts] == ["COMPLETED"]
        told = recovery.payload()
        assert told.keys() == {
            "error_id",
            "action_id",
            "status_code",
            "error_code",
            "message",
            "stack_trace_matrix",
            "recovery_directive",
            "retry_count",
            "max_retries",
            "created_at",
            "resolved_at",
        }
        assert told["recovery_directive"] == "RETRY"
        assert (told["retry_count"], told["max_retries"]) == (1, 5)
        assert told["stack_trace_matrix"][1] == {
            "frame_index": 1,
            "function": "com.acme.Client.call",
            "file": "Client.java",
            "line": 42,
            "message": "",
        }
        (entry,) = await audited(monitor)
        assert entry.payload().keys() == {
            "event_type",
            "error_id",
            "action_id",
            "error_code",
            "recovery_directive",
            "retry_count",
            "max_retries",
            "latency_seconds",
            "resolved_at",
            "resolution_rate",
        }
        assert entry.payload()["event_type"] == "ASYNC_ERROR_HANDLED"
        assert entry.resolution_rate is Resolution.SUCCESS
        assert (await monitor.recovery.letters()).total == 0
        kept = await monitor.store.submission("r1")
        assert kept is not None
        assert (kept.retry_of, kept.body) == ("r0", BODY)
        assert monitor.view("r1") is not None


async def test_retries_that_fail_too_end_in_a_dead_letter(tmp_path):
    factory = Factory([failed("TIMEOUT")])
    async with store_in(tmp_path) as store:
        await submitted(store)
    profile = {"max_retries": 2}
    async with (
        serving(factory) as server,
        opened(tmp_path, recovering(server.url, recovery=profile)) as monitor,
    ):
        recovery = await over(monitor)
        assert recovery.state is RecoveryState.DEAD_LETTER
        assert factory.keys == [f"{KEY}.retry-1", f"{KEY}.retry-2"]
        assert [a.outcome for a in recovery.attempts] == ["TIMEOUT", "TIMEOUT"]
        (letter,) = (await monitor.recovery.letters()).items
        assert letter.retry_exhausted
        assert letter.payload().keys() == {
            "error_id",
            "action_id",
            "error_code",
            "message",
            "retry_exhausted",
            "stack_trace",
            "timestamp",
        }
        (entry,) = await audited(monitor)
        assert entry.resolution_rate is Resolution.EXHAUSTED
        assert entry.retry_count == 2


async def test_a_dead_letter_is_delivered_once_across_a_restart(tmp_path):
    box = LetterBox([500, 500, 500, 500])
    factory = Factory([failed("VALIDATION_ERROR", "no address")])
    async with serving(factory) as platform, serving(box) as hook:
        profile = recovering(
            platform.url,
            dead_letter_webhook=f"{hook.url}/hook?sig=hush-hush",
            runs=("r0",),
            recovery={"base_s": 0.15},
        )
        async with opened(tmp_path, profile) as monitor:
            await until(monitor, lambda: _attempts(monitor, 2))
        refused = len(box.letters)
        assert 2 <= refused < 5
        async with opened(tmp_path, profile) as monitor:
            await until(monitor, lambda: _delivered(monitor))
            assert len(box.taken) == 1
            assert box.taken[0]["error_code"] == "VALIDATION_ERROR"
            assert set(box.keys) == {box.taken[0]["error_id"]}
            (letter,) = (await monitor.recovery.letters()).items
            assert letter.attempts == len(box.letters) >= 5
            assert letter.last_answer.startswith("200")
            handled, delivered = await audited(monitor)
            assert handled.event_type is AuditEvent.HANDLED
            assert delivered.event_type is AuditEvent.DELIVERED
            assert handled.error_id == delivered.error_id == letter.error_id
            assert b"hush-hush" not in monitor.store.path.read_bytes()


async def _attempts(monitor, count):
    letters = (await monitor.recovery.letters()).items
    return bool(letters) and letters[0].attempts >= count


async def _delivered(monitor):
    return (await monitor.recovery.letters([LetterState.DELIVERED])).total == 1


CHECK = {"url": "/check/{actionId}", "field": "state", "value": "DONE"}


@pytest.mark.parametrize(
    ("check", "state", "resolution"),
    [
        (CHECK, RecoveryState.VERIFIED, Resolution.SUCCESS),
        ({**CHECK, "value": "OTHER"}, RecoveryState.UNVERIFIED, Resolution.EXHAUSTED),
        ({**CHECK, "field": "data.state"}, RecoveryState.UNVERIFIED, Resolution.EXHAUSTED),
        (None, RecoveryState.UNVERIFIED, Resolution.EXHAUSTED),
    ],
)
async def test_a_rollback_is_verified_only_by_the_configured_check(
    tmp_path, check, state, resolution
):
    factory = Factory([failed("PARTIAL_WRITE")])
    settings = {"rollback_codes": ["PARTIAL_WRITE"], "rollback_check": check, "max_retries": 1}
    async with serving(factory) as server:
        profile = recovering(server.url, runs=("r0",), recovery=settings)
        async with opened(tmp_path, profile) as monitor:
            recovery = await over(monitor)
            assert recovery.recovery_directive is Directive.ROLLBACK
            assert recovery.state is state
            (entry,) = await audited(monitor)
            assert entry.resolution_rate is resolution
            assert factory.checks == ["/check/r0"] * (
                0 if check is None else 1 if state is RecoveryState.VERIFIED else 2
            )


async def test_a_check_elsewhere_gets_no_token(tmp_path):
    seen = []

    def elsewhere(asked):
        seen.append(asked)
        return Reply({"rolled": [{"back": True}]})

    async with serving(Factory([failed("X")])) as server, serving(elsewhere) as other:
        check = {"url": f"{other.url}/of/{{actionId}}", "field": "rolled.0.back", "value": True}
        settings = {"directives": {"x": "rollback"}, "rollback_check": check}
        profile = recovering(server.url, runs=("r0",), recovery=settings)
        async with opened(tmp_path, profile) as monitor:
            assert (await over(monitor)).state is RecoveryState.VERIFIED
    assert [asked.path for asked in seen] == ["/of/r0"]
    assert "authorization" not in seen[0].headers


async def test_a_run_that_is_only_watched_is_polled_again(tmp_path):
    factory = Factory([failed("SERVICE_UNAVAILABLE")])
    async with serving(factory) as server:
        profile = recovering(server.url, runs=("r0",))
        async with opened(tmp_path, profile) as monitor:
            await until(monitor, lambda: _tried(monitor, 1))
            factory.fates = [{"status": "running"}]
            await until(monitor, lambda: _in(monitor, RecoveryState.WATCHING))
            factory.fates = [COMPLETED]
            recovery = await over(monitor)
            assert recovery.state is RecoveryState.RECOVERED
            assert factory.posts == []
            assert recovery.lineage == ("r0",)
            view = monitor.view("r0")
            assert view is not None
            assert view.run is not None
            assert view.run.status.value == "COMPLETED"


async def _tried(monitor, count):
    recovery = await only(monitor)
    return recovery is not None and recovery.retry_count >= count


async def _in(monitor, state):
    recovery = await only(monitor)
    return recovery is not None and recovery.state is state


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(tmp_path):
    factory = Factory([failed("CONFLICT"), COMPLETED])
    factory.refuse = lambda post: Reply({}, 503) if post <= 3 else None
    async with store_in(tmp_path) as store:
        await submitted(store)
    async with serving(factory) as server, opened(tmp_path, recovering(server.url)) as monitor:
        recovery = await over(monitor)
        assert recovery.state is RecoveryState.RECOVERED
        assert set(factory.posts) == {f"{KEY}.retry-1"}
        assert factory.keys == [f"{KEY}.retry-1"]
        assert recovery.retry_count == 1


async def test_what_the_platform_does_not_take_is_a_dead_letter(tmp_path):
    factory = Factory([failed("TIMEOUT")])
    factory.refuse = lambda post: Reply({"message": "no such action"}, 400)
    async with store_in(tmp_path) as store:
        await submitted(store)
    async with serving(factory) as server, opened(tmp_path, recovering(server.url)) as monitor:
        recovery = await over(monitor)
        assert recovery.state is RecoveryState.DEAD_LETTER
        assert "no such action" in recovery.note
        assert len(factory.posts) == 1


async def test_a_body_with_secrets_is_not_sent_masked(tmp_path):
    factory = Factory([failed("TIMEOUT")])
    async with store_in(tmp_path) as store:
        await submitted(store, body={"actionType": "x", "payload": {"password": "hush-hush"}})
        assert b"hush-hush" not in store.path.read_bytes()
    async with serving(factory) as server, opened(tmp_path, recovering(server.url)) as monitor:
        recovery = await over(monitor)
        assert recovery.state is RecoveryState.DEAD_LETTER
        assert "secrets" in recovery.note
        assert factory.posts == []


async def test_throttling_beyond_the_retries_is_told_once_and_watched_on(tmp_path):
    factory = Factory([{"status": "running"}])
    factory.refuse_polls = Reply({}, 429, {"retry-after": "0"})
    async with serving(factory) as server:
        profile = recovering(server.url, runs=("r0",))
        async with opened(tmp_path, profile) as monitor:
            recovery = await over(monitor)
            assert recovery.error_code == RATE_LIMIT_EXHAUSTED
            assert recovery.status_code == 429
            assert recovery.recovery_directive is Directive.DEAD_LETTER
            frames = recovery.stack_trace_matrix
            assert frames[0].file.endswith("runs.py")
            assert frames[-1].message.startswith("RateLimitError: ")
            polls = len(factory.polls)
            monitor.refresh("r0")
            await until(monitor, lambda: _polled(factory, polls + 1))
            assert await only(monitor) is not None
            view = monitor.view("r0")
            assert view is not None
            assert "polled on" in view.remedy


async def _polled(factory, count):
    return len(factory.polls) >= count


async def test_letters_are_sent_again_and_discarded_by_hand(tmp_path):
    box = LetterBox()
    async with serving(Factory([failed("BAD")])) as platform, serving(box) as hook:
        profile = recovering(platform.url, dead_letter_webhook=hook.url, runs=("r0",))
        async with opened(tmp_path, profile) as monitor:
            await until(monitor, lambda: _delivered(monitor))
            (letter,) = (await monitor.recovery.letters()).items
            with pytest.raises(ConfigError, match="already"):
                await monitor.recovery.discard(letter.error_id, "not needed")
            with pytest.raises(ConfigError, match="no dead letter"):
                await monitor.recovery.discard("nobody", "not needed")
            assert await monitor.recovery.redeliver([letter.error_id, "nobody"]) == 1
            await until(monitor, lambda: _sent(box, 2))
            await until(monitor, lambda: _delivered(monitor))
            events = [entry.event_type for entry in await audited(monitor)]
            assert events == [
                AuditEvent.HANDLED,
                AuditEvent.DELIVERED,
                AuditEvent.REQUEUED,
                AuditEvent.DELIVERED,
            ]


async def _sent(box, count):
    return len(box.taken) >= count


async def test_without_a_webhook_letters_wait_and_can_be_discarded(tmp_path):
    factory = Factory([failed("BAD")])
    async with serving(factory) as platform:
        profile = recovering(platform.url, runs=("r0",))
        async with opened(tmp_path, profile) as monitor:
            await over(monitor)
            (letter,) = (await monitor.recovery.letters()).items
            assert (letter.state, letter.attempts) == (LetterState.WAITING, 0)
            with pytest.raises(ConfigError):
                await monitor.recovery.discard(letter.error_id, "  ")
            gone = await monitor.recovery.discard(letter.error_id, "a test run")
            assert (gone.state, gone.reason) == (LetterState.DISCARDED, "a test run")
            entry = (await audited(monitor))[-1]
            assert entry.event_type is AuditEvent.DISCARDED
            assert entry.payload()["detail"] == "a test run"
            found = await monitor.recovery.audit("A TEST RUN")
            assert found.total == 1
            with pytest.raises(ConfigError, match="webhook"):
                await monitor.recovery.dead_letters.deliver(letter.error_id)


async def test_two_monitors_on_one_store_submit_once(tmp_path):
    factory = Factory([failed("TIMEOUT"), COMPLETED])
    async with store_in(tmp_path) as store:
        await submitted(store)
    async with serving(factory) as server:
        profile = recovering(server.url)
        async with opened(tmp_path, profile) as one, opened(tmp_path, profile) as two:
            await asyncio.gather(over(one), _told(two))
            assert factory.posts == [f"{KEY}.retry-1"]
            assert len(await audited(two)) == 1


async def _told(monitor):
    async with asyncio.timeout(10):
        while not await _is_over(monitor):  # noqa: ASYNC110 - the other monitor does it
            await asyncio.sleep(0.02)


async def test_failed_records_tell_the_code_where_the_status_does_not(tmp_path):
    def genesys(asked):
        if asked.path.endswith("/status"):
            return Reply({"status": "failed", "errorCount": 3})
        record = {"stackTrace": TRACE}
        codes = ["TIMEOUT", "BAD_ROW", "BAD_ROW"]
        entities = [
            {"id": f"e{i}", "errorCode": code, "errorMessage": f"row {i}", "record": record}
            for i, code in enumerate(codes)
        ]
        return Reply({"pageSize": 100, "total": 3, "entities": entities})

    async with serving(genesys) as server:
        profile = recovering(server.url, runs=("r0",)).model_copy(update={"platform": "genesys"})
        async with opened(tmp_path, profile) as monitor:
            recovery = await over(monitor)
            assert recovery.error_code == "BAD_ROW"
            assert recovery.message.startswith("row ")
            assert recovery.stack_trace_matrix[1].line == 42


async def test_polls_that_get_no_answer_use_up_the_attempts(tmp_path):
    factory = Factory([failed("TIMEOUT")])
    async with serving(factory) as server:
        settings = {"max_retries": 2, "base_s": 0.5, "cap_s": 0.5}
        profile = recovering(server.url, runs=("r0",), recovery=settings)
        async with opened(tmp_path, profile) as monitor:
            await until(monitor, lambda: _in(monitor, RecoveryState.WAITING))
            factory.refuse_polls = Reply({}, 500)
            recovery = await over(monitor)
            assert recovery.state is RecoveryState.DEAD_LETTER
            assert [attempt.outcome for attempt in recovery.attempts] == ["no answer"] * 2
            assert "500" in recovery.attempts[0].message
            assert await monitor.recovery.recovery(recovery.error_id) == recovery
            assert await monitor.recovery.of_run("r0") == recovery


async def test_a_poll_again_that_is_throttled_is_a_dead_letter(tmp_path):
    factory = Factory([failed("TIMEOUT")])
    async with serving(factory) as server:
        slow = {"base_s": 0.5, "cap_s": 0.5}
        profile = recovering(server.url, runs=("r0",), recovery=slow)
        async with opened(tmp_path, profile) as monitor:
            await until(monitor, lambda: _in(monitor, RecoveryState.WAITING))
            factory.refuse_polls = Reply({}, 429, {"retry-after": "0"})
            recovery = await over(monitor)
            assert recovery.error_code == RATE_LIMIT_EXHAUSTED
            assert recovery.stack_trace_matrix[-1].message.startswith("RateLimitError")


async def test_nothing_is_submitted_while_polling_is_paused(tmp_path):
    factory = Factory([failed("TIMEOUT"), COMPLETED])
    async with store_in(tmp_path) as store:
        await submitted(store)
    async with serving(factory) as server:
        profile = recovering(server.url, recovery={"base_s": 0.5, "cap_s": 0.5})
        async with opened(tmp_path, profile) as monitor:
            await until(monitor, lambda: _in(monitor, RecoveryState.WAITING))
            monitor.pause()
            # Twice as long as it waits for its attempt.
            await asyncio.sleep(1.0)
            assert factory.posts == []
            monitor.resume()
            assert (await over(monitor)).state is RecoveryState.RECOVERED


async def test_a_check_that_is_no_longer_configured_verifies_nothing(tmp_path):
    factory = Factory([failed("X")])
    factory.check = lambda number: Reply({"state": "BUSY"})
    settings = {"rollback_codes": ["X"], "rollback_check": CHECK, "base_s": 0.3, "cap_s": 0.3}
    async with serving(factory) as server:
        profile = recovering(server.url, runs=("r0",), recovery=settings)
        async with opened(tmp_path, profile) as monitor:
            await until(monitor, lambda: _in(monitor, RecoveryState.CHECKING))
        profile = recovering(server.url, recovery={"rollback_codes": ["X"]})
        async with opened(tmp_path, profile) as monitor:
            assert (await over(monitor)).state is RecoveryState.UNVERIFIED


async def test_who_discards_a_letter_stops_its_delivery(tmp_path):
    gone = asyncio.Event()

    async def slow(asked):
        await gone.wait()
        return Reply({})

    async with serving(Factory([failed("BAD")])) as platform, serving(slow) as hook:
        profile = recovering(platform.url, dead_letter_webhook=hook.url, runs=("r0",))
        async with opened(tmp_path, profile) as monitor:
            await over(monitor)
            await eventually(lambda: hook.asked)
            (letter,) = (await monitor.recovery.letters()).items
            with pytest.raises(CxtopError, match="at this moment"):
                await monitor.recovery.dead_letters.deliver(letter.error_id)
            await monitor.recovery.discard(letter.error_id, "known already")
            gone.set()
            sent = await monitor.recovery.dead_letters.deliver(letter.error_id)
            assert sent.state is LetterState.DELIVERED
            events = [entry.event_type for entry in await audited(monitor)]
            assert events == [AuditEvent.HANDLED, AuditEvent.DISCARDED, AuditEvent.DELIVERED]
