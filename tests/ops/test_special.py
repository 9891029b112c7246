"""The error functions: values, dtypes, what happens without SciPy, and what is refused."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator

import mpmath
import numpy as np
import pytest

from graphad.builder import Builder
from graphad.errors import TypeRuleError
from graphad.evaluate import Program
from graphad.op import OPS
from graphad.ops import special
from graphad.types import make_type

POINTS = np.array([-6.5, -1.0, -1e-9, -0.0, 0.0, 1e-300, 0.3, 1.0, 3.0, 26.0, np.inf, -np.inf])


@pytest.fixture(params=["with SciPy", "without SciPy"])
def scipy_or_not(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a test twice, the second time as if SciPy were not installed."""
    special._evaluation.cache_clear()
    if request.param == "without SciPy":
        monkeypatch.setitem(sys.modules, "scipy", None)
    yield
    special._evaluation.cache_clear()


@pytest.mark.usefixtures("scipy_or_not")
@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_values(name: str) -> None:
    """Values are those of mpmath, from tails to tiny arguments; a NaN stays one."""
    expected = [float(getattr(mpmath, name)(mpmath.mpf(float(x)))) for x in POINTS]
    found = OPS[name].evaluate(POINTS)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    assert np.isnan(OPS[name].evaluate(np.array([np.nan]))).all()


@pytest.mark.usefixtures("scipy_or_not")
@pytest.mark.parametrize("name", ["erf", "erfc"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_dtypes(name: str, dtype: str) -> None:
    """The result has the dtype that the type rule gives, in the interpreter too."""
    x = np.array([[0, 1, 2]], dtype)
    type = make_type(x.shape, x.dtype)
    found = OPS[name].evaluate(x)
    assert (found.shape, found.dtype) == (x.shape, OPS[name].infer([type], ()).dtype)
    if dtype.startswith("float"):
        b = Builder()
        program = Program(b.finish(name, [OPS[name](b.input("x", type))]))
        np.testing.assert_array_equal(program(x)[0], found)


@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_complex_numbers_are_refused(name: str) -> None:
    """The message names the function, not the one whose type rule it shares."""
    with pytest.raises(TypeRuleError, match=re.escape(f"{name} does not take c128[3]")):
        OPS[name].infer([make_type((3,), np.dtype(complex))], ())


def test_sum_is_one() -> None:
    """The two functions add up to 1, and erfc keeps its digits where erf is 1."""
    x = np.linspace(-3, 3, 50)
    erf, erfc = (OPS[name].evaluate(x) for name in ("erf", "erfc"))
    np.testing.assert_allclose(erf + erfc, 1, rtol=4e-16)
    assert OPS["erfc"].evaluate(np.array(10.0)) == pytest.approx(math.erfc(10), rel=1e-14)
