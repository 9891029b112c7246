"""From functions and examples to graphs: inputs, outputs, names, origins."""

from __future__ import annotations

import functools
import gc
import io
import sys
from typing import Any

import numpy as np
import pytest

from graphad import progress
from graphad.errors import TraceError
from graphad.evaluate.interpreter import Program
from graphad.ir import Graph, verify
from graphad.tracing import recorder, trace_function
from graphad.types import make_type

F64 = np.dtype(float)


def signature(graph: Graph) -> list[str]:
    """Return names and types of the inputs."""
    return [f"{node.attrs[0]}: {node.type}" for node in graph.inputs]


def outputs(graph: Graph) -> list[str]:
    """Return the types of the outputs."""
    return [str(node.type) for node in graph.outputs]


# --- inputs --------------------------------------------------------------------------------------


def several(x: Any, y: Any, n: int = 2, *, z: Any = 1.0) -> Any:
    """Have parameters of several kinds."""
    return x * n + y * z


@pytest.mark.parametrize(
    ("examples", "kwexamples", "expected"),
    [
        ([], {}, ["x: f64[]", "y: f64[]"]),
        ([np.zeros(3)], {}, ["x: f64[3]", "y: f64[]"]),
        ([], {"y": np.zeros(3)}, ["x: f64[]", "y: f64[3]"]),
        ([1.0, [1.0, 2.0]], {}, ["x: f64[]", "y: f64[2]"]),
        ([1.0], {"z": [[1.0, 2]]}, ["x: f64[]", "y: f64[]", "z: f64[1,2]"]),
        ([1.0, 1.0, 2.0], {}, ["x: f64[]", "y: f64[]", "n: f64[]"]),
        ([1.0, 1.0], {"n": 3.0, "z": 1j}, ["x: f64[]", "y: f64[]", "n: f64[]", "z: c128[]"]),
        ([np.float32(1), np.zeros(2, np.complex64)], {}, ["x: f32[]", "y: c64[2]"]),
        ([make_type((2, 2), F64)], {}, ["x: f64[2,2]", "y: f64[]"]),
        ([np.zeros((2, 0))], {}, ["x: f64[2,0]", "y: f64[]"]),
    ],
)
def test_inputs(examples: list[Any], kwexamples: dict[str, Any], expected: list[str]) -> None:
    """Examples give shapes and dtypes; without one a parameter is a scalar or has its default."""
    graph = trace_function(several, examples, kwexamples, check=not kwexamples.get("z"))
    assert signature(verify(graph)) == expected


def test_variadic() -> None:
    """A function of *args and **kwargs takes as many inputs as there are examples."""

    def f(first: Any, *args: Any, **kwargs: Any) -> Any:
        return first + sum(args) + sum(kwargs.values())

    graph = trace_function(f, [1.0, 2.0, np.zeros(2)], {"k": 1.0})
    assert signature(graph) == ["first: f64[]", "args0: f64[]", "args1: f64[2]", "k: f64[]"]
    assert signature(trace_function(f)) == ["first: f64[]"]


def test_names_that_meet() -> None:
    """Two inputs never have one name."""

    def f(args0: Any, *args: Any) -> Any:
        return args0 + args[0]

    assert trace_function(f, [1.0, 2.0]).input_names == ("args0", "args0_")


def test_positional_only() -> None:
    """Parameters that can only be given by position are."""

    def f(x: Any, /, y: Any) -> Any:
        return x - y

    assert Program(trace_function(f))(3.0, 1.0) == [2.0]


def test_partial_and_methods() -> None:
    """Parameters that a partial or a method has bound are no inputs."""
    assert signature(trace_function(functools.partial(several, 2.0))) == ["y: f64[]"]
    assert signature(trace_function(functools.partial(several, y=2.0))) == ["x: f64[]"]


def test_no_inputs() -> None:
    """A function of nothing is a constant graph."""
    graph = trace_function(lambda: np.ones(2))
    assert signature(graph) == []
    assert [node.op.name for node in graph.nodes] == ["const"]


