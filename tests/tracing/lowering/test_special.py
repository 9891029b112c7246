"""SciPy's special functions can be traced, by scalars and arrays, and differentiated."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy
from scipy import special

import graphad as ga
from benchmarks.workloads import black_scholes
from graphad.errors import TraceError
from graphad.tracing.lowering import special_lowering
from graphad.tracing.lowering.special_table import enter_special

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


def _inside(x: Any) -> Any:
    from scipy.special import logsumexp

    return logsumexp(x)


def _inside_module(x: Any) -> Any:
    import scipy.special as functions

    return functions.logsumexp(x, axis=0)


WAYS = (
    lambda x: special.logsumexp(x),
    lambda x: scipy.special.logsumexp(x),
    lambda x: special.logsumexp([x[0], x[1], x[2]]),
    special.logsumexp,
    _inside,
    _inside_module,
)


@pytest.mark.parametrize("function", WAYS)
def test_plain_functions_are_found(function: Any) -> None:
    """However a plain Python function of SciPy's is named, it becomes the same ops."""
    x = np.array([0.3, -0.2, 1.0])
    graph = ga.trace(function, x)
    names = [node.op.name for node in graph.nodes]
    assert "exp" in names
    assert "ceil" in names
    np.testing.assert_allclose(graph(x), special.logsumexp(x), rtol=1e-15)
    np.testing.assert_allclose(graph.diff()(x), special.softmax(x), rtol=1e-14)


GRID = np.linspace(0.15, 0.85, 6).reshape(2, 3)
SUPPORTED = (
    lambda x: special.logsumexp(x, axis=1),
    lambda x: special.logsumexp(x, axis=(0, 1), keepdims=True),
    lambda x: special.logsumexp(x, axis=0, b=np.array([[1.0], [0.0]])),
    lambda x: special.logsumexp(x, b=x),
    lambda x: special.softmax(x),
    lambda x: special.softmax(x, axis=-1),
    lambda x: special.log_softmax(x, axis=0),
    lambda x: special.polygamma(2, x),
    lambda x: special.loggamma(x),
    lambda x: special.lambertw(x).real,
    lambda x: special.lambertw(-0.3 * x, k=-1).real,
    lambda x: special.exp10(x) + special.exp2(x) + special.expm1(x) + special.log1p(x),
    lambda x: special.huber(0.5, x) + special.pseudo_huber(0.5, x),
    lambda x: special.boxcox(x, 0.5) + special.boxcox(x, 0.0) + special.boxcox1p(x, -1.5),
    lambda x: special.inv_boxcox(x, 0.5) + special.inv_boxcox1p(x, 0.5) + special.cosm1(x),
    lambda x: special.inv_boxcox(x, 0.0) + special.inv_boxcox1p(x, 0.0),
    lambda x: special.jv(-3, x) + special.jn(-2, x) + special.yv(-1, x) + special.iv(-1, x),
    lambda x: special.jvp(1, x) + special.yvp(0, x, 2) + special.ivp(2, x, 0) + special.kvp(1, x),
    lambda x: special.kn(2, x) + special.kve(3, x) + special.ive(2, x) + special.jve(2, x),
    lambda x: special.jv(0.5, x) + special.jv([0, 1.5, -2], x) + special.jn(-0.3, x),
    lambda x: special.yv(-1.5, x) + special.iv([[0.2], [1]], x) + special.kv(-2.5, x),
    lambda x: special.jvp(0.5, x, 2) + special.kvp([1, 2, 3], x) + special.ive(-0.7, x),
    lambda x: special.kve(1.5, x) + special.jve(0.5, x) + special.yvp(2.5, x) + special.yve(0.5, x),
    lambda x: special.j0(x) + special.j1(x) + special.y0(x) + special.y1(x) + special.yn(3, x),
    lambda x: special.i0(x) + special.i1(x) + special.k0(x) + special.k1(x) + np.i0(x),
    lambda x: special.i0e(x) + special.i1e(x) + special.k0e(x) + special.k1e(x),
    lambda x: special.spherical_jn(2, x, derivative=True) + special.spherical_yn(0, x),
    lambda x: special.spherical_in(1, x) + special.spherical_kn(0, x, True) + special.sinc(x),
    lambda x: special.expn(0, x) + special.expn(4, x) + special.exp1(x) + special.expi(x),
    lambda x: special.chdtr(3.0, x) + special.chdtrc(3.0, x) + special.rgamma(x),
    lambda x: special.betainc(2.0, 3.0, x) + special.betaincc(2.0, 3.0, x),
    lambda x: special.gammainc(2.0, x) + special.gammaincc(2.0, x) + special.zeta(2.0, x),
    lambda x: special.binom(x, 3) + special.comb(9 * x, 4.0) + special.perm(9 * x, 2),
    lambda x: (
        special.poch(x - 2, 3) + special.binom(x, 0) * special.comb(x, 0) + special.comb(x, 1)
    ),
    lambda x: special.dawsn(3 * x - 1) + special.dawsn(x),
    lambda x: special.zeta(x) + special.zeta(x + 1.5, 2 * x) + special.zeta(-7.2 - x),
    lambda x: special.rel_entr(x, 1 - x) + special.kl_div(x, 1 - x) + special.entr(x),
)


