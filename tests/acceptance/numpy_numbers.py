"""Functions of NumPy of each element by itself, each with mpmath's function of one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.acceptance.numpy_definitions import MP, OTHER, Entry, paired

_O = np.array(OTHER)


def _of_one(call: Callable[[Any], Any], number: Callable[[Any], Any]) -> Entry:
    return Entry(call, lambda v: [number(x) for x in v])


def _of_two(call: Callable[[Any], Any], number: Callable[[Any, Any], Any]) -> Entry:
    return Entry(call, lambda v: [number(x, MP.mpf(y)) for x, y in paired(v)])


def _chosen(condition: Callable[[Any], Any], number: Callable[[Any], Any]) -> Entry:
    """A condition, to select by: what is chosen moves."""
    return Entry(
        lambda x: np.where(condition(x), x**3, np.sin(x)),
        lambda v: [x**3 if number(x) else MP.sin(x) for x in v],
    )


def _chosen_by_both(condition: Callable[[Any, Any], Any], number: Callable[[Any], Any]) -> Entry:
    return _chosen(lambda x: condition(x > -0.5, x < 1.0), number)


def _sinc(x: Any) -> Any:
    return MP.sin(MP.pi * x) / (MP.pi * x)


def _whole(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: step(3 * x) * x


# Arguments are between -2 and 2.
NUMBERS: dict[str, Entry] = {
    "absolute": _of_one(np.absolute, abs),
    "fabs": _of_one(np.fabs, abs),
    "abs": _of_one(np.abs, abs),
    "arccos": _of_one(lambda x: np.arccos(x / 3), lambda x: MP.acos(x / 3)),
    "arcsin": _of_one(lambda x: np.arcsin(x / 3), lambda x: MP.asin(x / 3)),
    "arctan": _of_one(np.arctan, MP.atan),
    "arccosh": _of_one(lambda x: np.arccosh(x + 4), lambda x: MP.acosh(x + 4)),
    "arcsinh": _of_one(np.arcsinh, MP.asinh),
    "arctanh": _of_one(lambda x: np.arctanh(x / 3), lambda x: MP.atanh(x / 3)),
    "sin": _of_one(np.sin, MP.sin),
    "cos": _of_one(np.cos, MP.cos),
    "tan": _of_one(lambda x: np.tan(x / 2), lambda x: MP.tan(x / 2)),
    "sinh": _of_one(np.sinh, MP.sinh),
    "cosh": _of_one(np.cosh, MP.cosh),
    "tanh": _of_one(np.tanh, MP.tanh),
    "cbrt": _of_one(lambda x: np.cbrt(x + 3), lambda x: MP.cbrt(x + 3)),
    "sqrt": _of_one(lambda x: np.sqrt(x + 3), lambda x: MP.sqrt(x + 3)),
    "square": _of_one(np.square, lambda x: x * x),
    "exp": _of_one(np.exp, MP.exp),
    "exp2": _of_one(np.exp2, lambda x: MP.power(2, x)),
    "expm1": _of_one(np.expm1, MP.expm1),
    "log": _of_one(lambda x: np.log(x + 3), lambda x: MP.log(x + 3)),
    "log2": _of_one(lambda x: np.log2(x + 3), lambda x: MP.log(x + 3) / MP.log(2)),
    "log10": _of_one(lambda x: np.log10(x + 3), lambda x: MP.log10(x + 3)),
    "log1p": _of_one(lambda x: np.log1p(x / 3), lambda x: MP.log1p(x / 3)),
    "i0": _of_one(np.i0, lambda x: MP.besseli(0, x)),
    "sinc": _of_one(np.sinc, _sinc),
    "negative": _of_one(np.negative, lambda x: -x),
    "positive": _of_one(lambda x: np.positive(x) ** 2, lambda x: x * x),
    "reciprocal": _of_one(lambda x: np.reciprocal(x + 3), lambda x: 1 / (x + 3)),
    "rad2deg": _of_one(lambda x: np.rad2deg(x**2), lambda x: MP.degrees(x * x)),
    "degrees": _of_one(lambda x: np.degrees(x**2), lambda x: MP.degrees(x * x)),
    "radians": _of_one(lambda x: np.radians(x**2), lambda x: MP.radians(x * x)),
    "floor": _of_one(lambda x: np.floor(3 * x) * x, _whole(MP.floor)),
    "ceil": _of_one(lambda x: np.ceil(3 * x) * x, _whole(MP.ceil)),
    "trunc": _of_one(lambda x: np.trunc(3 * x) * x, _whole(lambda x: MP.mpf(int(x)))),
    "fix": _of_one(lambda x: np.fix(3 * x) * x, _whole(lambda x: MP.mpf(int(x)))),
    "rint": _of_one(lambda x: np.rint(3 * x) * x, _whole(MP.nint)),
    "around": _of_one(lambda x: np.around(3 * x) * x, _whole(MP.nint)),
    "sign": _of_one(lambda x: np.sign(x) * x**2, lambda x: MP.sign(x) * x * x),
    "spacing": _of_one(lambda x: np.spacing(1.0) + x**2, lambda x: MP.mpf(2) ** -52 + x * x),
    "add": _of_two(lambda x: np.add(x, _O) ** 2, lambda x, y: (x + y) ** 2),
    "conjugate": _of_one(lambda x: np.conjugate(x) * x, lambda x: x * x),
    "floor_divide": _of_two(
        lambda x: np.floor_divide(3 * x, _O) * x, lambda x, y: MP.floor(3 * x / y) * x
    ),
    "subtract": _of_two(lambda x: np.subtract(_O, x) ** 2, lambda x, y: (y - x) ** 2),
    "multiply": _of_two(lambda x: np.multiply(x, x * _O), lambda x, y: x * x * y),
    "divide": _of_two(lambda x: np.divide(_O, x + 3), lambda x, y: y / (x + 3)),
    "true_divide": _of_two(lambda x: np.true_divide(x, _O - x / 9), lambda x, y: x / (y - x / 9)),
    "arctan2": _of_two(lambda x: np.arctan2(x, _O), MP.atan2),
    "angle": _of_two(lambda x: np.angle(x + 1j * _O), lambda x, y: MP.atan2(y, x)),
    "hypot": _of_two(lambda x: np.hypot(x, _O), MP.hypot),
    "logaddexp": _of_two(lambda x: np.logaddexp(x, _O), lambda x, y: MP.log(MP.exp(x) + MP.exp(y))),
    "power": _of_two(lambda x: np.power(x + 3, _O), lambda x, y: (x + 3) ** y),
    "power of it": _of_two(lambda x: np.power(_O**2, x), lambda x, y: (y * y) ** x),
    "maximum": _of_two(lambda x: np.maximum(x, _O) ** 2, lambda x, y: max(x, y) ** 2),
    "minimum": _of_two(lambda x: np.minimum(x, _O) ** 2, lambda x, y: min(x, y) ** 2),
    "fmax": _of_two(lambda x: np.fmax(x, _O) ** 2, lambda x, y: max(x, y) ** 2),
    "fmin": _of_two(lambda x: np.fmin(x, _O) ** 2, lambda x, y: min(x, y) ** 2),
    "less": _chosen(lambda x: np.less(x, 0.3), lambda x: x < 0.3),
    "less_equal": _chosen(lambda x: np.less_equal(x, 0.3), lambda x: x <= 0.3),
    "greater": _chosen(lambda x: np.greater(x, 0.3), lambda x: x > 0.3),
    "greater_equal": _chosen(lambda x: np.greater_equal(x, 0.3), lambda x: x >= 0.3),
    "equal": _chosen(lambda x: np.equal(np.sign(x), 1), lambda x: x > 0),
    "not_equal": _chosen(lambda x: np.not_equal(np.sign(x), 1), lambda x: x < 0),
    "isfinite": _chosen(np.isfinite, lambda x: True),
    "isinf": _chosen(np.isinf, lambda x: False),
    "isnan": _chosen(np.isnan, lambda x: False),
    "isneginf": _chosen(np.isneginf, lambda x: False),
    "isposinf": _chosen(np.isposinf, lambda x: False),
    "isreal": _chosen(np.isreal, lambda x: True),
    "iscomplex": _chosen(np.iscomplex, lambda x: False),
    "allclose": _chosen(lambda x: np.allclose(x, x + 1e-9), lambda x: True),
    "array_equal": _chosen(lambda x: np.array_equal(x, x + 1), lambda x: False),
    "array_equiv": _chosen(lambda x: np.array_equiv(x, x * 1), lambda x: True),
    "logical_and": _chosen_by_both(np.logical_and, lambda x: -0.5 < x < 1),
    "logical_or": _chosen_by_both(np.logical_or, lambda x: True),
    "logical_xor": _chosen_by_both(np.logical_xor, lambda x: not -0.5 < x < 1),
    "logical_not": _chosen(lambda x: np.logical_not(x > 0.3), lambda x: x <= 0.3),
    "bitwise_and": _chosen_by_both(np.bitwise_and, lambda x: -0.5 < x < 1),
    "bitwise_or": _chosen_by_both(np.bitwise_or, lambda x: True),
    "bitwise_xor": _chosen_by_both(np.bitwise_xor, lambda x: not -0.5 < x < 1),
    "invert": _chosen(lambda x: np.invert(x > 0.3), lambda x: x <= 0.3),
    "real_if_close": _of_one(lambda x: np.real_if_close(x) ** 2, lambda x: x * x),
}
