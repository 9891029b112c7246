"""Each op as machine code of every width: accuracy against mpmath, edges against NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pytest
from scipy import special

import graphad as ga
from graphad.builder import Builder
from graphad.evaluate import Program
from graphad.ir import Graph
from graphad.llvm.functions import INTRINSICS, LIBM, OF_CONDITIONS, ORDERED, RULES, rule_of
from graphad.op import OPS
from graphad.ops import special_factory
from graphad.passes import Pipeline
from graphad.types import DTYPES_BY_NAME, FLOAT64, make_type
from tests.llvm.vectors import LANES, Array, compiled, exact, lanes_of, runner, sweep_text, units

MOST = 4.0
"""Units in the last place that no function may be off by more than."""
EDGES = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 5e-324, -5e-324, 2.0, -2.0, 0.5, -0.5, 1.5, 2.5]
    + [
        -1.5,
        3.0,
        -3.0,
        1e308,
        -1e308,
        2.2e-308,
        1e17,
        -1e17,
        2.0**53 + 2,
        1e22,
        0.49999999999999994,
    ]
)
INFINITE = 1000.0
"""Where exponentials are infinite or 0 for long."""


def inside(low: float, high: float, function: str) -> Callable[..., Any]:
    """Return a function of mpmath's, constant out of an interval."""
    return lambda mp, x: getattr(mp, function)(min(max(x, mp.mpf(low)), mp.mpf(high)))


EXACT: dict[str, Callable[..., Any]] = {name: OPS[name].precise for name in LIBM} | {
    **{name: inside(-INFINITE, INFINITE, name) for name in ("exp", "expm1", "sinh", "cosh")},
    "exp2": lambda mp, x: mp.power(2, min(max(x, -1100), 1100)),
    "tanh": lambda mp, x: mp.tanh(x) if abs(x) < 100 else mp.sign(x),
    "erf": lambda mp, x: mp.erf(x) if abs(x) < 100 else mp.sign(x),
    "erfc": inside(-40, 40, "erfc"),
    "ndtr": inside(-50, 50, "ncdf"),
    "sqrt": lambda mp, x: mp.sqrt(x),
    "reciprocal": lambda mp, x: 1 / x,
}
DOMAINS: dict[str, Callable[[Array], Array]] = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt"), np.abs),
    **{
        name: lambda x: np.where(np.abs(x) > 1, 1 / x, x)
        for name in ("arcsin", "arccos", "arctanh")
    },
    "arccosh": lambda x: np.where(np.abs(x) < 1, 1 / np.abs(x), np.abs(x)),
    "log1p": lambda x: np.where(x < -1, 1 / x, x),
    "reciprocal": lambda x: np.where(np.abs(x) < 1e-307, 1.0, x),
}
"""What brings an argument into the domain of a function."""
UNARY = sorted(name for name in EXACT if OPS[name].arity == 1)


def arguments(seed: int = 1) -> Array:
    """Return numbers of all sizes: tiny and huge ones, and more where functions are busy."""
    draw = np.random.default_rng(seed)
    wide = draw.choice([-1.0, 1.0], 700) * 10.0 ** draw.uniform(-323, 308, 700)
    spans = [draw.uniform(-span, span, 350) for span in (1.0, 6.0, 30.0, 760.0)]
    near = draw.choice([-1.0, 1.0], 100) * (
        1 + draw.uniform(-1, 1, 100) * 10.0 ** -np.arange(100.0)
    )
    turns = np.concatenate([draw.integers(1, limit, 100) for limit in (100, 10**4, 10**6)])
    few = np.array([1e22, 1e300, 1.7e308, 5e-324, 3e-320, 709.782712893384, 745.133, 51471.9])
    return np.concatenate([wide, *spans, near, turns * (math.pi / 2), few, -few])


@lru_cache(maxsize=64)
def expected(name: str) -> tuple[Array, Array, Array]:
    """Return arguments of a function of one number, its values, and what rounding took."""
    with np.errstate(over="ignore"):  # in what is not taken
        x = DOMAINS.get(name, lambda x: x)(arguments())
    near, rest = exact(EXACT[name], [x])
    assert np.count_nonzero(~np.isnan(near)) >= 2000
    return x, near, rest


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_number(name: str, lanes: str) -> None:
    """At most 4 units in the last place on more than 2,000 arguments of all sizes."""
    x, near, rest = expected(name)
    error = units(compiled(name, lanes)(x), near, rest)
    assert x[error > MOST].tolist() == []


