"""Compiled graphs: results as the graph gives them, and ways to other processes."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.errors import GraphError
from graphad.llvm import Compiled
from graphad.llvm.tiers import BATCH, SINGLE
from graphad.passes import Pipeline
from graphad.text import dump
from tests.llvm.machine import points_of_several, scalar_graph, several, values_of_several


def test_values() -> None:
    """One point and many, in the structure that the function returns."""
    graph = scalar_graph(lambda x, s: (x * s, (x[0], s - x)), np.zeros(3), 0.0)
    fast = Compiled(graph)
    x, s = np.random.default_rng(0).uniform(-1, 1, (20, 3)), np.linspace(0, 1, 20)
    first, (second, third) = fast(x, s)
    np.testing.assert_array_equal(first, x * s[:, None])
    np.testing.assert_array_equal(second, x[:, 0])
    np.testing.assert_array_equal(third, s[:, None] - x)
    first, (second, third) = fast(x[3], s[3])
    assert second == x[3, 0]
    assert first.shape == third.shape == (3,)


@pytest.mark.parametrize("opt", [0, 1, "auto"])
def test_derivative(opt: int | str) -> None:
    """A third derivative is that of the interpreter, for batches and for each of their points."""
    plan = ga.trace(lambda x: np.sum(np.exp(x) * np.sin(x[0] * x)), np.zeros(4)).diff(order=3)
    graph = Pipeline("scalarize,schedule")(plan.plan(layout="packed").graph)
    fast = Compiled(graph, opt)
    x = np.random.default_rng(1).uniform(-1, 1, (21, 4))
    wanted = np.array([graph(point) for point in x])
    np.testing.assert_allclose(fast(x), wanted, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose([fast(point) for point in x], wanted, rtol=1e-13, atol=1e-13)


def test_options_of_ufuncs() -> None:
    """Options go to the ufunc."""
    fast = Compiled(scalar_graph(lambda x: x * 2.0, np.zeros(3)))
    out = np.zeros((2, 3))
    assert fast(np.ones((2, 3)), out=out) is out
    assert out.sum() == 12.0
    assert fast(np.ones((3, 4)), axes=[0, 0]).shape == (3, 4)
    with pytest.raises(TypeError, match="casting"):
        fast(np.ones(3), casting="no", dtype=np.float32)


@settings(max_examples=40)
@given(st.data())
def test_batches_do_not_depend_on_where_they_are_cut(data: st.DataObject) -> None:
    """Any slice of a batch of two points or more is the slice of the whole, to the bit."""
    x = np.linspace(-2.0, 2.0, 50)
    whole = SINES(x)
    start = data.draw(st.integers(0, 47))
    stop = data.draw(st.integers(start + 2, 50))
    step = data.draw(st.sampled_from([1, 2, -1]))
    part = slice(start, stop, step)
    if len(x[part]) > 1:
        np.testing.assert_array_equal(SINES(x[part]), whole[part])


SINES = Compiled(scalar_graph(lambda x: np.sin(x) * np.exp(x) + x, 0.0), 0)


def test_prepare() -> None:
    """Code that calls would make is made on request."""
    fast = Compiled(scalar_graph(lambda x: x * 2.0, np.zeros(3)), "auto")
    assert not fast._code.has(SINGLE, 1)
    fast.prepare(batch=False)
    assert fast._code.has(SINGLE, 1)
    assert not fast._code.has(BATCH, 1)
    fast.prepare()
    assert fast._code.has(BATCH, 1)
    fast.prepare()
    np.testing.assert_array_equal(fast(np.ones((4, 3))), np.full((4, 3), 2.0))


def check_round_trip(fast: Compiled, back: Compiled) -> None:
    """Two compiled graphs are the same."""
    assert back is not fast
    assert dump(back.graph) == dump(fast.graph)
    assert back.graph.name == fast.graph.name
    assert back.opt == fast.opt
    assert pickle.dumps(back) == pickle.dumps(fast)
    values = points_of_several(19)
    for found, wanted in zip(back(*values), values_of_several(*values), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("opt", [0, 1, "auto"])
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_pickle(opt: int | str, protocol: int) -> None:
    """Pickles hold text, and compile again when they are read."""
    fast = Compiled(scalar_graph(several, np.zeros(3), 0.0, np.zeros((2, 3))), opt)
    data = pickle.dumps(fast, protocol)
    assert dump(fast.graph).encode() in data
    check_round_trip(fast, pickle.loads(data))  # noqa: S301


def test_pickle_in_another_process(tmp_path: Path) -> None:
    """A process that has never seen the function evaluates it."""
    path = tmp_path / "compiled"
    path.write_bytes(pickle.dumps(Compiled(scalar_graph(lambda x: x[::-1] * 3.0, np.zeros(2)))))
    program = (
        "import pickle, sys\n"
        "fast = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(fast([[1.0, 2.0]] * 3).tolist(), fast([1.0, 2.0]).tolist())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.split("\n")[0] == f"{[[6.0, 3.0]] * 3} [6.0, 3.0]", done.stderr


def test_pool_of_processes() -> None:
    """Spawned workers get a compiled graph as the function that they map."""
    fast = Compiled(scalar_graph(lambda x: x * x, 0.0))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.map(fast, [1.0, 2.0, 3.0])
    assert found == [1.0, 4.0, 9.0]


def test_forked_process() -> None:
    """A forked process uses the code that is there, and makes more."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("there is no fork")
    program = (
        "import os, numpy as np, graphad as ga\n"
        "from graphad.llvm import Compiled\n"
        "from graphad.passes import Pipeline\n"
        "fast = Compiled(Pipeline('scalarize')(ga.trace(lambda x: x * 2.0, 0.0)))\n"
        "assert fast(1.0) == 2.0\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os._exit(0 if fast(np.ones(30)).sum() == 60.0 == 2 * 30 * fast(0.5) else 1)\n"
        "print(os.waitpid(child, 0)[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout == "0\n", done.stderr


def test_copies() -> None:
    """Code does not change, so a copy is the same object."""
    fast = Compiled(scalar_graph(lambda x: x * 2.0, 0.0), 0)
    assert copy.copy(fast) is fast
    assert copy.deepcopy([fast])[0] is fast


def test_repr() -> None:
    """It says what it is."""
    graph = scalar_graph(lambda x: x * 2.0, 0.0)
    assert repr(Compiled(graph, 0)) == f"<compiled {graph!r}>"


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (lambda: ga.trace(lambda x: x * 2.0, np.zeros(3, np.float32)), "is f32.*double precision"),
        (lambda: ga.trace(lambda x: np.sum(x) * x, np.zeros(3)), "scalarize first|no form"),
        (lambda: scalar_graph(lambda x: np.sum(x), np.zeros(0)), r"without elements, \(0\)->\(\)"),
    ],
)
def test_refused(graph: Any, message: str) -> None:
    """What has no machine code is refused with the reason."""
    with pytest.raises(GraphError, match=message):
        Compiled(graph())


def resident() -> int:
    """Bytes of memory that this process holds."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_memory_is_given_back() -> None:
    """Many graphs that are compiled, called, bound and dropped leave nothing behind."""
    graph = scalar_graph(lambda x: np.sin(x) * x[0], np.zeros(3))
    x, y = np.ones((9, 3)), np.zeros(3)

    def rounds(count: int) -> None:
        for _ in range(count):
            fast = Compiled(graph, 0)
            fast(x)
            fast.bind([x[0]], [y])()

    rounds(15)
    gc.collect()
    before = resident()
    rounds(40)
    gc.collect()
    assert resident() - before < 40 * 4096
