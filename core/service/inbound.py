"""The inbound call of a data action (contract §6), checked before anybody works with it."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class InboundCall(BaseModel):
    """What a flow sends. Further fields are kept and handed on."""

    model_config = ConfigDict(extra="allow", strict=True)

    flowExecutionId: Annotated[str, Field(min_length=1)]  # noqa: N815 - the wire's own names
    conversationId: str | None = None  # noqa: N815
    variables: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


class InvalidCallError(Exception):
    """This is no inbound call. `status` is the HTTP status that says so; `missing` and `wrong`
    are fields that are not there, and those that are of the wrong type with what is wrong."""

    def __init__(
        self,
        message: str,
        status: int = 422,
        *,
        missing: tuple[str, ...] = (),
        wrong: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.missing = missing
        self.wrong = wrong or {}


def read_call(body: bytes) -> dict[str, Any]:
    """The inbound call in `body`, with its optional objects filled in.

    Raises `InvalidCallError`, which names every field that is really missing or wrong.
    """
    if not body.strip():
        raise InvalidCallError("The body is empty. Send a JSON object.", 400)
    try:
        given = json.loads(body)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidCallError(f"The body is not JSON: {error.msg} at {place}.", 400) from None
    except (ValueError, RecursionError) as error:
        raise InvalidCallError(
            f"The body cannot be read as JSON ({type(error).__name__}).", 400
        ) from None
    if not isinstance(given, dict):
        raise InvalidCallError(f"The body is JSON, but no object: {_NAMES[type(given)]}.")
    try:
        call = InboundCall.model_validate(given)
    except ValidationError as error:
        raise _invalid(error) from None
    return call.model_dump()


_NAMES = {
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def _invalid(error: ValidationError) -> InvalidCallError:
    missing: list[str] = []
    wrong: dict[str, str] = {}
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(map(str, each["loc"]))
        if each["type"] == "missing":
            missing.append(name)
        else:
            wrong[name] = each["msg"]
    parts = [f"{name} is missing" for name in missing]
    parts += [f"{name}: {said}" for name, said in wrong.items()]
    message = f"This is no call of a data action: {'; '.join(parts)}."
    return InvalidCallError(message, missing=tuple(missing), wrong=wrong)
