"""Equal mixed partials, computed once; blocks and matrices that are another's transpose."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from graphad.builder import Builder, G, copy_nodes, paused_gc
from graphad.ir import CONST, Graph, Node, Symmetry
from graphad.op import Array
from graphad.ops import OPS
from graphad.ops.contraction import make_spec, parse_spec
from graphad.passes.pipeline import graph_pass

EINSUM, TRANSPOSE, PACK = OPS["einsum"], OPS["transpose"], OPS["pack"]
SWAPPED: Symmetry = (((0,), (1,)),)
REORDERED = 4
"""Most equal operands of an einsum whose orders are tried."""


@graph_pass
def symmetry(graph: G) -> G:
    """Use symmetry: equal mixed partials are one node, and B = Aᵀ is a transpose.

    Identities: for an output that is symmetric in its derivative axes, the entry at a multi-index
    is the entry at the sorted one (Schwarz); an output whose structure is that of the transpose of
    another is that transpose; one that is its own transpose is marked symmetric.

    Parameters
    ----------
    graph : Graph
        Any graph; entries are shared where outputs are packed scalars.

    Returns
    -------
    Graph
        Equal up to rounding.
    """
    with paused_gc():
        builder = Builder()
        fresh = copy_nodes(builder, graph)
        outputs = [fresh[node.id] for node in graph.outputs]
        groups = list(graph.symmetry)
        for i, node in enumerate(graph.outputs):
            if node.op is PACK and groups[i]:
                builder.origin = builder.derive(graph.origins[node.id], "symmetry", "sorted entry")
                outputs[i] = _sorted_entries(builder, outputs[i], groups[i])
        if any(node.type.ndim == 2 and node.op is not PACK for node in graph.outputs):
            _find_transposes(builder, graph, fresh, outputs, groups)
        made = builder.finish(graph.name, outputs, graph.tree, groups, make=type(graph))
    made.carry(graph)
    return made


def canonical_positions(shape: tuple[int, ...], groups: Symmetry) -> Array:
    """Return for each flat position the position of the entry it equals by symmetry.

    Parameters
    ----------
    shape : tuple of int
        Shape of the output.
    groups : Symmetry
        Axis blocks that may be interchanged.

    Returns
    -------
    numpy.ndarray of int, shape (prod(shape),)
        Positions of the entries whose blocks of indices are sorted.

    Examples
    --------
    >>> canonical_positions((2, 2), (((0,), (1,)),)).tolist()
    [0, 1, 1, 3]
    """
    size = int(np.prod(shape, dtype=np.int64))
    index = np.array(np.unravel_index(np.arange(size), shape), dtype=np.int64)
    index = index.reshape(len(shape), size)
    for group in groups:
        lengths = [shape[axis] for axis in group[0]]
        blocks = [np.ravel_multi_index([index[axis] for axis in block], lengths) for block in group]
        ordered = np.sort(np.stack(blocks), axis=0)
        for block, flat in zip(group, ordered, strict=True):
            for axis, values in zip(block, np.unravel_index(flat, lengths), strict=True):
                index[axis] = values
    return np.asarray(np.ravel_multi_index(tuple(index), shape))


def _sorted_entries(builder: Builder, node: Node, groups: Symmetry) -> Node:
    positions = canonical_positions(node.type.shape, groups)
    entries = tuple([node.inputs[position] for position in positions.tolist()])
    return builder.emit(PACK, entries, node.attrs)


# --- transposes ----------------------------------------------------------------------------------


def _find_transposes(
    builder: Builder, graph: Graph, fresh: list[Node], outputs: list[Node], groups: list[Symmetry]
) -> None:
    """Replace outputs that are the transpose of an earlier one; mark those that are their own."""
    forms = _canonical_forms(builder, graph, fresh)
    mirrors = _mirrors(builder, graph, fresh, forms)
    seen: dict[Node, int] = {}
    for i, node in enumerate(graph.outputs):
        if node.type.ndim != 2 or node.op is PACK:
            continue
        form, mirror = forms[node.id], mirrors[node.id]
        if mirror is form:
            if not groups[i]:
                groups[i] = SWAPPED
        elif mirror in seen:
            builder.origin = builder.derive(graph.origins[node.id], "symmetry", "B = A^T")
            outputs[i] = builder.emit(TRANSPOSE, (outputs[seen[mirror]],), ((1, 0),))
        seen.setdefault(form, i)


def _canonical_forms(builder: Builder, graph: Graph, fresh: list[Node]) -> list[Node]:
    """Copies in which sums of products have one order of operands, for comparing."""
    forms: list[Node] = list(fresh)
    for node in graph.nodes:
        if fresh[node.id] is None or not node.inputs:
            continue
        operands = tuple([forms[operand.id] for operand in node.inputs])
        if node.op is EINSUM:
            terms, out = parse_spec(node.attrs[0])
            forms[node.id] = _canonical_einsum(builder, operands, terms, out)
        elif node.op is TRANSPOSE and operands[0].op is EINSUM:
            terms, out = parse_spec(operands[0].attrs[0])
            moved = "".join(out[axis] for axis in node.attrs[0])
            forms[node.id] = _canonical_einsum(builder, operands[0].inputs, terms, moved)
        else:
            if node.op.commutative:
                operands = tuple(sorted(operands, key=_by_id))
            forms[node.id] = builder.emit(node.op, operands, node.attrs)
    return forms


def _by_id(node: Node) -> int:
    return node.id


def _canonical_einsum(
    builder: Builder, operands: tuple[Node, ...], terms: tuple[str, ...], out: str
) -> Node:
    """Emit an einsum with transposes absorbed and operands, also equal ones, in one order."""
    factors = []
    for operand, term in zip(operands, terms, strict=True):
        while operand.op is TRANSPOSE:
            inner = [""] * len(term)
            for axis, letter in zip(operand.attrs[0], term, strict=True):
                inner[axis] = letter
            operand, term = operand.inputs[0], "".join(inner)
        factors.append((operand, term))
    factors.sort(key=lambda factor: factor[0].id)
    nodes = tuple(operand for operand, _ in factors)
    specs = {make_spec([term for _, term in factors], out)}
    if len(set(nodes)) < len(nodes) <= REORDERED:
        for order in permutations(range(len(nodes))):
            if all(nodes[i] is node for i, node in zip(order, nodes, strict=True)):
                specs.add(make_spec([factors[i][1] for i in order], out))
    return builder.emit(EINSUM, nodes, (min(specs),))


def _mirrors(
    builder: Builder, graph: Graph, fresh: list[Node], forms: list[Node]
) -> dict[int, Node]:
    """For each matrix its transpose, with the transpose pushed down to where matrices come from."""
    mirrors: dict[int, Node] = {}
    for node in graph.nodes:
        if fresh[node.id] is None or node.type.ndim != 2:
            continue
        form = forms[node.id]
        if form.op is EINSUM:
            terms, out = parse_spec(form.attrs[0])
            mirrors[node.id] = _canonical_einsum(builder, form.inputs, terms, out[::-1])
        elif form.op is CONST:
            mirrors[node.id] = builder.constant(form.attrs[0].array.T).node
        elif form.op is TRANSPOSE and form.attrs[0] == (1, 0):
            mirrors[node.id] = form.inputs[0]
        elif node.op.elementwise and all(
            operand.type.shape in ((), node.type.shape) for operand in node.inputs
        ):
            turned = tuple([mirrors.get(o.id, forms[o.id]) for o in node.inputs])
            if node.op.commutative:
                turned = tuple(sorted(turned, key=_by_id))
            mirrors[node.id] = builder.emit(node.op, turned, node.attrs)
        else:
            mirrors[node.id] = builder.emit(TRANSPOSE, (form,), ((1, 0),))
    return mirrors
