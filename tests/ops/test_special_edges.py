"""Special functions at the edges of their domains, and far out, where plain formulas fail."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from math import exp, inf, log, nan, pi, sqrt
from typing import Any

import numpy as np
import pytest
from scipy import special

import graphad as ga
from graphad.builder import Builder
from graphad.errors import DerivativeError, TypeRuleError
from graphad.op import OPS
from graphad.ops import special_factory
from graphad.ops.blocks import BLOCK
from graphad.passes.jvp import jvp
from graphad.types import make_type

CASES: tuple[tuple[str, Callable[[Any], Any], float, tuple[float, ...]], ...] = (
    ("expit, far right", special.expit, 700.0, (1.0, exp(-700), -exp(-700), exp(-700))),
    ("expit, beyond", special.expit, 800.0, (1.0, 0.0, 0.0, 0.0)),
    ("expit, far left", special.expit, -800.0, (0.0, 0.0, 0.0, 0.0)),
    ("log_expit, far left", special.log_expit, -800.0, (-800.0, 1.0, 0.0, 0.0)),
    ("log_expit, far right", special.log_expit, 700.0, (-exp(-700), exp(-700), -exp(-700))),
    ("entr at 0", special.entr, 0.0, (0.0, inf, -inf)),
    ("entr below 0", special.entr, -1.0, (-inf, nan)),
    ("xlogy at 0", lambda x: special.xlogy(x, 3.0), 0.0, (0.0, log(3), 0.0)),
    ("xlogy at 0 in both", lambda x: special.xlogy(x, 0.0), 0.0, (0.0, -inf)),
    ("xlog1py at 0", lambda x: special.xlog1py(x, 2.0), 0.0, (0.0, log(3), 0.0)),
    ("sinc at 0", np.sinc, 0.0, (1.0, 0.0, -(pi**2) / 3, 0.0, pi**4 / 5)),
    ("spherical at 0", lambda x: special.spherical_jn(0, x), 0.0, (1.0, 0.0, -1 / 3, 0.0, 1 / 5)),
    ("i0e at 0", special.i0e, 0.0, (1.0, 0.0, 1.5, 0.0)),
    ("j1 at 0", special.j1, 0.0, (0.0, 0.5, 0.0, -0.375)),
    ("y0 at 0", special.y0, 0.0, (-inf,)),
    ("k0e, far right", special.k0e, 1e14, (sqrt(pi / 2e14), -sqrt(pi / 2e14) / 2e14)),
    ("i0e, far right", special.i0e, 1e14, (sqrt(1 / 2e14 / pi), -sqrt(1 / 2e14 / pi) / 2e14)),
    ("erfcx, far right", special.erfcx, 1e9, (1e-9 / sqrt(pi), -1e-18 / sqrt(pi))),
    ("log_ndtr, far left", special.log_ndtr, -1e9, (-5e17, 1e9, -1.0)),
    ("log_ndtr, far right", special.log_ndtr, 40.0, (0.0, 0.0, 0.0, 0.0)),
    ("erfinv at 1", special.erfinv, 1.0, (inf, inf)),
    ("ndtri at 0", special.ndtri, 0.0, (-inf, inf)),
    ("gammaln at 1", special.gammaln, 1.0, (0.0, -0.5772156649015329, pi**2 / 6)),
    ("gammainc at 0", lambda x: special.gammainc(1.0, x), 0.0, (0.0, 1.0)),
    ("betainc at 0", lambda x: special.betainc(1.0, 2.0, x), 0.0, (0.0, 2.0)),
    ("lambertw at 0", lambda x: special.lambertw(x).real, 0.0, (0.0, 1.0, -2.0, 9.0, -64.0)),
    ("rgamma at 0", special.rgamma, 0.0, (0.0, 1.0, 2 * 0.5772156649015329)),
    ("pseudo_huber near 0", lambda x: special.pseudo_huber(2.0, x), 1e-9, (5e-19, 1e-9, 1.0)),
    ("cosm1 near 0", special.cosm1, 1e-9, (-5e-19, -1e-9, -1.0)),
    ("expn, far right", lambda x: special.expn(2, x), 800.0, (0.0, 0.0)),
    ("binom of 2", lambda n: special.binom(n, 2), 40.0, (780.0, 39.5, 1.0, 0.0, 0.0)),
    ("comb below k", lambda n: special.comb(n, 3), 2.5, (0.0, 0.0, 0.0)),
    ("comb at k", lambda n: special.comb(n, 2), 2.0, (1.0, 1.5, 1.0)),
    ("binom of n < 0", lambda n: special.binom(n, 2), -1.0, (1.0, -1.5, 1.0)),
    ("dawsn at 0", special.dawsn, 0.0, (0.0, 1.0, 0.0, -4.0, 0.0)),
    ("dawsn, far right", special.dawsn, 1e9, (5e-10, -5e-19, 1e-27, -3e-36)),
    ("dawsn, far left", special.dawsn, -1e9, (-5e-10, -5e-19, -1e-27, -3e-36)),
    ("dawsn at infinity", special.dawsn, inf, (0.0, 0.0, 0.0)),
    ("J of order 1/2 at 0", lambda x: special.jv(0.5, x), 0.0, (0.0, inf, -inf)),
    ("J of order 5/2 at 0", lambda x: special.jv(2.5, x), 0.0, (0.0, 0.0, 0.0, inf)),
    ("Y of order -3/2 at 0", lambda x: special.yv(-1.5, x), 0.0, (0.0, 0.0, -inf)),
    ("I of order -1/2 at 0", lambda x: special.iv(-0.5, x), 0.0, (inf, -inf, inf)),
    (
        "J of a small order",
        lambda x: special.jv(1e-9, x),
        1e-9,
        (0.9999999791608028635, 0.9999999786608028744),
    ),
    ("order 1/2 below 0", lambda x: special.ive(0.5, x), -1.0, (nan, nan)),
    ("zeta at its pole", lambda s: special.zeta(s), 1.0, (inf, -inf, inf)),
    ("zeta at 0", lambda s: special.zeta(s), 0.0, (-0.5, -log(2 * pi) / 2)),
    ("zeta, far right", lambda s: special.zeta(s), 900.0, (1.0, -log(2) * 2.0**-900)),
    ("zeta at infinity", lambda s: special.zeta(s), inf, (1.0, 0.0, 0.0)),
    ("zeta, far left", lambda s: special.zeta(s), -inf, (nan, nan)),
    ("zeta at its pole, by s", lambda s: special.zeta(s, 2.0), 1.0, (inf, -inf, inf)),
    ("zeta, by s below 1", lambda s: special.zeta(s, 2.0), 0.5, (nan, nan)),
    (
        "zeta, by s, of q < 0",
        lambda s: special.zeta(s, -0.5),
        3.0,
        (7 * 1.2020569031595942 - 8, nan),
    ),
    ("NaN", special.ndtr, nan, (nan, nan)),
    ("NaN in a tail", special.log_ndtr, nan, (nan, nan, nan)),
    ("NaN in a family", special.erfcx, nan, (nan, nan)),
)


@pytest.mark.parametrize(
    ("function", "x", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_edges(
    function: Callable[[Any], Any], x: float, expected: tuple[float, ...], mode: str
) -> None:
    """Values and derivatives at edges are the limits; where there is none, NaN."""
    graph = ga.trace(function, np.float64(0.3))
    with np.errstate(all="ignore"):
        for order, value in enumerate(expected):
            found = graph.diff(order=order, mode=mode)(x) if order else graph(x)
            np.testing.assert_allclose(found, value, rtol=1e-13, atol=0 if value else 1e-300)


@pytest.mark.parametrize("branch", [0, -1])
def test_lambertw_at_its_branch_point(branch: int) -> None:
    """Near -1/e the value is right to rounding, where SciPy's is right to 8 digits only."""
    above = np.array([1e-15, 1e-10, 1e-5])
    x = -exp(-1) + above
    side = 1 if branch == 0 else -1
    gap = (x - -0.36787944117144232160) + (0.36787944117144233 - 0.36787944117144232160)
    p = np.sqrt(2 * np.e * gap)
    found = OPS["lambertw_plus_one"].evaluate(x, branch)
    near = side * p - p * p / 3 + side * 11 / 72 * p**3 - 43 / 540 * p**4
    np.testing.assert_allclose(found[1:], near[1:], rtol=1e-5)
    np.testing.assert_array_equal(OPS["lambertw"].evaluate(x, branch), found - 1)


