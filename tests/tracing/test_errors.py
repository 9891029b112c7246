"""Code that cannot be traced: the message names the user's line and says what to write instead."""

from __future__ import annotations

import functools
import inspect
import math
import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import uniform_filter
from scipy.special import spence

from graphad.errors import TraceError
from graphad.tracing import trace_function
from tests.tracing.elsewhere import installed

X = np.array([0.3, 0.7, 1.1])
OUTSIDE = np.zeros(3)
INSTALLED = installed()
KEPT: list[Any] = []


# Each case is a function, the example of its argument, what happened, and what to write instead.
# The line that is to be named has the mark "# here".
CASES: list[Any] = []


def case(example: Any, what: str, instead: str) -> Callable[[Any], Any]:
    """Enter a function as a case."""

    def enter(function: Any) -> Any:
        CASES.append(pytest.param(function, example, what, instead, id=function.__name__))
        return function

    return enter


@case(1.0, "whether a traced value is true", "np.where(condition, a, b)")
def _if(x: Any) -> Any:
    if x > 0:  # here
        return x
    return -x


@case(1.0, "whether a traced value is true", "for _ in range(n)")
def _while(x: Any) -> Any:
    while x < 10:  # here
        x = x * 2
    return x


@case(1.0, "whether a traced value is true", "np.logical_and(a, b)")
def _and(x: Any) -> Any:
    return np.where((x > 0) and (x < 1), x, 0.0)  # here


@case(1.0, "whether a traced value is true", "np.logical_and(a, b) or np.logical_or(a, b)")
def _or(x: Any) -> Any:
    return np.where((x < 0) or (x > 1), x, 0.0)  # here


@case(1.0, "whether a traced value is true", "np.logical_not(a)")
def _not(x: Any) -> Any:
    return np.where(not x > 0, x, 0.0)  # here


@case(X, "whether a traced value is true", "np.maximum(a, b), or np.max(array)")
def _max(x: Any) -> Any:
    return max(x[0], x[1])  # here


@case(X, "whether a traced value is true", "np.minimum(a, b), or np.min(array)")
def _min(x: Any) -> Any:
    return min(x)  # here


@case(X, "whether a traced value is true", "np.max and np.min")
def _sorted(x: Any) -> Any:
    return np.array(sorted(x))  # here


@case(1.0, "whether a traced value is true", "leave the assertion out")
def _assert(x: Any) -> Any:
    assert x > 0  # here
    return x


@case(1.0, "math.sin takes Python numbers", "write np.sin instead")
def _math_sin(x: Any) -> Any:
    return math.sin(x)  # here


@case(1.0, "math.atan2 takes Python numbers", "write np.arctan2 instead")
def _math_atan2(x: Any) -> Any:
    return math.atan2(x, 1.0)  # here


@case(1.0, "math.gamma takes Python numbers", "write scipy.special.gamma instead")
def _math_gamma(x: Any) -> Any:
    return math.gamma(x)  # here


@case(1.0, "math.erf takes Python numbers", "write scipy.special.erf instead")
def _math_erf(x: Any) -> Any:
    return math.erf(x)  # here


@case(1.0, "no value yet that float() could return", "leave float() out")
def _float(x: Any) -> Any:
    return float(x) * 2  # here


@case(1.0, "no value yet that complex() could return", "leave complex() out")
def _complex(x: Any) -> Any:
    return complex(x)  # here


@case(1.0, "cannot count or be a position", "np.floor(x) or np.trunc(x)")
def _int(x: Any) -> Any:
    return int(x)  # here


@case(3.0, "cannot count or be a position", "close over an integer")
def _range(x: Any) -> Any:
    return sum(i * x for i in range(x))  # here


@case(1.0, "cannot count or be a position", "np.where selects by value")
def _list_position(x: Any) -> Any:
    return [1.0, 2.0][x]  # here


@case(X, "cannot count or be a position", "close over an integer")
def _float_position(x: Any) -> Any:
    return x[x[0]]  # here


@case(X, "cannot count or be a position", "close over an integer")
def _slice_position(x: Any) -> Any:
    return x[: x[0]]  # here


@case(X, "how many elements this selects depends on the inputs", "np.where(mask, x, 0.0)")
def _traced_mask(x: Any) -> Any:
    return np.stack([x[x > 0.5], x])  # here


@case(X, "which elements this assigns depends on the inputs", "x[mask] = 0.0")
def _traced_mask_assigned(x: Any) -> Any:
    y = x.copy()
    y[y > 0.5] = x[:2]  # here
    return y


