"""The steps of an array graph, level by level, and where each array lies.

Nodes of one space and level are one loop. A node is in the level of an operand that the same loop
computes, and after all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod

import numpy as np

from graphad.ir import CONST, INPUT, Graph, Node
from graphad.llvm.array_roles import Role, Shape, What, default_space, roles_of
from graphad.llvm.array_values import Buffer, Kind, Stored, line_of
from graphad.op import Array
from graphad.ops.contraction import index_sizes, parse_spec

LONG = 1500
"""Operations after which a loop ends and another goes on: code generation takes more than linear
time in the length of a body."""


@dataclass(frozen=True, eq=False, slots=True)
class Copy:
    """Values that are read from one place and written to another; zeros if `source` is None."""

    source: Stored | None
    target: Stored


@dataclass(eq=False, slots=True)
class Group:
    """What one loop computes."""

    space: Shape
    level: int
    nodes: list[Node] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    work: int = 0
    """Operations of its body, about."""


@dataclass(frozen=True, eq=False, slots=True)
class Product:
    """``c[q, m, n] = Σ_k a[q, m, k]·b[q, k, n]``; `b` stands in `packed` if it is a constant."""

    level: int
    a: Stored
    b: Stored
    c: Stored


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """A node that NumPy evaluates; `operands` are those that are no constants."""

    level: int
    node: Node
    operands: tuple[Stored, ...]
    target: Stored


class ArrayPlan:
    """Roles, levels and places of an array graph.

    Parameters
    ----------
    graph : Graph
        Of double precision, without empty arrays.

    Raises
    ------
    GraphError
        If it is not.

    Attributes
    ----------
    groups : list of Group
        Loops, in the order of their levels.
    products, calls : list
        The other steps.
    buffers : list of Buffer
        Work that is taken for a call.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.roles: list[Role] = roles_of(graph)
        self.buffers: list[Buffer] = []
        self.constants: list[Buffer] = []
        self.inputs = [Buffer(Kind.INPUT, node.type.size, i) for i, node in enumerate(graph.inputs)]
        self.outputs = [
            Buffer(Kind.OUTPUT, node.type.size, i) for i, node in enumerate(graph.outputs)
        ]
        self.products: list[Product] = []
        self.calls: list[Call] = []
        self.stores: dict[int, list[Stored]] = {}
        """Where a computed node is written; it is read from the first."""
        self.levels: list[int] = [0] * len(graph.nodes)
        self._parts: dict[int, list[tuple[Node, Stored]]] = {}
        self._values: dict[int, Stored] = {}
        self._groups: dict[tuple[Shape, int], Group] = {}
        self._find_homes()
        for node in graph.nodes:
            self._place(node)
        for buffer, node in zip(self.outputs, graph.outputs, strict=True):
            where = _whole(buffer, node.type.shape)
            if not any(stored.buffer is buffer for stored in self.stores.get(node.id, ())):
                self._copy(self.value(node), where, self.levels[node.id] + 1)
        self.groups = sorted(self._groups.values(), key=lambda group: group.level)

    # --- where values lie ----------------------------------------------------------------------

    def value(self, node: Node) -> Stored:
        """Return where the elements of a node lie; from now on they are written there."""
        known = self._values.get(node.id)
        if known is None:
            known = self._values[node.id] = self._make_value(node)
        return known

    def _make_value(self, node: Node) -> Stored:
        what, shape = self.roles[node.id].what, node.type.shape
        if node.op is INPUT:
            slot = [one.id for one in self.graph.inputs].index(node.id)
            return _whole(self.inputs[slot], shape)
        if node.op is CONST:
            return self.constant(node.attrs[0].array)
        if what is What.SOURCE:
            return self.constant(node.op.evaluate(*node.attrs))
        if what is What.VIEW:
            source = self.value(node.inputs[0])
            return Stored(source.buffer, _viewed(node, source.places))
        if node.id not in self.stores:
            self.stores[node.id] = [self._new(shape)]
        return self.stores[node.id][0]

    def constant(self, array: Array) -> Stored:
        """Return a place for values that are known."""
        data = np.ascontiguousarray(array, np.float64)
        buffer = Buffer(Kind.CONSTANT, data.size, len(self.constants), data.reshape(-1))
        self.constants.append(buffer)
        return _whole(buffer, array.shape)

    def _new(self, shape: Shape) -> Stored:
        buffer = Buffer(Kind.WORK, prod(shape), len(self.buffers))
        self.buffers.append(buffer)
        return _whole(buffer, shape)

    def _find_homes(self) -> None:
        """Let outputs, and parts of joined arrays, be computed where they belong."""
        for buffer, node in zip(self.outputs, self.graph.outputs, strict=True):
            self._offer(node, _whole(buffer, node.type.shape))
        for node in reversed(self.graph.nodes):
            if self.roles[node.id].what is not What.JOIN:
                continue
            whole = self.value(node)
            left = []
            for part, where in _parts(node, whole):
                if not self._offer(part, where):
                    left.append((part, where))
            self._parts[node.id] = left

    def _offer(self, node: Node, where: Stored) -> bool:
        """Return whether a node can be written to a place, which it then will be."""
        what = self.roles[node.id].what
        if what is What.LOOP or what is What.SUM:
            self.stores.setdefault(node.id, []).append(where)
            return True
        whole = what in {What.JOIN, What.PRODUCT, What.CALL} and node.id not in self.stores
        if whole and (what is not What.PRODUCT or self._fits(node, where)):
            self.stores[node.id] = [where]
            return True
        return False

    def _fits(self, node: Node, where: Stored) -> bool:
        """Whether a product can be written to a place: its columns side by side."""
        letters, out, shape = _product_letters(node)
        if "".join(letters[0] + letters[1] + letters[3]) != out:
            return False
        line = line_of(Stored(where.buffer, where.places.reshape(shape)))
        return line is not None and (shape[2] == 1 or line[1][2] == 1)

    # --- when they are computed ----------------------------------------------------------------

    def is_inline(self, node: Node, position: int) -> bool:
        """Whether an operand is taken from the same loop without memory in between."""
        role, operand = self.roles[node.id], node.inputs[position]
        given = self.roles[operand.id]
        return (
            given.what is What.LOOP
            and role.inline[position]
            and given.space == role.space
            and self.levels[operand.id] == self.levels[node.id]
        )

    def _place(self, node: Node) -> None:
        role = self.roles[node.id]
        what = role.what
        if what is What.SOURCE:
            return
        if what is What.VIEW:
            self.levels[node.id] = self.levels[node.inputs[0].id]
        elif what is What.LOOP or what is What.SUM:
            self._place_in_loop(node, role)
        elif what is What.JOIN:
            self._place_joined(node)
        elif what is What.PRODUCT:
            self._place_product(node)
        else:
            level = 1 + max([self.levels[operand.id] for operand in node.inputs], default=0)
            self.levels[node.id] = level
            given = [operand for operand in node.inputs if operand.op is not CONST]
            operands = tuple([self.value(operand) for operand in given])
            self.calls.append(Call(level, node, operands, self.value(node)))

    def _place_in_loop(self, node: Node, role: Role) -> None:
        level = 1
        for operand, inline in zip(node.inputs, role.inline, strict=True):
            given = self.roles[operand.id]
            same = inline and given.what is What.LOOP and given.space == role.space
            level = max(level, self.levels[operand.id] + (not same))
        work = _work_of(node, role.space)
        while self._group(role.space, level).work + work > LONG and work <= LONG:
            level += 1
        self._group(role.space, level).work += work
        self.levels[node.id] = level
        for i, operand in enumerate(node.inputs):
            if not self.is_inline(node, i) and not is_number(operand):
                self.value(operand)
        self._group(role.space, level).nodes.append(node)

    def _group(self, space: Shape, level: int) -> Group:
        key = (space, level)
        if key not in self._groups:
            self._groups[key] = Group(space, level)
        return self._groups[key]

    def _copy(self, source: Stored | None, target: Stored, level: int) -> None:
        space = default_space(target.places.shape)
        self._group(space, level).copies.append(Copy(source, target))

    def _place_joined(self, node: Node) -> None:
        level = 1
        if node.op.name == "place":
            self._copy(None, self.value(node), 0)
        for operand in node.inputs:
            level = max(level, self.levels[operand.id])
        for part, where in self._parts[node.id]:
            after = self.levels[part.id] + 1
            self._copy(self.value(part), where, after)
            level = max(level, after)
        self.levels[node.id] = level

    def _place_product(self, node: Node) -> None:
        (both, rows, inner, columns), out, shape = _product_letters(node)
        terms, _ = parse_spec(node.attrs[0])
        left, right = node.inputs
        first, second = terms
        if _turned(node):
            first, second, left, right = second, first, right, left
        level = 1

        def arranged(
            operand: Node, term: str, groups: Sequence[Sequence[str]], any_step: bool
        ) -> Stored:
            nonlocal level
            stored = self.value(operand)
            order = [term.index(letter) for group in groups for letter in group]
            moved = stored.places.transpose(order)
            ends = np.cumsum([0] + [len(group) for group in groups]).tolist()
            lengths = [prod(moved.shape[a:b]) for a, b in pairwise(ends)]
            found, after = Stored(stored.buffer, moved.reshape(lengths)), self.levels[operand.id]
            line = line_of(found)
            unit = any_step or (line is not None and (lengths[2] == 1 or line[1][2] == 1))
            if stored.buffer.kind is Kind.CONSTANT or (line is not None and unit):
                level = max(level, after + 1)
                return found
            made = self._new(tuple(lengths))
            self._copy(found, made, after + 1)
            level = max(level, after + 2)
            return made

        a = arranged(left, first, (both, rows, inner), any_step=True)
        b = arranged(right, second, (both, inner, columns), any_step=False)
        self.levels[node.id] = level
        if node.id in self.stores:
            (where,) = self.stores[node.id]
            c = Stored(where.buffer, where.places.reshape(shape))
        else:
            c = self._new(shape)
            letters = [*both, *rows, *columns]
            lengths = dict(zip(out, node.type.shape, strict=True))
            places = c.places.reshape([lengths[letter] for letter in letters])
            places = places.transpose([letters.index(letter) for letter in out])
            self.stores[node.id] = [Stored(c.buffer, places)]
        self.products.append(Product(level, a, b, c))


