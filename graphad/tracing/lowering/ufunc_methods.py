"""Methods of ufuncs: ``np.add.reduce``, ``np.multiply.outer`` and their kin."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from graphad.builder import Builder
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import as_values, reshaped
from graphad.tracing.lowering.registry import LOWERINGS, ArrayLike, Function, Lowering

_REDUCTIONS: Mapping[np.ufunc, Function] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
}
_ACCUMULATIONS: Mapping[np.ufunc, Function] = {np.add: np.cumsum, np.multiply: np.cumprod}


def _along_first(function: Function) -> Lowering:
    """Return a lowering of `function` whose axis is 0 if none is given."""

    def lowering(builder: Builder, array: ArrayLike, axis: Any = 0, *args: Any, **kw: Any) -> Any:
        return LOWERINGS[function](builder, array, axis, *args, **kw)

    return lowering


def _outer(ufunc: np.ufunc) -> Lowering:
    def lowering(builder: Builder, a: ArrayLike, b: ArrayLike, **kwargs: Any) -> Any:
        x, y = as_values(builder, [a, b])
        return LOWERINGS[ufunc](builder, reshaped(x, x.shape + (1,) * y.ndim), y, **kwargs)

    return lowering


def _at(builder: Builder, *args: Any, **kwargs: Any) -> Any:
    raise TraceError("the method at writes into its argument; write x = x + update instead")


def _methods() -> dict[tuple[np.ufunc, str], Lowering]:
    table: dict[tuple[np.ufunc, str], Lowering] = {}
    for ufunc, function in _REDUCTIONS.items():
        table[ufunc, "reduce"] = _along_first(function)
    for ufunc, function in _ACCUMULATIONS.items():
        table[ufunc, "accumulate"] = _along_first(function)
    for key in LOWERINGS:
        if isinstance(key, np.ufunc) and key.nin == 2 and key.signature is None:
            table[key, "outer"] = _outer(key)
            table[key, "at"] = _at
    return table


UFUNC_METHODS: Mapping[tuple[np.ufunc, str], Lowering] = MappingProxyType(_methods())
"""Lowerings by ufunc and the name of the method."""
