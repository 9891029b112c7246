"""Arithmetic of truncated Taylor series, by recurrences that follow from the derivative rules.

A `Term` is an operand as a series in t: ``u(t) = u_0 + u_1 t + u_2 t² + …``. Ops are applied to
terms as they are to values, so that the derivative rules of ops, written with ops, give series too.
All terms are expanded together, order by order, so that rules may refer to each other: the series
of ``sin`` needs that of ``cos`` up to the order before.

Recurrences (Knuth 1997, The Art of Computer Programming 2, section 4.7; Griewank and Walther 2008,
Evaluating Derivatives, chapter 13), with sums over ``j``:

=====================  =================================================================
``y = u·v``            ``y_k = Σ u_j v_{k-j}``, and so for every bilinear op
``y = u / v``          ``y_k = (u_k - Σ_{j<k} y_j v_{k-j}) / v_0``
``y = √u``             ``y_k = (u_k - Σ_{0<j<k} y_j y_{k-j}) / (2 y_0)``
``y = uᵖ``             ``y_k = Σ_{j>0} (p j - k + j) u_j y_{k-j} / (k u_0)``
``y' = p·u'``          ``y_k = Σ_{j>0} j u_j p_{k-j} / k``
``y' = u' / q``        ``y_k = (u_k - Σ_{0<j<k} j y_j q_{k-j} / k) / q_0``
=====================  =================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from graphad.builder import Builder, Value
from graphad.op import Array, Attrs, Number, Op, Operand
from graphad.ops import OPS
from graphad.ops.factories import broadcast_to, total
from graphad.passes.compositions import COMPOSED
from graphad.passes.jvp import check_analytic
from graphad.passes.series_by_jvp import by_jvp
from graphad.types import Type

Coefficient: TypeAlias = "Value | None"
Rule: TypeAlias = Callable[[int], Operand | None]
"""Gives the k-th coefficient of a term, k at least 1, once all before it are there."""

LINEAR = tuple(
    OPS[name]
    for name in (
        *("negative", "add", "subtract", "mask", "where", "cast", "real", "imag", "conjugate"),
        *("reshape", "transpose", "broadcast_to", "flip", "slice", "place", "element"),
        *("concatenate", "pack", "update", "take", "scatter_add", "sum", "cumsum", "fft", "ifft"),
        # Linear on each side of their kinks:
        *("absolute", "maximum", "minimum", "max", "min"),
    )
)
"""Ops whose coefficients are what their jvp makes of the operands' coefficients."""

LARGEST_EXPONENT = 32
"""Powers from here on are expanded by a quotient, which is wrong where the base is 0."""

MULTIPLY, RECIPROCAL, CONST = OPS["multiply"], OPS["reciprocal"], OPS["const"]


class Term(Operand):
    """A value as a truncated series; coefficients that are None are structural zeros."""

    __slots__ = (
        "args",
        "attrs",
        "by_complex",
        "coefficients",
        "expansion",
        "is_constant",
        "leading",
        "op",
        "rule",
    )

    def __init__(
        self, expansion: Expansion, op: Op, args: tuple[Term, ...], attrs: Attrs, leading: Value
    ) -> None:
        self.expansion = expansion
        self.op = op
        self.args = args
        self.attrs = attrs
        self.leading = leading
        self.coefficients: list[Coefficient] = [leading]
        self.is_constant = True
        self.by_complex = False  # whether it moves with a complex variable
        self.rule: Rule = _vanishing

    @property
    def type(self) -> Type:
        """Shape and dtype, those of each coefficient."""
        return self.leading.type

    def emit(self, op: Op, args: tuple[Operand | Number | Array, ...], attrs: Attrs) -> Term:
        """Return the series of `op` on these series; numbers are constants."""
        return self.expansion.apply(op, tuple([self._lifted(arg) for arg in args]), attrs)

    def _lifted(self, arg: Operand | Number | Array) -> Term:
        if isinstance(arg, Term):
            return arg
        builder = self.expansion.builder
        return self.expansion.constant(builder.value(builder.lift(arg, self)))

    def __repr__(self) -> str:
        return f"<series of {self.leading!r}>"


