"""Coefficients of one level in one array, with those that are structural zeros left out.

A `Block` holds some of the coefficients of a value that have the same level (see
`graphad.passes.operators_symbol`), along a leading axis. Linear ops and products take whole blocks
through the batch rules of ops, so that a matrix product stays one. Where a level has one
coefficient alone, such as the Laplacian itself, its block has no leading axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphad.builder import Builder, Value, copy_nodes
from graphad.constant import Span
from graphad.evaluate.batching import batch_graph
from graphad.evaluate.interpreter import Program
from graphad.ir import CONST, Graph, Node
from graphad.op import Array, Attrs, Op, Operand
from graphad.ops import OPS
from graphad.ops.factories import broadcast_to, reshape_to
from graphad.ops.slicing import full_span
from graphad.passes.operators_symbol import Closure, Number
from graphad.types import DTYPE_NAMES, Type

MULTIPLY, EINSUM, ADD = OPS["multiply"], OPS["einsum"], OPS["add"]
KNOWN_ELEMENTS = 1 << 22
"""Unit vectors of more are an identity at once, which is not looked into for zeros."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some coefficients of one level.

    Parameters
    ----------
    members : tuple of int
        Which coefficients, each once.
    type : Type
        That of the value they belong to.
    bare : bool
        Whether there is no leading axis, since the level has one coefficient.
    emitted : Value or None
        The array; None if it is only known.
    known : array or None
        Its elements, where they are numbers: the seeds, and what linear ops make of them.
    """

    members: tuple[int, ...]
    type: Type
    bare: bool
    emitted: Value | None = None
    known: Array | None = None

    @property
    def lead(self) -> tuple[int, ...]:
        """The leading axis, if there is one."""
        return () if self.bare else (len(self.members),)


class Blocks:
    """Arithmetic of blocks.

    Parameters
    ----------
    builder : Builder
        Where values are emitted.
    closure : Closure
        What is propagated.
    """

    def __init__(self, builder: Builder, closure: Closure) -> None:
        self.builder = builder
        self.closure = closure
        self.bare = {d for d in closure.levels if len(closure.members(d)) == 1}

    # --- one block -------------------------------------------------------------------------------

    def value(self, block: Block) -> Value:
        """Return the array of a block; numbers become a constant, or an identity."""
        if block.emitted is not None:
            return block.emitted
        assert block.known is not None
        size = block.type.size
        flat = block.known.reshape(-1, size) if size else block.known
        if size > 1 and flat.shape == (size, size) and np.array_equal(flat, np.eye(size)):
            return self._identity(block.type)
        if block.known.size > 1 and np.all(block.known == block.known.flat[0]):
            number = self.builder.constant(block.known.flat[0])
            return as_value(broadcast_to(number, block.known.shape))
        filled = np.flatnonzero(block.known)
        if 0 < 2 * len(filled) <= block.known.size:  # its zeros are structural: say so
            numbers = self.builder.constant(block.known.ravel()[filled])
            attrs = {"axis": 0, "size": block.known.size}
            made = OPS["scatter_add"](numbers, filled, **attrs)
            return as_value(reshape_to(made, block.known.shape))
        return self.builder.constant(block.known)

    def _identity(self, type: Type) -> Value:
        attrs = (type.shape, DTYPE_NAMES[type.dtype])
        unit = self.builder.value(self.builder.emit(OPS["identity"], (), attrs))
        return as_value(reshape_to(unit, (type.size, *type.shape)))

    def seeded(self, type: Type, level: int, rows: dict[int, dict[int, Number]]) -> Block | None:
        """Return the coefficients of an input, from elements by their position for each member."""
        if not rows:
            return None
        units = [{at: 1} for at in range(type.size)]
        if len(rows) * type.size > KNOWN_ELEMENTS and list(rows.values()) == units:
            return Block(tuple(rows), type, False, self._identity(type))
        known = np.zeros((len(rows), type.size), type.dtype)
        for at, row in enumerate(rows.values()):
            for position, number in row.items():
                known[at, position] = number
        bare = level in self.bare
        shape = type.shape if bare else (len(rows), *type.shape)
        return Block(tuple(rows), type, bare, known=known.reshape(shape))

    def rows(self, block: Block, members: Sequence[int]) -> Block:
        """Return the block of these of its members, in this order."""
        if tuple(members) == block.members:
            return block
        place = {k: at for at, k in enumerate(block.members)}
        at = [place[k] for k in members]
        if block.known is not None:
            return Block(tuple(members), block.type, False, known=block.known[at])
        return Block(tuple(members), block.type, False, self.taken(block, at))

    def taken(self, block: Block, at: Sequence[int]) -> Value:
        """Return rows of the array of a block, with a leading axis in any case."""
        value, shape = self.value(block), block.type.shape
        if block.bare:
            return as_value(broadcast_to(reshape_to(value, (1, *shape)), (len(at), *shape)))
        if list(at) == list(range(len(block.members))):
            return value
        if list(at) == list(range(at[0], at[0] + len(at))):
            spans = (Span(at[0], at[0] + len(at), 1), *map(full_span, shape))
            return as_value(OPS["slice"](value, spans=spans))
        return as_value(OPS["take"](value, np.array(at), axis=0))

    def joined(self, pieces: Sequence[Block]) -> Block | None:
        """Return one block of blocks that have no member in common."""
        if len(pieces) < 2:
            return pieces[0] if pieces else None
        members = tuple([k for piece in pieces for k in piece.members])
        type = pieces[0].type
        known = [piece.known for piece in pieces]
        if all(array is not None for array in known):
            return Block(members, type, False, known=np.concatenate(known))  # type: ignore[arg-type]
        values = [self.value(piece) for piece in pieces]
        return Block(members, type, False, as_value(OPS["concatenate"](*values, axis=0)))

    def scaled(self, block: Block, factor: Operand | Number, shape: tuple[int, ...]) -> Block:
        """Return a block times a number or a value, which is broadcast to `shape`."""
        type = block.type.with_shape(shape)
        if isinstance(factor, Value):
            node = factor.node
            source = node.inputs[0] if node.op is OPS["broadcast_to"] else node
            if source.op is CONST and not source.type.shape:
                factor = source.attrs[0].array.item()
        if block.known is not None and not isinstance(factor, Operand) and type == block.type:
            known = block.known * np.asarray(factor, np.result_type(block.known.dtype, factor))
            return Block(block.members, Type(shape, known.dtype), block.bare, known=known)
        value = self.value(block)
        if isinstance(factor, Operand):
            flags = [False, True]
            made = batched_op(MULTIPLY, (), block.lead, [as_value(factor), value], flags)
        elif factor == 1:
            made = value
        else:
            made = as_value(-value if factor == -1 else value * factor)
        if made.shape != block.lead + shape:
            flat = block.lead + (1,) * (len(block.lead) + len(shape) - made.ndim)
            aligned = reshape_to(made, flat + made.shape[len(block.lead) :])
            made = as_value(broadcast_to(aligned, block.lead + shape))
        return Block(block.members, Type(type.shape, made.type.dtype), block.bare, made)

    # --- linear ops ------------------------------------------------------------------------------

    def added(self, blocks: Sequence[Block]) -> Block | None:
        """Return the sum of blocks; a coefficient that only one has is not added to."""
        if len(blocks) < 2:
            return blocks[0] if blocks else None
        pieces = []
        for having, members in _patterns(blocks):
            given = [self.rows(blocks[i], members) for i in having]
            known = [part.known for part in given if part.known is not None]
            if len(known) == len(given) > 1:
                total = np.sum(known, axis=0)
                given = [Block(tuple(members), given[0].type, given[0].bare, known=total)]
            elif len(given) > 1:
                made = as_value(ADD(*[self.value(part) for part in given]))
                given = [Block(tuple(members), given[0].type, given[0].bare, made)]
            pieces.append(given[0])
        return self.joined(pieces)

    def linear(
        self,
        op: Op,
        attrs: Attrs,
        out: Value,
        args: Sequence[Value],
        blocks: Sequence[Block | None],
    ) -> Block | None:
        """Return what an op that is linear in the operands with blocks makes of these."""
        given = [block for block in blocks if block is not None]
        where = [i for i, block in enumerate(blocks) if block is not None]
        pieces = []
        for having, members in _patterns(given):
            parts: list[Block | None] = [None] * len(args)
            for i in having:
                parts[where[i]] = self.rows(given[i], members)
            made = self._pushed(op, attrs, out, args, parts)
            if made is not None:
                pieces.append(made)
        return self.joined(pieces)

    def _pushed(
        self,
        op: Op,
        attrs: Attrs,
        out: Value,
        args: Sequence[Value],
        parts: Sequence[Block | None],
    ) -> Block | None:
        """Push one block through the op's own derivative, batched."""
        assert op.jvp is not None
        first = next(part for part in parts if part is not None)
        known = all(part is None or part.known is not None for part in parts)
        if first.bare and not known:
            tangents = [None if part is None else self.value(part) for part in parts]
            made = op.jvp(out, args, tangents, attrs)
            if made is None:
                return None
            return Block(first.members, out.type, True, as_value(broadcast_to(made, out.shape)))
        rule = _rule_graph(op, attrs, out, args, [part is not None for part in parts])
        if rule is None:
            return None
        count = sum(part is not None for part in parts)
        fixed = len(rule.inputs) - count
        moving = [part for part in parts if part is not None]
        batched = batch_graph(rule, first.lead, [False] * fixed + [True] * count)
        if known and not _uses(batched, batched.inputs[:fixed]):
            return self._evaluated(batched, fixed, moving, out.type)
        others = [out, *[arg for arg in args if arg.node.op is not CONST]]
        nodes = [item.node for item in others] + [self.value(part).node for part in moving]
        bound = {node.id: new for node, new in zip(batched.inputs, nodes, strict=True)}
        origin = self.builder.origin

        def keep(builder: Builder, node: Node, operands: tuple[Node, ...]) -> None:
            builder.origin = origin

        copied = copy_nodes(self.builder, batched, keep, bound)
        self.builder.origin = origin
        value = self.builder.value(copied[batched.outputs[0].id])
        return Block(first.members, out.type, first.bare, value)

    def _evaluated(
        self, batched: Graph, fixed: int, moving: Sequence[Block], type: Type
    ) -> Block | None:
        """Compute numbers from numbers, and leave out coefficients that are zero."""
        unused = [np.zeros(node.type.shape, node.type.dtype) for node in batched.inputs[:fixed]]
        (found,) = Program(batched)(*unused, *[np.asarray(part.known) for part in moving])
        first = moving[0]
        found = np.asarray(found)
        if first.bare:
            return Block(first.members, type, True, known=found) if np.any(found) else None
        flat = found.reshape(len(first.members), -1)
        left = [at for at in range(len(flat)) if np.any(flat[at])]
        if not left:
            return None
        members = tuple([first.members[at] for at in left])
        return Block(members, type, False, known=found[left])