def test_graph_of_a_graph() -> None:
    """A graph can be traced like a function, with its own inputs."""

    class Callable(Graph):
        def __call__(self, *args: Any) -> Any:
            from graphad.tracing import inline

            return inline(self, args)

    graph = trace_function(lambda x, y: np.sin(x) * y, [np.zeros(3)], make=Callable)
    assert trace_function(graph, check=False, name="f") == trace_function(
        lambda x, y: np.sin(x) * y, [np.zeros(3)]
    )


def test_example_from_an_outer_trace() -> None:
    """A traced value can be an example in a trace inside the trace: only its type counts."""

    def outer(x: Any) -> Any:
        inner = trace_function(lambda t: t * 2, [x])
        assert signature(inner) == ["t: f64[3]"]
        return x

    trace_function(outer, [np.zeros(3)], check=False)


# --- outputs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "tree", "types"),
    [
        (lambda x: x, 0, ["f64[3]"]),
        (lambda x: (x,), (0,), ["f64[3]"]),
        (lambda x: [x, x * 2], (0, 1), ["f64[3]", "f64[3]"]),
        (lambda x: (x, (x[0], [x[1]])), (0, (1, (2,))), ["f64[3]", "f64[]", "f64[]"]),
        (lambda x: 2.0, 0, ["f64[]"]),
        (lambda x: (x, 2, True), (0, 1, 2), ["f64[3]", "i64[]", "bool[]"]),
        (lambda x: np.ones((2, 2)), 0, ["f64[2,2]"]),
        (lambda x: np.arange(3), 0, ["i64[3]"]),
        (lambda x: x > 0, 0, ["bool[3]"]),
        (lambda x: x * 1j, 0, ["c128[3]"]),
    ],
)
def test_outputs(function: Any, tree: Any, types: list[str]) -> None:
    """Values, numbers, arrays and nested tuples or lists of them are results."""
    graph = verify(trace_function(function, [np.zeros(3)]))
    assert graph.tree == tree
    assert outputs(graph) == types


def test_results_are_read_at_the_end() -> None:
    """An array that is changed after it was put into a list is returned as it is then."""

    def f(x: Any) -> Any:
        y = np.zeros(2)
        found = [y, y]
        y[0] = x
        return found

    assert Program(trace_function(f))(3.0)[1].tolist() == [3.0, 0.0]


def test_inputs_are_not_changed() -> None:
    """A function that writes into its argument does not change the example."""
    example = np.ones(3)

    def f(x: Any) -> Any:
        x *= 2
        x[0] = 0.0
        return np.sum(x)

    graph = trace_function(f, [example])
    assert example.tolist() == [1.0, 1.0, 1.0]
    assert Program(graph)(example) == [4.0]
    assert example.tolist() == [1.0, 1.0, 1.0]


# --- names and origins ---------------------------------------------------------------------------


def test_graph_names() -> None:
    """A graph has the function's name, or another if that is asked for."""
    assert trace_function(several).name == "several"
    assert trace_function(lambda x: x).name == "f"
    assert trace_function(np.sin).name == "sin"
    assert trace_function(functools.partial(several, 1.0)).name == "several"
    assert trace_function(several, name="g").name == "g"


def test_origins() -> None:
    """Every node says at which line of the user's it was made, also those made inside of NumPy."""

    def f(x: Any) -> Any:
        a = np.sin(x)
        b = a[1:] * 2.0
        return helper(b) + np.linalg.norm(
            a,
        )

    def helper(b: Any) -> Any:
        return sum(b)

    first = f.__code__.co_firstlineno
    graph = trace_function(f, [np.zeros(3)])
    lines: dict[str, set[int]] = {}
    for node in graph.nodes:
        origin = graph.origin(node)
        if node.op.name != "input":
            assert origin.file == __file__
            assert origin.rewrite == "trace"
            lines.setdefault(node.op.name, set()).add(origin.line - first)
    assert lines["sin"] == {1}
    assert lines["slice"] == {2}
    assert lines["multiply"] == {2}
    assert lines["element"] == {helper.__code__.co_firstlineno + 1 - first}
    assert lines["length"] <= {3, 4}


def test_same_trace_twice() -> None:
    """The same function and examples give the same graph."""
    assert trace_function(several, [np.zeros(3)]) == trace_function(several, [np.zeros(3)])


