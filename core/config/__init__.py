"""Profiles and settings, from flags, environment, `.env` and `config.toml`; and all paths.

Telling and checking them is in `describing`, which the app does not need at its start.
"""

from .configfile import RedactSettings
from .health import HealthSettings
from .layers import Origin, Source
from .loading import ADHOC_NAME, Flags, Settings, load
from .notices import NotifySettings
from .paths import Paths, find_paths
from .profile import PollSettings, Profile, Retention, RetrySettings, Timeouts
from .recovery import RecoverySettings, RollbackCheck
from .regions import REGIONS, api_base, login_base, token_url
from .secrets import Credentials, resolve_secrets, save_secret
from .writing import save_profile

__all__ = [
    "ADHOC_NAME",
    "REGIONS",
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
    "find_paths",
    "load",
    "login_base",
    "resolve_secrets",
    "save_profile",
    "save_secret",
    "token_url",
]
