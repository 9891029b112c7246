"""Ufuncs made through NumPy's C API: what they own, convert, refuse, and leave to other threads."""

from __future__ import annotations

import ctypes
import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest

from graphad.errors import GraphError
from graphad.llvm import Compiled
from graphad.llvm.drivers import Signature
from graphad.llvm.engine import ATTRIBUTES, Module
from graphad.llvm.ufunc import MOST, _Ufunc, check_operands, make_ufunc
from tests.llvm.machine import Array, scalar_graph

WAITING = f"""
define void @loop(ptr %args, ptr %dims, ptr %steps, ptr %data) #0 {{
entry:
  %at_out = getelementptr ptr, ptr %args, i64 1
  %out = load ptr, ptr %at_out
  %inside = getelementptr i64, ptr %data, i64 1
  store atomic i64 1, ptr %inside seq_cst, align 8
  br label %wait
wait:
  %turn = phi i64 [ 0, %entry ], [ %next, %wait ]
  %next = add i64 %turn, 1
  %flag = load atomic i64, ptr %data seq_cst, align 8
  %set = icmp ne i64 %flag, 0
  %late = icmp sgt i64 %turn, 5000000000
  %over = or i1 %set, %late
  br i1 %over, label %done, label %wait
done:
  %seen = sitofp i64 %flag to double
  store double %seen, ptr %out
  ret void
}}
{ATTRIBUTES}
"""
"""A loop that does not end before somebody writes to a flag."""


class Owned:
    """Something to hold."""


@pytest.fixture(scope="module")
def fast() -> Compiled:
    """A function of a vector and a number."""
    return Compiled(scalar_graph(lambda x, s: x[::-1] * s + x[0], np.zeros(3), 0.0))


def wanted(x: Any, s: Any) -> Array:
    """What `fast` gives."""
    x, s = np.asarray(x, float), np.asarray(s, float)
    return x[..., ::-1] * s[..., None] + x[..., :1]


def test_layout_of_ufuncs() -> None:
    """The object that a ufunc owns is where NumPy keeps it, and so is what stands before."""

    def function(x: object) -> object:
        return x

    ufunc = np.frompyfunc(function, 2, 1)
    seen = _Ufunc.from_address(id(ufunc))
    assert list(seen.counts) == [2, 1, 3]
    assert seen.owned == id(function)


def test_what_is_owned_lives_as_long_as_the_ufunc() -> None:
    """A ufunc holds its code, and lets go of it when it goes."""
    owned = Owned()
    alive = weakref.ref(owned)
    ufunc = make_ufunc(0, 0, Signature(((),), ((),)), "f", "Doc.", owned)
    del owned
    gc.collect()
    assert alive() is not None
    assert ufunc.__name__ == "f"
    assert "Doc." in ufunc.__doc__
    del ufunc
    assert alive() is None


def test_ufunc_outlives_the_compiled_object() -> None:
    """A ufunc computes after its `Compiled` is gone, and its code goes with it."""
    made = Compiled(scalar_graph(lambda x: x * 3.0, 0.0))
    ufunc, code = made.ufunc, weakref.ref(made._code)
    del made
    gc.collect()
    np.testing.assert_array_equal(ufunc(np.arange(20.0)), 3.0 * np.arange(20.0))
    assert ufunc(2.0) == 6.0
    gc.disable()
    try:
        del ufunc
        assert code() is None, "a cycle keeps the code alive"
    finally:
        gc.enable()


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8, np.bool_, ">f8"])
def test_casting(fast: Compiled, dtype: Any) -> None:
    """Arguments of other types are converted as NumPy does."""
    x = np.arange(33).reshape(11, 3).astype(dtype)
    found = fast.ufunc(x, x[:, 0])
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, wanted(x, x[:, 0]))


def test_casting_refused(fast: Compiled) -> None:
    """Complex numbers and text are not converted."""
    for bad in (np.zeros(3, complex), np.array(["a", "b", "c"]), np.zeros(3, np.longdouble)):
        with pytest.raises(TypeError, match="not supported for the input types"):
            fast.ufunc(bad, 1.0)


def test_casting_of_results(fast: Compiled) -> None:
    """Results go into an array of another type if that is asked for."""
    out = np.zeros((9, 3), np.float32)
    x = np.random.default_rng(0).uniform(-1, 1, (9, 3))
    assert fast.ufunc(x, 2.0, out=out, casting="same_kind") is out
    np.testing.assert_array_equal(out, wanted(x, np.float64(2.0)).astype(np.float32))


