"""Functions that cannot be traced: what happened, in which line, and what to write instead.

The commonest are in ``tests/tracing/test_errors.py``; these are the rarer ways to go wrong.
"""

from __future__ import annotations

import inspect
import io
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga

X = np.array([0.3, 0.7, 1.1])
HELD = np.zeros(3)
SQUARE = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]])
COUNT: list[float] = []
rng = np.random.default_rng(0)
CACHE: dict[str, Any] = {}
CASES: list[Any] = []


class Sums:
    """A class with a sum that calls add to."""

    total: Any = 0.0


def case(what: str, instead: str) -> Callable[[Any], Any]:
    """Enter a function of X as a case; the line to be named has the mark "# here"."""

    def enter(function: Any) -> Any:
        CASES.append(pytest.param(function, what, instead, id=function.__name__))
        return function

    return enter


# --- values that a trace does not have ------------------------------------------------------------


@case("whether a traced value is true", "np.where(condition, a, b)")
def _branch_on_all(x: Any) -> Any:
    if (x > 0).all():  # here
        return np.log(x)
    return x


@case("computes with the text of a traced value", "keep to numbers")
def _length_of_text(x: Any) -> Any:
    return x * len(str(x[0]))  # here


@case("computes with the text of a traced value", "may be printed, not measured")
def _digits_of_text(x: Any) -> Any:
    return x * float(str(x[0]))  # here


@case("whether a traced value is true", "np.where(condition, a, b)")
def _branch_on_allclose(x: Any) -> Any:
    return x if np.allclose(x, 0) else 2 * x  # here


@case("whether a traced value is true", "np.where(condition, a, b)")
def _conditional_expression(x: Any) -> Any:
    return x[0] if x[1] > x[2] else x[2]  # here


@case("whether a traced value is true", "np.where")
def _newton_until_converged(x: Any) -> Any:
    y = x[0]
    while abs(y * y - x[1]) > 1e-10:  # here
        y = 0.5 * (y + x[1] / y)
    return y


@case("whether a traced value is true", "np.where(condition, a, b)")
def _chained_comparison(x: Any) -> Any:
    return 0.0 < x[0] < 1.0  # here


@case("whether a traced value is true", "np.where(condition, a, b)")
def _filtered_list(x: Any) -> Any:
    return sum([value for value in x if value > 0.5])  # here


@case("cannot count or be a position", "np.floor(x) or np.trunc(x)")
def _slice_to_integer(x: Any) -> Any:
    return x[: int(x[0])]  # here


@case("cannot count or be a position", "close over an integer")
def _argmax_of_list(x: Any) -> Any:
    return [1.0, 2.0, 3.0][np.argmax(x)]  # here


@case("cannot count or be a position", "close over an integer")
def _shape(x: Any) -> Any:
    return x.reshape(x[0], -1)  # here


@case("was turned into text, which holds no number", "np.round rounds")
def _text_and_back(x: Any) -> Any:
    return x * float(f"{x[0]:.2f}")  # here


@case("math.sqrt takes Python numbers", "write np.sqrt instead")
def _math_in_a_loop(x: Any) -> Any:
    return sum(math.sqrt(value) for value in x)  # here


@case("cannot become a plain array", "np.floor(x) or np.trunc(x)")
def _numpy_integer(x: Any) -> Any:
    return x * np.int64(x[0])  # here


# --- shapes that depend on values -----------------------------------------------------------------


@case("how many elements this selects depends on the inputs", "np.where(mask, x, 0.0)")
def _selected_by_mask(x: Any) -> Any:
    return np.concatenate([x[x > 0.5], x])  # here


@case("np.nonzero gives an array whose length depends", "np.where(condition, a, b)")
def _places(x: Any) -> Any:
    return x[np.nonzero(x > 0.5)]  # here


@case("np.where: where a traced condition holds is not known", "give all three arguments")
def _where_of_one(x: Any) -> Any:
    return x[np.where(x > 0.5)]  # here


@case("np.unique compares values", "np.sort keeps the shape")
def _distinct(x: Any) -> Any:
    return np.unique(x)  # here


@case("how many elements np.arange gives depends on the inputs", "np.linspace")
def _range_of_floats(x: Any) -> Any:
    return np.arange(0.0, x[0], 0.1)  # here


@case("the counts of repeats must be fixed while tracing", "it cannot depend on an input")
def _repeated(x: Any) -> Any:
    return np.repeat(x, x.astype(int))  # here


# --- memory ---------------------------------------------------------------------------------------


@case("assigned into a plain array, made outside", "np.zeros(n) or np.array(array)")
def _captured_augmented(x: Any) -> Any:
    held = HELD
    held -= x  # here
    return held


@case("assigned into a plain array, made outside", "np.zeros(n) or np.array(array)")
def _view_of_captured(x: Any) -> Any:
    HELD[1:][0] = x[0]  # here
    return HELD


@case("assigned into a plain array, made outside", "np.zeros(n) or np.array(array)")
def _flat_of_captured(x: Any) -> Any:
    HELD.flat[1] = x[0]  # here
    return HELD


@case("assigned into a plain array, made outside", "np.zeros(n) or np.array(array)")
def _out_of_captured(x: Any) -> Any:
    return np.add(x, 1.0, out=HELD)  # here


@case("assigned into a plain array, made outside", "np.zeros(n) or np.array(array)")
def _add_at_captured(x: Any) -> Any:
    np.add.at(HELD, [0, 0], x[0])  # here
    return HELD


@case("assigned into a plain array, made outside", "np.zeros(n) or np.array(array)")
def _copyto_captured(x: Any) -> Any:
    np.copyto(HELD, x)  # here
    return HELD


