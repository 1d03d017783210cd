"""What holds for every test."""

import gc
import os
import signal
import time

import pytest


def pytest_collection_finish() -> None:
    """A third of a screen test's time went into looking for garbage among what stays: modules,
    tests, the tree of an app. What is loaded by now is left out, and new things are looked at less
    often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(autouse=True, scope="session")
def _commands_are_compiled_once() -> None:
    """Else each command that a test starts would compile cxtop anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


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
