"""The checks of `cxtop doctor`, in the order in which one rests on the other."""

from __future__ import annotations

import asyncio
import socket
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

import httpx

from ...core.clocks import moment_in
from ...core.config import Profile, Settings, api_base, load, login_base, resolve_secrets
from ...core.config.describing import check
from ...core.errors import (
    ConfigError,
    CxtopError,
    NotFoundError,
    PlatformError,
    StoreError,
)
from ...core.http import Caller
from ...core.http.faults import fault_of
from ...core.platforms import Platform, platform_for
from ...core.store import Store
from . import exits
from .options import Flags, chosen

State = Literal["ok", "warning", "failed", "skipped"]

CLOCK_TOLERANCE_S = 30.0
"""A clock that is further off confuses tokens and times on screen."""

EXPIRES_SOON_DAYS = 14
LOW_BUDGET = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to; `code` is the exit code that a failed one stands for."""

    name: str
    state: State
    what: str
    fix: str = ""
    code: int = exits.OK


Findings = AsyncIterator[Finding]


async def examine(
    flags: Flags, run_id: str | None, show: Callable[[Finding], None]
) -> list[Finding]:
    """Make all checks, and show each as it comes."""
    found: list[Finding] = []
    async for finding in _all(flags, run_id):
        found.append(finding)
        show(finding)
    return found


async def _all(flags: Flags, run_id: str | None) -> Findings:
    try:
        settings = load(flags)
        profile = chosen(settings)
    except ConfigError as error:
        yield failure("configuration", error)
        for name in ("DNS", "TLS", "token", "run status", "run results", "store"):
            yield Finding(name, "skipped", "Not tried, as the configuration is not right.")
        return
    yield _configuration(settings, profile)
    async for finding in _way(profile):
        yield finding
    async for finding in _calls(profile, run_id or str(uuid.uuid4()), known=run_id is not None):
        yield finding
    yield await _store(settings, profile)


def failure(name: str, error: CxtopError) -> Finding:
    """The finding that an error is."""
    what = " ".join(part for part in (error.what, error.why) if part)
    if isinstance(error, PlatformError) and error.correlation_id:
        what += f" Correlation id: {error.correlation_id}."
    return Finding(name, "failed", what, error.fix, exits.code_of(error))


def _configuration(settings: Settings, profile: Profile) -> Finding:
    problems = check(settings)
    if problems:
        return failure("configuration", problems[0])
    where = f'The profile "{profile.name}" ({profile.platform}) speaks to {api_base(profile)}.'
    return Finding("configuration", "ok", where)


async def _way(profile: Profile) -> Findings:
    """DNS, TLS and the clocks, for the API and for the login where that is elsewhere."""
    for url in dict.fromkeys((api_base(profile), login_base(profile))):
        if proxied(url):
            yield Finding("DNS", "skipped", f"The proxy looks up {urlsplit(url).hostname}.")
        else:
            yield await _dns(url)
    for url in dict.fromkeys((api_base(profile), login_base(profile))):
        async for finding in _reach(profile, url):
            yield finding


def proxied(url: str) -> bool:
    """Whether the environment sends calls to `url` through a proxy."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    return parts.scheme in getproxies() and not proxy_bypass(parts.netloc)


async def _dns(url: str) -> Finding:
    host = urlsplit(url).hostname or ""
    try:
        async with asyncio.timeout(10):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, None, type=socket.SOCK_STREAM
            )
    except (socket.gaierror, UnicodeError) as error:
        return Finding(
            "DNS",
            "failed",
            f"The name {host} cannot be resolved: {error}.",
            "Check base_url and region, the network and its DNS.",
            exits.PLATFORM,
        )
    except TimeoutError:
        return Finding(
            "DNS",
            "failed",
            f"No name server answered for {host} within 10 s.",
            "Check the network and its DNS.",
            exits.PLATFORM,
        )
    addresses = sorted({str(one[4][0]) for one in found})
    return Finding("DNS", "ok", f"{host} is {', '.join(addresses[:3])}.")


async def _reach(profile: Profile, url: str) -> Findings:
    timeout = httpx.Timeout(profile.timeouts.read_s, connect=profile.timeouts.connect_s)
    host = urlsplit(url).netloc
    try:
        context = await asyncio.to_thread(httpx.create_ssl_context)
        async with httpx.AsyncClient(verify=context, timeout=timeout) as client:
            asked_at = datetime.now(UTC)
            async with client.stream("GET", url) as response:
                answered_at = datetime.now(UTC)
                yield _tls(host, url, response)
                yield clock(host, response, asked_at + (answered_at - asked_at) / 2)
    except httpx.RequestError as error:
        yield failure("TLS", fault_of(error, host).as_error(""))


