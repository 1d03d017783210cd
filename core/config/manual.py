"""What each setting of a profile means and which values it takes, in words for the user."""

from __future__ import annotations

from dataclasses import dataclass

SECTIONS = ("timeouts", "retry", "poll", "retention", "recovery", "notify", "health", "endpoints")
"""The tables inside a profile."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `meaning` and `allowed` are clauses; `example` is TOML, "" for none."""

    meaning: str
    allowed: str
    example: str = ""
    secret: bool = False


_SECONDS = "a number of seconds above 0, up to 86400"
_TEXT = "text"
_URL = "an https:// URL without user name, query or fragment (http:// to this machine only)"

SETTINGS: dict[str, Setting] = {
    "platform": Setting("which platform it is", "genesys, cxone", '"genesys"'),
    "region": Setting(
        "the region of Genesys Cloud; base_url and login_url follow from it",
        "a region such as us-east-1, eu-central-1, ap-southeast-2, or a domain such as "
        "mypurecloud.com",
        '"us-east-1"',
    ),
    "base_url": Setting(
        "the root of the API, instead of a region", _URL, '"https://api.nicecxone.com"'
    ),
    "login_url": Setting(
        "the root of the service that gives tokens, where it is not the API's",
        _URL,
        '"https://login.mypurecloud.com"',
    ),
    "token_path": Setting(
        "the path of the token call", "a path that begins with /", '"/oauth/token"'
    ),
    "token_auth": Setting("how the client shows itself there", "basic, form", '"basic"'),
    "client_id": Setting("the OAuth client's id", _TEXT, '"00000000-0000-0000-0000-000000000000"'),
    "client_secret": Setting(
        "the OAuth client's secret in clear; only in a file that nobody else can read (0600)",
        "text on one line",
        secret=True,
    ),
    "secret_command": Setting(
        "a command that prints the secret on its first line; run without a shell",
        'text such as "pass show genesys", or a list of arguments',
        '"pass show genesys"',
    ),
    "secret_command_timeout_s": Setting(
        "how long that command, or the keyring, may take", _SECONDS, "15"
    ),
    "keyring": Setting(
        "take the secret from the operating system's keyring (pip install 'cxtop[keyring]')",
        "true, false",
        "true",
    ),
    "access_token": Setting(
        "a token that was obtained elsewhere, instead of a client", "text on one line", secret=True
    ),
    "allow_http": Setting("let secrets go over http:// to other machines", "true, false", "false"),
    "max_body": Setting(
        "how much of an answer is read",
        'a number of bytes, or a size such as "10 MiB"',
        '"10 MiB"',
    ),
    "runs": Setting("the ids of runs to watch from the start", "a list of texts", '["a-run-id"]'),
    "captures": Setting(
        "capture logs to follow: files, folders or patterns; a relative path counts from the "
        "folder of this file",
        "a list of texts",
        '["/var/log/acme/captures", "/srv/*/captures.jsonl"]',
    ),
    "slack_webhook_url": Setting(
        "where alerts go; in clear only in a file that nobody else can read (0600)",
        "an https:// URL",
        secret=True,
    ),
    "dead_letter_webhook": Setting(
        "where failures go that nothing recovered; in clear only in a file that nobody else can "
        "read (0600)",
        "an https:// URL (http:// to this machine only)",
        secret=True,
    ),
    "timeouts.connect_s": Setting("for reaching the host", _SECONDS, "5"),
    "timeouts.read_s": Setting("for each part of an answer", _SECONDS, "15"),
    "timeouts.execute_s": Setting("for the answer of an action", _SECONDS, "30"),
    "retry.base_s": Setting("the first wait is up to this", _SECONDS, "1"),
    "retry.cap_s": Setting("no wait is above this", _SECONDS, "30"),
    "retry.attempts": Setting(
        "how often a call is tried, the first time included", "a whole number from 1 to 100", "5"
    ),
    "retry.max_retry_after_s": Setting(
        "give up when the platform asks for a longer wait", _SECONDS, "180"
    ),
    "poll.interval_s": Setting(
        "between two polls of a run", "a number of seconds from 1 to 86400", "10"
    ),
    "poll.min_interval_s": Setting(
        "the shortest interval that polling goes down to",
        "a number of seconds from 1 to 86400",
        "1",
    ),
    "poll.budget_share": Setting(
        "the share of the rate budget that polling may use", "a number above 0, up to 1", "0.6"
    ),
    "poll.stalled_after": Setting(
        "polls without movement before a run counts as stalled", "a whole number from 1", "6"
    ),
    "poll.page_size": Setting(
        "failed records asked for at a time", "a whole number from 1 to 1000", "100"
    ),
    "retention.max_age_days": Setting(
        "what is older leaves the store", "a number of days above 0", "30"
    ),
    "retention.audit_days": Setting(
        "when entries leave the audit log; never sooner than the rest",
        "a number of days above 0",
        "365",
    ),
    "retention.max_bytes": Setting(
        "how large the store may grow", 'a number of bytes, or a size such as "1 GiB"', '"1 GiB"'
    ),
    "recovery.directives": Setting(
        "what is done about a run that failed with a code; * stands for all that are not named",
        "a table of codes with RETRY, ROLLBACK or DEAD_LETTER",
        '{ TIMEOUT = "RETRY", "*" = "DEAD_LETTER" }',
    ),
    "recovery.rollback_codes": Setting(
        "codes after which the platform rolls back", "a list of texts", '["PARTIAL_WRITE"]'
    ),
    "recovery.max_retries": Setting(
        "how often a run that failed is tried again", "a whole number from 0 to 100", "5"
    ),
    "recovery.base_s": Setting("the wait before the first try", _SECONDS, "2"),
    "recovery.factor": Setting(
        "each further wait is so many times as long", "a number from 1 to 100", "2"
    ),
    "recovery.cap_s": Setting("no wait before a try is above this", _SECONDS, "30"),
    "recovery.rollback_check": Setting(
        "what shows that a run was rolled back: a GET whose answer has the value in the field",
        "a table with url (with {actionId} in it; a path is one of the platform's), field and "
        "value",
        '{ url = "/api/v2/rollbacks/{actionId}", field = "state", value = "DONE" }',
    ),
    "notify.on": Setting(
        "what notice is given of",
        "a list of ended (a run ended otherwise than completed), error_share, dead_letter, "
        "budget (no call is left), health (an action is above its threshold) and recovered",
        '["ended", "error_share", "dead_letter", "budget", "health", "recovered"]',
    ),
    "notify.error_share": Setting(
        "the share of a run's records that may fail before it is told",
        "a number above 0, up to 1",
        "0.1",
    ),
    "notify.bell": Setting("ring the terminal's bell with a notice", "true, false", "true"),
    "notify.title": Setting("show a notice in the terminal's title", "true, false", "true"),
    "notify.webhooks": Setting(
        "where notices go as JSON, beside Slack; in clear only in a file that nobody else can "
        "read (0600)",
        "a list of https:// URLs (http:// to this machine only)",
        secret=True,
    ),
    "health.threshold": Setting(
        "the error rate above which an action is ill", "a number of percent above 0, up to 100", "5"
    ),
    "health.thresholds": Setting(
        "the same for single actions, by their ids",
        "a table of ids with a number of percent each",
        '{ "crm-find-customer" = 2.5 }',
    ),
    "health.actions": Setting(
        "the ids of actions whose health is followed, beside those that are captured",
        "a list of texts",
        '["crm-find-customer"]',
    ),
    "health.interval": Setting(
        "the time up to now that figures are of",
        "an ISO 8601 duration in weeks, days, hours, minutes or seconds",
        '"PT24H"',
    ),
    "health.refresh_s": Setting("between two looks at an action", _SECONDS, "60"),
    "health.for_s": Setting(
        "how long an action must be above its threshold, or below again, before it is told",
        "a number of seconds from 0 to 86400",
        "300",
    ),
    "health.clear_below": Setting(
        "the error rate below which an action that was ill is well again; 80 % of its threshold "
        "when not set",
        "a number of percent above 0, up to 100",
        "4",
    ),
    "health.least": Setting(
        "of fewer executions than this nothing is told", "a whole number from 1", "10"
    ),
}
"""The settings of a profile by dotted name, in the order in which they are shown."""

ENDPOINT = Setting(
    "another path for one call",
    "a path that begins with /",
    '"/api/v2/data-actions/{id}/status"',
)


def setting(name: str) -> Setting:
    """What is known of the setting `name`; any name under `endpoints` is one."""
    return SETTINGS.get(name, ENDPOINT)


def how_to_complete() -> str:
    """What to do when nothing says where the platform is."""
    return (
        "Set CXTOP_REGION or CXTOP_BASE_URL (or --region, --base-url), or region or base_url "
        "in the profile."
    )
