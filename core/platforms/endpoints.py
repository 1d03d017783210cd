"""Where the calls of a dialect go: its own paths, or those that the profile sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import ConfigError
from ..http.request import segment

_HOLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path with the hole `{run_id}`."""

    template: str

    @classmethod
    def parse(cls, name: str, template: str) -> Endpoint:
        """Checks a template such as `/api/v2/data-actions/{run_id}/status`.

        Raises ConfigError when the hole is missing, or when there is one that nobody fills.
        """
        if set(_HOLE.findall(template)) != {"run_id"}:
            raise ConfigError(
                f"The endpoint {name} in the profile does not say where the id goes: {template!r}.",
                fix="Write {run_id} in the path, and no other name in braces.",
            )
        return cls(template)

    def fill(self, run_id: str) -> str:
        """The path for one run; its id stays one percent-encoded segment whatever is in it."""
        return self.template.replace("{run_id}", segment(run_id))


def endpoints(own: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, Endpoint]:
    """The endpoints of a dialect by name; `overrides` of calls it does not know are left out.

    Raises ConfigError for an override that cannot be used.
    """
    return {
        name: Endpoint.parse(name, overrides.get(name, template)) for name, template in own.items()
    }
