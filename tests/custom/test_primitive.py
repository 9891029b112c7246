"""Black boxes: values, derivatives of each kind, batches, text, and what they refuse."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.text import parse

MODES = ("forward", "reverse")
A, V = np.array([[3.0, 1.0], [0.5, 2.0]]), np.array([0.7, -0.3])


def opaque(x: Any) -> Any:
    """Return an argument, which must be NumPy's: what is traced cannot come here."""
    assert type(x) in {np.ndarray, np.float64, np.float32, float}, type(x)
    return x


@ga.primitive(jvp=lambda x, dx: np.cos(x[0]) * dx[0] * x[1] + np.sin(x[0]) * dx[1])
def wave(x: Any, y: Any) -> Any:
    """Return sin(x)·y as a black box."""
    return np.sin(opaque(x)) * opaque(y)


@ga.primitive(vjp=lambda x, ct: (np.cos(x[0]) * ct * x[1], np.sin(x[0]) * ct))
def pulled(x: Any, y: Any) -> Any:
    """Return the same, with the other rule."""
    return np.sin(opaque(x)) * opaque(y)


@ga.primitive(derivative="finite differences")
def blurred(x: Any, y: Any) -> Any:
    """Return the same, without a rule."""
    return np.sin(opaque(x)) * opaque(y)


def plain(x: Any, y: Any) -> Any:
    """Return the same, to be traced."""
    return np.sin(x) * y


def _solve_jvp(primals: Any, tangents: Any, out: Any) -> Any:
    matrix, _ = primals
    return solve(matrix, tangents[1] - tangents[0] @ out)


@ga.primitive(
    jvp=_solve_jvp, linear=1, transpose=lambda ct, matrix: solve(matrix.T, ct), shape=lambda a, b: b
)
def solve(matrix: Any, right: Any) -> Any:
    """Return the solution of linear equations, linear in the right-hand side."""
    return np.linalg.solve(opaque(matrix), opaque(right))


TOLERANCE = {"wave": 1e-13, "pulled": 1e-13, "blurred": 1e-6}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("box", [wave, pulled, blurred], ids=lambda box: box.name)
def test_derivatives(box: Any, mode: str) -> None:
    """Derivatives of orders 0 to 2 are those of the same function traced, in both modes."""
    x, y = np.array([0.3, 1.2]), np.array([2.0, -1.0])
    ours = ga.trace(lambda x, y: np.sum(box(x, y) ** 2), x, y)
    theirs = ga.trace(lambda x, y: np.sum(plain(x, y) ** 2), x, y)
    assert np.isclose(ours(x, y), theirs(x, y), rtol=1e-14)
    for a, b in zip(ours.diff(mode=mode)(x, y), theirs.diff()(x, y), strict=True):
        np.testing.assert_allclose(a, b, rtol=TOLERANCE[box.name])
    second, expected = ours.diff(mode=mode, order=2)(x, y), theirs.diff(order=2)(x, y)
    for row, other in zip(second, expected, strict=True):
        for a, b in zip(row, other, strict=True):
            np.testing.assert_allclose(a, b, atol=10 * TOLERANCE[box.name])


@pytest.mark.parametrize("box", [wave, pulled, blurred], ids=lambda box: box.name)
def test_one_argument_moves(box: Any) -> None:
    """A derivative by one argument alone, in both modes and by both in turn."""
    ours, theirs = ga.trace(box), ga.trace(plain)
    for mode in MODES:
        found, expected = ours.diff("y", mode=mode)(0.4, 2.0), theirs.diff("y")(0.4, 2.0)
        assert np.isclose(found, expected, rtol=1e-6)
    found = ours.diff("y", mode="reverse").diff("x", mode="forward")(0.4, 2.0)
    assert np.isclose(found, np.cos(0.4), rtol=1e-6)


def test_series() -> None:
    """Taylor coefficients follow from the rule."""
    found = ga.trace(lambda x: wave(x, 2.0 * x)).taylor(4)(0.3)
    expected = ga.trace(lambda x: plain(x, 2.0 * x)).taylor(4)(0.3)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_linear_with_transpose(mode: str) -> None:
    """A solver is differentiated by its matrix and its right-hand side, to second order."""
    graph = ga.trace(lambda m, b: np.sum(solve(m, b) ** 2), A, V)
    other = ga.trace(lambda m, b: np.sum((_inverse(m) @ b) ** 2), A, V)
    for a, b in zip(graph.diff(mode=mode)(A, V), other.diff()(A, V), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    for row, expected in zip(
        graph.diff(mode=mode, order=2)(A, V), other.diff(order=2)(A, V), strict=True
    ):
        for a, b in zip(row, expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)


def _inverse(m: Any) -> Any:
    adjugate = np.array([[m[1, 1], -m[0, 1]], [-m[1, 0], m[0, 0]]])
    return adjugate / (m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0])


def test_batches() -> None:
    """Many points are run one after the other, by any of the arguments, and nested."""
    x = np.linspace(0.1, 0.9, 6).reshape(2, 3)
    graph = ga.trace(wave)
    np.testing.assert_allclose(graph(x, 2.0), plain(x, 2.0), rtol=1e-14)
    np.testing.assert_allclose(graph(x[0], x[:, :1]), plain(x[0], x[:, :1]), rtol=1e-14)
    slope = graph.diff("x", order=2)
    np.testing.assert_allclose(slope(x, 2.0), -plain(x, 2.0), rtol=1e-13)
    twice = graph.batch(3, ["x"]).batch(2, ["y"])
    expected = plain(x[0], x[:, :1])
    np.testing.assert_allclose(twice(x[0], x[:, 0]), expected, rtol=1e-13)


