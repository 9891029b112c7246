"""Series of ops that have no recurrence of their own, from the derivative rule alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from graphad.builder import Value
from graphad.op import Operand
from graphad.ops.factories import broadcast_to

if TYPE_CHECKING:
    from graphad.passes.series import Rule, Term


def by_jvp(term: Term, coefficient: Callable[[Term, int], Value | None]) -> Rule:
    """Return the rule ``y_k = (y')_{k-1} / k``, with y' as the jvp has it of the series themselves.

    The derivative y' = jvp(y, u, u') is expanded beside, one order behind: when y_k is wanted, u is
    there up to order k, and so u' up to order k - 1, and y too. Where the jvp is written with the
    op itself, as that of ``solve`` is, each of these expansions has another within, an order
    shorter.

    Parameters
    ----------
    term : Term
        The series of the op.
    coefficient : callable
        Gives a coefficient of a term, ``None`` for 0.
    """
    op, expansion = term.op, term.expansion
    assert op.jvp is not None
    inner = type(expansion)(expansion.builder, max(0, expansion.order - 1))
    derivative: list[Term | None] = []

    def mirrored(source: Term) -> Term:
        if source.is_constant:
            return inner.constant(source.leading)
        return inner.series(source.leading, lambda j: coefficient(source, j), source.by_complex)

    def slope(source: Term) -> Term | None:
        if source.is_constant:
            return None
        first: Operand | None = coefficient(source, 1)
        if first is None:
            zero = expansion.builder.constant(source.type.dtype.type(0))
            first = broadcast_to(zero, source.shape)
        assert isinstance(first, Value)

        def rule(j: int) -> Operand | None:
            part = coefficient(source, j + 1)
            return None if part is None else part * float(j + 1)

        return inner.series(first, rule, source.by_complex)

    def expanded(k: int) -> Operand | None:
        assert op.jvp is not None
        if k == 1:
            slopes = [slope(arg) for arg in term.args]
            made = op.jvp(mirrored(term), [mirrored(arg) for arg in term.args], slopes, term.attrs)
            derivative.append(cast("Term | None", made))
        else:
            inner.advance(k - 1)
        if derivative[0] is None:
            return None
        part = coefficient(derivative[0], k - 1)
        return None if part is None else broadcast_to(part, term.shape) * (1.0 / k)

    return expanded
