"""What the CRM gateway knows: the same customer has the same answers, whoever asks and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from .chance import chance
from .records import KINDS, uuid

Json = dict[str, Any]
Answer = Callable[[int, Json], Json]

NUMBER = (int, float)
_TIERS = ("basic", "silver", "gold", "platinum")


class Form(Enum):
    """How a route wraps what it answers (contract §1, §6); `TOKEN` is an `EXECUTE` answer whose
    result may also be a bare token."""

    HANDLER = auto()
    EXECUTE = auto()
    TOKEN = auto()
    PLAIN = auto()

    def wrapped(self, payload: Json, answer_id: str) -> Json:
        """A good answer that brings `payload`."""
        if self is Form.HANDLER:
            return {"success": True, "data": payload}
        if self is Form.PLAIN:
            return payload
        told = {"id": answer_id, "status": "COMPLETED", "result": payload}
        return told | {"errors": [], "warnings": []}

    @property
    def field(self) -> str:
        """Where the payload is in an answer; empty where it is the answer."""
        return {Form.HANDLER: "data", Form.PLAIN: ""}.get(self, "result")


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the service: which variables it needs, and what it answers.

    `brings` is what a caller may count on: JSON path within the payload, and type.
    """

    path: str
    form: Form
    needs: tuple[str, ...]
    answer: Answer
    brings: dict[str, type | tuple[type, ...]] = field(default_factory=dict)


def customer_id(seed: int, number: int) -> str:
    """The id of one of the customers who call."""
    return f"CRM-{chance(seed, 'customer', number).randrange(10**7):07d}"


def order_number(seed: int, customer: str) -> str:
    """The number of the customer's latest order."""
    return f"SO-{chance(seed, 'order', customer).randrange(10**6):06d}"


def _lookup(seed: int, variables: Json) -> Json:
    rng = chance(seed, "lookup", variables["customerId"])
    person = KINDS["contact"][1](rng) | {"externalId": variables["customerId"]}
    return {
        "customer": person,
        "tier": rng.choice(_TIERS),
        "openCases": rng.randrange(4),
        "lifetimeValue": round(rng.uniform(20, 9_000), 2),
        "preferredLanguage": rng.choice(["en", "de", "fr", "pt-BR"]),
        "lastContact": {
            "channel": rng.choice(["voice", "chat", "email"]),
            "conversationId": uuid(rng),
            "wrapUp": rng.choice(["resolved", "follow-up", "escalated", None]),
        },
    }


def _order(seed: int, variables: Json) -> Json:
    rng = chance(seed, "status", variables["orderNumber"])
    states = ["received", "paid", "packed", "shipped", "delivered"][: rng.randint(2, 5)]
    day = rng.randint(1, 20)
    return KINDS["order"][1](rng) | {
        "orderNumber": variables["orderNumber"],
        "state": states[-1],
        "carrier": {
            "name": rng.choice(["DHL", "UPS", "La Poste"]),
            "eta": f"2025-11-{day + 8:02d}",
        },
        "history": [
            {"state": state, "at": f"2025-11-{day + place:02d}T10:{rng.randrange(60):02d}:00Z"}
            for place, state in enumerate(states)
        ],
    }


def _points(seed: int, variables: Json) -> Json:
    rng = chance(seed, "points", variables["memberId"])
    points = rng.randrange(100, 20_000)
    return {
        "memberId": variables["memberId"],
        "points": points,
        "tier": _TIERS[min(3, points // 5_000)],
        "expiring": [{"points": points // share, "on": f"2026-0{share}-28"} for share in (5, 9)],
        "vouchers": [f"V-{rng.randrange(10**5):05d}" for _ in range(rng.randint(1, 3))],
    }


def _ticket(seed: int, variables: Json) -> Json:
    rng = chance(seed, "ticket", variables["customerId"], variables["topic"])
    return {
        "ticketId": f"T-{rng.randrange(10**6):06d}",
        "topic": variables["topic"],
        "queue": rng.choice(["billing-en", "support-tier1", "support-tier2"]),
        "priority": rng.randint(1, 5),
        "callback": {"offered": rng.random() < 0.7, "waitMinutes": rng.randint(2, 45)},
        "suggestions": [f"kb-{rng.randrange(10**4):04d}" for _ in range(3)],
    }


def _token(seed: int, variables: Json) -> Json:
    rng = chance(seed, "token", variables["userId"])
    return {
        "token": f"cgy_{rng.getrandbits(128):032x}",
        "expiresAt": 4_102_444_800 + rng.randrange(86_400),
        "userId": variables["userId"],
        "metadata": {"channel": "voice", "locale": rng.choice(["en-US", "de-DE"])},
    }


WEBHOOK = Route(
    "/dataaction/webhook", Form.HANDLER, ("customerId", "topic"), _ticket,
    {"ticketId": str, "priority": NUMBER, "callback": dict},
)  # fmt: skip
LOOKUP = Route(
    "/crm/lookup", Form.HANDLER, ("customerId",), _lookup,
    {"customer": dict, "tier": str, "openCases": NUMBER},
)  # fmt: skip
ORDERS = Route(
    "/orders/status", Form.PLAIN, ("orderNumber",), _order,
    {"state": str, "total": NUMBER, "lines": list},
)  # fmt: skip
LOYALTY = Route(
    "/loyalty/points", Form.EXECUTE, ("memberId",), _points,
    {"points": NUMBER, "tier": str, "expiring": list},
)  # fmt: skip
TOKENS = Route("/profile/token", Form.TOKEN, ("userId",), _token, {"token": str})

ROUTES = (WEBHOOK, LOOKUP, ORDERS, LOYALTY, TOKENS)
