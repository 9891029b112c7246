"""Identities and diagonals, seen through sums of products.

A derivative starts from an identity, and an elementwise function keeps it diagonal. Written as
einsum, ``δ`` renames an index: no n×n matrix of zeros is multiplied.

Identities, δ the identity and ``i->ii`` a diagonal matrix:

=====================================  ===============================================
``p[i] · δ[i,j]``                      ``einsum("i->ii", p)``
``p[i] · einsum("i->ii", q)``          ``einsum("i->ii", p · q)``, and so for quotients
``-einsum("i->ii", q)``                ``einsum("i->ii", -q)``, and so for sums
``δ + einsum("i->ii", q)``             ``einsum("i->ii", 1 + q)``
``einsum("ij,jk->ik", A, δ)``          ``A``
``einsum("ij,jk->ik", A, "j->jj" p)``  ``einsum("ij,j->ij", A, p)``
``einsum(",i->i", c, p)``              ``c · p``
``einsum("ij->ji", A)``                ``transpose(A)``
``transpose(einsum(…))``               the einsum with its output transposed
=====================================  ===============================================

Only zeros that are structural are skipped: those of identities and of diagonals that
differentiation made.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from graphad.builder import Builder, G, Value, rebuild
from graphad.errors import TypeRuleError
from graphad.ir import Node
from graphad.op import Operand
from graphad.ops import OPS
from graphad.ops.contraction import LETTERS, contract as emit_einsum, parse_spec
from graphad.ops.factories import broadcast_to, reshape_to
from graphad.ops.movement import permute
from graphad.passes.pipeline import graph_pass
from graphad.types import common_dtype

EINSUM, IDENTITY, TRANSPOSE = OPS["einsum"], OPS["identity"], OPS["transpose"]
RESHAPE, SUM = OPS["reshape"], OPS["sum"]
SCALING = (OPS["multiply"], OPS["divide"], OPS["mask"])
ADDITIVE = (OPS["add"], OPS["subtract"], OPS["negative"], OPS["where"])
Factor = tuple[Node, str]


@graph_pass
def contract(graph: G) -> G:
    """Resolve identities and diagonals in products and sums of products.

    Parameters
    ----------
    graph : Graph
        Any graph.

    Returns
    -------
    Graph
        Equal up to rounding (products may be grouped in another way).
    """
    concerned = (EINSUM, IDENTITY)
    if not any(node.op in concerned for node in graph.nodes):
        return graph
    uses = graph.use_counts()

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        made = _rewritten(builder, node, operands, uses)
        if made is None:
            return None
        assert isinstance(made, Value)
        assert made.type == node.type, (made, node)
        return made.node

    return rebuild(graph, apply)


def _rewritten(
    builder: Builder, node: Node, operands: tuple[Node, ...], uses: list[int]
) -> Operand | None:
    origin = builder.origin
    builder.origin = builder.derive(origin, "contract", node.op.name)
    made: Operand | None = None
    try:
        if node.op in SCALING and any(is_sparse(operand) for operand in operands):
            made = _scaled(builder, node, operands)
        elif node.op in ADDITIVE:
            made = _added(builder, node, operands)
        elif node.op is EINSUM:
            terms, out = parse_spec(node.attrs[0])
            made = _einsum(builder, operands, terms, out)
        elif node.op is SUM and is_sparse(operands[0]):
            term = LETTERS[: operands[0].type.ndim]
            out = "".join(c for axis, c in enumerate(term) if axis not in node.attrs[0])
            made = _einsum(builder, operands, (term,), out)
        elif node.op is TRANSPOSE:
            made = _transposed(builder, node, operands[0], uses[node.inputs[0].id])
    except TypeRuleError:  # more than 52 indices: leave it as it is
        made = None
    if made is None:
        builder.origin = origin
    return made


def is_sparse(node: Node) -> bool:
    """Whether a node is an identity or puts values on a diagonal, perhaps under moved axes."""
    while node.op is TRANSPOSE or (node.op is RESHAPE and _unit_reshape(node) is not None):
        node = node.inputs[0]
    return node.op is IDENTITY or _is_diagonal(node)


def _is_diagonal(node: Node) -> bool:
    if node.op is not EINSUM or len(node.inputs) != 1:
        return False
    (term,), out = parse_spec(node.attrs[0])
    return len(set(out)) < len(out) and set(term) == set(out) and len(set(term)) == len(term)


def _unit_reshape(node: Node) -> list[int | None] | None:
    """For a reshape that only adds or drops axes of length 1: the old axis of each new axis."""
    old, new = node.inputs[0].type.shape, node.type.shape
    if [n for n in old if n != 1] != [n for n in new if n != 1]:
        return None
    kept = iter([axis for axis, n in enumerate(old) if n != 1])
    return [None if n == 1 else next(kept) for n in new]


class _Indices:
    """Letters that identities declare equal, and the factors that carry them."""

    def __init__(self, used: str) -> None:
        self.parent = {letter: letter for letter in used}
        self.free = [letter for letter in reversed(LETTERS) if letter not in self.parent]

    def fresh(self) -> str:
        if not self.free:
            raise TypeRuleError("an einsum of more than 52 indices is not supported")
        letter = self.free.pop()
        self.parent[letter] = letter
        return letter

    def find(self, letter: str) -> str:
        while self.parent[letter] != letter:
            letter = self.parent[letter]
        return letter

    def unify(self, a: str, b: str) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[max(a, b, key=LETTERS.index)] = min(a, b, key=LETTERS.index)

    def resolved(self, term: str) -> str:
        return "".join(map(self.find, term))


def _absorb(indices: _Indices, node: Node, term: str) -> list[Factor]:
    """Write a node indexed by `term` as a product of plainer nodes, unifying indices."""
    while True:
        if node.op is IDENTITY:
            half = len(term) // 2
            for a, b in zip(term[:half], term[half:], strict=True):
                indices.unify(a, b)
            return []
        if node.op is TRANSPOSE:
            inner = [""] * len(term)
            for axis, letter in zip(node.attrs[0], term, strict=True):
                inner[axis] = letter
            term = "".join(inner)
        elif _is_diagonal(node):
            (source,), out = parse_spec(node.attrs[0])
            place: dict[str, str] = {}
            for theirs, ours in zip(out, term, strict=True):
                indices.unify(place.setdefault(theirs, ours), ours)
            term = "".join(place[letter] for letter in source)
        elif node.op is RESHAPE and is_sparse(node) and (axes := _unit_reshape(node)) is not None:
            inner = [indices.fresh() for _ in node.inputs[0].type.shape]
            for axis, letter in zip(axes, term, strict=True):
                if axis is not None:
                    inner[axis] = letter
            term = "".join(inner)
        else:
            return [(node, term)]
        node = node.inputs[0]


def _einsum(
    builder: Builder, operands: tuple[Node, ...], terms: Sequence[str], out: str
) -> Operand | None:
    """A sum of products with identities absorbed; an index that no factor carries repeats."""
    indices = _Indices("".join(terms) + out)
    factors = [
        factor
        for operand, term in zip(operands, terms, strict=True)
        for factor in _absorb(indices, operand, term)
    ]
    factors = [(node, indices.resolved(term)) for node, term in factors]
    out = indices.resolved(out)
    sizes = {
        indices.find(letter): n
        for operand, term in zip(operands, terms, strict=True)
        for letter, n in zip(term, operand.type.shape, strict=True)
    }
    carried = set("".join(term for _, term in factors))
    free = [letter for letter in sizes if letter not in carried]
    times = prod(sizes[letter] for letter in free if letter not in out)
    pieces: list[Operand] = [builder.value(node) for node, term in factors if not term]
    dtype = common_dtype([operand.type for operand in operands])
    if times != 1 or not factors:
        pieces.insert(0, builder.constant(dtype.type(times)))
    rest = [(node, term) for node, term in factors if term]
    repeated = any(letter in out for letter in free)
    unique = "".join(dict.fromkeys(out))
    if rest:
        held = "".join(letter for letter in unique if letter in carried)
        pieces.append(_emitted(builder, rest, held if repeated else out))
    made = pieces[0] if len(pieces) == 1 else OPS["multiply"](*pieces)
    if repeated:
        column = tuple(sizes[letter] if letter in carried else 1 for letter in unique)
        whole = broadcast_to(reshape_to(made, column), tuple(sizes[letter] for letter in unique))
        made = whole if unique == out else emit_einsum([whole], [unique], out)
    return made if made.type.dtype == dtype else None


def _emitted(builder: Builder, factors: Sequence[Factor], out: str) -> Operand:
    if len(factors) == 1:
        plain = _plain(builder, *factors[0], out)
        if plain is not None:
            return plain
    values = [builder.value(node) for node, _ in factors]
    return emit_einsum(values, [term for _, term in factors], out)


def _plain(builder: Builder, node: Node, term: str, out: str) -> Operand | None:
    """An einsum of one operand with no diagonal is a sum, a transpose, or both."""
    if len(set(term)) < len(term) or len(set(out)) < len(out):
        return None
    value: Operand = builder.value(node)
    summed = tuple(axis for axis, letter in enumerate(term) if letter not in out)
    if summed:
        value = SUM(value, axes=summed)
        term = "".join(letter for letter in term if letter in out)
    return permute(value, tuple(term.index(letter) for letter in out))


def _scaled(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Operand | None:
    """A product or quotient with a diagonal: work along the diagonal only."""
    if node.op is OPS["divide"] and not is_sparse(operands[0]):
        return None
    if node.op is OPS["mask"] and not is_sparse(operands[1]):
        return None
    out = LETTERS[: node.type.ndim]
    indices = _Indices(out)
    aligned: list[tuple[Value, str, Node]] = []
    for operand in operands:
        value, term = _aligned(builder, operand, node.type.shape, out)
        aligned.append((value, term, operand))
    moved = [_absorb(indices, v.node, t) if is_sparse(o) else [(v.node, t)] for v, t, o in aligned]
    resolved = indices.resolved(out)
    unique = "".join(dict.fromkeys(resolved))
    if len(unique) == len(resolved):
        return None
    along: list[Operand] = []
    for factors in moved:
        pieces = [_spread(builder, n, indices.resolved(t), unique) for n, t in factors]
        if any(piece is None for piece in pieces):
            return None
        along.append(_product(builder, [p for p in pieces if p is not None], node))
    kept = node.op(*along)
    sizes = dict(zip(resolved, node.type.shape, strict=True))
    whole = broadcast_to(kept, tuple(sizes[letter] for letter in unique))
    return emit_einsum([whole], [unique], resolved)


def _aligned(
    builder: Builder, operand: Node, shape: tuple[int, ...], out: str
) -> tuple[Value, str]:
    """An operand of an elementwise op with its repeated unit axes dropped, and its indices."""
    letters = out[len(shape) - operand.type.ndim :]
    lengths = shape[len(shape) - operand.type.ndim :]
    held = [i for i, n in enumerate(operand.type.shape) if n == lengths[i]]
    value = reshape_to(builder.value(operand), tuple(operand.type.shape[i] for i in held))
    assert isinstance(value, Value)
    return value, "".join(letters[i] for i in held)


def _spread(builder: Builder, node: Node, term: str, unique: str) -> Operand | None:
    """A factor with one axis for each index of `unique`, of length 1 where it has none."""
    if not set(term) <= set(unique):
        return None
    order = "".join(letter for letter in unique if letter in term)
    value = _plain(builder, node, term, order)
    if value is None:
        value = emit_einsum([builder.value(node)], [term], order)
    sizes = dict(zip(order, value.shape, strict=True))
    first = unique.index(order[0]) if order else len(unique)
    return reshape_to(value, tuple(sizes.get(letter, 1) for letter in unique[first:]))


def _product(builder: Builder, pieces: list[Operand], node: Node) -> Operand:
    if not pieces:
        return builder.constant(node.type.dtype.type(1))
    return pieces[0] if len(pieces) == 1 else OPS["multiply"](*pieces)


def _added(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Operand | None:
    """Sums of diagonals of one form are the diagonal of the sum."""
    start = 1 if node.op is OPS["where"] else 0
    if any(operand.type != node.type for operand in operands[start:]):
        return None
    found = [_diagonal(builder, operand) for operand in operands[start:]]
    specs = {spec for spec, _ in found}
    if len(specs) > 1 or "" in specs:
        return None
    (term,), out = parse_spec(specs.pop())
    inner = [value for _, value in found]
    if start:
        value, letters = _aligned(builder, operands[0], node.type.shape, out)
        condition = _spread(builder, value.node, letters, term)
        if condition is None:
            return None
        inner.insert(0, condition)
    return emit_einsum([node.op(*inner)], [term], out)


def _diagonal(builder: Builder, node: Node) -> tuple[str, Operand]:
    """Return (spec, p) with ``node = einsum(spec, p)``, a diagonal; an empty spec if it is none."""
    if node.op is IDENTITY:
        shape = node.type.shape[: node.type.ndim // 2]
        term = LETTERS[: len(shape)]
        one = builder.constant(node.type.dtype.type(1))
        return f"{term}->{term}{term}", broadcast_to(one, shape)
    if _is_diagonal(node):
        return node.attrs[0], builder.value(node.inputs[0])
    return "", builder.value(node)


def _transposed(builder: Builder, node: Node, operand: Node, uses: int) -> Operand | None:
    axes = node.attrs[0]
    if operand.op is IDENTITY:
        half = operand.type.ndim // 2
        swapped = (*range(half, 2 * half), *range(half))
        return builder.value(operand) if axes == swapped else None
    if operand.op is not EINSUM or not (uses == 1 or len(operand.inputs) == 1):
        return None
    terms, out = parse_spec(operand.attrs[0])
    values = [builder.value(inner) for inner in operand.inputs]
    return emit_einsum(values, terms, "".join(out[axis] for axis in axes))