def as_value(operand: Operand) -> Value:
    """Return what was emitted in a builder as the value that it is."""
    assert isinstance(operand, Value)
    return operand


def _patterns(blocks: Sequence[Block]) -> list[tuple[tuple[int, ...], list[int]]]:
    """Return which members the same blocks have: positions of those blocks, and the members."""
    if all(block.members == blocks[0].members for block in blocks):
        return [(tuple(range(len(blocks))), list(blocks[0].members))]
    found: dict[tuple[int, ...], list[int]] = {}
    sets = [frozenset(block.members) for block in blocks]
    for member in dict.fromkeys(k for block in blocks for k in block.members):
        having = tuple([i for i, members in enumerate(sets) if member in members])
        found.setdefault(having, []).append(member)
    return list(found.items())


def batched_op(
    op: Op, attrs: Attrs, lead: tuple[int, ...], args: Sequence[Value], flags: Sequence[bool]
) -> Value:
    """Emit an op with the leading axes `lead` on the operands that `flags` marks."""
    if not lead:
        return as_value(args[0].emit(op, tuple(args), attrs))
    assert op.batch is not None
    return as_value(op.batch(lead, args, flags, attrs))


def _rule_graph(
    op: Op, attrs: Attrs, out: Value, args: Sequence[Value], moving: Sequence[bool]
) -> Graph | None:
    """Return the graph of an op's derivative: inputs are its result, operands and tangents."""
    builder = Builder()
    result = builder.input("y", out.type)
    operands = [
        builder.constant(arg.node.attrs[0])
        if arg.node.op is CONST
        else builder.input(f"x{i}", arg.type)
        for i, arg in enumerate(args)
    ]
    tangents = [
        builder.input(f"t{i}", arg.type) if moves else None
        for i, (arg, moves) in enumerate(zip(args, moving, strict=True))
    ]
    assert op.jvp is not None
    made = op.jvp(result, operands, tangents, attrs)
    if made is None:
        return None
    return builder.finish("rule", [broadcast_to(made, out.shape)])


def _uses(graph: Graph, nodes: Sequence[Node]) -> bool:
    """Whether anything depends on one of these inputs."""
    marked = {node.id for node in nodes}
    needed = {operand.id for node in graph.nodes for operand in node.inputs}
    return bool(marked & (needed | {node.id for node in graph.outputs}))
