"""Headers that belong to one connection only, and must not be passed on (RFC 9110, 7.6.1)."""

from __future__ import annotations

from collections.abc import Iterable

Pairs = Iterable[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)


def end_to_end(headers: Pairs, *besides: bytes) -> list[tuple[str, str]]:
    """The headers to pass on: not those of the connection, not those that it names, and not
    `besides` (in lower case)."""
    pairs = [(name.lower(), name, value) for name, value in headers]
    dropped = _HOP_BY_HOP.union(besides)
    for lower, _, value in pairs:
        if lower == b"connection":
            dropped = dropped.union(word.strip().lower() for word in value.split(b","))
    # What an HTTP message must have is not the connection's, whatever it says.
    dropped = dropped.difference((b"content-length", b"content-type")) | set(besides)
    return [
        (name.decode("latin-1"), _text(value))
        for lower, name, value in pairs
        if lower not in dropped
    ]


def upgrade_asked(headers: Pairs) -> bool:
    """Whether the caller asks for another protocol than HTTP.

    `h2c` does not count: clients offer it with every request, and it may be ignored.
    """
    wanted = [value for name, value in headers if name.lower() == b"upgrade"]
    words = {word.strip().lower() for value in wanted for word in value.split(b",")}
    return bool(words - {b"h2c", b""})


def _text(value: bytes) -> str:
    """A value as it can be written again: UTF-8 stays as it is, else every byte is a character."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
