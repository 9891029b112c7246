"""Functions of NumPy by the order of values, each with its definition in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.acceptance.numpy_definitions import (
    LENGTH,
    MP,
    OTHER,
    PLACES,
    POSITIVE,
    Entry,
    between,
    line,
    paired,
    periodic_line,
    rank,
    running,
    total,
)

_P = np.array(PLACES)
_O = np.array(OTHER)
_Q = np.array(POSITIVE)


def _sorted_in_place(x: Any) -> Any:
    y = x.copy()
    y.sort()
    return y


def _at_smallest(v: Any) -> Any:
    """The element at which the product with other numbers is smallest."""
    return v[min(range(LENGTH), key=lambda i: v[i] * OTHER[i])]


ORDERED: dict[str, Entry] = {
    "sort": Entry(np.sort, sorted),
    "sort falling": Entry(lambda x: -np.sort(-x), lambda v: sorted(v)[::-1]),
    "in place": Entry(lambda x: _sorted_in_place(x), sorted),
    "argsort": Entry(
        lambda x: (x * _O)[np.argsort(x)], lambda v: [v[i] * OTHER[i] for i in rank(v)]
    ),
    "argmax": Entry(
        lambda x: (x * _O)[np.argmax(x)], lambda v: v[rank(v)[-1]] * OTHER[rank(v)[-1]]
    ),
    "argmin": Entry(lambda x: x[x.argmin()] ** 2, lambda v: min(v) ** 2),
    "argmin of products": Entry(
        lambda x: x[np.argmin(x * _O)] ** 2, lambda v: _at_smallest(v) ** 2
    ),
    "nanargmin": Entry(lambda x: x[np.nanargmin(x * _O)] ** 2, lambda v: _at_smallest(v) ** 2),
    "nanargmax": Entry(
        lambda x: x[np.nanargmax(x * _O)],
        lambda v: max(paired([a * b for a, b in paired(v)], v))[1],
    ),
    "partition": Entry(lambda x: np.partition(x, 2)[2], lambda v: sorted(v)[2]),
    "argpartition": Entry(
        lambda x: np.sum(x[np.argpartition(x, 1)][:2]), lambda v: total(sorted(v)[:2])
    ),
    "lexsort": Entry(
        lambda x: x[np.lexsort((x, [1, 0, 1, 0, 1]))],
        lambda v: [v[i] for i in sorted(range(5), key=lambda i: ((i + 1) % 2, v[i]))],
    ),
    "take_along_axis": Entry(
        lambda x: np.take_along_axis(
            np.stack([x, -x]), np.argsort(np.stack([x, -x]), axis=1), axis=1
        ),
        lambda v: [*sorted(v), *sorted([-x for x in v])],
    ),
    "unravel_index": Entry(
        lambda x: np.outer(x, _Q)[np.unravel_index(np.argmax(np.outer(x, _Q)), (5, 5))],
        lambda v: max(x * p for x in v for p in POSITIVE),
    ),
    "searchsorted": Entry(
        lambda x: (_O + 0 * x)[np.searchsorted(_P, x) - 1] * x,
        lambda v: [OTHER[sum(p < x for p in PLACES) - 1] * x for x in v],
    ),
    "digitize": Entry(
        lambda x: np.digitize(x, _P) * x, lambda v: [sum(p <= x for p in PLACES) * x for x in v]
    ),
    "median": Entry(np.median, lambda v: sorted(v)[2]),
    "median of four": Entry(
        lambda x: np.median(x[1:]), lambda v: (sorted(v[1:])[1] + sorted(v[1:])[2]) / 2
    ),
    "quantile": Entry(lambda x: np.quantile(x, 0.3), lambda v: between(v, MP.mpf(0.3) * 4)),
    "percentile": Entry(
        lambda x: np.percentile(x, [0, 40, 100]),
        lambda v: [min(v), between(v, MP.mpf(0.4) * 4), max(v)],
    ),
    "quantile hazen": Entry(
        lambda x: np.quantile(x, 0.375, method="hazen"),
        lambda v: between(v, MP.mpf(0.375) * 5 - 0.5),
    ),
    "quantile moving": Entry(
        lambda x: np.quantile(x, x[0] ** 2 / 8), lambda v: between(v, v[0] ** 2 / 8 * 4)
    ),
    "quantile weibull moving": Entry(
        lambda x: np.quantile(x, x[0] ** 2 / 8, method="weibull"),
        lambda v: between(v, v[0] ** 2 / 8 * 6 - 1),
    ),
    "nanmedian": Entry(lambda x: np.nanmedian(np.append(x, np.nan)), lambda v: sorted(v)[2]),
    "nanpercentile": Entry(
        lambda x: np.nanpercentile(np.append(np.nan, x), 31.25),
        lambda v: between(v, MP.mpf(0.3125) * 4),
    ),
    "nanquantile": Entry(
        lambda x: np.nanquantile(np.append(np.nan, x), 0.3125),
        lambda v: between(v, MP.mpf(0.3125) * 4),
    ),
    "interp": Entry(lambda x: np.interp(x, _P, _O), lambda v: [line(x, PLACES, OTHER) for x in v]),
    "interp heights": Entry(
        lambda x: np.interp([-2.0, 0.0, 0.5, 9.0], _P, x),
        lambda v: [line(a, PLACES, v) for a in (-2.0, 0.0, 0.5, 9.0)],
    ),
    "interp places": Entry(
        lambda x: np.interp([-0.25, 0.5], np.sort(x), _O),
        lambda v: [line(a, sorted(v), OTHER) for a in (-0.25, 0.5)],
    ),
    "interp ends": Entry(
        lambda x: np.interp(x, _P, x, left=x[0] ** 2, right=7.0),
        lambda v: [
            v[0] ** 2 if a < PLACES[0] else 7 if a > PLACES[-1] else line(a, PLACES, v) for a in v
        ],
    ),
    "interp period": Entry(
        lambda x: np.interp(x, _P, x**2, period=4.0),
        lambda v: [periodic_line(a, PLACES, [x**2 for x in v], 4) for a in v],
    ),
    "maximum.accumulate": Entry(np.maximum.accumulate, lambda v: running(max, v)),
    "nanmax": Entry(lambda x: np.nanmax(np.append(x, np.nan)), max),
    "nanmin": Entry(lambda x: np.nanmin(np.append(x, np.nan)), min),
    "ptp": Entry(np.ptp, lambda v: max(v) - min(v)),
    "any": Entry(
        lambda x: np.where(np.any(x > 1.5), x, x**2),
        lambda v: v if max(v) > 1.5 else [x**2 for x in v],
    ),
    "all": Entry(
        lambda x: np.where(np.all(x > -1.5), x, x**2),
        lambda v: v if min(v) > -1.5 else [x**2 for x in v],
    ),
    "isclose": Entry(
        lambda x: np.where(np.isclose(x, 0.0, atol=0.5), x**3, x),
        lambda v: [x**3 if abs(x) <= 0.5 else x for x in v],
    ),
    "count_nonzero": Entry(
        lambda x: np.count_nonzero(x > 0) * x, lambda v: [sum(x > 0 for x in v) * x for x in v]
    ),
    "isin": Entry(
        lambda x: np.where(np.isin(np.floor(x), [0, 1]), x**2, x),
        lambda v: [x**2 if 0 <= x < 2 else x for x in v],
    ),
}
