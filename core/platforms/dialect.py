"""What every dialect can do, and the shapes that it answers with."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from ..config import Profile
from ..errors import AnswerError, UnsupportedError
from ..http.answer import Answer
from ..http.request import UNSET, Request
from ..models import ActionRun, FlowTrace, RecordError
from .acting import Deployed, Submitted
from .analytics import Analytics
from .endpoints import endpoints
from .reading import UnreadableError, tame

T = TypeVar("T")

BIG_BODY = 256 * 1024
"""Bodies above this many bytes are read in a thread, so that the screen does not stop."""


class Sender(Protocol):
    """What a dialect needs of `http.Caller`."""

    async def send(self, request: Request) -> Answer: ...


@dataclass(frozen=True, slots=True)
class StatusReading:
    """One answer about a run: where it stands, and the errors that came embedded in it."""

    run: ActionRun
    errors: tuple[RecordError, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One page of a run's failed records.

    A record that the platform lists twice is there twice. `total` is how many there are in all
    as the platform said, `None` when it did not; `size` is the page size that it used. No
    records means that there are no further pages.
    """

    records: tuple[RecordError, ...]
    total: int | None
    size: int


class Platform(Protocol):
    """A platform as `live` sees it; every method raises the typed errors of a call."""

    async def run_status(self, run_id: str) -> StatusReading: ...

    async def failed_records(self, run_id: str, page: int, size: int) -> RecordPage | None: ...

    async def flow_trace(self, execution_id: str) -> FlowTrace | None: ...

    async def execute(self, action_id: str, payload: Any) -> Answer: ...

    async def submit(self, body: Any, idempotency_key: str) -> Submitted: ...

    async def deploy_schema(self, schema: Mapping[str, Any]) -> Deployed: ...

    async def analytics(self, action_id: str, interval: str) -> Analytics: ...


class Dialect(ABC):
    """A platform's paths and wire shapes; knows nothing of retries, tokens or stores.

    A subclass names itself, its endpoints (path templates with `{run_id}`), and turns bodies
    into models. Every path can be overridden by name in the profile.
    """

    name: ClassVar[str]
    endpoints: ClassVar[Mapping[str, str]]
    has_analytics: ClassVar[bool] = False

    def __init__(self, profile: Profile, caller: Sender) -> None:
        self._caller = caller
        self._profile = profile
        self._endpoints = endpoints(self.endpoints, profile.endpoints)

    @abstractmethod
    async def run_status(self, run_id: str) -> StatusReading:
        """Where the run stands now.

        Raises the typed errors of a call, and AnswerError for a body that tells of no run.
        """

    async def failed_records(self, run_id: str, page: int, size: int) -> RecordPage | None:
        """Page `page` (from 1) of the records that failed, `size` to a page.

        `None` when the dialect has no such call: then the errors come with the status.
        Raises like `run_status`.
        """
        return None

    async def flow_trace(self, execution_id: str) -> FlowTrace | None:
        """What the platform tells of the execution of a flow; it may well tell no steps.

        `None` when the dialect has no such call. Raises like `run_status`; the endpoint's hole
        `{run_id}` takes the id of the execution.
        """
        return None

    async def execute(self, action_id: str, payload: Any) -> Answer:
        """Runs the action with the JSON value `payload`, once, and gives its answer as it came.

        An answer with any status is one: what it means is for the diagnosis (contract §4). Only
        what did not reach the action is sent again (contract §0). Raises the typed errors of a
        call that got no answer or no token, and UnsupportedError when the dialect has no such
        call. The endpoint's hole `{run_id}` takes the id of the action.
        """
        raise UnsupportedError(
            f"The platform {self.name} has no call that runs an action and waits for its answer.",
            why="The profile's platform knows asynchronous runs only.",
            fix="Submit a run with cxtop submit, or choose a profile of the platform genesys.",
        )

    async def submit(self, body: Any, idempotency_key: str) -> Submitted:
        """Starts a run: `body` is the JSON object `{actionType, payload, metadata}`.

        The same key never starts a second run, so it may be sent again when its answer was lost.
        Raises like `run_status`, AnswerError for an answer that names no run, and
        UnsupportedError when the dialect has no such call.
        """
        raise UnsupportedError(
            f"The platform {self.name} has no call that submits a run.",
            why="Runs are started on the platform itself; cxtop watches them by their id.",
            fix="Watch the run with cxtop watch ID, or choose a profile of the platform cxone.",
        )

    async def analytics(self, action_id: str, interval: str) -> Analytics:
        """What the action did in the time `interval` (ISO 8601) up to now.

        Raises like `run_status`, and UnsupportedError when the dialect has no such call.
        """
        raise no_analytics(self.name)

    async def deploy_schema(self, schema: Mapping[str, Any]) -> Deployed:
        """Deploys an action schema (contract §6) in its wire form.

        Raises like `run_status`, RequestError that repeats what the platform finds wrong with the
        schema, and UnsupportedError when the dialect has no such call.
        """
        raise UnsupportedError(
            f"The platform {self.name} has no call that deploys an action schema.",
            why="Actions are made on the platform itself there.",
            fix="Choose a profile of the platform cxone.",
        )

    async def _ask(
        self,
        endpoint: str,
        run_id: str,
        read: Callable[[dict[str, Any]], T],
        *,
        operation: str,
        permission: str,
        params: Mapping[str, str] | None = None,
        of_run: bool = True,
        query: Any = UNSET,
    ) -> T:
        """The answer to a GET, or to a POST of the JSON `query`, which changes nothing."""
        answer = await self._caller.send(
            Request(
                operation=operation,
                method="GET" if query is UNSET else "POST",
                path=self._endpoints[endpoint].fill(run_id),
                params=params,
                json=query,
                idempotent=query is not UNSET,
                permission=permission,
                subject=run_id,
                run_id=run_id if of_run else None,
            )
        )
        if len(answer.body) > BIG_BODY:
            return await asyncio.to_thread(_read, answer, operation, read)
        return _read(answer, operation, read)


def _read(answer: Answer, operation: str, read: Callable[[dict[str, Any]], T]) -> T:
    try:
        return read(tame(answer.object()))
    except UnreadableError as reason:
        raise AnswerError(
            f"The answer to “{operation}” is JSON, but not what was asked for.",
            why=str(reason),
            fix="Check the profile's platform, base_url and endpoints against this service.",
            status=answer.status,
            correlation_id=answer.correlation_id,
            call_id=answer.call_id,
        ) from None


def no_analytics(name: str) -> UnsupportedError:
    """The error of a platform that tells no figures of actions."""
    return UnsupportedError(
        f"The platform {name} has no analytics of actions.",
        why="The profile's platform does not count what actions do.",
        fix="Figures come from captured exchanges there; name capture logs with captures.",
    )
