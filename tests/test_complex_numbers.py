"""The conventions for complex numbers: what is derived how, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.builder import Builder
from graphad.evaluate import Program
from graphad.op import OPS, Array
from graphad.passes import transpose
from graphad.types import DTYPES_BY_NAME, make_type

DRAW = np.random.default_rng(0)
T, CT = (DRAW.normal(size=4) + 1j * DRAW.normal(size=4) for _ in range(2))
ROWS: dict[str, tuple[str, Callable[[Any], Any], Callable[[Array], Array]]] = {
    "real": ("c128", OPS["real"], lambda ct: ct.real + 0j),
    "imag": ("c128", OPS["imag"], lambda ct: -1j * ct.real),
    "conjugate": ("c128", OPS["conjugate"], np.conj),
    "cast": ("f64", lambda t: OPS["cast"](t, dtype="c128"), np.real),
    "cast down": ("c128", lambda t: OPS["cast"](t, dtype="f64"), lambda ct: ct.real + 0j),
    "fft": ("c128", lambda t: OPS["fft"](t, axis=0, norm="ortho"),
            lambda ct: np.fft.fft(ct, norm="ortho")),
    "ifft": ("c128", lambda t: OPS["ifft"](t, axis=0, norm="backward"), np.fft.ifft),
    "fft of real": ("f64", lambda t: OPS["fft"](t, axis=0, norm="backward"),
                    lambda ct: np.fft.fft(ct).real),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_transposes(name: str) -> None:
    """Transposes are those of the table, and those of the pairing Re(ct·t)."""
    dtype, function, expected = ROWS[name]
    builder = Builder()
    graph = builder.finish(
        "f", [function(builder.input("t", make_type((4,), DTYPES_BY_NAME[dtype])))]
    )
    back = transpose(graph)
    t = T if dtype == "c128" else T.real
    ct = CT if graph.outputs[0].type.is_complex else CT.real
    (pushed,), (pulled,) = Program(graph)(t), Program(back)(ct)
    assert pulled.dtype == DTYPES_BY_NAME[dtype]
    np.testing.assert_allclose(pulled, expected(ct), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(np.sum(pulled * t).real, np.sum(ct * pushed).real, rtol=1e-14)


REFUSED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "np.real": ("real", lambda z: np.real(z) * 2),
    "z.imag": ("imag", lambda z: z.imag),
    "np.conj": ("conjugate", lambda z: z * np.conj(z)),
    "abs": ("real", abs),
    "np.abs squared": ("real", lambda z: np.abs(z) ** 2),
    "np.angle": ("imag", np.angle),
    "np.sign": ("real", np.sign),
}


@pytest.mark.parametrize("derive", [
    lambda g: g.diff(mode="forward"),
    lambda g: g.diff(mode="reverse"),
    lambda g: g.jvp(),
    lambda g: g.taylor(3),
], ids=["forward", "reverse", "jvp", "taylor"])  # fmt: skip
@pytest.mark.parametrize("name", REFUSED)
def test_derivatives_by_complex_inputs_are_refused(name: str, derive: Callable[[Any], Any]) -> None:
    """What is not holomorphic names itself, and says what to do, in every mode."""
    op, function = REFUSED[name]
    graph = ga.trace(function, 0.5 + 1j)
    message = (
        f"{op} of a complex number is not analytic, so it has no complex derivative; write it "
        "with the real and imaginary parts as real inputs: z = x"
    )
    with pytest.raises(ga.DerivativeError, match=message):
        derive(graph)


def test_derivatives_by_real_inputs_beside_complex_ones() -> None:
    """What moves with a real input alone has a derivative, also where a complex input is used."""
    graph = ga.trace(lambda z, x: np.abs(z + x) ** 2 * x, 0.5 + 1j, 2.0)
    z, x = 0.3 - 0.7j, 1.2
    expected = abs(z + x) ** 2 + x * 2 * (z.real + x)
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(graph.diff("x", mode=mode)(z, x), expected, rtol=1e-14)
        with pytest.raises(ga.DerivativeError, match="real of a complex number is not analytic"):
            graph.diff("z", mode=mode)
    both = ga.trace(lambda z, x: (np.exp(z), np.abs(1j * x + 2) ** 2), 0.5 + 1j, 2.0)
    (by_z, _), (_, by_x) = both.diff(mode="forward")(z, x)
    np.testing.assert_allclose([by_z, by_x], [np.exp(z), 2 * x], rtol=1e-14)


def test_sizes() -> None:
    """The derivative of ``np.abs(z)`` at 0 is 0, and its square is smooth; `np.sign` is 0 there."""
    size = ga.trace(lambda x, y: np.abs(x + 1j * y))
    assert size.diff()(0.0, 0.0) == (0.0, 0.0)
    square = ga.trace(lambda x, y: np.abs(x + 1j * y) ** 2)
    assert square.diff()(0.0, 0.0) == (0.0, 0.0)
    assert square.diff(order=2)(0.0, 0.0) == ((2.0, 0.0), (0.0, 2.0))
    sign = ga.trace(lambda x, y: np.sign(x + 1j * y))
    assert sign(0.0, 0.0) == 0
    np.testing.assert_allclose(sign(3.0, -4.0), 0.6 - 0.8j, rtol=1e-15)


def test_precision_of_calls() -> None:
    """Graphs with parts run in single precision, and not on complex numbers for real inputs."""
    graph = ga.trace(lambda x: np.exp(1j * x).real, 0.3)
    for made in (graph, graph.diff()):
        assert made(np.float32(0.3)).dtype == np.float32
        with pytest.raises(ga.InputError, match="real of a complex number is not analytic"):
            made(0.3 + 1e-9j)
    size = ga.trace(np.abs, np.zeros(2, complex))
    assert size(np.ones(2, np.complex64)).dtype == np.float32


A = DRAW.normal(size=(3, 3)) + 1j * DRAW.normal(size=(3, 3))
C = DRAW.normal(size=3) + 1j * DRAW.normal(size=3)
WEIGHTS = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
"""Of central differences of order 8 (Fornberg, 1988)."""
THROUGH: dict[str, Callable[[Any], Any]] = {
    "solve": lambda x: np.sum(np.abs(np.linalg.solve(A + np.outer(x, x) * 1j, C * x)) ** 2),
    "inv": lambda x: np.linalg.inv(A + 1j * np.diag(x))[0, 1].imag,
    "det": lambda x: np.abs(np.linalg.det(A * x)) ** 2,
    "matmul": lambda x: np.real(np.conj(C * x) @ (A @ (C * x**2))),
    "prod": lambda x: np.prod(x + 1j * x**2).imag,
    "cumprod": lambda x: np.sum(np.cumprod(x + 1j).real ** 2),
    "power": lambda x: np.sum(((x + 1j) ** (x * 1.5)).real),
    "complex power": lambda x: np.sum(((x + 0.1j) ** (1.5 + 0.5j)).imag),
    "elementary": lambda x: np.sum(np.sin(x + 1j) * np.conj(np.sqrt(x + 2j))).imag,
    "logarithms": lambda x: np.sum(np.log(C * x).real * np.log1p(C * x).imag),
    "max": lambda x: np.max((x + 1j) * C).real,
    "norm": lambda x: np.linalg.norm(A @ (x + 0j)),
    "vdot": lambda x: np.vdot(C * x, A @ (x * C)).imag,
    "var": lambda x: np.var(C * x**2),
    "sign": lambda x: np.sum(np.sign(C * x + 1).imag),
    "einsum": lambda x: np.einsum("i,ij,j->", (C * x).conj(), A, C * x).real,
    "parts": lambda x: np.abs(_from_parts(x)).sum(),
    "where": lambda x: np.sum(np.where(x > 0.7, 1j * x**2, x + 2j).imag * x),
    "fft2": lambda x: np.sum(np.abs(np.fft.fft2(np.outer(x, x))) ** 3),
    "irfft": lambda x: np.sum(np.fft.irfft(np.fft.rfft(x) ** 2) ** 3),
    "hfft": lambda x: np.sum(np.fft.hfft(np.fft.ihfft(x) ** 2) ** 3),
    "shifted": lambda x: np.sum(np.fft.fftshift(np.fft.fftn(x * C)).imag[:2] ** 2),
}


def _from_parts(x: Any) -> Any:
    z = np.zeros(3, complex)
    z.real = x
    z.imag = x**2
    return z


def _slopes(function: Callable[[Any], Any], x: Array) -> Array:
    """Return the derivative by each element, by differences."""
    step, made = 1e-2, []
    for direction in np.eye(x.size):
        parts = [
            weight * (function(x + k * step * direction) - function(x - k * step * direction))
            for k, weight in enumerate(WEIGHTS, 1)
        ]
        made.append(sum(parts) / step)
    return np.stack(made, axis=-1)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", THROUGH)
def test_real_functions_through_complex_numbers(name: str, mode: str) -> None:
    """Gradients and Hessians of what users write agree with differences of what NumPy gives."""
    function, x = THROUGH[name], np.array([0.6, 1.1, 0.8])
    graph = ga.trace(function, x)
    gradient = graph.diff(mode=mode)
    np.testing.assert_allclose(gradient(x), _slopes(function, x), rtol=1e-7, atol=1e-8)
    other = graph.diff(mode="forward" if mode == "reverse" else "reverse")
    hessian = gradient.diff(mode=mode)(x)
    np.testing.assert_allclose(hessian, _slopes(other, x), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("mode", ["compose", "edge-pushing", "multivariate", "elimination"])
def test_ways_that_multiply_partials_refuse(mode: str) -> None:
    """Parts have no partials that could be multiplied, so these ways leave them to the others."""

    def wave(x: Any) -> Any:
        z = np.exp((x[0] + 1j * x[1]) * (x[1] - 1j))
        return (z * np.conj(z) ** 2).imag * z.real

    graph, point = ga.trace(wave, np.ones(2)), np.array([0.3, 0.4])
    order = 1 if mode == "elimination" else 2
    derivative = graph.diff(order=order)
    expected = derivative(point)
    np.testing.assert_allclose(derivative.plan().compile()(point), expected, rtol=1e-13)
    with pytest.raises(ga.DerivativeError, match="of a complex number is not analytic"):
        graph.diff(order=order, mode=mode)
