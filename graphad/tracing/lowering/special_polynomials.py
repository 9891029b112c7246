"""Orthogonal polynomials of fixed degrees, by their recurrences, and spherical harmonics.

The recurrences are those of M. Abramowitz and I. A. Stegun (1964), 22.7 and 8.5.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.op import OPS, Array, Operand
from graphad.tracing.lowering.coerce import cast_to, constant_array, emit
from graphad.tracing.lowering.registry import ArrayLike
from graphad.tracing.lowering.special_table import (
    enter_special,
    fixed_integer,
    floats,
    lowers_special,
)

LARGEST_DEGREE = 200
"""Of a recurrence that is written out."""

Step: TypeAlias = Callable[..., Operand]
"""``step(k, current, last, x, *parameters)``: the polynomial of degree k + 1, of those before."""
First: TypeAlias = Callable[..., Operand]
"""``first(x, *parameters)``: the polynomial of degree 1."""


def _legendre(k: int, current: Operand, last: Operand, x: Operand) -> Operand:
    return x * current * ((2 * k + 1) / (k + 1)) - last * (k / (k + 1))


def _chebyshev(k: int, current: Operand, last: Operand, x: Operand) -> Operand:
    return x * 2.0 * current - last


def _hermite(k: int, current: Operand, last: Operand, x: Operand) -> Operand:
    return x * 2.0 * current - last * (2.0 * k)


def _hermite_e(k: int, current: Operand, last: Operand, x: Operand) -> Operand:
    return x * current - last * float(k)


def _laguerre(k: int, current: Operand, last: Operand, x: Operand) -> Operand:
    return ((2 * k + 1.0 - x) * current - last * float(k)) / (k + 1.0)


def _general_laguerre(k: int, current: Operand, last: Operand, x: Operand, a: Operand) -> Operand:
    return ((a + (2 * k + 1.0) - x) * current - (a + float(k)) * last) / (k + 1.0)


def _gegenbauer(k: int, current: Operand, last: Operand, x: Operand, a: Operand) -> Operand:
    return ((a + float(k)) * 2.0 * x * current - (a * 2.0 + (k - 1.0)) * last) / (k + 1.0)


def _jacobi(k: int, current: Operand, last: Operand, x: Operand, a: Operand, b: Operand) -> Operand:
    middle = a + b + 2.0 * k
    ahead = (middle + 1.0) * ((middle + 2.0) * middle * x + (a - b) * (a + b))
    behind = (a + float(k)) * (b + float(k)) * 2.0 * (middle + 2.0)
    return (ahead * current - behind * last) / ((a + b + (k + 1.0)) * middle * (2.0 * k + 2.0))


def _itself(x: Operand) -> Operand:
    return x


def _doubled(x: Operand) -> Operand:
    return x * 2.0


def _jacobi_1(x: Operand, a: Operand, b: Operand) -> Operand:
    return a + 1.0 + (a + b + 2.0) * (x - 1.0) * 0.5


_FAMILIES: Mapping[str, tuple[First, Step, str]] = {
    "eval_legendre": (_itself, _legendre, ""),
    "eval_chebyt": (_itself, _chebyshev, ""),
    "eval_chebyu": (_doubled, _chebyshev, ""),
    "eval_hermite": (_doubled, _hermite, ""),
    "eval_hermitenorm": (_itself, _hermite_e, ""),
    "eval_laguerre": (lambda x: 1.0 - x, _laguerre, ""),
    "eval_genlaguerre": (lambda x, a: a + 1.0 - x, _general_laguerre, "alpha"),
    "eval_gegenbauer": (lambda x, a: a * 2.0 * x, _gegenbauer, "alpha"),
    "eval_jacobi": (_jacobi_1, _jacobi, "alpha beta"),
}
_MOVED: Mapping[str, tuple[str, float, float, float]] = {
    "eval_sh_legendre": ("eval_legendre", 2.0, -1.0, 1.0),
    "eval_sh_chebyt": ("eval_chebyt", 2.0, -1.0, 1.0),
    "eval_sh_chebyu": ("eval_chebyu", 2.0, -1.0, 1.0),
    "eval_chebyc": ("eval_chebyt", 0.5, 0.0, 2.0),
    "eval_chebys": ("eval_chebyu", 0.5, 0.0, 1.0),
}
"""Of an argument that is scaled and moved, and times a factor."""


def fixed_degrees(n: ArrayLike) -> Array:
    """Return the whole numbers that `n` is, from 0 up.

    Raises
    ------
    TraceError
        If it depends on an input, or has others.
    """
    array = constant_array(n)
    if array is None:
        raise TraceError("the degree n must be fixed while tracing; it cannot depend on an input")
    whole = array.dtype.kind in "iufb" and bool(np.all((array >= 0) & (array == np.floor(array))))
    if not whole or array.max(initial=0) > LARGEST_DEGREE:
        raise TraceError(
            f"the degree n must be whole, from 0 to {LARGEST_DEGREE}, and is {array.tolist()}; "
            "others can be a graphad.primitive"
        )
    return array.astype(int)


def _chosen(degrees: Array, members: list[Operand]) -> Operand:
    """Return polynomials of these degrees, which broadcast with the arguments."""
    if degrees.ndim == 0:
        return members[int(degrees)]
    found = members[int(degrees.min()) if degrees.size else 0]
    if not degrees.size or degrees.min() == degrees.max():
        shape = np.broadcast_shapes(degrees.shape, found.shape)
        return found if found.shape == shape else OPS["broadcast_to"](found, shape=shape)
    for degree in np.unique(degrees)[1:]:
        found = OPS["where"](degrees == degree, members[int(degree)], found)
    return found


def _polynomial(name: str, n: ArrayLike, x: Value, *parameters: Value) -> Operand:
    first, step, _ = _FAMILIES[name]
    degrees = fixed_degrees(n)
    one = x * 0.0 + 1.0
    members = [one, first(x, *parameters)]
    for k in range(1, int(degrees.max(initial=0))):
        members.append(step(k, members[k], members[k - 1], x, *parameters))
    return _chosen(degrees, members)


def _enter(name: str, parameters: str) -> None:
    def inner(builder: Builder, n: ArrayLike, *args: ArrayLike) -> Operand:
        *shapes, x = floats(builder, *args)
        return _polynomial(name, n, x, *shapes)

    enter_special(name, _of_arguments(inner, 2 + len(parameters.split())))


def _of_arguments(inner: Callable[..., Operand], count: int) -> Callable[..., Operand]:
    def checked(builder: Builder, *args: ArrayLike) -> Operand:
        if len(args) != count:
            raise TraceError(f"it takes {count} arguments, not {len(args)}")
        return inner(builder, *args)

    return checked


def _enter_moved(name: str, same: str, scale: float, offset: float, factor: float) -> None:
    def inner(builder: Builder, n: ArrayLike, x: ArrayLike) -> Operand:
        (value,) = floats(builder, x)
        moved = emit("multiply", value, scale)
        found = _polynomial(same, n, emit("add", moved, offset) if offset else moved)
        return found if factor == 1 else found * factor

    enter_special(name, _of_arguments(inner, 2))


for _name, (_, _, _parameters) in _FAMILIES.items():
    _enter(_name, _parameters)
for _name, _how in _MOVED.items():
    _enter_moved(_name, *_how)


# --- associated Legendre functions ---------------------------------------------------------------


def _associated(degree: int, order: int, x: Operand, root: Operand) -> Operand:
    """Return ``Pₙᵐ`` with the phase of Condon and Shortley; `root` is ``√(1 - x²)``."""
    size = abs(order)
    if size > degree:
        return x * (0.0 if order > 0 else np.nan)
    first = OPS["integer_power"](root, exponent=size) if size else x * 0.0 + 1.0
    first = first * float((-1) ** size * math.prod(range(1, 2 * size, 2)))
    members = [first, x * first * (2.0 * size + 1)]
    for k in range(size + 1, degree):
        ahead = x * members[-1] * (2.0 * k + 1) - members[-2] * float(k + size)
        members.append(ahead / (k + 1.0 - size))
    found = members[degree - size]
    return found * ((-1) ** size * _factorials(degree, size)) if order < 0 else found


def _factorials(degree: int, order: int) -> float:
    """Return ``(n - m)! / (n + m)!``."""
    return float(1 / math.prod(range(degree - order + 1, degree + order + 1)))


def _one_degree(n: ArrayLike, what: str) -> int:
    degree = fixed_integer(n, what)
    if not 0 <= degree <= LARGEST_DEGREE:
        raise TraceError(f"{what} must be from 0 to {LARGEST_DEGREE}, and is {degree}")
    return degree


@lowers_special("lpmv")
def _lpmv(builder: Builder, m: ArrayLike, v: ArrayLike, x: ArrayLike) -> Operand:
    order, degree = fixed_integer(m, "the order m"), _one_degree(v, "the degree v")
    (value,) = floats(builder, x)
    if order == 0:
        return _associated(degree, order, value, value)
    outside = emit("less", 1.0, emit("absolute", value))
    inside = emit("where", outside, 0.0, value)
    found = _associated(degree, order, inside, OPS["sqrt"]((1.0 - inside) * (inside + 1.0)))
    return OPS["where"](outside, np.nan, found)


@lowers_special("sph_harm_y")
def _sph_harm_y(
    builder: Builder, n: ArrayLike, m: ArrayLike, theta: ArrayLike, phi: ArrayLike
) -> Operand:
    """Of the polar angle and the azimuth; the sine counts as positive, as in SciPy."""
    degree, order = _one_degree(n, "the degree n"), fixed_integer(m, "the order m")
    polar, azimuth = floats(builder, theta, phi)
    if polar.type.dtype == np.float32:
        polar, azimuth = (cast_to(angle, np.dtype(np.float64)) for angle in (polar, azimuth))
    sine = emit("sin", polar)
    sine = emit("where", emit("less", sine, 0.0), emit("negative", sine), sine)
    found = _associated(degree, abs(order), emit("cos", polar), sine)
    norm = math.sqrt((2 * degree + 1) / (4 * math.pi))
    if abs(order) <= degree:
        norm *= math.sqrt(_factorials(degree, abs(order)))
    if order < 0:
        norm *= (-1) ** order
    found, turned = found * norm, azimuth * float(order)
    parts = [OPS["cast"](found * OPS[name](turned), dtype="c128") for name in ("cos", "sin")]
    return OPS["add"](parts[0], OPS["multiply"](parts[1], 1j))
