"""Special functions with an order: Bessel functions and exponential integrals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import emit
from graphad.tracing.lowering.registry import ArrayLike
from graphad.tracing.lowering.special_table import (
    enter_special,
    fixed_integer,
    fixed_order,
    floats,
    lowers_special,
    one_op,
)

_FIXED: Mapping[str, tuple[str, int]] = {
    f"{letter}{order}{scaled}": (f"bessel_{letter}{scaled}", order)
    for letter, scaled in (("j", ""), ("y", ""), ("i", ""), ("k", ""), ("i", "e"), ("k", "e"))
    for order in (0, 1)
}
_BY_ORDER: Mapping[str, str] = {
    "jv": "bessel_j",
    "jn": "bessel_j",
    "jve": "bessel_j",  # for real arguments it is not scaled
    "yv": "bessel_y",
    "yn": "bessel_y",
    "yve": "bessel_y",
    "iv": "bessel_i",
    "ive": "bessel_ie",
    "kv": "bessel_k",
    "kn": "bessel_k",
    "kve": "bessel_ke",
}
_DERIVATIVES: Mapping[str, str] = {
    "jvp": "bessel_j",
    "yvp": "bessel_y",
    "ivp": "bessel_i",
    "kvp": "bessel_k",
}
_ALTERNATING = ("bessel_j", "bessel_y")
"""Those of which an odd order changes its sign with the sign of the order."""
_REAL: Mapping[str, str] = {
    "bessel_j": "jv",
    "bessel_y": "yv",
    "bessel_i": "iv",
    "bessel_k": "kv",
    "bessel_ie": "ive",
    "bessel_ke": "kve",
}
"""Ops of which the order is any number, or an array."""
_INTEGER = ("yn", "kn")
"""Functions of whole orders only."""


def _bessel(builder: Builder, op: str, v: ArrayLike, z: ArrayLike, derivative: int) -> Value:
    order = fixed_order(v)
    if order is None:
        return emit(_REAL[op], *floats(builder, v, z), derivative=derivative)
    (x,) = floats(builder, z)
    found = emit(op, x, order=abs(order), derivative=derivative)
    return emit("negative", found) if order < 0 and order % 2 and op in _ALTERNATING else found


def _by_order(op: str, whole: bool) -> Callable[..., Value]:
    def inner(builder: Builder, v: ArrayLike, z: ArrayLike) -> Value:
        if whole:
            return _bessel(builder, op, np.float64(fixed_integer(v, "the order n")), z, 0)
        return _bessel(builder, op, v, z, 0)

    return inner


def _derivative(op: str) -> Callable[..., Value]:
    def inner(builder: Builder, v: ArrayLike, z: ArrayLike, n: ArrayLike = 1) -> Value:
        return _bessel(builder, op, v, z, fixed_integer(n, "the derivative n"))

    return inner


def _spherical(op: str) -> Callable[..., Value]:
    def inner(builder: Builder, n: ArrayLike, z: ArrayLike, derivative: bool = False) -> Value:
        order = fixed_integer(n, "the order n")
        (x,) = floats(builder, z)
        return emit(op, x, order=order, derivative=int(bool(derivative)))

    return inner


for _name, (_op, _order) in _FIXED.items():
    enter_special(_name, one_op(_op, order=_order, derivative=0))
for _name, _op in _BY_ORDER.items():
    enter_special(_name, _by_order(_op, _name in _INTEGER))
for _name, _op in _DERIVATIVES.items():
    enter_special(_name, _derivative(_op))
for _name in ("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"):
    enter_special(_name, _spherical(_name))
enter_special("exp1", one_op("expn", order=1))


@lowers_special("expn")
def _expn(builder: Builder, n: ArrayLike, x: ArrayLike) -> Value:
    order = fixed_integer(n, "the order n")
    (value,) = floats(builder, x)
    if order < 0:
        raise TraceError(f"the order n must not be negative, and is {order}")
    if order == 0:
        return emit("divide", emit("exp", emit("negative", value)), value)
    return emit("expn", value, order=order)
