from __future__ import annotations

import pytest

from cxtop.core.capture.doors import Listen, bears, guarded, listen, upstream
from cxtop.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected", "loopback"),
    [
        ("127.0.0.1:8080", Listen("127.0.0.1", 8080), True),
        ("8080", Listen("127.0.0.1", 8080), True),
        ("localhost:0", Listen("localhost", 0), True),
        ("[::1]:9", Listen("::1", 9), True),
        ("127.9.9.9:1", Listen("127.9.9.9", 1), True),
        ("0.0.0.0:80", Listen("0.0.0.0", 80), False),
        ("[::]:80", Listen("::", 80), False),
        ("example.org:80", Listen("example.org", 80), False),
    ],
)
def test_addresses(text: str, expected: Listen, loopback: bool) -> None:
    assert listen(text) == expected
    assert listen(text).loopback is loopback


@pytest.mark.parametrize(
    "text", ["", "host", ":80", "host:", "host:x", "h:99999", "u@h:1", "h:1/x", "[::1:1", "h:-1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="no address to listen on"):
        listen(text)


def test_an_open_door_needs_a_token() -> None:
    with pytest.raises(ConfigError, match="lets other machines in"):
        guarded(listen("0.0.0.0:80"), None)
    with pytest.raises(ConfigError):
        guarded(listen("0.0.0.0:80"), "")
    guarded(listen("0.0.0.0:80"), "t0ken")
    guarded(listen("127.0.0.1:80"), None)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("https://api.example.org/base/", "https://api.example.org/base"),
        ("http://[::1]:9/", "http://[::1]:9"),
    ],
)
def test_upstreams(url: str, expected: str) -> None:
    assert upstream(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:9000",
        "ftp://h",
        "http://",
        "http://h:x",
        "http://[::1",
        "http://ann:s3cret@h",
        "http://h?x=s3cret",
        "http://h#f",
        "http://h/a b",
        "http://hé",
    ],
)
def test_what_is_no_upstream_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(ConfigError, match="no upstream") as caught:
        upstream(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "comes_in"),
    [
        ([], False),
        (["Bearer t0ken"], True),
        (["bearer  t0ken "], True),
        (["Basic t0ken"], False),
        (["Bearer t0kem"], False),
        (["Bearer "], False),
        (["t0ken"], False),
        (["Bearer x", "Bearer t0ken"], True),
        (["Bearer \udcff"], False),
    ],
)
def test_only_the_token_opens(headers: list[str], comes_in: bool) -> None:
    assert bears(headers, "t0ken") is comes_in
