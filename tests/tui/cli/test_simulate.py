"""cxtop simulate: one line that says it all, and an end when asked."""

from __future__ import annotations

import json
import signal

import pytest

from .support import Cli


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_announces_itself_and_ends_when_asked(alone: Cli, number: signal.Signals) -> None:
    with alone.start("simulate", "--scenario", "calm", "--seed", "7") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["url"].startswith("http://127.0.0.1:")
        assert (told["scenario"], told["seed"]) == ("calm", 7)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == ""
    assert "Ctrl+C ends it" in err
    assert told["client_secret"] not in err


def test_a_port_that_is_taken(alone: Cli, calm: dict[str, str]) -> None:
    port = calm["url"].rpartition(":")[2]
    done = alone("simulate", "--port", port)
    assert done.code == 2
    assert f"cannot listen on port {port}" in done.err
