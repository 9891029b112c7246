"""Rules of one's own, gradients that stop, and roots."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.custom import expanded

MODES = ("forward", "reverse")
POINTS = np.array([-800.0, -40.0, 0.0, 0.3, 40.0, 800.0])


def softplus(x: Any) -> Any:
    """Return log(1 + eˣ), naively."""
    return np.log(1 + np.exp(x))


def logistic(x: Any) -> Any:
    """Return the derivative of softplus, which never overflows."""
    return 0.5 * (1 + np.tanh(x / 2))


BY_JVP = ga.custom_diff(softplus, jvp=lambda x, dx: logistic(x[0]) * dx[0])
BY_VJP = ga.custom_diff(softplus, vjp=lambda x, ct: (logistic(x[0]) * ct,))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("function", [BY_JVP, BY_VJP], ids=["jvp", "vjp"])
def test_rules(function: Any, mode: str) -> None:
    """The rule gives the derivative, and is itself derived, in both modes and compiled."""
    graph = ga.trace(lambda x: np.sum(function(x)), POINTS)
    expected = 1 / (1 + np.exp(-POINTS.clip(-700)))
    gradient, hessian = graph.diff(mode=mode), graph.diff(mode=mode, order=2)
    np.testing.assert_allclose(gradient(POINTS), expected, atol=1e-15)
    np.testing.assert_allclose(gradient.compile()(POINTS), expected, atol=1e-15)
    slopes = np.diag(expected * (1 - expected))
    np.testing.assert_allclose(hessian(POINTS), slopes, atol=1e-15)
    np.testing.assert_allclose(hessian.compile()(POINTS), slopes, atol=1e-15)
    np.testing.assert_allclose(hessian.plan()(POINTS), slopes, atol=1e-15)


def test_naive_function_differs() -> None:
    """Without the rule, the derivative far out is not a number: the rule is what was used."""
    assert np.isnan(ga.trace(softplus).diff(optimize=False)(800.0))
    assert ga.trace(BY_JVP).diff(optimize=False)(800.0) == 1.0


def test_two_arguments_and_the_result() -> None:
    """Rules see all values, the result if they ask, and zeros where nothing moves."""

    def f(x: Any, y: Any) -> Any:
        return x * np.exp(y)

    rule = ga.custom_diff(f, jvp=lambda p, t, out: t[0] * np.exp(p[1]) + out * t[1])
    ours, theirs = ga.trace(rule), ga.trace(f)
    for order in (1, 2, 3):
        for mode in MODES:
            found = ours.diff(("x", "y"), mode=mode, order=order)(1.5, 0.3)
            expected = theirs.diff(("x", "y"), order=order)(1.5, 0.3)
            np.testing.assert_allclose(_flat(found), _flat(expected), rtol=1e-13)
    assert np.isclose(ours.diff("y", mode="reverse")(1.5, 0.3), f(1.5, 0.3), rtol=1e-14)


def _flat(nested: Any) -> list[float]:
    if isinstance(nested, tuple):
        return [x for item in nested for x in _flat(item)]
    return [float(nested)]


def test_rules_are_text() -> None:
    """A graph with a rule is read back from text, and pickled."""
    graph = ga.trace(BY_JVP, np.zeros(2))
    assert "custom %x body=graph softplus" in str(graph)
    assert ga.parse(str(graph)) == graph
    assert pickle.loads(pickle.dumps(graph)) == graph  # noqa: S301


def test_batches_and_precision() -> None:
    """A rule is batched, and goes to other dtypes, with its function."""
    graph = ga.trace(BY_JVP)
    np.testing.assert_allclose(graph.diff()(POINTS), logistic(POINTS), atol=1e-15)
    assert graph.diff()(np.float32(0.5)).dtype == np.float32


def test_outside_of_a_trace() -> None:
    """Called on numbers it is the function."""
    assert BY_JVP(0.5) == softplus(0.5)
    assert BY_JVP.__name__ == "softplus"
    assert repr(BY_JVP) == "<softplus, with a jvp of its own>"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ga.custom_diff(softplus), r"custom_diff takes one rule: jvp=\.\.\. or vjp="),
        (
            lambda: ga.custom_diff(softplus, jvp=softplus, vjp=softplus),
            "custom_diff takes one rule",
        ),
        (lambda: ga.custom_diff(3, jvp=softplus), "custom_diff takes a function, not 3"),
        (lambda: ga.custom_diff(jvp=softplus)(3), "custom_diff takes a function, not 3"),
        (
            lambda: ga.trace(ga.custom_diff(softplus, jvp=lambda x, dx: 1.0)),
            "the jvp of softplus is not linear in the tangents",
        ),
        (
            lambda: ga.trace(ga.custom_diff(lambda x: (x, x), jvp=lambda x, dx: dx[0])),
            "custom_diff takes functions of one result, and f returns 2; join them",
        ),
        (
            lambda: ga.trace(ga.custom_diff(softplus, vjp=lambda x, ct: (ct, ct))),
            "the vjp of softplus returns 2 cotangents, and there are 1 values",
        ),
        (
            lambda: ga.trace(ga.custom_diff(lambda x: 1.0 if x > 0 else x, jvp=softplus)),
            "np.where",
        ),
    ],
)
def test_misuse(make: Any, message: str) -> None:
    """Each misuse is refused, with what to do instead."""
    with pytest.raises(ga.GraphadError, match=message):
        make()


# --- gradients that stop -------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_stop_gradient(mode: str) -> None:
    """A stopped value is a constant for derivatives of any order, and changes no value."""
    graph = ga.trace(lambda x: np.sum(x**2 * ga.stop_gradient(np.sin(x))), np.zeros(2))
    x = np.array([0.3, 1.2])
    assert np.isclose(graph(x), np.sum(x**2 * np.sin(x)), rtol=1e-14)
    np.testing.assert_allclose(graph.diff(mode=mode)(x), 2 * x * np.sin(x), rtol=1e-13)
    second = graph.diff(mode=mode, order=2)
    np.testing.assert_allclose(second(x), np.diag(2 * np.sin(x)), rtol=1e-13)
    np.testing.assert_allclose(second.compile()(x), np.diag(2 * np.sin(x)), rtol=1e-13)
    assert ga.parse(str(graph)) == graph


def test_stop_gradient_of_numbers() -> None:
    """What is not traced is returned as it is."""
    x = np.ones(2)
    assert ga.stop_gradient(x) is x


def test_expanded() -> None:
    """Before machine code, rules give way to what they stand for."""
    graph = ga.trace(lambda x: BY_JVP(ga.stop_gradient(x)))
    made = expanded(graph)
    assert [node.op.name for node in made.nodes if node.inputs] == ["exp", "add", "log"]
    assert expanded(made) is made


# --- roots ---------------------------------------------------------------------------------------


def newton(a: Any) -> float:
    """Return the square root of a number."""
    x = 1.0
    for _ in range(60):
        x = x - (x * x - a) / (2 * x)
    return float(x)


@pytest.mark.parametrize("mode", MODES)
def test_root(mode: str) -> None:
    """Derivatives of a root, of orders 0 to 4, are those of the square root."""
    root = ga.implicit(lambda x, a: x * x - a, newton)
    ours, theirs = ga.trace(lambda a: root(a)), ga.trace(lambda a: np.sqrt(a))
    for order in range(5):
        found = ours.diff(order=order, mode=mode)(2.5)
        assert np.isclose(found, theirs.diff(order=order)(2.5), rtol=1e-12)
    assert repr(root) == "<primitive @newton, a root of f>"


@pytest.mark.parametrize("mode", MODES)
def test_system_of_equations(mode: str) -> None:
    """The solution of x² + q·y = p₀, y³ + x = p₁, by both parameters, against differences."""

    def residual(x: Any, p: Any, q: Any) -> Any:
        return np.array([x[0] ** 2 + q * x[1] - p[0], x[1] ** 3 + x[0] - p[1]])

    def solver(p: Any, q: Any) -> Any:
        x = np.ones(2)
        for _ in range(50):
            slopes = np.array([[2 * x[0], q], [1.0, 3 * x[1] ** 2]])
            x = x - np.linalg.solve(slopes, residual(x, p, q))
        return x

    solution = ga.implicit(residual, solver, shape=lambda p, q: p)
    graph = ga.trace(lambda p, q: np.sum(solution(p, q) ** 3), np.ones(2), 1.0)
    p, q, h = np.array([2.0, 2.5]), 0.8, 1e-5
    gradient = graph.diff("p", mode=mode)
    unit = np.eye(2)
    around = [(graph(p + h * e, q) - graph(p - h * e, q)) / (2 * h) for e in unit]
    np.testing.assert_allclose(gradient(p, q), around, rtol=1e-8)
    slopes = [(gradient(p + h * e, q) - gradient(p - h * e, q)) / (2 * h) for e in unit]
    np.testing.assert_allclose(graph.diff("p", mode=mode, order=2)(p, q), slopes, rtol=1e-7)
    mixed = (gradient(p, q + h) - gradient(p, q - h)) / (2 * h)
    np.testing.assert_allclose(graph.diff("q").diff("p", mode=mode)(p, q), mixed, rtol=1e-7)
    assert gradient(np.stack([p, p + 0.1]), q).shape == (2, 2)


def test_fixed_point() -> None:
    """A fixed point of cos(a·x) has the derivative that its equation gives."""

    def iterate(a: Any) -> Any:
        x = 0.5
        for _ in range(500):
            x = np.cos(a * x)
        return x

    point = ga.implicit(lambda x, a: x - np.cos(a * x), iterate)
    x = iterate(0.9)
    sine = np.sin(0.9 * x)
    assert np.isclose(ga.trace(point).diff()(0.9), -x * sine / (1 + 0.9 * sine), rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ga.implicit(3, newton), "the residual of implicit is a function, not 3"),
        (lambda: ga.implicit(newton, None), "the solver of implicit is a function, not None"),
        (
            lambda: ga.trace(ga.implicit(lambda x, a: np.stack([x, a]), newton)).diff(),
            r"the residual of @newton returns f64\[2\], and should return f64\[\]",
        ),
    ],
)
def test_implicit_misuse(make: Any, message: str) -> None:
    """Each misuse is refused, with what to do instead."""
    with pytest.raises(ga.GraphadError, match=message):
        make()


# --- in other languages --------------------------------------------------------------------------


def test_export() -> None:
    """Source and expressions hold what a rule stands for; black boxes are refused by name."""
    graph = ga.trace(lambda x: BY_JVP(x) * ga.stop_gradient(x))
    assert "t3 = np.log(t2)" in graph.to_python()
    box = ga.primitive(softplus)
    with pytest.raises(ga.GraphadError, match="primitive @softplus"):
        ga.trace(lambda x: box(x)).to_python()
