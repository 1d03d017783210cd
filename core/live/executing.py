"""Running an action: its input checked, its answer diagnosed and kept as an exchange."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ..capture.cleaner import Cleaner
from ..capture.files import LogFile
from ..capture.record import decode_line, encode
from ..capture.sighting import MAX_BODY, Sighting
from ..config import Settings
from ..diagnosis import EXECUTE, ProfileToken, TokenReading, diagnose, token_of
from ..diagnosis.expecting import Expectation, Shape
from ..errors import CaptureError, CxtopError, StoreError
from ..http import Answer
from ..models import Diagnosis, Exchange, Outcome
from ..models.exchanges import RequestIdSource
from ..redact import MASK, Redactor
from .inputs import checked
from .knownschemas import KnownSchema, KnownSchemas
from .lastinputs import LastInputs

SERVICE = "cxtop"
PERMISSION = "data:action:execute"
LOG_NAME = "executed.jsonl"
LOG_PATTERN = "executed*.jsonl"
MAX_LOG_BYTES = 64 * 1024 * 1024
KEPT_LOGS = 4

Expected = Callable[[datetime], Shape]
"""Makes the model that an answer is held against, as it is at a time (aware)."""


class Runner(Protocol):
    """What runs actions: a `Dialect`, or the `Link` to one."""

    async def execute(self, action_id: str, payload: Any) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Execution:
    """What became of running an action once.

    `token` is the state of the token that it brought, `None` when it is about no token. The
    `exchange` is as it is kept, without secrets; `diagnosis` and `answer` are of what really
    came. `trouble` says what could not be kept.
    """

    action_id: str
    answer: Answer = field(repr=False)
    diagnosis: Diagnosis
    token: TokenReading | None
    exchange: Exchange = field(repr=False)
    trouble: tuple[CxtopError, ...] = ()


class Executor:
    """Runs actions through `runner`.

    The exchange is appended to a log in `captures`, a folder, the way that captured ones are.
    Schemas that are known check the input and, where nothing else is expected, the answer.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        captures: Path,
        inputs: LastInputs,
        schemas: KnownSchemas,
        redactor: Redactor,
    ) -> None:
        self.inputs = inputs
        self.schemas = schemas
        self._runner = runner
        self._log = captures / LOG_NAME
        self._cleaner = Cleaner(redactor)
        self._redactor = redactor

    async def run(
        self,
        action_id: str,
        text: str,
        *,
        expected: Expected | None = None,
        check: bool = True,
    ) -> Execution:
        """Run an action with the JSON object in `text`, and say what its answer is.

        With `check` the input is held against the action's schema, where one is known. Raises
        InputError for an input that cannot be sent, ConfigError for a schema that is none,
        UnsupportedError, and the typed errors of a call that got no answer or no token.
        """
        known = await asyncio.to_thread(self.schemas.of, action_id)
        payload = checked(text, "The input", known.input if known and check else None)
        answer = await self._runner.execute(action_id, payload)
        now = datetime.now(UTC)
        diagnosis, token = _read(answer, expected, known, now)
        line = self._line(action_id, payload, answer, diagnosis)
        trouble = await asyncio.to_thread(self._keep, action_id, payload, line)
        return Execution(action_id, answer, diagnosis, token, decode_line(line), trouble)

    def shown(self, diagnosis: Diagnosis) -> Any:
        """The result without its secrets, to be shown; see `shown`."""
        return shown(diagnosis, self._redactor)

    def _line(
        self, action_id: str, payload: dict[str, Any], answer: Answer, diagnosis: Diagnosis
    ) -> bytes:
        at = answer.asked_at or datetime.now(UTC)
        sighting = Sighting(at.timestamp(), "POST", answer.url, _pairs(answer.asked), MAX_BODY)
        sighting.request.add(json.dumps(payload, separators=(",", ":")).encode("ascii"))
        sighting.request_id = answer.request_id
        sighting.request_id_source = RequestIdSource.HEADER
        sighting.route = "execute"
        sighting.status = answer.status
        sighting.response_headers = _pairs(answer.headers, without=("content-encoding",))
        # No name betrays a bare token as a secret: its place does.
        bare = diagnosis.outcome is Outcome.RAW_TOKEN
        sighting.response.add(_without_result(answer.body) if bare else answer.body)
        sighting.response.size += answer.truncated  # more came than was read, how much is unknown
        sighting.duration_ms = answer.duration_ms
        sighting.outcome = diagnosis.outcome
        line = sighting.line(SERVICE, self._cleaner)
        line.action = self._cleaner.word(action_id)
        return encode(line)

    def _keep(self, action_id: str, payload: dict[str, Any], line: bytes) -> tuple[CxtopError, ...]:
        trouble: list[CxtopError] = []
        # Open only while it is written, so that the next cxtop writes the same file.
        file = LogFile(self._log, SERVICE, max_bytes=MAX_LOG_BYTES, keep=KEPT_LOGS)
        try:
            file.write(deque([line]))
        except OSError as error:
            trouble.append(
                CaptureError(
                    "The exchange could not be kept.",
                    why=f"{error.strerror or error}: {self._log}.",
                )
            )
        finally:
            file.close()
        try:
            self.inputs.add(action_id, payload)
        except StoreError as error:
            trouble.append(error)
        return tuple(trouble)


