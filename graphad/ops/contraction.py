"""Sums of products over indices, and identities.

``einsum`` is NumPy's, widened by one thing: an index may stand twice in the output, which puts the
values on a diagonal, as in ``"i->ii"``. So products, transposes, traces, diagonals and outer
products have one form, in which identities and diagonals can be seen and cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import broadcast_to, multilinear_jvp, reshape_to
from graphad.types import DTYPES_BY_NAME, Type, common_dtype, make_type

Shape = tuple[int, ...]
LETTERS = ascii_lowercase[8:] + ascii_lowercase[:8] + ascii_uppercase
"""Index letters in the order they are given out: i, j, k, …"""


@lru_cache(maxsize=4096)
def parse_spec(spec: str) -> tuple[tuple[str, ...], str]:
    """Return the terms of the operands and of the output.

    Raises
    ------
    TypeRuleError
        If `spec` is not of the form ``"ij,jk->ik"``.

    Examples
    --------
    >>> parse_spec("ij,jk->ik")
    (('ij', 'jk'), 'ik')
    """
    left, arrow, out = spec.partition("->")
    terms = tuple(left.split(","))
    known = set("".join(terms))
    if not arrow or not set(out) <= known or not known <= set(LETTERS):
        raise TypeRuleError(f"einsum does not take the indices {spec!r}")
    return terms, out


def make_spec(terms: Sequence[str], out: str) -> str:
    """Return the spec of these terms with letters renamed in order of appearance.

    Raises
    ------
    TypeRuleError
        If there are more than 52 indices.

    Examples
    --------
    >>> make_spec(["ba", "ac"], "bc")
    'ij,jk->ik'
    """
    names: dict[str, str] = {}
    for letter in "".join(terms) + out:
        if letter not in names:
            if len(names) == len(LETTERS):
                raise TypeRuleError("an einsum of more than 52 indices is not supported")
            names[letter] = LETTERS[len(names)]
    table = str.maketrans(names)
    return f"{','.join(terms)}->{out}".translate(table)


def unused_letters(*terms: str) -> list[str]:
    """Return letters that none of the terms uses."""
    used = set("".join(terms))
    return [letter for letter in LETTERS if letter not in used]


def index_sizes(terms: Sequence[str], shapes: Sequence[Shape]) -> dict[str, int]:
    """Return the length of each index.

    Raises
    ------
    TypeRuleError
        If shapes do not fit the terms.
    """
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if len(term) != len(shape):
            raise TypeRuleError(f"einsum indices {term!r} do not fit the shape {shape}")
        for letter, n in zip(term, shape, strict=True):
            if sizes.setdefault(letter, n) != n:
                raise TypeRuleError(f"einsum index {letter!r} has lengths {sizes[letter]} and {n}")
    return sizes


def _infer(types: Sequence[Type], attrs: Attrs) -> Type:
    terms, out = parse_spec(attrs[0])
    if len(terms) != len(types):
        raise TypeRuleError(f"einsum {attrs[0]!r} does not take {len(types)} operands")
    sizes = index_sizes(terms, [t.shape for t in types])
    return make_type(tuple([sizes[letter] for letter in out]), common_dtype(types))


# --- evaluation ----------------------------------------------------------------------------------

Step = tuple[tuple[int, ...], tuple[str, ...], str]


@lru_cache(maxsize=4096)
def contraction_steps(spec: str, shapes: tuple[Shape, ...]) -> tuple[Step, ...]:
    """Return the order in which an einsum contracts, two operands at a time.

    Each step is the positions of the operands it takes off the list, their terms, and the term of
    the result, which goes to the end of the list. The last result has each output index once.
    """
    terms, out = parse_spec(spec)
    wanted = "".join(dict.fromkeys(out))
    if len(terms) <= 2:
        return ((tuple(range(len(terms))), terms, wanted),)
    once = f"{','.join(terms)}->{wanted}"
    path = np.einsum_path(once, *[np.empty(shape) for shape in shapes], optimize="greedy")[0]
    left = list(terms)
    steps: list[Step] = []
    for group in path[1:]:
        waiting = sorted(group)
        while waiting:  # NumPy takes more than two at once where it costs no more
            taken, waiting = tuple(waiting[:2]), waiting[2:]
            pair = tuple(left[i] for i in taken)
            rest = [term for i, term in enumerate(left) if i not in taken]
            needed = set(wanted).union(*rest)
            kept = "".join(c for c in dict.fromkeys("".join(pair)) if c in needed)
            result = kept if rest else wanted
            steps.append((taken, pair, result))
            left = [*rest, result]
            waiting = [*[i - 2 for i in waiting], len(rest)] if waiting else []
    return tuple(steps)


def _alone(x: Array, term: str, keep: str) -> tuple[Array, str]:
    """Take diagonals of repeated indices, and sum indices that are not in `keep`."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            x = np.diagonal(x, axis1=first, axis2=second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    summed = tuple(axis for axis, letter in enumerate(term) if letter not in keep)
    if summed:
        x = np.asarray(np.sum(x, axis=summed))
        term = "".join(letter for letter in term if letter in keep)
    return x, term


