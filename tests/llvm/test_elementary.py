"""Elementary functions in LLVM's language: constants, polynomials, choices, other processors."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable
from math import log
from typing import Any

import llvmlite.binding as llvm
import mpmath
import numpy as np
import pytest

from graphad.builder import Builder
from graphad.ir import Graph
from graphad.llvm import elementary, kernels
from graphad.llvm.elementary import (
    FASTER,
    GUARDED,
    TOTAL,
    definitions,
    is_own,
    own_name,
    paired_definitions,
)
from graphad.llvm.engine import host
from graphad.llvm.kernels import Lanes
from graphad.op import OPS
from graphad.types import FLOAT64
from tests.llvm.test_functions import EDGES, assert_same_edges, expected, numpy_values, reference
from tests.llvm.vectors import (
    LANES,
    WIDTHS,
    compiled,
    graph_of,
    lanes_of,
    runner,
    sweep_text,
    units,
)

OWN = sorted({*TOTAL, *GUARDED})
INTEL = platform.machine().lower() in ("x86_64", "amd64")


def trailing_zeros(value: float) -> int:
    """Return how many bits at the end of a number are 0."""
    mantissa = int(abs(value) * 2.0 ** (52 - int(np.floor(np.log2(abs(value))))))
    return (mantissa & -mantissa).bit_length() - 1


@pytest.mark.parametrize(
    ("parts", "name", "bits", "zeros"),
    [
        (elementary.LN2, "ln2", 95, 11),
        (elementary.PI, "pi", 128, 14),
        (elementary.PI_FUSED, "pi", 158, 0),
    ],
)
def test_constants_in_parts(parts: tuple[float, ...], name: str, bits: int, zeros: int) -> None:
    """Parts add up to the constant, and all but the last leave room for the number of periods."""
    with mpmath.workprec(300):
        rest = mpmath.fsum([getattr(mpmath.mp, name), *[-mpmath.mpf(part) for part in parts]])
        assert abs(rest) < mpmath.mpf(2) ** -bits
    assert min(trailing_zeros(part) for part in parts[:-1]) >= zeros


def horner(coefficients: list[Any], x: Any) -> Any:
    """Return a polynomial, the lowest power first, in numbers of many digits."""
    made = mpmath.mpf(0)
    for coefficient in reversed(coefficients):
        made = made * x + coefficient
    return made


@pytest.mark.parametrize(
    ("name", "function", "low", "high", "bound"),
    [
        ("EXP", lambda r: (mpmath.exp(r) - 1 - r) / r**2, -log(2) / 2, log(2) / 2, 1.2e-16),
        ("LOG", lambda z: (2 * mpmath.atanh(z**0.5) / z**0.5 - 2) / z, 0, 0.0294, 3.5e-16),
        ("LOG_WIDE", lambda z: (2 * mpmath.atanh(z**0.5) / z**0.5 - 2) / z, 0, 0.04, 5e-17),
        ("SIN_NEAR", lambda z: (mpmath.sin(z**0.5) / z**0.5 - 1) / z, 0, 0.6168, 4e-17),
        ("COS_NEAR", lambda z: (mpmath.cos(z**0.5) - 1 + z / 2) / z**2, 0, 0.6168, 5e-18),
        ("ERF", lambda z: mpmath.erf(z**0.5) / z**0.5 - 1, 0, 1, 4e-17),
        ("SIN", lambda z: (mpmath.sin(z**0.5) / z**0.5 - 1) / z, 0, 2.467, 1e-17),
    ],
)
def test_polynomials(
    name: str, function: Callable[..., Any], low: float, high: float, bound: float
) -> None:
    """Polynomials are as near to their functions as is said, with coefficients as they are."""
    coefficients = [mpmath.mpf(c) for c in getattr(elementary, name)]
    with mpmath.workprec(200):
        for i in range(1, 60):
            x = mpmath.mpf(low) + (mpmath.mpf(high) - low) * (i + mpmath.mpf(1) / 3) / 61
            assert abs(horner(coefficients, x) - function(x)) < bound


def test_polynomial_in_the_exponent() -> None:
    """The exponential of a polynomial is erfc from 1 to 6, to the error that is said."""
    coefficients = [mpmath.mpf(c) for c in elementary.LOG_ERFC]
    with mpmath.workprec(200):
        for i in range(101):
            x = 1 + mpmath.mpf(i) / 20
            made = mpmath.exp(horner(coefficients, x))
            assert abs(made - mpmath.erfc(x)) < 2e-16


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("name", OWN)
def test_what_is_taken(name: str, width: int) -> None:
    """Own functions stand in where the library has none, and where they are faster."""
    assert is_own(name, width, frozenset())
    assert is_own(name, width, frozenset([name])) == (name in FASTER[width])
    assert not is_own(name, 1, frozenset())
    assert not is_own("cbrt", width, frozenset())


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("name", OWN)
def test_definitions_are_whole(name: str, width: int) -> None:
    """A definition comes with all that it calls, the function itself last."""
    made = definitions(name, width)
    text = "\n".join(made.values())
    called = set(re.findall(r"@([\w.]+)\(", text))
    assert called == set(made)
    assert list(made)[-1] == own_name(name, width)


def test_definition_of_the_pair_is_whole() -> None:
    """Sine and cosine at once come with all that they call, too."""
    made = paired_definitions(4)
    assert set(re.findall(r"@([\w.]+)\(", "\n".join(made.values()))) == set(made)
    assert list(made)[-1] == own_name("sincos", 4)


def graph_of_pair(taken: str) -> Graph:
    """Return a graph that has both sine and cosine of its input, and gives one of them."""
    b = Builder()
    x = b.input("x", FLOAT64)
    both = [OPS["sin"](x), OPS["cos"](x)]
    first, second = both if taken == "sin" else both[::-1]
    # The other one is there, and changes nothing: it is never above 2.
    return b.finish("pair", [OPS["where"](OPS["greater"](second, 2.0), second, first)])


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_and_cosine_of_one_argument(name: str, lanes: str) -> None:
    """Both at once are as exact as one by one, and go where NumPy's go at the edges."""
    text = sweep_text(graph_of_pair(name), lanes_of(lanes))
    run = runner(text, lanes_of(lanes).width)
    assert len(re.findall(r"= call .*sincos", text)) == (lanes != "scalar")
    x, near, rest = expected(name)
    error = units(run(x), near, rest)
    assert x[error > 4].tolist() == []
    assert_same_edges(run(EDGES), numpy_values(reference(name), EDGES), rounded=True)


