"""Which element of an operand each element of a result is made of, for any op on arrays.

An op that moves elements is run on the numbers of the elements. What it gives says where each came
from: slices, reshapes, indices and joins need no rule of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from graphad.errors import DerivativeError
from graphad.ir import CONST, Node
from graphad.op import Array
from graphad.ops import OPS
from graphad.ops.contraction import index_sizes, parse_spec
from graphad.ops.reduction import kept
from graphad.passes.index_sets import check_count

EINSUM = OPS["einsum"]


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Pairs of an element of a result and an element of an operand that it is made of.

    Parameters
    ----------
    out : numpy.ndarray of int, shape (m,), or None
        Positions in the flattened result; None if they are 0, 1, 2, …, each once.
    source : numpy.ndarray of int, shape (m,), or None
        Positions in the flattened operand; None if they are 0, 1, 2, …, each once.
    """

    out: Array | None
    source: Array | None

    def written(self, out_size: int, source_size: int) -> tuple[Array, Array]:
        """Return both as arrays."""
        return (
            np.arange(out_size) if self.out is None else self.out,
            np.arange(source_size) if self.source is None else self.source,
        )


MATRIX_FUNCTIONS = (
    "cholesky",
    "cofactor",
    "det",
    "eigh",
    "eigvalsh",
    "inverse",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "triangular_solve",
)
"""Ops on stacks of matrices, by name."""

SAME = Edges(None, None)
"""Each element is made of the one at its own place."""


def numbered(shape: tuple[int, ...], start: int = 0) -> Array:
    """Return an array of the numbers of its elements."""
    return np.arange(start, start + prod(shape)).reshape(shape)


def carrying(node: Node) -> list[int]:
    """Return the positions of the operands that a derivative can come from."""
    if node.op.jvp is None or not node.type.is_inexact:
        return []
    if node.op is OPS["integer_power"] and node.attrs[0] == 0:
        return []
    fixed = FIXED.get(node.op.name, -1)
    return [i for i, x in enumerate(node.inputs) if i != fixed and x.type.is_inexact]


FIXED = {"where": 0, "mask": 0, "take": 1, "scatter_add": 1}
"""Operands that select or say where, and are not differentiated."""


def element_edges(node: Node) -> dict[int, Edges]:
    """Return the edges to each operand that a derivative can come from, by its position.

    Parameters
    ----------
    node : Node
        A node at array or scalar grain.

    Raises
    ------
    DerivativeError
        If they are not known from the graph alone, such as those of computed indices, or are too
        many.
    """
    wanted = carrying(node)
    if not wanted:
        return {}
    if node.op.elementwise:
        return {i: _broadcast(node.inputs[i].type.shape, node.type.shape) for i in wanted}
    rule = RULES.get(node.op.name)
    if rule is not None:
        found = rule(node)
    elif node.op.structural:
        found = _moved(node)
    elif node.op.interpret is not None:  # a loop or branch: of anything that goes into it
        found = {i: _all(node.inputs[i].type.size, node.type.size) for i in wanted}
    else:
        raise DerivativeError(
            f"which elements {node!r} is made of is not known; derive it at scalar grain"
        )
    return {i: found[i] for i in wanted}


def _all(source: int, out: int) -> Edges:
    check_count(source * out)
    return Edges(np.repeat(np.arange(out), source), np.tile(np.arange(source), out))


def _broadcast(shape: tuple[int, ...], out: tuple[int, ...]) -> Edges:
    if shape == out:
        return SAME
    return Edges(None, np.broadcast_to(numbered(shape), out).ravel())


def _moved(node: Node) -> dict[int, Edges]:
    """Edges of an op that only moves elements: it is run on their numbers, from 1 up."""
    starts, arrays, start = [], [], 1
    for i, operand in enumerate(node.inputs):
        if FIXED.get(node.op.name) == i:
            arrays.append(_indices(node))
            starts.append(start)
            continue
        starts.append(start)
        arrays.append(numbered(operand.type.shape, start))
        start += operand.type.size
    came_from = np.asarray(node.op.evaluate(*arrays, *node.attrs)).ravel()
    if len(node.inputs) == 1 or node.op.name in FIXED:
        if came_from.all():
            return {0: Edges(None, came_from - 1)}
        filled = np.flatnonzero(came_from)
        return {0: Edges(filled, came_from[filled] - 1)}
    order = np.argsort(came_from, kind="stable")  # by operand; a chain of few is as fast as it gets
    ordered = came_from[order]
    bounds = np.searchsorted(ordered, [*starts, start])
    return {
        i: Edges(order[a:b], ordered[a:b] - first)
        for i, (first, a, b) in enumerate(zip(starts, bounds, bounds[1:], strict=False))
    }