def test_single_precision() -> None:
    """A call in single precision runs the function in single precision."""
    found = ga.trace(wave)(np.float32(0.3), np.float32(2.0))
    assert found.dtype == np.float32


def test_outside_of_a_trace() -> None:
    """Called on numbers it is the function."""
    assert wave(0.5, 2.0) == plain(0.5, 2.0)
    assert wave.__name__ == "wave"
    assert repr(wave) == "<primitive @wave>"
    assert repr(blurred) == "<primitive @blurred, derivative by finite differences>"


def test_text() -> None:
    """Text names a primitive, and is read with it; parts of it too."""
    for graph in (ga.trace(wave), ga.trace(blurred).diff("x", order=2), ga.trace(wave).batch(2)):
        text = str(graph)
        assert "= primitive @" in text
        assert ga.parse(text, ops={"wave": wave, "blurred": blurred}) == graph
    assert "finite_differences_0" in str(ga.trace(blurred).diff("x"))
    assert "primitive @blurred.finite_differences_0: a derivative by finite differences" in (
        ga.trace(blurred).diff("x").explain()
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("@wave", r"@wave is a function of the user's: parse\(text, ops=\{'wave': \.\.\.\}\)"),
        ("@box.other", "primitive @wave has no part 'other'"),
        ("@box.finite_differences_0", "primitive @wave has no part 'finite_differences_0'"),
        ("box", "expected the name of a primitive, such as @solve, found 'box'"),
    ],
)
def test_bad_text(name: str, message: str) -> None:
    """Unknown names are refused with their place."""
    text = f"graphad 1\ngraph f(%x: f64[]) -> f64[] {{\n  %1: f64[] = primitive {name} %x\n}}"
    with pytest.raises(ga.ParseError, match=f"<text>:3:.*{message}"):
        parse(text, ops={"box": wave})


def test_what_it_cannot_do() -> None:
    """Pickling is refused, machine code is replaced by NumPy with a reason, plans stay arrays."""
    graph = ga.trace(wave)
    message = re.escape("wave holds primitive @wave, which is Python code and cannot be pickled")
    with pytest.raises(ga.GraphError, match=message):
        pickle.dumps(graph)
    assert copy.deepcopy(graph) is graph
    compiled = graph.diff("x").compile()
    assert np.isclose(ga.trace(pulled).compile()(0.4, 2.0), plain(0.4, 2.0))
    assert np.isclose(compiled(0.4, 2.0), 2 * np.cos(0.4), rtol=1e-14)
    assert "primitive @wave is Python code, which has no machine code" in repr(graph.compile())
    with pytest.raises(ga.GraphadError, match="primitive @wave"):
        graph.scalarize()
    second = graph.diff("x", order=2).plan()
    assert np.isclose(second(0.4, 2.0), -plain(0.4, 2.0), rtol=1e-13)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ga.primitive(3), "primitive takes a function, not 3"),
        (
            lambda: ga.primitive(plain, derivative="magic"),
            "derivative is \"finite differences\" or None, not 'magic'",
        ),
        (
            lambda: ga.primitive(plain, jvp=plain, vjp=plain),
            "one way to derive a primitive is enough: jvp and vjp",
        ),
        (lambda: ga.primitive(plain, name="a b"), "the name of a primitive is a plain word"),
        (
            lambda: ga.trace(ga.primitive(plain)).diff(),
            r"primitive @plain has no derivative: it is a black box. .*@primitive\(jvp=",
        ),
        (
            lambda: ga.trace(ga.primitive(plain, jvp=lambda x, dx: np.zeros(3) * dx[0])).diff(),
            r"the jvp of @plain returns f64\[3\], and should return f64\[\]",
        ),
        (
            lambda: ga.trace(ga.primitive(plain, jvp=lambda x, dx: dx[0] ** 2)).diff(),
            "the jvp of @plain is not linear in the tangents: twice the tangents give",
        ),
        (
            lambda: ga.trace(ga.primitive(plain, vjp=lambda x, ct: ct)).diff(),
            "the vjp of @plain returns 1 cotangents, and there are 2 values",
        ),
        (
            lambda: ga.trace(ga.primitive(plain, vjp=lambda x, ct: (ct**2, ct))).diff(),
            "the vjp of @plain cannot be turned round for forward mode: .*not linear",
        ),
        (
            lambda: ga.trace(ga.primitive(lambda x: (x, x), name="two")),
            "primitive @two gives a tuple, and a primitive gives one array; join several",
        ),
        (
            lambda: ga.trace(ga.primitive(lambda x: x[7], name="deep"), np.zeros(3)),
            "@deep was run to see what shape it gives, and raised IndexError: (?s:.*)say the shape",
        ),
        (
            lambda: ga.trace(ga.primitive(lambda x: x, name="bad", shape=lambda s: 3)),
            "shape= of @bad gave 3, which is no tuple",
        ),
        (
            lambda: ga.trace(ga.primitive(lambda x: x, name="lie", shape=lambda s: (2,))),
            r"primitive @lie gave an array of shape \(\), and the graph was made for \(2,\)",
        ),
        (
            lambda: ga.trace(lambda x: wave(x, "a")),
            "argument 1 of wave is no number or array",
        ),
    ],
)
def test_misuse(make: Any, message: str) -> None:
    """Each misuse is refused, with what to do instead."""
    with pytest.raises(ga.GraphadError, match=message):
        make()


def test_no_transpose() -> None:
    """Reverse mode through what is linear, without a transpose, says so; forward mode works."""
    box = ga.primitive(lambda x: 3 * x, name="triple", linear=0)
    assert ga.trace(lambda x: box(x)).diff(mode="forward")(1.0) == 3.0
    with pytest.raises(ga.DerivativeError, match=r"primitive @triple .* has no transpose"):
        ga.trace(lambda x: box(x)).diff(mode="reverse")
