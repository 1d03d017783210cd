"""Where a server listens, and who may come in: loopback by default, a token anywhere else."""

from __future__ import annotations

import hmac
import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

from ..errors import ConfigError


class Listen(NamedTuple):
    """An address to listen on."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def listen(address: str) -> Listen:
    """`HOST:PORT`, `[IPV6]:PORT`, or a port, which means loopback. Raises `ConfigError`."""
    text = f"127.0.0.1:{address}" if address.isdigit() else address
    try:
        parts = urlsplit(f"//{text}")
        host, port, whole = parts.hostname, parts.port, parts.netloc == text
    except ValueError:
        host, port, whole = None, None, False
    if not host or port is None or not whole or "@" in text:
        raise ConfigError(
            f"{address!r} is no address to listen on.",
            fix="Write a host and a port, such as 127.0.0.1:8080 or [::1]:8080.",
        )
    return Listen(host, port)


def guarded(address: Listen, token: str | None) -> None:
    """Raises `ConfigError` if others could reach `address` without a token."""
    if not address.loopback and not token:
        raise ConfigError(
            f"Listening on {address.host} lets other machines in.",
            why="That needs a bearer token, and none is set.",
            fix="Set a token, or listen on 127.0.0.1.",
        )


def upstream(url: str) -> str:
    """The one service that is forwarded to, as scheme, host and path without a slash at its end.

    Raises `ConfigError` for what is no HTTP address, and for one that bears a password or a query.
    """
    fault = ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        fault = "It must begin with http:// or https:// and name a host."
    elif "@" in parts.netloc:
        fault = "It bears a user or a password, which would show in the list of processes."
    elif parts.query or parts.fragment or "?" in url or "#" in url:
        fault = "It must not bear a query or a fragment."
    elif not url.isascii() or not url.isprintable() or " " in url:
        fault = "It holds characters that must be percent-encoded."
    if fault:
        shown = url.rpartition("@")[2].partition("?")[0]
        raise ConfigError(
            f"{shown!r} is no upstream.", why=fault, fix="For example: http://127.0.0.1:9000"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def bears(headers: list[str], token: str) -> bool:
    """Whether one of these `Authorization` values is `Bearer` and `token`; in constant time."""
    expected = token.encode()
    found = False
    for value in headers:
        scheme, _, given = value.partition(" ")
        same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), expected)
        found = found or (same and scheme.lower() == "bearer")
    return found
