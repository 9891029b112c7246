"""From arrays to scalars: the grain at which sparsity, symmetry and sharing are exact."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from graphad.builder import Builder, G, Value, live_marks, paused_gc
from graphad.errors import PassError
from graphad.ir import CONST, INPUT, Node
from graphad.op import Array, Op, Operand
from graphad.ops import OPS
from graphad.passes.expand import expand
from graphad.passes.pipeline import graph_pass
from graphad.passes.scalarize_matrices import RULES as MATRICES, matrix_elements
from graphad.types import Type

LIMIT = 5_000_000
"""Most scalar values that one pass makes before it refuses."""


class Cell:
    """One element: a scalar value, or a structural zero (``value`` is None).

    Arrays of cells go through NumPy's own indexing, reshaping, sums and products.
    """

    __slots__ = ("value",)

    def __init__(self, value: Value | None) -> None:
        self.value = value

    def __add__(self, other: Any) -> Cell:
        left, right = self.value, _value_of(other)
        if left is None or right is None:
            return Cell(left if right is None else right)
        return _cell(left + right)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Cell:
        left, right = self.value, _value_of(other)
        return ZERO if left is None or right is None else _cell(left * right)

    __rmul__ = __mul__


def _value_of(item: Any) -> Value | None:
    """The value in a cell; NumPy fills object arrays with the integer 0, which is no value."""
    return item.value if isinstance(item, Cell) else None


def _cell(value: Operand | None) -> Cell:
    assert value is None or isinstance(value, Value)
    return Cell(value)


ZERO = Cell(None)


def _sum(op: Op, cells: list[Cell]) -> Cell:
    kept = [cell.value for cell in cells if cell.value is not None]
    return Cell(kept[0]) if len(kept) == 1 else _cell(op(*kept)) if kept else ZERO


def _product(op: Op, cells: list[Cell]) -> Cell:
    values = [cell.value for cell in cells]
    return ZERO if None in values else _cell(op(*[v for v in values if v is not None]))


def _difference(op: Op, cells: list[Cell]) -> Cell:
    left, right = cells[0].value, cells[1].value
    if right is None:
        return cells[0]
    return _cell(-right if left is None else op(left, right))


def _numerator(op: Op, cells: list[Cell]) -> Cell:
    left, right = cells[0].value, cells[1].value
    if left is None:
        return ZERO
    if right is None:
        right = left.builder.constant(left.type.dtype.type(0))
    return _cell(op(left, right))


def _masked(op: Op, cells: list[Cell]) -> Cell:
    condition, kept = cells[0].value, cells[1].value
    return ZERO if condition is None or kept is None else _cell(op(condition, kept))


def _selected(op: Op, cells: list[Cell]) -> Cell:
    condition, left, right = (cell.value for cell in cells)
    assert condition is not None
    if right is None:
        return ZERO if left is None else _cell(OPS["mask"](condition, left))
    if left is None:
        return _cell(OPS["mask"](OPS["logical_not"](condition), right))
    return _cell(op(condition, left, right))


ZEROS: dict[Op, Callable[[Op, list[Cell]], Cell]] = {
    OPS["add"]: _sum,  # 0 + x -> x
    OPS["subtract"]: _difference,  # x - 0 -> x, 0 - x -> -x
    OPS["negative"]: _product,  # -0 -> 0
    OPS["multiply"]: _product,  # 0 · x -> 0
    OPS["divide"]: _numerator,  # 0 / x -> 0
    OPS["mask"]: _masked,  # c(0) -> 0
    OPS["real"]: _product,  # Re(0) -> 0
    OPS["imag"]: _product,  # Im(0) -> 0
    OPS["conjugate"]: _product,  # conj(0) -> 0
    OPS["where"]: _selected,  # where(c, x, 0) -> c(x)
}
"""How structural zeros pass through elementwise ops; through others they become the number 0."""


@graph_pass
def scalarize(graph: G, limit: int = LIMIT) -> G:
    """Lower arrays to scalar nodes, with structural zeros gone.

    Identity: each element of an array node is a scalar node of its own, or a structural zero.
    Inputs are taken apart by ``element``, outputs put together by ``pack``, so that the signature
    stays.

    Parameters
    ----------
    graph : Graph
        Any graph whose indices are constants.
    limit : int
        Most scalar values to make.

    Returns
    -------
    Graph
        With the same values, up to the order of sums.

    Raises
    ------
    PassError
        If it would make more than `limit` scalars, an index is computed from an input, or an op has
        no form in scalars.
    """
    graph = expand(graph)
    size = sum(node.type.size for node in graph.nodes)
    if size > limit:
        raise PassError(
            f"scalarize would make {size:,} scalar values of {graph.name}, more than {limit:,}; "
            "keep the array graph, or allow more by limit="
        )
    with paused_gc():
        builder = Builder()
        live = live_marks(graph)
        cells: list[Array] = [np.empty(0)] * len(graph.nodes)
        for node in graph.nodes:
            if live[node.id]:
                builder.origin = graph.origins[node.id]
                cells[node.id] = _lowered(builder, node, cells)
        outputs = [_packed(builder, node.type, cells[node.id]) for node in graph.outputs]
        made = builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))
    made.carry(graph)
    return made


def _lowered(builder: Builder, node: Node, cells: list[Array]) -> Array:
    if node.op is INPUT:
        return _taken_apart(builder.input(*node.attrs))
    if node.op is CONST or node.op is OPS["identity"]:
        values = node.op.evaluate(*node.attrs)
        structural = node.op is not CONST
        return _filled(
            node.type,
            [
                ZERO if structural and not value else Cell(builder.constant(value))
                for value in values.ravel()
            ],
        )
    if not node.type.is_inexact and all(operand.op is CONST for operand in node.inputs):
        arrays = [operand.attrs[0].array for operand in node.inputs]
        result = np.asarray(node.op.evaluate(*arrays, *node.attrs), dtype=node.type.dtype)
        return _filled(node.type, [Cell(builder.constant(value)) for value in result.ravel()])
    operands = [cells[operand.id] for operand in node.inputs]
    if node.op.elementwise:
        return _elementwise(builder, node, operands)
    if node.op in (OPS["take"], OPS["scatter_add"]):
        operands[1] = _indices(node)
    if node.op in EXTREMA:
        return _extremum(builder, node, operands[0])
    if node.op.name in MATRICES:
        given = [_values(operand) for operand in operands]
        found = matrix_elements(builder, node.op, given, node.attrs)
        if found is None:
            raise _no_scalars(node)
        return _filled(node.type, [Cell(value) for value in found.ravel()])
    if not node.type.is_inexact and any(operand.type.is_inexact for operand in node.inputs):
        raise _no_scalars(node)  # an order, such as that of argsort
    try:
        result = np.asarray(node.op.evaluate(*operands, *node.attrs), dtype=object)
    except TypeError:  # what does more than add and multiply, such as a factorisation
        raise _no_scalars(node) from None
    return _filled(node.type, [c if isinstance(c, Cell) else ZERO for c in result.ravel()])


def _no_scalars(node: Node) -> PassError:
    return PassError(f"{node!r} is not made of scalars by adding and multiplying; keep the array")


def _values(cells: Array) -> Array:
    made = np.empty(cells.shape, dtype=object)
    for index in np.ndindex(cells.shape):
        cell: Any = cells[index]
        made[index] = cell.value
    return made


def _filled(type: Type, cells: list[Cell]) -> Array:
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array.reshape(type.shape)


def _taken_apart(value: Operand) -> Array:
    assert isinstance(value, Value)
    if not value.shape:
        return _filled(value.type, [Cell(value)])
    element = OPS["element"]
    indices = product(*map(range, value.shape))
    return _filled(value.type, [_cell(element(value, index=index)) for index in indices])


def _elementwise(builder: Builder, node: Node, operands: list[Array]) -> Array:
    op = node.op
    rule = ZEROS.get(op)
    spread = [np.broadcast_to(operand, node.type.shape).ravel() for operand in operands]
    made = []
    for items in zip(*spread, strict=True):
        if rule is not None:
            made.append(rule(op, list(items)))
            continue
        values = [
            cell.value if cell.value is not None else _zero(builder, operand.type)
            for cell, operand in zip(items, node.inputs, strict=True)
        ]
        made.append(_cell(values[0].emit(op, tuple(values), node.attrs)))
    return _filled(node.type, made)


def _zero(builder: Builder, type: Type) -> Value:
    return builder.constant(type.dtype.type(0))


def _indices(node: Node) -> Array:
    indices = node.inputs[1]
    if indices.op is not CONST:
        raise PassError(
            f"{node!r} reads at indices that are computed; scalarize needs them to be constants"
        )
    array: Array = indices.attrs[0].array
    return array


EXTREMA = {OPS["max"]: OPS["maximum"], OPS["min"]: OPS["minimum"]}


def _extremum(builder: Builder, node: Node, operand: Array) -> Array:
    (axes,) = node.attrs
    kept = [axis for axis in range(operand.ndim) if axis not in axes]
    rows = operand.transpose([*kept, *axes]).reshape(max(1, node.type.size), -1)
    op, type = EXTREMA[node.op], node.inputs[0].type
    made = []
    for row in rows[: node.type.size]:
        values = [c.value if c.value is not None else _zero(builder, type) for c in row]
        made.append(_cell(op(*values)) if values[1:] else Cell(values[0]))
    return _filled(node.type, made)


def _packed(builder: Builder, type: Type, cells: Array) -> Operand:
    values = [
        cell.value if cell.value is not None else _zero(builder, type) for cell in cells.ravel()
    ]
    if not type.shape:
        return values[0]
    if not values:
        return builder.constant(np.zeros(type.shape, type.dtype))
    return OPS["pack"](*values, shape=type.shape)
