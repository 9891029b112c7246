"""Compiled array graphs are called like graphs, and give what graphs give."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import graphad as ga
from graphad.builder import Builder
from graphad.errors import GraphError, InputError
from graphad.ir import CONST, Graph, leaves
from graphad.llvm.array_compiled import CompiledArrays
from graphad.op import OPS, Op, Sample
from graphad.types import make_type
from tests.evaluate.reference import CASES, case_name, sample_values
from tests.llvm.array_machine import LOOPS_FOR_ALL, reference, set_limits
from tests.strategies import arguments, graphs

WEIGHTS = np.random.default_rng(0).uniform(-1, 1, (12, 12))
POINTS = np.random.default_rng(1).uniform(-1, 1, (7, 12))


def network(x: Any) -> Any:
    """Return two layers and a sum."""
    return np.sum(np.tanh(np.tanh(x @ WEIGHTS) @ WEIGHTS + x))


GRAPH = ga.trace(network, np.zeros(12))
HESSIAN = GRAPH.diff(order=2)


def graph_of(op: Op, sample: Sample) -> tuple[Graph, list[Any]]:
    """Return the graph of an op on inputs and fixed operands, and values of the inputs."""
    builder, operands, values = Builder(), [], []
    for i, value in enumerate(sample_values(sample)):
        if i in sample.constants:
            operands.append(builder.constant(value).node)
        else:
            operands.append(builder.input(f"x{i}", make_type(value.shape, value.dtype)).node)
            values.append(value)
    made = builder.emit(op, tuple(operands), sample.attrs)
    if made.type.dtype.kind == "b":
        made = builder.emit(OPS["cast"], (made,), ("f64",))
    return builder.finish(op.name, [made]), values


@pytest.mark.parametrize("limits", [{}, LOOPS_FOR_ALL], ids=["usual", "loops"])
@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_every_op(op: Op, sample: Sample, limits: dict[str, int], monkeypatch: Any) -> None:
    """Every op gives what the interpreter gives, at one point and at three."""
    set_limits(monkeypatch, limits)
    graph, values = graph_of(op, sample)
    if not is_of_doubles(graph):
        with pytest.raises(GraphError, match=r"double precision"):
            CompiledArrays(graph, 0)
        return
    code = CompiledArrays(graph, 0)
    points = [np.stack([value, value * 0.9, value * 0.8]) for value in values]
    if not points:  # then there is one point
        np.testing.assert_array_equal(code(), graph.nodes[0].op.evaluate(*sample.attrs))
        return
    (expected,) = reference(graph, points, 3)
    np.testing.assert_allclose(code(*values), expected[0], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(code(*points), expected, rtol=1e-13, atol=1e-14)


def is_of_doubles(graph: Graph) -> bool:
    """Whether all that a graph computes is of double precision, or conditions."""
    kinds = {str(node.type.dtype) for node in graph.nodes if node.op is not CONST}
    outputs = {node.type.dtype.kind for node in graph.outputs}
    return kinds <= {"float64", "bool"} and outputs == {"f"}


def flat(result: Any) -> list[Any]:
    """Return the arrays of nested tuples, left to right."""
    stack, found = [result], []
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack.extend(reversed(item))
        else:
            found.append(item)
    return found


@pytest.mark.parametrize("limits", [{}, LOOPS_FOR_ALL], ids=["usual", "loops"])
@given(data=st.data())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_random_graphs(data: st.DataObject, limits: dict[str, int]) -> None:
    """Random graphs give what the interpreter gives."""
    graph = data.draw(graphs(grain="array"))
    values = data.draw(arguments(graph))
    with pytest.MonkeyPatch.context() as patch:
        set_limits(patch, limits)
        if not is_of_doubles(graph):
            return
        code = CompiledArrays(graph, 0)
    points = [np.stack([value, value * 0.5]) for value in values]
    expected = reference(graph, points, 2)
    order = list(leaves(graph.tree))
    for found, i in zip(flat(code(*points)), order, strict=True):
        np.testing.assert_allclose(found, expected[i], rtol=1e-10, atol=1e-11)


# --- batches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", [(), (0,), (1,), (3,), (2, 0), (3, 5), (4, 1, 2)])
def test_batches(lead: tuple[int, ...]) -> None:
    """Leading axes are a batch, empty ones too, and results do not depend on how it is cut."""
    code = CompiledArrays(HESSIAN)
    points = np.random.default_rng(2).uniform(-1, 1, (*lead, 12))
    found = code(points)
    assert found.shape == (*lead, 12, 12)
    np.testing.assert_allclose(found, HESSIAN(points), rtol=1e-11, atol=1e-12)
    for index in np.ndindex(*lead):
        np.testing.assert_array_equal(code(points[index]), found[index])


def test_more_points_than_a_block() -> None:
    """Blocks are put together without a seam."""
    code = CompiledArrays(GRAPH)
    points = np.random.default_rng(3).uniform(-1, 1, (2500, 12))
    np.testing.assert_allclose(code(points), GRAPH(points), rtol=1e-12, atol=1e-14)


def test_batches_broadcast() -> None:
    """The axes of inputs broadcast together."""
    graph = ga.trace(lambda x, y: np.tanh(x) * y + x[0], np.zeros(12), np.zeros(12))
    code = CompiledArrays(graph)
    x, y = np.ones((4, 1, 12)), POINTS[:3] + np.zeros((1, 3, 12))
    np.testing.assert_allclose(code(x, y), graph(x, y), rtol=1e-13)
    np.testing.assert_allclose(code(x[0, 0], y), graph(x[0, 0], y), rtol=1e-13)
    for wrong in (np.ones((4, 12)), np.ones((4, 12)).tolist()):
        with pytest.raises(
            InputError, match=r"do not broadcast together: \(4,\) of 'x', \(7,\) of"
        ):
            code(wrong, np.ones((7, 12)))


@pytest.mark.parametrize(
    "given_points",
    [
        POINTS[::-1],
        POINTS[::2],
        np.asfortranarray(POINTS),
        np.repeat(POINTS, 2, axis=1)[:, ::2],
        POINTS[:, ::-1][:, ::-1],
        np.broadcast_to(POINTS[0], (3, 12)),
        POINTS.astype(np.float32),
        np.arange(24).reshape(2, 12),
        POINTS.tolist(),
        POINTS.astype(">f8"),
    ],
)
def test_arguments_in_any_form(given_points: Any) -> None:
    """Strides of every sign, other dtypes and lists are taken as NumPy takes them."""
    expected = HESSIAN(np.asarray(given_points, float))
    np.testing.assert_allclose(
        CompiledArrays(HESSIAN)(given_points), expected, rtol=1e-10, atol=1e-13
    )


def test_results_are_fresh() -> None:
    """A result is the caller's own, and arguments are left alone."""
    code = CompiledArrays(ga.trace(lambda x: x, np.zeros(12)))
    given_point = POINTS[0].copy()
    first = code(given_point)
    first[:] = 0.0
    np.testing.assert_array_equal(given_point, POINTS[0])
    np.testing.assert_array_equal(code(given_point), POINTS[0])