def _tls(host: str, url: str, response: httpx.Response) -> Finding:
    if not url.startswith("https://"):
        return Finding("TLS", "skipped", f"{host} is spoken to without TLS (http://).")
    stream = response.extensions.get("network_stream")
    secure = stream.get_extra_info("ssl_object") if stream is not None else None
    if not isinstance(secure, ssl.SSLObject | ssl.SSLSocket):
        return Finding("TLS", "ok", f"{host} is trusted.")
    certificate = secure.getpeercert() or {}
    ends = certificate.get("notAfter")
    if not isinstance(ends, str):
        return Finding("TLS", "ok", f"{host} is trusted ({secure.version()}).")
    days = (ssl.cert_time_to_seconds(ends) - datetime.now(UTC).timestamp()) / 86_400
    what = f"{host} is trusted ({secure.version()}); its certificate ends in {days:.0f} days."
    if days < EXPIRES_SOON_DAYS:
        return Finding("TLS", "warning", what, "Tell whoever runs the platform or the proxy.")
    return Finding("TLS", "ok", what)


def clock(host: str, response: httpx.Response, here: datetime) -> Finding:
    there = moment_in(response.headers.get("date", ""))
    if there is None:
        return Finding("clock", "skipped", f"{host} does not tell its time.")
    # The header has whole seconds, cut off: on average it is half a second behind.
    skew = (here - there).total_seconds() - 0.5
    if abs(skew) <= CLOCK_TOLERANCE_S:
        return Finding(
            "clock", "ok", f"This clock and that of {host} agree within {max(1, abs(skew)):.0f} s."
        )
    side = "ahead of" if skew > 0 else "behind"
    return Finding(
        "clock",
        "warning",
        f"This clock is {abs(skew):.0f} s {side} that of {host}.",
        "Set this machine's clock by a time server (NTP).",
    )


async def _calls(profile: Profile, run_id: str, *, known: bool) -> Findings:
    """The token, one call of each kind, and the budget that is left after them."""
    names = ("run status", "run results", "rate budget")
    try:
        credentials = await resolve_secrets(profile)
        caller = Caller(profile, credentials, record=lambda call: None)
        platform = platform_for(profile, caller)
    except CxtopError as error:
        yield failure("token", error)
        for name in names:
            yield Finding(name, "skipped", "Not tried, as there is no token.")
        return
    async with caller:
        token = await _token(caller)
        yield token
        if token.state == "failed":
            for name in names:
                yield Finding(name, "skipped", "Not tried, as there is no token.")
            return
        for name, call in _kinds(platform, run_id):
            yield await _call(name, call, run_id, known=known)
        yield _budget(caller)


async def _token(caller: Caller) -> Finding:
    try:
        await caller.check_token()
    except CxtopError as error:
        return failure("token", error)
    return Finding("token", "ok", "The platform accepts the credentials.")


def _kinds(platform: Platform, run_id: str) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
    return [
        ("run status", lambda: platform.run_status(run_id)),
        ("run results", lambda: platform.failed_records(run_id, 1, 1)),
    ]


async def _call(
    name: str, call: Callable[[], Awaitable[object]], run_id: str, *, known: bool
) -> Finding:
    try:
        answer = await call()
    except NotFoundError as error:
        if known:
            return failure(name, error)
        return Finding(name, "ok", "Permitted; a random id is unknown to it, as it should be.")
    except CxtopError as error:
        return failure(name, error)
    if answer is None:
        return Finding(name, "ok", "This platform tells failed records with the status.")
    return Finding(name, "ok", f"Permitted; it answered for {run_id}.")


def _budget(caller: Caller) -> Finding:
    budget = caller.budget
    what = f"{budget.remaining} of {budget.allowed} calls are left in this window."
    if budget.remaining >= LOW_BUDGET * budget.allowed:
        return Finding("rate budget", "ok", what)
    fix = "Something else uses this client too: poll less often, or give cxtop its own client."
    return Finding("rate budget", "warning", what, fix)


async def _store(settings: Settings, profile: Profile) -> Finding:
    path = settings.paths.store_file(profile.name)
    notices: list[str] = []
    try:
        async with await Store.open(path, notice=notices.append) as store:
            trouble = await store.check()
    except StoreError as error:
        return failure("store", error)
    if trouble:
        return Finding("store", "failed", trouble, code=exits.STORE)
    if notices:
        return Finding("store", "warning", " ".join(notices))
    return Finding("store", "ok", f"{path} is whole.")
