"""The chain rule of order k, through the nodes that everything runs through."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from graphad.builder import Builder, G, Value, copy_nodes, paused_gc
from graphad.ir import CONST, Graph, Node
from graphad.ops import OPS
from graphad.passes.chain_rule import MultiIndex, partitions, relabelled, splits
from graphad.passes.cutting import cut_out, number, times, total
from graphad.passes.entries import Entry, finish_entries, request, scalars
from graphad.passes.grouping import Group, grouped
from graphad.passes.jvp import REAL_LINEAR, check_analytic
from graphad.passes.pipeline import graph_pass
from graphad.passes.structure import Structure
from graphad.passes.univariate import univariate

ADD, SUBTRACT, WHERE, MASK = (OPS[name] for name in ("add", "subtract", "where", "mask"))
MULTIPLY, DIVIDE, RECIPROCAL = OPS["multiply"], OPS["divide"], OPS["reciprocal"]
LINEAR = (OPS["maximum"], OPS["minimum"], OPS["absolute"], OPS["cast"], *REAL_LINEAR)
"""Ops that are linear on each side of their kinks."""
WRITTEN_OUT = 6
"""Highest order at which Faà di Bruno's formula is written out; it has Bell(k) terms."""
LOWERED = "scalarize,fold,simplify,collect,simplify,cse,dce,scalarize"
"""The last is for outputs that are folded to one constant array."""

Derivative: TypeAlias = "Node | None"
Key: TypeAlias = tuple[object, ...]
"""A function to derive: a node, or a part of one that is no node of its own."""
Steps: TypeAlias = Generator[tuple[Key, MultiIndex], Derivative, Derivative]


@graph_pass(preserves=False)
def compose(
    graph: G,
    order: int = 2,
    wrt: str | Sequence[str] | None = None,
    entries: Sequence[Entry] | None = None,
) -> G:
    """Derive entries of order k by the chain rule, through dominators and waists.

    Identities: where all ways from the variables to y run through one node q, y = φ(q), and
    Faà di Bruno's formula gives the derivatives of y from those of φ, which is a function of one
    variable, and those of q. Where they run through fewer affine nodes than there are variables,
    y = F(q_1, …, q_m) is derived by these first, and a derivative by the variables is a sum of
    these with constant coefficients. Sums are derived term by term, those with a common q together;
    products by Leibniz' rule.

    Parameters
    ----------
    graph : Graph
        The function.
    order : int
        k.
    wrt : str or sequence of str, optional
        Inputs whose elements are the variables; all if not given.
    entries : sequence of Entry, optional
        The wanted entries; all unique ones if not given.

    Returns
    -------
    Graph
        One output, the vector of the entries.

    Raises
    ------
    DerivativeError
        If inputs or entries do not fit, or dtypes differ.
    """
    wanted = request(graph, order, wrt, entries)
    with paused_gc():
        return _derived(graph, wanted.wrt, wanted.entries, wanted.order, {})


Templates: TypeAlias = dict[tuple[Graph, int, bool], Graph]


def _derived(
    graph: G, wrt: Sequence[str], entries: Sequence[Entry], order: int, templates: Templates
) -> G:
    lowered = scalars(graph, wrt, LOWERED)
    builder = Builder()
    fresh = copy_nodes(builder, lowered.graph)
    variables = [None if node is None else fresh[node.id] for node in lowered.variables]
    rule = ChainRule(builder, variables, order, templates)
    values = [rule.derive(fresh[lowered.rows[row].id], index) for row, index in entries]
    return finish_entries(builder, graph, values)


@dataclass(slots=True)
class Composition:
    """y = φ(q): the values of φ', φ'', … at q; None where they vanish."""

    inner: Node
    slopes: list[Derivative]


