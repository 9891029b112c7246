"""Arithmetic of truncated Taylor polynomials in several variables, one coefficient per multi-index.

A `Packed` is an operand with its partial derivatives: ``u_α`` for sorted multi-indices α. Ops are
applied to packed operands as they are to values, so that the derivative rules of ops give
polynomials too. What is wanted is found first, from the highest order down: a coefficient asks for
those that it is made of, unless they vanish for lack of variables or of degree. Then coefficients
are emitted, from the lowest order up; all of them depend on operands of the same order, or on
anything of lower order, so that nothing recurses. `graphad.passes.multivariate_rules` has the
recurrences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphad.builder import Builder, Value
from graphad.ir import CONST, Graph, Node, Origin
from graphad.op import Array, Attrs, Number, Op, Operand
from graphad.ops import OPS
from graphad.passes.entries import MultiIndex
from graphad.passes.jvp import check_analytic
from graphad.passes.multivariate_rules import (
    COMPOSED,
    Recipe,
    Rule,
    degree_of,
    maker_of,
    split,
)
from graphad.passes.multivariate_structure import factors, inner_products, leaf_value, needed
from graphad.passes.multivariate_sums import Sum
from graphad.passes.series import is_one
from graphad.types import Type


class Packed(Operand):
    """A value with its partial derivatives; those that are None, or not there, are zero."""

    __slots__ = (
        "args",
        "attrs",
        "coefficients",
        "degree",
        "expansion",
        "leading",
        "make",
        "mask",
        "op",
        "origin",
        "recipes",
        "rule",
        "wanted",
    )

    def __init__(
        self, expansion: Polynomials, op: Op, args: tuple[Packed, ...], attrs: Attrs, leading: Value
    ) -> None:
        self.expansion = expansion
        self.op = op
        self.args = args
        self.attrs = attrs
        self.leading = leading
        self.origin: Origin = expansion.builder.origin
        self.coefficients: dict[MultiIndex, Value | None] = {(): leading}
        self.mask = 0
        self.degree = 0
        self.make: Callable[[Packed], Rule] | None = None
        self.rule: Rule | None = None
        self.wanted: dict[int, dict[MultiIndex, Recipe | None]] = {}

    @property
    def type(self) -> Type:
        """Shape and dtype, those of each coefficient."""
        return self.leading.type

    def emit(self, op: Op, args: tuple[Operand | Number | Array, ...], attrs: Attrs) -> Packed:
        """Return `op` on these polynomials; numbers are constants."""
        return self.expansion.apply(op, tuple([self._lifted(arg) for arg in args]), attrs)

    def _lifted(self, arg: Operand | Number | Array) -> Packed:
        if isinstance(arg, Packed):
            return arg
        builder = self.expansion.builder
        return self.expansion.constant(builder.value(builder.lift(arg, self)))

    def may_have(self, index: MultiIndex) -> bool:
        """Whether a coefficient may differ from zero: by the variables and by the degree."""
        mask = self.expansion.mask_of(index)
        return not mask & ~self.mask and len(index) <= self.degree

    def __repr__(self) -> str:
        return f"<polynomial of {self.leading!r}>"


class Polynomials:
    """Polynomials that are expanded together.

    Parameters
    ----------
    builder : Builder
        Where coefficients are emitted.
    order : int
        The highest order that is wanted.
    rewrite : str
        What origins of new nodes name.
    """

    def __init__(self, builder: Builder, order: int, rewrite: str) -> None:
        self.builder = builder
        self.order = order
        self.rewrite = rewrite
        self.terms: list[Packed] = []
        self._table: dict[tuple[Op, tuple[Packed, ...], Attrs], Packed] = {}
        self._constants: dict[object, Packed] = {}
        self._splits: dict[MultiIndex, list[tuple[MultiIndex, MultiIndex, int]]] = {}
        self._masks: dict[MultiIndex, int] = {}

    # --- making polynomials ------------------------------------------------------------------

    def constant(self, value: Value) -> Packed:
        """Return the polynomial of a value that does not depend on the variables."""
        term = self._constants.get(value.node)
        if term is None:
            term = self._constants[value.node] = Packed(self, CONST, (), (), value)
        return term

    def variable(self, value: Value, position: int, slope: int = 1) -> Packed:
        """Return a line along the variable of a position: ``[value, slope·e_i, 0]``."""
        term = Packed(self, CONST, (), (), value)
        term.mask, term.degree = 1 << position, 1
        term.coefficients[position,] = self.builder.constant(value.type.dtype.type(slope))
        return term

    def apply(self, op: Op, args: tuple[Packed, ...], attrs: Attrs) -> Packed:
        """Return an op on polynomials."""
        if op is OPS["multiply"] and len(args) == 2:  # partials of 1 leave the other as it is
            for one, other in (args, args[::-1]):
                if one.mask == 0 and is_one(one.leading):
                    return other
        mask = 0
        for arg in args:
            mask |= arg.mask
        moving = bool(mask) and op.jvp is not None
        composed = COMPOSED.get(op) if moving or op is OPS["multiply"] else None
        made = None if composed is None else composed(args, attrs)
        if made is not None:
            return made
        key = (op, args, attrs)
        term = self._table.get(key)
        if term is None:
            check_analytic(op, [arg.type for arg in args if arg.mask])
            nodes = tuple([arg.leading.node for arg in args])
            leading = self.builder.value(self.builder.emit(op, nodes, attrs))
            term = self._table[key] = Packed(self, op, args, attrs, leading)
            if moving and leading.type.is_inexact:
                term.mask, term.degree = mask, degree_of(op, args)
                term.make = maker_of(op)
                self.terms.append(term)
        return term

    # --- multi-indices -----------------------------------------------------------------------

    def mask_of(self, index: MultiIndex) -> int:
        """Return the variables of a multi-index, as bits."""
        mask = self._masks.get(index)
        if mask is None:
            mask = 0
            for i in index:
                mask |= 1 << i
            self._masks[index] = mask
        return mask

    def splits(self, index: MultiIndex) -> list[tuple[MultiIndex, MultiIndex, int]]:
        """Return all ``(β, γ, binomial)`` with ``β + γ = α``."""
        found = self._splits.get(index)
        if found is None:
            found = self._splits[index] = split(index)
        return found

    # --- expanding ---------------------------------------------------------------------------

    def want(self, term: Packed, index: MultiIndex) -> None:
        """Note that a coefficient is wanted, unless it vanishes for sure."""
        if term.make is not None and index and term.may_have(index):
            term.wanted.setdefault(len(index), {}).setdefault(index, None)

    def expand(self) -> None:
        """Compute the coefficients that are wanted."""
        for k in range(self.order, 0, -1):
            # Terms that rules add to the list are wanted in lower orders only.
            for position in range(len(self.terms) - 1, -1, -1):
                term = self.terms[position]
                for index in term.wanted.get(k, ()):
                    self._prepare(term, index)
        for k in range(1, self.order + 1):
            for term in self.terms:
                for index, recipe in term.wanted.get(k, {}).items():
                    origin = self.builder.derive(term.origin, self.rewrite, term.op.name, k)
                    self.builder.origin = origin
                    assert recipe is not None
                    term.coefficients[index] = self._made(term, index, recipe)

    def _prepare(self, term: Packed, index: MultiIndex) -> None:
        if term.rule is None:
            assert term.make is not None
            self.builder.origin = term.origin
            term.rule = term.make(term)
        recipe = term.wanted[len(index)][index] = term.rule(index)
        for _, left, beta, right, gamma in recipe.products:
            self.want(left, beta)
            self.want(right, gamma)
        if recipe.part is not None:
            self.want(recipe.part, index)
        for arg in term.args if recipe.linear else ():
            self.want(arg, index)

    def _made(self, term: Packed, index: MultiIndex, recipe: Recipe) -> Value | None:
        if recipe.linear:
            return _linear(term, index)
        divisor = recipe.divisor
        total = Sum(self.builder, term.type)
        part = None if recipe.part is None else recipe.part.coefficients.get(index)
        if part is not None:
            total.add(1, _over(part, divisor if recipe.scaled else None))
        for weight, left, beta, right, gamma in recipe.products:
            a, b = left.coefficients.get(beta), right.coefficients.get(gamma)
            if a is not None and b is not None:
                total.add(weight, a, _over(b, divisor if recipe.scaled else None))
        return total.value(None if recipe.scaled else divisor)


def _over(value: Value, divisor: Value | None) -> Value:
    if divisor is None:
        return value
    quotient = value / divisor
    assert isinstance(quotient, Value)
    return quotient


def _linear(term: Packed, index: MultiIndex) -> Value | None:
    """What the jvp of a linear op makes of the operands' coefficients."""
    assert term.op.jvp is not None
    parts = [arg.coefficients.get(index) for arg in term.args]
    if all(part is None for part in parts):
        return None
    leads = [arg.leading for arg in term.args]
    made = term.op.jvp(term.leading, leads, parts, term.attrs)
    assert made is None or isinstance(made, Value)
    return made


def expand_terms(
    polynomials: Polynomials,
    graph: Graph,
    roots: Sequence[Node],
    seed: Callable[[Node, Value], Packed | None],
) -> dict[Node, Packed]:
    """Return the polynomials of nodes and of what they depend on.

    Parameters
    ----------
    polynomials : Polynomials
        Where they are made.
    graph : Graph
        A graph of scalars.
    roots : sequence of Node
        What is wanted.
    seed : callable
        ``seed(node, value)``: the polynomial of a variable; None for other inputs.
    """
    builder = polynomials.builder
    terms: dict[Node, Packed] = {}
    nodes = needed(graph, roots)
    inner = inner_products(nodes, roots)
    for node in nodes:
        builder.origin = graph.origins[node.id]
        value = leaf_value(builder, node)
        if value is not None:
            term = seed(node, value)
            terms[node] = polynomials.constant(value) if term is None else term
        elif node not in inner:
            args = tuple([terms[operand] for operand in factors(node, inner)])
            terms[node] = polynomials.apply(node.op, args, node.attrs)
    return terms
