"""Any JSON Schema as what an answer has to fit (contract §4, schema drift)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .expecting import Fit
from .wording import FINDINGS, Findings, few, line, step, type_name

if TYPE_CHECKING:
    from jsonschema import ValidationError

_MOST = 1000
_WHOLE = frozenset(
    {
        "required",
        "additionalProperties",
        "unevaluatedProperties",
        "dependentRequired",
        "dependencies",
        "minProperties",
        "maxProperties",
        "propertyNames",
        "minItems",
        "maxItems",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
        "unevaluatedItems",
        "additionalItems",
    }
)
"""Keywords that blame an object or array for what it lacks or has too much, not for being one."""

_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} fields",
    "maxProperties": "at most {} fields",
}


class JsonSchema:
    """A JSON Schema of any draft; `name` is what sentences call it.

    It is applied as it stands: nothing that it refers to is fetched. With `discreet` no finding
    tells a number that was found. Raises ConfigError when it is no valid schema.
    """

    text_is_token = False

    def __init__(
        self, schema: Mapping[str, Any] | bool, *, name: str = "", discreet: bool = False
    ) -> None:
        # Imported here because it takes as long as all the rest, and few answers need it.
        from jsonschema import Draft202012Validator, SchemaError
        from jsonschema.validators import validator_for
        from jsonschema_specifications import REGISTRY

        validator: Any = validator_for(schema, default=Draft202012Validator)
        try:
            validator.check_schema(schema)
        except SchemaError as error:
            raise ConfigError(
                "This is no valid JSON Schema.",
                why=f"At {error.json_path}, {error.validator} is broken.",
                fix="Correct the schema.",
            ) from error
        except RecursionError:
            raise ConfigError(
                "The JSON Schema is nested too deeply.", fix="Make it flatter."
            ) from None
        title = schema.get("title") if isinstance(schema, Mapping) else None
        self.name = name or (title if isinstance(title, str) else "schema")
        self._validator = validator(schema, registry=REGISTRY)
        self._discreet = discreet

    def fit(self, value: Any, path: str) -> Fit:
        """Holds `value` against the schema.

        Raises ConfigError for a schema that refers to what is not in it.
        """
        from referencing.exceptions import Unresolvable

        try:
            errors = list(islice(self._validator.iter_errors(value), _MOST + 1))
        except Unresolvable as error:
            raise ConfigError(
                f"The JSON Schema refers to {line(str(error.ref))!r}, which is not in it.",
                fix="Put what it refers to under $defs.",
            ) from error
        except RecursionError:
            told = "could not be checked: the schema refers to itself too many times"
            return Fit(findings=((path, told),))
        if not errors:
            return Fit(partial=value)
        # Each field that lacks is an error of its own, and each of them tells of all.
        told = (found for error in errors for found in _told(error, path, self._discreet))
        findings = dict.fromkeys(told)
        partial = None if len(errors) > _MOST else _without(value, errors)
        return Fit(few(sorted(findings)), partial)


def schema_faults(schema: Any, path: str) -> Findings:
    """What is wrong with `schema` itself, which stands at `path` and is to be a JSON Schema.

    Each fault by its JSON path: of keywords, of patterns, and references to what is not in it.
    """
    from jsonschema import Draft202012Validator, FormatChecker
    from jsonschema.validators import validator_for
    from jsonschema_specifications import REGISTRY

    if not isinstance(schema, Mapping | bool):
        return ((path, f"expected a JSON Schema, found {type_name(schema)}"),)
    validator: Any = validator_for(schema, default=Draft202012Validator)
    rules = validator(
        validator.META_SCHEMA, registry=REGISTRY, format_checker=FormatChecker(["regex"])
    )
    try:
        errors = list(islice(rules.iter_errors(schema), _MOST))
        lost = list(_lost(schema, path)) if isinstance(schema, Mapping) else []
    except RecursionError:
        return ((path, "is nested too deeply"),)
    findings = dict.fromkeys(found for error in errors for found in _told(error, path))
    return few(sorted([*findings, *lost]))


def _lost(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    """References that lead nowhere."""
    from jsonschema_specifications import REGISTRY
    from referencing import Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = Resource.from_contents(schema, default_specification=DRAFT202012)
    resolver = REGISTRY.resolver_with_root(resource)
    for where, reference in _references(schema, path):
        try:
            resolver.lookup(reference)
        except (Unresolvable, ValueError):
            yield where, f"refers to {line(reference)}, which is not in it"


def _references(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            # What stands under these is data, not schema.
            if key in ("const", "enum", "default", "examples", "example"):
                continue
            if key == "$ref" and isinstance(item, str):
                yield step(path, key), item
            yield from _references(item, step(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _references(item, step(path, index))


def _told(error: ValidationError, root: str, discreet: bool = False) -> Iterator[tuple[str, str]]:
    """What one error says, by path; names a type or size, never the value."""
    path = root
    for key in error.absolute_path:
        path = step(path, key)
    rule: Any = error.validator_value
    value: Any = error.instance
    found = type_name(value)
    match error.validator:
        case "type":
            yield path, f"expected {_types(rule)}, found {found}"
        case "required" if isinstance(rule, list) and isinstance(value, dict):
            for name in rule:
                if name not in value:
                    yield step(path, name), f"expected {_wanted(error.schema, name)}, found nothing"
        case "additionalProperties" if isinstance(value, dict):
            for name in islice(_extras(error), FINDINGS):
                yield step(path, name), f"expected nothing, found {type_name(value[name])}"
        case "enum":
            choices = ", ".join(line(str(each), 20) for each in list(rule)[:8])
            yield path, f"expected one of {choices}, found another {found}"
        case "const":
            yield path, f"expected {line(str(rule), 40)}, found another {found}"
        case "pattern":
            yield path, f"expected a string like {line(str(rule), 40)}, found another"
        case "format":
            yield path, f"expected a {line(str(rule), 20)}, found another {found}"
        case "anyOf" | "oneOf" | "allOf":
            closest = _closest(error, root, discreet)
            yield path, f"expected one of {len(rule)} shapes, found {found}{closest}"
        case keyword if limit := _LIMITS.get(str(keyword)):
            wanted = limit.format(line(str(rule), 20))
            is_number = not isinstance(value, str | list | dict)
            told = f"another {found}" if discreet and is_number else _size(value)
            yield path, f"expected {wanted}, found {told}"
        case keyword:
            yield path, f"does not fit the schema's {keyword}, found {found}"


def _wanted(schema: Any, name: str) -> str:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    wanted = properties.get(name) if isinstance(properties, Mapping) else None
    return _types(wanted.get("type", "a value")) if isinstance(wanted, Mapping) else "a value"


def _types(rule: Any) -> str:
    return " or ".join(map(str, rule)) if isinstance(rule, list) else str(rule)


def _extras(error: ValidationError) -> Iterator[str]:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    instance: Any = error.instance
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name in instance:
        if name not in known and not any(re.search(pattern, name) for pattern in patterns):
            yield name


def _closest(error: ValidationError, root: str, discreet: bool) -> str:
    """What stands in the way of the alternative that comes closest."""
    if not error.context:
        return ""
    nearest = max(error.context, key=lambda each: len(each.absolute_path))
    where, told = next(_told(nearest, root, discreet), ("", ""))
    return f" (closest: {where} {told})" if told else ""


def _size(value: Any) -> str:
    if isinstance(value, str | list | dict):
        return f"{len(value):,}"
    return line(str(value), 20)


def _without(value: Any, errors: list[ValidationError]) -> Any:
    """A copy of `value` without what does not fit; `None` when nothing does."""
    doomed: dict[int, set[str | int]] = {}
    for error in errors:
        where: list[Any] = list(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            doomed.setdefault(id(error.instance), set()).update(_extras(error))
        elif error.validator in _WHOLE:
            continue
        elif not where:
            return None
        else:
            parent = value
            for key in where[:-1]:
                parent = parent[key]
            doomed.setdefault(id(parent), set()).add(where[-1])
    return _kept(value, doomed)


def _kept(value: Any, doomed: dict[int, set[str | int]]) -> Any:
    gone = doomed.get(id(value), set())
    if isinstance(value, dict):
        return {key: _kept(item, doomed) for key, item in value.items() if key not in gone}
    if isinstance(value, list):
        return [_kept(item, doomed) for index, item in enumerate(value) if index not in gone]
    return value
