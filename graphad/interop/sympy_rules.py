"""What functions of SymPy are in a graph, by the names of their classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TypeAlias

from graphad.errors import InteropError
from graphad.op import OPS, Operand

Made: TypeAlias = Operand
Rule: TypeAlias = Callable[..., Made]

# --- functions of values -------------------------------------------------------------------------


def _op(name: str) -> Rule:
    return OPS[name]


def _of_inverse(name: str) -> Rule:
    """Return a function of 1/x, as acot is atan of it."""
    return lambda x: OPS[name](OPS["reciprocal"](x))


def _inverse_of(name: str) -> Rule:
    """Return 1 by a function, as sec is 1 by cos."""
    return lambda x: OPS["reciprocal"](OPS[name](x))


def _folded(name: str) -> Rule:
    return lambda *args: reduce(OPS[name], args)


def _heaviside(x: Made, half: Made) -> Made:
    at_zero = OPS["where"](OPS["equal"](x, 0.0), half, OPS["multiply"](x, 0.0))
    return OPS["where"](OPS["greater"](x, 0.0), 1.0, at_zero)


def _sinc(x: Made) -> Made:
    at_zero = OPS["equal"](x, 0.0)
    safe = OPS["where"](at_zero, 1.0, x)
    return OPS["where"](at_zero, 1.0, OPS["sin"](safe) / safe)


def _incomplete(name: str) -> Rule:
    """Return an incomplete gamma function, which SymPy does not divide by the whole one."""
    return lambda a, x: OPS[name](a, x) * OPS["gamma"](a)


def _zeta(s: Made, q: Made | None = None) -> Made:
    return OPS["riemann_zeta"](s, derivative=0) if q is None else OPS["zeta"](s, q, derivative=0)


def _real(x: Made) -> Made:
    if x.type.is_complex:
        raise InteropError("re, im and conjugate are read of real values only")
    return x


_OPS = {
    "Abs": "absolute",
    "Cbrt": "cbrt",
    "Sqrt": "sqrt",
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "Ei": "expi",
    "beta": "beta",
    "ceiling": "ceil",
    "cos": "cos",
    "cosh": "cosh",
    "erf": "erf",
    "erfc": "erfc",
    "erfi": "erfi",
    "erfinv": "erfinv",
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "floor": "floor",
    "gamma": "gamma",
    "hypot": "hypot",
    "log": "log",
    "log10": "log10",
    "log1p": "log1p",
    "log2": "log2",
    "logaddexp": "logaddexp",
    "loggamma": "gammaln",
    "sign": "sign",
    "sin": "sin",
    "sinh": "sinh",
    "tan": "tan",
    "tanh": "tanh",
    "Equality": "equal",
    "GreaterThan": "greater_equal",
    "LessThan": "less_equal",
    "StrictGreaterThan": "greater",
    "StrictLessThan": "less",
    "Unequality": "not_equal",
    "Not": "logical_not",
    "Mod": "remainder",
}
RULES: Mapping[str, Rule] = {
    **{name: _op(other) for name, other in _OPS.items()},
    "Add": OPS["add"],
    "And": _folded("logical_and"),
    "Heaviside": _heaviside,
    "ITE": _op("where"),
    "Max": OPS["maximum"],
    "Min": OPS["minimum"],
    "Or": _folded("logical_or"),
    "Xor": _folded("logical_xor"),
    "acot": _of_inverse("arctan"),
    "acoth": _of_inverse("arctanh"),
    "acsc": _of_inverse("arcsin"),
    "acsch": _of_inverse("arcsinh"),
    "asec": _of_inverse("arccos"),
    "asech": _of_inverse("arccosh"),
    "conjugate": _real,
    "cot": _inverse_of("tan"),
    "coth": _inverse_of("tanh"),
    "csc": _inverse_of("sin"),
    "csch": _inverse_of("sinh"),
    "digamma": lambda x: OPS["digamma"](x, derivative=0),
    "erfcinv": OPS["erfcinv"],
    "fma": lambda x, y, z: x * y + z,
    "frac": lambda x: x - OPS["floor"](x),
    "lowergamma": _incomplete("gammainc"),
    "uppergamma": _incomplete("gammaincc"),
    "zeta": _zeta,
    "im": lambda x: 0.0 * _real(x),
    "re": _real,
    "sec": _inverse_of("cos"),
    "sech": _inverse_of("cosh"),
    "sinc": _sinc,
}
"""Functions of SymPy by the names of their classes; sums, powers and pieces are read apart."""
OF_ORDER: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "LambertW": ("lambertw", ("branch",)),
    "besseli": ("bessel_i", ("order", "derivative")),
    "besselj": ("bessel_j", ("order", "derivative")),
    "besselk": ("bessel_k", ("order", "derivative")),
    "bessely": ("bessel_y", ("order", "derivative")),
    "expint": ("expn", ("order",)),
    "polygamma": ("digamma", ("derivative",)),
}
"""Functions with an order that is a whole number: ops, and the attributes that it is, then 0."""
WRITTEN_OUT = ("Sum", "Product")
"""What runs over an index."""
DONE = ("Derivative", "Subs", "Trace", "Determinant")
"""What SymPy computes itself when it is told to."""


def readable() -> list[str]:
    """Return the names of the functions of SymPy that are read."""
    others = (
        "ITE",
        "Indexed",
        "MatrixElement",
        "Mul",
        "Piecewise",
        "Pow",
        *OF_ORDER,
        *WRITTEN_OUT,
        *DONE,
    )
    return sorted({*RULES, *others})
