"""What the doctor reads off an answer: certificate, clock, budget, proxy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from cxtop.tui.cli import checks

NOW = datetime(2025, 4, 12, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead_s", "state", "said"),
    [
        (0, "ok", "agree within 1 s"),
        (20, "ok", "agree within 20 s"),
        (300, "warning", "This clock is 300 s ahead of that of h."),
        (-300, "warning", "This clock is 300 s behind that of h."),
    ],
)
def test_the_clock(ahead_s: int, state: str, said: str) -> None:
    response = httpx.Response(200, headers={"date": format_datetime(NOW, usegmt=True)})
    found = checks.clock("h", response, NOW + timedelta(seconds=ahead_s + 0.5))
    assert found.state == state
    assert said in found.what


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}])
def test_a_host_that_tells_no_time(headers: dict[str, str]) -> None:
    assert checks.clock("h", httpx.Response(200, headers=headers), NOW).state == "skipped"


def test_a_proxy_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert not checks.proxied("https://api.example.com")
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    assert checks.proxied("https://api.example.com")
    monkeypatch.setenv("no_proxy", "example.com")
    assert not checks.proxied("https://api.example.com")
