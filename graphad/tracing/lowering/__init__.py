"""Lowering: what each NumPy function becomes in a graph.

`LOWERINGS` has a function for each NumPy function and ufunc that is supported. It is called as
``lowering(builder, *args, **kwargs)`` with the user's arguments, in which each traced array, also
in lists and tuples, is a value of the builder, and gives a value, several, or plain Python and
NumPy objects where the answer does not depend on the inputs. What is not supported raises
`TraceError` with a message that says what to write instead.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from graphad.tracing.lowering import (
    arranging,
    complex,
    conditions,
    diagonals,
    differences,
    division,
    einsum,
    elementwise,
    fourier,
    indexing,
    interpolation,
    joining,
    linalg,
    linalg_factors,
    missing,
    norms,
    ordering,
    picking,
    polynomials,
    products,
    quantiles,
    reductions,
    refusals,
    shapes,
    special,
    statistics,
    ufunc_methods,
)
from graphad.tracing.lowering.coerce import as_value, cast_to
from graphad.tracing.lowering.indexing import getitem, setitem
from graphad.tracing.lowering.refusals import refusal
from graphad.tracing.lowering.registry import LOWERINGS as _TABLE, Lowering, spelled
from graphad.tracing.lowering.scipy import scipy_lowering
from graphad.tracing.lowering.scipy_fourier import scipy_fourier_lowering
from graphad.tracing.lowering.scipy_linalg import scipy_linalg_lowering
from graphad.tracing.lowering.special import special_lowering
from graphad.tracing.lowering.ufunc_methods import UFUNC_METHODS

LOWERINGS: Mapping[Callable[..., Any], Lowering] = MappingProxyType(_TABLE)
"""Lowerings by NumPy function or ufunc."""

__all__ = [
    "LOWERINGS",
    "UFUNC_METHODS",
    "Lowering",
    "arranging",
    "as_value",
    "cast_to",
    "complex",
    "conditions",
    "diagonals",
    "differences",
    "division",
    "einsum",
    "elementwise",
    "fourier",
    "getitem",
    "indexing",
    "interpolation",
    "joining",
    "linalg",
    "linalg_factors",
    "missing",
    "norms",
    "ordering",
    "picking",
    "polynomials",
    "products",
    "quantiles",
    "reductions",
    "refusal",
    "refusals",
    "scipy_fourier_lowering",
    "scipy_linalg_lowering",
    "scipy_lowering",
    "setitem",
    "shapes",
    "special",
    "special_lowering",
    "spelled",
    "statistics",
    "ufunc_methods",
]
