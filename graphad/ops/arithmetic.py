"""Sums, products and quotients."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import (
    broadcast_to,
    elementwise_batch,
    multilinear_jvp,
    total,
    ufunc_type,
    unbroadcast,
)
from graphad.types import Type

# --- linear in every operand at once -----------------------------------------------------------


def _negative_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    return None if tangents[0] is None else -tangents[0]


negative = OPS.enter(
    Op(
        "negative",
        ufunc_type(np.negative),
        np.negative,
        jvp=_negative_jvp,
        transpose=lambda ct, args, types, attrs: (-ct,),
        batch=elementwise_batch("negative"),
        cost=lambda types, out, attrs: 0,
        precise=lambda mp, x: -x,
        ufunc=np.negative,
        elementwise=True,
        samples=(Sample(((),)), Sample(((3,),))),
        identity="-x",
    )
)


def _add_evaluate(*arrays: Array) -> Array:
    result: Array = reduce(np.add, arrays)
    return result


def _add_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    return total([broadcast_to(t, out.shape) for t in tangents if t is not None])


add = OPS.enter(
    Op(
        "add",
        ufunc_type(np.add),
        _add_evaluate,
        arity=None,
        jvp=_add_jvp,
        transpose=lambda ct, args, types, attrs: [
            unbroadcast(ct, type.shape) if arg is None else None
            for arg, type in zip(args, types, strict=True)
        ],
        batch=elementwise_batch("add"),
        cost=lambda types, out, attrs: (len(types) - 1) * out.size,
        precise=lambda mp, *xs: reduce(lambda a, b: a + b, xs),
        ufunc=np.add,
        commutative=True,
        elementwise=True,
        samples=(
            Sample(((), ())),
            Sample(((2, 3), (3,))),
            Sample(((3,), (), (3,))),
            Sample(((), (), (), ())),
        ),
        identity="x + y + …",
    )
)


def _subtract_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    left, right = tangents
    if left is None:
        return None if right is None else broadcast_to(-right, out.shape)
    if right is None:
        return broadcast_to(left, out.shape)
    return broadcast_to(left - right, out.shape)


subtract = OPS.enter(
    Op(
        "subtract",
        ufunc_type(np.subtract),
        np.subtract,
        arity=2,
        jvp=_subtract_jvp,
        transpose=lambda ct, args, types, attrs: (
            unbroadcast(ct, types[0].shape) if args[0] is None else None,
            -unbroadcast(ct, types[1].shape) if args[1] is None else None,
        ),
        batch=elementwise_batch("subtract"),
        precise=lambda mp, x, y: x - y,
        ufunc=np.subtract,
        elementwise=True,
        samples=(Sample(((), ())), Sample(((2, 3), (3,)))),
        identity="x - y",
    )
)

# --- products ----------------------------------------------------------------------------------


def _multiply_evaluate(*arrays: Array) -> Array:
    result: Array = reduce(np.multiply, arrays)
    return result


def _prefixes(values: Sequence[Operand]) -> list[Operand]:
    made = [values[0]]
    for value in values[1:]:
        made.append(made[-1] * value)
    return made


def _multiply_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """Product rule; all products that leave one factor out take 3n multiplications, not n²."""
    if len(args) == 2:
        rule = multilinear_jvp("multiply")(out, args, tangents, attrs)
        return None if rule is None else broadcast_to(rule, out.shape)
    before = _prefixes(args)
    after = _prefixes(args[::-1])[::-1]
    terms = []
    for i, tangent in enumerate(tangents):
        if tangent is None:
            continue
        term = tangent
        if i > 0:
            term = before[i - 1] * term
        if i < len(args) - 1:
            term = term * after[i + 1]
        terms.append(broadcast_to(term, out.shape))
    return total(terms)


def _multiply_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    position = args.index(None)
    product = ct
    for arg in args:
        if arg is not None:
            product = product * arg
    cotangents: list[Operand | None] = [None] * len(args)
    cotangents[position] = unbroadcast(product, types[position].shape)
    return cotangents


multiply = OPS.enter(
    Op(
        "multiply",
        ufunc_type(np.multiply),
        _multiply_evaluate,
        arity=None,
        jvp=_multiply_jvp,
        transpose=_multiply_transpose,
        batch=elementwise_batch("multiply"),
        cost=lambda types, out, attrs: (len(types) - 1) * out.size,
        precise=lambda mp, *xs: reduce(lambda a, b: a * b, xs),
        ufunc=np.multiply,
        commutative=True,
        elementwise=True,
        samples=(
            Sample(((), ())),
            Sample(((2, 3), (3,))),
            Sample(((3,), (), (3,))),
            Sample(((), (), (), ())),
        ),
        identity="x · y · …",
    )
)


def _reciprocal_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``-(t·y)·y``: the square may underflow, where t·y is near 1."""
    return None if tangents[0] is None else -(tangents[0] * out * out)


reciprocal = OPS.enter(
    Op(
        "reciprocal",
        ufunc_type(np.reciprocal),
        np.reciprocal,
        jvp=_reciprocal_jvp,
        batch=elementwise_batch("reciprocal"),
        cost=lambda types, out, attrs: out.size,
        precise=lambda mp, x: 1 / x,
        ufunc=np.reciprocal,
        elementwise=True,
        samples=(Sample(((),), ((0.5, 3.0),)), Sample(((3,),), ((0.5, 3.0),))),
        identity="1 / x",
    )
)


def _divide_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    numerator, denominator = tangents
    y = args[1]
    if denominator is None:
        return None if numerator is None else broadcast_to(numerator / y, out.shape)
    lowered = -(reciprocal(y) * out * denominator)
    if numerator is None:
        return broadcast_to(lowered, out.shape)
    return broadcast_to(numerator * reciprocal(y), out.shape) + broadcast_to(lowered, out.shape)


def _divide_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    if args[1] is None:
        raise TypeRuleError("a quotient is not linear in its denominator")
    return unbroadcast(ct / args[1], types[0].shape), None


divide = OPS.enter(
    Op(
        "divide",
        ufunc_type(np.divide),
        np.divide,
        arity=2,
        jvp=_divide_jvp,
        transpose=_divide_transpose,
        batch=elementwise_batch("divide"),
        precise=lambda mp, x, y: x / y,
        ufunc=np.divide,
        elementwise=True,
        samples=(
            Sample(((), ()), ((-2.0, 2.0), (0.5, 3.0))),
            Sample(((2, 3), (3,)), ((-2.0, 2.0), (0.5, 3.0))),
        ),
        identity="x / y",
    )
)

__all__ = ["add", "divide", "multiply", "negative", "reciprocal", "subtract"]