@case(X, "assigned into a plain array, made outside", "np.zeros(n) or np.array(array)")
def _outside_element(x: Any) -> Any:
    OUTSIDE[0] = x[0]  # here
    return OUTSIDE


@case(X, "assigned into a plain array, made outside", "np.zeros(n) or np.array(array)")
def _outside_slice(x: Any) -> Any:
    OUTSIDE[:2] = x[:2]  # here
    return OUTSIDE


@case(X, "assigned into a plain array, made outside", "np.zeros(n) or np.array(array)")
def _outside_in_place(x: Any) -> Any:
    y = OUTSIDE
    y += x  # here
    return y


@case(X, "assigned into a plain array", "with a floating dtype")
def _integers(x: Any) -> Any:
    out = np.zeros(3, dtype=int)
    out[0] = x[0]  # here
    return out


@case(X, "values of dtype complex128 are assigned into an array of dtype float64", "dtype=complex")
def _complex_into_real(x: Any) -> Any:
    out = np.zeros(3)
    out[0] = x[0] * 1j  # here
    return out


@case(X, "a traced value cannot become a plain array", "np.stack([x, y])")
def _array_elsewhere(x: Any) -> Any:
    return INSTALLED.pair(x[0], x[1])  # here is elsewhere


@case(X, "assigned into a plain array", "np.stack([...])")
def _filled_elsewhere(x: Any) -> Any:
    return INSTALLED.filled(x[0])  # here is elsewhere


@case(np.eye(2), "plain array: scipy.ndimage.uniform_filter is not traced", "graphad.primitive")
def _scipy_function(x: Any) -> Any:
    return uniform_filter(x)  # here


@case(1.0, "scipy.special.spence is not traced", "a short graphad.primitive")
def _scipy_ufunc(x: Any) -> Any:
    return spence(x)  # here


@case(np.eye(2), "np.roots has no derivative where roots meet", "follow one root")
def _numpy_function(x: Any) -> Any:
    return np.roots(x[0])  # here


@case(np.ones((2, 3)), "wrote into an array that may or may not share memory", "write .copy()")
def _unknown_alias(x: Any) -> Any:
    y = x.T + 1.0
    z = y.ravel()
    z[0] = 5.0
    return np.sum(y)  # here


@case(np.eye(2), "this array is a read-only view", "write into a copy")
def _read_only(x: Any) -> Any:
    d = np.diagonal(x)
    d[0] = 1.0  # here
    return d


@case(X, "values of shape (2,) do not fit the place of shape (3,)", "check the shapes")
def _wrong_shape(x: Any) -> Any:
    y = np.zeros(3)
    y[:] = x[:2]  # here
    return y


@case(X, "do not broadcast together", "check the shapes")
def _no_broadcast(x: Any) -> Any:
    return x + x[:2]  # here


@case(X, "with where= leaves elements of the result undefined", "np.where(condition, np.sqrt(...)")
def _where_argument(x: Any) -> Any:
    return np.sqrt(x, where=x > 0)  # here


@case(X, "np.multiply.reduceat of a traced value is not supported", "np.sum and np.cumsum")
def _reduceat(x: Any) -> Any:
    return np.multiply.reduceat(x, [0, 1])  # here


@case(1.0, "cannot be a key of a dict", "use positions or names as keys")
def _key(x: Any) -> Any:
    return {1.0: 2.0}.get(x, 3.0)  # here


@case(1.0, "cannot be pickled", "trace what runs in one process")
def _pickled(x: Any) -> Any:
    return pickle.dumps(x)  # here


@case(X, "a traced value has no attribute 'tobytes'", "NumPy's functions")
def _attribute(x: Any) -> Any:
    return x.tobytes()  # here


@case(X, "the shape of a traced array cannot be set", "x = x.reshape(...)")
def _set_shape(x: Any) -> Any:
    x.shape = (3, 1)  # here
    return x


@case(X, "np.float64 makes plain numbers", "leave it out")
def _numpy_type(x: Any) -> Any:
    return np.float64(x[0])  # here


@case(X, "how many elements np.arange gives depends on the inputs", "np.linspace")
def _arange(x: Any) -> Any:
    return np.arange(x[0])  # here


@case(1.0, "returns None", "did you forget return")
def _nothing(x: Any) -> Any:  # here
    np.sin(x)


@case(1.0, "returns the string 'x', which is no number", "a tuple, list or dict of them")
def _text(x: Any) -> Any:  # here
    return "x"


@case(1.0, "returns a set, which is no number", "list or dict of them")
def _collection(x: Any) -> Any:  # here
    return {"y"}