class Expansion:
    """Series that are expanded together.

    Parameters
    ----------
    builder : Builder
        Where coefficients are emitted.
    order : int
        The highest power of t that will be asked for.
    """

    def __init__(self, builder: Builder, order: int) -> None:
        self.builder = builder
        self.order = order
        self.depth = 0
        self.terms: list[Term] = []
        self._table: dict[tuple[Op, tuple[Term, ...], Attrs], Term] = {}
        self._constants: dict[object, Term] = {}

    def constant(self, value: Value) -> Term:
        """Return the series of a value that does not change with t."""
        term = self._constants.get(value.node)
        if term is None:
            term = Term(self, CONST, (), (), value)
            self._constants[value.node] = term
        return term

    def line(self, value: Value, slope: Value) -> Term:
        """Return the series ``value + slope·t``."""
        by_complex = slope.type.is_complex
        return self.series(value, lambda k: slope if k == 1 else None, by_complex)

    def series(self, leading: Value, rule: Rule, by_complex: bool = False) -> Term:
        """Return the series with a leading coefficient and a rule for the others."""
        term = Term(self, CONST, (), (), leading)
        term.by_complex = by_complex
        self._start(term, rule)
        return term

    def _start(self, term: Term, rule: Rule) -> None:
        term.is_constant = False
        term.rule = rule
        self.terms.append(term)

    def apply(self, op: Op, args: tuple[Term, ...], attrs: Attrs) -> Term:
        """Return the series of an op on series."""
        if op is MULTIPLY and len(args) == 2:  # partials of 1 leave the other factor as it is
            for one, other in (args, args[::-1]):
                if one.is_constant and is_one(one.leading) and one.leading.shape == ():
                    return other
        moving = op.jvp is not None and any(not arg.is_constant for arg in args)
        composed = COMPOSED.get(op) if moving else None
        made = None if composed is None else composed(args, attrs)
        if made is not None:
            assert isinstance(made, Term)
            return made
        key = (op, args, attrs)
        term = self._table.get(key)
        if term is None:
            by_complex = any(arg.by_complex for arg in args)
            check_analytic(
                op, [arg.type for arg in args if not arg.is_constant], by_real=not by_complex
            )
            nodes = tuple([arg.leading.node for arg in args])
            leading = self.builder.value(self.builder.emit(op, nodes, attrs))
            term = self._table[key] = Term(self, op, args, attrs, leading)
            term.by_complex = by_complex
            if moving and leading.type.is_inexact:
                self._start(term, _vanishing)  # before its rule, which may refer to the term
                term.rule = rule_of(term)
        return term

    def expand(self, order: int) -> None:
        """Compute all coefficients up to `order`."""
        for k in range(1, order + 1):
            self.advance(k)

    def advance(self, k: int) -> None:
        """Compute the coefficients of one order, when all before it are there."""
        for term in self.terms:
            made = term.rule(k)
            assert made is None or isinstance(made, Value)
            term.coefficients.append(made)


def _vanishing(k: int) -> Operand | None:
    return None


def is_one(value: Value) -> bool:
    """Whether a value is a constant of ones."""
    return value.node.op is CONST and bool(np.all(value.node.attrs[0].array == 1))


def coefficient(term: Term, k: int) -> Coefficient:
    """Return one coefficient of a series; those of a constant end with the first."""
    return term.coefficients[k] if k < len(term.coefficients) else None


def rule_of(term: Term) -> Rule:
    """Return the rule for the coefficients of a term."""
    op = term.op
    if op in LINEAR:
        return lambda k: _linear(term, k)
    if op is MULTIPLY or op is OPS["einsum"]:
        return _product(term)
    special = SPECIAL.get(op)
    if special is not None:
        return special(term)
    if op.elementwise and "derivative" not in op.attrs:  # with it, partials never end
        return _by_partials(term)
    return by_jvp(term, coefficient)


