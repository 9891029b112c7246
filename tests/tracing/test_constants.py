"""Arrays made inside of traced functions: constants, and what is written into them."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.evaluate.interpreter import Program
from graphad.tracing import trace_function
from tests.tracing.comparison import assert_traced

X = np.array([0.3, 0.7, 1.1, 0.4])

# --- constants -----------------------------------------------------------------------------------


def test_constants_have_values() -> None:
    """Arrays made in the function can be printed, decided on and handed to other code."""

    def f(x: Any) -> Any:
        c = np.zeros(3)
        c[1] = 2.0
        assert float(c[1]) == 2.0
        assert c.sum() == 2.0
        assert c[1] > 1
        assert not c[0]
        assert f"{c[1]:.1f}" == "2.0"
        assert repr(c) == "array([0., 2., 0.])"
        assert [int(v) for v in c] == [0, 2, 0]
        assert 2.0 in c
        assert c.tobytes() == np.asarray(c).tobytes()
        one = np.array(2.5)
        assert float(one) == complex(one) == 2.5
        assert bool(one)
        assert int(one) == 2
        assert f"{one:.2f}" == "2.50"
        while c[0] < 3:
            c[0] += 1
        return x * c[0]

    assert Program(trace_function(f))(2.0) == [6.0]


def test_constants_are_read_only_outside() -> None:
    """Other code may read a constant of the trace, and a write into it is not lost silently."""

    def f(x: Any) -> Any:
        assert not np.zeros(3).__array__().flags.writeable
        assert np.zeros(3).__array__(copy=True).flags.writeable
        assert np.zeros(3).__array__(np.float32).dtype == np.float32
        return x

    trace_function(f, check=False)


def test_integer_arrays_stay_plain() -> None:
    """Arrays of integers and booleans made in the function are indices, and stay NumPy's."""

    def f(x: Any) -> Any:
        i = np.arange(3)
        assert i.tolist() == [0, 1, 2]
        assert np.zeros(2, dtype=bool).tolist() == [False, False]
        assert np.argsort(np.array([2.0, 1.0])).tolist() == [1, 0]
        return x[i[::-1]]

    assert_traced(f, X[:3])


def test_constants_take_part_in_no_graph() -> None:
    """Operations on constants only are done by NumPy while tracing."""

    def f(x: Any) -> Any:
        w = np.linspace(0.0, 1.0, 4)
        return x * np.sum(np.exp(w) * np.array([1.0, 2.0, 3.0, 4.0]))

    assert [node.op.name for node in assert_traced(f, X[0]).nodes] == ["input", "const", "multiply"]


def test_partly_constant() -> None:
    """Elements that nothing traced was written to stay numbers."""

    def f(x: Any) -> Any:
        out = np.zeros(4)
        out[0] = x
        out[1] = 3.0
        return x * 2 if out[1] > 2 else out

    assert_traced(f, 1.5)


def test_empty_is_not_chance() -> None:
    """np.empty can be filled, and does not make a trace depend on what is in memory."""

    def f(x: Any) -> Any:
        out, other = np.empty(3), np.empty_like(x)
        out[:] = x
        other[...] = 2 * x
        return out + other

    assert_traced(f, X[:3])


# --- recurrences ---------------------------------------------------------------------------------


def test_recurrence_is_scalars() -> None:
    """A loop that writes elements one by one gives the graph of the recurrence, without copies."""

    def f(x: Any) -> Any:
        y = np.zeros(30)
        y[0] = x
        for i in range(29):
            y[i + 1] = y[i] + 0.1 * np.sin(y[i])
        return y[-1]

    graph = assert_traced(f, 0.3)
    assert {node.type.shape for node in graph.nodes} == {()}


def test_whole_of_a_recurrence_is_packed() -> None:
    """Read as a whole, elements written one by one are one pack."""

    def f(x: Any) -> Any:
        y = np.empty(5)
        for i in range(5):
            y[i] = x**i
        return y

    names = [node.op.name for node in assert_traced(f, 0.3).nodes]
    assert names.count("pack") == 1
    assert "update" not in names


def test_rows_of_a_trajectory() -> None:
    """A loop that writes rows joins them once."""

    def f(x: Any) -> Any:
        path = np.zeros((6, 2))
        path[0] = x
        for i in range(5):
            path[i + 1] = path[i] + 0.1 * np.array([path[i, 1], -path[i, 0]])
        return path

    names = [node.op.name for node in assert_traced(f, X[:2]).nodes]
    assert names.count("concatenate") == 1
    assert "update" not in names


def test_slices_in_the_loop() -> None:
    """Reading what has been written so far needs no copy of the array."""

    def f(b: Any) -> Any:
        lower = np.tril(np.ones((4, 4))) + np.eye(4)
        x = np.zeros(4)
        for i in range(4):
            x[i] = (b[i] - lower[i, :i] @ x[:i]) / lower[i, i]
        return x

    assert "update" not in [node.op.name for node in assert_traced(f, X).nodes]
