"""How long calls take, and which of several formulations is the best."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from peers.tasks import Contender

SHORTEST = 3e-3
"""Seconds that a sample takes at least: short calls are repeated."""


def seconds_of(call: Callable[[], object], times: int) -> float:
    """Return the seconds of a call, from `times` in a row."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def repetitions(call: Callable[[], object], shortest: float = SHORTEST) -> int:
    """Return how often a call is to be repeated; the first calls warm up."""
    call()
    once = min(seconds_of(call, 1) for _ in range(3))
    return max(1, round(shortest / max(once, 1e-8)))


def fastest(contenders: Sequence[Contender]) -> Contender:
    """Return the one whose batch, or single call, is the fastest of a few."""

    def best(item: Contender) -> float:
        call = item.batch[0] if item.batch else next(iter(item.singles.values()))[0]
        call()
        return min(seconds_of(call, 1) for _ in range(3))

    return min(contenders, key=best)
