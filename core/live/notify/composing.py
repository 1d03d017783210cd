"""An event as the notice that is given of it."""

from __future__ import annotations

from datetime import UTC, datetime

from ...config import Profile
from ...redact import Redactor
from .judging import Event, errors_of
from .kept import Kept
from .notice import CodeCount, Notice, Occasion


async def notice_of(event: Event, profile: Profile, kept: Kept, clean: Redactor) -> Notice:
    """The notice of an event, with the codes of its errors and without secrets."""
    codes: tuple[CodeCount, ...] = ()
    if event.view is not None and not event.occasion.good:
        codes = await kept.codes(event.view.run_id)
    elif event.health is not None and event.health.report is not None:
        top = event.health.report.top
        codes = tuple(CodeCount(code=share.code, count=share.count) for share in top)
    name = event.view.run.name if event.view and event.view.run else None
    return Notice(
        key=event.key,
        occasion=event.occasion,
        status=event.status,
        sentence=clean.text(event.sentence),
        platform=profile.platform,
        profile=profile.name,
        subject=event.subject,
        name=None if name is None else clean.text(name),
        at=datetime.now(UTC),
        total_errors=_total(event),
        codes=codes,
    )


def trial_notice(profile: Profile) -> Notice:
    """A notice that says that notices arrive."""
    now = datetime.now(UTC)
    return Notice(
        key=f"test {now.isoformat()}",
        occasion=Occasion.TEST,
        status="TEST",
        sentence="This is a test of cxtop: notices arrive here.",
        platform=profile.platform,
        profile=profile.name,
        at=now,
    )


def _total(event: Event) -> int | None:
    if event.view is not None:
        return errors_of(event.view)
    report = event.health.report if event.health else None
    return None if report is None else report.errors