SHIFTED = np.array([1000.0, -1000.0, 999.0])


def test_sums_of_exponentials_do_not_overflow() -> None:
    """The logarithm of a sum of exponentials of ±1000, and its Hessian, are right."""
    p = special.expit(1.0)
    graph = ga.trace(special.logsumexp, np.zeros(3))
    assert graph(SHIFTED) == pytest.approx(1000 - log(p), rel=1e-15)
    np.testing.assert_allclose(graph.diff()(SHIFTED), [p, 0, 1 - p], rtol=1e-14)
    q = p * (1 - p)
    hessian = [[q, 0, -q], [0, 0, 0], [-q, 0, q]]
    np.testing.assert_allclose(graph.diff(order=2)(SHIFTED), hessian, rtol=1e-13, atol=1e-300)


def test_sums_of_exponentials_with_infinities() -> None:
    """Terms of -∞ are left out; a sum of nothing else is -∞."""
    graph = ga.trace(special.logsumexp, np.zeros(3))
    x = np.array([-inf, 0.0, log(3)])
    assert graph(x) == pytest.approx(log(4))
    np.testing.assert_allclose(graph.diff()(x), [0, 0.25, 0.75], rtol=1e-14)
    with np.errstate(divide="ignore"):
        assert graph(np.full(3, -inf)) == -inf
    assert graph(np.array([inf, 0.0, 1.0])) == inf


