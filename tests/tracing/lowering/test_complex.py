"""Complex numbers: calls of NumPy functions against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.evaluate import Program
from graphad.tracing.lowering import LOWERINGS
from graphad.tracing.lowering.registry import present
from tests.tracing.lowering.calls import Case, Traced, call, cases, check, lowered

Z = Traced(np.array([1 + 2j, -0.5 - 1j, 3.0 + 0j, -2.0 + 0.5j]))
SINGLE = Traced(np.array([1 + 2j, -0.5j], np.complex64))
X = Traced(np.array([1.0, -2.0, 0.5, 3.0]))
MATRIX = Traced(np.array([[1j, 2.0 - 1j, 0.5], [3.0, -1j, 1 + 1j]]))
MATRIX_4 = Traced(np.arange(16.0).reshape(4, 4) * (1 + 0.5j))
SHORT = Traced(np.array([1 - 1j, 2j]))
WHOLE = Traced(np.array([1, -2]))


@cases(
    *[
        call(function, argument)
        for function in (
            np.real, np.imag, np.angle, np.isreal, np.iscomplex, np.iscomplexobj, np.isrealobj
        )
        for argument in (Z, SINGLE, X, WHOLE, [X, Z])
    ],
    *[
        call(function, argument)
        for function in (np.absolute, np.sign, np.conjugate, np.square, np.isfinite, np.isnan)
        for argument in (Z, SINGLE, X)
    ],
    call(np.angle, Z, True),
    call(np.angle, X, deg=True),
    call(np.power, Z, 2),
    call(np.sign, Traced(np.array([0j, 1j]))),
    call(np.where, Traced(np.array([True, False, True, False])), Z, X),
)  # fmt: skip
def test_calls(case: Case) -> None:
    """Values and dtypes are NumPy's, in double and in single precision."""
    check(case)


@cases(
    *[
        call(np.linalg.norm, a, order)
        for a in (Z, SINGLE)
        for order in (None, 0, 1, 2, 3, 4, np.inf)
    ],
    *[call(np.linalg.norm, MATRIX, order) for order in (None, "fro", 1, -1, np.inf, -np.inf)],
    call(np.linalg.norm, MATRIX, axis=1),
    *[call(f, a) for f in (np.var, np.std, np.nanvar, np.nanstd) for a in (Z, SINGLE, MATRIX)],
    call(np.var, MATRIX, 0, ddof=1),
    call(np.vdot, Z, Z),
    call(np.vdot, X, Z),
    call(np.vdot, MATRIX, MATRIX),
    *[call(f, Z, MATRIX_4) for f in present("vecdot", "vecmat")],
    *[call(np.correlate, Z, SHORT, mode) for mode in ("full", "same", "valid")],
    *[call(np.correlate, SHORT, Z, mode) for mode in ("full", "same", "valid")],
    call(np.correlate, X, SHORT, "full"),
)
def test_functions_that_conjugate(case: Case) -> None:
    """Norms, variances, products and correlations take sizes and conjugates where NumPy does."""
    check(case)


@pytest.mark.parametrize("power", [2, 4, 6])
def test_even_powers_of_sizes_have_no_root(power: int) -> None:
    """``np.abs(z)**2`` is the sum of squares, which is smooth at 0; so are its powers."""
    size, _, builder = lowered(call(np.absolute, Z))
    made = LOWERINGS[np.power](builder, size, power)
    assert size.node not in made.node.inputs
    (found,) = Program(builder.finish("f", [made]))(Z.array)
    np.testing.assert_allclose(found, abs(Z.array) ** power, rtol=1e-14)


def test_other_powers_of_sizes() -> None:
    """Odd powers and reciprocals keep the root."""
    for power in (1, 3, -2):
        size, _, builder = lowered(call(np.absolute, Z))
        made = LOWERINGS[np.power](builder, size, power)
        assert made.node is size.node or size.node in made.node.inputs


SIZES: dict[str, Any] = {
    "absolute value": np.abs,
    "hypotenuse": lambda x: np.hypot(x, x[::-1]),
    "norm": np.linalg.norm,
    "norms of rows": lambda x: np.linalg.norm(x[:, None] - x, axis=1, keepdims=True),
    "root of a sum": lambda x: np.sqrt(np.sum(x**2)),
    "root of a product": lambda x: np.sqrt(x @ x),
    "root of two squares": lambda x: np.sqrt(x[0] ** 2 + x[1] ** 2),
}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize(
    "squared", [lambda r: r**2, np.square, lambda r: r * r], ids=["power", "square", "product"]
)
def test_squares_of_sizes_have_no_root(name: str, squared: Any) -> None:
    """The square of a size or a norm is a sum of squares, with its second derivative at 0."""

    def energy(x: Any) -> Any:
        return np.sum(squared(SIZES[name](x)))

    x = np.array([0.5, -1.0, 2.0])
    graph = ga.trace(energy, x)
    ops = {node.op.name for node in graph.nodes}
    assert not ops & {"sqrt", "hypot", "absolute"}
    np.testing.assert_allclose(graph(x), energy(x), rtol=1e-15)
    np.testing.assert_array_equal(graph.diff(order=2)(0 * x), graph.diff(order=2)(x))


def test_roots_of_other_numbers_are_kept() -> None:
    """What may be negative is no square of a size: its root may be no number."""
    graph = ga.trace(lambda x: np.sqrt(x[0] ** 3 + x[1] ** 2) ** 2, np.ones(2))
    assert "sqrt" in {node.op.name for node in graph.nodes}


def test_real_values_stay_themselves() -> None:
    """Parts and conjugates of real values make no nodes."""
    for function in (np.real, np.conjugate):
        made, _, builder = lowered(call(function, X))
        assert made.node.op.name == "input"
        assert len(builder.nodes) == 1