def test_shared_work_is_shared() -> None:
    """Equal operations are one node."""
    graph = trace_function(lambda x: np.sin(x) * np.sin(x) + np.sin(x))
    assert [node.op.name for node in graph.nodes] == ["input", "sin", "multiply", "add"]


# --- size ----------------------------------------------------------------------------------------


def test_long_chain() -> None:
    """A long loop is traced without recursion, and nothing is kept but its nodes."""

    def f(x: Any) -> Any:
        for _ in range(20_000):
            x = np.sin(x)
        return x

    limit = sys.getrecursionlimit()
    gc.collect()
    graph = trace_function(f)
    assert len(graph) == 20_001
    assert sys.getrecursionlimit() == limit
    assert gc.isenabled()


def test_long_chain_of_views() -> None:
    """Neither is a long chain of views walked by recursion."""

    def f(x: Any) -> Any:
        y = x
        for _ in range(5_000):
            y = y[::-1]
        y[0] = 2.0
        return x

    graph = trace_function(f, [np.ones(3)], check=False)
    assert Program(graph)(np.ones(3))[0].tolist() == [2, 1, 1]


CACHE: dict[int, Any] = {}


def weights(n: int) -> Any:
    """Return an array that is kept for the next call."""
    if n not in CACHE:
        CACHE[n] = np.ones(n)
        CACHE[n][0] = 2.0
    return CACHE[n]


def test_constants_that_are_kept() -> None:
    """Constants of a trace that user's code keeps are arrays like others when it is over."""
    CACHE.clear()
    point = np.arange(3.0)

    def f(x: Any) -> Any:
        w = weights(3)
        return np.sum(x * w) + np.sum(w[1:] * x[1:]) + np.sum(w) * x[0]

    for _ in range(2):
        assert Program(trace_function(f, [point]))(point) == [f(point)]
    kept = CACHE[3]
    assert (kept * 2).tolist() == [4.0, 2.0, 2.0]
    assert type(kept * 2) is np.ndarray
    assert type(np.sum([kept, kept])) is np.float64
    kept[1] = 5.0
    assert list(kept) == [2.0, 5.0, 1.0]
    assert np.asarray(kept).tolist() == [2.0, 5.0, 1.0]


def test_values_that_are_kept() -> None:
    """Traced values that user's code keeps cannot be used when the trace is over."""
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append(x)
        return x

    trace_function(f, [np.ones(3)], check=False)
    for use in (lambda x: x[0], lambda x: x + 1, np.sum, list):
        with pytest.raises(TraceError, match="kept from a trace that is over"):
            use(kept[0])
    with pytest.raises(TraceError, match="kept from a trace that is over"):
        kept[0][0] = 1.0


def test_constants_of_an_enclosing_trace() -> None:
    """A trace inside a trace may close over the outer one's constants."""

    def outer(x: Any) -> Any:
        c = np.zeros(3)
        c[1] = 2.0
        inner = trace_function(lambda t: t * c, [c])
        assert Program(inner)(np.ones(3))[0].tolist() == [0.0, 2.0, 0.0]
        return x

    trace_function(outer)


def test_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal a long trace says how far it is, and takes the line away."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def f(x: Any) -> Any:
        for _ in range(50):
            x = np.sin(x)
        return x

    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(recorder, "LOOK_EVERY", 20)
    trace_function(f)
    assert stream.getvalue() == ""
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    trace_function(f)
    first, last = stream.getvalue().split("\r")[1], stream.getvalue().split("\r")[-1]
    assert first.startswith(f"tracing: 21 operations, now at {__file__}:")
    assert last == ""
    monkeypatch.setattr(stream, "isatty", lambda: False)
    before = stream.getvalue()
    trace_function(f)
    assert stream.getvalue() == before


def test_budget_is_an_argument() -> None:
    """The budget can be raised and lowered."""

    def f(x: Any) -> Any:
        for _ in range(50):
            x = np.sin(x)
        return x

    assert len(trace_function(f, budget=60)) == 51
    with pytest.raises(TraceError, match="more than 10 operations"):
        trace_function(f, budget=10)
