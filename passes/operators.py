"""Linear operators in the derivatives, collapsed before they are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from math import prod
from typing import Any, TypeAlias

import numpy as np

from graphad.builder import Builder, G, Value, live_marks, paused_gc
from graphad.errors import DerivativeError
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.op import Attrs, Op
from graphad.ops import OPS
from graphad.ops.contraction import contract, unused_letters
from graphad.ops.factories import total
from graphad.passes.expand import expand
from graphad.passes.jvp import checked_input, named, zeros
from graphad.passes.operators_blocks import Block
from graphad.passes.operators_rays import MOST_ELEMENTS, along_rays
from graphad.passes.operators_rules import Jet, MissingRuleError, Rules
from graphad.passes.operators_symbol import Closure, Monomial, Number, closure
from graphad.passes.pipeline import graph_pass
from graphad.types import Type

MULTIPLY = OPS["multiply"]
Variable: TypeAlias = int | str | tuple[Any, ...]
Terms: TypeAlias = Mapping[Any, Number]
"""Numbers by tuples of variables."""


@graph_pass(preserves=False)
def operator(graph: G, terms: Terms | None = None, wrt: str | Sequence[str] | None = None) -> G:
    """Apply a linear operator with constant coefficients, ``Σ c_α ∂^α``, to each output element.

    Identity: for ``y = φ(u)`` the operator is ``φ'(u)·P(∂)u`` and terms in lower derivatives, so
    that sums of highest derivatives are taken at the inputs and pushed through as one. What has to
    be pushed through beside it are the derivatives of the polynomial P (see
    `graphad.passes.operators_symbol`): 2 + n vectors for the Laplacian, 27 for the biharmonic of 5
    variables. They are arrays with a leading axis; matrix products stay matrix products. Functions
    with ops that have no such rule, those of linear algebra say, are differentiated along rays
    (`graphad.passes.operators_rays`): n of them for the Laplacian, n² for the biharmonic.

    Parameters
    ----------
    graph : Graph
        The function.
    terms : mapping of tuple to number, optional
        For each multi-index the coefficient of that derivative, several of one derivative being
        added; those of the Laplacian if not given. A multi-index is a tuple of variables, each a
        position among all elements of the inputs in `wrt`, the name of a scalar input, or a name
        and indices; ``()`` is the value.
    wrt : str or sequence of str, optional
        Inputs whose elements the positions count; all of them if not given.

    Returns
    -------
    Graph
        Of the same inputs, and outputs of the same shapes.

    Raises
    ------
    DerivativeError
        If a variable is not there, something is not floating point, an op has no rule, or the
        coefficients of a value would take more than 2 GiB.
    """
    graph = expand(graph)
    names = named(graph, wrt)
    if terms is None:
        terms = laplacian_terms(graph, names)
    _check_outputs(graph)
    try:
        return _collapsed(graph, terms, names)
    except MissingRuleError:
        return along_rays(graph, positions(graph, terms, names), names)


def _collapsed(graph: G, terms: Terms, names: Sequence[str]) -> G:
    with paused_gc():
        builder = _Units()
        inputs = [builder.input(*node.attrs) for node in graph.inputs]
        outputs: list[Value | None] = [None] * len(graph.outputs)
        for factor, needed in _parts(graph, terms, names):
            _check_size(graph, needed)
            pushed = _pushed(builder, graph, inputs, needed, names)
            for at, part in enumerate(pushed):
                before = outputs[at]
                if part is not None:
                    scaled = _times(part, factor)
                    outputs[at] = scaled if before is None else _sum([before, scaled])
        made = [
            zeros(builder, node.type) if value is None else value
            for value, node in zip(outputs, graph.outputs, strict=True)
        ]
        return builder.finish(graph.name, made, graph.tree, graph.symmetry, make=type(graph))


class _Units(Builder):
    """A builder that leaves out products by the scalar 1, the slope of a line."""

    def emit(self, op: Op, inputs: tuple[Node, ...], attrs: Attrs = ()) -> Node:
        """Return the node of `op`; the other factor of 1."""
        if op is MULTIPLY and len(inputs) == 2:
            for one, other in (inputs, inputs[::-1]):
                like = one.op is CONST and one.type == other.type.with_shape(())
                if like and one.attrs[0].array == 1:
                    return other
        return super().emit(op, inputs, attrs)


def _parts(graph: Graph, terms: Terms, wrt: Sequence[str]) -> list[tuple[Number, Closure]]:
    """Return operators whose sum, with factors, is the operator.

    Coefficients along real inputs are real, so that an operator with complex ones is two of them.
    """
    whole = positions(graph, terms, wrt)
    real = any(not node.type.is_complex for node in graph.inputs if node.attrs[0] in wrt)
    if not real or not any(isinstance(number, complex) for number in whole.values()):
        return [(1.0, closure(whole))]
    split = [
        (1.0, {index: complex(number).real for index, number in whole.items()}),
        (1j, {index: complex(number).imag for index, number in whole.items()}),
    ]
    return [(factor, closure(part)) for factor, part in split if any(part.values())]


def _check_size(graph: Graph, needed: Closure) -> None:
    largest = max([node.type.size for node in graph.nodes], default=0)
    if needed.size * largest > MOST_ELEMENTS:
        raise DerivativeError(
            f"the operator pushes {needed.size} vectors through arrays of {largest} elements, "
            f"and would hold {needed.size * largest:.1e} numbers at a time, over the limit of "
            f"{MOST_ELEMENTS:.1e}; use .scalarize() first, where variables that move little are "
            "cheap, or an operator in fewer variables"
        )


def _pushed(
    builder: Builder, graph: Graph, inputs: Sequence[Value], needed: Closure, wrt: Sequence[str]
) -> list[Value | None]:
    """Emit the coefficients of all nodes and return the operator on the outputs."""
    rules = Rules(builder, needed)
    jets: list[Any] = [None] * len(graph.nodes)
    starts = _starts(graph, wrt)
    for node, value in zip(graph.inputs, inputs, strict=True):
        start = starts.get(node.attrs[0])
        blocks = {} if start is None else _seeds(rules, value.type, start)
        jets[node.id] = Jet(rules, value, blocks)
    live = live_marks(graph)
    for node in graph.nodes:
        if not live[node.id] or node.op is INPUT:
            continue
        raised = needed.order if node.inputs else 0
        builder.origin = builder.derive(graph.origins[node.id], "operator", node.op.name, raised)
        if node.op is CONST or not node.inputs:
            made = builder.value(builder.emit(node.op, (), node.attrs))
            jets[node.id] = Jet(rules, made, {})
        else:
            args = tuple([jets[operand.id] for operand in node.inputs])
            jets[node.id] = rules.apply(node.op, args, node.attrs)
    return [_weighted(rules, jets[node.id]) for node in graph.outputs]


def laplacian_terms(
    graph: Graph, wrt: str | Sequence[str] | None = None, weights: Any = None
) -> dict[Monomial, Number]:
    """Return the terms of ``Σ ∂_i²``, or of ``Σ C_ij ∂_i ∂_j`` for a matrix of weights C.

    Raises
    ------
    DerivativeError
        If the matrix is not square, or does not have a row for each variable.
    """
    n = count_variables(graph, wrt)
    if weights is None:
        return {(i, i): 1.0 for i in range(n)}
    matrix = np.asarray(weights)
    if matrix.shape == (n,):
        return {(i, i): matrix[i].item() for i in range(n)}
    if matrix.shape != (n, n):
        raise DerivativeError(
            f"the weights of a Laplacian in {n} variables have the shape ({n},) or ({n}, {n}), "
            f"and not {matrix.shape}"
        )
    return {
        (i, j): (matrix[i, j] + matrix[j, i] if i != j else matrix[i, i]).item()
        for i, j in combinations_with_replacement(range(n), 2)
    }


def biharmonic_terms(
    graph: Graph, wrt: str | Sequence[str] | None = None
) -> dict[Monomial, Number]:
    """Return the terms of ``(Σ ∂_i²)²``."""
    n = count_variables(graph, wrt)
    pairs = combinations_with_replacement(range(n), 2)
    return {(i, i, j, j): 1.0 if i == j else 2.0 for i, j in pairs}


def count_variables(graph: Graph, wrt: str | Sequence[str] | None = None) -> int:
    """Return how many elements the inputs have that are differentiated by."""
    by_name = {node.attrs[0]: node for node in graph.inputs}
    return sum(checked_input(by_name, name).type.size for name in named(graph, wrt))


def count_vectors(graph: Graph, terms: Terms, wrt: str | Sequence[str] | None = None) -> int:
    """Return how many vectors an operator propagates through each node, the value among them.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad import trace
    >>> g = trace(lambda x: np.sum(np.sin(x)), np.zeros(5))
    >>> count_vectors(g, laplacian_terms(g)), count_vectors(g, biharmonic_terms(g))
    (7, 27)
    """
    parts = _parts(graph, terms, named(graph, wrt))
    return 1 + sum(needed.size - 1 for _, needed in parts)


def positions(graph: Graph, terms: Terms, wrt: Sequence[str]) -> dict[Monomial, Number]:
    """Return the terms by sorted positions of variables.

    Raises
    ------
    DerivativeError
        If a variable is not there.
    """
    starts = _starts(graph, wrt)
    shapes = {node.attrs[0]: node.type.shape for node in graph.inputs}
    count = sum(prod(shapes[name]) for name in starts)
    made: dict[Monomial, Number] = {}
    if not isinstance(terms, Mapping):
        raise DerivativeError(
            "the terms of an operator are a dictionary from multi-indices to numbers, such as "
            f"{{(0, 0): 1.0}}, and not {terms!r}"
        )
    for index, number in terms.items():
        if not isinstance(index, tuple):
            raise DerivativeError(
                f"a term of an operator is a tuple of variables, such as (0, 0), and not {index!r}"
            )
        found = tuple(sorted(_position(item, starts, shapes, count) for item in index))
        value = _finite(index, number)
        made[found] = made.get(found, 0.0) + (value.real if value.imag == 0 else value)
    return made


def _finite(index: object, number: object) -> complex:
    """Return a coefficient as a complex number.

    Raises
    ------
    DerivativeError
        If it is no finite number.
    """
    if isinstance(number, int | float | complex | np.number) and np.isfinite(number):
        return complex(number)
    raise DerivativeError(f"the coefficient of {index} is a finite number, and not {number!r}")


def _position(
    item: Variable,
    starts: Mapping[str, int],
    shapes: Mapping[str, tuple[int, ...]],
    count: int,
) -> int:
    if isinstance(item, int | np.integer) and 0 <= item < count:
        return int(item)
    name, *index = item if isinstance(item, tuple) and item else (item,)
    if name in starts:
        shape = shapes[name]
        if len(index) == len(shape) and all(0 <= i < n for i, n in zip(index, shape, strict=True)):
            return starts[name] + int(np.ravel_multi_index(index, shape) if shape else 0)
    listed = ", ".join(f"{other}: {shapes[other]}" for other in starts) or "none"
    raise DerivativeError(
        f"there is no variable {item!r}; it is a position from 0 to {count - 1}, or a name and "
        f"indices of an input: {listed}"
    )


def _starts(graph: Graph, wrt: Sequence[str]) -> dict[str, int]:
    """Return the position of the first element of each input that is differentiated by."""
    by_name = {node.attrs[0]: node for node in graph.inputs}
    starts: dict[str, int] = {}
    start = 0
    for name in wrt:
        starts[name] = start
        start += checked_input(by_name, name).type.size
    return starts


def _seeds(rules: Rules, type: Type, start: int) -> dict[int, Block]:
    """Return the coefficients of an input, the variables from `start` on: those that are not 0."""
    made: dict[int, Block] = {}
    needed = rules.closure
    for level in rules.levels:
        rows: dict[int, dict[int, Number]] = {}
        for k in needed.members(level):
            own = {
                variable - start: number
                for variable, number in needed.seeds[k].items()
                if start <= variable < start + type.size
            }
            if own:
                rows[k] = own
        block = rules.blocks.seeded(type, level, rows)
        if block is not None:
            made[level] = block
    return made


def _weighted(rules: Rules, jet: Jet) -> Value | None:
    """Return the operator on an output: the sum of its coefficients with their weights."""
    weights = rules.closure.weights
    parts: list[Value] = []
    if weights.get(0):
        parts.append(_times(jet.value, weights[0]))
    for block in jet.blocks.values():
        members = [k for k in block.members if weights.get(k)]
        if not members:
            continue
        chosen = rules.blocks.value(rules.blocks.rows(block, members))
        numbers = [weights[k] for k in members]
        if block.bare:
            parts.append(_times(chosen, numbers[0]))
            continue
        if len(set(numbers)) == 1:
            summed = OPS["sum"](chosen, axes=(0,))
            assert isinstance(summed, Value)
            parts.append(_times(summed, numbers[0]))
            continue
        first, *rest = unused_letters()[: chosen.ndim]
        own = "".join(rest)
        kind = np.result_type(chosen.type.dtype, numbers[0])
        vector = rules.builder.constant(np.array(numbers, dtype=kind))
        made = contract([vector, chosen], [first, first + own], own)
        assert isinstance(made, Value)
        parts.append(made)
    return _sum(parts) if parts else None


def _sum(parts: Sequence[Value]) -> Value:
    made = total(parts)
    assert isinstance(made, Value)
    return made


def _times(value: Value, number: Number) -> Value:
    if number == 1:
        return value
    made = -value if number == -1 else number * value
    assert isinstance(made, Value)
    return made


def _check_outputs(graph: Graph) -> None:
    for node in graph.outputs:
        if not node.type.is_inexact:
            raise DerivativeError(
                f"an output of {graph.name} is {node.type}: only floating-point outputs have "
                "derivatives; return it apart from what is to be differentiated"
            )
