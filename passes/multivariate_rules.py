"""Recurrences for the coefficients of polynomials in several variables.

They follow from those in one variable (Neidinger 2010, Introduction to automatic differentiation
and MATLAB object-oriented programming; Griewank and Walther 2008, Evaluating Derivatives, chapter
13; Berz 1991, Forward algorithms for high orders and many variables). ``u_α`` is the derivative
D^α u, and C(α, β) the product of the binomials of how often each variable occurs. With
α = α' + e_i for one variable i of α:

=====================  =========================================================================
``y = u·v``            ``y_α = Σ C(α, β) u_β v_{α-β}``
``y = u / v``          ``y_α = (u_α - Σ_{β≠α} C(α, β) y_β v_{α-β}) / v``
``y = √u``             ``y_α = (½ u_α - ½ Σ_{0≠β≠α} C(α, β) y_β y_{α-β}) / y``
``y = uᵖ``             ``y_α = Σ_{β≠0} (p C(α', β - e_i) - C(α', β)) y_{α-β} u_β / u``
``D_i y = p·D_i u``    ``y_α = Σ_β C(α', β) p_β u_{α-β}``
``D_i y = D_i u / q``  ``y_α = (u_α - Σ_{β≠0} C(α', β) q_β y_{α-β}) / q``
=====================  =========================================================================

In one variable or another, i is the one that leaves the fewest products.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import comb, prod
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from graphad.builder import Value
from graphad.errors import DerivativeError
from graphad.ir import CONST
from graphad.op import Attrs, Op, Operand
from graphad.ops import OPS
from graphad.passes.compositions import repeated
from graphad.passes.entries import MultiIndex
from graphad.passes.series import LINEAR

if TYPE_CHECKING:
    from graphad.passes.multivariate_expansion import Packed

MULTIPLY, RECIPROCAL, POWER = OPS["multiply"], OPS["reciprocal"], OPS["power"]
UNBOUNDED = 1 << 30
"""The degree of what is no polynomial."""

Product: TypeAlias = "tuple[float, Packed, MultiIndex, Packed, MultiIndex]"
"""A weight and two coefficients."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one coefficient is made: ``(part_α + Σ products) / divisor``.

    Parameters
    ----------
    products : sequence of Product
        What is added up.
    part : Packed, optional
        Whose coefficient of the same index is added.
    divisor : Value, optional
        What the sum is divided by.
    scaled : bool
        Divide the part and the right factors instead, which is less work where these are few.
    linear : bool
        It is what the jvp makes of the operands' coefficients of the same index, and none of that.
    """

    products: Sequence[Product] = ()
    part: Packed | None = None
    divisor: Value | None = None
    scaled: bool = False
    linear: bool = False


Rule: TypeAlias = Callable[[MultiIndex], Recipe]


def degree_of(op: Op, args: Sequence[Packed]) -> int:
    """Return the degree in the variables that a polynomial has at most."""
    degrees = [arg.degree for arg in args]
    if op is MULTIPLY:
        return min(sum(degrees), UNBOUNDED)
    if op is OPS["divide"] and args[1].mask == 0:
        return degrees[0]
    return max(degrees) if op in LINEAR else UNBOUNDED


def maker_of(op: Op) -> Callable[[Packed], Rule]:
    """Return what makes the rule of a term when its derivatives are first wanted.

    Raises
    ------
    DerivativeError
        If there is no rule for the op.
    """
    special = SPECIAL.get(op)
    if special is not None:
        return special
    if op in LINEAR:
        return lambda term: lambda index: Recipe(linear=True)
    if op.elementwise:
        return _by_partials
    raise DerivativeError(
        f"{op.name} has no rule for polynomials in several variables; use .diff() instead"
    )


# --- multi-indices -------------------------------------------------------------------------------


def split(index: MultiIndex) -> list[tuple[MultiIndex, MultiIndex, int]]:
    """Return all ``(β, γ, C)`` with ``β + γ = α`` and the binomial C(α, β).

    Examples
    --------
    >>> split((1, 1))
    [((), (1, 1), 1), ((1,), (1,), 2), ((1, 1), (), 1)]
    """
    counts = {i: index.count(i) for i in dict.fromkeys(index)}
    found: list[tuple[MultiIndex, MultiIndex, int]] = []
    for taken in product(*[range(count + 1) for count in counts.values()]):
        beta: MultiIndex = ()
        gamma: MultiIndex = ()
        ways = 1
        for (i, count), part in zip(counts.items(), taken, strict=True):
            beta += (i,) * part
            gamma += (i,) * (count - part)
            ways *= comb(count, part)
        found.append((beta, gamma, ways))
    return found


def binomial(index: MultiIndex, part: MultiIndex) -> int:
    """Return C(α, β), which is 0 if β is no part of α.

    Examples
    --------
    >>> binomial((0, 1, 1), (1,)), binomial((0, 1), (1, 1))
    (2, 0)
    """
    return prod([comb(index.count(i), part.count(i)) for i in dict.fromkeys(part)])


def without(index: MultiIndex, variable: int) -> MultiIndex:
    """Return ``α - e_i``."""
    place = index.index(variable)
    return index[:place] + index[place + 1 :]


# --- products and quotients ----------------------------------------------------------------------


def _product(term: Packed) -> Rule:
    u, v = term.args

    def rule(index: MultiIndex) -> Recipe:
        products: list[Product] = [
            (count, u, beta, v, gamma)
            for beta, gamma, count in term.expansion.splits(index)
            if u.may_have(beta) and v.may_have(gamma)
        ]
        return Recipe(products)

    return rule


def _quotient(term: Packed) -> Rule:
    if term.op is RECIPROCAL:
        part, (v,) = None, term.args
    else:
        part, v = term.args
    scaled = part is None or part.mask == 0 or _fewer(term, part, v)

    def rule(index: MultiIndex) -> Recipe:
        products: list[Product] = [
            (-count, term, beta, v, gamma)
            for beta, gamma, count in term.expansion.splits(index)
            if gamma and v.may_have(gamma)
        ]
        return Recipe(products, part, v.leading, scaled)

    return rule


def _fewer(term: Packed, *factors: Packed) -> bool:
    """Whether factors have fewer coefficients together than a term has."""
    return sum(map(_count, factors)) < _count(term)


def _count(term: Packed) -> int:
    """How many coefficients a term has at most, but for the first."""
    order = min(term.degree, term.expansion.order)
    return comb(term.mask.bit_count() + order, order) - 1


def _root(term: Packed) -> Rule:
    (u,) = term.args
    one = _one(term)

    def rule(index: MultiIndex) -> Recipe:
        products: list[Product] = [(0.5, u, index, one, ())]
        for beta, gamma, count in term.expansion.splits(index):
            if beta and gamma:
                products.append((-0.5 * count, term, beta, term, gamma))
        return Recipe(products, divisor=term.leading)

    return rule


def _absolute(term: Packed) -> Rule:
    (u,) = term.args
    sign = _packed(OPS["sign"](u))
    return lambda index: Recipe([(1, u, index, sign, ())])


# --- powers --------------------------------------------------------------------------------------


def _power(term: Packed) -> Rule:
    """A constant exponent below 1, or 1 and above it by the rule for ``p·uᵖ⁻¹``, right at 0."""
    u, p = term.args
    if p.mask or p.leading.node.op is not CONST or p.type.is_complex:
        return _by_partials(term)
    exponent = float(p.leading.node.attrs[0].array)
    if exponent < 1:
        return _with_exponent(term, exponent)
    lowered = POWER(u, np.asarray(exponent - 1, p.type.dtype))
    return _from_pairs(term, [(u, _packed(lowered * exponent))])


def _with_exponent(term: Packed, exponent: float) -> Rule:
    u = term.args[0]

    def rule(index: MultiIndex) -> Recipe:
        i = index[0]
        rest = index[1:]
        products: list[Product] = []
        for beta, gamma, _ in term.expansion.splits(index):
            if beta and u.may_have(beta):
                raised = binomial(rest, without(beta, i)) if i in beta else 0
                weight = exponent * raised - binomial(rest, beta)
                if weight:
                    products.append((weight, term, gamma, u, beta))
        return Recipe(products, divisor=u.leading, scaled=True)

    return rule


def _negative_power(term: Packed) -> Rule:
    return _with_exponent(term, term.attrs[0])


def _cube_root(term: Packed) -> Rule:
    return _with_exponent(term, 1 / 3)


# --- from derivative rules -----------------------------------------------------------------------


def _packed(operand: Operand) -> Packed:
    from graphad.passes.multivariate_expansion import Packed

    assert isinstance(operand, Packed)
    return operand


def _one(term: Packed) -> Packed:
    expansion = term.expansion
    return expansion.constant(expansion.builder.constant(term.type.dtype.type(1)))


def _by_partials(term: Packed) -> Rule:
    op = term.op
    assert op.jvp is not None
    one = _one(term)
    pairs: list[tuple[Packed, Packed]] = []
    for i, arg in enumerate(term.args):
        if arg.mask:
            tangents = [one if i == j else None for j in range(len(term.args))]
            partial = op.jvp(term, term.args, tangents, term.attrs)
            if partial is not None:
                pairs.append((arg, _packed(partial)))
    if len(pairs) == 1 and pairs[0][1].op is RECIPROCAL:
        return _from_quotient(term, pairs[0][0], pairs[0][1].args[0])
    return _from_pairs(term, pairs)


def _from_pairs(term: Packed, pairs: Sequence[tuple[Packed, Packed]]) -> Rule:
    """``D_i y = Σ p·D_i u``."""

    def by(index: MultiIndex, i: int) -> list[Product]:
        return [
            (count, p, beta, u, _with(gamma, i))
            for u, p in pairs
            for beta, gamma, count in term.expansion.splits(without(index, i))
            if p.may_have(beta) and u.may_have(_with(gamma, i))
        ]

    return lambda index: Recipe(_cheapest(index, by))


def _from_quotient(term: Packed, u: Packed, q: Packed) -> Rule:
    """``D_i y = D_i u / q``."""
    scaled = q is u or _fewer(term, u, q)

    def by(index: MultiIndex, i: int) -> list[Product]:
        return [
            (-count, term, _with(gamma, i), q, beta)
            for beta, gamma, count in term.expansion.splits(without(index, i))
            if beta and q.may_have(beta)
        ]

    return lambda index: Recipe(_cheapest(index, by), u, q.leading, scaled)


def _with(index: MultiIndex, variable: int) -> MultiIndex:
    return tuple(sorted((*index, variable)))


def _cheapest(index: MultiIndex, by: Callable[[MultiIndex, int], list[Product]]) -> list[Product]:
    """The products by the variable that leaves the fewest, with what they ask for anew counted."""
    best: list[Product] = []
    least = -1
    for i in dict.fromkeys(index):
        products = by(index, i)
        anew = {
            (id(term), part)
            for product in products
            for term, part in (product[1:3], product[3:5])
            if term.make is not None and part and part not in term.wanted.get(len(part), ())
        }
        cost = 2 * len(products) + 2 * len(anew) + len({product[0] for product in products})
        if least < 0 or cost < least:
            best, least = products, cost
    return best


# --- ops that are expanded as other ops ----------------------------------------------------------


def _folded_product(args: tuple[Packed, ...], attrs: Attrs) -> Packed | None:
    """More than two factors by halves: products of few are shared by products of many."""
    if len(args) <= 2:
        return None
    middle = (len(args) + 1) // 2
    left, right = args[:middle], args[middle:]
    return _packed(MULTIPLY(_multiplied(left), _multiplied(right)))


def _multiplied(factors: tuple[Packed, ...]) -> Operand:
    return MULTIPLY(*factors) if len(factors) > 1 else factors[0]


def _integer_power(args: tuple[Packed, ...], attrs: Attrs) -> Packed | None:
    """Repeated squaring; negative powers have a recurrence."""
    return _packed(repeated(args[0], attrs[0])) if attrs[0] > 0 else None


COMPOSED: dict[Op, Callable[[tuple[Packed, ...], Attrs], Packed | None]] = {
    MULTIPLY: _folded_product,
    OPS["integer_power"]: _integer_power,
}
"""Ops that are expanded as other ops."""

SPECIAL: dict[Op, Callable[[Packed], Rule]] = {
    MULTIPLY: _product,
    OPS["divide"]: _quotient,
    RECIPROCAL: _quotient,
    OPS["sqrt"]: _root,
    OPS["cbrt"]: _cube_root,
    OPS["absolute"]: _absolute,
    POWER: _power,
    OPS["integer_power"]: _negative_power,
}
"""Recurrences that cost less than what follows from the derivative rule."""