def pairs(name: str) -> tuple[Array, Array]:
    """Return arguments of a function of two numbers, in its domain and of all sizes."""
    draw = np.random.default_rng(2)
    if name == "power":
        base = np.concatenate(
            [10.0 ** draw.uniform(-20, 20, 800), 1 + 10.0 ** draw.uniform(-12, -1, 800)]
            + [-(10.0 ** draw.uniform(-5, 5, 300)), 10.0 ** draw.uniform(-320, 308, 400)]
        )
        power = np.concatenate(
            [draw.uniform(-15, 15, 800), draw.uniform(-690, 690, 800) / np.log(base[800:1600])]
            + [draw.integers(-30, 30, 300).astype(float), draw.uniform(-1.1, 1.1, 400)]
        )
        return base, power
    x = arguments(3)
    x = x[np.abs(x) < 1e300]
    scale = 10.0 ** draw.uniform(-3, 3, len(x))
    return x, np.where(draw.random(len(x)) < 0.5, draw.permutation(x), scale * x)


def logaddexp(mp: Any, x: Any, y: Any) -> Any:
    """Return the logarithm of the sum of exponentials, which may be infinite."""
    return max(x, y) + mp.log1p(mp.exp(-min(abs(x - y), mp.mpf(INFINITE))))


@lru_cache(maxsize=8)
def expected_of_two(name: str) -> tuple[Array, Array, Array, Array]:
    """Return arguments of a function of two numbers, its values, and what rounding took."""
    x, y = pairs(name)
    near, rest = exact(EXACT.get(name, logaddexp), [x, y])
    assert np.count_nonzero(~np.isnan(near)) >= 2000
    return x, y, near, rest


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", ["power", "hypot", "arctan2", "logaddexp"])
def test_functions_of_two_numbers(name: str, lanes: str) -> None:
    """At most 4 units in the last place; ``logaddexp`` of the largest of three."""
    x, y, near, rest = expected_of_two(name)
    scale = None
    if name == "logaddexp":
        scale = np.max(np.abs([near, x, y]), axis=0)
    error = units(compiled(name, lanes)(x, y), near, rest, scale)
    assert np.stack([x, y], 1)[error > MOST].tolist() == []


# --- edges ---------------------------------------------------------------------------------------


def reference(name: str) -> Any:
    """Return NumPy's function of a name, or SciPy's."""
    others = {
        "expit_negative": lambda x: special.expit(-x),
        "length": np.sqrt,
        "pseudo_reciprocal": lambda x: np.where(x == 0, 0.0, 1 / x),
    }
    return others.get(name) or getattr(np, name, None) or getattr(special, name)


def numpy_values(function: Any, *arrays: Array) -> Array:
    """Return what NumPy gives, whatever it thinks of it."""
    with np.errstate(all="ignore"):
        return np.asarray(function(*arrays), float)


def assert_same_edges(found: Array, wanted: Array, rounded: bool) -> None:
    """Assert equal NaN, infinities, signs of zeros; and bits, unless results are rounded."""
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    numbers = ~np.isnan(wanted)
    found, wanted = found[numbers], wanted[numbers]
    np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))
    whole = np.isinf(wanted) | (wanted == 0) if rounded else np.ones(len(wanted), bool)
    np.testing.assert_array_equal(found[whole], wanted[whole])
    np.testing.assert_allclose(found[~whole], wanted[~whole], rtol=1e-15)


