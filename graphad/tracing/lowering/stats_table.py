"""Distributions of `scipy.stats` by formulas of standard variables: location, scale and support."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from graphad.builder import Builder
from graphad.errors import TraceError
from graphad.op import OPS, Array, Number, Operand
from graphad.tracing.lowering.coerce import cast_to, constant_array
from graphad.tracing.lowering.special_table import floats

Formula: TypeAlias = Callable[..., Operand]
"""``formula(y, *shapes)``, of the standard variable ``y``, or of a probability for quantiles."""
Test: TypeAlias = "Operand | Array"
"""Truth of elements; an array where it is known while tracing."""

OUTSIDE: Mapping[str, tuple[float, float]] = {
    "pdf": (0.0, 0.0),
    "logpdf": (-math.inf, -math.inf),
    "pmf": (0.0, 0.0),
    "logpmf": (-math.inf, -math.inf),
    "cdf": (0.0, 1.0),
    "logcdf": (-math.inf, 0.0),
    "sf": (1.0, 0.0),
    "logsf": (0.0, -math.inf),
}
"""Values below and above the support."""
QUANTILES = ("ppf", "isf")
POSITIVE, PROBABILITY, NOT_NEGATIVE = "positive", "a probability", "not negative"


@dataclass(frozen=True)
class Family:
    """A distribution.

    Parameters
    ----------
    shapes : mapping of str to str
        Its parameters beside location and scale, and which numbers they may be.
    formulas : mapping of str to callable
        What methods are for the standard variable, within the support.
    support : tuple of float
        The ends of the support, which belong to it; by the name of a shape, if it is one.
    inside : float
        A point of the support, where formulas are evaluated for points outside.
    low_open : bool
        Whether the lower end does not belong to the support.
    counts : bool
        Whether it is one of whole numbers, without a scale.
    """

    shapes: Mapping[str, str]
    formulas: Mapping[str, Formula]
    support: tuple[float, float | str] = (-math.inf, math.inf)
    inside: float = 1.0
    low_open: bool = False
    counts: bool = False

    def names(self, method: str) -> tuple[str, ...]:
        """Return the names of a method's arguments, in SciPy's order."""
        variable = "q" if method in QUANTILES else "k" if self.counts else "x"
        return (variable, *self.shapes, "loc", *(() if self.counts else ("scale",)))


def o(name: str, *args: Operand | Number | Array, **attrs: Any) -> Operand:
    """Return an op of operands."""
    return OPS[name](*args, **attrs)


def with_generic(**formulas: Formula) -> dict[str, Formula]:
    """Return formulas, and those that follow from them as a logarithm or an exponential."""
    made = dict(formulas)
    for logged, direct in _PAIRS:
        if logged in formulas:
            made.setdefault(direct, _after("exp", formulas[logged]))
    for logged, direct in _PAIRS[:2]:
        if direct in formulas:
            made.setdefault(logged, _after("log", formulas[direct]))
    made.setdefault("logcdf", _log_of_nearer(made["cdf"], made["sf"]))
    made.setdefault("logsf", _log_of_nearer(made["sf"], made["cdf"]))
    return made


_PAIRS = (("logpdf", "pdf"), ("logpmf", "pmf"), ("logcdf", "cdf"), ("logsf", "sf"))


def _after(name: str, formula: Formula) -> Formula:
    return lambda *args: o(name, formula(*args))


def _log_of_nearer(formula: Formula, rest: Formula) -> Formula:
    """Return the logarithm of `formula`, from 1 - `rest` where that has more digits."""

    def inner(*args: Operand) -> Operand:
        direct = formula(*args)
        small = o("less", direct, 0.5)
        near = o("log", o("where", small, direct, 1.0))
        return o("where", small, near, o("log1p", -o("where", small, 0.0, rest(*args))))

    return inner


# --- arguments -----------------------------------------------------------------------------------


def _given(
    method: str, family: Family, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> list[Any]:
    """Return the arguments of a method in order, with SciPy's defaults.

    Raises
    ------
    TraceError
        If one is missing, given twice or not known.
    """
    names = family.names(method)
    listed = ", ".join(names)
    if len(args) > len(names):
        raise TraceError(f"{len(args)} arguments are given, and it takes {listed}")
    given = {"loc": 0.0, "scale": 1.0} | dict(zip(names, args, strict=False))
    for key, value in kwargs.items():
        if key not in names:
            raise TraceError(f"{key}= is given, and it takes {listed}")
        if key in names[: len(args)]:
            raise TraceError(f"{key} is given twice")
        given[key] = value
    missing = [key for key in names if key not in given]
    if missing:
        raise TraceError(f"{' and '.join(missing)} is missing; it takes {listed}")
    return [given[key] for key in names]


def evaluated(
    builder: Builder,
    method: str,
    family: Family,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Operand:
    """Return what a method of a distribution gives, as doubles, as SciPy does.

    Raises
    ------
    TraceError
        If arguments do not fit.
    """
    given = floats(builder, *_given(method, family, args, kwargs))
    x, *rest = [cast_to(value, np.dtype(np.float64)) for value in given]
    shapes, (loc, *scales) = rest[: len(family.shapes)], rest[len(family.shapes) :]
    if method in QUANTILES:
        found: Operand = _stretched(_quantile(family.formulas[method], x, shapes), loc, scales)
    elif family.counts:
        found = _of_counts(family, method, _moved(x, loc), shapes)
    else:
        y = _moved(x, loc)
        if scales and not _is_number(scales[0], 1.0):
            y = o("divide", y, scales[0])
        found = _within(family, method, y, shapes)
        if scales and method in ("pdf", "logpdf") and not _is_number(scales[0], 1.0):
            log = method == "logpdf"
            scale = o("log", scales[0]) if log else scales[0]
            found = o("subtract" if log else "divide", found, scale)
    kinds = [*family.shapes.values(), *[POSITIVE for _ in scales]]
    for kind, parameter in zip(kinds, [*shapes, *scales], strict=True):
        found = selected(_is_kind(kind, parameter), found, math.nan)
    if family.counts and method == "logcdf":  # which SciPy gives whatever the parameters are
        found = selected(_is_above(family, method, _moved(x, loc), shapes), 0.0, found)
    return found


def _is_number(x: Operand, number: float) -> bool:
    array = constant_array(x)
    return array is not None and array.ndim == 0 and bool(array == number)


def _moved(x: Operand, loc: Operand) -> Operand:
    return x if _is_number(loc, 0.0) else o("subtract", x, loc)


def _stretched(y: Operand, loc: Operand, scales: Sequence[Operand]) -> Operand:
    for scale in scales:
        y = y if _is_number(scale, 1.0) else o("multiply", y, scale)
    return y if _is_number(loc, 0.0) else o("add", y, loc)


# --- tests, by which values are selected ---------------------------------------------------------

_KNOWN: Mapping[str, np.ufunc] = {
    "less": np.less,
    "less_equal": np.less_equal,
    "equal": np.equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
}


def compared(name: str, x: Operand | Array | float, y: Operand | Array | float) -> Test:
    """Return a comparison, or truths combined; an array where both sides are known."""
    known = [constant_array(z) for z in (x, y)]
    if known[0] is not None and known[1] is not None:
        array: Array = np.asarray(_KNOWN[name](*known))
        return array
    return o(name, x, y)


def selected(test: Test, x: Operand | float, y: Operand | float) -> Operand:
    """Return `x` where a test is true, and `y` elsewhere."""
    array = constant_array(test)
    if array is not None and (array.all() or not array.any()):
        chosen, other = (x, y) if array.all() else (y, x)
        if isinstance(chosen, Operand):
            return chosen
        assert isinstance(other, Operand)
        return o("where", np.broadcast_to(array, other.shape), x, y)
    return o("where", test, x, y)


def _is_kind(kind: str, x: Operand) -> Test:
    if kind == POSITIVE:
        return compared("less", 0.0, x)
    not_negative = compared("less_equal", 0.0, x)
    if kind == NOT_NEGATIVE:
        return not_negative
    return compared("logical_and", not_negative, compared("less_equal", x, 1.0))


# --- supports ------------------------------------------------------------------------------------


def _is_above(family: Family, method: str, y: Operand, shapes: Sequence[Operand]) -> Test:
    """Return whether points are above the support; its end counts as that where all is reached."""
    end = family.support[1]
    high: Operand | float = shapes[list(family.shapes).index(end)] if isinstance(end, str) else end
    if end == math.inf:
        return np.zeros((), bool)
    reached = family.counts and method in ("cdf", "sf", "logcdf", "logsf")
    return compared("less_equal" if reached else "less", high, y)


def _within(family: Family, method: str, y: Operand, shapes: Sequence[Operand]) -> Operand:
    """Return a formula within the support, and what is outside of it.

    The formula is evaluated at a point inside for all that are outside, so that its derivatives
    are finite there, and then 0 by the selection.
    """
    low = family.support[0]
    below, above = OUTSIDE[method]
    tests: list[tuple[Test, float]] = []
    if low > -math.inf:
        tests.append((compared("less_equal" if family.low_open else "less", y, low), below))
    tests.append((_is_above(family, method, y, shapes), above))
    for test, _ in tests:
        y = selected(test, family.inside, y)
    found = family.formulas[method](y, *shapes)
    for test, value in tests:
        found = selected(test, value, found)
    return found


def _of_counts(family: Family, method: str, k: Operand, shapes: Sequence[Operand]) -> Operand:
    """Return a method of a distribution of whole numbers; between them there is nothing."""
    array = constant_array(k)
    whole = k if array is not None and np.array_equal(array, np.floor(array)) else o("floor", k)
    found = _within(family, method, whole, shapes)
    if whole is k or method not in ("pmf", "logpmf"):
        return found
    return selected(compared("equal", k, whole), found, OUTSIDE[method][0])


def _quantile(formula: Formula, q: Operand, shapes: Sequence[Operand]) -> Operand:
    """Return a quantile, which is NaN for what is no probability."""
    test = _is_kind(PROBABILITY, q)
    found: Operand = selected(test, formula(selected(test, q, 0.5), *shapes), math.nan)
    return found