@case("assigned into a plain array", "with a floating dtype")
def _into_integers(x: Any) -> Any:
    counts = np.array([0, 0, 0])
    counts[0] = x[0]  # here
    return counts


@case("this array is a read-only view", "write into a copy")
def _broadcast_view(x: Any) -> Any:
    wide = np.broadcast_to(x, (2, 3))
    wide[0] = 1.0  # here
    return wide


@case("may only be read here: sort array is read-only", "write into a copy")
def _strided_constant(x: Any) -> Any:
    np.lib.stride_tricks.as_strided(np.zeros(3)).sort()  # here
    return x


@case("the shape of a traced array cannot be set", "x = x.reshape(...)")
def _shape_attribute(x: Any) -> Any:
    x.shape = (3, 1)  # here
    return x


@case("the bytes of traced values cannot be seen otherwise", "write x.astype")
def _other_bytes(x: Any) -> Any:
    return x.view(np.int64)  # here


# --- other kinds of arrays and functions ----------------------------------------------------------


@case("cannot become a plain array", "np.where(mask, 0.0, x)")
def _masked(x: Any) -> Any:
    return np.ma.masked_array(x, [False, True, False]).sum()  # here


@case("cannot become a plain array", "leave the assertion out")
def _testing(x: Any) -> Any:
    np.testing.assert_allclose(x, x)  # here
    return x


@case("cannot become a plain array", "mean + scale * drawn")
def _drawn_about_a_traced_mean(x: Any) -> Any:
    return rng.normal(x)  # here


@case("np.save needs numbers, not a traced array", "outside the traced function")
def _file(x: Any) -> Any:
    np.save(io.BytesIO(), x)  # here
    return x


@case("which is not NumPy's, of a traced value is not supported", "functions that are")
def _frompyfunc(x: Any) -> Any:
    return np.frompyfunc(abs, 1, 1)(x)  # here


@case("np.vectorize with signature= or excluded= is not traced", "write a loop")
def _vectorized_with_signature(x: Any) -> Any:
    return np.vectorize(np.sum, signature="(n)->()")(x)  # here


@case("an array of dtype object cannot hold traced values", "leave dtype= out")
def _objects(x: Any) -> Any:
    return np.array([x[0], x[1]], dtype=object)  # here


@case("NumPy gives float16 here, which graphs do not hold", "cast to float64")
def _half_precision(x: Any) -> Any:
    return x.astype(np.float16)  # here


@case("np.nditer reads memory", "for value in x.flat")
def _nditer(x: Any) -> Any:
    return sum(np.nditer(x))  # here


@case("cannot be a key of a dict", "leave functools.cache off")
def _memo(x: Any) -> Any:
    return {0.3: 1.0}[x[0]]  # here


# --- functions ------------------------------------------------------------------------------------


@case("run twice on the same numbers", "draw random numbers outside")
def _legacy_random(x: Any) -> Any:  # here
    return x * np.random.rand()  # noqa: NPY002


@case("run twice on the same numbers", "a changing state")
def _counter(x: Any) -> Any:  # here
    COUNT.append(1.0)
    return x * len(COUNT)


@case("keeps a value of the trace in a global", "leave caches off")
def _kept_in_a_cache(x: Any) -> Any:  # here
    if "x" not in CACHE:
        CACHE["x"] = x * 2.0
    return CACHE["x"] * x


@case("keeps a value of the trace in a global, an attribute", "return values instead")
def _kept_in_an_attribute(x: Any) -> Any:  # here
    Sums.total = Sums.total + x
    return Sums.total


@case("on plain NumPy it raises TraceError at every point tried", "which is no number")
def _bytes_where_there_is_no_trace(x: Any) -> Any:  # here
    try:
        return x.tobytes()
    except AttributeError:
        return x


@case("returns a coroutine", "def instead of async def")
async def _asynchronous(x: Any) -> Any:  # here
    return x


@case("returns a generator", "return a list")
def _steps(x: Any) -> Any:  # here
    for _ in range(2):
        x = x * 2
        yield x


@case("returns an array of dtype object", "an array of objects holds no numbers")
def _array_of_objects(x: Any) -> Any:  # here
    made = np.empty(2, dtype=object)
    made[:] = None
    return made


@case("calls itself without end", "an integer counter")
def _endless(x: Any) -> Any:
    return x + _endless(x * 0.5)  # here


@case("the function caught this error", "do not catch it")
def _swallowed(x: Any) -> Any:
    try:
        return x if x[0] > 0 else -x  # here
    except TypeError:
        return x


def test_there_are_enough_cases() -> None:
    """There are more than forty, of functions alone."""
    assert len(CASES) >= 40


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("function", "what", "instead"), CASES)
def test_message(function: Any, what: str, instead: str) -> None:
    """The message says what happened, in which line, and what to write instead."""
    COUNT.clear()
    with pytest.raises(ga.GraphadError) as caught:
        ga.trace(function, X)
    message = str(caught.value)
    assert what in message
    assert instead in message
    lines, first = inspect.getsourcelines(function)
    marked = next(i for i, line in enumerate(lines) if "# here" in line)
    assert any(f"{__file__}:{number}: " in message for number in (first + marked, first))
    assert not HELD.any()


def test_nothing_is_left_behind() -> None:
    """A refused trace leaves NumPy and the module as they were, and the next trace works."""
    for function, *_ in itertools.islice((one.values for one in CASES), 5):
        with pytest.raises(ga.GraphadError):
            ga.trace(function, X)
    assert ga.trace(lambda x: SQUARE @ x, X)(X).tolist() == (SQUARE @ X).tolist()
