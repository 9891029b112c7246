"""Products of coefficients: pairs of rows, multiplied and added up for each coefficient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphad.builder import Builder, Value
from graphad.evaluate.interpreter import Program
from graphad.ir import Graph
from graphad.op import Attrs, Op
from graphad.ops import OPS
from graphad.ops.contraction import contract, parse_spec, unused_letters
from graphad.ops.factories import broadcast_to, reshape_to
from graphad.passes.operators_blocks import Block, Blocks, as_value, batched_op
from graphad.passes.operators_symbol import Closure, Number, Split
from graphad.types import Type

MULTIPLY, EINSUM = OPS["multiply"], OPS["einsum"]


class Products(Blocks):
    """Arithmetic of blocks, products among it."""

    def __init__(self, builder: Builder, closure: Closure) -> None:
        super().__init__(builder, closure)
        self._symmetric = _merged(closure)

    def products(
        self,
        level: int,
        left: dict[int, Block],
        right: dict[int, Block],
        op: Op,
        attrs: Attrs,
        type: Type,
    ) -> list[Block]:
        """Return the terms of a product at a level, without those with the value of a factor.

        Parameters
        ----------
        level : int
            Of the result.
        left, right : dict of int to Block
            Blocks of the factors by level; equal ones are a square.
        op, attrs
            The bilinear op.
        type : Type
            Of the product.
        """
        square = left is right and _swaps(op, attrs)
        splits = self._symmetric if square else self.closure.splits
        level_of = self.closure.levels
        here = {k for block in left.values() for k in block.members}
        there = {k for block in right.values() for k in block.members}
        found: dict[tuple[int, int, Number], dict[int, list[tuple[int, int]]]] = {}
        for k, i, j, c in splits:
            if level_of[k] == level and i in here and j in there:
                same = found.setdefault((level_of[i], level_of[j], c), {})
                same.setdefault(k, []).append((i, j))
        made = []
        for (d, e, c), terms in found.items():
            for count in sorted({len(pairs) for pairs in terms.values()}):
                chosen = {k: pairs for k, pairs in terms.items() if len(pairs) == count}
                summed = self._summed(left[d], right[e], chosen, count, op, attrs, type)
                made.append(self.scaled(summed, c, type.shape))
        return made

    def _summed(
        self,
        a: Block,
        b: Block,
        terms: dict[int, list[tuple[int, int]]],
        count: int,
        op: Op,
        attrs: Attrs,
        type: Type,
    ) -> Block:
        """Multiply rows in pairs, and add up `count` products for each coefficient."""
        members = tuple(terms)
        bare = self.closure.levels[members[0]] in self.bare
        lead = () if bare else (len(members),)
        pairs = [pair for k in members for pair in terms[k]]
        left = self._repeated(a, [i for i, _ in pairs])
        right = self._repeated(b, [j for _, j in pairs])
        if left.known is None or right.known is None:
            x, y = self.value(left), self.value(right)
            return Block(members, type, bare, _sums(op, attrs, lead, count, x, y, type))
        scratch = Builder()  # numbers times numbers: computed now
        known = [np.asarray(left.known), np.asarray(right.known)]
        x, y = (
            scratch.input(name, part.type.with_shape(array.shape))
            for name, part, array in zip("xy", (left, right), known, strict=True)
        )
        graph: Graph = scratch.finish("products", [_sums(op, attrs, lead, count, x, y, type)])
        return Block(members, type, bare, known=np.asarray(Program(graph)(*known)[0]))

    def _repeated(self, block: Block, members: Sequence[int]) -> Block:
        place = {k: at for at, k in enumerate(block.members)}
        at = [place[k] for k in members]
        if block.known is not None:
            known = block.known[None] if block.bare else block.known
            return Block(tuple(members), block.type, False, known=known[at])
        return Block(tuple(members), block.type, False, self.taken(block, at))


def _merged(closure: Closure) -> tuple[Split, ...]:
    """Return the splits of squares: those that are swapped are one."""
    return tuple([(k, i, j, c if i == j else 2 * c) for k, i, j, c in closure.splits if i <= j])


def _swaps(op: Op, attrs: Attrs) -> bool:
    """Whether a bilinear op with equal factors may swap them."""
    if op is MULTIPLY:
        return True
    terms, _ = parse_spec(attrs[0])
    return terms[0] == terms[1]


def _sums(
    op: Op, attrs: Attrs, lead: tuple[int, ...], count: int, x: Value, y: Value, type: Type
) -> Value:
    """Multiply in pairs along the first axis, and add up `count` products for each of `lead`."""
    if count > 1:
        deep = (*lead, count)
        x, y = (as_value(reshape_to(part, deep + part.shape[1:])) for part in (x, y))
        made = _contracted(op, attrs, deep, x, y)
    else:
        x, y = (as_value(reshape_to(part, lead + part.shape[1:])) for part in (x, y))
        made = batched_op(op, attrs, lead, [x, y], [True, True])
    return as_value(broadcast_to(made, lead + type.shape))


def _contracted(op: Op, attrs: Attrs, lead: tuple[int, ...], x: Value, y: Value) -> Value:
    """Return the sum of products along the last axis of `lead`."""
    depth = len(lead)
    if op is EINSUM:
        (left, right), out = parse_spec(attrs[0])
    elif x.shape == y.shape:
        left = right = out = "".join(unused_letters()[: x.ndim - depth])
    else:
        product = batched_op(op, attrs, lead, [x, y], [True, True])
        return as_value(OPS["sum"](product, axes=(depth - 1,)))
    extra = "".join(unused_letters(left, right)[:depth])
    return as_value(contract([x, y], [extra + left, extra + right], extra[: depth - 1] + out))
