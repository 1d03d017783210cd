"""The redactor that the settings ask for."""

from __future__ import annotations

from ..redact import Redactor
from .choosing import Settings


def redactor_of(settings: Settings) -> Redactor:
    """What takes secrets out: those that the settings name, and the profile's own."""
    own = ()
    if (profile := settings.profile) is not None:
        own = (
            profile.client_secret,
            profile.access_token,
            profile.slack_webhook_url,
            profile.dead_letter_webhook,
            *profile.notify.webhooks,
        )
    return Redactor(
        settings.redact.names,
        settings.redact.patterns,
        hint=settings.redact.hint,
        values=[secret.get_secret_value() for secret in own if secret is not None],
    )