@case(1.0, "returns a generator, which is no number", "return a list")
def _generator(x: Any) -> Any:  # here
    yield x


@case(1.0, "returns an empty tuple", "a tuple of them")
def _empty(x: Any) -> Any:  # here
    return ()


@case(1.0, "calls itself without end", "an integer counter")
def _recursion(x: Any) -> Any:
    return _recursion(x * 0.5) + 1.0  # here


@case(1.0, "run twice on the same numbers, the function gives two results", "draw random numbers")
def _chance(x: Any) -> Any:  # here
    return x * random.random()


@case(1.0, "the graph is not the function", "likely causes")
def _state(x: Any) -> Any:  # here
    KEPT.append(0)
    return x * (2.0 if len(KEPT) == 1 else 3.0)


@case(X, "np.add: str of dtype <U4 is not a number", "check the shapes and the arguments")
def _added_text(x: Any) -> Any:
    return "text" + x[0]  # here


def test_there_are_enough_cases() -> None:
    """At least 25 kinds of misuse have a message."""
    assert len(CASES) >= 25


@pytest.mark.parametrize(("function", "example", "what", "instead"), CASES)
def test_message(function: Any, example: Any, what: str, instead: str) -> None:
    """The message says the line, the line's text, what happened and what to write instead."""
    KEPT.clear()
    with pytest.raises(TraceError) as caught:
        trace_function(function, [example])
    lines, first = inspect.getsourcelines(function)
    marked = [i for i, line in enumerate(lines) if "# here" in line]
    message = str(caught.value)
    place, _, advice = message.partition("\n")
    assert what in place
    assert instead in message
    if "elsewhere" in lines[marked[0]]:
        assert message.startswith(f"{INSTALLED.__file__}:")
        assert "array(" in advice or "out[0]" in advice
    else:
        # A function is named by the line of its def, or of its first decorator.
        numbers = {first + marked[0], first}
        assert any(message.startswith(f"{__file__}:{number}: ") for number in numbers)
        shown = {lines[marked[0]].strip(), lines[0].strip()}
        assert any(f"    {text}" in advice for text in shown)


def test_scalar_used_as_array() -> None:
    """Without an example a parameter is a scalar, and indexing it says so."""

    def f(x: Any) -> Any:
        return x[0] ** 2

    with pytest.raises(TraceError, match="a traced scalar is used as an array") as caught:
        trace_function(f)
    assert "x: a parameter without an example is a scalar" in str(caught.value)
    assert "trace(f, np.zeros(3))" in str(caught.value)


@pytest.mark.parametrize(
    "use",
    [
        lambda x: len(x),
        lambda x: [v for v in x],  # noqa: C416 -- iteration is what is tested
        lambda x: max(*x),
    ],
)
def test_other_uses_as_array(use: Any) -> None:
    """So do len, iteration and unpacking."""
    with pytest.raises(TraceError, match="a traced scalar is used as an array"):
        trace_function(use)


def test_assigning_to_a_scalar() -> None:
    """So does item assignment."""

    def f(x: Any) -> Any:
        x[0] = 1.0
        return x

    with pytest.raises(TraceError, match="a traced scalar is used as an array"):
        trace_function(f)


def test_enclosing_trace() -> None:
    """A trace inside a trace does not mix the values of the two."""

    def outer(x: Any) -> Any:
        return trace_function(lambda y: y * x, check=False)

    with pytest.raises(TraceError, match="closes over a value of the outer one"):
        trace_function(outer)


def test_budget() -> None:
    """A loop beyond the budget is stopped, in its own line."""

    def f(x: Any) -> Any:
        for _ in range(1000):
            x = np.sin(x)
        return x

    with pytest.raises(TraceError, match="more than 100 operations") as caught:
        trace_function(f, budget=100)
    assert "x = np.sin(x)" in str(caught.value)


def test_function_without_values() -> None:
    """A function that raises on plain NumPy wherever it is tried is refused."""

    def f(x: Any) -> Any:
        if isinstance(x, np.ndarray) and type(x) is np.ndarray:
            raise RuntimeError("not today")
        return x

    with pytest.raises(TraceError, match="raises RuntimeError at every point tried: not today"):
        trace_function(f, [X])


def test_errors_of_the_function_pass() -> None:
    """An error that the function raises by itself is not changed."""

    def f(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        trace_function(f)


def test_partial_is_named() -> None:
    """A partial function is named by the function in it."""

    def f(n: int, x: Any) -> Any:
        return None

    with pytest.raises(TraceError, match=r"test_errors\.py:\d+: .*returns None"):
        trace_function(functools.partial(f, 2))
