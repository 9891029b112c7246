"""np.einsum in both forms agrees with NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.builder import Builder
from graphad.tracing.lowering import LOWERINGS
from graphad.tracing.lowering.einsum import parse_subscripts
from graphad.types import make_type
from tests.tracing.lowering.calls import (
    Case,
    Traced,
    call,
    cases,
    check,
    lowered,
    refuses,
    traced,
)

S = traced()
X = traced(3)
Q = traced(3, 3)
A = traced(2, 3)
B = traced(3, 4)
T = traced(5, 2, 3)


@cases(
    call(np.einsum, "ij,jk->ik", A, B),
    call(np.einsum, "ij,jk", A, B),
    call(np.einsum, "ba,ca", A, A),
    call(np.einsum, "ij->ji", A),
    call(np.einsum, "ij", A),
    call(np.einsum, "ji", A),
    call(np.einsum, "ij->", A),
    call(np.einsum, "ij->j", A),
    call(np.einsum, "ii", Q),
    call(np.einsum, "ii->i", Q),
    call(np.einsum, "i,i", X, X),
    call(np.einsum, "i,i->i", X, X),
    call(np.einsum, "i,j", X, [1.0, 2.0]),
    call(np.einsum, " i , i -> ", X, X),
    call(np.einsum, "ij,j,jk->ik", A, X, B),
    call(np.einsum, "...ij,jk", T, B),
    call(np.einsum, "...ij,...j->...i", T, X),
    call(np.einsum, "...,...", A, A),
    call(np.einsum, "i...->...", T),
    call(np.einsum, "...ij->...ji", T),
    call(np.einsum, "i...,i...->i...", T, T),
    call(np.einsum, "...i,...i", T, A),
    call(np.einsum, ",i->i", S, X),
    call(np.einsum, ",", S, S),
    call(np.einsum, "ij,ij->ij", traced(1, 3), traced(2, 3)),
    call(np.einsum, "ij,ij->", traced(1, 3), traced(2, 3)),
    call(np.einsum, "iJ,Jk", A, B),
    call(np.einsum, "ij,jk->ik", A, np.arange(12).reshape(3, 4)),
    call(np.einsum, "ij,jk->ik", A, B, optimize=True),
    call(np.einsum, A, [0, 1], B, [1, 2], [0, 2]),
    call(np.einsum, A, [0, 1], B, [1, 2]),
    call(np.einsum, A, [7, 3]),
    call(np.einsum, T, [Ellipsis, 0, 1], B, [1, 2], [Ellipsis, 0, 2]),
    call(np.einsum, Q, [0, 0]),
    call(np.einsum, Q, [0, 0], [0]),
)
def test_einsum(case: Case) -> None:
    """Subscripts of all kinds."""
    check(case)


@given(st.data())
def test_random_subscripts(data: st.DataObject) -> None:
    """Random subscripts give what NumPy gives, with the output written or implied."""
    sizes = {"a": 2, "b": 3, "c": 1, "d": 2}
    terms = data.draw(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    spec = ",".join(terms)
    if data.draw(st.booleans()):
        chosen = data.draw(st.lists(st.sampled_from(used), unique=True)) if used else []
        spec += "->" + "".join(chosen)
    arrays = [traced(*[sizes[letter] for letter in term], seed=i) for i, term in enumerate(terms)]
    check(Case(np.einsum, (spec, *arrays)))


@pytest.mark.parametrize(
    ("spec", "ndims", "terms", "out"),
    [
        ("ij,jk", [2, 2], ["ij", "jk"], "ik"),
        ("ba", [2], ["ba"], "ab"),
        ("ii", [2], ["ii"], ""),
        ("iJ", [2], ["iJ"], "Ji"),
        ("a...,...b->...", [3, 2], ["aij", "jb"], "ij"),
    ],
)
def test_parsed(spec: str, ndims: list[int], terms: list[str], out: str) -> None:
    """Implied outputs are in order of the alphabet, and dots become unused letters."""
    assert parse_subscripts(spec, ndims) == (terms, out)


def test_spec_is_canonical() -> None:
    """The same contraction with other letters is the same node."""
    builder = Builder()
    x = builder.input("x", make_type((3, 3), np.dtype(float)))
    einsum = LOWERINGS[np.einsum]
    assert einsum(builder, "ab,bc->ac", x, x).node is einsum(builder, "zy,yx->zx", x, x).node
    assert einsum(builder, "ij->ij", x) is x


def test_broadcast_axis_is_dropped() -> None:
    """An axis of length 1 that goes with a longer one is taken out of the operand."""
    result, _, _ = lowered(call(np.einsum, "ij,ij->ij", traced(1, 3), traced(2, 3)))
    assert result.node.attrs == ("i,ji->ji",)


def test_refused() -> None:
    """Bad subscripts are told as such."""
    refuses("np.einsum: 'ij;jk' is not of the form 'ij,jk->ik'", np.einsum, "ij;jk", A, B)
    refuses("'i.j' is not of the form", np.einsum, "i.j", A)
    refuses("'ij,jk' is for 2 arrays, not 1", np.einsum, "ij,jk", A)
    refuses("the indices 'ijk' do not fit an array of 2 dimensions", np.einsum, "ijk", A)
    refuses("the indices 'i' do not fit an array of 2 dimensions", np.einsum, "i->i", A)
    refuses("each index of the output of 'i->ii' must be given once", np.einsum, "i->ii", X)
    refuses("each index of the output of 'i->j' must be given once", np.einsum, "i->j", X)
    refuses("the output of '...i->i' must have '...'", np.einsum, "...i->i", A)
    refuses("do not fit: lengths 3 and 2", np.einsum, "ij,jk", A, A)
    refuses("the indices 'ii' take a diagonal of the shape (1, 3)", np.einsum, "ii", traced(1, 3))
    refuses("np.einsum does not take out=", np.einsum, "i", X, out=np.zeros(3))
    refuses("a list of integers after each array, not 5", np.einsum, X, 5)
    refuses("the index 99 is not between 0 and 51", np.einsum, X, [99])
    refuses("an index must be an integer", np.einsum, X, [Traced(np.array(0.5)).array])
