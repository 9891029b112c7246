"""Identities and diagonals: no matrix of zeros is multiplied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphad.api import trace
from graphad.builder import Builder
from graphad.cost import cost
from graphad.evaluate import Program
from graphad.ir import Graph
from graphad.op import OPS
from graphad.ops.contraction import LETTERS
from graphad.passes import Pipeline, contract
from graphad.types import make_type
from tests.passes.graphs import diagonal, drawn, graph_of, identity_like, names_of

EINSUM, IDENTITY = OPS["einsum"], OPS["identity"]


def same_values(graph: Graph, made: Graph) -> None:
    """Assert that both give the same, to rounding."""
    args = drawn(graph)
    for a, b in zip(Program(made)(*args), Program(graph)(*args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "sin": lambda x: np.sin(x),
    "product": lambda x: np.exp(np.sin(x)) * np.tanh(x),
    "quotient": lambda x: x / (1 + x**2),
    "power": lambda x: x**3 + 2 * x,
    "branches": lambda x: np.where(x > 1, np.sqrt(x), x * x),
    "extremum": lambda x: np.maximum(x, 1 / x),
    "scaled by constants": lambda x: np.arange(1.0, 31.0) * np.log(x),
    "through a constant array of ones": lambda x: np.sin(x) * np.ones(30),
    "sum with the variable": lambda x: np.sin(x) - x + x * x,
}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("what", ELEMENTWISE)
def test_jacobians_of_elementwise_functions_are_diagonal(what: str, mode: str) -> None:
    """One diagonal, and nothing else, has n × n elements; also in second derivatives."""
    n = 30
    f = trace(ELEMENTWISE[what], np.ones(n))
    jacobian = f.diff(mode=mode)
    big = [node for node in jacobian.nodes if node.type.size > n]
    assert [(node.op.name, node.attrs) for node in big] == [("einsum", ("i->ii",))]
    assert IDENTITY not in [node.op for node in jacobian.nodes]
    assert jacobian.cost().total <= 7 * f.cost().total
    hessian = jacobian.diff(mode="forward")
    big = [node for node in hessian.nodes if node.type.size > n]
    assert [node.attrs for node in big] == [("i->iii",)]
    (point,) = drawn(f)
    if what not in ("branches", "extremum"):  # the others are analytic
        derivative = np.asarray(f(point + 1e-30j)).imag / 1e-30
        np.testing.assert_allclose(jacobian(point), np.diag(derivative), rtol=1e-12)


def logistic(X: Any, y: Any, w: Any) -> Any:
    """Return the loss of logistic regression."""
    z = X @ w
    return np.sum(np.log1p(np.exp(z)) - y * z)


def test_logistic_regression_takes_no_more_than_by_hand() -> None:
    """Its Hessian is Xᵀ·diag(p(1 - p))·X: at most 1.5 times the operations of writing that."""
    N, d = 200, 5
    f = trace(logistic, np.zeros((N, d)), np.zeros(N), np.zeros(d))
    product = N * d + N * (d - 1)  # X @ w
    weights = 4 * N  # p = 1 / (1 + exp(-z)) and p · (1 - p), a negation being free
    gradient = product + 3 * N + N + (d * N + d * (N - 1))
    hessian = product + weights + N + N * d + d * d * N + d * d * (N - 1)
    by_w = f.diff("w")
    assert by_w.cost().total <= 1.5 * gradient
    second = by_w.diff("w")
    assert second.cost().total <= 1.5 * hessian
    assert IDENTITY not in [node.op for node in second.nodes]
    assert max(node.type.size for node in second.nodes if node.op.name == "multiply") == N * d
    draw = np.random.default_rng(0)
    X, y, w = draw.normal(size=(N, d)), draw.integers(0, 2, N).astype(float), draw.normal(size=d)
    p = 1 / (1 + np.exp(-X @ w))
    np.testing.assert_allclose(by_w(X, y, w), X.T @ (p - y), rtol=1e-11)
    np.testing.assert_allclose(second(X, y, w), X.T @ np.diag(p * (1 - p)) @ X, rtol=1e-11)
    assert second.symmetry == ((((0,), (1,)),),)


def test_least_squares() -> None:
    """The Hessian of ½|Ax - b|² is AᵀA and depends on no x."""
    f = trace(lambda A, b, x: 0.5 * np.sum((A @ x - b) ** 2), *map(np.zeros, ((9, 4), 9, 4)))
    second = f.diff("x").diff("x")
    used = {operand.id for node in second.nodes for operand in node.inputs}
    assert [node.id in used for node in second.inputs] == [True, False, False]
    assert second.cost().total <= 1.5 * (4 * 4 * 9 + 4 * 4 * 8) + 40
    A = np.arange(36.0).reshape(9, 4)
    np.testing.assert_allclose(second(A, np.ones(9), np.ones(4)), A.T @ A, rtol=1e-14)


def test_a_layer() -> None:
    """The Jacobian of tanh(Wx + b) by x is diag(1 - y²)·W: W is scaled once."""
    f = trace(lambda W, b, x: np.tanh(W @ x + b), np.zeros((8, 5)), np.zeros(8), np.zeros(5))
    jacobian = f.diff("x")
    assert jacobian.cost().total <= 8 * 5 * 2 + 4 * 8 + 8 * 5
    W, b, x = drawn(f)
    y = np.tanh(W @ x + b)
    np.testing.assert_allclose(jacobian(W, b, x), (1 - y * y)[:, None] * W, rtol=1e-14)


SAME: dict[str, Callable[..., Any]] = {
    "identity on both sides": lambda A, p: EINSUM(
        identity_like(p), A, identity_like(p), spec="ij,jk,kl->il"
    ),
    "identity squared": lambda A, p: EINSUM(identity_like(p), identity_like(p), spec="ij,jk->ik"),
    "trace of an identity": lambda A, p: EINSUM(identity_like(p), spec="ii->") * p,
    "identity times a vector of another index": lambda A, p: EINSUM(
        identity_like(p), p, spec="ij,k->ijk"
    ),
    "half of an identity of matrices": lambda A, p: EINSUM(identity_like(A), p, spec="ijkl,l->ijk"),
    "identity summed": lambda A, p: EINSUM(identity_like(p), spec="ij->i") * p,
    "two identities of a vector": lambda A, p: EINSUM(
        identity_like(p), p, identity_like(p), spec="ij,j,kl->ikl"
    ),
    "trace": lambda A, p: EINSUM(A, identity_like(p), spec="ij,ij->"),
    "trace of a diagonal": lambda A, p: EINSUM(diagonal(p), spec="ii->"),
    "sum of a diagonal": lambda A, p: OPS["sum"](diagonal(p), axes=(0,)),
    "sum of all of it": lambda A, p: OPS["sum"](diagonal(p), axes=(0, 1)),
    "diagonal times rows": lambda A, p: EINSUM(diagonal(p), A, spec="ij,jk->ik"),
    "diagonal times matrix, by elements": lambda A, p: diagonal(p) * A,
    "matrix over diagonal": lambda A, p: A / (diagonal(p) + 1.0),
    "diagonal of two": lambda A, p: EINSUM(p, p, spec="i,i->ii"),
    "mixed sum": lambda A, p: diagonal(p) + A,
    "sum of three": lambda A, p: OPS["add"](diagonal(p), diagonal(p * p), diagonal(-p)),
    "sum of identity and diagonal": lambda A, p: identity_like(p) + diagonal(p),
    "outer product": lambda A, p: EINSUM(p, diagonal(p), spec="i,jk->ijk"),
    "a diagonal taken again": lambda A, p: EINSUM(diagonal(p), spec="ii->i"),
    "transposed": lambda A, p: OPS["transpose"](EINSUM(A, p, spec="ij,j->ij"), axes=(1, 0)),
    "row of an identity": lambda A, p: OPS["transpose"](identity_like(A), axes=(1, 0, 2, 3)),
    "identity of matrices": lambda A, p: EINSUM(identity_like(A), A, spec="ijkl,kl->ij"),
    "reshaped identity": lambda A, p: OPS["reshape"](identity_like(p), shape=(3, 1, 3)) * A,
    "reshaped diagonal": lambda A, p: A / OPS["reshape"](diagonal(p) + 1.0, shape=(3, 1, 3)),
    "reshaped diagonal over rows": lambda A, p: OPS["reshape"](diagonal(p), shape=(3, 1, 3)) / A,
    "masked repeated diagonal": lambda A, p: OPS["mask"](
        OPS["greater"](A, 1.0), OPS["reshape"](diagonal(p), shape=(3, 1, 3))
    ),
    "diagonal of columns": lambda A, p: (
        OPS["reshape"](diagonal(p), shape=(1, 3, 3)) * (OPS["reshape"](A, shape=(3, 1, 3)))
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_values_are_kept(what: str) -> None:
    """Whatever identities and diagonals are in, values stay; and so they do a second time."""
    graph = graph_of(SAME[what], "[3,3]", "[3]")
    made = contract(graph)
    same_values(graph, made)
    same_values(graph, contract(Pipeline("simplify,collect")(made)))
    assert cost(made).total <= cost(graph).total


GONE = [
    "identity squared",
    "half of an identity of matrices",
    "two identities of a vector",
    "identity times a vector of another index",
    "trace of an identity",
    "reshaped identity",
    "identity on both sides",
    "trace",
    "diagonal times rows",
    "identity of matrices",
]


@pytest.mark.parametrize("what", GONE)
def test_identities_are_gone(what: str) -> None:
    """An identity in a sum of products renames an index."""
    made = contract(graph_of(SAME[what], "[3,3]", "[3]"))
    assert IDENTITY not in [node.op for node in made.nodes]


def test_zeros_of_the_user_are_multiplied() -> None:
    """A matrix that the user wrote is no identity, whatever its elements are."""
    graph = graph_of(lambda A: EINSUM(A, np.eye(3), spec="ij,jk->ik"), "[3,3]")
    made = contract(graph)
    assert "einsum" in names_of(made)
    infinite = np.full((3, 3), np.inf)
    assert np.isnan(Program(made)(infinite)[0]).any()


def test_more_indices_than_letters() -> None:
    """A product that would need more than 52 indices is left as it is."""
    b = Builder()
    shape = (1,) * 30
    x = b.input("x", make_type(shape, np.dtype(np.float64)))
    eye = b.value(b.emit(IDENTITY, (), (shape, "f64")))
    assert len(shape) * 2 > len(LETTERS)
    graph = b.finish("f", [OPS["reshape"](eye, shape=(1,)) + OPS["sum"](x, axes=tuple(range(30)))])
    same_values(graph, contract(graph))


def test_a_graph_without_identities_is_given_back() -> None:
    """There is nothing to do, and nothing is copied."""
    graph = graph_of(lambda x: OPS["sin"](x) * x, "[3]")
    assert contract(graph) is graph
