"""Laplacians, biharmonics and other operators against closed forms, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.errors import DerivativeError
from graphad.op import Array
from graphad.passes.operators import (
    biharmonic_terms,
    count_variables,
    count_vectors,
    laplacian_terms,
    operator,
    positions,
)
from graphad.passes.pipeline import OPTIMIZE

POINT = np.array([0.3, -0.5, 0.7])


def mlp(inputs: int, width: int) -> Callable[[Array], Array]:
    """Return a network of two tanh layers with fixed weights and a scalar output."""
    draw = np.random.default_rng(4)
    sizes = ((inputs, width), (width, width), (width, 1))
    w = [draw.standard_normal(size) / np.sqrt(size[0]) for size in sizes]
    b = [0.1 * draw.standard_normal(size[1]) for size in sizes]
    return lambda x: (np.tanh(np.tanh(x @ w[0] + b[0]) @ w[1] + b[1]) @ w[2] + b[2])[0]


def lennard_jones(x: Array) -> Array:
    """Return the energy of atoms."""
    p = x.reshape(-1, 3)
    i, j = np.triu_indices(len(p), 1)
    d = p[i] - p[j]
    s = np.sum(d * d, axis=-1) ** -3
    return np.sum(4.0 * (s * s - s))


def rosenbrock(x: Array) -> Array:
    """Return the sum of Rosenbrock's function over neighbours."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def coupled(x: Array) -> Array:
    """Return a ring of polynomials, with exponentials and sines."""
    y = np.roll(x, -1)
    local = 0.5 * x * x + x * x * y - y * y * y / 3.0 + 0.1 * np.exp(x * y)
    return np.sum(local) + np.sin(np.sum(x)) * np.exp(-0.1 * np.sum(x * x))


def mix(p: Array) -> Array:
    """Return elementary functions of three numbers."""
    x, y, z = p
    return np.sin(x * y) * np.exp(z) + np.log(1 + x * x + y * y + z * z) / (1 + x * x * z * z)


# --- values --------------------------------------------------------------------------------------

K = np.array([1.0, -2.0, 0.5])
CLOSED: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]] = {
    "plane wave": (
        lambda x: np.exp(x @ K),
        lambda x: K @ K * np.exp(x @ K),
        lambda x: (K @ K) ** 2 * np.exp(x @ K),
    ),
    "harmonic polynomial": (
        lambda x: x[0] ** 3 - 3 * x[0] * x[1] ** 2 + x[1] * x[2],
        lambda x: 0.0,
        lambda x: 0.0,
    ),
    "Gaussian": (
        lambda x: np.exp(-x @ x / 2),
        lambda x: (x @ x - 3) * np.exp(-x @ x / 2),
        lambda x: ((x @ x) ** 2 - 10 * (x @ x) + 15) * np.exp(-x @ x / 2),
    ),
    "Coulomb": (lambda x: 1 / np.linalg.norm(x), lambda x: 0.0, lambda x: 0.0),
    "distance": (np.linalg.norm, lambda x: 2 / np.linalg.norm(x), lambda x: 0.0),
    "power of it": (lambda x: (x @ x) ** 2, lambda x: 20 * (x @ x), lambda x: 120.0),
    "fundamental solution": (
        lambda x: np.log(x[0] ** 2 + x[1] ** 2),
        lambda x: 0.0,
        lambda x: 0.0,
    ),
}


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("optimize", [True, False])
def test_closed_forms(name: str, optimize: bool) -> None:
    """The Laplacian and the biharmonic are those of the book, simplified or not."""
    function, second, fourth = CLOSED[name]
    graph = ga.trace(function, POINT)
    found = graph.laplacian(optimize=optimize)(POINT)
    assert found == pytest.approx(second(POINT), rel=1e-13, abs=1e-13)
    found = graph.biharmonic(optimize=optimize)(POINT)
    assert found == pytest.approx(fourth(POINT), rel=1e-12, abs=1e-10)


