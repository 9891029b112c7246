"""The sparsity pattern of derivatives, from the structure of a graph alone.

For each scalar node, the multi-indices α, up to the order k, of which ∂^α can be other than zero:

=======================  ====================================================================
``u + v``, ``-u``, …     those of u or of v; so for branches and extrema, whatever is chosen
``u·v``                  those of u, those of v, and sums of one of u and one of v
``uⁿ``, n > 0            sums of one to n of u
any other φ(u, v)        all over the variables of u and v, since no order of φ ends
=======================  ====================================================================

It is what derivation leaves that never multiplies by a structural zero. Numbers are not looked at:
``0·x`` counts as a function of x, and terms that cancel still count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb

from graphad.errors import DerivativeError
from graphad.ir import Graph, Node
from graphad.ops import OPS
from graphad.passes.entries import Entry, MultiIndex, request, scalars

LIMIT = 5_000_000
"""Most multi-indices of one value."""
SUMS = tuple(
    OPS[name]
    for name in (
        "negative",
        "add",
        "subtract",
        "cast",
        "mask",
        "where",
        "maximum",
        "minimum",
        "absolute",
        "real",
        "imag",
        "conjugate",
    )
)
"""Ops that are linear, wherever they are smooth."""
MULTIPLY, DIVIDE, POWER = OPS["multiply"], OPS["divide"], OPS["integer_power"]


def pattern(graph: Graph, order: int, wrt: str | Sequence[str] | None = None) -> list[Entry]:
    """Return the entries of the derivative of an order that are not structural zeros.

    Parameters
    ----------
    graph : Graph
        The function; any grain.
    order : int
        The order of the derivatives.
    wrt : str or sequence of str, optional
        Inputs to differentiate by; all of them if not given.

    Returns
    -------
    list of (int, tuple of int)
        Rows and sorted multi-indices, in order.

    Raises
    ------
    DerivativeError
        If the request does not fit, or a value depends on so many variables that there are more
        than `LIMIT` multi-indices.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad import trace
    >>> g = trace(lambda x: np.sin(x[0]) * x[1] + x[2], np.zeros(3))
    >>> pattern(g, 2)
    [(0, (0, 0)), (0, (0, 1))]
    >>> pattern(g, 3)
    [(0, (0, 0, 0)), (0, (0, 0, 1))]
    """
    wanted = request(graph, order, wrt, ())
    lowered = scalars(graph, wanted.wrt)
    if order == 0:
        return [(row, ()) for row in range(len(lowered.rows))]
    variables = {node.id: i for i, node in enumerate(lowered.variables) if node is not None}
    supports = _supports(lowered.graph, variables, order)
    found: list[Entry] = []
    for row, node in enumerate(lowered.rows):
        indices = [index for index in supports[node.id].indices if len(index) == order]
        found.extend([(row, index) for index in sorted(indices)])
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Support:
    """Where derivatives of a value can be other than zero.

    Parameters
    ----------
    variables : frozenset of int
        What the value depends on.
    indices : frozenset of tuple of int
        Multi-indices of orders 1 to k.
    full : bool
        Whether `indices` has all multi-indices over `variables`.
    """

    variables: frozenset[int]
    indices: frozenset[MultiIndex]
    full: bool


NONE = Support(frozenset(), frozenset(), True)
"""That of a constant."""


class Supports:
    """Computes supports up to an order; equal full ones are made once."""

    def __init__(self, order: int) -> None:
        self.order = order
        self._full: dict[frozenset[int], Support] = {frozenset(): NONE}

    def variable(self, position: int) -> Support:
        """Return the support of a variable."""
        return Support(frozenset([position]), frozenset([(position,)]), self.order == 1)

    def full(self, variables: frozenset[int]) -> Support:
        """Return all multi-indices over some variables."""
        known = self._full.get(variables)
        if known is None:
            _check_size(comb(len(variables) + self.order, self.order) - 1, self.order)
            ordered = sorted(variables)
            indices = frozenset(
                [
                    index
                    for length in range(1, self.order + 1)
                    for index in combinations_with_replacement(ordered, length)
                ]
            )
            known = self._full[variables] = Support(variables, indices, True)
        return known

    def union(self, terms: Sequence[Support]) -> Support:
        """Return what is in any of the terms."""
        kept = [term for term in dict.fromkeys(terms) if term.variables]
        if len(kept) <= 1:
            return kept[0] if kept else NONE
        variables = frozenset().union(*[term.variables for term in kept])
        for term in kept:
            if term.full and len(term.variables) == len(variables):
                return term
        indices = frozenset().union(*[term.indices for term in kept])
        _check_size(len(indices), self.order)
        return Support(variables, indices, False)

    def product(self, left: Support, right: Support) -> Support:
        """Return the support of a product, by Leibniz's rule."""
        if not right.variables or (left.full and left.variables >= right.variables):
            return left
        if not left.variables or (right.full and right.variables >= left.variables):
            return right
        by_length: list[list[MultiIndex]] = [[] for _ in range(self.order + 1)]
        for index in right.indices:
            by_length[len(index)].append(index)
        made = set(left.indices | right.indices)
        for index in left.indices:
            for length in range(1, self.order - len(index) + 1):
                made.update([tuple(sorted(index + other)) for other in by_length[length]])
            _check_size(len(made), self.order)
        return Support(left.variables | right.variables, frozenset(made), False)

    def power(self, base: Support, exponent: int) -> Support:
        """Return the support of an integer power."""
        if exponent == 0:
            return NONE
        if exponent < 0 or exponent >= self.order:
            return base if exponent == 1 else self.full(base.variables)
        result = base
        for _ in range(exponent - 1):
            result = self.product(result, base)
        return result

    def of(self, node: Node, operands: Sequence[Support]) -> Support:
        """Return the support of a node that is no variable and no sum."""
        if node.op.jvp is None or not node.type.is_inexact:
            return NONE
        if node.op is MULTIPLY:
            result = operands[0]
            for operand in operands[1:]:
                result = self.product(result, operand)
            return result
        if node.op is DIVIDE:
            return self.product(operands[0], self.full(operands[1].variables))
        if node.op is POWER:
            return self.power(operands[0], node.attrs[0])
        return self.full(frozenset().union(*[operand.variables for operand in operands]))


