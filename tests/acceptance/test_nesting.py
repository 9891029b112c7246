"""Forward and reverse mode, products and blocks nest in any order.

Expected values are plain contractions of the tensors of nested `diff`, which `test_composed.py`
compares with numbers of many digits.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests.acceptance.functions import euler_rotation, relative_entropy

X = np.array([0.3, -0.2, 0.9])
DRAW = np.random.default_rng(8)
U, V, W = DRAW.uniform(-1, 1, (3, 3))
C = DRAW.uniform(-1, 1, (3, 3))

SCALAR = ga.trace(relative_entropy, X)
G, H, T, Q = [SCALAR.diff(order=k)(X) for k in (1, 2, 3, 4)]
"""Tensors of a scalar function of a vector, orders 1 to 4."""
MATRIX = ga.trace(euler_rotation, X)
R, J, K = [MATRIX.diff(order=k)(X) if k else MATRIX(X) for k in (0, 1, 2)]
"""Value, Jacobian and second derivative of a matrix-valued function of a vector."""


def same(found: Any, expected: Any) -> None:
    """Assert that nested tuples of arrays agree."""
    if isinstance(expected, tuple):
        assert isinstance(found, tuple)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
        return
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


def along(tensor: Any, *directions: Any) -> Any:
    """Contract the last axis with the last direction, and so on."""
    for direction in reversed(directions):
        tensor = tensor @ direction
    return tensor


NESTED: dict[str, tuple[Callable[[], Any], Any]] = {
    "hvp": (lambda: SCALAR.hvp()(X, V), H @ V),
    "hvp, raw": (lambda: SCALAR.hvp(optimize=False)(X, V), H @ V),
    "jvp of diff": (lambda: SCALAR.diff().jvp()(X, V), (G, H @ V)),
    "vjp of diff": (lambda: SCALAR.diff().vjp()(X, U), (G, U @ H)),
    "jvp of jvp": (
        lambda: SCALAR.jvp().jvp()(X, V, W, U),
        ((SCALAR(X), G @ V), (G @ W, along(H, V, W) + G @ U)),
    ),
    "vjp of jvp": (
        lambda: SCALAR.jvp().vjp()(X, V, 0.5, 2.0),
        ((SCALAR(X), G @ V), (0.5 * G + 2 * H @ V, 2 * G)),
    ),
    "jvp of vjp": (
        lambda: SCALAR.vjp().jvp()(X, 2.0, V, 0.5),
        ((SCALAR(X), 2 * G), (G @ V, 2 * H @ V + 0.5 * G)),
    ),
    "jvp of vjp, by x": (
        lambda: SCALAR.vjp().jvp(0)(X, 2.0, V),
        ((SCALAR(X), 2 * G), (G @ V, 2 * H @ V)),
    ),
    "vjp of vjp": (
        lambda: SCALAR.vjp().vjp()(X, 2.0, 0.5, U),
        ((SCALAR(X), 2 * G), (0.5 * G + 2 * H @ U, G @ U)),
    ),
    "jvp of vjp of diff": (
        lambda: SCALAR.diff().vjp().jvp(0)(X, U, V),
        ((G, U @ H), (H @ V, along(T, U, V))),
    ),
    "diff of hvp": (lambda: SCALAR.hvp().diff(0)(X, V), along(T, V)),
    "diff of hvp by the vector": (lambda: SCALAR.hvp().diff(1)(X, V), H),
    "diff of hvp by both": (lambda: SCALAR.hvp().diff()(X, V), (along(T, V), H)),
    "second diff of hvp": (lambda: SCALAR.hvp().diff(0, order=2)(X, V), Q @ V),
    "jvp of hvp": (
        lambda: SCALAR.hvp().jvp()(X, V, W, U),
        (H @ V, along(T, V, W) + H @ U),
    ),
    "value_and_diff": (lambda: SCALAR.value_and_diff()(X), (SCALAR(X), G)),
    "diff of value_and_diff": (lambda: SCALAR.value_and_diff().diff()(X), (G, H)),
    "value_and_diff twice": (
        lambda: SCALAR.value_and_diff().value_and_diff()(X),
        ((SCALAR(X), G), (G, H)),
    ),
    "value_and_diff of diff": (lambda: SCALAR.diff().value_and_diff()(X), (G, H)),
    "hvp of a trace of the gradient": (
        lambda: ga.trace(lambda x: np.sum(SCALAR.diff()(x) ** 2), X).hvp()(X, V),
        2 * (H @ H @ V + np.einsum("ijk,k,i->j", T, V, G)),
    ),
    "gradient of a gradient's square": (
        lambda: ga.trace(lambda x: np.sum(SCALAR.diff()(x) ** 2), X).diff()(X),
        2 * H @ G,
    ),
    "Hessian under a linear map": (
        lambda: ga.trace(lambda z: SCALAR(C @ z), X).diff(order=2)(np.linalg.solve(C, X)),
        C.T @ H @ C,
    ),
    "Laplacian": (
        lambda: ga.trace(lambda x: np.trace(SCALAR.diff(order=2)(x)), X).value_and_diff()(X),
        (np.trace(H), np.einsum("iij->j", T)),
    ),
    "jvp of a matrix": (lambda: MATRIX.jvp()(X, V), (R, J @ V)),
    "vjp of a matrix": (lambda: MATRIX.vjp()(X, C), (R, np.einsum("ijk,ij->k", J, C))),
    "jvp of vjp of a matrix": (
        lambda: MATRIX.vjp().jvp(0)(X, C, V),
        (
            (R, np.einsum("ijk,ij->k", J, C)),
            (J @ V, np.einsum("ijkl,ij,l->k", K, C, V)),
        ),
    ),
    "diff of vjp of a matrix": (
        lambda: MATRIX.vjp().diff()(X, C),
        (
            (J, np.zeros((3, 3, 3, 3))),
            (np.einsum("ijkl,ij->kl", K, C), np.moveaxis(J, 2, 0)),
        ),
    ),
}


@pytest.mark.parametrize("name", NESTED)
def test_nested(name: str) -> None:
    """Each combination is the contraction of tensors that mathematics says."""
    graph, expected = NESTED[name]
    same(graph(), expected)


@pytest.mark.parametrize("modes", list(product(["forward", "reverse"], repeat=3)), ids=" ".join)
def test_modes_mix(modes: tuple[str, ...]) -> None:
    """The third derivative is the same in all eight orders of modes, raw and optimised."""
    for optimize in (True, False):
        graph = SCALAR
        for mode in modes:
            graph = graph.diff(mode=mode, optimize=optimize)
        same(graph(X), T)


# --- several inputs: blocks nest as those of `jax.jacobian` with several argnums -----------------


def several(x: Any, y: Any, z: Any) -> Any:
    """Return a vector of three inputs of other shapes."""
    return np.sin(x * y) + z @ x * np.exp(y) + x[::-1] ** 2 * np.sum(z**2)


INPUTS = {"x": np.array([0.4, -0.7]), "y": 0.3, "z": np.array([[0.2, 0.8], [-0.5, 0.6]])}
SEVERAL = ga.trace(several, *INPUTS.values())


def stepped(graph: Callable[..., Any], name: str) -> Any:
    """Return the derivative of a graph's one output by complex steps in an input's elements."""
    value = np.asarray(INPUTS[name])
    columns = []
    for index in np.ndindex(value.shape):
        moved = np.array(value, dtype=complex)
        moved[index] += 1e-150j
        columns.append(np.asarray(graph(**{**INPUTS, name: moved})).imag / 1e-150)
    return np.stack(columns, axis=-1).reshape(columns[0].shape + value.shape)


def blocks(names: Any, tail: tuple[str, ...] = ()) -> Any:
    """Return blocks of the next derivative, a tuple for several names, computed one by one."""
    if isinstance(names, str):
        graph = SEVERAL
        for name in tail:
            graph = graph.diff(name)
        return stepped(graph, names)
    return tuple(blocks(name, tail) for name in names)


@pytest.mark.parametrize(
    ("wrt", "names"),
    [
        (None, ("x", "y", "z")),
        ("x", "x"),
        (1, "y"),
        (-1, "z"),
        (["z", "x"], ("z", "x")),
        ((0, "z"), ("x", "z")),
        (["y"], ("y",)),
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_blocks_of_first_order(wrt: Any, names: Any, mode: str) -> None:
    """One name gives a block, a sequence a tuple of blocks in its order."""
    same(SEVERAL.diff(wrt, mode=mode)(**INPUTS), blocks(names))


@pytest.mark.parametrize("outer", ["x", ("z", "y"), ("x", "y", "z")], ids=str)
@pytest.mark.parametrize("inner", ["y", ("x", "z"), ("x", "y", "z")], ids=str)
@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_blocks_of_second_order(inner: Any, outer: Any, mode: str) -> None:
    """Blocks of the second derivative nest first by the inner names, then by the outer."""
    found = SEVERAL.diff(inner, mode=mode).diff(outer, mode=mode)(**INPUTS)
    if isinstance(inner, str):
        same(found, blocks(outer, (inner,)))
    else:
        same(found, tuple(blocks(outer, (name,)) for name in inner))


def test_blocks_of_third_order() -> None:
    """All 27 blocks have the shape out + in + in + in, and are those of one name at a time."""
    found = SEVERAL.diff(order=3)(**INPUTS)
    names = list(INPUTS)
    for i, j, k in product(range(3), repeat=3):
        block = SEVERAL.diff(names[i]).diff(names[j]).diff(names[k])(**INPUTS)
        shapes = [np.shape(INPUTS[names[n]]) for n in (i, j, k)]
        assert np.shape(found[i][j][k]) == (2, *shapes[0], *shapes[1], *shapes[2])
        same(found[i][j][k], block)


def test_outputs_nest_outside_of_inputs() -> None:
    """With tuples of outputs and of inputs, the outputs come first, each with a tuple of blocks."""

    def f(x: Any, y: Any) -> Any:
        return x * y, (np.sum(x) ** 2, np.exp(y))

    x, y = np.array([0.4, -0.7]), 0.3
    graph = ga.trace(f, x, y)
    same(
        graph.diff()(x, y),
        (
            (y * np.eye(2), x),
            ((np.full(2, 2 * x.sum()), 0.0), (np.zeros(2), np.exp(y))),
        ),
    )
    second = graph.diff().diff()(x, y)
    same(second[0][0], (np.zeros((2, 2, 2)), np.eye(2)))
    same(second[0][1], (np.eye(2), np.zeros(2)))
    same(second[1][1], ((np.zeros((2, 2)), np.zeros(2)), (np.zeros(2), np.exp(y))))


def test_products_with_several_inputs() -> None:
    """`vjp` and `hvp` give a cotangent for each input, `jvp` takes a tangent for each."""
    names = list(INPUTS)
    point = list(INPUTS.values())
    tangents = [DRAW.uniform(-1, 1, np.shape(value)) for value in point]
    jacobian = dict(zip(names, SEVERAL.diff()(*point), strict=True))
    pushed = sum(
        np.tensordot(jacobian[n], t, axes=np.ndim(t)) for n, t in zip(names, tangents, strict=True)
    )
    same(SEVERAL.jvp()(*point, *tangents), (several(*point), pushed))
    same(
        SEVERAL.jvp("z")(*point, tangents[2]),
        (several(*point), np.tensordot(jacobian["z"], tangents[2], 2)),
    )
    row = np.array([0.7, -1.1])
    pulled = tuple(np.tensordot(row, jacobian[n], axes=1) for n in names)
    same(SEVERAL.vjp()(*point, row), (several(*point), pulled))
    same(SEVERAL.vjp("y")(*point, row), (several(*point), pulled[1]))

    loss = ga.trace(lambda x, y, z: np.sum(several(x, y, z) ** 2), *point)
    hessian = loss.diff().diff()(*point)
    expected = tuple(
        sum(np.tensordot(hessian[i][j], t, axes=np.ndim(t)) for j, t in enumerate(tangents))
        for i in range(3)
    )
    same(loss.hvp()(*point, *tangents), expected)
    same(
        loss.hvp(["z", "x"])(*point, tangents[2], tangents[0]),
        tuple(
            np.tensordot(hessian[i][2], tangents[2], 2)
            + np.tensordot(hessian[i][0], tangents[0], 1)
            for i in (2, 0)
        ),
    )


def test_order_is_repetition() -> None:
    """`diff(order=3)` is the graph of `diff().diff().diff()`, and order 0 the function."""
    assert SEVERAL.diff(order=3) == SEVERAL.diff().diff().diff()
    assert SEVERAL.diff(order=0) is SEVERAL


def test_a_newton_step_can_be_differentiated() -> None:
    """Graphs of derivatives inside traced code, twice nested: x - f'(x)/f''(x)."""
    f = ga.trace(lambda x: np.exp(x) - 2 * x)
    first, second = f.diff(), f.diff().diff()
    step = ga.trace(lambda x: x - first(x) / second(x))
    x = 0.3
    e = np.exp(x)
    # x - (e - 2)/e has the derivative 1 - 2/e
    assert step.diff()(x) == pytest.approx(1 - 2 / e, rel=1e-14)
    twice = ga.trace(lambda x: step(step(x)))
    assert twice.diff()(x) == pytest.approx((1 - 2 / np.exp(step(x))) * (1 - 2 / e), rel=1e-14)
