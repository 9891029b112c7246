"""Making what is assigned fit the place that it is assigned to."""

from __future__ import annotations

import numpy as np

from graphad.builder import Value
from graphad.errors import TypeRuleError
from graphad.tracing.advice import refusal
from graphad.tracing.lowering.coerce import broadcasted, cast_to, reshaped
from graphad.tracing.lowering.indexing import getitem
from graphad.tracing.places import Positions, Shape
from graphad.tracing.storage import Content
from graphad.types import DType


def fitting(content: Content, dtype: DType) -> Content:
    """Return content in the dtype of the array that it is written into.

    Raises
    ------
    TraceError
        If NumPy would cut something off: a fraction, or an imaginary part.
    """
    given = content.type.dtype if isinstance(content, Value) else content.dtype
    if given == dtype:
        return content
    if given.kind not in "biufc" or not np.can_cast(given, dtype, "same_kind"):
        raise refusal(
            f"values of dtype {given} are assigned into an array of dtype {dtype}",
            "make the array with a dtype that holds them, as in np.zeros(n, dtype=complex), or "
            "write x.real, np.round(x) where that is meant",
        )
    return cast_to(content, dtype) if isinstance(content, Value) else content.astype(dtype)


def spread(content: Content, shape: Shape) -> Content:
    """Return content broadcast to a shape; NumPy lets leading axes of length 1 go.

    Raises
    ------
    TraceError
        If it does not broadcast.
    """
    own = content.shape
    while len(own) > len(shape) and own[0] == 1:
        own = own[1:]
    try:
        if isinstance(content, Value):
            return broadcasted(reshaped(content, own), shape)
        return np.broadcast_to(content.reshape(own), shape)
    except (TypeRuleError, ValueError):
        raise refusal(
            f"values of shape {content.shape} do not fit the place of shape {shape}",
            "check the shapes on both sides of the assignment",
        ) from None


def last_of_each(positions: Positions, content: Content) -> tuple[Positions, Content]:
    """Return positions without repetition: of several values for an element, NumPy keeps the last.

    Parameters
    ----------
    positions : ndarray of int
        Where to write.
    content : Value or ndarray
        Of the same shape, or of the shape ``()``.
    """
    flat = positions.reshape(-1)
    last = np.unique(flat[::-1], return_index=True)[1]
    if last.size == flat.size:
        return positions, content
    keep = flat.size - 1 - last
    if content.shape == ():
        return flat[keep], content
    if isinstance(content, Value):
        return flat[keep], getitem(reshaped(content, (content.type.size,)), keep)
    return flat[keep], content.reshape(-1)[keep]
