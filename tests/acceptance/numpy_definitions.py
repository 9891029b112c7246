"""Definitions of NumPy functions in plain Python, on numbers of any kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import mpmath

MP = mpmath.MPContext()
MP.dps = 60

Numbers = Sequence[Any]


class Entry(NamedTuple):
    """A function of a vector of `LENGTH` numbers, by NumPy and by its definition."""

    numpy: Callable[[Any], Any]
    plain: Callable[[list[Any]], Any]


LENGTH = 5
OTHER = [0.75, -1.25, 0.5, 2.0, -0.375]
POSITIVE = [0.75, 1.25, 0.5, 2.0, 0.625]
PLACES = [-1.5, -0.5, 0.25, 1.0, 1.75]


# --- definitions ---------------------------------------------------------------------------------


def paired(v: Numbers, w: Numbers = OTHER) -> list[tuple[Any, Any]]:
    """Return the pairs of elements at the same places; those left over have none."""
    return list(zip(v, w, strict=False))


def rank(v: Numbers) -> list[int]:
    """Return the positions that sort a list."""
    return sorted(range(len(v)), key=lambda i: v[i])


def between(v: Numbers, place: Any) -> Any:
    """Return the value at a place among sorted values, on a line between neighbours."""
    s = sorted(v)
    place = min(max(place, 0), len(s) - 1)
    low = min(int(MP.floor(place)), len(s) - 2)
    return s[low] + (s[low + 1] - s[low]) * (place - low)


def running(step: Callable[[Any, Any], Any], v: Numbers) -> list[Any]:
    """Return running results."""
    made = [v[0]]
    for x in v[1:]:
        made.append(step(made[-1], x))
    return made


def total(v: Numbers) -> Any:
    """Return the sum."""
    return running(lambda a, b: a + b, v)[-1]


def product(v: Numbers) -> Any:
    """Return the product."""
    return running(lambda a, b: a * b, v)[-1]


def mean(v: Numbers) -> Any:
    """Return the mean."""
    return total(v) / len(v)


def variance(v: Numbers, ddof: int = 0) -> Any:
    """Return the mean of squared distances from the mean."""
    middle = mean(v)
    return total([(x - middle) ** 2 for x in v]) / (len(v) - ddof)


def truncated(x: Any) -> Any:
    """Return the whole part."""
    return MP.floor(x) if x >= 0 else MP.ceil(x)


def mantissa(x: Any) -> Any:
    """Return a number scaled by a power of 2 into [1/2, 1)."""
    return x / MP.mpf(2) ** MP.frexp(x)[1]


def line(at: Any, places: Numbers, heights: Numbers) -> Any:
    """Return the height of straight lines between points."""
    if at < places[0]:
        return heights[0]
    for i in range(len(places) - 1):
        if places[i] <= at < places[i + 1]:
            slope = (heights[i + 1] - heights[i]) / (places[i + 1] - places[i])
            return heights[i] + slope * (at - places[i])
    return heights[-1]


def periodic_line(at: Any, places: Numbers, heights: Numbers, period: Any) -> Any:
    """Return the height of straight lines between points that repeat."""
    pairs = sorted((p - period * MP.floor(p / period), h) for p, h in paired(places, heights))
    xs, hs = [p for p, _ in pairs], [h for _, h in pairs]
    xs, hs = [xs[-1] - period, *xs, xs[0] + period], [hs[-1], *hs, hs[0]]
    return line(at - period * MP.floor(at / period), xs, hs)


def full_convolution(a: Numbers, b: Numbers) -> list[Any]:
    """Return all sums of products."""
    return [
        total([MP.mpf(0), *[a[i] * b[k - i] for i in range(len(a)) if 0 <= k - i < len(b)]])
        for k in range(len(a) + len(b) - 1)
    ]


def slope_at(x: Numbers, h: Numbers, i: int) -> Any:
    """Return the slope at a point of the parabola through it and its neighbours."""
    j = min(max(i, 1), len(x) - 2)
    a, b, c = h[j - 1 : j + 2]
    points = paired((a, b, c), x[j - 1 : j + 2])
    at = h[i]
    slope = MP.mpf(0)
    for p, value in points:
        p1, p2 = [q for q, _ in points if q is not p]
        slope += value * ((at - p1) + (at - p2)) / ((p - p1) * (p - p2))
    return slope


def unwrapped(v: Numbers, period: Any) -> list[Any]:
    """Return a list with whole periods added, so that steps are at most half of one."""
    made = [v[0]]
    for x in v[1:]:
        made.append(x - period * MP.nint((x - made[-1]) / period))
    return made


def fitted(places: Numbers, v: Numbers) -> list[Any]:
    """Return the line of least squares: slope, height at 0."""
    a, b = mean(places), mean(v)
    slope = total([(p - a) * (x - b) for p, x in paired(places, v)]) / total(
        [(p - a) ** 2 for p in places]
    )
    return [slope, b - slope * a]


def spaced(a: Any, b: Any, n: int) -> list[Any]:
    """Return numbers at even distances."""
    return [a + (b - a) * i / (n - 1) for i in range(n)]


def sign(x: Any) -> int:
    """Return 1 or -1."""
    return 1 if x > 0 else -1


def sum_of(table: dict[Any, list[Any]], count: int) -> list[Any]:
    """Return sums of the lists in a table by number."""
    return [total([MP.mpf(0), *table.get(i, [])]) for i in range(count)]