WORKLOADS: dict[str, tuple[Callable[..., Any], Array]] = {
    "rosenbrock": (rosenbrock, np.array([0.3, -0.5, 0.7, 1.2])),
    "coupled": (coupled, np.array([0.3, -0.5, 0.7, 0.2])),
    "mix": (mix, np.array([0.3, 0.5, 0.7])),
    "lennard_jones": (lennard_jones, np.array([0, 0, 0, 1.1, 0.05, -0.02])),
    "mlp": (mlp(4, 8), np.array([0.3, -0.5, 0.7, 0.2])),
}


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("scalars", [False, True])
def test_traces_of_all_derivatives(name: str, scalars: bool) -> None:
    """Both are sums of elements of the derivatives, for arrays and a node for each number."""
    function, point = WORKLOADS[name]
    graph = ga.trace(function, point)
    second = np.einsum("ii->", graph.diff(order=2)(point))
    fourth = np.einsum("iijj->", graph.diff(order=4)(point))
    if scalars:
        graph = graph.run("scalarize,simplify,cse")
    assert graph.laplacian()(point) == pytest.approx(second, rel=1e-11)
    assert graph.biharmonic()(point) == pytest.approx(fourth, rel=1e-11)


indices = st.lists(st.integers(0, 2), max_size=4).map(tuple)
operators = st.dictionaries(indices, st.integers(-5, 5), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(operators, st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3))
def test_plane_waves_are_eigenfunctions(terms: dict[Any, int], wave: list[float]) -> None:
    """P(∂) of exp(k·x) is P(k) times it, for mixed orders too."""
    k = np.array(wave)
    graph = ga.trace(lambda x, k: np.exp(x @ k), POINT, k)
    found = graph.operator(terms, wrt="x", optimize=False)(POINT, k)
    parts = [c * np.prod(k[list(index)]) for index, c in terms.items()]
    scale = 1.0 + sum(map(abs, parts))
    assert found / np.exp(POINT @ k) == pytest.approx(sum(parts), abs=1e-12 * scale)


@settings(max_examples=25, deadline=None)
@given(operators)
def test_any_operator_is_a_sum_of_derivatives(terms: dict[Any, int]) -> None:
    """Each term is an entry of a derivative; those of one derivative in another order add up."""
    expected = sum(c * DERIVATIVES[len(index)][index] for index, c in terms.items())
    assert MIX.operator(terms, optimize=False)(WORKLOADS["mix"][1]) == pytest.approx(
        expected, rel=1e-11, abs=1e-10
    )


MIX = ga.trace(mix, POINT)
DERIVATIVES = [np.asarray(MIX.diff(order=k)(WORKLOADS["mix"][1])) for k in range(5)]


def test_in_many_digits() -> None:
    """The sixth-order Laplacian of a Gaussian in one variable, by mpmath."""
    graph = ga.trace(lambda t: np.exp(-t * t) * np.sin(t))
    found = graph.operator({(0,) * 6: 1.0, (0,) * 5: -2.0})(0.4)
    with mpmath.workdps(50):
        series = mpmath.taylor(lambda t: mpmath.exp(-t * t) * mpmath.sin(t), mpmath.mpf(0.4), 6)
        wanted = 720 * series[6] - 240 * series[5]
    assert found == pytest.approx(float(wanted), rel=1e-13)


# --- forms of it ---------------------------------------------------------------------------------


def test_weights() -> None:
    """Weights are a vector for a diagonal, or a matrix, of which the symmetric part counts."""
    graph = ga.trace(mix, POINT)
    hessian = graph.diff(order=2)(POINT)
    matrix = np.random.default_rng(3).normal(size=(3, 3))
    for weights in (matrix, np.array([1.0, 0.0, -3.0]), np.outer(K, K), np.zeros((3, 3))):
        whole = weights if weights.ndim == 2 else np.diag(weights)
        found = graph.laplacian(weights=weights)(POINT)
        assert found == pytest.approx(np.sum(whole * hessian), rel=1e-12, abs=1e-13)
    assert count_vectors(graph, laplacian_terms(graph, weights=np.outer(K, K))) == 3


def test_wave_and_heat_equation() -> None:
    """Residuals of solutions are 0; variables may be named."""
    wave = ga.trace(lambda t, x: np.sin(x - 3.0 * t))
    box = wave.operator({("t", "t"): 1.0, ("x", "x"): -9.0})
    assert box(0.3, 0.8) == pytest.approx(0.0, abs=1e-14)
    heat = ga.trace(lambda t, x: np.exp(-x * x / (4 * t)) / np.sqrt(t))
    terms = {("t",): 1.0, ("x", "x"): -1.0}
    assert heat.operator(terms)(0.3, 0.8) == pytest.approx(0.0, abs=1e-14)
    assert count_vectors(heat, terms) == 3