def _turned(node: Node) -> bool:
    """Whether the second operand has the rows of a product: columns are those of a constant."""
    left, right = node.inputs
    return left.op is CONST and right.op is not CONST


def _product_letters(node: Node) -> tuple[tuple[list[str], ...], str, Shape]:
    """Return the indices of a product, its output term, and its shape as matrices.

    The indices are those of all three, of rows, of the sums, and of columns.
    """
    (first, second), out = parse_spec(node.attrs[0])
    if _turned(node):
        first, second = second, first
    both = [letter for letter in first if letter in second and letter in out]
    inner = [letter for letter in first if letter in second and letter not in out]
    rows = [letter for letter in first if letter not in second]
    columns = [letter for letter in second if letter not in first]
    lengths = dict(zip(out, node.type.shape, strict=True))
    count, height, width = (
        prod([lengths[letter] for letter in group]) for group in (both, rows, columns)
    )
    return (both, rows, inner, columns), out, (count, height, width)


def _work_of(node: Node, space: Shape) -> int:
    """Return how many operations a node is at one place of a loop, about."""
    elements = max([node.type.size, *[operand.type.size for operand in node.inputs]])
    if node.op.name == "einsum":
        terms, _ = parse_spec(node.attrs[0])
        elements = prod(
            index_sizes(terms, [operand.type.shape for operand in node.inputs]).values()
        )
    return -(-elements // prod(space))


def is_number(node: Node) -> bool:
    """Whether a node is one number that is written into the code."""
    return node.op is CONST and node.type.size == 1


def _whole(buffer: Buffer, shape: Shape) -> Stored:
    return Stored(buffer, buffer.places.reshape(shape))


def _viewed(node: Node, places: Array) -> Array:
    """Return the places of the elements that a view takes."""
    name = node.op.name
    if name == "take":
        index = node.inputs[1].attrs[0].array
        return np.asarray(np.take(places, index, axis=node.attrs[0]))
    if name == "einsum":
        return np.asarray(np.einsum(node.attrs[0], places))
    if name == "element":  # a view, where an item would be a copy
        return places[tuple([slice(i, i + 1) for i in node.attrs[0]])].reshape(())
    return np.asarray(node.op.evaluate(places, *node.attrs))


def _parts(node: Node, whole: Stored) -> list[tuple[Node, Stored]]:
    """Return the operands of a joined array, and where they stand in it."""
    if node.op.name == "place":
        spans = tuple([span.slice for span in node.attrs[0]])
        return [(node.inputs[0], Stored(whole.buffer, whole.places[spans]))]
    (axis,) = node.attrs
    lengths = [operand.type.shape[axis] for operand in node.inputs]
    cuts = np.cumsum(lengths)[:-1].tolist()
    pieces = np.split(whole.places, cuts, axis=axis)
    return [
        (part, Stored(whole.buffer, piece)) for part, piece in zip(node.inputs, pieces, strict=True)
    ]
