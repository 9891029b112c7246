"""Functions of spectra, and others through complex numbers: derivatives against many digits."""

from __future__ import annotations

from functools import cache
from math import factorial
from typing import Any

import mpmath
import numpy as np
import pytest

import graphad as ga
from graphad.errors import TypeRuleError
from graphad.evaluate import Program
from graphad.op import OPS, Array
from graphad.ops.fourier import operations
from graphad.passes import batch
from graphad.text import dump, parse
from graphad.types import make_type
from tests.ops.calculus import HALF, difference_weights
from tests.ops.spectral import FUNCTIONS, LENGTH, MP, Exact

POINTS = 20
ORDER = 4
C128 = np.dtype(np.complex128)


def point_of(seed: int) -> tuple[Array, Array]:
    """Return a point and a direction."""
    draw = np.random.default_rng(seed)
    return draw.uniform(-1, 1, LENGTH), draw.uniform(-1, 1, LENGTH)


@cache
def graph_of(name: str) -> Any:
    """Return a traced function."""
    return ga.trace(lambda x: FUNCTIONS[name](np, x), point_of(0)[0])


@cache
def exact(name: str, seed: int) -> tuple[float, ...]:
    """Return the value and the derivatives along a direction, by differences in 60 digits."""
    point, direction = ([MP.mpf(float(v)) for v in array] for array in point_of(seed))
    step = MP.mpf(10) ** -4
    values = []
    for i in range(-HALF, HALF + 1):
        moved = [x + i * step * v for x, v in zip(point, direction, strict=True)]
        values.append(FUNCTIONS[name](Exact, np.array(moved, dtype=object)))
    found = [float(values[HALF])]
    for order in range(1, ORDER + 1):
        weights = [MP.mpf(w.numerator) / w.denominator for w in difference_weights(order)]
        total = MP.fsum([w * v for w, v in zip(weights, values, strict=True)])
        found.append(float(mpmath.re(total / step**order)))
    return tuple(found)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_series_along_lines(name: str) -> None:
    """Taylor coefficients of orders 0 to 4 are right at 20 points."""
    series = graph_of(name).taylor(ORDER)
    scale = [factorial(k) for k in range(ORDER + 1)]
    for seed in range(POINTS):
        found = series(*point_of(seed)) * scale
        expected = np.array(exact(name, seed))
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12 * abs(expected).max())


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_nested_derivatives(name: str, mode: str) -> None:
    """Derivatives of orders 1 to 4 in one mode, contracted with a direction, are right."""
    graph, (point, direction) = graph_of(name), point_of(1)
    expected = exact(name, 1)
    highest = ORDER if name in ("power_spectrum", "escape", "truncated") else 3
    for order in range(1, highest + 1):
        graph = graph.diff(mode=mode)
        found = graph(point)
        for _ in range(order):
            found = found @ direction
        np.testing.assert_allclose(
            found, expected[order], rtol=1e-11, atol=1e-12 * max(map(abs, expected))
        )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_graphs(name: str) -> None:
    """Gradients batch, come back from text, and agree with products by vectors."""
    graph, (point, direction) = graph_of(name), point_of(2)
    gradient = graph.diff()
    again = parse(dump(gradient))
    assert dump(again) == dump(gradient)
    expected = gradient(point)
    np.testing.assert_array_equal(Program(again)(point)[0], expected)
    rows = np.stack([point, direction, 0.5 * point])
    (found,) = Program(batch(gradient, 3))(rows)
    for row, value in zip(rows, found, strict=True):
        np.testing.assert_allclose(value, gradient(row), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(graph.jvp()(point, direction)[1], expected @ direction, rtol=1e-12)
    np.testing.assert_allclose(graph.vjp()(point, 2.0)[1], 2 * expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["power_spectrum", "analytic_signal", "impedance"])
def test_plans_and_compilation(name: str) -> None:
    """Hessians are planned, where a transform is in the way at array grain, and interpreted."""
    graph, (point, _) = graph_of(name), point_of(3)
    hessian = graph.diff(order=2)
    expected = graph.diff(mode="reverse").diff(mode="forward")(point)
    np.testing.assert_allclose(hessian.plan().compile()(point), expected, rtol=1e-11, atol=1e-13)
    compiled = hessian.compile()
    np.testing.assert_allclose(compiled(point), expected, rtol=1e-11, atol=1e-13)


def test_a_grain_that_transforms_do_not_have() -> None:
    """Scalars are refused by name, and the plan stays at array grain."""
    graph = graph_of("power_spectrum")
    table = str(graph.diff(order=2).plan().explain())
    assert "fft" in table
    assert "is not made of scalars" in table
    with pytest.raises(ga.PassError, match="is not made of scalars by adding and multiplying"):
        graph.diff(order=2, mode="compose")


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_many_digits(n: int, norm: str) -> None:
    """Both transforms in 40 digits are the sums that define them."""
    z = np.random.default_rng(n).normal(size=n) * (1 + 0.5j)
    for name, sign, divided in (("fft", -1, "forward"), ("ifft", 1, "backward")):
        found = OPS[name].precise(MP, np.array([MP.mpc(v) for v in z], dtype=object), 0, norm)  # type: ignore[misc]
        scale = n if norm == divided else MP.sqrt(n) if norm == "ortho" else 1
        for k in range(n):
            terms = [MP.mpc(v) * MP.expjpi(MP.mpf(2 * sign * j * k) / n) for j, v in enumerate(z)]
            assert abs(found[k] - MP.fsum(terms) / scale) < MP.mpf(10) ** -50


def test_costs() -> None:
    """A transform of n complex numbers counts 5 n log₂ n, of real ones half of it."""
    real, complex_ = make_type((3, 8), np.dtype(float)), make_type((3, 8), C128)
    assert operations([complex_], complex_, (1, "ortho")) == 3 * 5 * 8 * 3
    assert operations([real], complex_, (1, "ortho")) == 3 * 60
    assert operations([complex_], complex_, (0, "ortho")) == 8 * round(15 * np.log2(3))
    one = make_type((3, 1), C128)
    assert operations([one], one, (1, "ortho")) == 0


@pytest.mark.parametrize(
    ("shape", "dtype", "axis", "norm", "message"),
    [
        ((3,), float, 1, "ortho", r"f64\[3\] has no axis 1 to transform along"),
        ((3,), float, 0, "both", "fft has the norms backward, ortho, forward, not 'both'"),
        ((3,), np.int64, 0, "ortho", r"fft is of floating-point numbers, not of i64\[3\]"),
        ((0,), float, 0, "ortho", "fft needs at least one element along axis 0"),
    ],
)
def test_types_that_do_not_fit(shape: Any, dtype: Any, axis: int, norm: str, message: str) -> None:
    """The type rule says what is wrong."""
    with pytest.raises(TypeRuleError, match=message):
        OPS["fft"].infer([make_type(shape, np.dtype(dtype))], (axis, norm))


@pytest.mark.parametrize("name", ["real", "imag", "conjugate"])
def test_parts_are_of_floating_point_numbers(name: str) -> None:
    """Integers have no parts in a graph."""
    with pytest.raises(TypeRuleError, match=f"{name} is of floating-point numbers, not of i64"):
        OPS[name].infer([make_type((), np.dtype(np.int64))], ())


def test_single_precision() -> None:
    """Graphs with transforms run in single precision."""
    point, _ = point_of(0)
    smooth = ga.trace(lambda x: np.sum(np.fft.irfft(np.fft.rfft(x) ** 2, 7).cumsum() ** 2), point)
    for made in (smooth, smooth.diff(), graph_of("truncated"), graph_of("impedance").diff()):
        found = made(point.astype(np.float32))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, made(point), rtol=1e-4, atol=1e-4)
