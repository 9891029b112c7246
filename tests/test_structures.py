"""Structures of arrays as arguments, results and derivatives."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import optree
import pytest

import graphad as ga
from graphad.ir import Parameter
from graphad.structures import Branch, Kind, graft, leaves, map_tree, opened

W, B, X = np.arange(6.0).reshape(2, 3) / 7, np.array([0.1, -0.2]), np.array([0.3, 0.5, -0.4])
PARAMS: dict[str, Any] = {"w": W, "b": B}


class Pair(NamedTuple):
    """A named tuple."""

    first: Any
    second: Any


@dataclass(frozen=True)
class Layer:
    """A plain dataclass."""

    w: Any
    b: Any


@dataclass
class Counted:
    """A dataclass that is not plain."""

    w: Any
    count: int = field(default=0, init=False)


def loss(params: Any, x: Any) -> Any:
    """Return a scalar of parameters in a dictionary."""
    return np.sum(np.tanh(params["w"] @ x + params["b"]) ** 2)


def flat_loss(w: Any, b: Any, x: Any) -> Any:
    """Return the same of arrays."""
    return np.sum(np.tanh(w @ x + b) ** 2)


LOSS = ga.trace(loss, PARAMS, X)
FLAT = ga.trace(flat_loss, W, B, X)


def close(found: Any, expected: Any) -> None:
    """Assert that structures have equal parts."""
    ours, own = optree.tree_flatten(found, none_is_leaf=True)
    theirs, other = optree.tree_flatten(expected, none_is_leaf=True)
    assert own == other
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-12)


# --- arguments -----------------------------------------------------------------------------------


def test_called_with_the_structure() -> None:
    """A graph is called with the structure it was traced with, keys in any order, or by name."""
    expected = loss(PARAMS, X)
    assert np.isclose(LOSS(PARAMS, X), expected, rtol=1e-14)
    assert np.isclose(LOSS({"b": B, "w": W}, X), expected, rtol=1e-14)
    assert np.isclose(LOSS(x=X, params=PARAMS), expected, rtol=1e-14)
    assert LOSS.input_names == ("params.b", "params.w", "x")


@pytest.mark.parametrize(
    ("example", "names"),
    [
        ({"w": W, "b": 0.5}, ("p.b", "p.w")),
        ((W, 0.5), ("p.0", "p.1")),
        ([(W, B), (W, B)], ("p.0.0", "p.0.1", "p.1.0", "p.1.1")),
        (Pair(W, {"a": 1.0}), ("p.first", "p.second.a")),
        (Layer(W, B), ("p.w", "p.b")),
        (OrderedDict(z=1.0, a=W), ("p.z", "p.a")),
        (deque([W, 2.0]), ("p.0", "p.1")),
        ({"a b": 1.0, 3: W}, ("p.3", "p['a b']")),
        ({"w": W, "none": None, "empty": (), "more": {}}, ("p.w",)),
        ({"w": W, "name": "relu", "n": 3, "shape": (2, 3), "f": np.tanh}, ("p.w",)),
    ],
)
def test_kinds(example: Any, names: tuple[str, ...]) -> None:
    """Each kind of container is opened, given to the function as it was, and survives text."""
    seen = []

    def f(p: Any) -> Any:
        seen.append(p)
        inner = (p.w, p.b) if isinstance(p, Layer) else p  # optree takes a dataclass for a leaf
        found = optree.tree_leaves(inner)
        parts = [x for x in found if not isinstance(x, str | int) and not callable(x)]
        return sum(np.sum(part * part) for part in parts)

    graph = ga.trace(f, example)
    assert graph.input_names == names
    assert type(seen[0]) is type(example)
    assert np.isclose(graph(example), f(example), rtol=1e-14)
    again = ga.parse(str(graph))
    assert again == graph
    assert str(again) == str(graph)
    gradient = graph.diff()(example)
    assert type(gradient) is type(example)


def test_lists_of_numbers_are_arrays() -> None:
    """A list or tuple of plain numbers is one array, also within a structure."""
    assert ga.trace(lambda x: x[0] * x[1], (1.0, 2.0)).input_names == ("x",)
    graph = ga.trace(lambda p: np.sum(p["x"]), {"x": [1.0, 2.0]})
    assert str(graph.inputs[0].type) == "f64[2]"
    assert graph({"x": [1.0, 2.0]}) == 3.0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (({"w": W}, X), "params lacks 'b'; its keys are 'b', 'w'"),
        (({"w": W, "c": B}, X), "params lacks 'b' and has 'c' too many; its keys are 'b', 'w'"),
        (({"w": W, "b": B, "c": B}, X), "params has 'c' too many; its keys are 'b', 'w'"),
        (((W, B), X), "params takes a dict of 'b', 'w', and was given a tuple of 2"),
        ((W, X), r"params takes a dict of 'b', 'w', and was given an array of shape \(2, 3\)"),
        ((None, X), "params takes a dict of 'b', 'w', and was given None"),
        ((PARAMS,), r"loss\(params: a dict of 'b', 'w', x: f64\[3\]\) also needs 'x'"),
        ((W, B, X), "takes 2 inputs, but got 3"),
        (({"w": W, "b": np.zeros(3)}, X), r"input 'params.b' .* takes an array of shape \(2,\)"),
        (({"w": W, "b": None}, X), "input 'params.b' .* was given None"),
    ],
)
def test_wrong_structures(args: Any, message: str) -> None:
    """What does not fit is refused; the message lists what is missing or too many."""
    with pytest.raises(ga.InputError, match=message):
        LOSS(*args)


@pytest.mark.parametrize(
    ("static", "other", "message"),
    [
        (3, 4, "p.s was 3 when the function was traced, and is now 4: .* trace again"),
        ("a", "b", "p.s was 'a' when the function was traced, and is now 'b'"),
        (True, 1, "p.s was True .* and is now 1"),
        (np.sin, np.cos, "p.s was numpy:sin when .* and is now a ufunc"),
        (None, 1.0, r"p.s takes None, and was given 1\.0"),
        ((), (1.0,), "p.s takes a tuple of 0, and was given a tuple of 1"),
    ],
)
def test_static_parts_are_fixed(static: Any, other: Any, message: str) -> None:
    """What is no floating number is a fixed part of the input; another one is refused."""
    graph = ga.trace(lambda p: p["x"] * 2, {"x": 1.0, "s": static})
    assert graph({"x": 3.0, "s": static}) == 6.0
    with pytest.raises(ga.InputError, match=message):
        graph({"x": 3.0, "s": other})


@pytest.mark.parametrize(
    ("example", "message"),
    [
        ({"n": 3}, "the example for p holds no floating number"),
        ({}, "the example for p holds no floating number"),
        ({"x": np.zeros(3, int)}, "the example for p.x is of integers or booleans"),
        ({"x": np.array(["a"])}, "the example for p.x is an array of dtype <U1"),
        ({"x": object()}, "the example for p.x is a object"),
        (Counted(W), r"the dataclass Counted is not plain \(count: not given to its constructor\)"),
        (Counted(W), r"optree.register_pytree_node\(Counted, "),
    ],
)
def test_refused_examples(example: Any, message: str) -> None:
    """Structures without numbers, and parts that are none, are refused by name."""
    with pytest.raises(ga.TraceError, match=message):
        ga.trace(lambda p: 1.0, example)


def test_registered_classes_are_opened() -> None:
    """A class that is registered with optree is a structure like any other."""

    class Point:
        def __init__(self, x: Any, y: Any) -> None:
            self.x, self.y = x, y

    optree.register_pytree_node(
        Point,
        lambda p: ((p.x, p.y), None, ("x", "y")),
        lambda _, parts: Point(*parts),
        namespace="graphad",
    )
    graph = ga.trace(lambda p: p.x * p.y**2, Point(1.0, 2.0))
    found = graph.diff()(Point(3.0, 2.0))
    assert isinstance(found, Point)
    assert (float(found.x), float(found.y)) == (4.0, 12.0)
    assert graph.input_names == ("p.x", "p.y")


# --- derivatives ---------------------------------------------------------------------------------


def test_derivatives_nest_like_inputs() -> None:
    """The gradient has the inputs' structure, and the Hessian that structure in each part of it."""
    w, b = FLAT.diff(("w", "b"))(W, B, X)
    close(LOSS.diff("params")(PARAMS, X), {"w": w, "b": b})
    (ww, wb), (bw, bb) = FLAT.diff(("w", "b"), order=2)(W, B, X)
    expected = {"w": {"w": ww, "b": wb}, "b": {"w": bw, "b": bb}}
    hessian = LOSS.diff("params", order=2)
    close(hessian(PARAMS, X), expected)
    close(hessian.plan()(PARAMS, X), expected)
    close(hessian.compile()(PARAMS, X), expected)
    assert ga.parse(str(hessian)) == hessian
    close(LOSS.diff()(PARAMS, X), ({"w": w, "b": b}, FLAT.diff("x")(W, B, X)))