def shown(diagnosis: Diagnosis, redactor: Redactor) -> Any:
    """The result of an answer without its secrets; one that is a bare token is one itself."""
    return MASK if diagnosis.outcome is Outcome.RAW_TOKEN else redactor.json(diagnosis.result)


def _without_result(body: bytes) -> bytes:
    return json.dumps({**json.loads(body), "result": MASK}).encode()


def executor_for(settings: Settings, runner: Runner, redactor: Redactor) -> Executor:
    """The executor that keeps its things where `settings` say."""
    paths, profile = settings.paths, settings.profile
    store = paths.store_file(profile.name if profile else "")
    return Executor(
        runner,
        captures=paths.captures_dir,
        inputs=LastInputs(store.with_suffix(".inputs.json"), redactor),
        schemas=KnownSchemas(paths.schemas_dir),
        redactor=redactor,
    )


def sources_of(settings: Settings) -> tuple[str, ...]:
    """The capture logs to follow, with the log of what was run here among them."""
    own = settings.paths.captures_dir
    if str(own) in settings.captures:
        return settings.captures
    return (*settings.captures, str(own / LOG_PATTERN))


def _read(
    answer: Answer, expected: Expected | None, known: KnownSchema | None, now: datetime
) -> tuple[Diagnosis, TokenReading | None]:
    shape = expected(now) if expected else known.output if known else None
    expectation: Expectation = EXECUTE if shape is None else EXECUTE.bringing(shape)
    diagnosis = diagnose(
        answer.status, answer.headers, answer.body, expects=expectation, truncated=answer.truncated
    )
    if diagnosis.outcome is Outcome.FORBIDDEN:
        hint = f"Running an action needs the permission {PERMISSION}. {diagnosis.hint}"
        diagnosis = diagnosis.model_copy(update={"hint": hint})
    token = token_of(diagnosis, now)
    about_token = isinstance(shape, ProfileToken) or (shape is None and _bears_token(diagnosis))
    return diagnosis, token if about_token else None


def _bears_token(diagnosis: Diagnosis) -> bool:
    """Whether an answer of which nothing is expected is about a token: it brings one, or is the
    answer of an action that has none to bring (contract §4, `null_result`)."""
    if diagnosis.outcome in (Outcome.NULL_RESULT, Outcome.RAW_TOKEN):
        return True
    return isinstance(diagnosis.result, dict) and {"token", "expiresAt"} <= diagnosis.result.keys()


def _pairs(headers: Any, without: tuple[str, ...] = ()) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in headers.items()
        if name not in without
    ]
