"""A simulated platform that really listens, and clients of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from cxtop.core.simulator.app import CLIENT_ID, create_app
from cxtop.core.simulator.listening import listening

SECRET = "s3cret-of-the-tests"


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def platform(scenario: str, **rest) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the scenario's platform, without a token yet."""
    app = create_app(scenario, client_secret=SECRET, **rest)
    async with (
        listening(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        yield client


async def sign_in(client: httpx.AsyncClient, path: str = "/oauth/token") -> httpx.Response:
    """Fetches a token by HTTP Basic and sends it from now on."""
    answer = await client.post(
        path, data={"grant_type": "client_credentials"}, auth=(CLIENT_ID, SECRET)
    )
    answer.raise_for_status()
    client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    return answer


@asynccontextmanager
async def signed_in(scenario: str, **rest) -> AsyncIterator[httpx.AsyncClient]:
    """A client that holds a token."""
    async with platform(scenario, **rest) as client:
        await sign_in(client)
        yield client


async def outcome(client: httpx.AsyncClient, url: str) -> str:
    """The status of an answer, or the name of the error in its place."""
    try:
        return str((await client.get(url)).status_code)
    except httpx.TransportError as error:
        return type(error).__name__


async def until(true: Callable[[], bool], *, within_s: float = 10) -> None:
    """Waits until `true()` is."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is waited for lies outside this loop's events
            await asyncio.sleep(0.01)
