"""The ways into array code: points where they lie, one after the other, or copied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import GraphError
from graphad.llvm.array_compiled import CompiledArrays
from tests.llvm.machine import guarded_copy

WEIGHTS = np.random.default_rng(0).uniform(-1, 1, (20, 20))
X = np.random.default_rng(1).uniform(-1, 1, (6, 20))
Y = np.random.default_rng(2).uniform(-1, 1, (6, 2, 20))


def several(x: Any, y: Any) -> Any:
    """Return three arrays of two."""
    return np.tanh(x @ WEIGHTS) * y, np.sum(x), y.T * x[0]


GRAPH = ga.trace(several, np.zeros(20), np.zeros((2, 20)))
CODE = CompiledArrays(GRAPH)


@pytest.mark.parametrize("x", [X, X[::-1], X[0], X[:, ::-1], np.repeat(X, 3, 0)[::3]])
@pytest.mark.parametrize("y", [Y, Y[::-1], Y[0], np.asfortranarray(Y), Y[:, ::-1]])
def test_operands_in_any_order(x: Any, y: Any) -> None:
    """Steps of every sign, operands that all points share, and pieces are all right."""
    for found, expected in zip(CODE.ufunc(x, y), GRAPH(x, y), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("at_end", [True, False])
def test_memory_of_operands(at_end: bool) -> None:
    """Nothing is read or written beyond operands, by one point or by many."""
    for x, y in ((X, Y), (X[0], Y[0])):
        given = guarded_copy(np.ascontiguousarray(x), at_end), guarded_copy(y.copy(), at_end)
        shapes = [part.shape for part in GRAPH(x, y)]
        out = tuple([guarded_copy(np.zeros(shape), at_end) for shape in shapes])
        CODE.ufunc(*given, out=out)
        for found, expected in zip(out, GRAPH(x, y), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_pointers_take_all_in_one_piece() -> None:
    """A C function reads all inputs one after the other, and writes all outputs so."""
    import ctypes

    given = np.concatenate([X[0], Y[0].ravel()])
    out = np.empty(40 + 1 + 40)
    double = ctypes.POINTER(ctypes.c_double)
    CODE.pointer(given.ctypes.data_as(double), out.ctypes.data_as(double))
    expected = np.concatenate([np.ravel(part) for part in GRAPH(X[0], Y[0])])
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-14)


def test_ufuncs_outlive_their_makers() -> None:
    """A ufunc holds the code and its constants."""
    ufunc = CompiledArrays(ga.trace(lambda x: np.tanh(x @ WEIGHTS), np.zeros(20))).ufunc
    import gc

    gc.collect()
    np.testing.assert_allclose(ufunc(X), np.tanh(X @ WEIGHTS), rtol=1e-12)


def test_options_of_ufuncs() -> None:
    """Options of NumPy's ufuncs reach them, and exceptions of arithmetic do not."""
    code = CompiledArrays(ga.trace(lambda x: np.log(x) / x[0], np.zeros(20)))
    with np.errstate(all="raise"):
        assert np.isnan(code.ufunc(-np.ones(20))).all()
    with pytest.raises(TypeError, match="could not be safely coerced"):
        code.ufunc(X.astype(complex))
    np.testing.assert_allclose(code(np.abs(X).T, axes=[0, 0]), code(np.abs(X)).T, rtol=1e-12)


def test_too_many_operands() -> None:
    """Without a ufunc, array code is called as it is."""
    graph = ga.trace(lambda *x: sum(x) * 2.0, *[np.zeros(20)] * 70)
    code = CompiledArrays(graph)
    given = [X[i % 6] for i in range(70)]
    np.testing.assert_allclose(code(*given), graph(*given), rtol=1e-12)
    with pytest.raises(GraphError, match="has no ufunc: it has too many inputs"):
        _ = code.ufunc
