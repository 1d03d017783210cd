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
    """A path, mostly with the hole `{run_id}`."""

    template: str

    @classmethod
    def parse(cls, name: str, template: str, *, of: str = "{run_id}") -> Endpoint:
        """Checks a template such as `/api/v2/data-actions/{run_id}/status`.

        It must have the holes of the template `of` that it stands for. Raises ConfigError when
        one is missing, or when there is one that nobody fills.
        """
        holes = set(_HOLE.findall(of))
        if not holes and _HOLE.search(template):
            raise ConfigError(
                f"The endpoint {name} in the profile has a name in braces: {template!r}.",
                fix="Write the path alone: nothing is filled in there.",
            )
        if set(_HOLE.findall(template)) != holes:
            raise ConfigError(
                f"The endpoint {name} in the profile does not say where the id goes: {template!r}.",
                fix="Write {run_id} in the path, and no other name in braces.",
            )
        return cls(template)

    @property
    def path(self) -> str:
        """The path of a call that is about no run."""
        return self.template

    def fill(self, run_id: str) -> str:
        """The path for one run; its id stays one percent-encoded segment whatever is in it."""
        return self.template.replace("{run_id}", segment(run_id))


def endpoints(own: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, Endpoint]:
    """The endpoints of a dialect by name; `overrides` of calls it does not know are left out.

    Raises ConfigError for an override that cannot be used.
    """
    return {
        name: Endpoint.parse(name, overrides.get(name, template), of=template)
        for name, template in own.items()
    }
