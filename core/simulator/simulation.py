"""The state of one simulated platform, and how routers reach it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Depends, Path, Request

from ..errors import ConfigError
from .accepted import Submissions
from .answers import RefusedError
from .executions import Executions
from .incidents import Incident, blamed
from .ledger import Done, Ledger
from .limits import Limits
from .questions import Questions
from .records import failed_records
from .scenarios import Scenario
from .tokens import Tokens
from .weather import Weather
from .world import Moment, Plan, moment

FORBIDDEN_RUN = "forbidden-run"
PAGE_RUN = "html-run"
MOST_REQUESTS = 2000


@dataclass(slots=True)
class Seen:
    """A request as it came: `raw_path` is still percent-encoded. `status` 0: no whole answer."""

    number: int
    method: str
    raw_path: str
    query: str
    request_id: str
    status: int = 0
    fault: str = ""


@dataclass(eq=False)
class Simulation:
    """One simulated platform. Simulated time runs `speed` times as fast as `clock`."""

    scenario: Scenario
    seed: int
    speed: float
    tokens: Tokens = field(repr=False)
    limits: Limits
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.weather = Weather(self.scenario.climate, self.seed)
        self.plans = {plan.run_id: plan for plan in self.scenario.plans}
        self.requests: deque[Seen] = deque(maxlen=MOST_REQUESTS)
        self.executions = Executions()
        self.submissions = Submissions()
        self.deployed: dict[str, dict[str, Any]] = {}
        self.ledger = Ledger()
        self.questions = Questions()
        self.closing = asyncio.Event()
        self._incidents: dict[tuple[str, int], Incident] = {}
        self._blamed: Counter[str] = Counter()
        self._asked = 0
        self._began = self.clock()
        self._began_at = datetime.now(UTC)

    @property
    def elapsed(self) -> float:
        """Simulated seconds since the simulation began."""
        return (self.clock() - self._began) * self.speed

    def plan(self, run_id: str) -> Plan:
        """The plan of a run.

        Raises `RefusedError` for a run that this client may not see, or that there is not.
        """
        if run_id == FORBIDDEN_RUN:
            raise RefusedError(
                403,
                "missing.permissions",
                "You do not have the permission data:actions:read.",
                entity_id=run_id,
            )
        if run_id not in self.plans:
            raise RefusedError(
                404, "not.found", f"Data action {run_id!r} not found.", entity_id=run_id
            )
        return self.plans[run_id]

    def moment(self, plan: Plan, at_s: float | None = None) -> Moment:
        """Where the run stands now, or stood at a simulated second."""
        return moment(plan, self.seed, self.elapsed if at_s is None else at_s)

    def executed(self, action_id: str, code: str | None, took_ms: float) -> None:
        """Takes down that an action was executed; `code` is why it failed, `None` if it did not."""
        self.ledger.add(action_id, Done(self.elapsed, code, took_ms))

    def failed(self, plan: Plan, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """The failed records of a run from index `start` up to `stop`, one at a time."""
        for index, entity in enumerate(failed_records(plan, self.seed, start, stop), start):
            incident = self._incidents.get((plan.run_id, index))
            yield entity if incident is None else blamed(entity, incident)

    def blame(self, incident: Incident) -> None:
        """Makes a call that failed the cause of the next record that fails in a linked run.

        The next one, because nobody has seen it yet: what a record says never changes.
        """
        linked = [plan for plan in self.scenario.plans if plan.linked]
        # In turns, so that every linked run shows some.
        for plan in sorted(linked, key=lambda plan: self._blamed[plan.run_id]):
            now = self.moment(plan)
            place = plan.run_id, now.errors
            if now.processed and now.errors < plan.errors and place not in self._incidents:
                self._incidents[place] = incident
                self._blamed[plan.run_id] += 1
                return

    def at(self, simulated_s: float) -> datetime:
        """The real time of a simulated second."""
        return self._began_at + timedelta(seconds=simulated_s / self.speed)

    def note(self, scope: dict[str, Any], raw_path: str) -> Seen:
        """Remembers a request; the oldest are forgotten."""
        headers = dict(scope["headers"])
        seen = Seen(
            number=self._asked,
            method=scope["method"],
            raw_path=raw_path,
            query=scope["query_string"].decode("latin-1"),
            request_id=headers.get(b"x-request-id", b"").decode("latin-1"),
        )
        self._asked += 1
        self.requests.append(seen)
        return seen


def checked_speed(speed: float) -> float:
    """`speed` if simulated time can run that fast.

    Raises `ConfigError` when it cannot.
    """
    if 0 < speed <= 10_000:
        return speed
    raise ConfigError(
        f"The speed {speed:g} is not possible.", fix="Give a number above 0 and up to 10000."
    )


def _simulation(request: Request) -> Simulation:
    return request.app.state.simulation


def _run_id(action_id: Annotated[str, Path()]) -> str:
    # The router sees the path as it was sent, so that an encoded slash stays within its segment.
    return unquote(action_id)


Here = Annotated[Simulation, Depends(_simulation)]
"""The simulation that a route belongs to."""

RunId = Annotated[str, Depends(_run_id)]
"""The run that the path names, decoded."""
