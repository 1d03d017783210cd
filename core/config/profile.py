"""One profile: a platform, how to reach it, and how to treat it (contract §0 to §2)."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from .health import HealthSettings
from .kinds import GIB, MIB, Count, Seconds, Secret, Section, Size, UrlPath, no_bool
from .notices import NotifySettings
from .recovery import RecoverySettings, checked_webhook
from .regions import api_of_region, checked_url, host_of, is_loopback, normal_region


class Timeouts(Section):
    """How long a call may take, in seconds."""

    connect_s: Seconds = 5.0
    read_s: Seconds = 15.0
    execute_s: Seconds = 30.0


class RetrySettings(Section):
    """When a call is tried again: waits in seconds, `attempts` counts the first one too."""

    base_s: Seconds = 1.0
    cap_s: Seconds = 30.0
    attempts: Annotated[Count, Field(le=100)] = 5
    max_retry_after_s: Seconds = 180.0


_Days = Annotated[float, BeforeValidator(no_bool), Field(gt=0, le=36_500, allow_inf_nan=False)]


class PollSettings(Section):
    """How runs are polled.

    `budget_share` is the share (0 to 1) of the rate budget that polling may plan with;
    `stalled_after` counts polls without movement; `page_size` counts failed records.
    """

    interval_s: Seconds = 10.0
    min_interval_s: Seconds = 1.0
    budget_share: Annotated[float, BeforeValidator(no_bool), Field(gt=0, le=1)] = 0.6
    stalled_after: Count = 6
    page_size: Annotated[Count, Field(le=1000)] = 100

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.interval_s < self.min_interval_s:
            raise ValueError("interval_s must not be below min_interval_s")
        return self


class Retention(Section):
    """What the store keeps: age in days, size in bytes.

    `audit_days` is the age of entries of the audit log, which stay at least as long as the rest.
    """

    max_age_days: _Days = 30.0
    max_bytes: Size = GIB
    audit_days: _Days = 365.0

    @property
    def max_age(self) -> timedelta:
        """How old anything but the audit log may become."""
        return timedelta(days=self.max_age_days)

    @property
    def max_audit_age(self) -> timedelta:
        """How old an entry of the audit log may become."""
        return timedelta(days=max(self.audit_days, self.max_age_days))


class Profile(Section):
    """A platform, how to reach it, and how to treat it.

    `base_url` is the root of the API and follows from `region` when left out. The secret is in
    `client_secret`, or comes from `secret_command` (an argument list) or, with `keyring`, from
    the operating system's keyring: `resolve_secrets` gets it. `endpoints` overrides paths by
    the operation's name. `max_body` is in bytes. `runs` are the ids to watch.
    `dead_letter_webhook` gets what nothing recovered (contract §5).
    `captures` are capture logs as they were written; `Settings.captures` has their full paths.
    """

    name: str = "default"
    platform: Literal["genesys", "cxone"] = "genesys"
    base_url: str = ""
    region: str | None = None
    login_url: str | None = None
    token_path: UrlPath | None = None
    token_auth: Literal["basic", "form"] = "basic"  # noqa: S105 - a way, not a password
    client_id: str | None = None
    client_secret: Secret | None = None
    access_token: Secret | None = None
    secret_command: tuple[str, ...] | None = None
    secret_command_timeout_s: Seconds = 15.0
    keyring: bool = False
    allow_http: bool = False
    endpoints: dict[str, UrlPath] = {}
    timeouts: Timeouts = Timeouts()
    max_body: Size = 10 * MIB
    retry: RetrySettings = RetrySettings()
    poll: PollSettings = PollSettings()
    retention: Retention = Retention()
    recovery: RecoverySettings = RecoverySettings()
    notify: NotifySettings = NotifySettings()
    health: HealthSettings = HealthSettings()
    runs: tuple[str, ...] = ()
    captures: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    slack_webhook_url: Secret | None = None
    dead_letter_webhook: Secret | None = None

    @model_validator(mode="before")
    @classmethod
    def _base_from_region(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("region"), str):
            return values
        region = values["region"].strip()
        if "://" in region:
            base = values.get("base_url") or region
            return {**values, "region": None, "base_url": base}
        if values.get("base_url") or not _is_region(region):
            return values
        return {**values, "base_url": api_of_region(region)}

    @field_validator("region")
    @classmethod
    def _known_region(cls, value: str | None) -> str | None:
        return None if value is None else normal_region(value)

    @field_validator("base_url", "login_url")
    @classmethod
    def _clean_url(cls, value: str | None) -> str | None:
        return checked_url(value) if value else value

    @field_validator("secret_command", mode="before")
    @classmethod
    def _argument_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = shlex.split(value)
        if value is not None and len(value) == 0:
            raise ValueError("the command is empty")
        return value

    @field_validator("client_id")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not (value := value.strip()).isprintable():
            raise ValueError("it holds a line break or a control character")
        return value or None

    @field_validator("slack_webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            checked_url(value.get_secret_value())
        return value

    @field_validator("dead_letter_webhook")
    @classmethod
    def _letter_box(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else checked_webhook(value)

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.base_url:
            raise ValueError("nothing says at which host to find it")
        if self.region and self.platform != "genesys":
            raise ValueError(f"region is for genesys only; {self.platform} needs base_url")
        for key in ("base_url", "login_url"):
            url = getattr(self, key)
            if url and url.startswith("http://") and not self.allow_http and not is_loopback(url):
                raise ValueError(
                    f"{key} is http:// to {host_of(url)}, which would send secrets in the clear"
                )
        if self.slack_webhook_url is not None:
            webhook = self.slack_webhook_url.get_secret_value()
            if not webhook.startswith("https://") and not is_loopback(webhook):
                raise ValueError("slack_webhook_url must be https://")
        return self


def _is_region(text: str) -> bool:
    try:
        normal_region(text)
    except ValueError:
        return False
    return True