@pytest.mark.parametrize("path", ["params.w", "params['w']", 'params["w"]'])
def test_parts_by_path(path: str) -> None:
    """A part of a structure is named by its path."""
    close(LOSS.diff(path)(PARAMS, X), FLAT.diff("w")(W, B, X))


def test_wrong_paths() -> None:
    """Paths that lead nowhere, or to what is fixed, are refused."""
    with pytest.raises(ga.DerivativeError, match=r"no input 'params.c' .*: params.b, params.w, x"):
        LOSS.diff("params.c")
    with pytest.raises(ga.DerivativeError, match="there is no input 2 to differentiate by"):
        LOSS.diff(2)
    graph = ga.trace(lambda p: p["x"] * p["n"], {"x": 1.0, "n": 3})
    with pytest.raises(ga.DerivativeError, match=r"p\.n has no derivative: it is fixed"):
        graph.diff("p.n")


def test_static_parts_have_no_derivative() -> None:
    """In a derivative, None stands for what is fixed; tangents may have anything there."""
    graph = ga.trace(lambda p: p["x"] ** p["n"], {"x": 1.0, "n": 3})
    close(graph.diff()({"x": 2.0, "n": 3}), {"x": 12.0, "n": None})
    assert graph.jvp()({"x": 2.0, "n": 3}, {"x": 1.0, "n": None})[1] == 12.0
    assert graph.jvp()({"x": 2.0, "n": 3}, {"x": 1.0, "n": 3})[1] == 12.0