def _linear(term: Term, k: int) -> Operand | None:
    assert term.op.jvp is not None
    leads = [arg.leading for arg in term.args]
    parts = [coefficient(arg, k) for arg in term.args]
    if all(part is None for part in parts):
        return None
    return term.op.jvp(term.leading, leads, parts, term.attrs)


def convolution(left: Term, right: Term, k: int, first: int, last: int) -> list[Operand]:
    """Return the products ``left_j · right_{k-j}`` for j from `first` to `last`."""
    found: list[Operand] = []
    for j in range(first, last + 1):
        a, b = coefficient(left, j), coefficient(right, k - j)
        if a is not None and b is not None:
            found.append(a * b)
    return found


def _product(term: Term) -> Rule:
    """Cauchy's product of two factors; an einsum may have more if one alone moves."""
    if len(term.args) == 2:
        left, right = term.args
        return lambda k: _cauchy(term, left, right, k)
    if len(term.args) == 1:
        return lambda k: _unary(term, k)
    moving = [i for i, arg in enumerate(term.args) if not arg.is_constant]
    return lambda k: _one_moving(term, moving[0], k)  # more than one are folded before


def _cauchy(term: Term, left: Term, right: Term, k: int) -> Operand | None:
    terms: list[Operand] = []
    for j in range(k + 1):
        a, b = coefficient(left, j), coefficient(right, k - j)
        if a is not None and b is not None:
            terms.append(a.emit(term.op, (a, b), term.attrs))
    return total([broadcast_to(product, term.shape) for product in terms])


def _unary(term: Term, k: int) -> Operand | None:
    part = coefficient(term.args[0], k)
    return None if part is None else part.emit(term.op, (part,), term.attrs)


def _one_moving(term: Term, position: int, k: int) -> Operand | None:
    part = coefficient(term.args[position], k)
    if part is None:
        return None
    leads: list[Operand] = [arg.leading for arg in term.args]
    leads[position] = part
    return part.emit(term.op, tuple(leads), term.attrs)


def _fitted(part: Operand | None, term: Term) -> Operand | None:
    return None if part is None else broadcast_to(part, term.shape)


# --- recurrences of their own --------------------------------------------------------------------


def _divided(term: Term) -> Rule:
    """``y = u / v``: ``y_k = (u_k - Σ_{j<k} y_j v_{k-j}) / v_0``."""
    u, v = term.args

    def rule(k: int) -> Operand | None:
        rest = total([broadcast_to(p, term.shape) for p in convolution(term, v, k, 0, k - 1)])
        part = _fitted(coefficient(u, k), term)
        if rest is None:
            return None if part is None else part / v.leading
        return (-rest if part is None else part - rest) / v.leading

    return rule


def _inverted(term: Term) -> Rule:
    """``y = 1 / v``: ``y_k = -y_0 Σ_{j<k} y_j v_{k-j}``."""
    (v,) = term.args

    def rule(k: int) -> Operand | None:
        rest = total(convolution(term, v, k, 0, k - 1))
        return None if rest is None else -(term.leading * rest)

    return rule


def _rooted(term: Term, inverse: Op) -> Rule:
    """``y = √u``: ``y_k = (u_k - Σ_{0<j<k} y_j y_{k-j}) / (2 y_0)``."""
    (u,) = term.args

    def rule(k: int) -> Operand | None:
        rest = total(convolution(term, term, k, 1, k - 1))
        part: Operand | None = coefficient(u, k)
        if rest is not None:
            part = -rest if part is None else part - rest
        return None if part is None else part * (0.5 * inverse(term.leading))

    return rule


