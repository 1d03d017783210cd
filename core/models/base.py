"""What every model shares."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Frozen, so that what was seen cannot be changed by whoever shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