def test_other_derivatives() -> None:
    """Products, series and operators take and give structures."""
    gradient = LOSS.diff("params")(PARAMS, X)
    w, b = FLAT.diff(("w", "b"))(W, B, X)
    norm = np.sum(w * w) + np.sum(b * b)
    value, slope = LOSS.jvp("params")(PARAMS, X, gradient)
    assert np.isclose(value, loss(PARAMS, X), rtol=1e-14)
    assert np.isclose(slope, norm, rtol=1e-12)
    close(LOSS.vjp("params")(PARAMS, X, 1.0)[1], gradient)
    product = FLAT.hvp(("w", "b"))(W, B, X, w, b)
    close(LOSS.hvp("params")(PARAMS, X, gradient), {"w": product[0], "b": product[1]})
    assert np.isclose(LOSS.taylor(1, gradient, "params")(PARAMS, X)[1], norm, rtol=1e-12)
    laplacian = FLAT.laplacian(("w", "b"))(W, B, X)
    assert np.isclose(LOSS.laplacian("params")(PARAMS, X), laplacian, rtol=1e-12)
    both = LOSS.compile(orders=(0, 1))(PARAMS, X)
    close(both[1], (gradient, FLAT.diff("x")(W, B, X)))


def test_directions_of_another_structure() -> None:
    """A direction must have the structure of what moves."""
    with pytest.raises(ga.InputError, match="direction lacks 'b'; its keys are 'b', 'w'"):
        LOSS.taylor(1, {"w": W}, "params")


def test_batches() -> None:
    """Leading axes of arrays in a structure are a batch, compiled or not."""
    many = {"w": np.stack([W, 2 * W]), "b": B}
    expected = [loss({"w": W, "b": B}, X), loss({"w": 2 * W, "b": B}, X)]
    np.testing.assert_allclose(LOSS(many, X), expected, rtol=1e-14)
    np.testing.assert_allclose(LOSS.compile()(many, X), expected, rtol=1e-14)
    assert LOSS.diff("params").compile()(many, X)["w"].shape == (2, 2, 3)


def test_graphs_within_traces() -> None:
    """A graph is called with traced structures within another function."""
    gradient = LOSS.diff("params")
    graph = ga.trace(lambda p: np.sum(gradient(p, X)["w"] ** 2), PARAMS)
    w = FLAT.diff("w")(W, B, X)
    assert np.isclose(graph(PARAMS), np.sum(w * w), rtol=1e-12)
    assert np.isclose(ga.trace(gradient)(PARAMS, X)["w"], w).all()


# --- results -------------------------------------------------------------------------------------


