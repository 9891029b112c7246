"""Functions for C, through ctypes and through SciPy's integrators."""

from __future__ import annotations

import ctypes
import gc
import math
import threading
from typing import Any

import numpy as np
import pytest
from scipy import LowLevelCallable, integrate

from graphad.errors import GraphError
from graphad.llvm import Compiled
from graphad.llvm.drivers import FRAME
from tests.llvm.machine import points_of_several, scalar_graph, several, values_of_several

NUMBERS = ctypes.POINTER(ctypes.c_double)


def numbers(array: Any) -> Any:
    """A pointer to doubles."""
    return array.ctypes.data_as(NUMBERS)


def test_point() -> None:
    """All inputs are read from one piece, all outputs written to another."""
    fast = Compiled(scalar_graph(several, np.zeros(3), 0.0, np.zeros((2, 3))))
    values = points_of_several(1)
    given = np.concatenate([value.ravel() for value in values])
    wanted = np.concatenate([value.ravel() for value in values_of_several(*values)])
    found = np.full(12, 7.0)
    fast.pointer(numbers(given), numbers(found[1:]))
    np.testing.assert_array_equal(found, [7.0, *wanted, 7.0])
    assert ctypes.cast(fast.pointer, ctypes.c_void_p).value == fast.address


def test_pointer_keeps_the_code() -> None:
    """The function works after the compiled object is gone."""
    pointer = Compiled(scalar_graph(lambda x: x * 2.0, 0.0)).pointer
    gc.collect()
    found = np.zeros(1)
    pointer(numbers(np.array([4.0])), numbers(found))
    assert found[0] == 8.0


def many_values(x: Any) -> Any:
    """More values alive at once than are kept on the stack, over several functions."""
    parts = [np.sin(x + i) for i in range(FRAME + 900)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    for part in reversed(parts):
        total = total * 0.5 + part
    return total


def test_memory_of_its_own() -> None:
    """Calls in several threads at once do not share what they keep meanwhile."""
    fast = Compiled(scalar_graph(many_values, 0.0), 0)
    assert fast._code.scratch > FRAME
    pointer = fast.pointer
    xs = np.linspace(-1.0, 1.0, 8)
    wanted = [many_values(x) for x in xs]
    found = np.zeros((8, 200))

    def work(i: int) -> None:
        for j in range(found.shape[1]):
            pointer(numbers(xs[i : i + 1]), numbers(found[i, j:]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(found, np.repeat(wanted, 200).reshape(8, 200), rtol=1e-12)
    np.testing.assert_array_equal(found, np.repeat(found[:, :1], 200, axis=1))


def test_quad() -> None:
    """A function of one number is integrated."""
    fast = Compiled(scalar_graph(lambda x: np.exp(-x * x), 0.0))
    callback = fast.low_level_callable()
    assert isinstance(callback, LowLevelCallable)
    assert callback.signature == "double (double)"
    del fast
    gc.collect()
    found, _ = integrate.quad(callback, -np.inf, np.inf)
    assert found == pytest.approx(math.sqrt(math.pi), 1e-9)


def test_quad_with_parameters() -> None:
    """A function of a vector takes the variable first, and the parameters after it."""
    callback = Compiled(scalar_graph(lambda v: v[1] * np.cos(v[0] * v[2]), np.zeros(3)))
    found, _ = integrate.quad(callback.low_level_callable(), 0.0, 1.0, args=(3.0, 0.5))
    assert found == pytest.approx(6.0 * math.sin(0.5), 1e-12)


def test_nquad() -> None:
    """A function of several numbers is integrated over all of them."""
    callback = Compiled(scalar_graph(lambda x, y: x * x * np.exp(x * y), 0.0, 0.0))
    handle = callback.low_level_callable()
    assert handle.signature == "double (int, double *)"
    found, _ = integrate.nquad(handle, [[0.0, 1.0], [0.0, 2.0]])
    # The inner integral is x (exp(2 x) - 1).
    assert found == pytest.approx((math.exp(2.0) + 1.0) / 4.0 - 0.5, 1e-9)


def test_output_of_one_element() -> None:
    """An output of shape (1,) is a number too."""
    callback = Compiled(scalar_graph(lambda x: x * 2.0, np.zeros(1))).low_level_callable()
    assert integrate.quad(callback, 0.0, 1.0)[0] == pytest.approx(1.0, 1e-12)


def test_wrong_number_of_variables() -> None:
    """Too few or too many numbers give NaN, and nothing beyond them is read."""
    fast = Compiled(scalar_graph(lambda v: v[0] + v[1], np.zeros(2)))
    function = fast.low_level_callable().function
    x = np.array([1.0, 2.0, 4.0])
    assert function(2, numbers(x)) == 3.0
    assert math.isnan(function(1, numbers(x)))
    assert math.isnan(function(3, numbers(x)))
    assert math.isnan(function(0, NUMBERS()))


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (lambda x: x * 2.0, (np.zeros(3),), r"gives 3 numbers for 3, \(3\)->\(3\)"),
        (lambda x: (x, x * 2.0), (0.0,), r"gives 2 numbers for 1, \(\)->\(\),\(\)"),
        (lambda: np.ones(()) * 2.0, (), r"gives 1 numbers for 0, ->\(\)"),
    ],
)
def test_no_integrand(function: Any, arguments: Any, message: str) -> None:
    """What does not give one number of some is refused, with its shapes."""
    fast = Compiled(scalar_graph(function, *arguments))
    with pytest.raises(GraphError, match=message):
        fast.low_level_callable()
