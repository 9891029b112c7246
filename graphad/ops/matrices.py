"""What rules of matrix ops are written with: products, transposes and triangles of stacks.

A stack is an array whose last two axes are those of matrices; the axes before them are leading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from graphad.constant import Span
from graphad.errors import TypeRuleError
from graphad.op import OPS, Attrs, BatchRule, Operand
from graphad.ops.contraction import LETTERS, contract
from graphad.ops.factories import reshape_to
from graphad.ops.kinks import mask
from graphad.ops.movement import permute, spread
from graphad.ops.slicing import full_span, slice_
from graphad.types import Type

Shape = tuple[int, ...]

# --- type rules ----------------------------------------------------------------------------------


def check_matrix(name: str, x: Type, *, square: bool = False, real: bool = False) -> None:
    """Refuse what is no stack of matrices of floating-point numbers.

    Parameters
    ----------
    name : str
        The op, for the message.
    x : Type
        The operand.
    square : bool
        Whether matrices must be square.
    real : bool
        Whether complex numbers are refused, as by functions that conjugate.

    Raises
    ------
    TypeRuleError
        If it is none.
    """
    if x.ndim < 2:
        raise TypeRuleError(f"{name} takes a matrix, or a stack of them, not {x}")
    if square and x.shape[-1] != x.shape[-2]:
        raise TypeRuleError(f"{name} takes a square matrix, not {x}")
    if not x.is_inexact:
        raise TypeRuleError(f"{name} takes floating-point numbers, not {x}")
    if real and x.is_complex:
        raise TypeRuleError(
            f"{name} of a complex matrix conjugates, so it is not analytic; "
            "write it with the real and imaginary parts"
        )


def square_type(name: str, *, real: bool = False) -> Callable[[Sequence[Type], Attrs], Type]:
    """Return the type rule of a function from square matrices to matrices like them."""

    def infer(types: Sequence[Type], attrs: Attrs) -> Type:
        check_matrix(name, types[0], square=True, real=real)
        return types[0]

    return infer


# --- matrices as operands ------------------------------------------------------------------------


def transposed(x: Operand) -> Operand:
    """Return matrices with rows and columns exchanged."""
    return permute(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def contracted(spec: str, *operands: Operand) -> Operand:
    """Return an einsum over the last axes of stacks with the same leading axes.

    Parameters
    ----------
    spec : str
        The last axes, such as ``"ij,jk->ik"``.
    *operands : Operand
        As many.
    """
    left, _, out = spec.partition("->")
    terms = left.split(",")
    depth = operands[0].ndim - len(terms[0])
    lead = "".join([letter for letter in LETTERS if letter not in spec][:depth])
    return contract(operands, [lead + term for term in terms], lead + out)


def product(*matrices: Operand) -> Operand:
    """Return the product of matrices."""
    pairs = [LETTERS[i : i + 2] for i in range(len(matrices))]
    out = pairs[0][0] + pairs[-1][1]
    return contracted(f"{','.join(pairs)}->{out}", *matrices)


def rows(x: Operand, start: int, stop: int) -> Operand:
    """Return some rows of matrices."""
    lead = [full_span(n) for n in x.shape[:-2]]
    return slice_(x, spans=(*lead, Span(start, stop, 1), full_span(x.shape[-1])))


def row(x: Operand, index: int) -> Operand:
    """Return one row of matrices, as vectors."""
    return reshape_to(rows(x, index, index + 1), (*x.shape[:-2], x.shape[-1]))


def as_row(x: Operand) -> Operand:
    """Return vectors as matrices of one row."""
    return reshape_to(x, (*x.shape[:-1], 1, x.shape[-1]))


def as_column(x: Operand) -> Operand:
    """Return vectors as matrices of one column."""
    return reshape_to(x, (*x.shape, 1))


def above(x: Operand, offset: int = 0) -> Operand:
    """Return the upper triangle of matrices, from the diagonal with this offset; zeros elsewhere.

    The zeros are structural.
    """
    return mask(np.triu(np.ones(x.shape[-2:], dtype=bool), offset), x)


def below(x: Operand, offset: int = 0) -> Operand:
    """Return the lower triangle of matrices, up to the diagonal with this offset; else zeros."""
    return mask(np.tril(np.ones(x.shape[-2:], dtype=bool), offset), x)


def mirrored(x: Operand) -> Operand:
    """Return the symmetric matrices whose lower triangles are those of `x`."""
    return OPS["add"](below(x), transposed(below(x, -1)))


# --- leading axes --------------------------------------------------------------------------------


def stacked_batch(name: str) -> BatchRule:
    """Return the batch rule of an op on stacks: leading axes are nothing new to it."""

    def batch(
        lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
    ) -> Operand:
        op = OPS[name]
        return op(*spread(lead, args, batched), **dict(zip(op.attrs, attrs, strict=True)))

    return batch


def solving_batch(name: str) -> BatchRule:
    """Return the batch rule of an op that solves for many right sides.

    Those of a batch with one matrix are columns side by side, so that it is factorised once.
    """
    whole = stacked_batch(name)

    def batch(
        lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
    ) -> Operand:
        matrix, right = args
        if batched[0]:
            return whole(lead, args, batched, attrs)
        depth, ndim = len(lead), right.ndim
        order = (*range(depth, ndim - 1), *range(depth), ndim - 1)
        columns = int(np.prod((*lead, right.shape[-1])))
        wide = reshape_to(permute(right, order), (*right.shape[depth:-1], columns))
        op = OPS[name]
        solved = op(matrix, wide, **dict(zip(op.attrs, attrs, strict=True)))
        own = ndim - depth - 1
        split = reshape_to(solved, (*right.shape[depth:-1], *lead, right.shape[-1]))
        return permute(split, (*range(own, own + depth), *range(own), ndim - 1))

    return batch
