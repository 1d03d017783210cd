"""Why no answer came, in words (contract §0, "Retried")."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from ..errors import NetworkError, NoAnswerError, UnreachableError
from ..redact import REDACTOR
from ..text import clip

_LONGEST = 300

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class AnswerTooSlow(httpx.ReadTimeout):
    """The answer kept coming, but so slowly that the whole of it was not awaited."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One attempt that got no answer.

    `name` is the exception's class. `unsent`: the platform cannot have seen the request.
    `lasting`: trying again would meet the same.
    """

    name: str
    what: str
    why: str
    fix: str
    unsent: bool
    lasting: bool
    reached: bool

    def as_error(self, call_id: str) -> NetworkError:
        """The typed error for the user."""
        kind = NoAnswerError if self.reached else UnreachableError
        return kind(self.what, why=self.why, fix=self.fix, call_id=call_id)


def fault_of(error: httpx.RequestError, host: str) -> Fault:
    """What `error` means for a call to `host`."""
    what, why, fix, reached = _described(error, host)
    return Fault(
        name=type(error).__name__,
        what=what,
        why=why,
        fix=fix,
        unsent=isinstance(error, _UNSENT),
        lasting=_is_lasting(error),
        reached=reached,
    )


def _described(error: httpx.RequestError, host: str) -> tuple[str, str, str, bool]:
    causes = list(_causes(error))
    secure = _about_tls(causes, host)
    if secure is not None:
        return *secure, False
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return (
            f"The name {host} cannot be resolved.",
            _why(causes),
            "Check base_url and region, the network and its DNS.",
            False,
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return (
            f"{host} refuses the connection.",
            "Nothing listens there, or a firewall answers in its place.",
            "Check base_url with its port, and that the platform is up.",
            False,
        )
    return _about_answers(error, causes, host)


def _about_tls(causes: list[BaseException], host: str) -> tuple[str, str, str] | None:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"The certificate of {host} is not trusted.",
                f"{cause.verify_message or cause}.",
                "If a proxy of your organisation stands between, set SSL_CERT_FILE to its CA file.",
            )
        if isinstance(cause, ssl.SSLError):
            return (
                f"No secure connection to {host} came about.",
                f"{cause.reason or cause}.",
                "Check base_url with its port: it may not speak TLS.",
            )
    return None


def _about_answers(
    error: httpx.RequestError, causes: list[BaseException], host: str
) -> tuple[str, str, str, bool]:
    if isinstance(error, AnswerTooSlow):
        return f"{host} answers too slowly.", str(error), "Try again later.", True
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return (
            f"{host} did not accept a connection in time.",
            "",
            "Check the network, a proxy or VPN; raise timeouts.connect_s if it is far away.",
            False,
        )
    if isinstance(error, httpx.TimeoutException):
        return f"{host} did not answer in time.", "", "Try again; raise timeouts.read_s.", True
    if isinstance(error, httpx.ProxyError | httpx.UnsupportedProtocol):
        return f"The proxy before {host} failed.", _why(causes), "Check HTTPS_PROXY.", False
    if isinstance(error, httpx.LocalProtocolError):
        return (
            f"The request to {host} cannot be sent.",
            _why(causes),
            "Check the headers and the path that were configured.",
            False,
        )
    if isinstance(error, httpx.ConnectError):
        return (
            f"{host} is not reachable.",
            _why(causes),
            "Check the network, base_url, and a proxy or VPN.",
            False,
        )
    if isinstance(error, httpx.DecodingError):
        return f"The answer of {host} cannot be unpacked.", _why(causes), "Try again.", True
    return (
        f"The connection to {host} broke off before the whole answer was there.",
        _why(causes),
        "Try again; if it lasts, check what stands between (proxy, VPN).",
        True,
    )


def _is_lasting(error: httpx.RequestError) -> bool:
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return True
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _why(causes: list[BaseException]) -> str:
    """The innermost reason that says anything."""
    for cause in reversed(causes):
        text = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
        if text:
            return f"{clip(REDACTOR.text(text), _LONGEST).rstrip('.')}."
    return f"{type(causes[0]).__name__}."


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what led to it, outermost first."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        cause = queue.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            queue.extend(cause.exceptions)
        following = cause.__cause__ or cause.__context__
        if following is not None:
            queue.append(following)