@pytest.mark.parametrize("function", SUPPORTED)
def test_values_and_slopes(function: Any) -> None:
    """Graphs give what SciPy gives, and slopes are those of differences."""
    graph = ga.trace(function, GRID)
    np.testing.assert_allclose(graph(GRID), function(GRID), rtol=1e-12)
    step = 1e-5
    along = np.arange(1.0, 7.0).reshape(2, 3) / 6
    slope = (function(GRID + step * along) - function(GRID - step * along)) / (2 * step)
    found = np.tensordot(graph.diff()(GRID), along, axes=2)
    np.testing.assert_allclose(found, slope, rtol=1e-6, atol=1e-8)


def test_softplus() -> None:
    """SciPy has it since 1.17."""
    function = getattr(special, "softplus", None)
    if function is None:
        pytest.skip("this SciPy has no softplus")
    graph = ga.trace(lambda x: special.softplus(x), GRID)
    np.testing.assert_allclose(graph(GRID), np.log1p(np.exp(GRID)), rtol=1e-14)


REFUSED = (
    (lambda x: special.hyp2f1(1, 2, 3, x), "hyp2f1 is not traced", "graphad.primitive"),
    (lambda x: special.ellipk(x), "ellipk is not traced", "arithmetic-geometric mean"),
    (lambda x: special.eval_sh_jacobi(2, 2, 2, x), "eval_sh_jacobi is not traced", "np.polyval"),
    (lambda x: special.sici(x)[0], "sici gives several arrays", "each a graphad.primitive"),
    (lambda x: special.stdtr(3, x), "stdtr is not traced", "write it with betainc"),
    (lambda x: special.gammaincinv(2.0, x), "gammaincinv is not traced", "graphad.implicit"),
    (lambda x: special.binom(5.5, x), "k must be one fixed whole number from 0 to 50", "beta(n"),
    (lambda x: special.binom(x, 2.5), "from 0 to 50, and is 2.5; for others", "beta(n - k + 1"),
    (lambda x: special.comb(x, [1, 2]), "from 0 to 50, and is [1, 2]", "beta(n - k + 1"),
    (lambda x: special.comb(x, 2, exact=True), "exact=True is for integers", "leave it out"),
    (lambda x: special.comb(x, 2, repetition=True), "repetition= is not", "comb(N + k - 1, k)"),
    (lambda x: special.perm(x, 51), "from 0 to 50, and is 51", "exp(gammaln(n + 1)"),
    (lambda x: special.perm(x, 1, True), "exact=True is for integers", "leave it out"),
    (lambda x: special.poch(x, x), "m must be one fixed whole number", "exp(gammaln(z + m)"),
    (lambda x: special.multigammaln(x, 2), "multigammaln is not traced", "the sum of gammaln"),
    (lambda x: special.kn(0.5, x), "the order n must be an integer, not 0.5", "only integers"),
    (lambda x: special.jv(x, 1.0), "the order v must be fixed while tracing", "depend on an input"),
    (lambda x: special.yn([0, 1, 2], x), "the order n must be one integer", "np.stack"),
    (lambda x: special.polygamma(-1, x), "the order n must not be negative", ""),
    (lambda x: special.expn(-1, x), "the order n must not be negative", ""),
    (lambda x: special.lambertw(x, 2), "only the real branches 0 and -1 are traced, not 2", ""),
    (lambda x: special.zetac(x), "zetac is not traced", "zeta(x, 2.0) for x > 1"),
    (lambda x: special.ndtr(x + 1j), "ndtr: does not take c128[3]", "only real arguments"),
    (lambda x: special.logsumexp(x, return_sign=True), "return_sign= is not traced", "write the"),
    (lambda x: special.boxcox(x, x), "lmbda must be one fixed number", ""),
    (lambda x: special.pseudo_huber(x, x), "delta must be fixed and positive", "write the"),
)


@pytest.mark.parametrize(("function", "what", "instead"), REFUSED)
def test_refusals(function: Any, what: str, instead: str) -> None:
    """The message says what is not traced and what to write instead."""
    with pytest.raises(TraceError) as caught:
        ga.trace(function, np.array([0.2, 0.5, 0.7]))
    assert what in str(caught.value)
    assert instead in str(caught.value)


def test_constants_are_worked_out() -> None:
    """What does not depend on an input is a number of SciPy's, also of functions not traced."""
    graph = ga.trace(lambda x: x * special.hyp2f1(1, 2, 3, 0.5) + special.comb(5, 2), 1.0)
    assert [node.op.name for node in graph.nodes if node.inputs] == ["multiply", "add"]
    assert graph(2.0) == pytest.approx(2 * special.hyp2f1(1, 2, 3, 0.5) + 10)


def test_a_name_is_entered_once() -> None:
    """Two lowerings of one function would hide each other."""
    with pytest.raises(ValueError, match=r"scipy\.special\.erf has a lowering already"):
        enter_special("erf", len)
