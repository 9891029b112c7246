"""Short ways to build graphs for tests of passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.ir import Graph, Symmetry, Tree
from graphad.op import OPS, Array, Operand
from graphad.types import DTYPES_BY_NAME, Type, make_type


def typed(text: str) -> Type:
    """Return the type that is written ``f64[2,3]``, or ``[2,3]`` for double precision."""
    name, _, lengths = text.rstrip("]").partition("[")
    shape = tuple(int(word) for word in lengths.split(",") if word)
    return make_type(shape, DTYPES_BY_NAME[name or "f64"])


def graph_of(
    function: Callable[..., Any],
    *types: str,
    tree: Tree | None = None,
    symmetry: Sequence[Symmetry] | None = None,
) -> Graph:
    """Return the graph of a function of values x, y, z, w; numbers among its results are constants.

    Parameters
    ----------
    function : callable
        Called with a value for each type; returns a value or a tuple of them.
    *types : str
        Types of the inputs.
    """
    b = Builder()
    made = function(
        *[b.input(name, typed(text)) for name, text in zip("xyzw", types, strict=False)]
    )
    results = made if isinstance(made, tuple) else (made,)
    outputs = [item if isinstance(item, Operand) else b.constant(item) for item in results]
    return b.finish("f", outputs, tree, symmetry)


def identity_like(x: Value) -> Value:
    """Return the identity on values of the shape of `x`."""
    return x.builder.value(x.builder.emit(OPS["identity"], (), (x.shape, "f64")))


def diagonal(x: Operand) -> Operand:
    """Return the matrix with `x` on its diagonal."""
    return OPS["einsum"](x, spec="i->ii")


def summed(x: Operand) -> Operand:
    """Return the sum of all elements."""
    return OPS["sum"](x, axes=tuple(range(x.ndim)))


def names_of(graph: Graph) -> list[str]:
    """Return the names of the ops of a graph, in order, without inputs and constants."""
    return [node.op.name for node in graph.nodes if node.op.name not in ("input", "const")]


def drawn(graph: Graph, seed: int = 0) -> list[Array]:
    """Return arguments of a graph, between 0.5 and 1.5."""
    draw = np.random.default_rng(seed)
    return [np.asarray(draw.uniform(0.5, 1.5, node.type.shape)) for node in graph.inputs]
