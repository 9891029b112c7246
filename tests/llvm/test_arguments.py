"""Arguments of compiled objects by name, of other kinds, and wrong: as in a call of the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import GraphadError, InputError, TraceError
from graphad.ir import Graph
from graphad.llvm import Compiled, CompiledArrays
from graphad.llvm.arguments import by_position, fitting, is_final, results
from tests.llvm.machine import scalar_graph

POINT = np.array([0.3, 0.5, 0.7])


def two(x: Any, scale: Any) -> Any:
    """Return what has one result, of an array and a number."""
    return np.sin(x) * scale + x[0]


def running(x: Any, scale: Any) -> Any:
    """Return what NumPy takes a part in, so that there is no ufunc."""
    return np.cumsum(two(x, scale))


GRAPH = ga.trace(two, POINT, 2.0)
RUNNING = ga.trace(running, POINT, 2.0)
OBJECTS = {
    "scalars": (GRAPH, Compiled(scalar_graph(two, POINT, 2.0))),
    "arrays": (GRAPH, CompiledArrays(GRAPH)),
    "arrays without a ufunc": (RUNNING, CompiledArrays(RUNNING)),
}
WRONG: dict[str, Callable[[Any], Any]] = {
    "shape": lambda f: f(np.zeros(4), 1.0),
    "nothing": lambda f: f(None, 1.0),
    "text": lambda f: f("abc", 1.0),
    "texts": lambda f: f(POINT, np.array("abc")),
    "objects": lambda f: f(POINT, np.array([{1}])),
    "extended": lambda f: f(POINT.astype(np.longdouble), 1.0),
    "dates": lambda f: f(np.zeros(3, "M8[s]"), 1.0),
    "masked": lambda f: f(np.ma.array(POINT, mask=[0, 1, 0]), 1.0),
    "one missing": lambda f: f(POINT),
    "all missing": lambda f: f(),
    "one more": lambda f: f(POINT, 1.0, np.zeros(3)),
    "unknown": lambda f: f(POINT, speed=1.0),
    "by name and position": lambda f: f(POINT, 1.0, x=POINT),
    "named, of a wrong shape": lambda f: f(scale=1.0, x=np.zeros(2)),
    "batches": lambda f: f(np.zeros((4, 3)), np.zeros(5)),
    "ragged": lambda f: f([[1.0, 2.0], [3.0]], 1.0),
}


@pytest.mark.parametrize("what", OBJECTS)
@pytest.mark.parametrize("wrong", WRONG)
def test_messages_are_those_of_the_graph(what: str, wrong: str) -> None:
    """What a graph refuses, its machine code refuses, in the same words."""
    graph, code = OBJECTS[what]
    with pytest.raises(InputError) as expected:
        WRONG[wrong](graph)
    with pytest.raises(InputError) as found:
        WRONG[wrong](code)
    if wrong == "extended":  # which are numbers, but not of double precision
        assert "takes numbers of double precision in machine code, not " in str(found.value)
    else:
        assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("what", OBJECTS)
def test_names(what: str) -> None:
    """Inputs go by name, all of them or some, and with an array for the result."""
    graph, code = OBJECTS[what]
    wanted = graph(POINT, 2.0)
    np.testing.assert_allclose(code(x=POINT, scale=2.0), wanted, rtol=1e-15)
    np.testing.assert_allclose(code(POINT, scale=2.0), wanted, rtol=1e-15)
    out = np.zeros(3)
    assert code(scale=2.0, x=POINT, out=out) is out
    np.testing.assert_allclose(out, wanted, rtol=1e-15)


@pytest.mark.parametrize("what", OBJECTS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64, np.uint8, bool])
def test_other_numbers_become_doubles(what: str, dtype: Any) -> None:
    """Real numbers that doubles hold are computed with in double precision."""
    graph, code = OBJECTS[what]
    given = np.array([1, 0, 1]).astype(dtype)
    found = code(given, np.float32(0.5))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, graph(given.astype(float), 0.5), rtol=1e-15)


@pytest.mark.parametrize("what", OBJECTS)
def test_complex_numbers(what: str) -> None:
    """They are refused, by a message that names the graph, which takes them."""
    _, code = OBJECTS[what]
    with pytest.raises(InputError, match=r"^input 'x' .* not complex128; call the graph itself$"):
        code(POINT + 0j, 1.0)


def test_large_integers_and_masks_with_out() -> None:
    """An integer beyond 64 bits is a float; masks are not lost in an array for the result."""
    _, code = OBJECTS["scalars"]
    np.testing.assert_allclose(code(POINT, 10**30), two(POINT, 1e30), rtol=1e-15)
    with pytest.raises(InputError, match="masked array; fill it first"):
        code(np.ma.array(POINT, mask=True), 1.0, out=np.zeros(3))


def test_subclasses_of_arrays() -> None:
    """A matrix is an array of rows here as for the graph, and so is its result."""
    code = Compiled(scalar_graph(lambda x: np.outer(x, x), POINT))
    matrix = np.ones((1, 3)).view(np.matrix)
    assert type(code(matrix)) is np.ndarray
    assert code(matrix).shape == (1, 3, 3)


def test_names_of_inputs_that_are_options() -> None:
    """An input called as an option of ufuncs is the input's where it has no value yet."""
    code = Compiled(scalar_graph(lambda x, order: x**2 * order))
    assert code(3.0, order=2.0) == 18.0
    with pytest.raises(TypeError, match="order"):
        code(3.0, 2.0, order=2.0)