def _check_size(count: int, order: int) -> None:
    if count > LIMIT:
        raise DerivativeError(
            f"one value has {count:,} derivatives up to order {order}, more than {LIMIT:,}; "
            "ask for a lower order, or differentiate by fewer inputs"
        )


def _supports(graph: Graph, variables: dict[int, int], order: int) -> list[Support]:
    """Return the support of each node, by id; sums inside of other sums have none."""
    supports = Supports(order)
    found = [NONE] * len(graph.nodes)
    inner = _inner_sums(graph)
    for node in graph.nodes:
        if node.id in variables:
            found[node.id] = supports.variable(variables[node.id])
        elif node.op in SUMS:
            if node.type.is_inexact and not inner[node.id]:
                terms = _terms(node, inner)
                found[node.id] = supports.union([found[term.id] for term in terms])
        elif node.inputs:
            found[node.id] = supports.of(node, [found[operand.id] for operand in node.inputs])
    return found


def _inner_sums(graph: Graph) -> bytearray:
    """Mark sums whose one use is a sum, so that a chain of them is one union and not many."""
    uses = graph.use_counts()
    marks = bytearray(len(graph.nodes))
    for node in graph.nodes:
        if node.op in SUMS and node.type.is_inexact:
            for operand in node.inputs:
                if operand.op in SUMS and uses[operand.id] == 1:
                    marks[operand.id] = 1
    return marks


def _terms(node: Node, inner: bytearray) -> list[Node]:
    """What a sum adds up, with the sums inside it written out."""
    found = []
    waiting = [node]
    while waiting:
        for operand in waiting.pop().inputs:
            if not operand.type.is_inexact:
                continue
            if inner[operand.id]:
                waiting.append(operand)
            else:
                found.append(operand)
    return found