EXACT_OPS = sorted(
    {*INTRINSICS, "sign", "negative", "reciprocal", "add", "subtract", "multiply", "divide"}
    | {"maximum", "minimum", "pseudo_reciprocal"}
)
COMPOSED = ("logaddexp", "expit", "expit_negative", "log_expit", "ndtr")
"""Ops that are several functions of the C library."""


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", sorted({*LIBM, *EXACT_OPS, *COMPOSED}))
def test_edges(name: str, lanes: str) -> None:
    """Zeros of both signs, infinities, NaN and subnormal numbers go where NumPy lets them go."""
    count = OPS[name].arity or 2
    arrays = [grid.ravel() for grid in np.meshgrid(*[EDGES] * count)]
    wanted = numpy_values(reference(name), *arrays)
    if OPS[name].arity is None:  # with a third operand that changes nothing
        neutral = {"add": -0.0, "multiply": 1.0, "maximum": -np.inf, "minimum": np.inf}
        arrays.append(np.full(len(wanted), neutral[name]))
    found = compiled(name, lanes)(*arrays)
    if name in ("maximum", "minimum"):  # of zeros of two signs, NumPy's choice is the processor's
        found, wanted = (np.where(values == 0, 0.0, values) for values in (found, wanted))
    assert_same_edges(found, wanted, rounded=name not in EXACT_OPS)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("exponent", [-3, -2, -1, 0, 1, 2, 3, 7, 12, 1000])
def test_integer_powers(exponent: int, lanes: str) -> None:
    """Integer powers have the interpreter's bits, at 0 and infinity too."""
    graph = power_graph(exponent)
    x = np.concatenate([EDGES, np.random.default_rng(0).uniform(-3, 3, 40)])
    found = runner(sweep_text(graph, lanes_of(lanes)), lanes_of(lanes).width)(x)
    wanted = [float(np.asarray(Program(graph)(np.float64(one))[0])) for one in x]
    assert_same_edges(found, np.array(wanted), rounded=False)


def power_graph(exponent: int) -> Graph:
    """Return the graph of an integer power."""
    b = Builder()
    return b.finish("p", [OPS["integer_power"](b.input("x", FLOAT64), exponent=exponent)])


def chosen(name: str, x: Any, y: Any) -> Any:
    """Return a number for each answer of a comparison."""
    return np.where(getattr(np, name)(x, y), 1.0, 2.0)


def compared(name: str, x: Any, y: Any) -> Any:
    """Return a comparison of two conditions as a number."""
    return getattr(np, name)(x > 0, y > 0) * 2.0


CHOICES: dict[str, Callable[..., Any]] = {
    **{name: partial(chosen, name) for name in ORDERED},
    "isnan": lambda x, y: np.where(np.isnan(x), 1.0, y),
    "isfinite": lambda x, y: np.where(np.isfinite(x), 1.0, y),
    "where, a branch not taken": lambda x, y: np.where(x > 0, np.sqrt(x), 0.0 * y),
    "logical_and": lambda x, y: np.where(np.logical_and(x > 0, y < 1), x, y),
    "logical_or": lambda x, y: np.where(np.logical_or(x > 0, y < 1), x, y),
    "logical_xor": lambda x, y: np.where(np.logical_xor(x > 0, y < 1), x, y),
    "logical_not": lambda x, y: np.where(np.logical_not(x > y), x, y),
    "truth of a number": lambda x, y: np.where(np.logical_and(x, y), x, 3.0),
    "cast": lambda x, y: (x > 0) * 2.0,
    "add of conditions": lambda x, y: ((x > 0) + (y > 0)) * 2.0,
    "multiply of conditions": lambda x, y: ((x > 0) * (y > 0)) * 2.0,
    "maximum of conditions": lambda x, y: np.maximum(x > 0, y > 0) * 2.0,
    "minimum of conditions": lambda x, y: np.minimum(x > 0, y > 0) * 2.0,
    "where of conditions": lambda x, y: np.where(x > 0, y > 0, y < 1) * 2.0,
    "isnan of a condition": lambda x, y: np.isnan(x > 0) * 2.0 + y * 0,
    "isfinite of a condition": lambda x, y: np.isfinite(x > 0) * 2.0,
    **{f"{name} of conditions": partial(compared, name) for name in ORDERED},
}


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", CHOICES)
def test_choices(name: str, lanes: str) -> None:
    """Conditions hold where NumPy's do, and what a selection does not take leaves no trace."""
    function = CHOICES[name]
    example = np.float64(0.5)  # sums of Python's conditions are numbers
    traced = ga.trace(lambda x, y: function(x, y) + 0 * x, example, example)
    graph = Pipeline("scalarize,schedule")(traced)
    x, y = (grid.ravel() for grid in np.meshgrid(EDGES, EDGES))
    found = runner(sweep_text(graph, lanes_of(lanes)), lanes_of(lanes).width)(x, y)
    wanted = numpy_values(lambda x, y: function(x, y) + 0 * x, x, y)
    assert_same_edges(found, wanted, rounded=False)


