"""Starting a run: its body checked, its key made, and what was submitted kept."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from ..errors import InputError, NetworkError, ServerError, StoreError
from ..models import Submission
from ..platforms import Submitted
from ..store import Store
from .inputs import checked

FORM = '{"actionType": "…", "payload": {…}, "metadata": {…}}'


class Starter(Protocol):
    """What starts runs: a `Dialect`, or the `Link` to one."""

    async def submit(self, body: Any, idempotency_key: str) -> Submitted: ...


@dataclass(frozen=True, slots=True)
class Started:
    """A run that the platform has accepted. `trouble` says why it could not be kept."""

    submitted: Submitted
    trouble: StoreError | None = None

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.submitted.run_id


def body_in(text: str) -> dict[str, Any]:
    """The body of a submission in `text`: an object with an `actionType` (contract §2).

    Raises InputError that says where it is wrong.
    """
    body = checked(text, "The body")
    kind = body.get("actionType")
    if not isinstance(kind, str) or not kind.strip():
        told = "expected the name of an action, found nothing"
        if kind is not None and kind != "":
            told = "expected the name of an action, found something else"
        raise InputError(
            f"The body cannot be sent as it is: $.actionType {told}.",
            faults=(("$.actionType", told),),
            fix=f"Write {FORM}; nothing was sent.",
        )
    return body


def new_key() -> str:
    """A key under which one run is started, however often it is sent."""
    return str(uuid.uuid4())


async def start_run(
    starter: Starter, store: Store, body: dict[str, Any], idempotency_key: str
) -> Started:
    """Submit `body`, and keep in the store that it was submitted and is to be watched.

    A POST whose answer was lost is sent again only with the same key. Raises what
    `Dialect.submit` raises; where it cannot be known whether the run was started, the error
    names the key that makes it safe to submit it again.
    """
    try:
        submitted = await starter.submit(body, idempotency_key)
    except (NetworkError, ServerError) as error:
        error.fix = " ".join((error.fix, _again(idempotency_key))).strip()
        raise
    submission = Submission(
        run_id=submitted.run_id,
        idempotency_key=idempotency_key,
        body=body,
        submitted_at=datetime.now(UTC),
    )
    try:
        await store.save_submission(submission)
        await store.watch(submitted.run_id)
    except StoreError as error:
        return Started(submitted, error)
    return Started(submitted)


def _again(key: str) -> str:
    return (
        "The run may have been started all the same: submitted again with the Idempotency-Key "
        f"{key} it is started once."
    )
