"""C that graphs are written as compiles without warnings, and gives what the interpreter gives."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import graphad as ga
from graphad.interop.c import EMITTERS, c_source
from graphad.ir import Graph, map_tree
from graphad.op import OPS, Array
from tests.interop.cases import (
    DERIVATIVES,
    EDGES,
    SUBJECTS,
    assert_same,
    derivative,
    drawn,
    expected_values,
    graph_of,
    graph_of_sample,
    point_of_sample,
)
from tests.strategies import arguments, graphs

COMPILER = shutil.which("cc") or shutil.which("gcc")
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fPIC", "-shared"]
compiles = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
_NOT_IN_C = (
    "bessel_j bessel_y bessel_i bessel_k bessel_ie bessel_ke spherical_jn spherical_yn "
    "spherical_in spherical_kn beta betaln betainc betaincc digamma erfcinv erfcx erfi erfinv expi "
    "expn gammainc gammaincc lambertw lambertw_plus_one log_ndtr ndtri zeta hurwitz_zeta "
    "riemann_zeta jv yv iv kv ive kve dawsn"
)
WITHOUT = dict.fromkeys(_NOT_IN_C.split(), "C99 has no such function")
"""Ops of scalars that have no C, and why."""


_ARRAYS = "eigh eigvalsh fft ifft pinv qr svd svdvals while_loop inverse slogdet"
ARRAYS = frozenset(_ARRAYS.split())
"""Ops that are not taken apart into scalars, whatever their size."""


class Machine:
    """Compiles sources and calls their functions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def shared_object(self, *sources: str) -> ctypes.CDLL:
        """Return what sources compile to, together."""
        assert COMPILER is not None
        self.count += 1
        parts = [part for source in sources for part in source.rstrip().split("\n\n")]
        file = self.folder / f"f{self.count}.c"
        file.write_text("\n\n".join(dict.fromkeys(parts)) + "\n", encoding="ascii")
        shared_object = self.folder / f"f{self.count}.so"
        level = "-O0" if len(sources) > 1 else "-O1"
        command = [COMPILER, level, *FLAGS, "-o", str(shared_object), str(file), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + sources[0]
        return ctypes.CDLL(str(shared_object))

    def ran(self, graph: Graph, args: Any) -> Any:
        """Write a graph, compile it, and return what its function gives."""
        return called(self.shared_object(c_source(graph, "written")).written, graph, args)


def called(function: Any, graph: Graph, args: Any) -> Any:
    """Return what the function of a graph gives."""
    given: list[Any] = []
    kept: list[Array] = []
    for node, arg in zip(graph.inputs, args, strict=True):
        array = np.ascontiguousarray(arg, dtype=node.type.dtype)
        kept.append(array)
        if node.type.shape:
            given.append(ctypes.c_void_p(array.ctypes.data))
        else:
            given.append(np.ctypeslib.as_ctypes_type(node.type.dtype)(array.item()))
    outs = [np.zeros(node.type.shape, node.type.dtype) for node in graph.outputs]
    function.restype = None
    function(*given, *[ctypes.c_void_p(out.ctypes.data) for out in outs])
    return map_tree(graph.tree, outs)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Return a folder to compile in."""
    return Machine(tmp_path_factory.mktemp("c"))


def test_every_op_has_an_emitter() -> None:
    """Each op of scalars is written, or is among the exceptions, each with a reason."""
    elementwise = {name for name, op in OPS.items() if op.elementwise}
    assert elementwise == set(EMITTERS) | set(WITHOUT)


@compiles
def test_each_op(machine: Machine) -> None:
    """Each op in C gives what it gives in a graph."""
    cases = []
    refused = []
    chosen = {f"{case.values[0].name} {case.values[1].attrs}": case for case in SUBJECTS}
    for case in chosen.values():  # the last of those with the same attributes
        op, sample = case.values
        graph = graph_of_sample(op, sample)
        try:
            cases.append((graph, point_of_sample(sample), c_source(graph, f"f_{len(cases)}")))
        except ga.InteropError:
            refused.append((op.name, sample.attrs))
    assert all(
        name in WITHOUT or name in ARRAYS or (name, attrs) == ("sinc", (1,))
        for name, attrs in refused
    )
    assert len(cases) > 100
    shared_object = machine.shared_object(*[source for _, _, source in cases])
    for i, (graph, args, _) in enumerate(cases):
        assert_same(called(shared_object[f"f_{i}"], graph, args), expected_values(graph, args))


@compiles
@pytest.mark.parametrize(("name", "order"), DERIVATIVES)
def test_derivatives(machine: Machine, name: str, order: int) -> None:
    """A function, its gradient and its Hessian in C give what the graphs give."""
    graph = derivative(name, order)
    args = drawn(graph)
    assert_same(machine.ran(graph, args), graph(*args))


@compiles
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_random_graphs(machine: Machine, data: st.DataObject) -> None:
    """Random graphs of several dtypes in C give what they give."""
    graph = data.draw(graphs(dtypes=("f32", "i64", "bool", "i8")))
    args = data.draw(arguments(graph))
    try:
        c_source(graph)
    except ga.InteropError:
        return
    assert_same(machine.ran(graph, args), expected_values(graph, args), 1e-6)


ELEMENTWISE = sorted(
    name for name, op in OPS.items() if op.ufunc is not None and op.arity and name in EMITTERS
)


@compiles
def test_edges(machine: Machine) -> None:
    """Zeros of both signs, infinities and NaN go through as they go through the graph."""
    size = len(EDGES)
    made = []
    for name in ELEMENTWISE:
        op = OPS[name]
        types = [f"f64[{size}]", f"f64[{size},1]"][: op.arity]
        made.append(graph_of(lambda *xs, op=op: op(*xs), *types))
    shared_object = machine.shared_object(
        *[c_source(graph, f"f_{i}") for i, graph in enumerate(made)]
    )
    for i, graph in enumerate(made):
        args = [EDGES, EDGES[:, None]][: len(graph.inputs)]
        found, expected = called(shared_object[f"f_{i}"], graph, args), expected_values(graph, args)
        np.testing.assert_allclose(found, expected, rtol=1e-13, err_msg=ELEMENTWISE[i])


@compiles
@pytest.mark.parametrize("exponent", [-5, -2, -1, 0, 1, 2, 3, 6])
def test_powers_at_edges(machine: Machine, exponent: int) -> None:
    """Integer powers of zeros, infinities and NaN are those of the graph, signs included."""
    graph = graph_of(lambda x: OPS["integer_power"](x, exponent=exponent), f"f64[{len(EDGES)}]")
    found = machine.ran(graph, [EDGES])
    number = ~np.isnan(found)
    np.testing.assert_array_equal(found, expected_values(graph, [EDGES]))
    signs = np.signbit(expected_values(graph, [EDGES]))
    np.testing.assert_array_equal(np.signbit(found)[number], signs[number])


@compiles
@pytest.mark.parametrize("dtype", ["f32", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"])
def test_dtypes(machine: Machine, dtype: str) -> None:
    """Arithmetic of every dtype is NumPy's, overflow of small integers included."""

    def function(x: Any, y: Any) -> Any:
        larger = OPS["maximum"](x, y)
        return x * y + larger, OPS["less"](x, y), OPS["sign"](x), OPS["floor"](larger)

    graph = graph_of(function, f"{dtype}[3]", f"{dtype}[3]")
    kind = graph.inputs[0].type.dtype
    args = [np.array([100, 3, 5], kind), np.array([3, 100, 5], kind)]
    assert_same(machine.ran(graph, args), expected_values(graph, args))


@compiles
def test_constants(machine: Machine) -> None:
    """Numbers come back to the last bit: of both signs, infinite, NaN, and integers."""
    values = np.array([0.1, -0.0, np.inf, -np.inf, np.nan, 1e300, 5e-324, -1.5])
    whole = np.array([2**63 - 1, -(2**63), 0, -7])
    graph = graph_of(
        lambda x: (x.builder.constant(values), x.builder.constant(whole), OPS["add"](x, values)),
        "f64",
    )
    found = machine.ran(graph, [0.0])
    assert_same(found, (values, whole, values + 0.0))


@compiles
def test_inputs_that_are_not_used_or_returned_as_they_are(machine: Machine) -> None:
    """A parameter that has no part in the result makes no warning; one may be the result."""
    graph = graph_of(lambda x, y: (y, y), "f64[2]", "f64[3]")
    args = [np.ones(2), np.arange(3.0)]
    assert_same(machine.ran(graph, args), (args[1], args[1]))


def test_names() -> None:
    """Names of C and of math.h are not taken, and comments end where they should."""
    graph = ga.parse(
        'graphad 1\ngraph "*/ exp"(%int: f64[], %sin: f64[]) -> f64[] '
        "{\n  %2: f64[] = add %int %sin\n  return %2\n}"
    )
    source = c_source(graph)
    assert source.startswith("/* exp(int_: f64[], sin_: f64[]) -> out: f64[] */\n")
    assert "void exp_(double int_, double sin_, double *out)\n" in source


def test_what_is_refused() -> None:
    """Complex numbers, and more scalars than a function can have, are refused with advice."""
    graph = graph_of(lambda x: x * 2, "c128[3]")
    message = "f has complex numbers (<%0: c128[3] = input >), which to_c does not write; take real"
    with pytest.raises(ga.InteropError, match=re.escape(message)):
        c_source(graph)
    graph = graph_of(lambda x: x * 2, "f64[60000]")
    message = "f is 120,001 scalars in C, where at most 100,000 are written; use a smaller example"
    with pytest.raises(ga.InteropError, match=re.escape(message)):
        c_source(graph)
    graph = graph_of(lambda x, i: OPS["take"](x, i, axis=0), "f64[3]", "i64[2]")
    with pytest.raises(
        ga.InteropError, match=r"f cannot be taken apart into scalars for C: .* indices"
    ):
        c_source(graph)
