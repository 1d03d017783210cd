"""A service that somebody brings along: served beside the simulated one, and called by a flow.

It is named as `MODULE:APP` or `FILE.py:APP`: an ASGI application, or a function that makes one
and is given the folder for capture logs. Called are the data actions among its routes, with the
examples of their input schemas.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import itertools
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .chance import chance
from .driving import driven
from .executions import Execution
from .flows import Flow, StepPlan, action_id
from .listening import listening
from .payloads import Json
from .records import uuid
from .simulation import Simulation

if TYPE_CHECKING:
    from .calling import Calling

GAP_S = 2.5
MOST_PACE = 10.0
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Route:
    """A data action of the service: where it is, and inputs to call it with."""

    path: str
    name: str
    inputs: tuple[Json, ...]

    @property
    def flow(self) -> Flow:
        """The flow that calls it."""
        return Flow(f"Back office: {self.name}", 1, (StepPlan("Start"), StepPlan(self.name)))


@asynccontextmanager
async def guest(simulation: Simulation, name: str, folder: Path) -> AsyncIterator[str]:
    """Serves the service `name` as long as the block lasts, and has it called; gives its URL.

    Its captures belong into `folder`. Raises `ConfigError` for a name that leads to no service,
    and for one that has no data action to call.
    """
    app = load_service(name, folder)
    routes = routes_of(app)
    if not routes:
        raise ConfigError(
            f"{name} has no data action that can be called.",
            why="No route is a data action whose input schema has examples.",
            fix="Give the input model examples, as JSON Schema has them.",
        )
    with _quiet_ending():
        async with (
            listening(app, lifespan="on") as url,
            driven(_drive(simulation, url, routes), "guest"),
        ):
            yield url


@contextmanager
def _quiet_ending() -> Iterator[None]:
    """Handlers that wait for their upstream when the service ends are cancelled, which is meant."""
    logger = logging.getLogger("uvicorn.error")

    def is_news(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))

    logger.addFilter(is_news)
    try:
        yield
    finally:
        logger.removeFilter(is_news)


def load_service(name: str, folder: Path) -> Any:
    """The application that `name` leads to. Raises `ConfigError` where there is none."""
    place, _, attribute = name.rpartition(":")
    if not place or not attribute:
        raise ConfigError(f"{name!r} names no service.", fix="Write MODULE:APP or FILE.py:APP.")
    try:
        found = getattr(_module(place), attribute, None)
        if inspect.isfunction(found):
            found = found(folder)
    except Exception as error:
        raise ConfigError(
            f"The service {name} cannot be loaded.", why=f"{type(error).__name__}: {error}."
        ) from error
    if not callable(found):
        raise ConfigError(f"{place} has no application {attribute}.")
    return found


def routes_of(app: Any) -> tuple[Route, ...]:
    """The data actions among the routes of `app` whose input schemas have examples."""
    found: list[Route] = []
    for route in getattr(app, "routes", ()):
        schema = getattr(getattr(route, "endpoint", None), "schema", None)
        examples = schema.input.get("examples") if schema is not None else None
        inputs = tuple(each for each in examples or () if isinstance(each, Mapping))
        if schema is not None and inputs:
            found.append(Route(route.path, schema.name, tuple(map(dict, inputs))))
    return tuple(found)


def _module(place: str) -> ModuleType:
    if not place.endswith(".py"):
        _look_in(Path.cwd())
        return importlib.import_module(place)
    file = Path(place).absolute()
    _look_in(file.parent)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Models of pydantic look their module up by its name.
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def _look_in(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


async def _drive(simulation: Simulation, url: str, routes: tuple[Route, ...]) -> None:
    # Loaded beside what goes on already, for it takes as long as all the rest.
    calling = await asyncio.to_thread(importlib.import_module, ".calling", __package__)
    credential = uuid(chance(simulation.seed, "guest"))
    pace = min(max(simulation.speed, 0.1), MOST_PACE)
    async with (
        calling.Calling(url, credential=credential, timeout_s=TIMEOUT_S) as caller,
        asyncio.TaskGroup() as calls,
    ):
        for number in itertools.count():
            rng = chance(simulation.seed, "guest", number)
            calls.create_task(_call(simulation, caller, url, rng.choice(routes), rng))
            await asyncio.sleep(rng.uniform(0.5, 1.5) * GAP_S / pace)


async def _call(
    simulation: Simulation, caller: Calling, url: str, route: Route, rng: Random
) -> None:
    execution = Execution(uuid(rng), route.flow, uuid(rng), f"{rng.getrandbits(128) | 1:032x}")
    simulation.executions.add(execution)
    execution.begin("Start").end("COMPLETED")
    step = execution.begin(route.name)
    step.request_id, step.url = uuid(rng), f"{url}{route.path}"
    action = action_id(route.name)
    inbound = {
        "flowExecutionId": execution.execution_id,
        "conversationId": execution.conversation_id,
        "variables": rng.choice(route.inputs),
        "metadata": {"actionId": action, "flowId": route.flow.flow_id},
    }
    step.sent = json.dumps(inbound).encode()
    headers = {
        "x-request-id": step.request_id,
        "traceparent": f"00-{execution.trace_id}-{rng.getrandbits(64) | 1:016x}-01",
    }
    began = time.perf_counter()
    reply = await caller.post(route.path, step.sent, headers)
    step.status, step.answered = reply.status, reply.body
    code = reply.trouble.code if reply.trouble else _code(reply.body)
    simulation.executed(action, code, 1000 * (time.perf_counter() - began))
    word = "FAILED" if code else "COMPLETED"
    step.end(word, f"{route.name} answered {code}" if code else "")
    execution.end(word)


def _code(body: bytes) -> str | None:
    """The error code of a handler's answer, `None` for a good one (contract §6)."""
    try:
        answer = json.loads(body)
        return None if answer["success"] else str(answer["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return "DESERIALIZATION_FAILURE"
