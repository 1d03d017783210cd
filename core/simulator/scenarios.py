"""The scenarios: which runs there are, and in which weather."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConfigError
from .blunders import Wrong
from .hostile import PLANS as HOSTILE_PLANS
from .outages import Outage
from .payloads import LOYALTY
from .weather import BUSY, CALM, STORM, Climate
from .world import Oddity, Plan, Stall

NAMED = frozenset({Oddity.NAMED})


@dataclass(frozen=True, slots=True)
class Scenario:
    """Runs and weather. Tokens say they live `token_s` seconds and hold for `honoured_s`.

    An `outage` befalls the service that the flows call, where they call one.
    """

    name: str
    plans: tuple[Plan, ...]
    climate: Climate = CALM
    token_s: int = 3600
    honoured_s: float | None = None
    outage: Outage | None = None


_CALM = (
    Plan(
        run_id="contact-import",
        total=2_000,
        processed=2_000,
        rate=8,
        errors=40,
        begins_s=-60,
        linked=True,
    ),
    Plan(run_id="order-sync", total=600, processed=600, rate=6, errors=9, kind="order"),
    Plan(run_id="address-check", total=900, processed=900, rate=20, errors=12, begins_s=-300),
    Plan(
        run_id="crm-import",
        total=1_000,
        processed=730,
        rate=20,
        errors=270,
        end_word="failed",
        begins_s=-200,
    ),
    Plan(
        run_id="case-push",
        total=500,
        processed=500,
        rate=5,
        errors=14,
        kind="order",
        platform="cxone",
    ),
)

_BUSY = (
    Plan(
        run_id="nightly-contact-import", name="Nightly contact import", oddities=NAMED,
        total=50_000, processed=50_000, rate=52, errors=2_150, warnings=310, begins_s=-240,
        linked=True,
    ),
    Plan(
        run_id="crm-backfill", name="CRM backfill", oddities=NAMED, end_word="failed",
        total=50_000, processed=48_511, rate=80, errors=1_489, warnings=64, begins_s=-1_020,
    ),
    Plan(
        run_id="loyalty-sync", running_word="IN_PROGRESS", linked=True,
        total=12_000, processed=12_000, rate=28, errors=312, warnings=45, begins_s=-100,
    ),
    Plan(
        run_id="gdpr-erasure-0412", end_word="SUCCEEDED",
        total=3_204, processed=3_204, rate=12, errors=7, begins_s=-900,
    ),
    Plan(
        run_id="survey-push", kind="survey", waits=(("queued", 18.0), ("starting", 8.0)),
        total=1_800, processed=1_800, rate=12, errors=44,
    ),
    Plan(
        run_id="order-history-export", kind="order", running_word="processing", end_word="error",
        total=22_400, processed=13_760, rate=96, errors=905, warnings=120, begins_s=-52,
    ),
    Plan(
        run_id="address-cleanup", stalls=(Stall(after_s=80, for_s=240),),
        total=8_000, processed=8_000, rate=18, errors=263, begins_s=-62,
    ),
    Plan(
        run_id="consent-refresh", end_word="canceled",
        total=5_600, processed=2_390, rate=24, errors=88, begins_s=-54,
    ),
    Plan(
        run_id="callback-scheduler", kind="shift", end_word="FULFILLED", waits=(("registered", 5),),
        oddities=frozenset({Oddity.PROGRESS_BACKWARDS}),
        total=200, processed=200, rate=4.5, errors=5,
    ),
    Plan(
        run_id="product-catalog-upsert", kind="order", total_at_first=6_000,
        oddities=frozenset({Oddity.REPEATED_IDS}),
        total=20_000, processed=20_000, rate=29, errors=640, warnings=210, begins_s=-20,
    ),
    Plan(
        run_id="6f1d2c9e-0b7a-4f35-9a55-3f2d8c1e7b10", name="Invoice match", kind="order",
        oddities=frozenset({Oddity.NAMED, Oddity.PROGRESS_ABOVE_ONE}),
        total=9_000, processed=9_000, rate=15, errors=198, begins_s=-300,
    ),
    Plan(
        run_id="wfm-schedule-push", kind="shift",
        oddities=frozenset({Oddity.NO_PROGRESS, Oddity.NULL_COUNTS}),
        total=15_000, processed=15_000, rate=19, errors=410, begins_s=-40,
    ),
    Plan(
        run_id="voicemail-archive", kind="survey", end_word="expired",
        total=2_000, processed=640, rate=2, errors=31, begins_s=-700,
    ),
    Plan(
        run_id="kb-article-reindex", platform="cxone", kind="order",
        total=4_800, processed=4_800, rate=7, errors=52, begins_s=-30,
    ),
    Plan(
        run_id="crm-case-push", platform="cxone", end_word="failed",
        total=1_200, processed=911, rate=14, errors=130, begins_s=-20,
    ),
    Plan(
        run_id="digital-inbox-archive", platform="cxone", kind="survey", end_word="complete",
        total=700, processed=700, rate=9, errors=3, begins_s=-400,
    ),
)  # fmt: skip

_STORM = tuple(
    Plan(
        run_id=run_id, end_word=word, total=total, processed=processed,
        rate=processed / works_s, errors=errors, platform=platform, oddities=oddities,
        linked=run_id == "storm-import",
    )
    for run_id, word, total, processed, works_s, errors, platform, oddities in (
        ("storm-import", "completed", 4_000, 4_000, 14, 130, "genesys", frozenset[Oddity]()),
        ("storm-sync", "SUCCESS", 900, 900, 20, 12, "genesys", NAMED),
        ("storm-push", "failed", 2_500, 1_430, 11, 240, "genesys", frozenset[Oddity]()),
        ("storm-export", "terminated", 1_600, 700, 17, 35, "genesys", frozenset[Oddity]()),
        ("storm-erasure", "expired", 300, 120, 24, 8, "genesys", frozenset({Oddity.NULL_COUNTS})),
        ("storm-cases", "fulfilled", 500, 500, 16, 21, "cxone", frozenset[Oddity]()),
        ("storm-inbox", "error", 800, 410, 12, 60, "cxone", frozenset[Oddity]()),
    )
)  # fmt: skip

# Long enough to be seen, to be told of, and to be gone again while somebody looks.
_LOYALTY_OUTAGE = Outage(
    path=LOYALTY.path, begins_s=0, ends_s=150, share=0.85,
    answer=Wrong(
        b'{"message":"No connection to loyalty-db within 500 ms",'
        b'"code":"loyalty.db.unavailable","status":503}',
        503,
        headers={"retry-after": "5"},
    ),
)  # fmt: skip

SCENARIOS: dict[str, Scenario] = {
    "calm": Scenario("calm", _CALM),
    "busy": Scenario("busy", _BUSY, BUSY, token_s=600, outage=_LOYALTY_OUTAGE),
    "storm": Scenario("storm", _STORM, STORM, token_s=60, honoured_s=15),
    "hostile": Scenario("hostile", HOSTILE_PLANS),
}


def scenario(name: str) -> Scenario:
    """The scenario called `name`.

    Raises `ConfigError` when there is none.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]
    raise ConfigError(
        f"There is no scenario called {name!r}.", fix=f"Choose one of: {', '.join(SCENARIOS)}."
    )
