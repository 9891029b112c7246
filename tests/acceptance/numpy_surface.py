"""NumPy functions of vectors, each with its definition in plain Python on numbers of any kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import mpmath
import numpy as np

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
    pairs = sorted((p - period * MP.floor(p / period), h) for p, h in zip(places, heights))
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
    points = list(zip((a, b, c), x[j - 1 : j + 2]))
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
    slope = total([(p - a) * (x - b) for p, x in zip(places, v)]) / total(
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


# --- the functions -------------------------------------------------------------------------------

_P = np.array(PLACES)
_O = np.array(OTHER)
_Q = np.array(POSITIVE)

ORDERED: dict[str, Entry] = {
    "sort": Entry(np.sort, sorted),
    "sort falling": Entry(lambda x: -np.sort(-x), lambda v: sorted(v)[::-1]),
    "in place": Entry(lambda x: _sorted_in_place(x), sorted),
    "argsort": Entry(lambda x: (x * _O)[np.argsort(x)], lambda v: [v[i] * OTHER[i] for i in rank(v)]),
    "argmax": Entry(lambda x: (x * _O)[np.argmax(x)], lambda v: v[rank(v)[-1]] * OTHER[rank(v)[-1]]),
    "argmin": Entry(lambda x: x[x.argmin()] ** 2, lambda v: min(v) ** 2),
    "nanargmax": Entry(lambda x: x[np.nanargmax(x * _O)], lambda v: max(zip([a * b for a, b in zip(v, OTHER)], v))[1]),
    "partition": Entry(lambda x: np.partition(x, 2)[2], lambda v: sorted(v)[2]),
    "argpartition": Entry(lambda x: np.sum(x[np.argpartition(x, 1)][:2]), lambda v: total(sorted(v)[:2])),
    "lexsort": Entry(lambda x: x[np.lexsort((x, [1, 0, 1, 0, 1]))], lambda v: [v[i] for i in sorted(range(5), key=lambda i: ((i + 1) % 2, v[i]))]),
    "take_along_axis": Entry(
        lambda x: np.take_along_axis(np.stack([x, -x]), np.argsort(np.stack([x, -x]), axis=1), axis=1),
        lambda v: [*sorted(v), *sorted([-x for x in v])],
    ),
    "unravel_index": Entry(
        lambda x: np.outer(x, _Q)[np.unravel_index(np.argmax(np.outer(x, _Q)), (5, 5))],
        lambda v: max(x * p for x in v for p in POSITIVE),
    ),
    "searchsorted": Entry(lambda x: np.take(_O, np.searchsorted(_P, x) - 1) * x, lambda v: [OTHER[sum(p < x for p in PLACES) - 1] * x for x in v]),
    "digitize": Entry(lambda x: np.digitize(x, _P) * x, lambda v: [sum(p <= x for p in PLACES) * x for x in v]),
    "median": Entry(np.median, lambda v: sorted(v)[2]),
    "median of four": Entry(lambda x: np.median(x[1:]), lambda v: (sorted(v[1:])[1] + sorted(v[1:])[2]) / 2),
    "quantile": Entry(lambda x: np.quantile(x, 0.3), lambda v: between(v, MP.mpf(0.3) * 4)),
    "percentile": Entry(lambda x: np.percentile(x, [0, 40, 100]), lambda v: [min(v), between(v, MP.mpf(0.4) * 4), max(v)]),
    "quantile hazen": Entry(
        lambda x: np.quantile(x, 0.375, method="hazen"), lambda v: between(v, MP.mpf(0.375) * 5 - 0.5)
    ),
    "quantile moving": Entry(
        lambda x: np.quantile(x, x[0] ** 2 / 8), lambda v: between(v, v[0] ** 2 / 8 * 4)
    ),
    "quantile weibull moving": Entry(
        lambda x: np.quantile(x, x[0] ** 2 / 8, method="weibull"),
        lambda v: between(v, v[0] ** 2 / 8 * 6 - 1),
    ),
    "nanmedian": Entry(lambda x: np.nanmedian(np.append(x, np.nan)), lambda v: sorted(v)[2]),
    "nanquantile": Entry(
        lambda x: np.nanquantile(np.append(np.nan, x), 0.3125), lambda v: between(v, MP.mpf(0.3125) * 4)
    ),
    "interp": Entry(lambda x: np.interp(x, _P, _O), lambda v: [line(x, PLACES, OTHER) for x in v]),
    "interp heights": Entry(lambda x: np.interp([-2.0, 0.0, 0.5, 9.0], _P, x), lambda v: [line(a, PLACES, v) for a in (-2.0, 0.0, 0.5, 9.0)]),
    "interp places": Entry(lambda x: np.interp([-0.25, 0.5], np.sort(x), _O), lambda v: [line(a, sorted(v), OTHER) for a in (-0.25, 0.5)]),
    "interp ends": Entry(
        lambda x: np.interp(x, _P, x, left=x[0] ** 2, right=7.0),
        lambda v: [v[0] ** 2 if a < PLACES[0] else 7 if a > PLACES[-1] else line(a, PLACES, v) for a in v],
    ),
    "interp period": Entry(lambda x: np.interp(x, _P, x**2, period=4.0), lambda v: [periodic_line(a, PLACES, [x**2 for x in v], 4) for a in v]),
    "maximum.accumulate": Entry(np.maximum.accumulate, lambda v: running(max, v)),
    "nanmax": Entry(lambda x: np.nanmax(np.append(x, np.nan)), max),
    "nanmin": Entry(lambda x: np.nanmin(np.append(x, np.nan)), min),
    "ptp": Entry(np.ptp, lambda v: max(v) - min(v)),
    "any": Entry(lambda x: np.where(np.any(x > 1.5), x, x**2), lambda v: v if max(v) > 1.5 else [x**2 for x in v]),
    "all": Entry(lambda x: np.where((x > -1.5).all(), x, x**2), lambda v: v if min(v) > -1.5 else [x**2 for x in v]),
    "isclose": Entry(lambda x: np.where(np.isclose(x, 0.0, atol=0.5), x**3, x), lambda v: [x**3 if abs(x) <= 0.5 else x for x in v]),
    "count_nonzero": Entry(lambda x: np.count_nonzero(x > 0) * x, lambda v: [sum(x > 0 for x in v) * x for x in v]),
    "isin": Entry(lambda x: np.where(np.isin(np.floor(x), [0, 1]), x**2, x), lambda v: [x**2 if 0 <= x < 2 else x for x in v]),
}  # fmt: skip


def _sorted_in_place(x: Any) -> Any:
    y = x.copy()
    y.sort()
    return y


def _piecewise(x: Any) -> Any:
    return np.piecewise(x, [x < 0, x >= 1], [lambda t: t**2, 3.0, np.sin])


ELEMENTS: dict[str, Entry] = {
    "remainder": Entry(lambda x: np.remainder(x, _O), lambda v: [x - o * MP.floor(x / o) for x, o in zip(v, OTHER)]),
    "mod by it": Entry(lambda x: 7.0 % x, lambda v: [7 - x * MP.floor(7 / x) for x in v]),
    "fmod": Entry(lambda x: np.fmod(_O, x), lambda v: [o - x * truncated(o / x) for x, o in zip(v, OTHER)]),
    "floor_divide": Entry(lambda x: x // 0.3 * x, lambda v: [MP.floor(x / MP.mpf(0.3)) * x for x in v]),
    "divmod": Entry(lambda x: np.concatenate([q * x for q in np.divmod(x, 0.7)]), lambda v: [MP.floor(x / MP.mpf(0.7)) * x for x in v] + [(x - MP.mpf(0.7) * MP.floor(x / MP.mpf(0.7))) * x for x in v]),
    "modf": Entry(lambda x: np.concatenate([p * x for p in np.modf(x)]), lambda v: [(x - truncated(x)) * x for x in v] + [truncated(x) * x for x in v]),
    "copysign": Entry(lambda x: np.copysign(_O, x) * np.copysign(x, _O), lambda v: [abs(o) * sign(x) * abs(x) * sign(o) for x, o in zip(v, OTHER)]),
    "frexp": Entry(lambda x: np.frexp(x)[0] * np.frexp(x)[1], lambda v: [mantissa(x) * MP.frexp(x)[1] for x in v]),
    "ldexp": Entry(lambda x: np.ldexp(x, [1, -2, 3, 0, 5]), lambda v: [x * MP.mpf(2) ** n for x, n in zip(v, (1, -2, 3, 0, 5))]),
    "round": Entry(lambda x: np.round(x, 1) * x, lambda v: [MP.nint(x * 10) / 10 * x for x in v]),
    "signbit": Entry(lambda x: np.where(np.signbit(x), x**2, x), lambda v: [x**2 if x < 0 else x for x in v]),
    "heaviside": Entry(lambda x: np.heaviside(x, 0.5) * x, lambda v: [x if x > 0 else 0 for x in v]),
    "logaddexp2": Entry(lambda x: np.logaddexp2(x, _O), lambda v: [MP.log(2**x + MP.mpf(2) ** o, 2) for x, o in zip(v, OTHER)]),
    "float_power": Entry(lambda x: np.float_power(np.abs(x), 2.5), lambda v: [abs(x) ** MP.mpf(2.5) for x in v]),
    "clip": Entry(lambda x: np.clip(x, min=-0.5, max=_Q), lambda v: [min(max(x, -0.5), q) for x, q in zip(v, POSITIVE)]),
    "nan_to_num": Entry(lambda x: np.nan_to_num(np.append(x, np.nan), nan=2.0) ** 2, lambda v: [x**2 for x in v] + [4]),
    "select": Entry(lambda x: np.select([x < 0, x > 1], [x**2, x**3], 1.0), lambda v: [x**2 if x < 0 else x**3 if x > 1 else 1 for x in v]),
    "piecewise": Entry(_piecewise, lambda v: [x**2 if x < 0 else 3 if x >= 1 else MP.sin(x) for x in v]),
    "choose": Entry(lambda x: np.choose(np.where(x > 0, 1, 0), [x**2, x]), lambda v: [x if x > 0 else x**2 for x in v]),
    "deg2rad": Entry(lambda x: np.deg2rad(x) * np.degrees(x), lambda v: [x * x for x in v]),
}  # fmt: skip

WHOLE: dict[str, Entry] = {
    "cumprod": Entry(np.cumprod, lambda v: running(lambda a, b: a * b, v)),
    "cumprod of columns": Entry(lambda x: np.stack([x, x**2]).cumprod(axis=0), lambda v: [*v, *[x**3 for x in v]]),
    "cumulative_sum": Entry(lambda x: np.cumulative_sum(x, include_initial=True), lambda v: [MP.mpf(0), *running(lambda a, b: a + b, v)]),
    "cumulative_prod": Entry(lambda x: np.cumulative_prod(x, include_initial=True), lambda v: [MP.mpf(1), *running(lambda a, b: a * b, v)]),
    "nancumprod": Entry(lambda x: np.nancumprod(np.append(x[:2], [np.nan, *x[2:]])), lambda v: [v[0], v[0] * v[1], *running(lambda a, b: a * b, v)[1:]]),
    "nancumsum": Entry(lambda x: np.nancumsum(np.append(x, np.nan))[-1], total),
    "nansum": Entry(lambda x: np.nansum(np.append(x, np.nan) ** 2), lambda v: total([x**2 for x in v])),
    "nanprod": Entry(lambda x: np.nanprod(np.append(x, np.nan)), product),
    "nanmean": Entry(lambda x: np.nanmean(np.append(x, np.nan)) ** 2, lambda v: mean(v) ** 2),
    "nanvar": Entry(lambda x: np.nanvar(np.append(x, np.nan), ddof=1), lambda v: variance(v, 1)),
    "nanstd": Entry(lambda x: np.nanstd(np.append(x, np.nan)), lambda v: MP.sqrt(variance(v))),
    "std": Entry(lambda x: x.std(ddof=2), lambda v: MP.sqrt(variance(v, 2))),
    "var": Entry(np.var, variance),
    "average": Entry(lambda x: np.average(_O, weights=x**2), lambda v: total([o * x**2 for o, x in zip(OTHER, v)]) / total([x**2 for x in v])),
    "convolve": Entry(lambda x: np.convolve(x, x[:3], "same"), lambda v: full_convolution(v, v[:3])[1:-1]),
    "correlate": Entry(lambda x: np.correlate(x, x[:2], "valid"), lambda v: full_convolution(v, v[1::-1])[1:-1]),
    "kron": Entry(lambda x: np.kron(x[:2], x[2:]), lambda v: [a * b for a in v[:2] for b in v[2:]]),
    "cross": Entry(lambda x: np.cross(x[:3], x[2:]), lambda v: [v[1] * v[4] - v[2] * v[3], v[2] * v[2] - v[0] * v[4], v[0] * v[3] - v[1] * v[2]]),
    "vander": Entry(lambda x: np.vander(x, 3), lambda v: [x**k for x in v for k in (2, 1, 0)]),
    "gradient": Entry(lambda x: np.gradient(x, _P, edge_order=2), lambda v: [slope_at(v, PLACES, i) for i in range(5)]),
    "gradient places": Entry(lambda x: np.gradient(_O, np.cumsum(x**2 + 1), edge_order=2), lambda v: [slope_at(OTHER, running(lambda a, b: a + b, [x**2 + 1 for x in v]), i) for i in range(5)]),
    "trapezoid": Entry(lambda x: np.trapezoid(x, x**3), lambda v: total([(a + b) / 2 * (b**3 - a**3) for a, b in zip(v, v[1:])])),
    "unwrap": Entry(lambda x: np.unwrap(4 * x, period=3.0), lambda v: unwrapped([4 * x for x in v], 3)),
    "diff": Entry(lambda x: np.diff(x**2, n=2), lambda v: [c**2 - 2 * b**2 + a**2 for a, b, c in zip(v, v[1:], v[2:])]),
    "ediff1d": Entry(lambda x: np.ediff1d(x, to_end=x[0] ** 2), lambda v: [*[b - a for a, b in zip(v, v[1:])], v[0] ** 2]),
    "polyfit": Entry(lambda x: np.polyfit(_P, x**2, 1), lambda v: fitted(PLACES, [x**2 for x in v])),
    "polyval": Entry(lambda x: np.polyval(x, 1.5), lambda v: total([x * MP.mpf(1.5) ** (4 - i) for i, x in enumerate(v)])),
    "polyder": Entry(lambda x: np.polyder(x**2), lambda v: [x**2 * (4 - i) for i, x in enumerate(v[:4])]),
    "polyint": Entry(lambda x: np.polyint(x**2), lambda v: [*[x**2 / (5 - i) for i, x in enumerate(v)], MP.mpf(0)]),
    "polymul": Entry(lambda x: np.polymul(x, x[:2]), lambda v: full_convolution(v, v[:2])),
    "bincount": Entry(lambda x: np.bincount([0, 2, 2, 0, 3], weights=x**2), lambda v: sum_of({0: [v[0] ** 2, v[3] ** 2], 2: [v[1] ** 2, v[2] ** 2], 3: [v[4] ** 2]}, 4)),
    "insert": Entry(lambda x: np.insert(x, [1, 4], x[:2] ** 2), lambda v: [v[0], v[0] ** 2, *v[1:4], v[1] ** 2, v[4]]),
    "delete": Entry(lambda x: np.delete(x, [1, 3]) ** 2, lambda v: [v[0] ** 2, v[2] ** 2, v[4] ** 2]),
    "resize": Entry(lambda x: np.resize(x**2, 7), lambda v: [x**2 for x in (v + v)[:7]]),
    "tile": Entry(lambda x: np.tile(x, 2) * np.repeat(x, 2), lambda v: [(v + v)[i] * v[i // 2] for i in range(10)]),
    "roll": Entry(lambda x: x * np.roll(x, 2), lambda v: [v[i] * v[i - 2] for i in range(5)]),
    "linspace": Entry(lambda x: np.linspace(x[0], x[1] ** 2, 4), lambda v: spaced(v[0], v[1] ** 2, 4)),
    "geomspace": Entry(lambda x: np.geomspace(x[0] ** 2 + 1, x[1] ** 2 + 2, 4), lambda v: [MP.exp(t) for t in spaced(MP.log(v[0] ** 2 + 1), MP.log(v[1] ** 2 + 2), 4)]),
    "logspace": Entry(lambda x: np.logspace(x[0], x[1], 3, base=2.0), lambda v: [MP.mpf(2) ** t for t in spaced(v[0], v[1], 3)]),
    "meshgrid": Entry(lambda x: np.multiply(*np.meshgrid(x[:2], x[2:])), lambda v: [a * b for b in v[2:] for a in v[:2]]),
    "put_along_axis": Entry(lambda x: _put(x), lambda v: [v[0] ** 2, v[1], v[2], v[0] ** 3, v[4]]),
    "index by traced": Entry(lambda x: _halved(x), lambda v: [x / 2 if x is max(v) else x for x in v]),
}  # fmt: skip


def _put(x: Any) -> Any:
    y = x.copy()
    np.put_along_axis(y, np.array([0, 3]), np.stack([x[0] ** 2, x[0] ** 3]), axis=0)
    return y


def _halved(x: Any) -> Any:
    y = x.copy()
    at = np.argmax(x)
    y[at] = x[at] / 2
    return y


ENTRIES: dict[str, Entry] = {**ORDERED, **ELEMENTS, **WHOLE}
