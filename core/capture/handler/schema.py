"""What a data action takes, gives, and which error codes it declares (contract §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from ...diagnosis.jsonfiles import read_json
from ...diagnosis.schemas import schema_faults
from ...diagnosis.wording import Findings, type_name
from ...errors import ConfigError
from .mapping import STANDARD_CODES

LONGEST_CODE = 200
"""Longer codes are cut off where exchanges are listed."""

_FIELDS = ("name", "description", "input", "output", "errorCodes")


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An error that an action may answer with: its code, and what it means."""

    code: str
    message: str


@dataclass(frozen=True)
class ActionSchema:
    """An action schema: `input` and `output` are JSON Schemas.

    Where they were made from pydantic models, a handler gets its input as `input_model`. Raises
    ConfigError for a schema that has faults, and names the first of them.
    """

    name: str
    description: str
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    error_codes: tuple[ErrorCode, ...] = ()
    input_model: type[BaseModel] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _need_faultless(self.as_json(), f"The action schema {self.name!r}")

    @classmethod
    def of(
        cls,
        name: str,
        description: str,
        *,
        input: type[BaseModel],
        output: type[BaseModel],
        errors: Mapping[str, str] | None = None,
    ) -> Self:
        """The schema of pydantic models, with `errors` (code to meaning) beside the codes that
        the kit itself answers with."""
        codes = {**STANDARD_CODES, **(errors or {})}
        try:
            taken = input.model_json_schema(mode="validation")
            given = output.model_json_schema(mode="serialization")
        except PydanticInvalidForJsonSchema as error:
            raise ConfigError(
                f"The models of {name!r} have no JSON Schema.",
                why=f"{error.message}.",
                fix="Use types that JSON can hold.",
            ) from error
        return cls(
            name,
            description,
            taken,
            given,
            tuple(ErrorCode(code, message) for code, message in codes.items()),
            input,
        )

    @classmethod
    def load(cls, file: str | Path) -> Self:
        """The schema in a JSON file. Raises ConfigError, which names the file and the fault."""
        value = read_json(Path(file), "action schema")
        _need_faultless(value, str(file))
        codes = tuple(
            ErrorCode(each["code"], each["message"]) for each in value.get("errorCodes", ())
        )
        return cls(value["name"], value["description"], value["input"], value["output"], codes)

    @property
    def codes(self) -> dict[str, str]:
        """What each declared code means."""
        return {each.code: each.message for each in self.error_codes}

    def as_json(self) -> dict[str, Any]:
        """As it goes over the wire: `{name, description, input, output, errorCodes}`."""
        return {
            "name": self.name,
            "description": self.description,
            "input": dict(self.input),
            "output": dict(self.output),
            "errorCodes": [
                {"code": each.code, "message": each.message} for each in self.error_codes
            ],
        }


def faults_of_schema(value: Any) -> Findings:
    """Everything that is wrong with `value` as an action schema, by JSON path; empty if nothing."""
    if not isinstance(value, Mapping):
        return (("$", f"expected an action schema, found {type_name(value)}"),)
    faults = [fault for name in ("name", "description") for fault in _text(value, name)]
    for name in ("input", "output"):
        faults += _schema(value, name)
    faults += _codes(value)
    faults += _misspelt(value)
    return tuple(faults)


def _need_faultless(value: Any, what: str) -> None:
    for path, told in (faults := faults_of_schema(value))[:1]:
        more = f" It has {len(faults)} faults in all." if len(faults) > 1 else ""
        raise ConfigError(
            f"{what} is no action schema that can be used.",
            why=f"{path} {told}.{more}",
            fix="cxtop schema check FILE names every fault.",
        )


def _text(value: Mapping[str, Any], name: str, path: str = "$") -> Iterable[tuple[str, str]]:
    place = f"{path}.{name}"
    if name not in value:
        yield place, "is missing"
    elif not isinstance(value[name], str):
        yield place, f"expected string, found {type_name(value[name])}"
    elif not value[name].strip():
        yield place, "is empty"


def _schema(value: Mapping[str, Any], name: str) -> Findings:
    place = f"$.{name}"
    if name not in value:
        return ((place, "is missing"),)
    part = value[name]
    if not isinstance(part, Mapping):
        return ((place, f"expected a JSON Schema of an object, found {type_name(part)}"),)
    faults = schema_faults(part, place)
    if name == "input" and not faults and part.get("type", "object") != "object":
        return ((f"{place}.type", "expected object: an action takes named variables"),)
    return faults


def _codes(value: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    codes = value.get("errorCodes", [])
    if not isinstance(codes, list):
        yield "$.errorCodes", f"expected array, found {type_name(codes)}"
        return
    seen: dict[str, int] = {}
    for index, each in enumerate(codes):
        place = f"$.errorCodes[{index}]"
        if not isinstance(each, Mapping):
            yield place, f"expected object, found {type_name(each)}"
            continue
        faults = [*_text(each, "code", place), *_text(each, "message", place)]
        yield from faults
        code = each.get("code")
        if not isinstance(code, str) or not code.strip():
            continue
        if len(code) > LONGEST_CODE:
            yield f"{place}.code", f"is longer than {LONGEST_CODE} characters"
        if code in seen:
            yield f"{place}.code", f"is declared already at $.errorCodes[{seen[code]}]"
        else:
            seen[code] = index


def _misspelt(value: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Fields that nobody reads, as they are almost another's name."""
    meant = {name.lower(): name for name in _FIELDS}
    for key in value:
        name = meant.get(str(key).lower().replace("_", "").replace("-", ""))
        if name is not None and name != key:
            yield f"$.{key}", f"is no field of an action schema: {name} is meant"