class ChainRule:
    """Derives nodes of a builder by multi-indices, each once.

    Parameters
    ----------
    builder : Builder
        Holds the function; derivatives are emitted into it.
    variables : sequence of Node or None
        The variables, in order.
    order : int
        The highest order that is asked for.
    templates : dict
        Derivatives of functions that occur more than once, by what they are.
    """

    def __init__(
        self, builder: Builder, variables: Sequence[Node | None], order: int, templates: Templates
    ) -> None:
        self.builder = builder
        self.variables = variables
        self.real = not any(node.type.is_complex for node in variables if node is not None)
        self.order = order
        self.templates = templates
        self.structure = Structure(builder, variables, order)
        self.known: dict[tuple[Key, MultiIndex], Derivative] = {}
        self.compositions: dict[Key, Composition] = {}
        self.groups: dict[int, tuple[list[Group], dict[int, list[int]]]] = {}
        self.waists: dict[tuple[Key, int], dict[MultiIndex, Node]] = {}

    def derive(self, node: Node, index: MultiIndex) -> Derivative:
        """Return the derivative of a node by a sorted multi-index; None is a structural zero.

        Rules ask for what they need; they wait on a stack of our own.
        """
        first: tuple[Key, MultiIndex] = (node,), index
        stack = [] if first in self.known else [(first, self._steps(*first))]
        answer: Derivative = None
        while stack:
            asked, steps = stack[-1]
            self._set_origin(*asked)
            try:
                wanted = steps.send(answer)
            except StopIteration as stop:
                answer = self.known[asked] = stop.value
                stack.pop()
                continue
            answer = self.known.get(wanted)
            if wanted not in self.known:
                stack.append((wanted, self._steps(*wanted)))
        return self.known[first]

    def _set_origin(self, key: Key, index: MultiIndex) -> None:
        """What is emitted next comes from the first node of a key."""
        while isinstance(key[0], str):
            key = key[1] if isinstance(key[1], tuple) else key[1:]
        assert isinstance(key[0], Node)
        origin = self.builder.origins[key[0].id]
        self.builder.origin = self.builder.derive(origin, "compose", key[0].op.name, len(index))

    # --- which rule ------------------------------------------------------------------------------

    def _steps(self, key: Key, index: MultiIndex) -> Steps:
        kind = key[0]
        if kind == "slope":
            return self._slope(key, index)
        if kind == "factors":
            assert isinstance(key[1], tuple)
            return self._product(key[1], index)
        if kind == "group":
            return self._group(key, index)
        assert isinstance(kind, Node)
        return self._node(kind, index)

    def _node(self, node: Node, index: MultiIndex) -> Steps:
        structure = self.structure
        if not index:
            return node
        support = structure.support(node)
        if any(not support >> i & 1 for i in index):
            return None
        form = structure.affine(node)
        if form is not None:
            return number(self.builder, form[index[0]], node) if len(index) == 1 else None
        scale = structure.scale(node)
        if scale is not None:
            moving = next(item for item in node.inputs if structure.support(item))
            part = yield (moving,), index
            return None if part is None else times(self.builder, scale, [part])
        if node.op is ADD or node.op is SUBTRACT:
            return (yield from self._sum(node, index))
        if structure.waist(node) is not None:
            return self._through_waist((node,), [(1.0, node)], index)
        if structure.top(node) is not node:
            return (yield from self._composed((node,), [(1.0, node)], index))
        if node.op is MULTIPLY:
            return (yield from self._product(self._ordered(node.inputs), index))
        if node.op is DIVIDE:
            inverse = self.builder.emit(RECIPROCAL, (node.inputs[1],))
            return (yield from self._product((node.inputs[0], inverse), index))
        if node.op is WHERE or node.op is MASK:
            return (yield from self._selected(node, index))
        if node.op in LINEAR:
            check_analytic(node.op, [item.type for item in node.inputs], self.real)
            return (yield from self._linear(node, index))
        return (yield from self._by_partials(node, index))

    # --- sums ------------------------------------------------------------------------------------

    def _sum(self, node: Node, index: MultiIndex) -> Steps:
        """Term by term; terms that are functions of the same are one."""
        found = self.groups.get(node.id)
        if found is None:
            found = self.groups[node.id] = grouped(self.structure, node)
        groups, by_variable = found
        rarest = min((by_variable.get(i, []) for i in dict.fromkeys(index)), key=len)
        parts = []
        for place in rarest:
            group = groups[place]
            if all(group.support >> i & 1 for i in index):
                part = yield ("group", node, place), index
                if part is not None:
                    parts.append(part)
        return total(self.builder, parts)

    def _group(self, key: Key, index: MultiIndex) -> Steps:
        _, node, place = key
        assert isinstance(node, Node)
        assert isinstance(place, int)
        group = self.groups[node.id][0][place]
        terms = list(zip(group.signs, group.terms, strict=True))
        if len(terms) > 1:
            first = group.terms[0]
            if self.structure.affine(first) is None:
                if self.structure.waist(first) is not None:
                    return self._through_waist(key, terms, index)
                return (yield from self._composed(key, terms, index))
        parts = []
        for sign, term in terms:
            part = yield (term,), index
            if part is not None:
                parts.append(times(self.builder, sign, [part]))
        return total(self.builder, parts)

    # --- compositions ----------------------------------------------------------------------------

    def _composed(self, key: Key, terms: list[tuple[float, Node]], index: MultiIndex) -> Steps:
        """Faà di Bruno's formula, written out, or by Leibniz' rule on φ'(q)·D_a q."""
        found = self.compositions.get(key)
        if found is None:
            found = self.compositions[key] = self._composition(terms)
        inner = found.inner
        if len(index) > WRITTEN_OUT and inner not in self.variables:
            return (yield ("slope", key, 0), index)
        if self.structure.affine(inner) is not None:
            slope = found.slopes[len(index) - 1]
            scale = 1.0
            form = self.structure.affine(inner) or {}
            for i in index:
                scale *= form[i]
            return None if slope is None else times(self.builder, scale, [slope])
        pattern, names = relabelled(index)
        parts = []
        for multiplicity, blocks in partitions(pattern):
            slope = found.slopes[len(blocks) - 1]
            if slope is None:
                continue
            factors: list[Node] | None = [slope]
            for block in blocks:
                derivative = yield (inner,), tuple([names[i] for i in block])
                if derivative is None:
                    factors = None
                    break
                assert factors is not None
                factors.append(derivative)
            if factors is not None:
                parts.append(times(self.builder, float(multiplicity), factors))
        return total(self.builder, parts)

    def _slope(self, key: Key, index: MultiIndex) -> Steps:
        """Derive φ^(j)(q) by an index: ``D_γ φ^(j) = D_{γ-a} (φ^(j+1) · D_a q)``, a first in γ."""
        _, owner, j = key
        assert isinstance(owner, tuple)
        assert isinstance(j, int)
        found = self.compositions[owner]
        if not index:
            return found.slopes[j - 1]
        first, rest = index[0], index[1:]
        support = self.structure.support(found.inner)
        parts = []
        for multiplicity, left, right in splits(rest, support, support):
            inner = yield (found.inner,), (first, *left)
            if inner is None:
                continue
            outer = yield ("slope", owner, j + 1), right
            if outer is not None:
                parts.append(times(self.builder, float(multiplicity), [outer, inner]))
        return total(self.builder, parts)

    def _composition(self, terms: list[tuple[float, Node]]) -> Composition:
        inner = self.structure.top(terms[0][1])
        function, given = cut_out(self.builder, terms, [inner])
        key = (function, self.order, True)
        template = self.templates.get(key)
        if template is None:
            template = self.templates[key] = univariate(function, self.order)
        inputs = {node.id: value for node, value in zip(template.inputs, given, strict=True)}
        fresh = copy_nodes(self.builder, template, given=inputs)
        slopes = [None if _is_zero(node) else fresh[node.id] for node in template.outputs]
        return Composition(inner, slopes)

    # --- waists ----------------------------------------------------------------------------------

    def _through_waist(
        self, key: Key, terms: list[tuple[float, Node]], index: MultiIndex
    ) -> Derivative:
        """Derive by the nodes of an affine waist, and map to the variables."""
        waist = self.structure.waist(terms[0][1])
        assert waist is not None
        order = len(index)
        inner = self.waists.get((key, order))
        if inner is None:
            inner = self.waists[key, order] = self._inner_entries(terms, waist, order)
        weights: dict[MultiIndex, float] = {(): 1.0}
        for i in index:
            grown: dict[MultiIndex, float] = {}
            for place, node in enumerate(waist):
                coefficient = (self.structure.affine(node) or {}).get(i)
                if coefficient is None:
                    continue
                for found, weight in weights.items():
                    made = tuple(sorted((*found, place)))
                    grown[made] = grown.get(made, 0.0) + weight * coefficient
            weights = grown
        parts = []
        for found, weight in weights.items():
            part = inner.get(found)
            if part is not None and weight != 0.0:
                parts.append(times(self.builder, weight, [part]))
        return total(self.builder, parts)

    def _inner_entries(
        self, terms: list[tuple[float, Node]], waist: Sequence[Node], order: int
    ) -> dict[MultiIndex, Node]:
        """Return the nonzero derivatives of order k by the nodes of a waist."""
        function, given = cut_out(self.builder, terms, waist)
        names = [node.attrs[0] for node in function.inputs[: len(waist)]]
        wanted = request(function, order, names)
        key = (function, order, False)
        template = self.templates.get(key)
        if template is None:
            template = _derived(function, names, wanted.entries, order, self.templates)
            self.templates[key] = template
        fresh = copy_nodes(
            self.builder,
            template,
            given={node.id: value for node, value in zip(template.inputs, given, strict=True)},
        )
        operands = template.outputs[0].inputs
        return {
            index: fresh[node.id]
            for (_, index), node in zip(wanted.entries, operands, strict=True)
            if not _is_zero(node)
        }

    # --- products and the rest -------------------------------------------------------------------

    def _ordered(self, factors: Sequence[Node]) -> tuple[Node, ...]:
        """Factors that are fixed first."""
        return tuple(sorted(factors, key=lambda node: self.structure.support(node) != 0))

    def _product(self, factors: tuple[Node, ...], index: MultiIndex) -> Steps:
        """Leibniz' rule, factor by factor."""
        structure = self.structure
        if len(factors) == 1:
            return (yield (factors[0],), index)
        if not index:
            return times(self.builder, 1.0, list(factors))
        left, rest = structure.support(factors[0]), 0
        for item in factors[1:]:
            rest |= structure.support(item)
        if any(not (left | rest) >> i & 1 for i in index):
            return None
        parts = []
        for multiplicity, u, v in splits(index, left, rest):
            first = yield (factors[0],), u
            if first is None:
                continue
            second = yield ("factors", factors[1:]), v
            if second is not None:
                parts.append(times(self.builder, float(multiplicity), [first, second]))
        return total(self.builder, parts)

    def _selected(self, node: Node, index: MultiIndex) -> Steps:
        """``where(c, u, v)``: the derivatives are selected as the values are."""
        builder = self.builder
        condition = node.inputs[0]
        left = yield (node.inputs[1],), index
        if node.op is MASK:
            return None if left is None else builder.emit(MASK, (condition, left))
        right = yield (node.inputs[2],), index
        if left is None and right is None:
            return None
        if right is None:
            assert left is not None
            return builder.emit(MASK, (condition, left))
        if left is None:
            opposite = builder.emit(OPS["logical_not"], (condition,))
            return builder.emit(MASK, (opposite, right))
        return builder.emit(WHERE, (condition, left, right))

    def _linear(self, node: Node, index: MultiIndex) -> Steps:
        """The derivatives of the operands go through the op: a side that loses stays hidden."""
        assert node.op.jvp is not None
        value = self.builder.value
        parts: list[Value | None] = []
        for operand in node.inputs:
            part = yield (operand,), index
            parts.append(None if part is None else value(part))
        made = node.op.jvp(value(node), [value(item) for item in node.inputs], parts, node.attrs)
        return made.node if isinstance(made, Value) else None

    def _by_partials(self, node: Node, index: MultiIndex) -> Steps:
        """``D_α y = Σ D_{α-a} (p_i · D_a u_i)``, p_i the local partials, a first in α."""
        rule = node.op.jvp
        if rule is None:
            return None
        builder = self.builder
        one = builder.constant(node.type.dtype.type(1))
        operands = [builder.value(operand) for operand in node.inputs]
        parts = []
        for place, operand in enumerate(node.inputs):
            if not self.structure.support(operand) >> index[0] & 1:
                continue
            slope = yield (operand,), index[:1]
            if slope is None:
                continue
            tangents = [one if i == place else None for i in range(len(operands))]
            partial = rule(builder.value(node), operands, tangents, node.attrs)
            if partial is None:
                continue
            assert isinstance(partial, Value)
            part = yield ("factors", (partial.node, slope)), index[1:]
            if part is not None:
                parts.append(part)
        return total(self.builder, parts)


def _is_zero(node: Node) -> bool:
    return node.op is CONST and node.attrs[0].scalar == 0