def test_names_with_indices() -> None:
    """Elements of arrays have the input's name and indices; positions count through inputs."""
    graph = ga.trace(lambda t, x: np.sin(t * x[0, 1]) * x[1, 0] ** 2, 0.3, np.ones((2, 2)))
    named = {("t", ("x", 0, 1)): 2.0, (("x", 1, 0), ("x", 1, 0)): 1.0}
    assert positions(graph, named, ("t", "x")) == {(0, 2): 2.0, (3, 3): 1.0}
    assert positions(graph, {(2, 0): 1.0, (0, 2): 1.0}, ("t", "x")) == {(0, 2): 2.0}
    assert count_variables(graph) == 5
    assert count_variables(graph, "x") == 4
    x = np.array([[0.1, 0.2], [0.3, 0.4]])
    assert graph.operator(named)(0.5, x) == graph.operator({(0, 2): 2.0, (3, 3): 1.0})(0.5, x)


def test_array_outputs_and_several() -> None:
    """Each element of each output has its own Laplacian, nested as the outputs are."""
    graph = ga.trace(lambda x, y: (np.outer(x, x) * y, (np.sum(x**3), 2 * y)), POINT, 0.5)
    first, (second, third) = graph.laplacian()(POINT, 0.5)
    np.testing.assert_allclose(first, np.eye(3))
    assert (float(second), float(third)) == (pytest.approx(6 * POINT.sum()), 0.0)


def test_some_inputs() -> None:
    """Only the inputs in `wrt` are differentiated by; others are parameters."""
    graph = ga.trace(lambda x, y: np.sum(x**2) * y**4, POINT, 0.5)
    assert graph.laplacian(wrt="x")(POINT, 0.5) == pytest.approx(6 * 0.5**4)
    assert graph.laplacian(wrt=1)(POINT, 0.5) == pytest.approx(12 * 0.25 * POINT @ POINT)
    assert graph.laplacian(wrt=["y"])(POINT, 0.5) == graph.laplacian(wrt=1)(POINT, 0.5)


def test_batches() -> None:
    """Many points at once, by calls with a leading axis."""
    points = np.random.default_rng(0).normal(size=(7, 3))
    made = ga.trace(mix, POINT).laplacian()
    np.testing.assert_allclose(made(points), [made(point) for point in points], rtol=1e-14)


def test_derivatives_of_operators() -> None:
    """A Laplacian can be differentiated by parameters, and a Laplacian of it is the biharmonic."""
    w = np.random.default_rng(0).normal(size=(3, 4))
    graph = ga.trace(lambda x, w: np.sum(np.tanh(x @ w)), POINT, w)
    slope = graph.laplacian(wrt="x").diff(wrt="w")(POINT, w)
    other = np.einsum("iijk->jk", graph.diff("x", order=2).diff("w")(POINT, w))
    np.testing.assert_allclose(slope, other, rtol=1e-12)
    twice = graph.laplacian(wrt="x").laplacian(wrt="x")(POINT, w)
    assert graph.biharmonic(wrt="x")(POINT, w) == pytest.approx(twice, rel=1e-12)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_dtypes(dtype: str) -> None:
    """Results have the dtype of the output; complex functions are holomorphic."""
    point = POINT.astype(dtype)
    made = ga.trace(lambda x: np.exp(x[0] * x[1]) * x[2], point).laplacian()
    found = made(point)
    assert found.dtype == np.dtype(dtype)
    wanted = np.exp(POINT[0] * POINT[1]) * POINT[2] * (POINT[0] ** 2 + POINT[1] ** 2)
    assert abs(found - wanted) < 1e-6


def test_schroedinger() -> None:
    """Complex coefficients make a complex result."""
    wave = ga.trace(lambda t, x: np.cos(2 * x) * np.exp(-t))
    found = wave.operator({("t",): 1j, ("x", "x"): 0.5})(0.0, 0.3)
    assert found == pytest.approx(np.cos(0.6) * (-1j - 2))
    assert count_vectors(wave, {("t",): 1j, ("x", "x"): 0.5}) == 4
    holomorphic = ga.trace(lambda z: np.exp(2 * z), 0j)
    assert holomorphic.operator({(0, 0): 1j})(0.0) == pytest.approx(4j)
    assert holomorphic.operator({(0, 0): 1j, (0,): 1.0})(0.0) == pytest.approx(2 + 4j)