def test_structures() -> None:
    """What is called with structures has the graph's messages too."""
    graph = ga.trace(lambda p: p["a"] * p["b"], {"a": np.zeros(3), "b": 1.0})
    code = graph.compile()
    np.testing.assert_array_equal(code(p={"a": POINT, "b": 2.0}), 2 * POINT)
    for wrong in ({"a": np.zeros(2), "b": 1.0}, {"a": POINT}, {"a": POINT, "b": None}, 3.0):
        with pytest.raises(GraphadError) as expected:
            graph(wrong)
        with pytest.raises(GraphadError) as found:
            code(wrong)
        assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("what", OBJECTS)
@pytest.mark.parametrize("call", [lambda f, x: f(x, 1.0), lambda f, x: f(x=x, scale=1.0)])
def test_inside_of_a_trace(what: str, call: Callable[[Any, Any], Any]) -> None:
    """Machine code in a traced function is refused: the graph is what to call there."""
    _, code = OBJECTS[what]
    with pytest.raises(TraceError, match="call the graph that it was compiled from"):
        ga.trace(lambda x: call(code, x), POINT)
    assert len(ga.trace(lambda x: call(GRAPH, x), POINT)) > 2


def test_parts() -> None:
    """What is put by position, converted, and taken as it is."""
    values, rest = by_position(GRAPH, [POINT], {"scale": 2.0, "out": None})
    assert (values, rest) == ([POINT, 2.0], {"out": None})
    made = fitting(GRAPH, [[0, 1, 2], np.float32(0.5)], {})
    assert [x.dtype for x in made] == [np.float64, np.float64]
    odd = [np.zeros((3, 4)), 2.0]
    assert fitting(GRAPH, odd, {"axes": [0, (), 0]}) is odd
    assert is_final(POINT)
    assert is_final((POINT, np.float64(1.0)))
    assert not is_final(None)
    assert not is_final((POINT, np.ma.zeros(2)))


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda x: x * 2, ((np.ndarray, np.float64), True)),
        (lambda x: (x, x * 2), ((), True)),
        (lambda x: (x * 2,), ((), False)),
        (lambda x: (x, (x * 2, x * 3)), ((), False)),
        (lambda x: {"a": x, "b": x * 2}, ((), False)),
    ],
)
def test_results(function: Callable[[Any], Any], wanted: Any) -> None:
    """Only one result, or a plain tuple, is what the ufunc gives already."""
    graph: Graph = ga.trace(function, POINT)
    assert results(graph) == wanted
    found = graph.compile()(POINT)
    assert str(found) == str(graph(POINT))
