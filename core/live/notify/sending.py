"""Bringing notices to webhooks: those of the profile, and never to any other."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from ...config import Profile
from ...errors import CxtopError
from ...store import Store, notices
from ...store.leases import Lease
from ...store.notices import NoticeState, Pending
from ..outbound import Outbound, Reply
from . import slack
from .notice import Notice

BASE_S = 2.0
SLOWEST_S = 900.0
PATIENCE = timedelta(days=1)
"""A notice that could not be delivered for so long is no news any more."""

_DEAD = (403, 404, 410)


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook. `id` finds it again after a restart, and does not tell its URL."""

    kind: Literal["slack", "json"]
    url: str = field(repr=False)

    @property
    def id(self) -> str:
        """The kind and a digest of the URL."""
        return f"{self.kind} {hashlib.sha256(self.url.encode()).hexdigest()[:16]}"

    @property
    def name(self) -> str:
        """The webhook for people: its host, but never its path, which is a secret."""
        host = urlsplit(self.url).hostname or ""
        return f"the Slack webhook at {host}" if self.kind == "slack" else f"the webhook at {host}"

    def body(self, notice: Notice) -> dict[str, Any]:
        """What is posted."""
        return slack.message(notice) if self.kind == "slack" else notice.payload()


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a delivery: whether the webhook took it, and its answer in words."""

    target: Target
    good: bool
    answer: str


def targets_of(profile: Profile) -> list[Target]:
    """The webhooks that the profile names."""
    found: list[Target] = []
    if profile.slack_webhook_url is not None:
        found.append(Target("slack", profile.slack_webhook_url.get_secret_value()))
    found += [Target("json", secret.get_secret_value()) for secret in profile.notify.webhooks]
    return list(dict.fromkeys(found))


async def send_once(outbound: Outbound, target: Target, notice: Notice) -> Sent:
    """Post a notice once, and say what came of it; for a test by hand."""
    try:
        reply = await outbound.post(target.url, target.body(notice), _headers(notice))
    except CxtopError as error:
        return Sent(target, False, _unanswered(error))
    return Sent(target, reply.good, str(reply))


def _headers(notice: Notice) -> dict[str, str]:
    # A receiver that sees the key twice knows that it has the notice already.
    digest = hashlib.sha256(notice.key.encode("utf-8", "surrogatepass")).hexdigest()
    return {"idempotency-key": digest}


def _unanswered(error: CxtopError) -> str:
    # Its fix speaks of the platform, which this is not.
    return " ".join(part for part in (error.what, error.why) if part)


class Sender:
    """Delivers one notice at a time that was claimed from the store.

    What a webhook refuses for good is given up; `on_trouble` hears of that, and of a webhook
    that is dead (403, 404, 410), to which nothing more is sent until cxtop starts anew. What may
    pass (429, 5xx, no answer) is tried again later, as asked or with growing waits.
    """

    def __init__(
        self,
        store: Store,
        targets: list[Target],
        outbound: Outbound,
        *,
        on_trouble: Callable[[CxtopError], None],
        base_s: float = BASE_S,
    ) -> None:
        self._store = store
        self._targets = {target.id: target for target in targets}
        self._outbound = outbound
        self._on_trouble = on_trouble
        self._base_s = base_s
        self._dead: set[str] = set()

    @property
    def living(self) -> list[str]:
        """The ids of the webhooks that may still take something."""
        return [name for name in self._targets if name not in self._dead]

    async def deliver(self, pending: Pending, lease: Lease) -> None:
        """Post it once and keep what came of that. Raises StoreError, LeaseLostError."""
        target = self._targets[pending.target]
        notice = Notice.model_validate(pending.data)
        now = datetime.now(UTC)
        try:
            reply = await self._outbound.post(target.url, target.body(notice), _headers(notice))
        except CxtopError as error:
            state, wait_s = self._again(target, pending, now, _unanswered(error)), None
        else:
            state, wait_s = self._judge(target, pending, now, reply), reply.retry_after_s
        backoff = min(SLOWEST_S, self._base_s * 2.0 ** min(pending.tries, 32))
        later = wait_s if wait_s is not None else random.uniform(0, backoff)  # noqa: S311
        next_at = datetime.now(UTC) + timedelta(seconds=min(later, SLOWEST_S))
        await self._store.writer.submit(lambda c: notices.settle(c, lease, pending, state, next_at))

    def _judge(self, target: Target, pending: Pending, now: datetime, reply: Reply) -> NoticeState:
        if reply.good:
            return NoticeState.SENT
        if reply.status == 429 or reply.status >= 500:
            return self._again(target, pending, now, f"It answered {reply}.")
        if reply.status in _DEAD:
            self._dead.add(target.id)
            self._tell(
                f"{target.name} is dead: it answered {reply}.",
                "No notice goes there until cxtop starts anew. Make a new webhook and put it into "
                "the profile, then run cxtop notify test.",
            )
            return NoticeState.GIVEN_UP
        self._tell(f"{target.name} refused a notice: it answered {reply}.", "It is not sent again.")
        return NoticeState.GIVEN_UP

    def _again(self, target: Target, pending: Pending, now: datetime, why: str) -> NoticeState:
        if now - pending.made_at < PATIENCE:
            return NoticeState.WAITING
        self._tell(f"{target.name} did not take a notice for a day. {why}", "It is given up.")
        return NoticeState.GIVEN_UP

    def _tell(self, what: str, fix: str) -> None:
        self._on_trouble(CxtopError(what[:1].upper() + what[1:], fix=fix))
