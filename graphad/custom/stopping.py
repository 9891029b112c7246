"""Values that count as constants when a derivative is taken."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.custom.calling import emitted, operands_of, recorder_of
from graphad.op import OPS, Array, Op, Sample


def _same(x: Array) -> Array:
    return np.positive(x)


stop_op: Op = OPS.enter(
    Op(
        "stop_gradient",
        lambda types, attrs: types[0],
        _same,
        batch=lambda lead, args, batched, attrs: stop_op(args[0]),
        cost=lambda types, out, attrs: 0,
        precise=lambda mp, x: x,
        samples=(Sample(((2, 3),)), Sample(((),))),
        identity="x, without derivatives",
    )
)


def stop_gradient(x: Any) -> Any:
    """Return `x`, which derivatives take for a constant.

    Parameters
    ----------
    x : array_like
        A value of a trace, or anything else, which is returned as it is.

    Examples
    --------
    >>> import graphad as ga
    >>> g = ga.trace(lambda x: x * ga.stop_gradient(x))
    >>> float(g(3.0)), float(g.diff()(3.0))
    (9.0, 3.0)
    """
    recorder = recorder_of((x,))
    if recorder is None:
        return x
    return emitted(recorder, stop_op, operands_of(recorder, "stop_gradient", (x,)))