@pytest.mark.parametrize("lanes", LANES)
def test_mask(lanes: str) -> None:
    """A mask gives 0 where its condition does not hold, also of an infinity and of a NaN."""
    b = Builder()
    x, y = b.input("x", FLOAT64), b.input("y", FLOAT64)
    graph = b.finish("masked", [OPS["mask"](OPS["greater"](x, 0.0), y)])
    arrays = [grid.ravel() for grid in np.meshgrid(EDGES, EDGES)]
    found = runner(sweep_text(graph, lanes_of(lanes)), lanes_of(lanes).width)(*arrays)
    assert_same_edges(found, np.where(arrays[0] > 0, arrays[1], 0.0), rounded=False)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("taken", ["a condition", "a constant"])
def test_conditions_as_results(taken: str, lanes: str) -> None:
    """A condition that is a result is 1 or 0."""
    b = Builder()
    x = b.input("x", FLOAT64)
    made = OPS["greater"](x, 0.5) if taken == "a condition" else b.constant(np.array(True))
    run = runner(sweep_text(b.finish("c", [made]), lanes_of(lanes)), lanes_of(lanes).width)
    wanted = [0.0, 1.0] if taken == "a condition" else [1.0, 1.0]
    assert run(np.array([0.0, 1.0])).tolist() == wanted


@pytest.mark.parametrize("lanes", LANES[1:])
@pytest.mark.parametrize("name", sorted(LIBM))
def test_lanes_do_not_meet(name: str, lanes: str) -> None:
    """A number has the same function value, bit for bit, whatever is in the other lanes."""
    width = lanes_of(lanes).width
    x = np.full(width * 5, 0.7)
    others = np.repeat([1e300, np.nan, -np.inf, 1e-310, 0.0], width)
    run = compiled(name, lanes)
    count = OPS[name].arity or 1
    alone = run(*[x] * count)
    for lane in range(width):
        mixed = others.copy()
        mixed[lane::width] = 0.7
        np.testing.assert_array_equal(run(*[mixed] * count)[lane::width], alone[lane::width])


# --- the table -----------------------------------------------------------------------------------


def test_every_elementwise_op_has_a_rule() -> None:
    """Few ops that act on elements are left to NumPy, and special functions to SciPy."""
    left = {"conjugate", "exponent", "floor_divide", "fmod", "imag", "ldexp", "real", "remainder"}
    logic = {"logical_and", "logical_or", "logical_xor", "logical_not"}
    named = {name for name, op in OPS.items() if op.elementwise}
    special = {name for name in named if OPS[name].evaluate.__module__ == special_factory.__name__}
    assert named - special - left - {"signbit"} == {*RULES, *logic, "cast"} - {
        "erf",
        "erfc",
        "ndtr",
    }
    assert logic < set(OF_CONDITIONS)


@pytest.mark.parametrize(("given", "wanted"), [("f64", "f64"), ("bool", "bool"), ("f64", "bool")])
def test_casts(given: str, wanted: str) -> None:
    """A cast to the type that a value has changes nothing; a number holds where it is not 0."""
    b = Builder()
    x = b.input("x", FLOAT64)
    value = x if given == "f64" else OPS["greater"](x, 0.0)
    graph = b.finish("cast", [OPS["cast"](value, dtype=wanted)])
    found = runner(sweep_text(graph, lanes_of("scalar")), 1)(np.array([0.0, -0.0, 2.0, np.nan]))
    holds = [0.0, 0.0, 1.0, 0.0 if given == "bool" else 1.0]
    np.testing.assert_array_equal(found, [0.0, 0.0, 2.0, np.nan] if wanted == "f64" else holds)


def test_what_has_no_rule() -> None:
    """Ops of arrays have no rule; a cast of a condition has one."""
    b = Builder()
    x = b.input("x", make_type((3,), DTYPES_BY_NAME["f64"]))
    assert rule_of(OPS["sum"](x, axes=(0,)).node) is None
    condition = OPS["greater"](b.input("y", FLOAT64), 0.0)
    assert rule_of(OPS["cast"](condition, dtype="f64").node) is not None
