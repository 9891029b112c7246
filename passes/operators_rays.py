"""Linear operators as sums of derivatives along rays, for functions with ops of any kind.

``Σ c_α ∂^α`` of one order k is ``Σ w_r (v_r·∂)ᵏ`` with some rays v (Griewank, Utke and Walther
2000): one ray for the first order, an eigenvector of the coefficients each for the second, those
of `graphad.passes.rays` above. All rays of an order go through one Taylor series side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import factorial

import numpy as np

from graphad.builder import Builder, G, Value, copy_nodes, paused_gc
from graphad.errors import DerivativeError
from graphad.ir import Node
from graphad.op import Array
from graphad.ops.contraction import contract, unused_letters
from graphad.ops.factories import total
from graphad.passes.batch import batch
from graphad.passes.jvp import tangent_inputs, zeros
from graphad.passes.operators_symbol import Monomial, Number
from graphad.passes.rays import combinations_of, rays_of
from graphad.passes.taylor import check_factorial, expanded
from graphad.passes.wiring import directed

MOST_ELEMENTS = 1 << 28
"""Coefficients of one value are not more than this: 2 GiB in double precision."""


def along_rays(graph: G, terms: Mapping[Monomial, Number], wrt: Sequence[str]) -> G:
    """Return the graph of a linear operator on each output element.

    Parameters
    ----------
    graph : Graph
        The function.
    terms : mapping of Monomial to number
        By sorted positions of variables.
    wrt : sequence of str
        Inputs whose elements the positions count.

    Raises
    ------
    DerivativeError
        If an op has no derivative, the system of rays is too large, or the coefficients of a value
        would take more than 2 GiB.
    """
    by_order: dict[int, dict[Monomial, Number]] = {}
    for index, number in terms.items():
        if number:
            by_order.setdefault(len(index), {})[index] = number
    sizes = {node.attrs[0]: node.type for node in graph.inputs}
    shapes = [sizes[name].shape for name in wrt]
    count = sum(sizes[name].size for name in wrt)
    with paused_gc():
        builder = Builder()
        inputs = [builder.input(*node.attrs).node for node in graph.inputs]
        sums: list[list[Value]] = [[] for _ in graph.outputs]
        for order, part in sorted(by_order.items()):
            rays, weights = rays_for(part, count)
            bundle = _bundle(graph, order, rays, shapes, wrt)
            given = {node.id: x for node, x in zip(bundle.inputs, inputs, strict=True)}
            fresh = copy_nodes(builder, bundle, given=given)
            for made, node in zip(sums, bundle.outputs, strict=True):
                made.append(_weighted(builder, fresh[node.id], factorial(order) * weights))
        outputs = [
            _added(builder, made, node) for made, node in zip(sums, graph.outputs, strict=True)
        ]
        return builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))


def rays_for(terms: Mapping[Monomial, Number], count: int) -> tuple[Array, Array]:
    """Return rays and weights with ``Σ c_α ∂^α = Σ w_r (v_r·∂)ᵏ``.

    Parameters
    ----------
    terms : mapping of Monomial to number
        All of one order.
    count : int
        Number of variables.

    Returns
    -------
    rays : numpy.ndarray
        Of shape (r, count).
    weights : numpy.ndarray
        Of shape (r,).

    Examples
    --------
    >>> rays, weights = rays_for({(0, 1): 1.0}, 2)
    >>> (rays.T * weights @ rays).round(12).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    order = len(next(iter(terms)))
    real = not any(isinstance(number, complex) for number in terms.values())
    if order == 0:
        return np.zeros((1, count)), np.array([terms[()]])
    if order == 1 and real:
        line = np.zeros((1, count))
        for (i,), number in terms.items():
            line[0, i] = number
        return line, np.ones(1)
    if order == 2 and real and any(i != j for i, j in terms):
        return _principal(terms, count)
    combined = combinations_of(terms)
    rays = rays_of(combined.values())
    place = {ray: i for i, ray in enumerate(rays)}
    directions, weights = np.zeros((len(rays), count)), np.zeros(len(rays), complex)
    for ray, i in place.items():
        for variable, step in ray:
            directions[i, variable] = step
    for index, number in terms.items():
        for ray, weight in combined[index].items():
            weights[place[ray]] += number * float(weight)
    kept = np.flatnonzero(weights)
    return directions[kept], weights[kept].real if real else weights[kept]


def _principal(terms: Mapping[Monomial, Number], count: int) -> tuple[Array, Array]:
    """The axes of a quadratic form; those that weigh nothing but rounding are left out."""
    form = np.zeros((count, count))
    for (i, j), number in terms.items():
        form[i, j] += np.real(number) / 2
        form[j, i] += np.real(number) / 2
    weights, axes = np.linalg.eigh(form)
    kept = np.abs(weights) > 1e-14 * np.max(np.abs(weights))
    return axes.T[kept], weights[kept]


def _bundle(
    graph: G, order: int, rays: Array, shapes: Sequence[tuple[int, ...]], wrt: Sequence[str]
) -> G:
    """The Taylor series along all rays, as a graph of the inputs alone."""
    largest = max([node.type.size for node in graph.nodes], default=0)
    if largest * len(rays) * (order + 1) > MOST_ELEMENTS:
        raise DerivativeError(
            f"the operator takes derivatives along {len(rays)} rays through arrays of {largest} "
            f"elements, more than {MOST_ELEMENTS:.1e} numbers at a time; use an operator in fewer "
            "variables"
        )
    for node in graph.outputs:
        check_factorial(order, node.type.dtype)
    last = _coefficient(graph, order, wrt)
    new = [node.attrs[0] for node in last.inputs[len(graph.inputs) :]]
    wide = batch(last, len(rays), new)
    by_name = {node.attrs[0]: node for node in graph.inputs}
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])[:-1]
    parts = np.split(rays, ends, axis=1)
    directions = [
        part.reshape(len(rays), *shape) for part, shape in zip(parts, shapes, strict=True)
    ]
    return directed(wide, [by_name[name] for name in wrt], directions)


def _coefficient(graph: G, order: int, wrt: Sequence[str]) -> G:
    """The last Taylor coefficient, with the direction as further inputs."""
    builder = Builder()
    primals, directions = tangent_inputs(builder, graph, wrt)
    series = expanded(builder, graph, primals, directions, order)
    outputs = [
        parts[order] or zeros(builder, node.type)
        for parts, node in zip(series, graph.outputs, strict=True)
    ]
    return builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))


def _weighted(builder: Builder, node: Node, weights: Array) -> Value:
    """The sum of rows with weights."""
    value = builder.value(node)
    if value.type.is_complex or not np.iscomplexobj(weights):
        weights = weights.astype(value.type.dtype)
    first, *rest = unused_letters()[: value.ndim]
    own = "".join(rest)
    made = contract([builder.constant(weights), value], [first, first + own], own)
    assert isinstance(made, Value)
    return made


def _added(builder: Builder, parts: Sequence[Value], like: Node) -> Value:
    made = total(list(parts))
    if made is None:
        return builder.constant(np.zeros(like.type.shape, like.type.dtype))
    assert isinstance(made, Value)
    return made