@pytest.mark.parametrize(
    ("name", "attrs", "message"),
    [
        ("lambertw", (-2,), "branch of lambertw must be an integer from -1 to 1000, not -2"),
        ("expn", (0,), "order of expn must be an integer from 1 to 1000, not 0"),
        ("bessel_j", (1.5, 0), "order of bessel_j must be an integer from 0 to 1000, not 1.5"),
        ("digamma", (-1,), "derivative of digamma must be an integer from 0 to 1000, not -1"),
    ],
)
def test_attributes_are_checked(name: str, attrs: tuple[Any, ...], message: str) -> None:
    """Attributes that a text might have are refused where they make no sense."""
    with pytest.raises(TypeRuleError, match=re.escape(message)):
        OPS[name].infer([make_type((), np.dtype(float))], attrs)


@pytest.mark.parametrize("name", ["jv", "kve", "gammainc", "gammaincc", "betainc", "betaincc"])
def test_derivatives_in_parameters_are_refused(name: str) -> None:
    """The message names the function and what can be done."""
    op = OPS[name]
    b = Builder()
    xs = [b.input(f"x{i}", make_type((), np.dtype(float))) for i in range(op.arity or 0)]
    graph = b.finish("f", [op(*xs, **({"derivative": 0} if op.attrs else {}))])
    with pytest.raises(DerivativeError, match=r"has no derivative rule in .*finite differences"):
        jvp(graph)


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    special_factory.scipy_special.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match="SciPy, which is not installed: pip install scipy"):
        OPS["gamma"].evaluate(np.array(1.0))
    special_factory.scipy_special.cache_clear()


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_dtypes(dtype: str) -> None:
    """Single precision stays, integers become doubles."""
    x = np.array([1, 2], dtype)
    found = OPS["gammaln"].evaluate(x)
    assert found.dtype == (np.float32 if dtype == "float32" else np.float64)
    np.testing.assert_allclose(found, special.gammaln(x), atol=1e-7)


FAMILIES = (
    ("erfcx", (2,)),
    ("log_ndtr", (3,)),
    ("sinc", (1,)),
    ("bessel_ie", (1, 2)),
    ("riemann_zeta", (1,)),
    ("dawsn", (2,)),
)


@pytest.mark.parametrize(("name", "attrs"), [*FAMILIES, ("bessel_ke", (0, 1))])
def test_large_and_empty_arrays(name: str, attrs: tuple[int, ...]) -> None:
    """Arrays longer than a block, and arrays of nothing, are computed as numbers are."""
    x = np.linspace(0.5, 4.0, 2 * BLOCK + 6).reshape(2, -1)
    found = OPS[name].evaluate(x, *attrs)
    assert found.shape == x.shape
    for at in ((0, 0), (0, BLOCK), (1, -1)):
        assert found[at] == pytest.approx(float(OPS[name].evaluate(x[at], *attrs)), rel=1e-14)
    assert OPS[name].evaluate(np.zeros((0, 3)), *attrs).shape == (0, 3)