def test_pairs_are_of_one_argument() -> None:
    """A sine and a cosine of different values are computed one by one, and so are two alike."""
    b = Builder()
    x, y = b.input("x", FLOAT64), b.input("y", FLOAT64)
    graph = b.finish("apart", [OPS["add"](OPS["sin"](x), OPS["cos"](y))])
    assert "sincos" not in sweep_text(graph, Lanes(4))


def test_pairs_beyond_one_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sine and a cosine in different pieces of the code are computed one by one."""
    monkeypatch.setattr(kernels, "CHUNK", 1)
    text = sweep_text(graph_of_pair("sin"), Lanes(4))
    assert "sincos" not in text


def test_faster_functions_are_there() -> None:
    """Only functions of the module are named as faster."""
    assert set().union(*FASTER.values()) <= set(OWN)


@pytest.mark.parametrize("width", WIDTHS[1:])
@pytest.mark.parametrize("name", sorted(GUARDED))
def test_slow_lanes(name: str, width: int) -> None:
    """Arguments out of the quick range have the C library's bits, beside those in it."""
    x = np.array([1e22, -1e300, 5e-324, 0.3, np.inf, np.nan, 0.0, -1.0, 3e5, -0.0] * 4)
    found = compiled(name, f"{width} lanes, no library")(x)
    wanted = numpy_values(reference(name), x)
    assert_same_edges(found, wanted, rounded=True)
    scalar = compiled(name, "scalar")(x)
    huge = np.abs(x) > 1e5
    np.testing.assert_array_equal(found[huge], scalar[huge])


@pytest.mark.skipif(not INTEL, reason="features are those of x86-64")
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("name", OWN)
def test_without_fused_operations(name: str, level: int) -> None:
    """On the oldest processors of the kind, whose products are rounded, errors stay small."""
    llvm.initialize_native_target()
    text = sweep_text(graph_of(name), Lanes(2))
    machine = llvm.Target.from_triple(host().triple).create_target_machine(
        cpu="x86-64", features="", opt=level, codemodel="jitdefault"
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), machine)
    engine.finalize_object()
    assert "vfmadd" not in machine.emit_assembly(llvm.parse_assembly(text))

    class Made:
        """Code for another processor, with the one method that is asked for."""

        kept = engine

        def address(self, name: str) -> int:
            return int(engine.get_function_address(name))

    run = runner(text, 2, Made())
    x, near, rest = expected(name)
    error = units(run(x), near, rest)
    assert x[error > 4].tolist() == []
    assert_same_edges(run(EDGES), numpy_values(reference(name), EDGES), rounded=True)
