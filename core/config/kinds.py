"""The kinds of values that settings have, checked as they come in."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

KIB = 1024
MIB = KIB * 1024
GIB = MIB * 1024

_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3}
_UNITS |= {"kib": KIB, "mib": MIB, "gib": GIB}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)


def no_bool(value: Any) -> Any:
    """`value`, which pydantic would otherwise let pass as a number."""
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


def bytes_in(value: Any) -> Any:
    """The number of bytes that a size such as `"10 MiB"` means; numbers pass as they are."""
    if not isinstance(value, str):
        return no_bool(value)
    match = _SIZE.fullmatch(value.strip())
    unit = _UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise ValueError("not a size")
    return int(float(match[1]) * unit)


def _one_line(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not text:
        raise ValueError("it is empty")
    if any(not char.isprintable() for char in text):
        raise ValueError("it holds a line break or a control character")
    return SecretStr(text)


def _rooted(path: str) -> str:
    if not re.fullmatch(r"/(?!/)[^\s?#\\]*", path) or not path.isprintable():
        raise ValueError("a path begins with one / and holds no ?, #, backslash or white space")
    return path


UrlPath = Annotated[str, AfterValidator(_rooted)]
Seconds = Annotated[float, BeforeValidator(no_bool), Field(gt=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(no_bool), Field(ge=1)]
Size = Annotated[int, BeforeValidator(bytes_in), Field(ge=1)]
Secret = Annotated[SecretStr, AfterValidator(_one_line)]


class Section(BaseModel):
    """Frozen; an unknown key is an error; no input in error texts, as it may be a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