def test_unaligned_and_read_only(fast: Compiled) -> None:
    """Memory at odd addresses and memory that cannot be written to are read."""
    x = np.random.default_rng(1).uniform(-1, 1, (19, 3))
    odd = np.zeros(x.nbytes + 1, np.uint8)[1:].view(np.float64).reshape(x.shape)
    odd[...] = x
    assert not odd.flags.aligned
    np.testing.assert_array_equal(fast.ufunc(odd, 1.5), wanted(x, 1.5))
    out = np.zeros(x.nbytes + 1, np.uint8)[1:].view(np.float64).reshape(x.shape)
    fast.ufunc(x, 1.5, out=out)
    np.testing.assert_array_equal(out, wanted(x, 1.5))
    x.flags.writeable = False
    np.testing.assert_array_equal(fast.ufunc(x, 1.5), wanted(x, 1.5))
    with pytest.raises(ValueError, match="read-only"):
        fast.ufunc(x, 1.5, out=x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(4), "size 4 is different from 3"),
        (np.zeros((3, 2)), "size 2 is different from 3"),
        (0.0, "does not have enough dimensions"),
    ],
)
def test_wrong_shapes(fast: Compiled, x: Any, message: str) -> None:
    """NumPy says what does not fit."""
    with pytest.raises(ValueError, match=message):
        fast.ufunc(x, 1.0)


def test_axes(fast: Compiled) -> None:
    """Core axes may be others than the last."""
    x = np.random.default_rng(2).uniform(-1, 1, (3, 17))
    found = fast.ufunc(x, 2.0, axes=[0, (), 0])
    np.testing.assert_array_equal(found, wanted(x.T, 2.0).T)


def test_where_for_numbers() -> None:
    """A graph of numbers is an ordinary ufunc: it computes where it is told to."""
    ufunc = Compiled(scalar_graph(lambda x: x * x, 0.0)).ufunc
    x = np.arange(40.0)
    out = np.full(40, -1.0)
    ufunc(x, out=out, where=x % 3 == 0)
    np.testing.assert_array_equal(out, np.where(x % 3 == 0, x * x, -1.0))


def test_large_ordinary_ufunc() -> None:
    """More points than NumPy's buffers hold, of another type and unordered, are right."""
    ufunc = Compiled(scalar_graph(lambda x, y: x * y - x, 0.0, 0.0)).ufunc
    x = np.random.default_rng(3).integers(-9, 9, 30_001)
    y = np.random.default_rng(4).uniform(-1, 1, 60_002).astype(np.float32)[::-2]
    np.testing.assert_array_equal(ufunc(x, y), x.astype(float) * y - x)


@pytest.mark.parametrize("points", [1, 2, 8, 1000])
def test_no_warnings_of_arithmetic(points: int) -> None:
    """Nothing is said of divisions by zero and the like, as when the graph is called."""
    fast = Compiled(scalar_graph(lambda x: 1.0 / x + np.log(x), 0.0), 0)
    for x in (0.0, -1.0, np.nan, 1e-310, np.inf):
        batch = np.full(points, x)
        with np.errstate(all="ignore"):
            wanted = 1.0 / batch + np.log(batch)
        with np.errstate(all="raise"):
            np.testing.assert_array_equal(fast.ufunc(batch), wanted)
    with pytest.warns(RuntimeWarning, match="divide by zero encountered"):
        np.ones(3) / np.zeros(3)


def test_other_threads_run_meanwhile() -> None:
    """The interpreter's lock is released: the loop ends only because Python sets its flag."""
    cell = (ctypes.c_int64 * 2)(0, 0)
    module = Module(WAITING, 0, keep=False)
    signature = Signature(((),), ((),))
    ufunc = make_ufunc(
        module.address("loop"), ctypes.addressof(cell), signature, "wait", "", (module, cell)
    )
    results: list[float] = []
    # NumPy keeps the lock for a few points.
    thread = threading.Thread(target=lambda: results.append(float(ufunc(np.zeros(1000))[0])))
    thread.start()
    while not cell[1]:
        thread.join(0.001)
    cell[0] = 7
    thread.join()
    assert results == [7.0]


def test_threads_at_once(fast: Compiled) -> None:
    """Calls of one ufunc in several threads do not disturb each other."""
    xs = [np.random.default_rng(i).uniform(-1, 1, (1001 + i, 3)) for i in range(4)]
    found: dict[int, list[Array]] = {i: [] for i in range(4)}

    def work(i: int) -> None:
        for _ in range(20):
            found[i].append(fast.ufunc(xs[i], float(i)))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, values in found.items():
        assert len(values) == 20
        for value in values:
            np.testing.assert_array_equal(value, wanted(xs[i], float(i)))


def test_too_many_operands() -> None:
    """NumPy's limit is told before code is made."""
    check_operands(Signature(((),) * (MOST - 1), ((),)), "f")
    with pytest.raises(GraphError, match=f"f has {MOST + 1} inputs and outputs.*one array"):
        check_operands(Signature(((),) * MOST, ((),)), "f")


def test_operands_without_elements() -> None:
    """NumPy's ufuncs have no axes of length 0."""
    with pytest.raises(GraphError, match=r"f has an input or output without.*\(2\),\(0,3\)->\(\)"):
        check_operands(Signature(((2,), (0, 3)), ((),)), "f")
