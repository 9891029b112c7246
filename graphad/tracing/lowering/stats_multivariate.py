"""The normal distribution of several variables, by the factor of Cholesky of its covariance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import (
    as_value,
    cast_to,
    emit,
    permuted,
    reshaped,
)
from graphad.tracing.lowering.linalg import solved
from graphad.tracing.lowering.registry import LOWERINGS, ArrayLike


def _double(builder: Builder, x: ArrayLike) -> Value:
    return cast_to(as_value(builder, x), np.dtype(np.float64))


def _dimension(mean: Value | None, cov: Value) -> int:
    if mean is not None and mean.type.size > 1:
        return mean.type.size
    if cov.ndim:
        return cov.shape[0]
    return 1


def _matrix(cov: Value, dim: int) -> Value:
    """Return the covariance of which a number, or the variances, may be given."""
    if cov.ndim < 2:
        identity = np.eye(dim)
        return emit("multiply", identity, cov)
    if cov.shape != (dim, dim):
        raise TraceError(f"cov of shape {cov.shape} is not a matrix of {dim} rows and columns")
    return cov


def multivariate_normal_logpdf(
    builder: Builder,
    x: ArrayLike,
    mean: ArrayLike = None,
    cov: ArrayLike = 1,
    allow_singular: bool = False,
) -> Value:
    """Return the logarithm of the density; the covariance must be positive definite.

    Raises
    ------
    TraceError
        If shapes do not fit, or the covariance may be singular.
    """
    if allow_singular:
        raise TraceError(
            "allow_singular= is not traced, since the rank jumps; leave it out, and add a small "
            "multiple of np.eye(n) to the covariance if it needs that"
        )
    middle = None if mean is None else _double(builder, mean)
    spread = _double(builder, 1.0 if cov is None else cov)
    dim = _dimension(middle, spread)
    points = _double(builder, x)
    if points.ndim < 2 and dim == 1:
        points = reshaped(points, (points.type.size, 1))
    elif points.ndim == 0:
        points = reshaped(points, (1,))
    if points.shape[-1] != dim:
        raise TraceError(f"points of shape {points.shape} do not have {dim} coordinates")
    if middle is not None:
        points = emit("subtract", points, reshaped(middle, (dim,) if middle.ndim else ()))
    lead = points.shape[:-1]
    count = math.prod(lead)
    factor = emit("cholesky", _matrix(spread, dim))
    columns = permuted(reshaped(points, (count, dim)), (1, 0))
    whitened = solved("triangular_solve", factor, columns, lower=True, transposed=False)
    squares = emit("sum", emit("multiply", whitened, whitened), axes=(0,))
    logs = emit("sum", emit("log", LOWERINGS[np.diagonal](builder, factor)), axes=(0,))
    constant = dim * math.log(2 * math.pi) / 2
    found = emit("subtract", emit("multiply", squares, -0.5), emit("add", logs, constant))
    return reshaped(found, tuple([n for n in lead if n != 1]))


def multivariate_normal_pdf(builder: Builder, *args: Any, **kwargs: Any) -> Value:
    """Return the density."""
    return emit("exp", multivariate_normal_logpdf(builder, *args, **kwargs))
