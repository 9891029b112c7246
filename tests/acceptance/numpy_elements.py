"""Functions of NumPy of each element, each with its definition in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.acceptance.numpy_definitions import (
    MP,
    OTHER,
    POSITIVE,
    Entry,
    mantissa,
    paired,
    sign,
    truncated,
)

_O = np.array(OTHER)
_Q = np.array(POSITIVE)


def _piecewise(x: Any) -> Any:
    return np.piecewise(x, [x < 0, x >= 1], [lambda t: t**2, 3.0, np.sin])


ELEMENTS: dict[str, Entry] = {
    "remainder": Entry(
        lambda x: np.remainder(x, _O), lambda v: [x - o * MP.floor(x / o) for x, o in paired(v)]
    ),
    "mod by it": Entry(lambda x: 7.0 % x, lambda v: [7 - x * MP.floor(7 / x) for x in v]),
    "fmod": Entry(
        lambda x: np.fmod(_O, x), lambda v: [o - x * truncated(o / x) for x, o in paired(v)]
    ),
    "floor_divide": Entry(
        lambda x: x // 0.3 * x, lambda v: [MP.floor(x / MP.mpf(0.3)) * x for x in v]
    ),
    "divmod": Entry(
        lambda x: np.concatenate([q * x for q in np.divmod(x, 0.7)]),
        lambda v: (
            [MP.floor(x / MP.mpf(0.7)) * x for x in v]
            + [(x - MP.mpf(0.7) * MP.floor(x / MP.mpf(0.7))) * x for x in v]
        ),
    ),
    "modf": Entry(
        lambda x: np.concatenate([p * x for p in np.modf(x)]),
        lambda v: [(x - truncated(x)) * x for x in v] + [truncated(x) * x for x in v],
    ),
    "copysign": Entry(
        lambda x: np.copysign(_O, x) * np.copysign(x, _O),
        lambda v: [abs(o) * sign(x) * abs(x) * sign(o) for x, o in paired(v)],
    ),
    "frexp": Entry(
        lambda x: np.frexp(x)[0] * np.frexp(x)[1],
        lambda v: [mantissa(x) * MP.frexp(x)[1] for x in v],
    ),
    "ldexp": Entry(
        lambda x: np.ldexp(x, [1, -2, 3, 0, 5]),
        lambda v: [x * MP.mpf(2) ** n for x, n in paired(v, (1, -2, 3, 0, 5))],
    ),
    "round": Entry(lambda x: np.round(x, 1) * x, lambda v: [MP.nint(x * 10) / 10 * x for x in v]),
    "signbit": Entry(
        lambda x: np.where(np.signbit(x), x**2, x), lambda v: [x**2 if x < 0 else x for x in v]
    ),
    "heaviside": Entry(lambda x: np.heaviside(x, 0.5) * x, lambda v: [max(0, x) for x in v]),
    "logaddexp2": Entry(
        lambda x: np.logaddexp2(x, _O),
        lambda v: [MP.log(2**x + MP.mpf(2) ** o, 2) for x, o in paired(v)],
    ),
    "float_power": Entry(
        lambda x: np.float_power(np.abs(x), 2.5), lambda v: [abs(x) ** MP.mpf(2.5) for x in v]
    ),
    "clip": Entry(
        lambda x: np.clip(x, min=-0.5, max=_Q),
        lambda v: [min(max(x, -0.5), q) for x, q in paired(v, POSITIVE)],
    ),
    "nan_to_num": Entry(
        lambda x: np.nan_to_num(np.append(x, np.nan), nan=2.0) ** 2,
        lambda v: [x**2 for x in v] + [4],
    ),
    "select": Entry(
        lambda x: np.select([x < 0, x > 1], [x**2, x**3], 1.0),
        lambda v: [x**2 if x < 0 else x**3 if x > 1 else 1 for x in v],
    ),
    "piecewise": Entry(
        _piecewise, lambda v: [x**2 if x < 0 else 3 if x >= 1 else MP.sin(x) for x in v]
    ),
    "choose": Entry(
        lambda x: np.choose(np.where(x > 0, 1, 0), [x**2, x]),
        lambda v: [x if x > 0 else x**2 for x in v],
    ),
    "deg2rad": Entry(lambda x: np.deg2rad(x) * np.degrees(x), lambda v: [x * x for x in v]),
}
