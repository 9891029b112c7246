"""Several results in one value: the parts of a flat vector, by position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from graphad.builder import Value
from graphad.constant import Span
from graphad.ir import Node
from graphad.op import Array, Operand
from graphad.ops import OPS
from graphad.ops.factories import broadcast_to, reshape_to, total
from graphad.ops.slicing import full_span, zeros_of
from graphad.types import DTYPE_NAMES, DType, Type, common_dtype, make_type

Shape = tuple[int, ...]


class Layout:
    """How results of several types lie in one value, since an op has one output.

    One result is the value itself. Several are flattened and joined into a vector, of the dtype
    that NumPy promotes theirs to.

    Parameters
    ----------
    types : sequence of Type
        Of the results, at least one.

    Examples
    --------
    >>> from graphad.types import FLOAT64
    >>> str(Layout([FLOAT64, FLOAT64.with_shape((2, 3))]).type)
    'f64[7]'
    """

    def __init__(self, types: Sequence[Type]) -> None:
        self.types = tuple(types)
        self.single = len(self.types) == 1
        self.dtype: DType = common_dtype(self.types)
        self.starts = [0]
        for type in self.types:
            self.starts.append(self.starts[-1] + type.size)

    @property
    def type(self) -> Type:
        """The type of the value that holds all results."""
        return self.types[0] if self.single else make_type((self.starts[-1],), self.dtype)

    def packed(self, arrays: Sequence[Any]) -> Array:
        """Return arrays of the results as one array."""
        if self.single:
            return np.asarray(arrays[0])
        flat = [np.asarray(array).reshape(-1) for array in arrays]
        if any(array.dtype == object for array in flat):
            return np.concatenate([array.astype(object) for array in flat])
        return np.concatenate(flat).astype(self.dtype, copy=False)

    def unpacked(self, array: Array) -> list[Array]:
        """Return the arrays of the results in one array."""
        if self.single:
            return [array]
        pairs = zip(self.starts, self.types, strict=False)
        return [
            array[start : start + type.size].reshape(type.shape).astype(type.dtype)
            for start, type in pairs
        ]

    def span(self, position: int) -> Span:
        """Return where a result lies in the vector."""
        return Span(self.starts[position], self.starts[position + 1], 1)

    def part(self, value: Operand, position: int) -> Operand:
        """Return one of the results."""
        if self.single:
            return value
        type = self.types[position]
        if type.shape == ():
            found = OPS["element"](value, index=(self.starts[position],))
        else:
            flat = OPS["slice"](value, spans=(self.span(position),))
            found = reshape_to(flat, type.shape)
        return converted(found, type.dtype)

    def parts(self, value: Operand) -> list[Operand]:
        """Return all results."""
        return [self.part(value, position) for position in range(len(self.types))]

    def joined(self, parts: Sequence[Operand | None], lead: Shape = ()) -> Operand | None:
        """Return values as one; ``None`` is a structural zero.

        Parameters
        ----------
        parts : sequence of Operand or None
            For each result a value of its shape, after the axes `lead`.
        lead : tuple of int
            Axes that come first in parts and in the result.
        """
        given = [part for part in parts if part is not None]
        if self.single or not given:
            return parts[0]
        size = self.starts[-1]
        flat: list[Any] = []
        for part, type in zip(parts, self.types, strict=True):
            if part is not None:
                flat.append(converted(reshape_to(part, (*lead, type.size)), self.dtype))
            else:
                flat.append(np.zeros((*lead, type.size), self.dtype))
        if len(given) == 1:  # one among zeros, which are structural
            position = next(i for i, part in enumerate(parts) if part is not None)
            spans = (*map(full_span, lead), self.span(position))
            return OPS["place"](flat[position], spans=spans, shape=(*lead, size))
        filled = [part for part in flat if part.shape[-1]]
        if len(filled) == 1:
            made: Operand = filled[0]
            return made
        return OPS["concatenate"](*filled, axis=len(lead))

    def shares(self, cotangent: Operand) -> list[Operand | None]:
        """Return the cotangent of each result; ``None`` where it is structurally zero."""
        if self.single:
            return [cotangent]
        return [self._share(cotangent, position) for position in range(len(self.types))]

    def _share(self, cotangent: Operand, position: int) -> Operand | None:
        """Look through sums of placed parts, which is what cotangents of slices are."""
        type, span = self.types[position], self.span(position)
        found: Operand | None = OPS["slice"](cotangent, spans=(span,))
        if isinstance(cotangent, Value):
            node = cotangent.node
            nodes = node.inputs if node.op is OPS["add"] else (node,)
            if all(item.op is OPS["place"] for item in nodes):
                found = total(list(self._placed(cotangent, nodes, span)))
        return None if found is None else converted(reshape_to(found, type.shape), type.dtype)

    def _placed(self, like: Value, nodes: Sequence[Node], span: Span) -> Iterator[Operand]:
        """Yield what placed parts have at a span."""
        for node in nodes:
            (own,), _ = node.attrs
            if own == span:
                yield like.builder.value(node.inputs[0])
            elif own.start < span.stop and span.start < own.stop:
                yield OPS["slice"](like.builder.value(node), spans=(span,))


def converted(x: Operand, dtype: DType) -> Operand:
    """Return `x` in a dtype; `x` itself if it has that dtype."""
    return x if x.type.dtype == dtype else OPS["cast"](x, dtype=DTYPE_NAMES[dtype])


def spread_to(x: Operand, lead: Shape, type: Type, has: bool) -> Operand:
    """Return a value with leading axes, repeated along them if it does not have them."""
    return x if has else broadcast_to(x, lead + type.shape)


def axis_behind(x: Operand, depth: int) -> Operand:
    """Return `x` with its first axis behind the next `depth` axes."""
    axes = (*range(1, depth + 1), 0, *range(depth + 1, x.ndim))
    return x if depth == 0 else OPS["transpose"](x, axes=axes)


def axis_first(x: Operand, depth: int) -> Operand:
    """Return `x` with the axis behind the first `depth` axes in front of them."""
    axes = (depth, *range(depth), *range(depth + 1, x.ndim))
    return x if depth == 0 else OPS["transpose"](x, axes=axes)


def filled(x: Operand | None, type: Type) -> Operand | Array:
    """Return a value, or zeros for a structural zero."""
    return zeros_of(type) if x is None else x


def stacked(type: Type, length: int) -> Type:
    """Return the type of `length` values, one after the other."""
    return type.with_shape((length, *type.shape))