# --- edges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "point", "wanted"),
    [
        (lambda x: 3.0 + 0 * x, POINT, np.zeros(3)),
        (lambda x: np.ones(2), POINT, np.zeros(2)),
        (lambda x: np.floor(x), POINT, np.zeros(3)),
        (lambda x: x, POINT, np.zeros(3)),
        (lambda x: np.sum(x), POINT, 0.0),
        (lambda x: np.exp(x), 0.0, 1.0),
        (lambda x: x**3, np.array([2.0]), np.array([12.0])),
        (lambda x: np.sum(x**2), np.zeros(0), 0.0),
        (lambda x: x**2, np.zeros((0, 3)), np.zeros((0, 3))),
        (lambda x: x**3, np.zeros(2), np.zeros(2)),
    ],
)
def test_plain_functions(function: Callable[..., Any], point: Any, wanted: Any) -> None:
    """Constants, linear functions, one variable, none, and powers of 0."""
    graph = ga.trace(function, point)
    for made in (graph.laplacian(), graph.laplacian(optimize=False)):
        np.testing.assert_array_equal(made(point), wanted)
    assert graph.biharmonic()(point).shape == np.shape(wanted)


def test_ignored_inputs() -> None:
    """An input that nothing depends on adds nothing, and stays an input."""
    graph = ga.trace(lambda x, y: np.sin(y), POINT, 0.5)
    assert graph.laplacian().input_names == ("x", "y")
    assert graph.laplacian()(POINT, 0.5) == pytest.approx(-np.sin(0.5))
    assert graph.laplacian(wrt="x")(POINT, 0.5) == 0.0


