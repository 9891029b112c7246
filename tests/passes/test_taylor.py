"""Taylor mode against expansions in many digits, closed forms and repeated differentiation."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import factorial
from typing import Any

import mpmath
import numpy as np
import pytest

import graphad as ga

MP = mpmath.mp.clone()
MP.dps = 60
ORDER = 20

UNIVARIATE: dict[str, tuple[Callable[..., Any], Callable[..., Any], float]] = {
    "exp(sin x) log1p(x²)": (
        lambda x: np.exp(np.sin(x)) * np.log1p(x**2),
        lambda x: MP.exp(MP.sin(x)) * MP.log1p(x * x),
        1.1,
    ),
    "tan": (np.tan, MP.tan, 0.4),
    "arctan": (np.arctan, MP.atan, 0.8),
    "sqrt": (lambda x: np.sqrt(1 + x * x), lambda x: MP.sqrt(1 + x * x), 0.8),
    "power": (lambda x: (1 + x) ** 2.5, lambda x: MP.power(1 + x, 2.5), 0.7),
    "x to the x": (lambda x: x**x, lambda x: MP.power(x, x), 1.3),
    "gauss": (lambda x: np.exp(-x * x), lambda x: MP.exp(-x * x), 0.6),
    "rational": (lambda x: (1 - x) / (1 + x * x), lambda x: (1 - x) / (1 + x * x), 0.9),
    "arcsin": (lambda x: np.arcsin(x / 3), lambda x: MP.asin(x / 3), 0.5),
    "logaddexp": (
        lambda x: np.logaddexp(x, 2 * x),
        lambda x: MP.log(MP.exp(x) + MP.exp(2 * x)),
        0.3,
    ),
    "cbrt": (np.cbrt, MP.cbrt, 1.5),
    "arctan2": (
        lambda x: np.arctan2(np.sin(x), 2 + x),
        lambda x: MP.atan(MP.sin(x) / (2 + x)),
        0.8,
    ),
}


@pytest.mark.parametrize("name", UNIVARIATE)
def test_twenty_coefficients(name: str) -> None:
    """Coefficients of orders 0 to 20 are right to 1e-13 of the largest of them around each."""
    function, exact, point = UNIVARIATE[name]
    found = ga.trace(function).taylor(ORDER)(point)
    wanted = MP.taylor(exact, MP.mpf(point), ORDER)
    sizes = [abs(float(value)) for value in wanted]
    for k, (value, true) in enumerate(zip(found, wanted, strict=True)):
        # A coefficient that is small by chance is a difference of ones like its neighbours.
        scale = max(sizes[max(0, k - 2) : k + 3])
        assert abs(float(MP.mpf(float(value)) - true)) <= 1e-13 * scale, (k, value, true)


def test_operations_grow_like_the_square_of_the_order() -> None:
    """Twice the order takes about four times the operations, not 2ᵏ times."""
    graph = ga.trace(lambda x: np.exp(np.sin(x)) * np.log1p(x**2))
    costs = [graph.taylor(order).cost().total for order in (5, 10, 20, 40)]
    assert all(b < 4.5 * a for a, b in pairwise(costs)), costs


def potential(x: Any) -> Any:
    """Energy of atoms, as its users write it."""
    p = x.reshape(-1, 3)
    i, j = np.triu_indices(len(p), 1)
    d = p[i] - p[j]
    s = np.sum(d * d, axis=-1) ** -3
    return np.sum(4.0 * (s * s - s))


ATOMS = np.array([0, 0, 0, 1.1, 0, 0, 0.5, 1.0, 0, 0.5, 0.4, 0.95])


def many(x: Any) -> Any:
    """Ops of all families on arrays."""
    a = np.stack([x[0] * x[1], np.maximum(x[2], 0.1), np.abs(x[1])])
    b = np.where(x > 0, np.sqrt(np.abs(x) + 1), np.tanh(x))
    return np.array([a @ b, np.max(a * b) + np.prod(b), np.linalg.norm(a) / b[0], np.sum(a**3)])


@pytest.mark.parametrize(("function", "point"), [(potential, ATOMS), (many, ATOMS[3:6] + 0.3)])
def test_directional_derivatives(function: Callable[..., Any], point: Any) -> None:
    """The k-th coefficient times k! is the k-th derivative, contracted with the direction."""
    direction = np.random.default_rng(3).normal(size=point.shape)
    graph = ga.trace(function, point)
    series = graph.taylor(4, direction=direction)(point)
    derivative = graph
    for k in range(5):
        tensor = derivative(point)
        for _ in range(k):
            tensor = tensor @ direction
        np.testing.assert_allclose(factorial(k) * series[..., k], tensor, rtol=1e-11)
        derivative = derivative.diff()


def test_direction_as_an_input() -> None:
    """Without a direction, arrays get one as a further input."""
    graph = ga.trace(lambda x: np.sum(x**3), np.zeros(2)).taylor(2)
    assert graph.input_names == ("x", "dx")
    found = graph(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(found, [9.0, 3.0, 3.0])


def test_some_inputs_move() -> None:
    """Inputs that are not in `wrt` stay where they are."""
    graph = ga.trace(lambda x, y: x * x * y).taylor(2, direction=1.0, wrt="x")
    np.testing.assert_allclose(graph(3.0, 2.0), [18.0, 12.0, 2.0])


def test_powers_at_zero() -> None:
    """An integer power is a product of series, which divides by nothing."""
    found = ga.trace(lambda x: x**3).taylor(4)(0.0)
    np.testing.assert_array_equal(found, [0.0, 0.0, 0.0, 1.0, 0.0])


def test_real_powers_at_zero() -> None:
    """So does a power above 1, for as many orders as it has derivatives."""
    powers = np.array([1.5, 2.5, 2.0])
    graph = ga.trace(lambda x: x**powers + x**3.5, np.zeros(3)).taylor(2)
    wanted = np.zeros((3, 3))
    wanted[2, 2] = 1.0
    with np.errstate(all="ignore"):
        found = graph(np.zeros(3), np.ones(3))
    np.testing.assert_array_equal(found[:, :2], wanted[:, :2])
    np.testing.assert_array_equal(found[1:], wanted[1:])


def test_complex_kinks_are_refused() -> None:
    """What is not analytic is named."""
    graph = ga.trace(lambda z: abs(z) + 0 * abs(z), 1j)
    with pytest.raises(ga.DerivativeError, match="real of a complex number is not analytic"):
        graph.taylor(1)


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda x: x, [2.0, 1.0, 0.0]),
        (lambda x: 3.0 + 0 * x, [3.0, 0.0, 0.0]),
        (lambda x: np.floor(x), [2.0, 0.0, 0.0]),
    ],
)
def test_plain_functions(function: Callable[..., Any], wanted: list[float]) -> None:
    """Linear functions, constants and steps have the series one expects."""
    np.testing.assert_array_equal(ga.trace(function).taylor(2)(2.0), wanted)


def test_order_zero_is_the_value() -> None:
    """The series of order 0 is the value, with an axis of length 1."""
    assert ga.trace(np.sin).taylor(0)(0.0).tolist() == [0.0]
    empty = ga.trace(lambda x: 2 * x, np.zeros(0)).taylor(2)
    assert empty(np.zeros(0), np.zeros(0)).shape == (0, 3)


def test_series_of_a_derivative() -> None:
    """Taylor mode runs on derivative graphs, diagonals and identities among them."""
    hessian = ga.trace(lambda x: np.sum(np.exp(x)), np.zeros(2)).diff(order=2)
    found = hessian.taylor(2, direction=np.array([1.0, 0.0]))(np.zeros(2))
    np.testing.assert_allclose(found[0, 0], [1.0, 1.0, 0.5])
    np.testing.assert_allclose(found[1, 1], [1.0, 0.0, 0.0])


def test_refusals() -> None:
    """Orders and directions that do not fit are named."""
    graph = ga.trace(lambda x, y: np.sum(x) * y, np.zeros(3))
    with pytest.raises(ga.DerivativeError, match="the order of a Taylor series is 0, 1, 2, … and"):
        graph.taylor(-1)
    with pytest.raises(ga.DerivativeError, match=r"2 inputs move and 1 directions are given"):
        graph.taylor(2, direction=np.zeros(3))
    with pytest.raises(ga.DerivativeError, match=r"direction of 'x' has the shape \(2,\), and the"):
        graph.taylor(2, direction=np.zeros(2), wrt="x")
    with pytest.raises(ga.DerivativeError, match="there is no input 'z' to differentiate by"):
        graph.taylor(2, wrt="z")


def test_powers_of_zero() -> None:
    """Series of powers whose exponent is an input, or moves, are right where the base is 0."""
    power = ga.trace(lambda a, b: a**b)
    np.testing.assert_array_equal(power.diff().plan()(0.0, 2.0), (0.0, 0.0))
    hill = ga.trace(lambda x, n, k: x**n / (k**n + x**n))
    np.testing.assert_array_equal(hill.diff().plan()(0.0, 3.0, 1.0), (0.0, 0.0, 0.0))
    assert hill.laplacian("x")(0.0, 2.0, 1.0) == 2.0
    data = ga.trace(lambda p: np.sum(np.array([0.0, 1.0, 2.0]) ** p))
    slope, bend = 4 * np.log(2), 4 * np.log(2) ** 2
    assert data.diff(mode="taylor")(2.0) == pytest.approx(slope, rel=1e-15)
    assert data.laplacian()(2.0) == pytest.approx(bend, rel=1e-15)
    np.testing.assert_allclose(data.taylor(2)(2.0), [5.0, slope, bend / 2], rtol=1e-15)
