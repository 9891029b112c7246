"""Binomial coefficients and their like of a fixed k: polynomials, of which all derivatives are."""

from __future__ import annotations

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import constant_array, emit
from graphad.tracing.lowering.registry import ArrayLike
from graphad.tracing.lowering.special_table import floats, lowers_special

LARGEST_DEGREE = 50
"""Of a polynomial that is written as a product of its factors."""


def _degree(k: ArrayLike, name: str, instead: str) -> int:
    """Return the whole number that `k` is.

    Raises
    ------
    TraceError
        If it depends on an input, or is another number.
    """
    array = constant_array(k)
    number = None if array is None or array.ndim else complex(array[()])
    if number is None or number not in range(LARGEST_DEGREE + 1):
        what = "depends on an input" if array is None else f"is {array.tolist()}"
        raise TraceError(
            f"{name} must be one fixed whole number from 0 to {LARGEST_DEGREE}, and {what}; for "
            f"others write {instead}"
        )
    return int(number.real)


def _product(first: Value, degree: int, step: int, divided: bool) -> Value:
    """Return the product of ``first + step·j`` for j below `degree`, perhaps over factorials."""
    if degree == 0:
        return emit("add", emit("multiply", first, 0.0), 1.0)
    found = first
    for j in range(1, degree):
        found = emit("multiply", found, emit("add", first, float(step * j)))
        if divided:
            found = emit("divide", found, float(j + 1))
    return found


def _from_k_on(n: Value, degree: int, found: Value) -> Value:
    """Return what SciPy's functions for counting give, which is 0 for n < k."""
    return emit("where", emit("greater_equal", n, float(degree)), found, 0.0)


_BY_BETA = "1 / ((n + 1) * beta(n - k + 1, k + 1))"


@lowers_special("binom")
def _binom(builder: Builder, x: ArrayLike, y: ArrayLike) -> Value:
    degree = _degree(y, "k", _BY_BETA)
    (n,) = floats(builder, x)
    return _product(n, degree, -1, divided=True)


@lowers_special("comb", positional="N k")
def _comb(
    builder: Builder, N: ArrayLike, k: ArrayLike, exact: bool = False, repetition: bool = False
) -> Value:
    if exact:
        raise TraceError("exact=True is for integers, which have no derivatives; leave it out")
    if repetition:
        raise TraceError("repetition= is not traced; write comb(N + k - 1, k)")
    degree = _degree(k, "k", _BY_BETA)
    (n,) = floats(builder, N)
    return _from_k_on(n, degree, _product(n, degree, -1, divided=True))


@lowers_special("perm", positional="N k exact")
def _perm(builder: Builder, N: ArrayLike, k: ArrayLike, exact: bool = False) -> Value:
    if exact:
        raise TraceError("exact=True is for integers, which have no derivatives; leave it out")
    degree = _degree(k, "k", "exp(gammaln(n + 1) - gammaln(n - k + 1))")
    (n,) = floats(builder, N)
    return _from_k_on(n, degree, _product(n, degree, -1, divided=False))


@lowers_special("poch")
def _poch(builder: Builder, z: ArrayLike, m: ArrayLike) -> Value:
    degree = _degree(m, "m", "exp(gammaln(z + m) - gammaln(z))")
    (x,) = floats(builder, z)
    return _product(x, degree, 1, divided=False)
