"""What every model shares."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Frozen, so that what was seen cannot be changed by whoever shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def of_known(cls, values: dict[str, Any]) -> Self:
        """The model of `values`, which are all its fields, in order, and right: nothing is checked
        and nothing is copied. For what a decoder has checked already, thousands at a time."""
        made = cls.__new__(cls)
        place = object.__setattr__
        place(made, "__dict__", values)
        place(made, "__pydantic_fields_set__", set(values))
        place(made, "__pydantic_extra__", None)
        place(made, "__pydantic_private__", None)
        return made
