"""What each node of an array graph becomes: part of a loop, a product of matrices, a view, a call.

A loop runs over a *space*: the last axes of the arrays computed in it. The axes before those are
few elements, which are all written out in the body, so that what moves, joins or adds them costs
nothing but names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import prod

from graphad.errors import GraphError
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.llvm.functions import rule_of
from graphad.ops.contraction import index_sizes, parse_spec

Shape = tuple[int, ...]

FEW = 8
"""Arrays of at most so many elements are computed without a loop."""
ROWS = 48
"""Most elements of a node that are written out in the body of a loop."""
NAMED = 256
"""The same for nodes that only give other names to elements."""
TERMS = 512
"""Most products of an einsum that are written out, where each operand has the axis of the loop."""
MULTIPLIED = 16
"""The same where one does not: a product of matrices is better then."""
FEW_SUMS = 8
"""Most sums that an einsum adds up in one loop."""
LARGE = 1 << 24
"""Products of matrices of as many multiplications are left to NumPy, whose BLAS has threads."""
MADE = 1 << 20
"""Most elements of an identity that is made a constant."""
VIEWS = frozenset({"reshape", "transpose", "slice", "flip", "broadcast_to", "element", "take"})


class What(Enum):
    """How a node is computed."""

    SOURCE = "an input or a constant"
    VIEW = "elements of another array, in its memory"
    LOOP = "in a loop"
    SUM = "added up over a loop"
    PRODUCT = "a product of matrices"
    JOIN = "in parts, each written where it belongs"
    CALL = "by NumPy"


@dataclass(frozen=True, slots=True)
class Role:
    """How a node is computed.

    Parameters
    ----------
    what : What
        In which way.
    space : tuple of int
        Of a loop or sum: the lengths of its axes.
    inline : tuple of bool
        For each operand, whether the body of the same loop may use it without memory in between.
    """

    what: What
    space: Shape = ()
    inline: tuple[bool, ...] = ()


def roles_of(graph: Graph) -> list[Role]:
    """Return how each node is computed.

    Raises
    ------
    GraphError
        If a node has no elements, or values that are neither numbers of double precision nor
        conditions.
    """
    roles: list[Role] = []
    for node in graph.nodes:
        kind = node.type.dtype.kind
        if not (node.type.dtype == "f8" or kind == "b" or (kind in "iu" and node.op is CONST)):
            raise GraphError(
                f"{node!r} of {graph.name} is {node.type}; machine code is made for double "
                "precision only, so call the graph itself"
            )
        if node.type.size == 0:
            raise GraphError(f"{node!r} of {graph.name} has no elements; call the graph itself")
        roles.append(_role(node, [roles[operand.id] for operand in node.inputs]))
    return roles


def default_space(shape: Shape) -> Shape:
    """Return the axes that a loop over an array of this shape runs over.

    Examples
    --------
    >>> default_space((15, 64)), default_space((3,)), default_space((400, 3))
    ((64,), (), (400, 3))
    """
    size = prod(shape)
    if size <= FEW:
        return ()
    if shape[-1] >= FEW and size // shape[-1] <= ROWS:
        return shape[-1:]
    return shape


def ends_with(shape: Shape, space: Shape) -> bool:
    """Whether the last axes of `shape` are those of `space`."""
    return not space or shape[-len(space) :] == space


def _role(node: Node, given: Sequence[Role]) -> Role:
    name = node.op.name
    if node.op is INPUT or node.op is CONST or (not node.inputs and node.type.size <= MADE):
        return Role(What.SOURCE)
    if node.op.elementwise and rule_of(node) is not None:
        return _elementwise(node, given)
    if name in VIEWS:
        return _view(node, given)
    if name == "concatenate" or name == "place":
        return _joined(node, given)
    if name == "pack":
        return Role(What.LOOP, (), (True,) * len(given)) if node.type.size <= NAMED else _CALL
    if name == "sum":
        return _sum(node, given[0])
    if name == "einsum":
        return _einsum(node, given)
    return _CALL


_CALL = Role(What.CALL)


def _elementwise(node: Node, given: Sequence[Role]) -> Role:
    shape = node.type.shape
    space = default_space(shape)
    for operand, role in zip(node.inputs, given, strict=True):
        own = role.space
        if role.what is not What.LOOP or operand.type.size != node.type.size:
            continue
        if ends_with(shape, own) and node.type.size <= ROWS * prod(own):
            space = own
            break
    inline = [ends_with(operand.type.shape, space) for operand in node.inputs]
    return Role(What.LOOP, space, tuple(inline))


def _view(node: Node, given: Sequence[Role]) -> Role:
    if node.op.name == "take" and node.inputs[1].op is not CONST:
        return _CALL
    role = given[0]
    few = node.type.size <= NAMED * prod(role.space)
    if few and role.what is What.LOOP and _keeps(node, role.space):
        return Role(What.LOOP, role.space, (True,) + (False,) * (len(given) - 1))
    return Role(What.VIEW)


def _keeps(node: Node, space: Shape) -> bool:
    """Whether a node leaves the last axes of its operand, those of `space`, as they are."""
    depth, name = len(space), node.op.name
    operand, out = node.inputs[0].type.shape, node.type.shape
    if not ends_with(operand, space) or not ends_with(out, space):
        return False
    rows = len(operand) - depth
    if name == "transpose":
        return bool(node.attrs[0][rows:] == tuple(range(rows, len(operand))))
    if name in {"slice", "place"}:
        return all(span.length == n for span, n in zip(node.attrs[0][rows:], space, strict=True))
    if name == "flip":
        return all(axis < rows for axis in node.attrs[0])
    if name == "take":
        return bool(node.attrs[0] < rows)
    if name == "element":
        return not depth
    return name in {"reshape", "broadcast_to"}


def _joined(node: Node, given: Sequence[Role]) -> Role:
    for role in given:
        space = role.space
        if role.what is not What.LOOP or node.type.size > NAMED * prod(space):
            continue
        if node.op.name == "place":
            fits = _keeps(node, space)
        else:
            rows = len(node.type.shape) - len(space)
            fits = node.attrs[0] < rows
        if fits and all(ends_with(operand.type.shape, space) for operand in node.inputs):
            return Role(What.LOOP, space, (True,) * len(given))
    return Role(What.JOIN)


def _sum(node: Node, given: Role) -> Role:
    (axes,) = node.attrs
    shape = node.inputs[0].type.shape
    reduced = tuple([shape[axis] for axis in axes])
    if given.what is What.LOOP:
        rows = len(shape) - len(given.space)
        if all(axis < rows for axis in axes) and ends_with(node.type.shape, given.space):
            return Role(What.LOOP, given.space, (True,))
    space = default_space(node.type.shape) if node.type.size > FEW else ()
    rows = len(shape) - len(space)
    if all(axis < rows for axis in axes) and prod(shape) <= ROWS * prod(space):
        return Role(What.LOOP, space, (False,))
    if node.type.size > ROWS:
        return _CALL
    trailing = sorted(axes) == list(range(len(shape) - len(axes), len(shape)))
    ordered = trailing and list(axes) == sorted(axes)
    return Role(What.SUM, reduced, (ordered and given.space == reduced,))


def _einsum(node: Node, given: Sequence[Role]) -> Role:
    terms, out = parse_spec(node.attrs[0])
    sizes = index_sizes(terms, [operand.type.shape for operand in node.inputs])
    contracted = [letter for letter in sizes if letter not in out]
    if len(terms) == 1 and not contracted and len(set(out)) == len(out):
        return Role(What.VIEW)
    if any(len(set(term)) < len(term) for term in (*terms, out)):
        return _CALL
    if prod(sizes.values()) <= 2 * FEW and node.type.size <= FEW:
        small = [role.space == () for role in given]
        return Role(What.LOOP, (), tuple(small))
    last = out[-1:]
    count = prod(sizes.values()) // sizes.get(last, 1)
    if last and sizes[last] >= FEW and all(last not in term[:-1] for term in terms):
        most = TERMS if all(last in term for term in terms) or not contracted else MULTIPLIED
        if count <= most:
            space: Shape = (sizes[last],)
            inline = [
                last in term and role.space == space
                for term, role in zip(terms, given, strict=True)
            ]
            return Role(What.LOOP, space, tuple(inline))
    if not contracted:
        return _outer(node, terms, out)
    if node.type.size <= FEW_SUMS:
        space = tuple([sizes[letter] for letter in contracted])
        tail = "".join(contracted)
        inline = [
            term.endswith(tail) and role.space == space
            for term, role in zip(terms, given, strict=True)
        ]
        return Role(What.SUM, space, tuple(inline))
    if len(terms) == 2 and all(letter in terms[0] and letter in terms[1] for letter in contracted):
        return Role(What.PRODUCT) if prod(sizes.values()) < LARGE else _CALL
    return _CALL


def _outer(node: Node, terms: Sequence[str], out: str) -> Role:
    """Products without sums, element by element of the result."""
    space = default_space(node.type.shape)
    tail = out[len(out) - len(space) :]
    return Role(What.LOOP, space, tuple([bool(tail) and term.endswith(tail) for term in terms]))
