"""The table of lowerings holds what NumPy code uses, and nothing that NumPy lacks."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.tracing.lowering import LOWERINGS, refusal
from graphad.types import make_type

PROMISED = (
    "add subtract multiply divide negative positive reciprocal square power float_power fabs",
    "absolute sign exp expm1 exp2 log log1p log2 log10 sqrt cbrt sin cos tan arcsin arccos",
    "arctan sinh cosh tanh arcsinh arccosh arctanh arctan2 hypot logaddexp logaddexp2 deg2rad",
    "rad2deg degrees radians maximum minimum fmax fmin clip floor ceil trunc rint less",
    "less_equal greater greater_equal equal not_equal logical_and logical_or logical_xor",
    "logical_not isnan isfinite isinf where sum mean prod max min amax amin ptp average var std",
    "cumsum reshape ravel transpose swapaxes moveaxis rollaxis broadcast_to broadcast_arrays",
    "squeeze expand_dims atleast_1d atleast_2d atleast_3d flip fliplr flipud rot90 concatenate",
    "stack vstack hstack dstack column_stack append split array_split hsplit vsplit pad roll",
    "tile repeat diff ediff1d trace diag diagonal diagflat tril triu dot matmul inner outer",
    "vdot einsum tensordot kron cross linalg.norm real imag conj copy zeros_like ones_like",
    "full_like empty_like shape ndim size round",
)


@pytest.mark.parametrize("name", [name for line in PROMISED for name in line.split()])
def test_promised(name: str) -> None:
    """Each function of the list is lowered, not refused."""
    function = np
    for part in name.split("."):
        function = getattr(function, part)
    assert function in LOWERINGS
    assert refusal(function) is None  # type: ignore[arg-type]


def test_table_is_read_only() -> None:
    """The table cannot be changed from outside."""
    with pytest.raises(TypeError, match="does not support item assignment"):
        LOWERINGS[len] = lambda builder: None  # type: ignore[index]


def test_chain_shares_nodes() -> None:
    """The same call twice is the same node, and constants are shared."""
    builder = Builder()
    x = builder.input("x", make_type((3,), np.dtype(float)))
    add, total = LOWERINGS[np.add], LOWERINGS[np.sum]
    assert add(builder, x, 1.0).node is add(builder, x, 1).node
    assert total(builder, x, axis=0).node is total(builder, x, axis=-1, keepdims=False).node
