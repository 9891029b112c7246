"""Each example runs, prints, and finds the right numbers."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "examples"
TESTED_ELSEWHERE = {"demo"}


def check_nth_derivative(rows: list[Any], printed: str) -> None:
    """Assert that all ways agree with differences in 60 digits, and graphs stay small."""
    assert [row.order for row in rows] == list(range(1, 9))
    with mpmath.workdps(60):
        f: Callable[[Any], Any] = lambda t: 0.3 * mpmath.sin(t) * t**10  # noqa: E731
        exact = mpmath.taylor(f, mpmath.mpf(1.5), 8)
        expected = [float(c * mpmath.factorial(k)) for k, c in enumerate(exact)]
    for row in rows:
        for found in (row.expected, *[graph(1.5) for graph in row.graphs]):
            assert found == pytest.approx(expected[row.order], rel=1e-13)
        assert max(map(len, row.graphs)) <= 110
    assert "multiply 1.0" in printed


def check_newton_rosenbrock(found: dict[str, Any], printed: str) -> None:
    """Assert that each method of SciPy ends at (1, …, 1)."""
    assert list(found) == ["Newton-CG", "trust-exact", "trust-krylov"]
    for result in found.values():
        assert result.success
        np.testing.assert_allclose(result.x, np.ones(5), atol=1e-7)
    lengths = [float(line) for line in printed.splitlines()[-5:]]
    assert lengths[-1] < 1e-10 < lengths[0]


def check_lennard_jones(found: Any, printed: str) -> None:
    """Assert that forces add up to zero and that just the six free motions cost no energy."""
    np.testing.assert_allclose(found.start_forces.sum(axis=0), 0.0, atol=1e-13)
    assert np.abs(found.start_forces).max() > 1
    assert found.energy == pytest.approx(-6.0, rel=1e-14)
    np.testing.assert_allclose(found.forces, 0.0, atol=1e-12)
    constants = found.force_constants
    np.testing.assert_allclose(constants, constants.T, atol=1e-12)
    np.testing.assert_allclose(found.eigenvalues[:6], 0.0, atol=1e-11)
    # A pair at the distance r0 has the force constant 72/r0² of its potential; for a regular
    # tetrahedron of springs k, the modes are k (twice), 2k (three times) and 4k (once).
    k = 72 / 2 ** (1 / 3)
    np.testing.assert_allclose(found.eigenvalues[6:], np.array([1, 1, 2, 2, 2, 4]) * k, rtol=1e-12)
    assert "6 of them are zero" in printed


def check_christoffel(found: Any, printed: str) -> None:
    """Assert the symbols of the textbook, and curvature without Ricci's part of it."""
    np.testing.assert_allclose(found.christoffel, found.expected, rtol=1e-14, atol=1e-16)
    assert np.count_nonzero(found.christoffel) == 13
    np.testing.assert_allclose(found.ricci, np.zeros((4, 4)), atol=1e-14)
    assert found.kretschmann == pytest.approx(12 / 3.0**6, rel=1e-13)
    assert "Γ^φ_θφ" in printed


def check_laplacian(found: Any, printed: str) -> None:
    """Assert the closed form, and that the Laplacian needs less than the Hessian."""
    x = np.linspace(-0.4, 0.5, 10)
    square = x @ x
    assert found.value == pytest.approx((square - 10) * np.exp(-square / 2), rel=1e-14)
    np.testing.assert_allclose(found.gradient, (12 - square) * np.exp(-square / 2) * x, rtol=1e-13)
    assert found.laplacian_operations < 0.6 * found.hessian_operations
    assert found.collapsed == pytest.approx(found.value, rel=1e-14)
    assert found.collapsed_operations <= found.laplacian_operations
    assert "einsum" in printed


def check_plate(found: Any, printed: str) -> None:
    """Assert both ways to ΔΔ agree, and that the fitted deflection is that of the load."""
    assert found.collapsed == pytest.approx(found.nested, rel=1e-11)
    value, collapsed, nested = found.operations
    assert collapsed < 13 * value < nested / 3
    assert found.gradient == pytest.approx(found.differences, rel=1e-6)
    first, last = found.losses
    assert last < 1e-4 * first
    assert found.error < 0.03
    assert "largest error" in printed


def check_exchange_correlation(found: Any, printed: str) -> None:
    """Assert that orders stay small, and that Taylor's series of an energy ends at the energy."""
    assert [row.entries for row in found.rows] == [1, 5, 15, 35, 70]
    most = (130, 320, 1_000, 2_300, 4_700)
    for row, operations in zip(found.rows, most, strict=True):
        assert row.plan.layout == "packed"
        assert row.plan.cost().total <= operations
    start, end = found.energies
    # PBE gives nitrogen -6.75 hartree; Slater's orbitals are near enough to its own.
    assert start == pytest.approx(-6.75, abs=0.05)
    assert end - start == pytest.approx(-0.0425, abs=1e-3)
    most_off = (0.05, 5e-4, 2e-6, 2e-7, 1e-8)
    assert all(error < most for error, most in zip(found.errors, most_off, strict=True))
    assert "How order 2 was planned" in printed


CHECKS: dict[str, Callable[[Any, str], None]] = {
    "christoffel": check_christoffel,
    "exchange_correlation": check_exchange_correlation,
    "laplacian": check_laplacian,
    "lennard_jones": check_lennard_jones,
    "newton_rosenbrock": check_newton_rosenbrock,
    "nth_derivative": check_nth_derivative,
    "plate": check_plate,
}


def test_each_example_is_tested() -> None:
    """No example is without a test."""
    names = {path.stem for path in FOLDER.glob("*.py")}
    assert names == {*CHECKS, *TESTED_ELSEWHERE}


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An example's `main` gives the right numbers, and prints them."""
    found = runpy.run_path(str(FOLDER / f"{name}.py"))["main"]()
    CHECKS[name](found, capsys.readouterr().out)