# --- out -----------------------------------------------------------------------------------------


def two(x: Any) -> Any:
    """Return two arrays, one of which is shifted."""
    return np.tanh(x[::-1]) * x[0], np.sum(x)


def called(x: Any) -> Any:
    """Return the same by a running sum, which NumPy evaluates."""
    return np.tanh(x[::-1]) * x[0], np.cumsum(x)[-1]


@pytest.mark.parametrize("lead", [(), (3,)])
@pytest.mark.parametrize("function", [two, called])
def test_out(lead: tuple[int, ...], function: Any) -> None:
    """Results are put into arrays of the caller's, in order or not, also over the arguments."""
    graph = ga.trace(function, np.zeros(12))
    code = CompiledArrays(graph)
    x = np.random.default_rng(5).uniform(-1, 1, (*lead, 12))
    first, second = graph(x)
    for target in (
        np.empty((*lead, 12)),
        np.empty((*lead, 24))[..., ::2],
        np.empty((*lead, 12))[..., ::-1],
    ):
        sums = np.empty(lead)
        made = code(x, out=(target, sums))
        assert made[0] is target
        assert made[1] is sums
        np.testing.assert_allclose(target, first, rtol=1e-13)
        np.testing.assert_allclose(sums, second, rtol=1e-13, atol=1e-14)
    code(x, out=(x, sums))
    np.testing.assert_allclose(x, first, rtol=1e-13)


def test_out_that_does_not_fit() -> None:
    """Other shapes, dtypes and numbers of arrays are refused, and memory that is shared."""
    code = CompiledArrays(ga.trace(called, np.zeros(12)))
    good, fixed = np.empty(12), np.empty(12)
    fixed.flags.writeable = False
    message = r"out of .* is one array of double precision for each output, .* shapes \(12,\), \(\)"
    for bad in (good, (np.empty(11), np.empty(())), (good.astype("f4"), np.empty(()))):
        with pytest.raises(InputError, match=message):
            code(POINTS[0], out=bad)
    with pytest.raises(InputError, match=message):
        code(POINTS[0], out=(fixed, np.empty(())))
    with pytest.raises(InputError, match=r"two arrays of out of .* share memory"):
        code(POINTS[0], out=(good, good[3:4].reshape(())))


