"""How soon a run is asked again: a pure decision from what is known of it."""

from __future__ import annotations

SLOWEST_S = 60.0
"""Nothing that is watched is asked less often, unless its own interval says so or calls run out."""

NEAR = 0.9
"""From this progress on, a run is near its end."""

STILL_FACTOR = 4.0
"""The most that standing still stretches an interval."""


def slowest_s(base_s: float) -> float:
    """The longest interval in seconds of a run whose own interval is `base_s`."""
    return max(SLOWEST_S, base_s)


def interval_s(
    base_s: float,
    *,
    min_s: float = 1.0,
    progress: float | None = None,
    eta_s: float | None = None,
    still: int = 0,
) -> float:
    """Seconds until the next poll of a run that answers.

    Half of `base_s` near the end, so that the end is seen soon; up to four times as long when
    the last `still` polls saw nothing move; never below `min_s`.
    """
    base_s = max(base_s, min_s)
    if still >= 2:
        factor = min(STILL_FACTOR, 1 + 0.5 * (still - 1))
        return min(base_s * factor, slowest_s(base_s))
    ends_soon = eta_s is not None and eta_s < 2 * base_s
    if ends_soon or (progress is not None and progress > NEAR):
        wait = base_s / 2
        if eta_s is not None:
            wait = min(wait, eta_s)
        return max(min_s, wait)
    return base_s


def after_failure_s(
    base_s: float, *, failures: int, lasting: bool, retry_after_s: float | None = None
) -> float:
    """Seconds until the next poll of a run whose last `failures` polls failed.

    Doubles up to the slowest interval; `lasting` trouble (an unknown id, a missing permission)
    goes there at once. What the platform asks for with `retry_after_s` is a lower bound.
    """
    slowest = slowest_s(base_s)
    wait = slowest if lasting else min(slowest, base_s * 2.0 ** min(max(failures, 1), 16))
    return max(wait, retry_after_s or 0.0)
