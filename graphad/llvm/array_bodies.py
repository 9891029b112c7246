"""Bodies of loops: every element of every row by a name, and what is done with it at one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graphad.errors import GraphError
from graphad.ir import Node
from graphad.llvm.array_plan import ArrayPlan, Group, is_number
from graphad.llvm.array_roles import Shape, What
from graphad.llvm.array_values import Buffer, Line, Stored, line_of
from graphad.llvm.functions import RULES, Rule, Writer, rule_of
from graphad.op import Array, Attrs
from graphad.ops.contraction import index_sizes, parse_spec

LONGEST = 4000
"""Items of a body: code generation takes more than linear time in their number."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, or a condition."""

    value: float
    condition: bool


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    """An element of a buffer; by `line`, or by `places` where these have no order."""

    buffer: Buffer
    line: Line | None
    places: Array
    condition: bool


@dataclass(frozen=True, eq=False, slots=True)
class Work:
    """An operation on other items."""

    name: str
    rule: Rule
    operands: tuple[int, ...]
    attrs: Attrs
    condition: bool


Item = Number | Load | Work


def _fused(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    """Return ``x·y + z``, rounded once where the processor has that."""
    name = f"llvm.fmuladd.{w.suffix}"
    type = w.floats
    w.declarations[name] = f"declare {type} @{name}({type}, {type}, {type})"
    return w.line(f"call {type} @{name}({type} {x[0]}, {type} {x[1]}, {type} {x[2]})")


@dataclass(eq=False, slots=True)
class Body:
    """What a loop does at each place of its space.

    Parameters
    ----------
    space : tuple of int
        Lengths of its axes.
    items : list of Item
        Operands stand before the items that use them.
    stores : list of (int, Stored)
        Items that are written, and where: places are of the shape of the space.
    sums : list of (int, Stored)
        Items that are added up, and where the sum goes: one place.
    """

    space: Shape
    items: list[Item] = field(default_factory=list)
    stores: list[tuple[int, Stored]] = field(default_factory=list)
    sums: list[tuple[int, Stored]] = field(default_factory=list)


class BodyWriter:
    """The body of one group.

    Parameters
    ----------
    plan : ArrayPlan
        That the group is of.
    group : Group
        What the loop computes.

    Raises
    ------
    GraphError
        If the body is too long.
    """

    def __init__(self, plan: ArrayPlan, group: Group) -> None:
        self.plan = plan
        self.depth = len(group.space)
        self.body = Body(group.space)
        self._known: dict[Any, int] = {}
        self._rows: dict[int, Array] = {}
        for node in group.nodes:
            if plan.roles[node.id].what is What.SUM:
                self._write_sum(node)
            else:
                self._write(node)
        for copy in group.copies:
            shape = copy.target.places.shape
            rows = (
                np.full(shape[: len(shape) - self.depth], self._number(0.0, False))
                if copy.source is None
                else self._loads(copy.source, False)
            )
            self._store(rows, copy.target)
        if len(self.body.items) > LONGEST:
            raise GraphError(
                f"a loop of {plan.graph.name} would have {len(self.body.items):,} operations in "
                f"its body, and {LONGEST:,} is the most; call the graph itself"
            )

    # --- items -----------------------------------------------------------------------------------

    def _item(self, key: Any, item: Item) -> int:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.body.items)
            self.body.items.append(item)
        return found

    def _number(self, value: float, condition: bool) -> int:
        return self._item(("number", value.hex(), condition), Number(value, condition))

    def _load(self, stored: Stored, condition: bool) -> int:
        line = line_of(stored)
        places = line if line is not None else stored.places.tobytes()
        key = (id(stored.buffer), places, condition)
        return self._item(key, Load(stored.buffer, line, stored.places, condition))

    def _work(self, name: str, rule: Rule, operands: Sequence[int], attrs: Attrs = ()) -> int:
        return self._made(name, rule, tuple(operands), attrs, False)

    def _made(
        self, name: str, rule: Rule, operands: tuple[int, ...], attrs: Attrs, condition: bool
    ) -> int:
        kinds = tuple([self.body.items[i].condition for i in operands])
        key = (name, operands, attrs, kinds)
        return self._item(key, Work(name, rule, operands, attrs, condition))

    def _times(self, factors: Sequence[int]) -> int:
        return self._work("multiply", RULES["multiply"], factors) if factors[1:] else factors[0]

    def _add_product(self, total: int | None, factors: Sequence[int]) -> int:
        if total is None:
            return self._times(factors)
        if len(factors) == 1:
            return self._work("add", RULES["add"], (total, *factors))
        first = self._times(factors[:-1])
        return self._work("fused", _fused, (first, factors[-1], total))

    # --- rows ------------------------------------------------------------------------------------

    def _loads(self, stored: Stored, condition: bool) -> Array:
        """Return the items of all rows of an array whose last axes are the space."""
        shape = stored.places.shape
        rows = shape[: len(shape) - self.depth]
        made = np.empty(rows, np.int64)
        for index in np.ndindex(*rows):
            made[index] = self._load(Stored(stored.buffer, stored.places[index]), condition)
        return made

    def _operand(self, node: Node, position: int) -> Array:
        """Return the items of an operand, whose last axes are or broadcast to the space."""
        operand = node.inputs[position]
        condition = operand.type.dtype.kind == "b"
        if self.plan.is_inline(node, position):
            return self._rows[operand.id]
        shape = np.broadcast_shapes(operand.type.shape, self.body.space)
        if is_number(operand):
            number = self._number(float(operand.attrs[0].array.item()), condition)
            return np.full(shape[: len(shape) - self.depth], number)
        stored = self.plan.value(operand)
        whole = np.broadcast_to(stored.places, shape)
        return self._loads(Stored(stored.buffer, whole), condition)

    def _store(self, rows: Array, target: Stored) -> None:
        whole = target.places
        for index in np.ndindex(*rows.shape):
            where = Stored(target.buffer, np.asarray(whole[index]))
            self.body.stores.append((int(rows[index]), where))

    def _write(self, node: Node) -> None:
        name = node.op.name
        if name == "einsum":
            rows = self._einsum(node)
        elif name == "sum":
            rows = self._folded(self._operand(node, 0), node.attrs[0])
        elif node.op.elementwise:
            rows = self._elementwise(node)
        else:
            rows = self._named(node)
        self._rows[node.id] = rows
        for target in self.plan.stores.get(node.id, ()):
            self._store(rows, target)

    def _elementwise(self, node: Node) -> Array:
        rule = rule_of(node)
        assert rule is not None
        shape = node.type.shape[: node.type.ndim - self.depth]
        operands = [
            np.broadcast_to(self._operand(node, i), shape).reshape(-1)
            for i in range(len(node.inputs))
        ]
        condition = node.type.dtype.kind == "b"
        made = [
            self._made(node.op.name, rule, tuple(map(int, items)), node.attrs, condition)
            for items in zip(*operands, strict=True)
        ]
        return np.array(made, np.int64).reshape(shape)

    def _folded(self, rows: Array, axes: Shape) -> Array:
        kept = [axis for axis in range(rows.ndim) if axis not in axes]
        moved = rows.transpose(*kept, *sorted(axes))
        shape = moved.shape[: len(kept)]
        made = np.empty(shape, np.int64)
        for index in np.ndindex(*shape):
            parts = [int(i) for i in np.asarray(moved[index]).reshape(-1)]
            made[index] = self._work("add", RULES["add"], parts) if parts[1:] else parts[0]
        return made

    def _named(self, node: Node) -> Array:
        """Rows that are moved or joined: what NumPy does to names."""
        name, attrs = node.op.name, node.attrs
        shape = node.type.shape[: node.type.ndim - self.depth]
        given = [
            self._operand(node, i) for i in range(len(node.inputs)) if i == 0 or name != "take"
        ]
        first = given[0]
        rows = first.ndim
        if name in {"reshape", "broadcast_to"}:
            return first.reshape(shape) if name == "reshape" else np.broadcast_to(first, shape)
        if name == "pack":
            return np.array([int(item) for item in given], np.int64).reshape(shape)
        if name == "concatenate":
            return np.concatenate(given, axis=attrs[0])
        if name == "transpose":
            return first.transpose(attrs[0][:rows])
        if name == "take":
            return np.asarray(np.take(first, node.inputs[1].attrs[0].array, axis=attrs[0]))
        if name == "flip":
            return np.flip(first, attrs[0])
        if name == "element":
            return np.asarray(first[attrs[0]])
        spans = tuple([span.slice for span in attrs[0][:rows]])
        if name == "slice":
            return np.asarray(first[spans])
        assert name == "place"
        made = np.full(shape, self._number(0.0, False))
        made[spans] = first
        return made

    # --- sums of products ------------------------------------------------------------------------

    def _einsum(self, node: Node) -> Array:
        _, out = parse_spec(node.attrs[0])
        return self._products(node, out, out[len(out) - self.depth :], out[: len(out) - self.depth])

    def _products(self, node: Node, out: str, tail: str, rows: str) -> Array:
        """Return the items of an einsum, in a loop over the letters of `tail`."""
        terms, _ = parse_spec(node.attrs[0])
        sizes = index_sizes(terms, [operand.type.shape for operand in node.inputs])
        inner = [letter for letter in sizes if letter not in tail and letter not in rows]
        given = [self._term(node, i, term, tail) for i, term in enumerate(terms)]
        own = ["".join([letter for letter in term if letter not in tail]) for term in terms]
        shape = [sizes[letter] for letter in rows]
        made = np.empty(shape, np.int64)
        for index in np.ndindex(*shape):
            at = dict(zip(rows, index, strict=True))
            total: int | None = None
            for inside in np.ndindex(*[sizes[letter] for letter in inner]):
                at.update(zip(inner, inside, strict=True))
                factors = [
                    int(items[tuple([at[letter] for letter in letters])])
                    for items, letters in zip(given, own, strict=True)
                ]
                total = self._add_product(total, factors)
            assert total is not None
            made[index] = total
        return made

    def _term(self, node: Node, position: int, term: str, tail: str) -> Array:
        """Return the items of an operand, an axis for each letter that is not in the space."""
        if self.plan.is_inline(node, position):
            return self._rows[node.inputs[position].id]
        operand = node.inputs[position]
        stored = self.plan.value(operand)
        own = [letter for letter in term if letter not in tail]
        order = [term.index(letter) for letter in (*own, *[x for x in tail if x in term])]
        places = stored.places.transpose(order)
        places = places[
            (slice(None),) * len(own)
            + tuple([slice(None) if letter in term else None for letter in tail])
        ]
        whole = np.broadcast_to(places, places.shape[: len(own)] + self.body.space)
        return self._loads(Stored(stored.buffer, whole), operand.type.dtype.kind == "b")

    def _write_sum(self, node: Node) -> None:
        if node.op.name == "einsum":
            terms, out = parse_spec(node.attrs[0])
            sizes = index_sizes(terms, [operand.type.shape for operand in node.inputs])
            tail = "".join([letter for letter in sizes if letter not in out])
            rows = self._products(node, out, tail, out)
        elif self.plan.is_inline(node, 0):
            rows = self._rows[node.inputs[0].id]
        else:
            stored = self.plan.value(node.inputs[0])
            axes = node.attrs[0]
            kept = [axis for axis in range(stored.places.ndim) if axis not in axes]
            moved = stored.places.transpose(*kept, *axes)
            rows = self._loads(Stored(stored.buffer, moved), False)
        for target in self.plan.stores.get(node.id, ()):
            for index in np.ndindex(*rows.shape):
                where = Stored(target.buffer, np.asarray(target.places[index]))
                self.body.sums.append((int(rows[index]), where))
