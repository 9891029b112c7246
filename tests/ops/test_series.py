"""Taylor series of every registered op against differences in many digits."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest

from graphad.evaluate import Program
from graphad.op import Op, Sample
from graphad.passes import taylor
from tests.ops.calculus import (
    ORDERS,
    case_name,
    derivatives_along,
    graph_of,
    point_of,
    samples_of,
)

TOLERANCE = 1e-12


@pytest.mark.parametrize(("op", "sample"), samples_of(differentiable=True), ids=case_name)
def test_series_are_right(op: Op, sample: Sample) -> None:
    """The k-th coefficient, times k!, is the k-th derivative along a direction."""
    graph = graph_of(op, sample)
    point, direction = point_of(sample, 1)
    expected = derivatives_along(graph, point, direction)
    series = Program(taylor(graph, max(ORDERS)))(*point, *direction)
    for order, wanted in zip(ORDERS, expected, strict=True):
        for found, exact in zip(series, wanted, strict=True):
            along = factorial(order) * np.asarray(found)[..., order]
            scale = max(1.0, float(np.max(np.abs(exact.astype(float)), initial=0.0)))
            error = np.max(np.abs((along - exact).astype(float)), initial=0.0)
            assert error <= TOLERANCE * scale, (order, along, exact)