def _indices(node: Node) -> Array:
    """The constant indices of an op that takes or scatters.

    Raises
    ------
    DerivativeError
        If they are computed.
    """
    operand = node.inputs[1]
    if operand.op is not CONST:
        raise DerivativeError(
            f"the indices of {node!r} are computed, so that its pattern is not known before it "
            "runs; index with fixed arrays"
        )
    indices: Array = operand.attrs[0].array
    return indices


def _scattered(node: Node) -> dict[int, Edges]:
    axis, _ = node.attrs
    places = np.take(numbered(node.type.shape), _indices(node), axis=axis)
    return {0: Edges(places.ravel(), None)}


def _reduced(node: Node) -> dict[int, Edges]:
    shape = node.inputs[0].type.shape
    (axes,) = node.attrs
    into = numbered(node.type.shape).reshape(kept(shape, axes))
    return {0: Edges(np.broadcast_to(into, shape).ravel(), None)}


def _running(node: Node) -> dict[int, Edges]:
    (axis,) = node.attrs
    length = node.type.shape[axis]
    check_count(node.type.size * (length + 1) // 2)
    places = np.moveaxis(numbered(node.type.shape), axis, 0).reshape(length, -1)
    upto, at = np.tril_indices(length)
    edges = Edges(places[upto].ravel(), places[at].ravel())
    return dict.fromkeys(range(len(node.inputs)), edges)


def _transformed(node: Node) -> dict[int, Edges]:
    """Each element along the axis is made of all that stand along it."""
    axis, _ = node.attrs
    length = node.type.shape[axis]
    check_count(node.type.size * length)
    places = np.moveaxis(numbered(node.type.shape), axis, 0).reshape(length, -1)
    shape = (length, *places.shape)
    out = np.broadcast_to(places[:, None], shape)
    source = np.broadcast_to(places[None], shape)
    return {0: Edges(out.ravel(), source.ravel())}


def _by_matrix(node: Node) -> dict[int, Edges]:
    """Edges of a function of stacks of matrices: all elements of each to all of the result."""
    lead = prod(node.inputs[0].type.shape[:-2])
    found = {}
    for i, operand in enumerate(node.inputs):
        own, made = operand.type.size // max(1, lead), node.type.size // max(1, lead)
        check_count(lead * own * made)
        which, out, source = np.indices((lead, made, own)).reshape(3, -1)
        found[i] = Edges(which * made + out, which * own + source)
    return found


def _contracted(node: Node) -> dict[int, Edges]:
    found = {}
    for i in carrying(node):
        out, (source,) = contraction_places(node, (i,))
        found[i] = Edges(out, source)
    return found


RULES: dict[str, Callable[[Node], dict[int, Edges]]] = {
    "sum": _reduced,
    "max": _reduced,
    "min": _reduced,
    "cumsum": _running,
    "recurrence": _running,
    "scatter_add": _scattered,
    "einsum": _contracted,
    "fft": _transformed,
    "ifft": _transformed,
    **dict.fromkeys(MATRIX_FUNCTIONS, _by_matrix),
}
"""Ops that add up, by name."""


def contraction_places(node: Node, operands: tuple[int, ...]) -> tuple[Array, list[Array]]:
    """Return positions in the result of an einsum and in some operands that are multiplied there.

    Parameters
    ----------
    node : Node
        An einsum.
    operands : tuple of int
        Positions of one or two operands.

    Raises
    ------
    DerivativeError
        If there are too many.
    """
    terms, out = parse_spec(node.attrs[0])
    sizes = index_sizes(terms, [operand.type.shape for operand in node.inputs])
    used = list(dict.fromkeys(out + "".join(terms[i] for i in operands)))
    shape = tuple(sizes[letter] for letter in used)
    check_count(prod(shape))
    at = dict(zip(used, np.indices(shape, sparse=True), strict=True))

    def places(term: str) -> Array:
        flat: Array = np.zeros(shape, np.int64)
        stride = 1
        for letter in reversed(term):
            flat += at[letter] * stride
            stride *= sizes[letter]
        return flat.ravel()

    return places(out), [places(terms[i]) for i in operands]
