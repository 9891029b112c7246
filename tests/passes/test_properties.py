"""What holds for every registered pass, on random graphs and on their derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad import passes
from graphad.evaluate import Program, precise
from graphad.ir import Graph, verify
from graphad.op import Array
from graphad.passes import PASSES, diff
from graphad.text import dump, parse
from tests.strategies import arguments, graphs

KEEPING = sorted(name for name in set(passes.__all__) & set(PASSES) if PASSES[name].preserves)
ROUNDING = {"fold": 1e-10, "collect": 1e-10, "factor": 1e-14}
"""Passes that compute with constants in double precision, and how near values stay."""
EXACT = ("cse", "dce", "fold", "simplify")
"""Passes that change no bit."""
EXAMPLES = settings(max_examples=40)


@st.composite
def derivatives(draw: st.DrawFn) -> Graph:
    """Raw derivatives of random smooth graphs: full of identities, masks and places."""
    graph = draw(graphs(steps=6, smooth=True, max_inputs=2, max_outputs=2))
    return diff(graph, mode=draw(st.sampled_from(("forward", "reverse"))))


ANY = st.one_of(graphs(steps=8), graphs(steps=8, dtypes=("f32", "i64", "c128")), derivatives())
REAL = st.one_of(graphs(steps=8), derivatives())


def with_arguments(strategy: st.SearchStrategy[Graph]) -> st.SearchStrategy[Any]:
    """Pairs of a graph and arguments for it."""
    return strategy.flatmap(lambda graph: st.tuples(st.just(graph), arguments(graph)))


def as_complex(array: Array) -> Array:
    """Return numbers of any kind, also mpmath's, as complex ones; differences stay exact."""
    return np.asarray(array).astype(complex)


def relative_difference(found: list[Array], expected: list[Array]) -> float:
    """Return the largest difference in many digits, relative to the largest of the output."""
    worst = 0.0
    for a, b in zip(found, expected, strict=True):
        if a.size == 0:
            continue
        if b.dtype != object:
            worst = max(worst, float(np.any(a != b)))
            continue
        difference = max(abs(as_complex(a - b)).ravel())
        worst = max(worst, float(difference) / max(1.0, float(np.max(abs(as_complex(b))))))
    return worst


@pytest.mark.parametrize("name", KEEPING)
@given(case=with_arguments(ANY))
@EXAMPLES
def test_values_are_kept(name: str, case: tuple[Graph, tuple[Array, ...]]) -> None:
    """Values agree to 30 digits, or to rounding where constants are computed."""
    graph, args = case
    made = PASSES[name](graph)
    tolerance = ROUNDING.get(name, 1e-30)
    assert relative_difference(precise(made, args), precise(graph, args)) < tolerance


@pytest.mark.parametrize("name", KEEPING)
@given(graph=ANY)
@EXAMPLES
def test_results_are_well_formed(name: str, graph: Graph) -> None:
    """Signature, nesting and name stay, text reads back, and the given graph is left alone."""
    before = dump(graph)
    made = verify(PASSES[name](graph))
    assert dump(graph) == before
    assert [node.attrs for node in made.inputs] == [node.attrs for node in graph.inputs]
    assert [node.type for node in made.outputs] == [node.type for node in graph.outputs]
    assert (made.name, made.tree) == (graph.name, graph.tree)
    assert parse(dump(made)) == made
    assert PASSES[name](graph) == made


@pytest.mark.parametrize("name", KEEPING)
@given(graph=ANY)
@EXAMPLES
def test_a_second_run_finds_nothing(name: str, graph: Graph) -> None:
    """What a pass gives, it gives back; those that rewrite from the inputs on grow nothing."""
    once = PASSES[name](graph)
    twice = PASSES[name](once)
    if name in ("collect", "simplify"):
        assert len(twice) <= len(once)
    else:
        assert dump(twice) == dump(once)


def same_numbers(found: Any, expected: Any, signed_zeros: bool) -> bool:
    """Whether arrays agree bit for bit; all NaN are one, and all zeros unless they are signed."""
    a, b = np.atleast_1d(np.asarray(found)), np.atleast_1d(np.asarray(expected))
    if a.dtype.kind == "f" and not signed_zeros:
        a, b = a + a.dtype.type(0), b + b.dtype.type(0)
    if a.dtype.kind == "f":
        a, b = np.where(np.isnan(a), np.nan, a), np.where(np.isnan(b), np.nan, b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


SPECIAL = st.sampled_from((0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, 5e-324, -1e308))


@st.composite
def special_arguments(draw: st.DrawFn, graph: Graph) -> tuple[Array, ...]:
    """Arguments among which there are zeros of both signs, infinities and NaN."""
    made = []
    for node in graph.inputs:
        values = draw(st.lists(SPECIAL, min_size=node.type.size, max_size=node.type.size))
        made.append(np.array(values).reshape(node.type.shape))
    return tuple(made)


STRUCTURAL = {"mask", "place", "identity", "einsum", "scatter_add"}
"""Ops with structural zeros, which take the sign or the NaN of nothing that they meet."""


@pytest.mark.parametrize("name", EXACT)
@given(data=st.data())
@EXAMPLES
def test_no_bit_changes(name: str, data: st.DataObject) -> None:
    """Exact passes keep every bit, also of infinities and NaN and of the signs of zeros."""
    graph = data.draw(graphs(steps=10))
    nary = any(node.op.commutative and len(node.inputs) > 2 for node in graph.nodes)
    structural = any(node.op.name in STRUCTURAL for node in graph.nodes)
    if (name == "cse" and nary) or (name == "simplify" and structural):
        return
    made = PASSES[name](graph)
    for strategy in (arguments(graph), special_arguments(graph)):
        args = data.draw(strategy)
        for found, expected in zip(Program(made)(*args), Program(graph)(*args), strict=True):
            assert same_numbers(found, expected, signed_zeros=True)


@pytest.mark.parametrize("name", sorted(set(KEEPING) - {"contract", "scalarize", "simplify"}))
@given(data=st.data())
@EXAMPLES
def test_nan_stays(name: str, data: st.DataObject) -> None:
    """An output that is NaN for an argument that is NaN still is."""
    graph = data.draw(graphs(steps=10))
    args = [np.array(arg) for arg in data.draw(arguments(graph))]
    args[data.draw(st.integers(0, len(args) - 1))][...] = np.nan
    made = PASSES[name](graph)
    for found, expected in zip(Program(made)(*args), Program(graph)(*args), strict=True):
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
