"""Functions of NumPy of whole vectors, each with its definition in plain Python."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tests.acceptance.numpy_definitions import (
    MP,
    OTHER,
    PLACES,
    Entry,
    fitted,
    full_convolution,
    mean,
    paired,
    product,
    running,
    slope_at,
    spaced,
    sum_of,
    total,
    unwrapped,
    variance,
)

_P = np.array(PLACES)
_O = np.array(OTHER)


def _put(x: Any) -> Any:
    y = x.copy()
    np.put_along_axis(y, np.array([0, 3]), np.stack([x[0] ** 2, x[0] ** 3]), axis=0)
    return y


def _halved(x: Any) -> Any:
    y = x.copy()
    at = np.argmax(x)
    y[at] = x[at] / 2
    return y


def _products(v: Any) -> list[Any]:
    """The matrix of sums of products of deviations, of numbers and their squares."""
    rows = [v, [x * x for x in v]]
    moved = [[x - mean(row) for x in row] for row in rows]
    return [total([x * y for x, y in zip(a, b, strict=True)]) for a in moved for b in moved]


WHOLE: dict[str, Entry] = {
    "cumprod": Entry(np.cumprod, lambda v: running(lambda a, b: a * b, v)),
    "cumprod of columns": Entry(
        lambda x: np.stack([x, x**2]).cumprod(axis=0), lambda v: [*v, *[x**3 for x in v]]
    ),
    "cumulative_sum": Entry(
        lambda x: np.cumulative_sum(x, include_initial=True),
        lambda v: [MP.mpf(0), *running(lambda a, b: a + b, v)],
    ),
    "cumulative_prod": Entry(
        lambda x: np.cumulative_prod(x, include_initial=True),
        lambda v: [MP.mpf(1), *running(lambda a, b: a * b, v)],
    ),
    "nancumprod": Entry(
        lambda x: np.nancumprod(np.append(x[:2], [np.nan, *x[2:]])),
        lambda v: [v[0], v[0] * v[1], *running(lambda a, b: a * b, v)[1:]],
    ),
    "nancumsum": Entry(lambda x: np.nancumsum(np.append(x, np.nan))[-1], total),
    "nansum": Entry(
        lambda x: np.nansum(np.append(x, np.nan) ** 2), lambda v: total([x**2 for x in v])
    ),
    "nanprod": Entry(lambda x: np.nanprod(np.append(x, np.nan)), product),
    "nanmean": Entry(lambda x: np.nanmean(np.append(x, np.nan)) ** 2, lambda v: mean(v) ** 2),
    "nanvar": Entry(lambda x: np.nanvar(np.append(x, np.nan), ddof=1), lambda v: variance(v, 1)),
    "nanstd": Entry(lambda x: np.nanstd(np.append(x, np.nan)), lambda v: MP.sqrt(variance(v))),
    "std": Entry(lambda x: x.std(ddof=2), lambda v: MP.sqrt(variance(v, 2))),
    "var": Entry(np.var, variance),
    "average": Entry(
        lambda x: np.average(_O, weights=x**2),
        lambda v: total([o * x**2 for o, x in paired(OTHER, v)]) / total([x**2 for x in v]),
    ),
    "convolve": Entry(
        lambda x: np.convolve(x, x[:3], "same"), lambda v: full_convolution(v, v[:3])[1:-1]
    ),
    "correlate": Entry(
        lambda x: np.correlate(x, x[:2], "valid"), lambda v: full_convolution(v, v[1::-1])[1:-1]
    ),
    "kron": Entry(lambda x: np.kron(x[:2], x[2:]), lambda v: [a * b for a in v[:2] for b in v[2:]]),
    "cross": Entry(
        lambda x: np.cross(x[:3], x[2:]),
        lambda v: [v[1] * v[4] - v[2] * v[3], v[2] * v[2] - v[0] * v[4], v[0] * v[3] - v[1] * v[2]],
    ),
    "vander": Entry(lambda x: np.vander(x, 3), lambda v: [x**k for x in v for k in (2, 1, 0)]),
    "gradient": Entry(
        lambda x: np.gradient(x, _P, edge_order=2),
        lambda v: [slope_at(v, PLACES, i) for i in range(5)],
    ),
    "gradient places": Entry(
        lambda x: np.gradient(_O, np.cumsum(x**2 + 1), edge_order=2),
        lambda v: [
            slope_at(OTHER, running(lambda a, b: a + b, [x**2 + 1 for x in v]), i) for i in range(5)
        ],
    ),
    "trapezoid": Entry(
        lambda x: np.trapezoid(x, x**3),
        lambda v: total([(a + b) / 2 * (b**3 - a**3) for a, b in itertools.pairwise(v)]),
    ),
    "unwrap": Entry(
        lambda x: np.unwrap(4 * x, period=3.0), lambda v: unwrapped([4 * x for x in v], 3)
    ),
    "diff": Entry(
        lambda x: np.diff(x**2, n=2),
        lambda v: [c**2 - 2 * b**2 + a**2 for (a, b), c in paired(paired(v, v[1:]), v[2:])],
    ),
    "ediff1d": Entry(
        lambda x: np.ediff1d(x, to_end=x[0] ** 2),
        lambda v: [*[b - a for a, b in itertools.pairwise(v)], v[0] ** 2],
    ),
    "polyfit": Entry(
        lambda x: np.polyfit(_P, x**2, 1), lambda v: fitted(PLACES, [x**2 for x in v])
    ),
    "polyval": Entry(
        lambda x: np.polyval(x, 1.5),
        lambda v: total([x * MP.mpf(1.5) ** (4 - i) for i, x in enumerate(v)]),
    ),
    "polyder": Entry(
        lambda x: np.polyder(x**2), lambda v: [x**2 * (4 - i) for i, x in enumerate(v[:4])]
    ),
    "polyint": Entry(
        lambda x: np.polyint(x**2),
        lambda v: [*[x**2 / (5 - i) for i, x in enumerate(v)], MP.mpf(0)],
    ),
    "polyval2d": Entry(
        lambda x: np.polynomial.polynomial.polyval2d(
            x, x[::-1], np.array([[1.0, 2.0], [3.0, 4.0]])
        ),
        lambda v: [1 + 2 * b + 3 * a + 4 * a * b for a, b in paired(v, v[::-1])],
    ),
    "polygrid2d": Entry(
        lambda x: np.polynomial.polynomial.polygrid2d(x[:2], x[2:4], np.array([[1.0, 2.0]])),
        lambda v: [1 + 2 * b for _ in range(2) for b in v[2:4]],
    ),
    "polymul": Entry(lambda x: np.polymul(x, x[:2]), lambda v: full_convolution(v, v[:2])),
    "bincount": Entry(
        lambda x: np.bincount([0, 2, 2, 0, 3], weights=x**2),
        lambda v: sum_of({0: [v[0] ** 2, v[3] ** 2], 2: [v[1] ** 2, v[2] ** 2], 3: [v[4] ** 2]}, 4),
    ),
    "insert": Entry(
        lambda x: np.insert(x, [1, 4], x[:2] ** 2),
        lambda v: [v[0], v[0] ** 2, *v[1:4], v[1] ** 2, v[4]],
    ),
    "delete": Entry(
        lambda x: np.delete(x, [1, 3]) ** 2, lambda v: [v[0] ** 2, v[2] ** 2, v[4] ** 2]
    ),
    "resize": Entry(lambda x: np.resize(x**2, 7), lambda v: [x**2 for x in (v + v)[:7]]),
    "tile": Entry(
        lambda x: np.tile(x, 2) * np.repeat(x, 2),
        lambda v: [(v + v)[i] * v[i // 2] for i in range(10)],
    ),
    "roll": Entry(lambda x: x * np.roll(x, 2), lambda v: [v[i] * v[i - 2] for i in range(5)]),
    "linspace": Entry(
        lambda x: np.linspace(x[0], x[1] ** 2, 4), lambda v: spaced(v[0], v[1] ** 2, 4)
    ),
    "geomspace": Entry(
        lambda x: np.geomspace(x[0] ** 2 + 1, x[1] ** 2 + 2, 4),
        lambda v: [MP.exp(t) for t in spaced(MP.log(v[0] ** 2 + 1), MP.log(v[1] ** 2 + 2), 4)],
    ),
    "logspace": Entry(
        lambda x: np.logspace(x[0], x[1], 3, base=2.0),
        lambda v: [MP.mpf(2) ** t for t in spaced(v[0], v[1], 3)],
    ),
    "meshgrid": Entry(
        lambda x: np.multiply(*np.meshgrid(x[:2], x[2:])),
        lambda v: [a * b for b in v[2:] for a in v[:2]],
    ),
    "put_along_axis": Entry(lambda x: _put(x), lambda v: [v[0] ** 2, v[1], v[2], v[0] ** 3, v[4]]),
    "index by traced": Entry(
        lambda x: _halved(x), lambda v: [x / 2 if x is max(v) else x for x in v]
    ),
    "cov": Entry(lambda x: np.cov(x, x**2), lambda v: [c / 4 for c in _products(v)]),
    "corrcoef": Entry(
        lambda x: np.corrcoef(x, x**2)[0],
        lambda v: [MP.mpf(1), _products(v)[1] / MP.sqrt(_products(v)[0] * _products(v)[3])],
    ),
    "tensorsolve": Entry(
        lambda x: np.linalg.tensorsolve(4 * np.eye(4).reshape(2, 2, 4) + x[4], x[:4].reshape(2, 2)),
        lambda v: list(MP.lu_solve(4 * MP.eye(4) + v[4] * MP.ones(4), MP.matrix(v[:4]))),
    ),
}
