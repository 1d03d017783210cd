"""What goes wrong between client and platform. Depends on seed and request counts alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from random import Random

from .chance import chance

MOST_TARGETS = 4096  # what is remembered about targets stays bounded, whatever is asked for
MOST_IN_A_ROW = 2  # with one refused token before them, a client of five attempts comes through
TOKEN_EVERY = 3


class Fault(StrEnum):
    """One way for an answer to go wrong."""

    THROTTLED_SECONDS = "429 with seconds"
    THROTTLED_DATE = "429 with a date"
    SERVER_ERROR = "500"
    BAD_GATEWAY_PAGE = "502 with a page"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    DROPPED = "dropped"
    CUT = "cut in the body"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Climate:
    """How often (`share` of the requests) and how answers go wrong.

    The first `spared` requests of each target go through, so that a screen fills at once.
    Token requests know `token_faults` only: a token is no idempotent thing to ask for.
    """

    share: float = 0.0
    faults: tuple[Fault, ...] = ()
    token_share: float = 0.0
    token_faults: tuple[Fault, ...] = ()
    spared: int = 0
    slow_s: tuple[float, float] = (0.3, 1.5)


CALM = Climate()
BUSY = Climate(
    share=0.025,
    faults=(Fault.THROTTLED_SECONDS, Fault.SLOW, Fault.UNAVAILABLE, Fault.THROTTLED_DATE),
    spared=3,
)
STORM = Climate(
    share=0.6,
    faults=tuple(Fault),
    token_share=0.5,
    token_faults=(Fault.THROTTLED_SECONDS, Fault.SLOW, Fault.THROTTLED_DATE),
    slow_s=(1.0, 2.5),
)


class Weather:
    """Draws a fault, or none, for each request in turn.

    Every third request to a target goes through, so no call fails more than twice in a row.
    Faults are dealt from a deck, so that every kind comes: the first time in the climate's own
    order, which lets even a short visit see its first kinds, and shuffled from then on.
    """

    def __init__(self, climate: Climate, seed: int) -> None:
        self._climate = climate
        self._seed = seed
        self._seen: Counter[str] = Counter()
        self._dealt: Counter[str] = Counter()

    def next(self, target: str) -> Fault | None:
        """What befalls the next request to the path `target`."""
        climate = self._climate
        count = self._count(target)
        if count < climate.spared or count % (MOST_IN_A_ROW + 1) == MOST_IN_A_ROW:
            return None
        return self._draw("call", climate.share, climate.faults, target, count)

    def next_token(self, target: str) -> Fault | None:
        """What befalls the next request for a token at `target`: never two faults in a row."""
        climate = self._climate
        count = self._count(target)
        if count % TOKEN_EVERY:
            return None
        return self._draw("token", climate.token_share, climate.token_faults, target, count)

    def slow_s(self, number: int) -> float:
        """How long the slow answer to request `number` takes, in seconds."""
        return chance(self._seed, "slow", number).uniform(*self._climate.slow_s)

    def _count(self, target: str) -> int:
        if target not in self._seen and len(self._seen) >= MOST_TARGETS:
            del self._seen[next(iter(self._seen))]
        count = self._seen[target]
        self._seen[target] += 1
        return count

    def _draw(
        self, deck: str, share: float, faults: tuple[Fault, ...], target: str, count: int
    ) -> Fault | None:
        if not faults or chance(self._seed, deck, target, count).random() >= share:
            return None
        turn, place = divmod(self._dealt[deck], len(faults))
        self._dealt[deck] += 1
        if turn == 0:
            return faults[place]
        return chance(self._seed, deck, turn).sample(faults, len(faults))[place]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A whole answer in place of the platform's own."""

    status: int
    body: bytes
    content_type: str = "application/json"
    retry_after: str | None = None


_PAGE = b"""<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>
"""


def refusal(fault: Fault, rng: Random, now: datetime) -> Refusal | None:
    """The answer that `fault` gives, or `None` where it gives none of its own.

    Waits are in real seconds: a `Retry-After` means what it says at any speed.
    """
    match fault:
        case Fault.THROTTLED_SECONDS:
            return _throttled(rng.choice(["0", "0.5", "1", "2"]))
        case Fault.THROTTLED_DATE:
            return _throttled(http_date(now + timedelta(seconds=rng.choice([1, 2, 3]))))
        case Fault.SERVER_ERROR:
            return Refusal(500, b'{"message":"Internal error","code":"internal","status":500}')
        case Fault.BAD_GATEWAY_PAGE:
            return Refusal(502, _PAGE, "text/html; charset=utf-8")
        case Fault.UNAVAILABLE:
            return Refusal(503, b"upstream connect error", "text/plain", rng.choice([None, "1"]))
        case Fault.GATEWAY_TIMEOUT:
            return Refusal(504, b"", "text/plain")
        case _:
            return None


def _throttled(retry_after: str) -> Refusal:
    body = b'{"message":"Rate limit exceeded","code":"too.many.requests","status":429}'
    return Refusal(429, body, retry_after=retry_after)


def http_date(moment: datetime) -> str:
    """`moment` as HTTP writes it; parts of a second are cut off."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