def _arranged(x: Array, term: str, order: str) -> Array:
    return x if term == order else x.transpose([term.index(letter) for letter in order])


def _pair(a: Array, b: Array, left: str, right: str, out: str) -> Array:
    a, left = _alone(a, left, right + out)
    b, right = _alone(b, right, left + out)
    shared = "".join(c for c in left if c in right and c in out)
    inner = "".join(c for c in left if c in right and c not in out)
    rows = "".join(c for c in left if c not in right)
    columns = "".join(c for c in right if c not in left)
    a = _arranged(a, left, shared + rows + inner)
    b = _arranged(b, right, shared + inner + columns)
    k, r, c = len(shared), len(rows), len(columns)
    batch, row_shape, column_shape = a.shape[:k], a.shape[k : k + r], b.shape[b.ndim - c :]
    if inner and a.dtype != object:
        n = prod(a.shape[k + r :])
        product = np.matmul(
            a.reshape((*batch, prod(row_shape), n)), b.reshape((*batch, n, prod(column_shape)))
        ).reshape(batch + row_shape + column_shape)
    else:
        m = len(inner)
        left_shape = batch + row_shape + a.shape[k + r :] + (1,) * c
        right_shape = batch + (1,) * r + b.shape[k : k + m] + column_shape
        product = a.reshape(left_shape) * b.reshape(right_shape)
        if inner:
            product = np.asarray(np.sum(product, axis=tuple(range(k + r, k + r + m))))
    return _arranged(np.asarray(product), shared + rows + columns, out)


def _evaluate(*args: Any) -> Array:
    *arrays, spec = args
    operands: list[Array] = list(arrays)
    result: Array = operands[0]
    for taken, terms, term in contraction_steps(spec, tuple([x.shape for x in operands])):
        if len(taken) == 1:
            alone, left = _alone(operands[taken[0]], terms[0], term)
            result = _arranged(alone, left, term)
        else:
            a, b = (operands[i] for i in taken)
            result = _pair(a, b, terms[0], terms[1], term)
        operands = [x for i, x in enumerate(operands) if i not in taken]
        operands.append(result)
    out = parse_spec(spec)[1]
    wanted = "".join(dict.fromkeys(out))
    return result if wanted == out else _on_diagonal(result, wanted, out)


def _on_diagonal(x: Array, term: str, out: str) -> Array:
    sizes = dict(zip(term, x.shape, strict=True))
    whole = np.zeros([sizes[letter] for letter in out], x.dtype)
    strides = dict.fromkeys(term, 0)
    for letter, stride in zip(out, whole.strides, strict=True):
        strides[letter] += stride
    view = np.lib.stride_tricks.as_strided(whole, x.shape, [strides[letter] for letter in term])
    view[...] = x
    return whole


