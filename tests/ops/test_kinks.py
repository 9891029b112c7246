"""What derivatives are at kinks and at the edges of domains, as the conventions say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.evaluate import Program
from graphad.ir import Graph
from graphad.op import OPS, Operand
from graphad.passes import Pipeline, diff, pipeline
from graphad.types import FLOAT64, make_type

OPTIMIZE = Pipeline(pipeline.OPTIMIZE)
exp, greater, log, sin, sqrt, where = (
    OPS[name] for name in ("exp", "greater", "log", "sin", "sqrt", "where")
)
MODES = ("forward", "reverse")


def scalar_graph(function: Callable[..., Operand], inputs: str = "x") -> Graph:
    """Return the graph of a function of scalars."""
    b = Builder()
    return b.finish("f", [function(*[b.input(name, FLOAT64) for name in inputs])])


def both_derivatives(graph: Graph, mode: str, *point: float) -> list[list[float]]:
    """Return the derivative at a point, raw and optimised."""
    raw = diff(graph, mode=mode)
    return [[float(v) for v in Program(g)(*point)] for g in (raw, OPTIMIZE(raw))]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("x", [0.0, -0.0])
def test_absolute_at_0_has_derivative_0(mode: str, x: float) -> None:
    """The derivative of |x| at 0 is 0."""
    assert both_derivatives(scalar_graph(OPS["absolute"]), mode, x) == [[0.0], [0.0]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_extrema_at_a_tie_have_the_mean(name: str, mode: str) -> None:
    """At a tie each operand has half of the derivative; elsewhere the winner has all of it."""
    graph = scalar_graph(OPS[name], "xy")
    assert both_derivatives(graph, mode, 2.0, 2.0) == [[0.5, 0.5]] * 2
    winner = [0.0, 1.0] if name == "maximum" else [1.0, 0.0]
    assert both_derivatives(graph, mode, 1.0, 2.0) == [winner] * 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_extremum_of_a_value_and_a_constant(name: str, mode: str) -> None:
    """A constant takes half of the derivative at a tie too, and hides the other side."""
    graph = scalar_graph(lambda x: OPS[name](x, 1.0))
    assert both_derivatives(graph, mode, 1.0) == [[0.5]] * 2
    assert both_derivatives(graph, mode, 3.0) == [[float(name == "maximum")]] * 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["max", "min"])
def test_extremum_along_an_axis_is_shared_by_equal_elements(name: str, mode: str) -> None:
    """Elements that attain the extremum share its derivative."""
    b = Builder()
    x = b.input("x", make_type((2, 3), np.dtype(np.float64)))
    graph = b.finish("f", [OPS[name](x, axes=(1,))])
    point = np.array([[5.0, 1.0, 5.0], [2.0, 2.0, 2.0]])
    expected = np.zeros((2, 2, 3))
    expected[0, 0] = [0.5, 0.0, 0.5] if name == "max" else [0.0, 1.0, 0.0]
    expected[1, 1] = [1 / 3] * 3
    raw = diff(graph, mode=mode)
    for made in (raw, OPTIMIZE(raw)):
        np.testing.assert_array_equal(Program(made)(point)[0], expected)


@pytest.mark.parametrize("mode", MODES)
def test_selection_hides_a_derivative_that_is_infinite(mode: str) -> None:
    """The gradient of where(x > 0, sqrt(x), 0) at 0 is 0 and not NaN, to any order."""
    graph = scalar_graph(lambda x: OPS["where"](OPS["greater"](x, 0.0), OPS["sqrt"](x), 0.0))
    expected = [0.25, -1 / 32, 3 / 256]
    for derivative in expected:
        graph = OPTIMIZE(diff(graph, mode=mode))
        assert Program(graph)(0.0) == [0.0]
        assert Program(graph)(4.0) == [derivative]


HIDDEN: dict[str, Callable[..., Operand]] = {
    "sqrt": lambda x: where(greater(x, 0.0), sqrt(x), 0.0),
    "x log x": lambda x: where(greater(x, 0.0), x * log(x), 0.0),
    "sine over x": lambda x: where(greater(x, 0.0), sin(x) / x, 1.0),
    "other branch moves too": lambda x: where(greater(x, 0.0), 2.0 * exp(sqrt(x)), x),
    "inside of a function": lambda x: exp(where(greater(x, 0.0), x * log(x), 0.0)),
    "squared": lambda x: where(greater(x, 0.0), sqrt(x), 0.0) ** 2,
    "norm": lambda x: where(greater(x, 0.0), sqrt(x * x), 0.0),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", HIDDEN)
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_what_a_selection_hides_makes_no_nan(what: str, mode: str, shape: tuple[int, ...]) -> None:
    """Derivatives of order 1 to 3 of the branch that is not taken stay out, infinite or not."""
    b = Builder()
    graph = b.finish("f", [HIDDEN[what](b.input("x", make_type(shape, np.dtype(np.float64))))])
    for _ in range(3):
        graph = OPTIMIZE(diff(graph, mode=mode))
        for point in (np.zeros(shape), np.full(shape, -1.0)):
            assert np.all(np.isfinite(Program(graph)(point)[0]))


@pytest.mark.parametrize("mode", MODES)
def test_selection_between_two_functions(mode: str) -> None:
    """Each branch has its own derivative, where it is taken."""
    graph = scalar_graph(
        lambda x: OPS["where"](OPS["less"](x, 1.0), OPS["log"](x), OPS["reciprocal"](x))
    )
    assert both_derivatives(graph, mode, 0.5) == [[2.0], [2.0]]
    assert both_derivatives(graph, mode, 2.0) == [[-0.25], [-0.25]]


@pytest.mark.parametrize("mode", MODES)
def test_power_at_base_0(mode: str) -> None:
    """The derivative of x to the power p by p at x = 0 is 0, and by x what NumPy's power gives."""
    graph = scalar_graph(OPS["power"], "xp")
    for by_x, by_p in both_derivatives(graph, mode, 0.0, 2.0):
        assert (by_x, by_p) == (0.0, 0.0)
    for by_x, _ in both_derivatives(graph, mode, 0.0, 0.5):
        assert by_x == np.inf


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0])
def test_mixed_derivatives_of_powers(exponent: float, mode: str) -> None:
    """Derivatives of x to the power p by both are right where p is a small integer, 0 included."""
    x, p = 2.0, exponent
    log = np.log(x)
    graph = scalar_graph(OPS["power"], "xp")
    for optimize in (lambda g: g, OPTIMIZE):
        second = optimize(diff(optimize(diff(graph, mode=mode)), mode=mode))
        by_xx, by_xp, by_px, by_pp = Program(second)(x, p)
        mixed = x ** (p - 1) * (1 + p * log)
        assert by_xx == pytest.approx(p * (p - 1) * x ** (p - 2), rel=1e-14)
        assert (by_xp, by_px) == pytest.approx((mixed, mixed), rel=1e-14)
        assert by_pp == pytest.approx(x**p * log**2, rel=1e-14)
        third = optimize(diff(second, mode=mode))
        by_xxp = Program(third)(x, p)[1]
        assert by_xxp == pytest.approx(x ** (p - 2) * (2 * p - 1 + p * (p - 1) * log), rel=1e-13)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 5])
def test_integer_powers_at_0(exponent: int, mode: str) -> None:
    """Derivatives of integer powers at 0 are what the polynomial has, at all orders."""
    graph = scalar_graph(lambda x: OPS["integer_power"](x, exponent=exponent))
    factor = 1.0
    for order in range(1, 7):
        factor *= exponent - order + 1
        raw = diff(graph, mode=mode)
        graph = OPTIMIZE(raw)
        expected = factor if order == exponent else 0.0
        assert [Program(g)(0.0)[0] for g in (raw, graph)] == [expected] * 2


@pytest.mark.parametrize("mode", MODES)
def test_infinite_derivatives_stay_infinite(mode: str) -> None:
    """The derivative of sqrt at 0 is infinite, raw and optimised; that of log at -1 is -1."""
    assert both_derivatives(scalar_graph(OPS["sqrt"]), mode, 0.0) == [[np.inf]] * 2
    assert both_derivatives(scalar_graph(OPS["log"]), mode, 0.0) == [[np.inf]] * 2
    (raw,), (optimised,) = both_derivatives(scalar_graph(OPS["sqrt"]), mode, -1.0)
    assert np.isnan(raw)
    assert np.isnan(optimised)
