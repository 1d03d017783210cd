"""Profiles and settings, from flags, environment, `.env` and `config.toml`; and all paths.

Telling and checking them is in `describing`, which the app does not need at its start.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .choosing import ADHOC_NAME, Choice, Flags, Settings, choose
from .configfile import RedactSettings
from .layers import Origin, Source
from .paths import Paths, find_paths
from .regions import REGIONS, api_base, login_base, token_url

if TYPE_CHECKING:
    from .health import HealthSettings
    from .loading import complete, load
    from .notices import NotifySettings
    from .profile import PollSettings, Profile, Retention, RetrySettings, Timeouts
    from .recovery import RecoverySettings, RollbackCheck
    from .secrets import Credentials, resolve_secrets, save_secret
    from .writing import save_profile

__all__ = [
    "ADHOC_NAME",
    "REGIONS",
    "Choice",
    "Credentials",
    "Flags",
    "HealthSettings",
    "NotifySettings",
    "Origin",
    "Paths",
    "PollSettings",
    "Profile",
    "RecoverySettings",
    "RedactSettings",
    "Retention",
    "RetrySettings",
    "RollbackCheck",
    "Settings",
    "Source",
    "Timeouts",
    "api_base",
    "choose",
    "complete",
    "find_paths",
    "load",
    "login_base",
    "resolve_secrets",
    "save_profile",
    "save_secret",
    "token_url",
]

_CHECKED = {
    "Credentials": "secrets",
    "HealthSettings": "health",
    "NotifySettings": "notices",
    "PollSettings": "profile",
    "Profile": "profile",
    "RecoverySettings": "recovery",
    "Retention": "profile",
    "RetrySettings": "profile",
    "RollbackCheck": "recovery",
    "Timeouts": "profile",
    "complete": "loading",
    "load": "loading",
    "resolve_secrets": "secrets",
    "save_profile": "writing",
    "save_secret": "secrets",
}


def __getattr__(name: str) -> Any:
    """What needs pydantic comes when it is asked for: loading that takes longer than all else that
    the first frame of the app needs."""
    if name not in _CHECKED:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f".{_CHECKED[name]}", __name__), name)