def _cost(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    """Multiplications and additions of the contraction, pair by pair."""
    shapes = tuple([t.shape for t in types])
    sizes = index_sizes(parse_spec(attrs[0])[0], shapes)

    def volume(letters: Any) -> int:
        return prod(sizes[letter] for letter in set(letters))

    count = 0
    for _, terms, result in contraction_steps(attrs[0], shapes):
        needed = []
        for i, term in enumerate(terms):
            elsewhere = set(result).union(*[t for j, t in enumerate(terms) if j != i])
            needed.append(set(term) & elsewhere)
            count += volume(term) - volume(needed[-1])
        if len(terms) == 2:
            products = volume(needed[0] | needed[1])
            count += products + products - volume(result)
    return count


# --- derivative and batch ------------------------------------------------------------------------


def contract(operands: Sequence[Operand], terms: Sequence[str], out: str) -> Operand:
    """Emit the einsum of these operands, with letters renamed in order of appearance."""
    return einsum(*operands, spec=make_spec(terms, out))


def _transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    terms, out = parse_spec(attrs[0])
    position = args.index(None)
    others = [(arg, terms[i]) for i, arg in enumerate(args) if arg is not None]
    wanted = terms[position]
    known = set(out).union(*[term for _, term in others])
    whole = all(letter in known for letter in wanted)
    single = "".join(dict.fromkeys(wanted))
    found = wanted if whole else "".join(letter for letter in single if letter in known)
    term_list = [out, *[term for _, term in others]]
    cotangent = contract([ct, *[arg for arg, _ in others]], term_list, found)
    if not whole:  # an index that was only summed over comes back by repetition
        sizes = dict(zip(wanted, types[position].shape, strict=True))
        held = tuple([sizes[letter] if letter in known else 1 for letter in single])
        spread = tuple([sizes[letter] for letter in single])
        cotangent = broadcast_to(reshape_to(cotangent, held), spread)
        if single != wanted:
            cotangent = contract([cotangent], [single], wanted)
    result: list[Operand | None] = [None] * len(args)
    result[position] = cotangent
    return result


def _batch(lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs) -> Operand:
    terms, out = parse_spec(attrs[0])
    extra = "".join(unused_letters(*terms, out)[: len(lead)])
    widened = [extra + term if has else term for term, has in zip(terms, batched, strict=True)]
    return contract(args, widened, extra + out)


einsum = OPS.enter(
    Op(
        "einsum",
        _infer,
        _evaluate,
        attrs=("spec",),
        arity=None,
        jvp=multilinear_jvp("einsum"),
        transpose=_transpose,
        batch=_batch,
        cost=_cost,
        generic=True,
        samples=(
            Sample(((2, 3), (3, 2)), attrs=("ij,jk->ik",)),
            Sample(((3,), (3,)), attrs=("i,i->",)),
            Sample(((3,), (2,)), attrs=("i,j->ij",)),
            Sample(((3, 3),), attrs=("ii->i",)),
            Sample(((3, 3),), attrs=("ii->",)),
            Sample(((2, 2, 3), (3,)), attrs=("iij,j->",)),
            Sample(((3,),), attrs=("i->ii",)),
            Sample(((2, 3),), attrs=("ij->j",)),
            Sample(((2, 3), (3,), (3, 2)), attrs=("ij,j,jk->ik",)),
            Sample(((2, 3, 2), (2, 2, 2)), attrs=("ijk,ikl->ijl",)),
        ),
        identity="sum of products over indices; an index twice in the output is a diagonal",
    )
)


def _identity_evaluate(shape: Shape, dtype: str) -> Array:
    n = prod(shape)
    return np.eye(n, dtype=DTYPES_BY_NAME[dtype]).reshape(shape + shape)


identity = OPS.enter(
    Op(
        "identity",
        lambda types, attrs: make_type(attrs[0] + attrs[0], DTYPES_BY_NAME[attrs[1]]),
        _identity_evaluate,
        attrs=("shape", "dtype"),
        arity=0,
        cost=lambda types, out, attrs: 0,
        structural=True,
        generic=True,
        samples=(Sample((), attrs=((3,), "f64")), Sample((), attrs=((2, 2), "f64"))),
        identity="1 where the two halves of the indices are equal, structural zeros elsewhere",
    )
)
