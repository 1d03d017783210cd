"""Flows of the simulated platform at work: they really call a service, which is captured."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from ..capture import CaptureLog
from ..errors import ConfigError
from .chance import chance
from .driving import driven
from .executions import Execution, Step
from .flows import CALLS_A_FLOW, FLOWS, Call, Flow, StepPlan, action_id
from .incidents import Incident
from .listening import listening
from .payloads import Json, customer_id
from .records import uuid
from .service import NAME, create_service
from .simulation import Simulation
from .verdict import Complaint, complaint

if TYPE_CHECKING:
    from .calling import Calling

CALLS_A_SECOND = 3.0
MOST_PACE = 10.0
TIMEOUT_S = 3.0
LEAST_TIMEOUT_S = 1.0  # below it a busy machine alone would make calls fail
OPENING = 12  # so many flows begin at once, so that there is something to see
CUSTOMERS = 40
MOST_AT_ONCE = 50
PROBE_EVERY = 15
HEADER_SHARE = 0.82
BODY_SHARE = 0.95
INCOMPLETE_SHARE = 0.02
STEP_S = (0.03, 0.35)


@asynccontextmanager
async def traffic(simulation: Simulation, folder: Path) -> AsyncIterator[str]:
    """Lets flows call a service as long as the block lasts; gives the service's URL.

    The service's capture log is in `folder`. There are about three calls a second, `speed` times
    as many where simulated time runs faster, up to ten times. Raises `ConfigError` when the
    folder cannot be had.
    """
    pace = min(max(simulation.speed, 0.1), MOST_PACE)
    with _quiet(), CaptureLog(_made(folder), NAME) as log:
        service = create_service(
            log,
            seed=simulation.seed,
            pace=pace,
            outage=simulation.scenario.outage,
            elapsed=lambda: simulation.elapsed,
        )
        async with (
            listening(service) as url,
            driven(_drive(simulation, url, pace), "traffic"),
        ):
            yield url


async def _drive(simulation: Simulation, url: str, pace: float) -> None:
    # Loaded beside what goes on already, for it takes as long as all the rest.
    calling = await asyncio.to_thread(importlib.import_module, ".calling", __package__)
    credential = uuid(chance(simulation.seed, "credential"))
    timeout_s = max(TIMEOUT_S / pace, LEAST_TIMEOUT_S)
    async with calling.Calling(url, credential=credential, timeout_s=timeout_s) as caller:
        await _Traffic(simulation, caller, url, pace).run()


class _Traffic:
    def __init__(self, simulation: Simulation, caller: Calling, url: str, pace: float) -> None:
        self._here = simulation
        self._caller = caller
        self._url = url
        self._pace = pace
        self._going = 0

    async def run(self) -> None:
        """Begins one flow after another, until it is cancelled."""
        number = 0
        async with asyncio.TaskGroup() as flows:
            while True:
                if self._going < MOST_AT_ONCE:
                    flows.create_task(self._flow(number))
                rng = chance(self._here.seed, "gap", number)
                usual = CALLS_A_FLOW / CALLS_A_SECOND
                gap = min(rng.expovariate(1 / usual), 4 * usual) if number >= OPENING else 0.1
                await asyncio.sleep(gap / self._pace)
                number += 1

    async def _flow(self, number: int) -> None:
        self._going += 1
        try:
            if number % PROBE_EVERY == PROBE_EVERY - 1:
                await self._caller.get("/healthz")
                return
            await self._execute(chance(self._here.seed, "execution", number))
        finally:
            self._going -= 1

    async def _execute(self, rng: Random) -> None:
        flow = rng.choices(FLOWS, [flow.weight for flow in FLOWS])[0]
        customer = customer_id(self._here.seed, rng.randrange(CUSTOMERS))
        execution = Execution(uuid(rng), flow, uuid(rng), f"{rng.getrandbits(128) | 1:032x}")
        self._here.executions.add(execution)
        for place, plan in enumerate(flow.steps):
            step = execution.begin(plan.name)
            if plan.call is None:
                await self._think(rng)
            elif not await self._call(execution, step, plan.call, customer, rng):
                await self._fail(execution, flow.steps[place + 1 :], rng)
                return
            step.end("COMPLETED")
        execution.end("COMPLETED")

    async def _think(self, rng: Random) -> None:
        await asyncio.sleep(rng.uniform(*STEP_S) / self._pace)

    async def _fail(self, execution: Execution, left: tuple[StepPlan, ...], rng: Random) -> None:
        execution.steps += [Step(plan.name, "SKIPPED") for plan in left]
        if not execution.flow.rescue:
            execution.end("FAILED")
            return
        step = execution.begin(execution.flow.rescue)
        await self._think(rng)
        step.end("COMPLETED")
        execution.end("COMPLETED")

    async def _call(
        self, execution: Execution, step: Step, call: Call, customer: str, rng: Random
    ) -> bool:
        """Calls the service; whether the flow can go on with what it answers."""
        body = self._inbound(execution, call, customer, rng)
        headers = {"traceparent": f"00-{execution.trace_id}-{rng.getrandbits(64) | 1:016x}-01"}
        named = rng.random()
        if named < HEADER_SHARE:
            headers["x-request-id"] = step.request_id = uuid(rng)
        elif named >= BODY_SHARE:
            del body["flowExecutionId"]
        step.url = f"{self._url}{call.route.path}"
        step.sent = json.dumps(body, ensure_ascii=False).encode()
        began = time.perf_counter()
        reply = await self._caller.post(call.route.path, step.sent, headers)
        took_ms = 1000 * (time.perf_counter() - began)
        step.status, step.answered = reply.status, reply.body
        step.request_id = reply.request_id or step.request_id
        trouble = reply.trouble or complaint(call.route, reply.status, reply.body)
        self._here.executed(action_id(call.action), trouble and trouble.code, took_ms)
        if trouble is None:
            return True
        step.end("FAILED", trouble.message)
        self._blame(execution, step, call, trouble)
        return False

    def _inbound(self, execution: Execution, call: Call, customer: str, rng: Random) -> Json:
        variables = call.variables(self._here.seed, customer, rng)
        if rng.random() < INCOMPLETE_SHARE:
            variables[call.route.needs[0]] = ""  # the flow left it empty
        return {
            "flowExecutionId": execution.execution_id,
            "conversationId": execution.conversation_id,
            "variables": variables,
            "metadata": {
                "actionId": action_id(call.action),
                "actionName": call.action,
                **_named(execution.flow),
            },
        }

    def _blame(self, execution: Execution, step: Step, call: Call, trouble: Complaint) -> None:
        message = f"{call.action}: {trouble.message}"
        incident = Incident(trouble.code, message, execution.execution_id, step.request_id)
        self._here.blame(incident)


def _named(flow: Flow) -> Json:
    return {"flowId": flow.flow_id, "flowName": flow.name, "flowVersion": "12.0"}


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The folder {folder} for captured exchanges cannot be made.",
            why=f"The system says: {error.strerror}.",
            fix="Choose another folder.",
        ) from error
    return folder


@contextmanager
def _quiet() -> Iterator[None]:
    """The service's exceptions are meant and captured; only what else is said is worth a line."""
    logger = logging.getLogger("cxtop.capture")

    def is_news(record: logging.LogRecord) -> bool:
        return record.exc_info is None

    logger.addFilter(is_news)
    try:
        yield
    finally:
        logger.removeFilter(is_news)
