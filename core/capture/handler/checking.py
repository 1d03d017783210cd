"""The input and the output of a handler, held against its schema."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from ...diagnosis import JsonSchema
from ...diagnosis.wording import FINDINGS, Findings, few, step, type_name
from .errors import HandlerFaultError, InvalidInputError
from .schema import ActionSchema

_MISSING = ", found nothing"


class Checker:
    """Checks what one action takes and gives. No sentence tells a value."""

    def __init__(self, schema: ActionSchema) -> None:
        self._schema = schema
        self._input = JsonSchema(schema.input, name="input", discreet=True)
        self._output = JsonSchema(schema.output, name="output", discreet=True)

    def taken(self, call: Any) -> Any:
        """The handler's argument from an inbound call: its `variables`, as the schema's model
        where it has one. Raises InvalidInputError."""
        if not isinstance(call, dict):
            raise _invalid((("$", f"expected object, found {type_name(call)}"),))
        variables = call.get("variables")
        if variables is None:
            variables = {}
        if faults := self._input.fit(variables, "$.variables").findings:
            raise _invalid(faults)
        model = self._schema.input_model
        if model is None:
            return variables
        try:
            return model.model_validate(variables)
        except ValidationError as error:
            raise _invalid(_told(error, "$.variables")) from None

    def given(self, value: Any) -> Any:
        """What a handler returned, as JSON. Raises HandlerFaultError if the schema is not met."""
        try:
            data = to_jsonable_python(value, by_alias=True, inf_nan_mode="null")
        except PydanticSerializationError as error:
            raise HandlerFaultError(
                "The handler returned what JSON cannot hold.", why=f"{error}."
            ) from None
        if faults := self._output.fit(data, "$.data").findings:
            told = "; ".join(f"{path} {sentence}" for path, sentence in faults)
            raise HandlerFaultError("The handler's output does not fit its schema.", why=told)
        return data


def parsed(model: type[BaseModel], value: Any) -> tuple[Any, Findings]:
    """`value` as a `model`, or why it is none, by JSON path."""
    try:
        return model.model_validate(value), ()
    except ValidationError as error:
        return None, _told(error, "$")


class _Faults(NamedTuple):
    missing: tuple[str, ...]
    wrong: dict[str, str]


def _sorted(findings: Findings) -> _Faults:
    missing = tuple(path for path, told in findings if told.endswith(_MISSING))
    return _Faults(missing, {path: told for path, told in findings if path not in missing})


def _invalid(findings: Findings) -> InvalidInputError:
    found = _sorted(findings)
    parts = [f"{path} is missing" for path in found.missing]
    parts += [f"{path} {told}" for path, told in found.wrong.items()]
    return InvalidInputError(
        f"The input is not what this action takes: {'; '.join(parts)}.",
        missing=found.missing,
        wrong=found.wrong,
    )


def _told(error: ValidationError, root: str) -> Findings:
    """What pydantic found beyond the JSON Schema; its own messages may quote the value."""
    told: list[tuple[str, str]] = []
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        path = root
        for key in each["loc"]:
            path = step(path, key)
        lacks = each["type"] == "missing"
        told.append((path, f"expected a value{_MISSING}" if lacks else f"is no {each['type']}"))
    return few(told[:FINDINGS], len(told))
