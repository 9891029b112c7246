"""Derivatives of black boxes by central differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from graphad.builder import Builder
from graphad.ir import Graph
from graphad.op import OPS, Array, Operand
from graphad.ops.factories import reshape_to, total
from graphad.types import Type


def step_of(level: int) -> float:
    """Return the relative step for a function that is itself so many differences deep.

    The error of a central difference is about h² + noise/h, least at the cube root of the noise,
    where it is noise to the power 2/3: the noise of the next level.

    Examples
    --------
    >>> [float(f"{step_of(level):.1g}") for level in range(3)]
    [6e-06, 0.0003, 0.005]
    """
    noise = float(np.finfo(np.float64).eps) ** ((2 / 3) ** level)
    return float(noise ** (1 / 3))


def jacobian(function: Callable[..., Array], position: int, level: int, *args: Any) -> Array:
    """Return the derivative of a function by one argument: shape of the result, then its shape."""
    values = [np.array(arg, dtype=float) if np.ndim(arg) else np.float64(arg) for arg in args]
    point = np.array(values[position], dtype=float)
    columns = []
    for index in np.ndindex(*point.shape):
        step = step_of(level) * max(1.0, abs(float(point[index])))
        ends = []
        for sign in (1.0, -1.0):
            moved = point.copy()
            moved[index] += sign * step
            given = list(values)
            given[position] = moved[()]
            ends.append((moved[index], np.asarray(function(*given), dtype=float)))
        (right, above), (left, below) = ends
        columns.append((above - below) / (right - left))
    shape = np.shape(columns[0]) if columns else ()
    stacked = np.stack(columns, axis=-1) if columns else np.zeros((*shape, 0))
    return stacked.reshape(shape + point.shape)


def difference_rule(
    name: str, types: Sequence[Type], out: Type, jacobians: Mapping[int, Any]
) -> Graph:
    """Return the graph of the tangent by Jacobians that are black boxes.

    Parameters
    ----------
    name : str
        Of the function.
    types : sequence of Type
        Of its arguments.
    out : Type
        Of its result.
    jacobians : mapping of int to Primitive
        By argument, those that move.
    """
    builder = Builder()
    values = [builder.input(f"x{i}", type) for i, type in enumerate(types)]
    tangents = {i: builder.input(f"dx{i}", type) for i, type in enumerate(types) if type.is_inexact}
    terms: list[Operand] = []
    for i, made in jacobians.items():
        size = prod(types[i].shape)
        flat = reshape_to(made.op(*values), (prod(out.shape), size))
        column = reshape_to(tangents[i], (size,))
        terms.append(reshape_to(OPS["einsum"](flat, column, spec="ij,j->i"), out.shape))
    summed = total(terms)
    assert summed is not None
    return builder.finish(f"differences of {name}", [summed])