def test_kinks() -> None:
    """Each side of a kink has its own derivatives."""
    x = np.array([0.3, -0.5, 0.7])
    graph = ga.trace(lambda x: np.where(x > 0, x**3, x**2) + np.abs(x) * x**2, x)
    np.testing.assert_allclose(graph.laplacian()(x), np.where(x > 0, 6 * x, 2) + 6 * abs(x))
    safe = ga.trace(lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0), x)
    assert safe.laplacian()(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


def test_order_zero() -> None:
    """The value alone, with its coefficient; no terms at all are 0."""
    graph = ga.trace(mix, POINT)
    assert graph.operator({(): 2.0})(POINT) == pytest.approx(2 * graph(POINT), rel=1e-14)
    assert graph.operator({})(POINT) == 0.0
    same = graph.operator({(): 1.0, (0,): 0.0}, optimize=False)
    assert same == graph


def test_directional() -> None:
    """D^k f(x)[v_1, …, v_k] is the k-th derivative contracted with each direction."""
    graph = ga.trace(mix, POINT)
    made = graph.directional(3)
    assert made.input_names == ("p", "dp", "dp_", "dp__")
    directions = np.random.default_rng(1).normal(size=(3, 3))
    tensor = graph.diff(order=3)(POINT)
    wanted = np.einsum("ijk,i,j,k->", tensor, *directions)
    assert made(POINT, *directions) == pytest.approx(wanted, rel=1e-12)
    assert graph.directional(0) is graph
    with pytest.raises(ga.DerivativeError, match="the order of a derivative is 0, 1, 2, … and not"):
        graph.directional(-1)


# --- cost ----------------------------------------------------------------------------------------


def test_vectors_and_operations_of_a_network() -> None:
    """2 + n vectors for the Laplacian, 27 for the biharmonic, each about as dear as the value."""
    n = 5
    graph = ga.trace(mlp(n, 64), np.zeros(n))
    value = graph.cost().total
    laplacian, biharmonic = graph.laplacian(), graph.biharmonic()
    assert count_vectors(graph, laplacian_terms(graph)) == 2 + n
    assert count_vectors(graph, biharmonic_terms(graph)) == 27
    assert laplacian.cost().total < (2 + n) * value
    assert biharmonic.cost().total < 27 * value
    names = {node.op.name for node in laplacian.nodes}
    assert not names & {"take", "concatenate"}
    hessian = graph.diff().diff()
    traced = ga.trace(lambda x: np.trace(hessian(x)), np.zeros(n)).run(OPTIMIZE)
    directions = value + n * (graph.taylor(2).cost().total - value)
    assert laplacian.cost().total < 0.62 * directions < 0.62 * traced.cost().total
    rays = value + n * n * (graph.taylor(4).cost().total - value)
    assert biharmonic.cost().total < 0.3 * rays


def test_matrix_products_stay_matrix_products() -> None:
    """For each layer there is one product for the value, one for each level, and no more."""
    graph = ga.trace(mlp(3, 16), POINT)
    layers = [16, 64]
    for made, levels in ((graph.laplacian(), 2), (graph.biharmonic(), 4)):
        dense = [
            node
            for node in made.nodes
            if node.op.name == "einsum" and any(p.type.shape == (16, 16) for p in node.inputs)
        ]
        assert len(dense) == 1 + levels, layers


ATOMS = np.array([0, 0, 0, 1.1, 0.05, -0.02, 0.5, 1.0, 0.1, 0.5, 0.4, 0.95])
SCALARS = "fold,simplify,scalarize,simplify,collect,simplify,cse"


@pytest.mark.parametrize(
    ("function", "point", "second", "fourth"),
    [(lennard_jones, ATOMS, 250, 1600), (rosenbrock, ATOMS[:6], 40, 0), (mix, POINT, 52, 250)],
)
def test_operations_one_number_at_a_time(
    function: Callable[..., Any], point: Array, second: int, fourth: int
) -> None:
    """Lowered to scalars, nothing is left of what does not move, and values are the same."""
    graph = ga.trace(function, point)
    for made, most in ((graph.laplacian(), second), (graph.biharmonic(), fourth)):
        lowered = made.run(SCALARS)
        assert lowered.cost().total <= most
        assert lowered(abs(point)) == pytest.approx(made(abs(point)), rel=1e-10)


# --- refusals ------------------------------------------------------------------------------------


def test_refusals() -> None:
    """Variables that are not there, weights that do not fit and integers are named."""
    graph = ga.trace(lambda x, t: np.sum(x) * t, POINT, 0.5)
    with pytest.raises(ga.DerivativeError, match="there is no variable 4; it is a position from 0"):
        graph.operator({(4,): 1.0})
    with pytest.raises(ga.DerivativeError, match=r"no variable 'x'.* x: \(3,\), t: \(\)"):
        graph.operator({("x", "x"): 1.0})
    with pytest.raises(ga.DerivativeError, match=r"no variable \('x', 3\)"):
        graph.operator({(("x", 3),): 1.0})
    with pytest.raises(ga.DerivativeError, match="a term of an operator is a tuple of variables"):
        graph.operator({0: 1.0})
    with pytest.raises(ga.DerivativeError, match=r"shape \(4,\) or \(4, 4\), and not \(2, 2\)"):
        graph.laplacian(weights=np.eye(2))
    with pytest.raises(ga.DerivativeError, match="there is no input 'z' to differentiate by"):
        graph.laplacian(wrt="z")
    whole = ga.trace(lambda x: (x, np.sum(x > 0)), POINT)
    with pytest.raises(ga.DerivativeError, match="only floating-point outputs have derivatives"):
        whole.laplacian()


def test_too_large() -> None:
    """Coefficients that would not fit in memory are refused, with their number."""
    graph = ga.trace(lambda x: np.sum(np.sin(x)), np.zeros(17_000), check=False)
    with pytest.raises(ga.DerivativeError, match=r"17002 vectors .* 2.9e\+08 numbers at a time"):
        graph.laplacian()


def test_the_pass_alone_is_the_laplacian() -> None:
    """Without terms, the pass gives what the method gives before it is simplified."""
    graph = ga.trace(mix, POINT)
    assert operator(graph) == graph.laplacian(optimize=False)


@pytest.mark.parametrize("number", [np.nan, np.inf, "a", None, np.ones(2)])
def test_coefficients_are_finite_numbers(number: Any) -> None:
    """A coefficient that is no finite number is refused, with its multi-index."""
    graph = ga.trace(lambda x: np.sum(x**3), np.zeros(2))
    with pytest.raises(DerivativeError, match=r"the coefficient of \(0, 0\) is a finite number"):
        graph.operator({(0, 0): number})
    with pytest.raises(DerivativeError, match="are a dictionary from multi-indices to numbers"):
        graph.operator([((0, 0), 1.0)])
