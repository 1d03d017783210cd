"""Notices from a real monitor over a real platform to real webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cxtop.core.config import Profile
from cxtop.core.config.notices import OCCASIONS
from cxtop.core.errors import CxtopError
from cxtop.core.live import Monitor, open_monitor
from cxtop.core.live.notify import Notice, Notifier, Occasion, send_once, targets_of, trial_notice
from cxtop.core.live.outbound import Outbound
from cxtop.core.models import DeadLetter, RecordError, Recovery
from cxtop.core.redact import REDACTOR
from cxtop.core.store import Store, deadletters, notices

from ...platforms.server import Asked, Reply, Server, profile_for, serving
from ..recovering import Factory, failed, recovering, submitted
from ..support import Act, Platform, closed_port, eventually, monitoring, settings_for, store_in


@dataclass
class Hook:
    """A webhook that answers with `replies` one after another, and then with 200."""

    replies: list[Reply] = field(default_factory=list)
    got: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        self.got.append(json.loads(asked.body))
        self.keys.append(asked.headers["idempotency-key"])
        return self.replies.pop(0) if self.replies else Reply(b"ok")

    @property
    def events(self) -> list[str]:
        return [body["key"] for body in self.got]


@dataclass
class Heard:
    notices: list[Notice] = field(default_factory=list)
    troubles: list[CxtopError] = field(default_factory=list)

    @property
    def occasions(self) -> list[str]:
        return [notice.occasion.value for notice in self.notices]


@asynccontextmanager
async def notifying(
    profile: Profile, store: Store, **options: Any
) -> AsyncIterator[tuple[Monitor, Heard]]:
    """A monitor with a notifier that waits for nothing, and what it says."""
    heard = Heard()
    async with monitoring(profile, store) as (monitor, _):
        quick = {"base_s": 0.01, "settle_s": 0.3, "lease_s": 0.6} | options
        async with Notifier(monitor, **quick) as notifier:
            notifier.hear(heard.notices.append, heard.troubles.append)
            yield monitor, heard


# A run that failed becomes a dead letter too; where that is not the point, it is not told.
RUNS = {"on": ["ended", "error_share", "recovered"]}


def watching(platform: Server, *run_ids: str, **changes: Any) -> Profile:
    return profile_for(platform.url, runs=run_ids, **{"notify": RUNS} | changes)


def told_to(hook: Server, platform: Server, **notify: Any) -> Profile:
    return watching(
        platform, "r", notify=RUNS | {"webhooks": [f"{hook.url}/hook?token=hush"]} | notify
    )


FAILED = Act(status="failed", fields={"errorCount": 2, "processedCount": 30}, pages=[["a", "b"]])


async def test_a_run_that_failed_is_told_once_with_its_codes(tmp_path: Path) -> None:
    hook = Hook()
    acts = {"r": FAILED}
    async with (
        serving(Platform(acts=acts)) as platform,
        serving(hook) as server,
        store_in(tmp_path) as store,
    ):
        profile = told_to(server, platform)
        async with notifying(profile, store, settle_s=10) as (monitor, heard):
            await eventually(lambda: hook.got)
            monitor.refresh("r")
            await eventually(lambda: platform.asked[-1].path.endswith("/status"))
            await eventually(lambda: monitor.view("r").errors_complete)
        assert heard.occasions == ["ended"]
        assert heard.notices[0].headline == "✖ r failed with 2 errors."
        # A restart does not repeat it, nor does it once the run is asked for again.
        async with notifying(profile, store) as (monitor, heard):
            seen = len(platform.asked)
            monitor.refresh("r")
            await eventually(lambda: len(platform.asked) > seen)
            await eventually(lambda: monitor.view("r").state.value == "ended")
        assert heard.notices == []
    (body,) = hook.got
    assert body["event"] == "cxtop.notice"
    assert body["status"] == "FAILED"
    assert body["subject"] == "r"
    assert body["total_errors"] == 2
    assert [(one["code"], one["count"]) for one in body["codes"]] == [("E", 2)]
    assert {sample["record_id"] for sample in body["codes"][0]["samples"]} == {"a", "b"}


async def handled(monitor: Monitor, run_id: str = "r", *, begun: bool = False) -> Recovery:
    """The recovery of a run, once it is over, or with `begun` once there is one."""
    async with asyncio.timeout(10):
        while True:
            found = await monitor.recovery.of_run(run_id)
            if found is not None and (begun or found.state.over):
                return found
            await asyncio.sleep(0.005)


async def told(heard: Heard, subject: str) -> None:
    """A notice came of this; what could be told before is told by then."""
    await eventually(lambda: any(notice.subject == subject for notice in heard.notices))


ALL = {"notify": {"on": list(OCCASIONS)}}


async def test_one_failure_is_told_once_with_the_dead_letter_it_became(tmp_path: Path) -> None:
    acts = {"r": FAILED, "s": FAILED, "t": FAILED}
    async with serving(Platform(acts=acts)) as platform, store_in(tmp_path) as store:
        async with notifying(watching(platform, "r", **ALL), store, settle_s=10) as (
            monitor,
            heard,
        ):
            recovery = await handled(monitor)
            await told(heard, "r")
            monitor.changes.post("recovery", recovery.error_id)
            monitor.changes.post("run", "r")
            await monitor.watch("s")
            await told(heard, "s")
        async with notifying(watching(platform, "r", **ALL), store, settle_s=10) as (
            monitor,
            again,
        ):
            monitor.refresh("r")
            await monitor.watch("t")
            await told(again, "t")
    assert [(notice.occasion, notice.subject) for notice in heard.notices] == [
        (Occasion.ENDED, "r"),
        (Occasion.ENDED, "s"),
    ]
    assert heard.notices[0].status == "FAILED, DEAD LETTER"
    assert heard.notices[0].sentence == "r failed with 2 errors; it became a dead letter with E"
    assert [code.count for code in heard.notices[0].codes] == [2]
    assert [notice.subject for notice in again.notices] == ["t"]


async def test_a_letter_is_told_by_itself_where_ends_are_not(tmp_path: Path) -> None:
    only = {"notify": {"on": ["dead_letter"]}}
    async with (
        serving(Platform(acts={"r": FAILED})) as platform,
        store_in(tmp_path) as store,
        notifying(watching(platform, "r", **only), store) as (monitor, heard),
    ):
        await handled(monitor)
        await eventually(lambda: heard.notices)
    assert [notice.sentence for notice in heard.notices] == ["r became a dead letter with E"]


async def test_a_letter_whose_run_is_watched_no_more_is_told(tmp_path: Path) -> None:
    slow = Act(status="failed", fields={"errorCount": 2}, refuse_pages=Reply({}, 403))
    async with serving(Platform(acts={"r": slow})) as platform, store_in(tmp_path) as store:
        profile = watching(platform, "r", **ALL)
        async with notifying(profile, store, settle_s=60) as (monitor, heard):
            await handled(monitor, begun=True)
            await store.add_errors("r", [RecordError(run_id="r", record_id="a", code="E")])
            monitor.recovery.records_came("r")
            await handled(monitor)
            await monitor.unwatch("r")
            monitor.changes.post("run", "r")
            await eventually(lambda: heard.notices)
    assert heard.occasions == ["dead_letter"]


async def test_all_runs_of_one_failure_are_told_once_and_that_it_is_given_up(
    tmp_path: Path,
) -> None:
    factory = Factory([failed("TIMEOUT"), {"status": "running"}])
    async with serving(factory) as platform, store_in(tmp_path) as store:
        await submitted(store)
        profile = recovering(platform.url, recovery={"max_retries": 2}, **ALL)
        async with notifying(profile, store, settle_s=5) as (monitor, heard):
            await told(heard, "r0")
            factory.fates[1] = failed("TIMEOUT", "again")
            await handled(monitor, "r0")
            await eventually(lambda: len(heard.notices) == 2)
            await monitor.watch("r9")
            await told(heard, "r9")
    assert [notice.sentence for notice in heard.notices[:2]] == [
        "r0 failed with 1 error; it is submitted again.",
        "r0 became a dead letter after all its retries with TIMEOUT: again",
    ]
    assert len(heard.notices) == 3


async def test_an_end_is_told_also_when_its_records_do_not_come(tmp_path: Path) -> None:
    act = Act(status="failed", fields={"errorCount": 2}, refuse_pages=Reply({}, 403))
    async with (
        serving(Platform(acts={"r": act})) as platform,
        store_in(tmp_path) as store,
        notifying(watching(platform, "r"), store) as (_, heard),
    ):
        await eventually(lambda: heard.notices)
    assert heard.notices[0].total_errors == 2
    assert heard.notices[0].codes == ()


async def test_too_many_errors_and_then_well_again(tmp_path: Path) -> None:
    hook = Hook()
    act = Act(fields={"processedCount": 100, "errorCount": 30})
    platform = Platform(acts={"r": act})
    async with serving(platform) as server, serving(hook) as hooked, store_in(tmp_path) as store:
        profile = told_to(hooked, server, error_share=0.25)
        async with notifying(profile, store) as (monitor, heard):
            await eventually(lambda: heard.occasions == ["error_share"])
            act.status = "completed"
            act.fields = {"processedCount": 1000, "errorCount": 30}
            monitor.refresh("r")
            await eventually(lambda: heard.occasions == ["error_share", "recovered"])
            await eventually(lambda: hook.events == ["share r", "well r"])


async def test_a_run_that_was_never_in_trouble_is_not_told_to_be_well(tmp_path: Path) -> None:
    act = Act(status="completed", fields={"processedCount": 100, "errorCount": 0})
    acts = {"r": act, "s": FAILED}
    async with serving(Platform(acts=acts)) as platform, store_in(tmp_path) as store:
        profile = watching(platform, "r", "s")
        async with notifying(profile, store) as (_, heard):
            await eventually(lambda: heard.notices)
    assert heard.occasions == ["ended"]


async def test_only_what_the_profile_wants_is_told(tmp_path: Path) -> None:
    headers = {
        "inin-ratelimit-count": "300",
        "inin-ratelimit-allowed": "300",
        "inin-ratelimit-reset": "60",
    }
    answers = Platform(acts={"r": FAILED}, headers=headers)
    async with serving(answers) as platform, store_in(tmp_path) as store:
        profile = profile_for(platform.url, runs=("r",), notify={"on": ["budget"]})
        async with notifying(profile, store) as (monitor, heard):
            await eventually(lambda: heard.notices)
            monitor.changes.post("run", "r")
            await eventually(lambda: monitor.view("r").errors_complete or heard.notices)
    assert heard.occasions == ["budget"]


async def test_a_dead_letter_is_told_also_one_from_before(tmp_path: Path) -> None:
    def letter(error_id: str) -> DeadLetter:
        return DeadLetter(
            error_id=error_id, action_id="r", error_code="E", timestamp=datetime.now(UTC)
        )

    async with serving(Platform(acts={"r": Act()})) as platform, store_in(tmp_path) as store:

        async def keep(one: DeadLetter) -> None:
            await store.writer.submit(lambda c: deadletters.put(c, one, REDACTOR))

        await keep(letter("before"))
        async with notifying(profile_for(platform.url), store) as (monitor, heard):
            await eventually(lambda: heard.notices)
            await keep(letter("now"))
            monitor.changes.post("recovery", "now")
            await eventually(lambda: len(heard.notices) == 2)
    assert heard.occasions == ["dead_letter", "dead_letter"]
    assert [notice.subject for notice in heard.notices] == ["before", "now"]


@pytest.mark.parametrize(
    "refusals",
    [
        [Reply(b"rate_limited", 429, {"retry-after": "0"}), Reply(b"", 503)],
        [Reply(b"rollup_error", 500)] * 3,
    ],
)
async def test_what_may_pass_is_tried_again(tmp_path: Path, refusals: list[Reply]) -> None:
    hook = Hook(replies=list(refusals))
    async with (
        serving(Platform(acts={"r": FAILED})) as platform,
        serving(hook) as server,
        store_in(tmp_path) as store,
        notifying(told_to(server, platform), store) as (_, heard),
    ):
        await eventually(lambda: len(hook.got) == len(refusals) + 1)
    assert heard.troubles == []
    assert len(set(hook.keys)) == 1


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_dead_webhook_is_said_and_left_alone(tmp_path: Path, status: int) -> None:
    hook = Hook(replies=[Reply(b"no_service", status)])
    acts = {"r": FAILED, "s": FAILED}
    async with (
        serving(Platform(acts=acts)) as platform,
        serving(hook) as server,
        store_in(tmp_path) as store,
    ):
        slack = SecretStr(f"{server.url}/services/T000/B000/hush")
        profile = watching(platform, "r", slack_webhook_url=slack)
        async with notifying(profile, store) as (monitor, heard):
            await eventually(lambda: heard.troubles)
            await monitor.watch("s")
            await eventually(lambda: len(heard.notices) == 2)
        assert len(hook.got) == 1
        said = str(heard.troubles[0])
        assert "is dead" in said
        assert str(status) in said
        assert "no_service" in said
        assert "hush" not in said
    assert hook.got[0]["blocks"][0]["text"]["text"] == "Genesys Data Action Alert: FAILED"


async def test_a_refused_notice_is_said_and_others_go_on(tmp_path: Path) -> None:
    hook = Hook(replies=[Reply(b"invalid_payload", 400)])
    acts = {"r": FAILED, "s": FAILED}
    async with (
        serving(Platform(acts=acts)) as platform,
        serving(hook) as server,
        store_in(tmp_path) as store,
        notifying(told_to(server, platform), store) as (monitor, heard),
    ):
        await eventually(lambda: heard.troubles)
        await monitor.watch("s")
        await eventually(lambda: len(hook.got) == 2)
    assert "refused a notice" in str(heard.troubles[0])
    assert "invalid_payload" in str(heard.troubles[0])


async def test_what_was_on_its_way_is_delivered_after_a_restart(tmp_path: Path) -> None:
    hook = Hook(replies=[Reply(b"", 503)] * 1000)
    async with (
        serving(Platform(acts={"r": FAILED})) as platform,
        serving(hook) as server,
        store_in(tmp_path) as store,
    ):
        profile = told_to(server, platform)
        async with notifying(profile, store, base_s=0.05):
            await eventually(lambda: hook.got)
        hook.replies.clear()
        seen = len(hook.got)
        async with notifying(profile, store) as (_, heard):
            await eventually(lambda: len(hook.got) == seen + 1)
            assert heard.notices == []
    assert set(hook.events) == {"ended r FAILED"}


async def test_after_a_day_it_is_no_news_any_more(tmp_path: Path) -> None:
    hook = Hook(replies=[Reply(b"", 503)])
    async with (
        serving(Platform()) as platform,
        serving(hook) as server,
        store_in(tmp_path) as store,
    ):
        profile = told_to(server, platform).model_copy(update={"runs": ()})
        (target,) = targets_of(profile)
        data = trial_notice(profile).model_dump(mode="json")
        long_ago = datetime.now(UTC) - timedelta(days=2)
        await store.writer.submit(lambda c: notices.add(c, "k", [target.id], data, long_ago))
        async with notifying(profile, store) as (_, heard):
            await eventually(lambda: heard.troubles)
    assert "did not take a notice for a day" in str(heard.troubles[0])
    assert len(hook.got) == 1


async def test_a_webhook_that_is_away_is_tried_again(tmp_path: Path) -> None:
    with closed_port() as nobody:
        async with serving(Platform(acts={"r": FAILED})) as platform, store_in(tmp_path) as store:
            profile = watching(platform, "r", notify=RUNS | {"webhooks": [f"{nobody}/hook"]})
            async with notifying(profile, store) as (_, heard):
                await eventually(lambda: heard.notices)

                def tried(connection: Any) -> int:
                    return connection.execute("SELECT max(tries) FROM notices").fetchone()[0]

                async with asyncio.timeout(10):
                    while await store.readers.read(tried) < 2:  # noqa: ASYNC110 - no event tells
                        await asyncio.sleep(0.01)
    assert heard.troubles == []


async def test_a_run_that_is_no_longer_watched_is_not_told(
    tmp_path: Path,
) -> None:
    act = Act(status="failed", fields={"errorCount": 2}, refuse_pages=Reply({}, 403))
    async with (
        serving(Platform(acts={"r": act, "s": FAILED})) as platform,
        store_in(tmp_path) as store,
        notifying(watching(platform, "r"), store, settle_s=0.5) as (monitor, heard),
    ):
        await eventually(lambda: (view := monitor.view("r")) and view.state.value == "ended")
        await monitor.unwatch("r")
        await monitor.watch("s")
        await eventually(lambda: heard.notices)
    assert [notice.subject for notice in heard.notices] == ["s"]


async def test_two_on_one_store_tell_it_once(tmp_path: Path) -> None:
    hook = Hook()
    async with (
        serving(Platform(acts={"r": FAILED})) as platform,
        serving(hook) as server,
        store_in(tmp_path) as one,
        store_in(tmp_path) as two,
    ):
        profile = told_to(server, platform)
        async with notifying(profile, one) as (a, first), notifying(profile, two) as (b, second):
            await eventually(lambda: hook.got)
            await eventually(lambda: a.view("r").errors_complete and b.view("r").errors_complete)
            await eventually(lambda: first.notices or second.notices)
    assert len(first.notices) + len(second.notices) == 1
    assert hook.events == ["ended r FAILED"]


async def test_a_store_that_fails_does_not_repeat_a_notice(tmp_path: Path) -> None:
    async with serving(Platform(acts={"r": FAILED})) as platform, store_in(tmp_path) as store:
        profile = watching(platform, "r")
        async with monitoring(profile, store) as (monitor, told):
            await told.until(lambda: monitor.view("r").errors_complete)
            heard = Heard()
            await store.writer.close()
            async with Notifier(monitor, settle_s=0.05) as notifier:
                notifier.hear(heard.notices.append, heard.troubles.append)
                await eventually(lambda: heard.notices)
                monitor.changes.post("run", "r")
                seen = len(told.seen)
                await told.until(lambda: len(told.seen) > seen)
    assert heard.occasions == ["ended"]


async def test_no_secret_of_a_platform_is_told(tmp_path: Path) -> None:
    hook = Hook()
    act = Act(
        status="failed",
        fields={"errorCount": 1, "name": "sync Bearer canary-1abcdefghijklmnop"},
        pages=[["a"]],
    )
    async with serving(Platform(acts={"r": act})) as platform, serving(hook) as server:
        profile = told_to(server, platform, webhooks=[f"{server.url}/x"])
        async with open_monitor(settings_for(profile, tmp_path)) as monitor:
            assert monitor.notifier is not None
            await eventually(lambda: hook.got)
    assert "canary" not in json.dumps(hook.got)


async def test_a_trial_says_what_each_webhook_answered() -> None:
    hook = Hook(replies=[Reply(b"ok"), Reply(b"no_team", 404)])
    async with serving(hook) as server, Outbound() as outbound:
        with closed_port() as nobody:
            profile = Profile(
                base_url="https://api.example",
                slack_webhook_url=SecretStr(f"{server.url}/slack/hush"),
                notify={"webhooks": [f"{server.url}/json/hush", f"{nobody}/hush"]},
            )
            targets = targets_of(profile)
            notice = trial_notice(profile)
            sent = [await send_once(outbound, target, notice) for target in targets]
    assert [one.good for one in sent] == [True, False, False]
    assert "404" in sent[1].answer
    assert "refuses the connection" in sent[2].answer
    assert "base_url" not in sent[2].answer
    assert [one.target.name for one in sent][:2] == [
        "the Slack webhook at 127.0.0.1",
        "the webhook at 127.0.0.1",
    ]
    assert notice.occasion is Occasion.TEST
    assert "hush" not in repr(sent)
    assert "blocks" in hook.got[0]
    assert "event" in hook.got[1]
