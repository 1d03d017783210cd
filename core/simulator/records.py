"""Failed records, made when they are asked for from seed, run and index; none is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from .chance import chance
from .world import Plan

Json = dict[str, Any]

_GIVEN = [
    "Amara",
    "Björn",
    "Chiara",
    "Dmitri",
    "Elif",
    "Fatima",
    "Grace",
    "Hiroshi",
    "Inês",
    "José",
    "Katarzyna",
    "Liam",
]
_FAMILY = [
    "Okafor",
    "Lindqvist",
    "Russo",
    "Petrov",
    "Yılmaz",
    "Haddad",
    "Müller",
    "Tanaka",
    "Costa",
    "Núñez",
    "Nowak",
    "Byrne",
]
_CITIES = (
    ("Hamburg", "DE", "20095"),
    ("Lyon", "FR", "69002"),
    ("Porto", "PT", "4000-322"),
    ("Kraków", "PL", "31-042"),
    ("Leeds", "GB", "LS1 4DY"),
    ("Columbus", "US", "43215"),
)
_ITEMS = (
    ("HDS-210", "Wireless headset", 89.0),
    ("CAM-4K1", "Conference camera", 249.9),
    ("LIC-SEAT", "Agent seat, monthly", 42.5),
    ("DOC-USB", "USB-C dock", 129.0),
)
_QUEUES = ["billing-en", "billing-de", "sales-emea", "support-tier1", "support-tier2", "retention"]


def _contact(rng: Random) -> Json:
    given, family = rng.choice(_GIVEN), rng.choice(_FAMILY)
    city, country, postcode = rng.choice(_CITIES)
    return {
        "externalId": f"CRM-{rng.randrange(10**7):07d}",
        "firstName": given,
        "lastName": family,
        "email": f"{given}.{family}{rng.randrange(100)}@example.com".lower(),
        "phone": f"+1202555{rng.randrange(100, 200):04d}",
        "address": {"city": city, "country": country, "postalCode": postcode},
        "segments": sorted(rng.sample(["vip", "newsletter", "trial", "churn-risk"], 2)),
        "consent": {"marketing": rng.random() < 0.6, "recording": True},
        "score": round(rng.uniform(0, 1), 3),
    }


def _order(rng: Random) -> Json:
    lines = [
        {"sku": sku, "title": title, "quantity": rng.randint(1, 4), "unitPrice": price}
        for sku, title, price in rng.sample(_ITEMS, rng.randint(1, 3))
    ]
    return {
        "orderNumber": f"SO-{rng.randrange(10**6):06d}",
        "customer": f"CRM-{rng.randrange(10**7):07d}",
        "email": f"orders{rng.randrange(1000)}@example.org",
        "currency": rng.choice(["EUR", "USD", "GBP"]),
        "lines": lines,
        "total": round(sum(line["quantity"] * line["unitPrice"] for line in lines), 2),
        "placedAt": f"2025-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T09:05:00Z",
        "giftNote": None,
    }


def _survey(rng: Random) -> Json:
    return {
        "conversationId": uuid(rng),
        "email": f"guest{rng.randrange(10_000)}@example.net",
        "queue": rng.choice(_QUEUES),
        "answers": [{"question": f"q{n}", "score": rng.randint(0, 10)} for n in (1, 2, 3)],
        "comment": rng.choice([None, "Ça marche!", "Agent was kind, waited 20 min.", "¿Y ahora?"]),
    }


def _shift(rng: Random) -> Json:
    begins = rng.randint(6, 14)
    return {
        "agentId": uuid(rng),
        "email": f"{rng.choice(_GIVEN)}@agents.example.com".lower(),
        "queue": rng.choice(_QUEUES),
        "week": f"2025-W{rng.randint(1, 52):02d}",
        "shifts": [{"day": day, "from": f"{begins:02d}:00", "hours": 8} for day in ("Mon", "Tue")],
    }


KINDS: dict[str, tuple[str, Callable[[Random], Json]]] = {
    "contact": ("cnt", _contact),
    "order": ("ord", _order),
    "survey": ("srv", _survey),
    "shift": ("shf", _shift),
}


def _invalid(rng: Random, record: Json) -> str:
    """Breaks one field of the record, and says so."""
    wrong = rng.randrange(4)
    if wrong == 0 and "phone" in record:
        record["phone"] = f"0170 {rng.randrange(1000):03d}x"
        return f"Field 'phone': '{record['phone']}' is not an E.164 number"
    if wrong == 1 and "address" in record:
        record["address"]["postalCode"] = ""
        return "Field 'address.postalCode' must not be empty"
    if wrong == 2:
        del record["email"]
        return "Required field 'email' is missing"
    record["email"] = record["email"].replace("@", " at ")
    return f"Field 'email': '{record['email']}' is not an e-mail address"


def _duplicate(rng: Random, record: Json) -> str:
    return f"A record with the same key exists already: {uuid(rng)}"


def _timeout(rng: Random, record: Json) -> str:
    return f"The action did not finish within {rng.choice([10, 15, 30])} s"


def _upstream(rng: Random, record: Json) -> str:
    host = rng.choice(["crm", "erp", "identity"])
    return f"No answer from {host}.example.internal after {rng.randint(28_000, 31_000)} ms"


def _unavailable(rng: Random, record: Json) -> str:
    return f"Upstream answered 503 Service Unavailable (shard {rng.randrange(8)})"


def _conflict(rng: Random, record: Json) -> str:
    version = rng.randint(2, 40)
    return f"Version {version} was expected, version {version + 1} is stored"


def _throttled(rng: Random, record: Json) -> str:
    return f"Rate limit exceeded for namespace 'data.actions', retry in {rng.randint(1, 60)} s"


def _unnamed(rng: Random, record: Json) -> str:
    return rng.choice(["Unexpected end of input", "null", "Object reference not set"])


CODES: tuple[tuple[str | None, float, Callable[[Random, Json], str]], ...] = (
    ("VALIDATION_ERROR", 41, _invalid),
    ("DUPLICATE_RECORD", 22, _duplicate),
    ("TIMEOUT", 12, _timeout),
    ("UPSTREAM_TIMEOUT", 8, _upstream),
    ("SERVICE_UNAVAILABLE", 6, _unavailable),
    ("CONFLICT", 5, _conflict),
    ("RATE_LIMIT_EXCEEDED", 4, _throttled),
    (None, 2, _unnamed),
)


def failed_record(plan: Plan, seed: int, index: int) -> Json:
    """The failed record `index` of a run, as the results call answers it (contract §1).

    `errorCode` is absent for a few, as it is on real platforms.
    """
    rng = chance(seed, plan.run_id, index)
    prefix, make = KINDS[plan.kind]
    # Each run has its own mix of codes, or every run's bars would look alike.
    skew = chance(seed, plan.run_id, "codes")
    weights = [weight * skew.uniform(0.4, 1.8) for _, weight, _ in CODES]
    code, _, fail = rng.choices(CODES, weights)[0]
    record = make(rng)
    message = fail(rng, record)
    number = 100_000 + index * 17 + rng.randrange(17)  # rising with gaps, never twice
    entity: Json = {"id": f"{prefix}-{number:08d}", "status": "error", "errorMessage": message}
    if code is not None:
        entity["errorCode"] = code
    return entity | {"record": record}


def failed_records(plan: Plan, seed: int, start: int, stop: int) -> Iterator[Json]:
    """The failed records from index `start` up to `stop`, one at a time."""
    for index in range(start, stop):
        yield failed_record(plan, seed, index)


def uuid(rng: Random) -> str:
    """Looks like a UUID."""
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
