"""Jacobians: shapes, nesting, modes, mixed blocks."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from graphad.api import Graph as ApiGraph, trace
from graphad.errors import DerivativeError, InputError
from graphad.evaluate import Program
from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import Pipeline, diff
from graphad.passes.diff import Leaf, choose_mode, differentiate
from tests.ops.calculus import derivatives_along, deviation, directional_deviation
from tests.passes.graphs import drawn, graph_of, names_of, summed
from tests.strategies import graphs

SIN, EXP, EINSUM = OPS["sin"], OPS["exp"], OPS["einsum"]
MODES = ("forward", "reverse")


# --- shapes and nesting --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("inner", ["[]", "[3]", "[2,3]", "[0]"])
@pytest.mark.parametrize("outer", [(), (4,), (2, 1)], ids=str)
def test_shape_is_out_then_in(outer: tuple[int, ...], inner: str, mode: str) -> None:
    """A block has the axes of the output, then those of the input."""
    graph = graph_of(lambda x: OPS["broadcast_to"](summed(SIN(x)), shape=outer), inner)
    made = verify(diff(graph, mode=mode))
    shape = graph.inputs[0].type.shape
    assert made.outputs[0].type.shape == outer + shape
    (point,) = drawn(graph)
    expected = np.broadcast_to(np.cos(point), outer + shape)
    np.testing.assert_allclose(Program(made)(point)[0], expected, rtol=1e-15)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("wrt", "tree"),
    [
        (None, ((0, 1), ((2, 3), (4, 5)))),
        ("y", (0, (1, 2))),
        (("y",), ((0,), ((1,), (2,)))),
        (("y", "x"), ((0, 1), ((2, 3), (4, 5)))),
    ],
)
def test_nesting(wrt: Any, tree: Any, mode: str) -> None:
    """One name gives a block for each output; several, and by default all, a tuple of blocks."""
    graph = graph_of(lambda x, y: (x * y, SIN(x), EXP(y)), "[]", "[2]", tree=(0, (1, 2)))
    made = verify(diff(graph, wrt, mode))
    assert made.tree == tree
    order = ("x", "y") if wrt is None else (wrt,) if isinstance(wrt, str) else wrt
    extra = {"x": (), "y": (2,)}
    shapes = [out + extra[name] for out, name in product([(2,), (), (2,)], order)]
    assert [node.type.shape for node in made.outputs] == shapes
    assert made.input_names == ("x", "y")


def test_one_input_gives_blocks_that_stand_alone() -> None:
    """A graph of one input is differentiated by it, not by a tuple of it."""
    graph = graph_of(lambda x: (x * x, SIN(x)), "[]")
    assert diff(graph).tree == (0, 1)
    assert diff(graph, ("x",)).tree == ((0,), (1,))


def test_no_input_at_all() -> None:
    """The derivative by no inputs is an empty tuple for each output."""
    graph = graph_of(lambda x: SIN(x), "[]")
    assert diff(graph, ()).tree == ()


@pytest.mark.parametrize("mode", MODES)
def test_values_of_a_function_of_two_vectors(mode: str) -> None:
    """Blocks are where they should be, against the derivative by hand."""
    graph = graph_of(lambda x, y: EINSUM(SIN(x), y, spec="i,j->ij"), "[2]", "[3]")
    x, y = drawn(graph)
    by_x, by_y = Program(diff(graph, mode=mode))(x, y)
    np.testing.assert_allclose(by_x, np.einsum("ik,i,j->ijk", np.eye(2), np.cos(x), y))
    np.testing.assert_allclose(by_y, np.einsum("i,jk->ijk", np.sin(x), np.eye(3)))


def test_an_output_that_is_an_input_or_a_constant() -> None:
    """The derivative of an input is the identity, that of a constant zeros."""
    graph = graph_of(lambda x, y: (x, 2.0, y), "[2]", "[]")
    for mode in MODES:
        made = Program(diff(graph, "x", mode))(np.ones(2), 1.0)
        np.testing.assert_array_equal(made[0], np.eye(2))
        np.testing.assert_array_equal(made[1], np.zeros(2))
        np.testing.assert_array_equal(made[2], np.zeros(2))


# --- modes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "wrt", "mode"),
    [
        (("[3]",), ("x",), "reverse"),
        (("[]",), ("x",), "forward"),
        (("[2]", "[2]"), ("x",), "reverse"),
        (("[]", "[9]"), ("x",), "forward"),
        (("[]", "[9]"), ("x", "y"), "reverse"),
    ],
)
def test_auto_takes_reverse_for_wide_jacobians(
    types: tuple[str, ...], wrt: tuple[str, ...], mode: str
) -> None:
    """There are more input elements than output elements: reverse. Otherwise: forward."""
    graph = graph_of(lambda *xs: sum((summed(SIN(x)) for x in xs[1:]), summed(xs[0])), *types)
    assert choose_mode(graph, wrt)[0] == mode
    assert diff(graph, wrt) == diff(graph, wrt, mode)
    assert diff(graph, wrt) != diff(graph, wrt, "reverse" if mode == "forward" else "forward")


@given(graphs(steps=7, smooth=True, max_inputs=2, max_outputs=2))
@settings(max_examples=40)
def test_random_graphs(graph: Graph) -> None:
    """Both modes give what differences in 80 digits give, orders 1 and 2."""
    point = [value - 1.0 for value in drawn(graph, 1)]
    direction = [value - 1.0 for value in drawn(graph, 2)]
    expected = derivatives_along(graph, point, direction)
    for mode in MODES:
        made, leaves = graph, None
        for order in (1, 2):
            made, leaves = differentiate(made, None, mode, leaves)
            results = Program(made)(*point)
            wanted = [np.asarray(e) for e in expected[order - 1]]
            padded = [*results, *[np.ones(w.shape) for w in wanted]]
            tags = [*leaves, *[Leaf(i, w.ndim) for i, w in enumerate(wanted)]]
            shifted = [w + 1.0 for w in wanted]
            error = directional_deviation(padded, tags, graph.input_names, direction, shifted)
            assert error < 1e-10


# --- several inputs, several orders --------------------------------------------------------------


def two_inputs() -> ApiGraph:
    """Return a scalar function of a vector and a matrix."""

    def f(x: Any, y: Any) -> Any:
        return np.sum(np.sin(x @ y) * x[0]) + np.prod(x)

    return trace(f, np.zeros(2), np.zeros((2, 3)))


@pytest.mark.parametrize("mode", [*MODES, "auto"])
@pytest.mark.parametrize("optimize", [False, True])
def test_mixed_blocks_are_transposes(mode: str, optimize: bool) -> None:
    """Block (y, x) is block (x, y) with its axes moved, and not derived again."""
    graph = two_inputs()
    hessian = graph.diff(mode=mode, optimize=optimize).diff(mode=mode, optimize=optimize)
    assert hessian.tree == ((0, 1), (2, 3))
    point = drawn(graph)
    (xx, xy), (yx, yy) = hessian(*point)
    assert (xx.shape, xy.shape, yx.shape) == ((2, 2), (2, 2, 3), (2, 3, 2))
    assert yy.shape == (2, 3, 2, 3)
    np.testing.assert_array_equal(yx, xy.transpose(1, 2, 0))
    np.testing.assert_allclose(xx, xx.T, rtol=1e-13)
    np.testing.assert_allclose(yy, yy.transpose(2, 3, 0, 1), rtol=1e-13)
    sources = []
    for node in hessian.outputs[1:3]:
        while node.op.name == "transpose":
            node = node.inputs[0]
        sources.append(node)
    assert sources[0] is sources[1]


def test_mixed_third_derivatives_are_derived_once() -> None:
    """Of the eight blocks of order 3 of two inputs, four are derived and four are moved."""
    graph = two_inputs()
    third = graph.diff().diff().diff()
    point = drawn(graph)
    blocks = third(*point)
    names = ("x", "y")
    axes = {"x": 1, "y": 2}
    for i, j, k in product(range(2), repeat=3):
        by = [names[i], names[j], names[k]]
        spans = np.cumsum([0, *[axes[name] for name in by]])
        for order in permutations(range(3)):
            a, b, c = ((i, j, k)[p] for p in order)
            moved = [axis for p in order for axis in range(spans[p], spans[p + 1])]
            expected = blocks[i][j][k].transpose(moved)
            np.testing.assert_allclose(blocks[a][b][c], expected, rtol=1e-11, atol=1e-12)


def test_order_of_differentiation() -> None:
    """Derivatives by x, then by y, are those by y, then by x, with axes moved."""
    graph = two_inputs()
    point = drawn(graph)
    first = graph.diff("x").diff("y")(*point)
    second = graph.diff("y").diff("x")(*point)
    np.testing.assert_allclose(first, second.transpose(2, 0, 1), rtol=1e-13)


def test_leaves_say_what_outputs_are() -> None:
    """The history names the output and the inputs, with the axes of each."""
    graph = graph_of(lambda x, y: (EINSUM(x, y, spec="i,jk->ijk"),), "[2]", "[2,3]")
    _, first = differentiate(graph)
    assert first == (Leaf(0, 3, (("x", 1),)), Leaf(0, 3, (("y", 2),)))
    twice, second = differentiate(diff(graph), None, "forward", first)
    assert [leaf.by for leaf in second] == [
        (("x", 1), ("x", 1)),
        (("x", 1), ("y", 2)),
        (("y", 2), ("x", 1)),
        (("y", 2), ("y", 2)),
    ]
    assert second[2].blocks() == [("y", (3, 4)), ("x", (5,))]
    assert second[3].symmetry() == (((3, 4), (5, 6)),)
    assert twice.symmetry == ((((3,), (4,)),), (), (), (((3, 4), (5, 6)),))


def test_symmetry_of_the_base_is_kept() -> None:
    """Axes that could be interchanged before still can, those of another order not."""
    groups = (((0,), (1,)),)
    graph = graph_of(lambda x: EINSUM(x, x, spec="i,j->ij"), "[3]", symmetry=(groups,))
    first, leaves = differentiate(graph)
    assert first.symmetry == (groups,)
    assert differentiate(first, None, "auto", leaves)[0].symmetry == ((((0,), (1,)), ((2,), (3,))),)


def test_scalar_inputs_have_no_axes_to_interchange() -> None:
    """Repeated derivatives by a scalar are symmetric in nothing."""
    first, leaves = differentiate(graph_of(lambda x: SIN(x), "[]"))
    assert differentiate(first, None, "auto", leaves)[0].symmetry == ((),)


def test_reverse_mode_needs_one_run_for_a_gradient() -> None:
    """The gradient of a sum has no matrix."""
    made = diff(graph_of(lambda x: summed(EXP(SIN(x))), "[50]"), mode="reverse")
    assert max(node.type.size for node in made.nodes) == 50
    tidy = Pipeline("simplify,collect,cse")(made)
    assert sorted(names_of(tidy)) == ["cos", "exp", "multiply", "sin"]


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "options", "message"),
    [
        (("[]",), {"wrt": "q"}, "there is no input 'q' to differentiate by; inputs: x"),
        (("[]",), {"wrt": ("x", "q")}, "there is no input 'q' to differentiate by"),
        (("i64[2]",), {}, r"input 'x' is i64\[2\]: only floating-point inputs have derivatives"),
        (("[]", "bool[]"), {}, r"input 'y' is bool\[\]: only floating-point"),
        (("[]",), {"mode": "sideways"}, "no mode 'sideways'; modes: auto, forward, reverse"),
    ],
)
def test_what_cannot_be_differentiated_by(
    types: tuple[str, ...], options: dict[str, Any], message: str
) -> None:
    """The message names the input or the mode, and those that there are."""
    graph = graph_of(lambda *xs: xs[0] * 1.5, *types)
    with pytest.raises(DerivativeError, match=message):
        diff(graph, **options)


@pytest.mark.parametrize("mode", MODES)
def test_outputs_that_have_no_derivative(mode: str) -> None:
    """The message names the output, and says what to do with it."""
    graph = graph_of(lambda x: OPS["greater"](x, 0.0), "[]")
    with pytest.raises(DerivativeError, match=r"the output of f is bool\[\]: .* return it apart"):
        diff(graph, mode=mode)
    graph = graph_of(lambda x: (x, OPS["cast"](x, dtype="i64")), "[]")
    with pytest.raises(DerivativeError, match=r"output 1 of f is i64\[\]"):
        diff(graph, mode=mode)


def test_deviation_of_zero() -> None:
    """Where nothing is expected, any difference counts as infinite."""
    assert deviation(np.ones(2), np.zeros(2)) == np.inf
    assert deviation(np.zeros(2), np.zeros(2)) == 0.0


def test_complex_outputs_of_real_inputs() -> None:
    """Forward mode keeps the imaginary part; reverse mode, which could not, refuses."""
    graph = trace(lambda x: np.exp(1j * np.sum(x)), np.zeros(3))
    point = np.array([0.1, 0.2, 0.3])
    value = 1j * np.exp(0.6j)
    np.testing.assert_allclose(graph.diff()(point), np.full(3, value), rtol=1e-14)
    assert "forward: a complex output of a real input" in graph.diff().explain()
    np.testing.assert_allclose(graph.diff(order=2)(point), np.full((3, 3), 1j * value), rtol=1e-14)
    for ask in (lambda: graph.diff(mode="reverse"), graph.vjp):
        with pytest.raises(DerivativeError, match="would lose the imaginary part; use mode="):
            ask()


@pytest.mark.parametrize("name", ["absolute", "sign"])
def test_functions_that_are_not_analytic(name: str) -> None:
    """Complex numbers, and complex derivatives, of functions with kinks are refused."""
    function = {
        "absolute": lambda x: np.abs(x) * x,
        "sign": lambda x: np.sign(x) * x,
    }[name]
    with pytest.raises(InputError, match=f"{name} of a complex number is not analytic"):
        trace(function)(1 + 1j)
