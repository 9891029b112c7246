"""Random graphs of sums, products, quotients and powers with shared terms and small numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from graphad.builder import Builder
from graphad.ir import Graph
from graphad.op import OPS
from graphad.types import make_type

NUMBERS = (1.0, 2.0, -1.0, 0.5, -2.0, 4.0, 3.0, -0.25, 0.0, -0.0, 100.0)
SHAPES = ((), (3,), (2, 3), (2, 1))
BINARY = ("add", "subtract", "multiply", "divide")
F64 = np.dtype(np.float64)


@st.composite
def algebra(draw: st.DrawFn, steps: int = 12, scalars: bool = False) -> Graph:
    """Draw a graph whose operations are those that `collect` and `simplify` rewrite.

    Parameters
    ----------
    steps : int
        At most so many operations.
    scalars : bool
        Whether all values are scalars; otherwise shapes broadcast.
    """
    b = Builder()
    shapes = SHAPES[:1] if scalars else SHAPES
    pool = [b.input(name, make_type(shapes[i % len(shapes)], F64)) for i, name in enumerate("xyzw")]
    for _ in range(draw(st.integers(3, steps))):
        kind = draw(st.integers(0, 9))
        recent = pool[-8:]
        x = draw(st.sampled_from(recent))
        if kind == 0:
            made = OPS["negative"](x)
        elif kind == 1:
            made = OPS["integer_power"](x, exponent=draw(st.sampled_from((2, 3, 1, -1, -2, 0))))
        elif kind == 2:
            made = OPS["reciprocal"](x)
        elif kind <= 4:
            number = draw(st.sampled_from(NUMBERS))
            name = draw(st.sampled_from(BINARY))
            made = OPS[name](x, number) if draw(st.booleans()) else OPS[name](number, x)
        elif kind == 5:
            terms = draw(st.lists(st.sampled_from(recent), min_size=2, max_size=3))
            made = OPS[draw(st.sampled_from(("add", "multiply")))](x, *terms)
        else:
            made = OPS[draw(st.sampled_from(BINARY))](x, draw(st.sampled_from(recent)))
        pool.append(made)
    return b.finish("f", pool[-3:])