def _power(term: Term) -> Rule:
    """``y = uᵖ``, p a number: ``y_k = Σ_{j>0} (p j - k + j) u_j y_{k-j} / (k u_0)``.

    Where p is 1 or above, or no number, the derivative rule instead: it is right at u_0 = 0 too.
    """
    u, p = term.args
    exponents = _numbers(p)
    if exponents is None:
        return _lowered(term)
    if 1 <= np.max(exponents, initial=0) < LARGEST_EXPONENT:
        lowered = term.emit(term.op, (u, exponents - exponents.dtype.type(1)), ())
        return _from_pairs(term, [(u, lowered.emit(MULTIPLY, (p, lowered), ()))])

    def rule(k: int) -> Operand | None:
        terms: list[Operand] = []
        for j in range(1, k + 1):
            a, b = coefficient(u, j), coefficient(term, k - j)
            if a is not None and b is not None:
                terms.append((p.leading * (j / k) + (j - k) / k) * (a * b))
        summed = total([broadcast_to(item, term.shape) for item in terms])
        return None if summed is None else summed / u.leading

    return rule


def _lowered(term: Term) -> Rule:
    """``y' = p uᵖ⁻¹ u' + y log(u) p'``, with uᵖ⁻¹, uᵖ⁻², … as far down as the order needs."""
    expansion = term.expansion
    if expansion.depth >= expansion.order:  # of this one the value alone is needed
        return _vanishing
    expansion.depth += 1
    rule = _by_partials(term)
    expansion.depth -= 1
    return rule


def _numbers(term: Term) -> Array | None:
    """The numbers of a constant of the graph, if they are real."""
    node = term.leading.node
    if node.op is not CONST or term.type.is_complex:
        return None
    array: Array = node.attrs[0].array
    return array


SPECIAL: dict[Op, Callable[[Term], Rule]] = {
    OPS["divide"]: _divided,
    RECIPROCAL: _inverted,
    OPS["sqrt"]: lambda term: _rooted(term, RECIPROCAL),
    OPS["length"]: lambda term: _rooted(term, OPS["pseudo_reciprocal"]),
    OPS["power"]: _power,
}
"""Recurrences that cost less than what follows from the derivative rule."""

# --- recurrences from derivative rules -----------------------------------------------------------


def _by_partials(term: Term) -> Rule:
    """``y' = Σ p_i u_i'``, with the partials p_i as series of their own."""
    op = term.op
    assert op.jvp is not None
    one = term.expansion.constant(term.expansion.builder.constant(term.type.dtype.type(1)))
    pairs: list[tuple[Term, Term]] = []
    for i, arg in enumerate(term.args):
        if arg.is_constant:
            continue
        tangents: Sequence[Operand | None] = [
            one if i == j else None for j in range(len(term.args))
        ]
        partial = op.jvp(term, term.args, tangents, term.attrs)
        if partial is not None:
            assert isinstance(partial, Term)
            pairs.append((arg, partial))
    if len(pairs) == 1 and pairs[0][1].op is RECIPROCAL:
        return _by_quotient(term, pairs[0][0], pairs[0][1].args[0])
    return _from_pairs(term, pairs)


def _from_pairs(term: Term, pairs: Sequence[tuple[Term, Term]]) -> Rule:
    """``y' = Σ p u'``: ``y_k = Σ_{j>0} j u_j p_{k-j} / k``."""

    def rule(k: int) -> Operand | None:
        products: list[Operand] = []
        for u, p in pairs:
            for j in range(1, k + 1):
                a, b = coefficient(u, j), coefficient(p, k - j)
                if a is not None and b is not None:
                    products.append(broadcast_to(a * b, term.shape) * (j / k))
        return total(products)

    return rule


def _by_quotient(term: Term, u: Term, q: Term) -> Rule:
    """``y' = u' / q``: ``y_k = (u_k - Σ_{0<j<k} j y_j q_{k-j} / k) / q_0``."""

    def rule(k: int) -> Operand | None:
        products: list[Operand] = []
        for j in range(1, k):
            a, b = coefficient(term, j), coefficient(q, k - j)
            if a is not None and b is not None:
                products.append(a * b * (j / k))
        rest = total(products)
        part: Operand | None = coefficient(u, k)
        if rest is not None:
            part = -rest if part is None else part - rest
        return None if part is None else part * RECIPROCAL(q.leading)

    return rule
