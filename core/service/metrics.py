"""What `/metrics` tells: counts for Prometheus, and nothing of any payload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from ..capture import CaptureLog
from ..http.budget import BudgetMeter
from ..live.healthreports import code_of
from ..models import RateBudget
from ..store import Store
from ..store.counts import Counts, counts
from ..text import clip, log_line

CONTENT_TYPE = CONTENT_TYPE_LATEST

LABEL_CHARS = 100
MOST_SERIES = 500
"""So many actions or codes are told apart; what has fewer counts than they is `other`."""

OTHER = "other"
OWN = "cxtop"
"""Whose calls those are that no captured service reported."""

Labels = tuple[str, ...]


class Metrics:
    """Counts of a store and of one capture log, which only rise while the service runs.

    The store forgets what is too old; a count that fell there is not taken back here. At most
    `most` actions and codes are told apart.
    """

    def __init__(self, store: Store, log: CaptureLog, *, most: int = MOST_SERIES) -> None:
        self._most = most
        self._store = store
        self._log = log
        self._rising: dict[str, _Rising] = {}

    async def text(self) -> bytes:
        """All of it in Prometheus' text format. Raises StoreError."""
        kept = await self._store.readers.read(counts)
        registry = CollectorRegistry()
        registry.register(_Telling([*self._executions(kept), *self._totals(kept), *_gauges(kept)]))
        return generate_latest(registry)

    def _executions(self, kept: Counts) -> Iterator[Metric]:
        executions: Counter[Labels] = Counter()
        errors: Counter[Labels] = Counter()
        for action, group in kept.exchanges:
            name = _label(action)
            executions[name, group.outcome or "ok"] += group.count
            if code := code_of(group):
                errors[name, _label(code)] += group.count
        yield self._counter(
            "cxtop_executions",
            "Captured executions of data actions",
            executions,
            ("action", "outcome"),
        )
        yield self._counter(
            "cxtop_execution_errors", "Captured executions that failed", errors, ("action", "code")
        )

    def _totals(self, kept: Counts) -> Iterator[Metric]:
        retries: Counter[Labels] = Counter()
        for service, count in kept.retries.items():
            retries[(_label(service) or OWN,)] += count
        polls: Counter[Labels] = Counter({(): kept.polls})
        yield self._counter("cxtop_polls", "Answers about runs", polls)
        yield self._counter(
            "cxtop_call_retries", "Attempts of calls beyond the first", retries, ("service",)
        )
        stats = self._log.stats
        for name, about, value in (
            ("cxtop_exchanges_captured", "Exchanges that this service captured", stats.seen),
            ("cxtop_exchanges_dropped", "Exchanges that no log took", stats.dropped + stats.failed),
        ):
            yield CounterMetricFamily(name, about, value=value)

    def _counter(
        self, name: str, about: str, now: Counter[Labels], labels: Labels = ()
    ) -> CounterMetricFamily:
        values = self._rising.setdefault(name, _Rising()).seen(now)
        told: Counter[Labels] = Counter()
        for index, (key, count) in enumerate(values.most_common()):
            told[key if index < self._most else (OTHER,) * len(labels)] += count
        metric = CounterMetricFamily(name, about, labels=labels)
        for key, count in sorted(told.items()):
            metric.add_metric(key, count)
        return metric


class _Rising:
    """Counts that never fall: what is less than before counts from there on."""

    def __init__(self) -> None:
        self._last: Counter[Labels] = Counter()
        self._total: Counter[Labels] = Counter()

    def seen(self, now: Counter[Labels]) -> Counter[Labels]:
        for key, count in now.items():
            self._total[key] += max(0, count - self._last[key])
        self._last = now
        return self._total


class _Telling(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _gauges(kept: Counts) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "cxtop_dead_letters_waiting", "Dead letters that wait for their delivery", kept.letters
    )
    if kept.answered_at is None:
        return
    budget = _budget_now(kept, kept.answered_at, datetime.now(UTC))
    yield GaugeMetricFamily(
        "cxtop_rate_budget_allowed", "Calls a minute that the platform allows", budget.allowed
    )
    yield GaugeMetricFamily(
        "cxtop_rate_budget_remaining", "Calls that are left in this minute", budget.remaining
    )


def _budget_now(kept: Counts, then: datetime, now: datetime) -> RateBudget:
    meter = BudgetMeter(now=lambda: then)
    meter.learn(kept.status, kept.rate_limit)
    budget = meter.budget
    if budget.resets_at is None or budget.resets_at > now:
        return budget
    return RateBudget(allowed=budget.allowed, remaining=budget.allowed)


def _label(text: str) -> str:
    return clip(log_line(text), LABEL_CHARS)
