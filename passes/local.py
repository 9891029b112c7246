"""Derivatives of scalar nodes: tangents and cotangents, emitted where the nodes are.

At scalar grain the derivative of a node by one operand is a number, and a number is its own
transpose. So one rule, the op's jvp, pushes a tangent forward through the node and pulls a
cotangent back through it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from typing import TypeAlias

import numpy as np

from graphad.builder import Builder, Value
from graphad.ir import CONST, Node
from graphad.op import Attrs, Op
from graphad.ops import OPS
from graphad.passes.jvp import REAL_LINEAR, check_analytic
from graphad.types import DTYPE_NAMES

ADD, SUBTRACT, MULTIPLY, DIVIDE = OPS["add"], OPS["subtract"], OPS["multiply"], OPS["divide"]
NEGATIVE, RECIPROCAL, MASK, CAST = OPS["negative"], OPS["reciprocal"], OPS["mask"], OPS["cast"]
OUTERMOST = (NEGATIVE, MASK)
"""Ops that products are moved into."""

# --- emitting without what a seed of 1 would leave behind ------------------------------------


class Lean(Builder):
    """A builder that multiplies by no 1, counts like terms, and computes with constants.

    Examples
    --------
    >>> from graphad.types import FLOAT64
    >>> b = Lean()
    >>> x, one = b.input("x", FLOAT64), b.constant(1.0)
    >>> (x * one).node is x.node
    True
    >>> (x + x).node.op.name
    'multiply'
    """

    def emit(self, op: Op, inputs: tuple[Node, ...], attrs: Attrs = ()) -> Node:
        """Return the node of `op` on `inputs`, or a cheaper one of the same value."""
        if op is CAST and inputs[0].op is CONST:
            return self.constant(op.evaluate(inputs[0].attrs[0].array, *attrs)).node
        rule = CHEAPER.get(op)
        made = None if rule is None else rule(self, inputs)
        return super().emit(op, inputs, attrs) if made is None else made


Cheaper: TypeAlias = Callable[[Lean, tuple[Node, ...]], "Node | None"]


def _cheaper_product(builder: Lean, inputs: tuple[Node, ...]) -> Node | None:
    if len(inputs) != 2 or inputs[0].type != inputs[1].type:
        return None
    left, right = inputs
    if left.op is CONST and right.op is CONST:
        return _computed(builder, MULTIPLY, inputs)
    for number, other in ((left, right), (right, left)):
        if _is(number, 1):  # 1 · x -> x
            return other
        if _is(number, -1):  # -1 · x -> -x
            return builder.emit(NEGATIVE, (other,))
    if left.op in OUTERMOST or right.op in OUTERMOST:
        return _peeled_product(builder, left, right)
    return None if left.id <= right.id else builder.emit(MULTIPLY, (right, left))


def _peeled_product(builder: Lean, left: Node, right: Node) -> Node:
    """Multiply inside signs and masks: c(x) · y -> c(x · y), so that 0 · inf does not arise."""
    negated, conditions, cores = False, [], []
    for node in (left, right):
        while node.op in OUTERMOST:
            if node.op is NEGATIVE:
                negated = not negated
            else:
                conditions.append(node.inputs[0])
            node = node.inputs[-1]
        cores.append(node)
    made = builder.emit(MULTIPLY, tuple(cores))
    if negated:
        made = builder.emit(NEGATIVE, (made,))
    return _masked(builder, list(dict.fromkeys(conditions)), made)


def _cheaper_sum(builder: Lean, inputs: tuple[Node, ...]) -> Node | None:
    if len(inputs) == 2 and all(node.op is CONST for node in inputs):
        return _computed(builder, ADD, inputs)
    first = inputs[0].type
    if not first.is_inexact or any(node.type != first for node in inputs):
        return None
    counts = Counter(inputs)
    if len(counts) < len(inputs):  # x + x -> 2 · x
        terms = tuple([times(builder, count, node) for node, count in counts.items()])
        return terms[0] if len(terms) == 1 else builder.emit(ADD, terms)
    return _selected_last(builder, ADD, inputs)


def _cheaper_difference(builder: Lean, inputs: tuple[Node, ...]) -> Node | None:
    if all(node.op is CONST for node in inputs):
        return _computed(builder, SUBTRACT, inputs)
    return _selected_last(builder, SUBTRACT, inputs)


def _cheaper_negative(builder: Lean, inputs: tuple[Node, ...]) -> Node | None:
    operand = inputs[0]
    if operand.op is NEGATIVE:  # -(-x) -> x
        return operand.inputs[0]
    if operand.op is CONST:
        return _computed(builder, NEGATIVE, inputs)
    return _selected_last(builder, NEGATIVE, inputs)


def _selected_last(builder: Lean, op: Op, inputs: tuple[Node, ...]) -> Node | None:
    """Take masks that all operands have out of an op: ``c(x) + c(y)`` is ``c(x + y)``."""
    conditions = []
    while all(node.op is MASK and node.inputs[0] is inputs[0].inputs[0] for node in inputs):
        conditions.append(inputs[0].inputs[0])
        inputs = tuple([node.inputs[1] for node in inputs])
    if not conditions or any(node.type != inputs[0].type for node in inputs):
        return None
    return _masked(builder, conditions, builder.emit(op, inputs))


def _masked(builder: Lean, conditions: Sequence[Node], made: Node) -> Node:
    for condition in reversed(conditions):
        made = builder.emit(MASK, (condition, made))
    return made


def _cheaper_quotient(builder: Lean, inputs: tuple[Node, ...]) -> Node | None:
    left, right = inputs
    if left.type == right.type and _is(left, 1):  # 1 / x -> the reciprocal of x
        return builder.emit(RECIPROCAL, (right,))
    return None


CHEAPER: dict[Op, Cheaper] = {
    MULTIPLY: _cheaper_product,
    ADD: _cheaper_sum,
    SUBTRACT: _cheaper_difference,
    NEGATIVE: _cheaper_negative,
    DIVIDE: _cheaper_quotient,
}
"""Ops that may be emitted as something cheaper."""


def _is(node: Node, number: int) -> bool:
    """Whether a node is the constant `number`, floating point."""
    return node.op is CONST and node.type.is_inexact and bool(node.attrs[0].scalar == number)


def _computed(builder: Lean, op: Op, inputs: tuple[Node, ...]) -> Node:
    with np.errstate(all="ignore"):
        value = np.asarray(op.evaluate(*[node.attrs[0].array for node in inputs]))
    return builder.constant(value).node


def times(builder: Lean, count: int, node: Node) -> Node:
    """Return a node times a whole number."""
    number = builder.constant(node.type.dtype.type(count)).node
    return builder.emit(MULTIPLY, (number, node))


# --- derivatives ----------------------------------------------------------------------------------


class Local:
    """Derivatives of the nodes of a builder by its variables.

    Parameters
    ----------
    builder : Lean
        Where the nodes are and where derivatives go.
    variables : sequence of Node or None
        Nodes of `builder` to differentiate by; None for a variable that is not there.
    name : str
        The pass, for the origins of what is made.
    """

    def __init__(self, builder: Lean, variables: Sequence[Node | None], name: str) -> None:
        self.builder = builder
        self.name = name
        self.count = len(variables)
        self.variables = {node.id: i for i, node in enumerate(variables) if node is not None}
        self._real = not any(node.type.is_complex for node in variables if node is not None)
        self._tangents: list[dict[int, Value | None]] = [{} for _ in variables]
        for id, i in self.variables.items():
            self._tangents[i][id] = self.one(builder.nodes[id])
        self._masks: list[int] = []

    def one(self, node: Node) -> Value:
        """Return the number 1 in the dtype of a node."""
        return self.builder.constant(node.type.dtype.type(1))

    def mask(self, node: Node) -> int:
        """Return the variables that a node's derivative may depend on: bit i for variable i."""
        masks, nodes = self._masks, self.builder.nodes
        for position in range(len(masks), len(nodes)):
            made = nodes[position]
            found = 0
            variable = self.variables.get(position)
            if variable is not None:
                found = 1 << variable
            elif made.type.is_inexact:
                for operand in made.inputs:
                    found |= masks[operand.id]
                if found:
                    types = [operand.type for operand in made.inputs]
                    check_analytic(made.op, types, self._real)
            masks.append(found if made.op.jvp is not None or variable is not None else 0)
        return masks[node.id]

    def push(self, roots: Sequence[Node], variable: int) -> list[Value | None]:
        """Return the tangents of `roots` along one variable; None is a structural zero.

        Only nodes between the variable and the roots are visited, each once, however often this
        is called.
        """
        known = self._tangents[variable]
        for node in self._unknown(roots, 1 << variable, known):
            self.set_origin(node)
            incoming = [known.get(operand.id) for operand in node.inputs]
            known[node.id] = self._moved(node, incoming)
        return [known.get(node.id) for node in roots]

    def _unknown(
        self, roots: Sequence[Node], bit: int, known: dict[int, Value | None]
    ) -> list[Node]:
        """Nodes whose tangents are needed and not there yet, operands first."""
        found: dict[int, Node] = {}
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node.id in known or node.id in found or not self.mask(node) & bit:
                continue
            found[node.id] = node
            waiting.extend(node.inputs)
        return [found[id] for id in sorted(found)]

    def set_origin(self, node: Node, raised: int = 1) -> None:
        """Let what is emitted next come from a node, derived so many times."""
        builder = self.builder
        origin = builder.origins[node.id]
        builder.origin = builder.derive(origin, self.name, node.op.name, raised)

    def _moved(self, node: Node, tangents: Sequence[Value | None]) -> Value | None:
        builder, rule = self.builder, node.op.jvp
        assert rule is not None
        if all(tangent is None for tangent in tangents):
            return None
        operands = [Value(builder, operand) for operand in node.inputs]
        made = rule(Value(builder, node), operands, tangents, node.attrs)
        assert made is None or isinstance(made, Value)
        return made

    def pull(self, root: Node, wanted: int) -> dict[int, Node]:
        """Return the derivatives of `root` by the variables of the mask `wanted`, by one sweep.

        Structural zeros are left out, and so is all that would reach other variables only.
        """
        if not self.mask(root) & wanted:
            return {}
        arriving: dict[int, list[Node]] = {root.id: [self.one(root).node]}
        waiting, found = [-root.id], {}
        while waiting:
            node = self.builder.nodes[-heappop(waiting)]
            cotangent = self.total(arriving.pop(node.id))
            variable = self.variables.get(node.id)
            if variable is not None:
                found[variable] = cotangent
                continue
            for operand, part in self.back(node, cotangent, wanted):
                if operand.id not in arriving:
                    arriving[operand.id] = []
                    heappush(waiting, -operand.id)
                arriving[operand.id].append(part)
        return found

    def total(self, terms: Sequence[Node]) -> Node:
        """Return the sum of at least one term."""
        return terms[0] if len(terms) == 1 else self.builder.emit(ADD, tuple(terms))

    def back(self, node: Node, value: Node, wanted: int) -> Iterator[tuple[Node, Node]]:
        """Yield operands that reach variables of `wanted`, with `value` times the partial by them.

        An operand that stands at several places is one.
        """
        self.set_origin(node)
        for operand, count in Counter(node.inputs).items():
            if not self.mask(operand) & wanted:
                continue
            if node.op is ADD and operand.type == node.type:
                yield operand, times(self.builder, count, value)
                continue
            given = Value(self.builder, value)
            if node.op in REAL_LINEAR and operand.type.is_complex:
                rule = node.op.transpose
                assert rule is not None
                (turned,) = rule(given, [None], [operand.type], node.attrs)
                assert isinstance(turned, Value)
                yield operand, turned.node
                continue
            made = self._moved(node, [given if item is operand else None for item in node.inputs])
            if made is None:
                continue
            if made.type == operand.type:
                yield operand, made.node
            else:
                attrs = (DTYPE_NAMES[operand.type.dtype],)
                yield operand, self.builder.emit(CAST, (made.node,), attrs)
