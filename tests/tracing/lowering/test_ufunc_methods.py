"""Methods of ufuncs agree with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.errors import TraceError
from graphad.tracing.lowering import UFUNC_METHODS
from graphad.types import make_type
from tests.tracing.lowering.calls import evaluated

ARRAY = np.random.default_rng(0).uniform(0.5, 2.0, (2, 3))
VECTOR = np.array([0.5, 1.5])


@pytest.mark.parametrize(
    ("ufunc", "method", "args", "kwargs"),
    [
        *[
            (ufunc, "reduce", args, kwargs)
            for ufunc in (np.add, np.multiply, np.maximum, np.minimum)
            for args, kwargs in (((), {}), ((1,), {}), ((None,), {}), ((), {"keepdims": True}))
        ],
        *[(u, "accumulate", args, {}) for u in (np.add, np.multiply) for args in ((), (1,))],
        *[(u, "outer", (VECTOR,), {}) for u in (np.add, np.multiply, np.power, np.less)],
    ],
)
def test_method(ufunc: np.ufunc, method: str, args: tuple, kwargs: dict) -> None:  # type: ignore[type-arg]
    """Reductions run along the first axis if none is given; outer pairs all elements."""
    builder = Builder()
    x = builder.input("x", make_type(ARRAY.shape, ARRAY.dtype))
    result = UFUNC_METHODS[ufunc, method](builder, x, *args, **kwargs)
    found = evaluated(builder.finish("f", [result]), [ARRAY])[0]
    wanted = getattr(ufunc, method)(ARRAY, *args, **kwargs)
    assert found.shape == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_at_is_refused() -> None:
    """Writing into an argument is refused with advice."""
    with pytest.raises(TraceError, match="the method at writes into its argument; write x = x"):
        UFUNC_METHODS[np.add, "at"](Builder(), VECTOR, [0], 1.0)
