"""SciPy's error functions can be traced, by scalars and arrays, and differentiated."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import special

import graphad as ga
from benchmarks.workloads import black_scholes
from graphad.errors import TraceError
from graphad.tracing.lowering import special_lowering

FUNCTIONS = (special.erf, special.erfc)


def erf(x: float) -> float:
    """A function of one's own with a name that SciPy has too."""
    return x


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("x", [0.7, np.array([0.1, -2.0]), np.linspace(-3, 3, 6).reshape(2, 3)])
def test_traced_functions_are_one_op(function: Any, x: Any) -> None:
    """The graph has one op of that name, and gives what SciPy gives."""
    graph = ga.trace(function, x)
    assert [node.op.name for node in graph.nodes][-1] == function.__name__
    np.testing.assert_allclose(graph(x), function(x), rtol=1e-15)


def test_black_scholes_to_order_4() -> None:
    """A price that SciPy's erf is part of is traced, and its fourth derivative is right."""
    point = np.array([100.0, 95.0, 0.03, 0.2, 1.0])
    graph = ga.trace(black_scholes, point)
    found = graph.diff(order=4)(point)

    def price(sigma: Any) -> Any:
        s, k, r, t = (mpmath.mpf(float(point[i])) for i in (0, 1, 2, 4))
        q = sigma * mpmath.sqrt(t)
        d = (mpmath.log(s / k) + (r + sigma * sigma / 2) * t) / q
        return s * mpmath.ncdf(d) - k * mpmath.exp(-r * t) * mpmath.ncdf(d - q)

    with mpmath.workdps(50):
        expected = float(mpmath.diff(price, mpmath.mpf(0.2), 4))
    assert found[3, 3, 3, 3] == pytest.approx(expected, rel=1e-10)


def test_other_ufuncs_have_none() -> None:
    """Ufuncs of other modules, of NumPy, and plain functions have no lowering here."""
    own = np.frompyfunc(lambda x: x, 1, 1)
    assert [special_lowering(f) for f in (np.sin, own, len, erf)] == [None] * 4


def test_complex_values_are_refused() -> None:
    """The message names the function and the dtype."""
    with pytest.raises(TraceError, match=r"scipy.special.erf: does not take c128"):
        ga.trace(special.erf, np.zeros(2, complex))


def test_tracing_does_not_import_scipy() -> None:
    """A trace of functions of NumPy alone leaves SciPy out."""
    code = "import sys, numpy as np, graphad as ga; ga.trace(np.sin); print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