# --- as a ufunc ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "points",
    [
        POINTS[0],
        POINTS,
        POINTS[::-2],
        np.asfortranarray(POINTS),
        POINTS[:, ::-1],
        np.broadcast_to(POINTS[0], (3, 12)),
        np.arange(24).reshape(2, 12),
        POINTS[:0],
    ],
)
def test_ufunc(points: Any) -> None:
    """A generalised ufunc takes points in any form, in one piece or in several."""
    ufunc = CompiledArrays(HESSIAN).ufunc
    assert ufunc.signature == "(12)->(12,12)"
    expected = HESSIAN(np.asarray(points, float))
    np.testing.assert_allclose(ufunc(points), expected, rtol=1e-10, atol=1e-13)
    turned = np.empty((*points.shape, 12)).swapaxes(-1, -2)
    assert ufunc(points, out=turned) is turned
    np.testing.assert_allclose(turned, expected, rtol=1e-10, atol=1e-13)


def test_ufuncs_over_their_arguments() -> None:
    """An output that is an input, or lies across it, is written after all is read."""
    graph = ga.trace(lambda x: np.flip(np.sin(x)) * x, np.zeros(12))
    ufunc = CompiledArrays(graph).ufunc
    for shift in (0, 1, 3):
        memory = np.random.default_rng(shift).uniform(-1, 1, (20, 12))
        given_points, target = memory[:12], memory[shift : shift + 12]
        expected = graph(given_points.copy())
        ufunc(given_points, out=target)
        np.testing.assert_allclose(target, expected, rtol=1e-13)


def test_bound_calls_and_pointers() -> None:
    """Buffers, pointers and SciPy's integrators reach array code without Python."""
    from scipy.integrate import quad

    code = CompiledArrays(HESSIAN)
    point, target = POINTS[0].copy(), np.empty((12, 12))
    run = code.bind([point], [target])
    for row in POINTS[:3]:
        point[:] = row
        run()
        np.testing.assert_allclose(target, HESSIAN(row), rtol=1e-10, atol=1e-13)
    line = ga.trace(lambda t: np.sum(np.cos(t * np.arange(20.0))), 0.5)
    integral, _ = quad(CompiledArrays(line).low_level_callable(), 0, 1)
    exact = 1 + np.sum(np.sin(np.arange(1.0, 20)) / np.arange(1.0, 20))
    np.testing.assert_allclose(integral, exact, rtol=1e-10)


def test_what_has_no_ufunc_says_so() -> None:
    """Where NumPy takes a part, there is no ufunc, and no other attribute is made up."""
    code = CompiledArrays(ga.trace(lambda x: np.cumsum(np.sin(x)), np.zeros(12)))
    with pytest.raises(GraphError, match=r"has no ufunc: .* NumPy evaluates a part of it"):
        _ = code.ufunc
    with pytest.raises(InputError, match="takes no casting"):
        code(POINTS[0], casting="unsafe")
    assert not hasattr(code, "nothing")


# --- as an object --------------------------------------------------------------------------------


def test_threads() -> None:
    """Several threads at once get what one gets."""
    code = CompiledArrays(HESSIAN)
    batches = [np.random.default_rng(i).uniform(-1, 1, (200, 12)) for i in range(16)]
    expected = [code(points) for points in batches]
    with ThreadPoolExecutor(4) as pool:
        for found, right in zip(pool.map(code, batches), expected, strict=True):
            np.testing.assert_array_equal(found, right)


def test_pickling_and_copies() -> None:
    """The text of the graph goes into a pickle; copies are the object itself."""
    code = CompiledArrays(GRAPH, 0)
    again = pickle.loads(pickle.dumps(code))  # noqa: S301
    assert again.opt == 0
    assert again.graph == GRAPH
    np.testing.assert_array_equal(again(POINTS), code(POINTS))
    assert copy(code) is deepcopy(code) is code


def test_repr() -> None:
    """What steps a program has is said."""
    assert repr(CompiledArrays(GRAPH)).endswith(">: 3 loops>")
    calling = ga.trace(lambda x: np.cumsum(np.sin(x)), np.zeros(12))
    assert repr(CompiledArrays(calling)).endswith(">: 1 loop, 1 call>")


def test_constants_alone() -> None:
    """Outputs that depend on no input are there for every point."""
    code = CompiledArrays(ga.trace(lambda x: (np.ones(20), x), np.zeros(12)))
    ones, same = code(POINTS)
    np.testing.assert_array_equal(ones, np.ones((7, 20)))
    np.testing.assert_array_equal(same, POINTS)


def test_refusals() -> None:
    """What does not fit is said."""
    code = CompiledArrays(GRAPH)
    with pytest.raises(InputError, match=r"^network\(x: f64\[12\]\) takes 1 inputs, but got 2$"):
        code(POINTS, POINTS)
    with pytest.raises(InputError, match=r"input 'x' .* takes an array of shape \(12,\)"):
        code(np.zeros(11))
    with pytest.raises(InputError, match="double precision in machine code, not complex128"):
        code(POINTS.astype(complex))
    with pytest.raises(InputError, match='opt is 0, 1 or "auto", and not 2'):
        CompiledArrays(GRAPH, 2)
    with pytest.raises(
        GraphError, match=r"is bool\[12\], and machine code gives numbers of double precision"
    ):
        CompiledArrays(ga.trace(lambda x: x > 0, np.zeros(12)))
