"""What holds for every test."""

import os
import signal
import time

import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_zone() -> None:
    """Times on screen are in the user's zone; here that is always UTC."""
    os.environ["TZ"] = "UTC"
    time.tzset()


@pytest.fixture(autouse=True, scope="session")
def _interrupts_arrive() -> None:
    """A shell's background job ignores SIGINT, and so would every command that a test starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a platform in the environment; it is not for tests."""
    for name in list(os.environ):
        if name.startswith(("CXTOP_", "GENESYS", "CXONE_", "NO_COLOR", "SLACK_", "DATA_ACTION")):
            monkeypatch.delenv(name)
