"""Ops whose Taylor series are those of other ops, put together.

The part of Taylor mode that needs no recurrence of its own; `graphad.passes.series` has the others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING

from graphad.op import Attrs, Op, Operand
from graphad.ops import OPS
from graphad.ops.contraction import make_spec, parse_spec

if TYPE_CHECKING:
    from graphad.passes.series import Term

MULTIPLY, RECIPROCAL = OPS["multiply"], OPS["reciprocal"]


def _folded_product(args: tuple[Term, ...], attrs: Attrs) -> Term | None:
    """More than two factors, multiplied one after the other."""
    if len(args) <= 2:
        return None
    return reduce(lambda left, right: left.emit(MULTIPLY, (left, right), ()), args)


def _folded_einsum(args: tuple[Term, ...], attrs: Attrs) -> Term | None:
    """More than two operands, several of which move, contracted one after the other."""
    if len(args) <= 2 or sum(not arg.is_constant for arg in args) < 2:
        return None
    terms, out = parse_spec(attrs[0])
    result, term = args[0], terms[0]
    for i in range(1, len(args)):
        needed = set(out).union(*terms[i + 1 :])
        last = i == len(args) - 1
        kept = out if last else "".join(c for c in dict.fromkeys(term + terms[i]) if c in needed)
        spec = make_spec([term, terms[i]], kept)
        result, term = result.emit(OPS["einsum"], (result, args[i]), (spec,)), kept
    return result


def repeated(factor: Operand, count: int) -> Operand:
    """Return a product of equal factors by repeated squaring, right also where they are 0.

    Parameters
    ----------
    factor : Operand
        A series, a polynomial, or a value.
    count : int
        How many, at least 1.
    """
    square, left, result = factor, count, None
    while left:
        if left & 1:
            result = square if result is None else MULTIPLY(result, square)
        left >>= 1
        if left:
            square = MULTIPLY(square, square)
    assert result is not None
    return result


def _integer_power(args: tuple[Term, ...], attrs: Attrs) -> Operand | None:
    """Repeated squaring of series."""
    (base,), n = args, attrs[0]
    if n == 0:
        return None
    made = repeated(base, abs(n))
    return RECIPROCAL(made) if n < 0 else made


COMPOSED: dict[Op, Callable[[tuple[Term, ...], Attrs], Operand | None]] = {
    MULTIPLY: _folded_product,
    OPS["einsum"]: _folded_einsum,
    OPS["integer_power"]: _integer_power,
}
"""Ops that are expanded as other ops."""
