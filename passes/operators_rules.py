"""How values and their coefficients go through ops.

With ``ε = u - u_0`` the coefficients of u, which vanish in products of more of them than the order
of the operator, rules are

=====================  ======================================================================
linear ops             the op itself
``y = u·v``            ``u_0·v_k + u_k·v_0 + Σ c·u_i·v_j`` over the splits of k
``y = u / v``          ``y_k = (u_k - y_0·v_k - Σ c·y_i·v_j) / v_0``
``y = φ(u)``           ``φ'(u_0)·ε + φ''(u_0)/2·ε² + …``, the derivatives by Taylor mode
``y = φ(u, v)``        put together from others
=====================  ======================================================================

In each the highest coefficient comes in linearly, and so may be a sum: of those products it is the
only one that is not needed by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from graphad.builder import Builder, Value
from graphad.constant import Span
from graphad.errors import DerivativeError
from graphad.op import Array, Attrs, Number, Op, Operand
from graphad.ops import OPS
from graphad.ops.slicing import full_span
from graphad.passes.compositions import COMPOSED
from graphad.passes.operators_blocks import Block
from graphad.passes.operators_products import Products
from graphad.passes.operators_special import SPECIAL_PAIRS
from graphad.passes.operators_symbol import Closure
from graphad.passes.series import LINEAR, Expansion, coefficient
from graphad.types import Type

MULTIPLY, DIVIDE, EINSUM, POWER = (OPS[n] for n in ("multiply", "divide", "einsum", "power"))


class MissingRuleError(DerivativeError):
    """An op does not take coefficients of linear operators: other ways are open."""


class Jet(Operand):
    """A value with its coefficients; levels that are not there are structural zeros.

    Parameters
    ----------
    rules : Rules
        What ops on it go through.
    value : Value
        The value.
    blocks : dict of int to Block
        Coefficients by level.
    """

    __slots__ = ("blocks", "rules", "value")

    def __init__(self, rules: Rules, value: Value, blocks: dict[int, Block]) -> None:
        self.rules = rules
        self.value = value
        self.blocks = blocks

    @property
    def type(self) -> Type:
        """Shape and dtype, those of the value."""
        return self.value.type

    @property
    def is_constant(self) -> bool:
        """Whether there are no coefficients but the value."""
        return not self.blocks

    def emit(self, op: Op, args: tuple[Operand | Number | Array, ...], attrs: Attrs) -> Jet:
        """Return `op` on values with coefficients; numbers have none."""
        return self.rules.apply(op, tuple([self._lifted(arg) for arg in args]), attrs)

    def _lifted(self, arg: Operand | Number | Array) -> Jet:
        if isinstance(arg, Jet):
            return arg
        builder = self.rules.builder
        return Jet(self.rules, builder.value(builder.lift(arg, self)), {})

    def __repr__(self) -> str:
        return f"<coefficients of {self.value!r}>"


class Rules:
    """Pushes coefficients through ops.

    Parameters
    ----------
    builder : Builder
        Where values are emitted.
    closure : Closure
        What is propagated.
    """

    def __init__(self, builder: Builder, closure: Closure) -> None:
        self.builder = builder
        self.closure = closure
        self.blocks = Products(builder, closure)
        self.levels = sorted(set(closure.levels) - {0})

    def apply(self, op: Op, args: tuple[Jet, ...], attrs: Attrs) -> Jet:
        """Return an op's value and coefficients.

        Raises
        ------
        MissingRuleError
            If there is no rule for the op.
        """
        nodes = tuple([arg.value.node for arg in args])
        out = self.builder.value(self.builder.emit(op, nodes, attrs))
        moving = [arg for arg in args if not arg.is_constant]
        if op.jvp is None or not moving or not out.type.is_inexact:
            return Jet(self, out, {})
        if not op.analytic and any(arg.type.is_complex for arg in moving):
            raise MissingRuleError(op.name)
        if op in LINEAR or (op in (MULTIPLY, EINSUM) and len(moving) == 1):
            return self._linear(op, args, attrs, out)
        if op is DIVIDE and args[1].is_constant:
            return self._linear(op, args, attrs, out)
        if op is EINSUM or op is MULTIPLY:
            return self._product(op, args, attrs, out)
        if op.elementwise and all(arg is moving[0] for arg in moving):
            return self._univariate(op, args, attrs, out)
        if op is OPS["recurrence"]:
            return Jet(self, out, _recurrence(args, attrs).blocks)
        rule = BIVARIATE.get(op)
        if rule is None:
            raise MissingRuleError(op.name)
        return Jet(self, out, rule(Jet(self, out, {}), args).blocks)

    def _linear(self, op: Op, args: Sequence[Jet], attrs: Attrs, out: Value) -> Jet:
        values = [arg.value for arg in args]
        made: dict[int, Block] = {}
        for level in self.levels:
            parts = [arg.blocks.get(level) for arg in args]
            if any(part is not None for part in parts):
                block = self.blocks.linear(op, attrs, out, values, parts)
                if block is not None:
                    made[level] = block
        return Jet(self, out, made)

    def _product(self, op: Op, args: tuple[Jet, ...], attrs: Attrs, out: Value) -> Jet:
        if len(args) > 2:
            return Jet(self, out, _composed(op, args, attrs).blocks)
        left, right = args
        if op is MULTIPLY and left is right:
            return self._univariate(op, args, attrs, out)
        lone = self._linear(op, args, attrs, out).blocks
        made: dict[int, Block] = {}
        for level in self.levels:
            terms = [lone[level]] if level in lone else []
            terms += self.blocks.products(level, left.blocks, right.blocks, op, attrs, out.type)
            _put(made, level, self.blocks.added(terms))
        return Jet(self, out, made)

    def quotient(self, u: Jet, v: Jet, out: Jet) -> Jet:
        """Return ``u / v``, where `out` is its value."""
        made: dict[int, Block] = {}
        factor = out.value
        for level in self.levels:
            terms = []
            if level in v.blocks:
                terms.append(self.blocks.scaled(v.blocks[level], factor, out.shape))
            terms += self.blocks.products(level, made, v.blocks, MULTIPLY, (), out.type)
            terms = [self.blocks.scaled(term, -1, out.shape) for term in terms]
            if level in u.blocks:
                terms.append(self.blocks.scaled(u.blocks[level], 1, out.shape))
            summed = self.blocks.added(terms)
            if summed is not None:
                args = [out.value, v.value]
                _put(made, level, self.blocks.linear(DIVIDE, (), out.value, args, [summed, None]))
        return Jet(self, out.value, made)

    # --- functions of one moving operand ---------------------------------------------------------

    def _univariate(self, op: Op, args: Sequence[Jet], attrs: Attrs, out: Value) -> Jet:
        moving = next(arg for arg in args if not arg.is_constant)
        highest = self.closure.order // min(moving.blocks)
        factors = self._derivatives(op, args, attrs, highest)
        powers = self._powers(moving, [k for k in factors if k > 1])
        powers[1] = moving.blocks
        made: dict[int, Block] = {}
        for level in self.levels:
            terms = [
                self.blocks.scaled(powers[k][level], factors[k], out.shape)
                for k in sorted(factors)
                if level in powers[k]
            ]
            _put(made, level, self.blocks.added(terms))
        return Jet(self, out, made)

    def _derivatives(
        self, op: Op, args: Sequence[Jet], attrs: Attrs, highest: int
    ) -> dict[int, Operand]:
        """Return the derivatives by the moving operand, each divided by the factorial of its order.

        Structural zeros are left out.
        """
        expansion = Expansion(self.builder, highest)
        moving = next(arg for arg in args if not arg.is_constant)
        one = self.builder.constant(moving.type.dtype.type(1))
        line = expansion.line(moving.value, one)
        terms = [line if arg is moving else expansion.constant(arg.value) for arg in args]
        term = expansion.apply(op, tuple(terms), attrs)
        expansion.expand(highest)
        found = {k: coefficient(term, k) for k in range(1, highest + 1)}
        return {k: value for k, value in found.items() if value is not None}

    def _powers(self, moving: Jet, wanted: Sequence[int]) -> dict[int, dict[int, Block]]:
        """Return powers of the coefficients of a value, by squares where they are even."""
        powers = {1: moving.blocks}
        needed: list[int] = []
        stack = list(wanted)
        while stack:
            k = stack.pop()
            if k > 1 and k not in needed:
                needed.append(k)
                stack.extend((k - k // 2, k // 2) if k % 2 == 0 else (k - 1,))
        for k in sorted(needed):
            left, right = (k // 2, k // 2) if k % 2 == 0 else (k - 1, 1)
            made: dict[int, Block] = {}
            for level in self.levels:
                terms = self.blocks.products(
                    level, powers[left], powers[right], MULTIPLY, (), moving.type
                )
                _put(made, level, self.blocks.added(terms))
            powers[k] = made
        return powers


def _put(blocks: dict[int, Block], level: int, block: Block | None) -> None:
    if block is not None:
        blocks[level] = block


def _composed(op: Op, args: tuple[Jet, ...], attrs: Attrs) -> Jet:
    """Compose as series do: those rules ask for no more than ops on operands."""
    made = COMPOSED[op](cast(Any, args), attrs)
    assert made is not None
    return cast(Jet, made)


# --- functions of two moving operands ------------------------------------------------------------
# Their value is there already; it stands in these as a constant, which keeps numbers near 1.


def _divide(out: Jet, args: Sequence[Jet]) -> Jet:
    return out.rules.quotient(args[0], args[1], out)


def _hypot(out: Jet, args: Sequence[Jet]) -> Operand:
    """``|(x, y)| = r·sqrt((x/r)² + (y/r)²)``, r the value."""
    a, b = (arg * OPS["pseudo_reciprocal"](out) for arg in args)
    return out * OPS["length"](a * a + b * b)


def _arctan2(out: Jet, args: Sequence[Jet]) -> Operand:
    """The angle from the direction at the point, of which sine and cosine are products."""
    y, x = args
    r = OPS["hypot"](_fixed(x), _fixed(y))
    cosine, sine = _fixed(x) / r, _fixed(y) / r
    a, b = x / r, y / r
    return OPS["arctan"]((b * cosine - a * sine) / (a * cosine + b * sine))


def _logaddexp(out: Jet, args: Sequence[Jet]) -> Operand:
    """``log(eˣ + eʸ) = y - log(expit(y - x))``, of which no derivative cancels."""
    x, y = args
    return y - OPS["log_expit"](y - x)


def _power(out: Jet, args: Sequence[Jet]) -> Operand:
    """``uᵖ = exp(p·log u)``, where both move."""
    u, p = args
    return OPS["exp"](p * OPS["log"](u))


def _remainder(out: Jet, args: Sequence[Jet]) -> Operand:
    """``x - y·n``, n the whole part of the quotient, which does not move."""
    x, y = args
    whole = OPS["rint"]((_fixed(x) - out) / _fixed(y))
    return x - y * whole


def _recurrence(args: Sequence[Jet], attrs: Attrs) -> Any:
    """Step after step along the axis: ``y_t = a_t y_{t-1} + b_t``."""
    factors, terms = args
    (axis,) = attrs
    length = terms.shape[axis]

    def at(x: Operand, t: int) -> Operand:
        spans = [full_span(n) for n in x.shape]
        spans[axis] = Span(t, t + 1, 1)
        return OPS["slice"](x, spans=tuple(spans))

    steps = [at(terms, 0)]
    for t in range(1, length):
        steps.append(at(factors, t) * steps[-1] + at(terms, t))
    return steps[0] if length == 1 else OPS["concatenate"](*steps, axis=axis)


def _fixed(jet: Jet) -> Jet:
    return Jet(jet.rules, jet.value, {})


BIVARIATE: dict[Op, Callable[[Jet, Sequence[Jet]], Any]] = {
    DIVIDE: _divide,
    OPS["hypot"]: _hypot,
    OPS["arctan2"]: _arctan2,
    OPS["logaddexp"]: _logaddexp,
    POWER: _power,
    OPS["remainder"]: _remainder,
    OPS["fmod"]: _remainder,
    **SPECIAL_PAIRS,
}
"""Ops of two operands that are no products."""
