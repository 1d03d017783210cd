"""The flows that call the service, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from random import Random

from .chance import chance
from .payloads import LOOKUP, LOYALTY, ORDERS, TOKENS, WEBHOOK, Json, Route, order_number
from .records import uuid


class Told(Enum):
    """How much the platform tells of a flow's executions (contract §1)."""

    WELL = auto()
    SNAKE_CASE = auto()
    NO_STEPS = auto()
    FORBIDDEN = auto()
    NOT_KEPT = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """A data action that calls a route with `variables` made from seed, customer and chance."""

    action: str
    route: Route
    variables: Callable[[int, str, Random], Json]


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step of a flow; one without a `call` goes on within the platform."""

    name: str
    call: Call | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow. Where there is a `rescue`, that step is taken when a call fails, and the flow
    completes; else it fails."""

    name: str
    weight: int
    steps: tuple[StepPlan, ...]
    told: Told = Told.WELL
    rescue: str = ""

    @property
    def flow_id(self) -> str:
        """Its id, which is the same in every run of the simulation."""
        return uuid(chance("flow", self.name))

    @property
    def calls(self) -> int:
        """How many calls there are on the whole way."""
        return sum(step.call is not None for step in self.steps)


def action_id(action: str) -> str:
    """The id of the data action that is called `action`: one that can be read and typed."""
    return "-".join(action.lower().replace(":", " ").split())


_CALLER = Call(
    "CRM: find customer",
    LOOKUP,
    lambda seed, customer, rng: {
        "customerId": customer,
        "ani": f"+1202555{int(customer[-4:]) % 10_000:04d}",
        "include": ["segments", "cases"],
    },
)
_ORDER = Call(
    "Orders: status",
    ORDERS,
    lambda seed, customer, rng: {
        "orderNumber": order_number(seed, customer),
        "withHistory": True,
        "language": rng.choice(["en", "de"]),
    },
)
_POINTS = Call(
    "Loyalty: points",
    LOYALTY,
    lambda seed, customer, rng: {"memberId": customer.replace("CRM", "LOY"), "asOf": "today"},
)
_TICKET = Call(
    "Assist: webhook",
    WEBHOOK,
    lambda seed, customer, rng: {
        "customerId": customer,
        "topic": rng.choice(["invoice", "delivery", "login", "cancellation"]),
        "sentiment": round(rng.uniform(-1, 1), 2),
        "utterance": rng.choice(["Where is my parcel?", "Ich möchte kündigen.", "¿Y mi factura?"]),
    },
)
_PROFILE = Call(
    "Cognigy: profile token",
    TOKENS,
    lambda seed, customer, rng: {"userId": customer.lower(), "channel": "voice"},
)

FLOWS = (
    Flow(
        "Order status", 24,
        (
            StepPlan("Start"), StepPlan("Find the customer", _CALLER),
            StepPlan("Is there an order?"), StepPlan("Get the order's status", _ORDER),
            StepPlan("Say the status"), StepPlan("Disconnect"),
        ),
    ),
    Flow(
        "Greeting", 18,
        (
            StepPlan("Start"), StepPlan("Find the customer", _CALLER), StepPlan("Greet by name"),
            StepPlan("Transfer to queue"),
        ),
        rescue="Transfer to an agent",
    ),
    Flow(
        "Loyalty balance", 20,
        (
            StepPlan("Start"), StepPlan("Get the points", _POINTS),
            StepPlan("Enough for a voucher?"), StepPlan("Say the balance"),
        ),
        told=Told.SNAKE_CASE,
    ),
    Flow(
        "Agent assist", 16,
        (
            StepPlan("Start"), StepPlan("Collect the topic"),
            StepPlan("Ask for suggestions", _TICKET), StepPlan("Show the suggestions"),
        ),
    ),
    Flow(
        "Virtual agent", 10,
        (
            StepPlan("Start"), StepPlan("Get the profile token", _PROFILE),
            StepPlan("Hand over to Cognigy"), StepPlan("Note the topic", _TICKET),
            StepPlan("End"),
        ),
    ),
    Flow(
        "Callback (legacy)", 6, (StepPlan("Start"), StepPlan("Book", _TICKET)),
        told=Told.NO_STEPS,
    ),
    Flow(
        "Payment", 4, (StepPlan("Start"), StepPlan("Find the customer", _CALLER)),
        told=Told.FORBIDDEN,
    ),
    Flow(
        "Sandbox", 2, (StepPlan("Start"), StepPlan("Try the points", _POINTS)),
        told=Told.NOT_KEPT,
    ),
)  # fmt: skip

CALLS_A_FLOW = sum(flow.weight * flow.calls for flow in FLOWS) / sum(flow.weight for flow in FLOWS)
"""How many calls the execution of a flow makes on average, if nothing fails."""
