"""The dialects: paths and wire shapes in, models out. A new one is a file and a line here."""

from __future__ import annotations

from ..config import Profile
from ..errors import ConfigError
from .acting import Deployed, Submitted
from .analytics import Analytics, AnalyticsRow
from .cxone import CXone
from .dialect import Dialect, Platform, RecordPage, Sender, StatusReading, no_analytics
from .genesys import Genesys

__all__ = [
    "DIALECTS",
    "Analytics",
    "AnalyticsRow",
    "Deployed",
    "Dialect",
    "Platform",
    "RecordPage",
    "StatusReading",
    "Submitted",
    "no_analytics",
    "platform_for",
]

DIALECTS: dict[str, type[Dialect]] = {"genesys": Genesys, "cxone": CXone}
"""Every dialect by the name that a profile's `platform` gives it."""


def platform_for(profile: Profile, caller: Sender) -> Dialect:
    """The profile's dialect, calling through `caller` (an `http.Caller`).

    Raises ConfigError for a platform or endpoint that nobody knows, or a path that cannot be.
    """
    dialect = DIALECTS.get(profile.platform)
    if dialect is None:
        raise ConfigError(
            f"There is no platform {profile.platform!r}.",
            fix=f"Set platform to one of: {', '.join(DIALECTS)}.",
        )
    known = {name for each in DIALECTS.values() for name in each.endpoints}
    if unknown := sorted(profile.endpoints.keys() - known):
        raise ConfigError(
            f"The profile sets endpoints that do not exist: {', '.join(unknown)}.",
            fix=f"The endpoints are: {', '.join(sorted(known))}.",
        )
    return dialect(profile, caller)