def test_results() -> None:
    """Results come in the containers that the function returns."""

    def f(x: Any) -> Any:
        return {"pair": Pair(x, 2 * x), "layer": Layer(np.sin(x), [x, (x,)]), "none": None}

    graph = ga.trace(f)
    found = graph(2.0)
    close(optree.tree_map(float, found["pair"]), Pair(2.0, 4.0))
    assert isinstance(found["layer"], Layer)
    assert found["layer"].b == [2.0, (2.0,)]
    assert found["none"] is None
    slopes = graph.diff()(2.0)
    assert slopes["pair"] == Pair(1.0, 2.0)
    assert np.isclose(slopes["layer"].w, np.cos(2.0), rtol=1e-14)
    compiled = graph.compile()(2.0)
    assert compiled["pair"] == Pair(2.0, 4.0)


def test_cotangents_of_results() -> None:
    """The cotangent has the structure of the results, as one argument."""
    graph = ga.trace(lambda x: {"a": x**2, "b": 3 * x})
    value, slope = graph.vjp()(2.0, {"a": 1.0, "b": 10.0})
    assert value == {"a": 4.0, "b": 6.0}
    assert slope == 34.0
    with pytest.raises(ga.InputError, match="ct lacks 'b'"):
        graph.vjp()(2.0, {"a": 1.0})


def test_top_level_lists_are_tuples() -> None:
    """Lists become tuples where there is no other structure."""
    assert ga.trace(lambda x: [x, [x]])(1.0) == (1.0, (1.0,))


# --- text ----------------------------------------------------------------------------------------


def test_text() -> None:
    """Structures stand in the head of the text."""
    graph = ga.trace(lambda p: {"y": p["x"] * p["n"]}, {"x": 1.0, "n": 3, "z": None})
    assert '\n  takes (p: {"n": static 3, "x": 0, "z": none})\n  gives {"y": 0} {' in str(graph)


def test_classes_of_parsed_structures() -> None:
    """Classes are given by name; something with the same attributes stands for others."""
    text = str(ga.trace(lambda p: Pair(p.first, Layer(p.second, 2.0 * p.first)), Pair(1.0, 2.0)))
    found = ga.parse(text)(Pair(1.0, 3.0))
    assert (found.first, found.second.w) == (1.0, 3.0)
    known = ga.parse(text, classes={"Pair": Pair, "Layer": Layer})(Pair(1.0, 3.0))
    assert known == Pair(1.0, Layer(3.0, 2.0))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("takes (x: 1)", "expected the positions of all 1 inputs, in order"),
        ("takes (x: {x: 0)", "expected ',' or '}', found '\\)'"),
        ('takes (x: {"a": 0, "a": none})', "the key 'a' comes twice"),
        ("takes (x: set(0))", "expected a structure such as"),
        ("gives (0, 1)", "this structure does not fit the results"),
        ('gives {"a" 0}', "expected ':' after a key"),
        ("takes (x: " + "(" * 200, "structures nest deeper than 100"),
    ],
)
def test_bad_texts(head: str, message: str) -> None:
    """Texts whose structures do not fit are refused, with the place."""
    text = f"graphad 1\ngraph f(%x: f64[]) -> f64[] {head} {{\n  return %x\n}}"
    with pytest.raises(ga.ParseError, match=f"<text>:2:.*{message}"):
        ga.parse(text)


def test_pickle() -> None:
    """A pickled graph gives the classes that it gave before."""
    graph = ga.trace(lambda p: Parameter(p.name, 2.0 * p.tree), Parameter(1.0, 2.0))
    again = pickle.loads(pickle.dumps(graph))  # noqa: S301
    assert again == graph
    found = again(Parameter(1.0, 3.0))
    assert type(found) is Parameter
    assert found == (1.0, 6.0)


def test_names_of_parts() -> None:
    """Names know their parameter, are copied as they are, and pickled as plain words."""
    name = LOSS.input_names[0]
    assert copy.deepcopy(name) is copy.copy(name) is name
    plain = pickle.loads(pickle.dumps(name))  # noqa: S301
    assert plain == name
    assert type(plain) is str
    assert ("d" + name, ("d" + name).parameter) == ("dparams.b", "dparams")


# --- trees ---------------------------------------------------------------------------------------


def test_trees() -> None:
    """Trees are mapped to containers, grafted, and compared with their kinds."""
    tree = Branch([0, (1, Branch([2], Kind("list", keys=(0,))))], Kind("dict", keys=("a", "b")))
    assert list(leaves(tree)) == [0, 1, 2]
    assert map_tree(tree, "xyz") == {"a": "x", "b": ("y", ["z"])}
    assert graft(tree, lambda i: i) == tree
    assert tree != (0, (1, (2,)))
    assert hash(graft(tree, lambda i: i)) == hash(tree)
    assert opened(3.0) is None
