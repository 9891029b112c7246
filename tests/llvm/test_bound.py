"""Bound calls: which buffers they take, what they copy, and what they keep alive."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Any

import numpy as np
import pytest

from graphad.errors import InputError
from graphad.llvm import Compiled
from graphad.llvm.bound import bind, check_buffers
from tests.llvm.machine import Array, points_of_several, scalar_graph, several, values_of_several


@pytest.fixture(scope="module")
def fast() -> Compiled:
    """Three inputs, three outputs."""
    return Compiled(scalar_graph(several, np.zeros(3), 0.0, np.zeros((2, 3))))


def moves_of(run: Any) -> tuple[Array | None, Array | None]:
    """Memory that a bound call copies its inputs and outputs through."""
    kept = run.__self__._kept
    return kept[4], kept[5]


def apart() -> tuple[list[Array], list[Array]]:
    """Buffers here and there."""
    return [np.zeros(3), np.zeros(()), np.zeros((2, 3))], [
        np.zeros(3),
        np.zeros((3, 2)),
        np.zeros(()),
    ]


def together() -> tuple[list[Array], list[Array]]:
    """Buffers that are pieces of one array, in order."""
    x, y = np.zeros(10), np.zeros(10)
    inputs = [x[:3], x[3:4].reshape(()), x[4:].reshape(2, 3)]
    return inputs, [y[:3], y[3:9].reshape(3, 2), y[9:].reshape(())]


def exchanged() -> tuple[list[Array], list[Array]]:
    """Buffers that are pieces of one array, in another order."""
    x, y = np.zeros(10), np.zeros(10)
    inputs = [x[7:], x[6:7].reshape(()), x[:6].reshape(2, 3)]
    return inputs, [y[:3], y[4:].reshape(3, 2), y[3:4].reshape(())]


@pytest.mark.parametrize(
    ("buffers", "copied"), [(apart, True), (together, False), (exchanged, True)]
)
def test_values(fast: Compiled, buffers: Any, copied: bool) -> None:
    """Each call reads what is there then; nothing is copied that lies in one piece."""
    inputs, outputs = buffers()
    run = fast.bind(inputs, outputs)
    assert [memory is not None for memory in moves_of(run)] == [copied, copied]
    for seed in range(3):
        values = points_of_several(1, seed)
        for buffer, value in zip(inputs, values, strict=True):
            buffer[...] = value[0]
        assert run() is None
        for buffer, value in zip(outputs, values_of_several(*values), strict=True):
            np.testing.assert_array_equal(buffer, value[0])


def test_one_input_one_output() -> None:
    """The usual case copies nothing, and neighbours stay as they are."""
    fast = Compiled(scalar_graph(lambda x: x[::-1] * 2.0, np.zeros(3)))
    x, y = np.arange(5.0), np.full(5, 9.0)
    run = fast.bind([x[1:4]], [y[1:4]])
    assert moves_of(run) == (None, None)
    run()
    assert y.tolist() == [9.0, 6.0, 4.0, 2.0, 9.0]
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_outputs_over_inputs(shift: int) -> None:
    """Outputs may lie where inputs do: all of them are read before any is written."""
    fast = Compiled(scalar_graph(lambda x: x[::-1] * 2.0, np.zeros(3)))
    memory = np.arange(1.0, 7.0)
    wanted = memory[2::-1] * 2.0
    fast.bind([memory[:3]], [memory[shift : shift + 3]])()
    np.testing.assert_array_equal(memory[shift : shift + 3], wanted)


def test_no_inputs() -> None:
    """A graph of constants writes them."""
    y = np.zeros(2)
    Compiled(scalar_graph(lambda: np.ones(2) * 3.0)).bind([], [y])()
    assert y.tolist() == [3.0, 3.0]


def test_lives_on_its_own() -> None:
    """The call keeps code and buffers alive, and lets go of them when it goes."""
    fast = Compiled(scalar_graph(lambda x: x * 2.0, np.zeros(2)))
    x, y = np.ones(2), np.zeros(2)
    run, code = fast.bind([x], [y]), weakref.ref(fast._code.module(0, 1))
    seen = weakref.ref(y)
    del fast, y
    gc.collect()
    run()
    assert run.__self__.outputs[0].tolist() == [2.0, 2.0]
    assert run.__self__.inputs[0] is x
    gc.disable()
    try:
        del run
        assert (code(), seen()) == (None, None)
    finally:
        gc.enable()


def test_is_a_built_in_function(fast: Compiled) -> None:
    """It is called by CPython itself, and says what it is."""
    run = fast.bind(*apart())
    assert type(run) is type(len)
    assert run.__name__ == "several"
    assert run.__doc__ == "Compute one point, from the bound inputs into the bound outputs."
    assert repr(run.__self__) == "<buffers of 3 inputs and 3 outputs>"
    with pytest.raises(TypeError, match="takes no arguments"):
        run(1)


def test_none_is_counted(fast: Compiled) -> None:
    """Calls leave the number of references to None as it is."""
    run = fast.bind(*apart())
    before = sys.getrefcount(None)
    for _ in range(10_000):
        run()
    assert abs(sys.getrefcount(None) - before) < 1000


def test_two_calls_do_not_share(fast: Compiled) -> None:
    """Calls of one graph on different buffers have nothing to do with each other."""
    calls = [(fast.bind(*buffers), *buffers) for buffers in (apart(), apart())]
    for seed, (_, inputs, _) in enumerate(calls):
        for buffer, value in zip(inputs, points_of_several(1, seed), strict=True):
            buffer[...] = value[0]
    for run, _, _ in calls:
        run()
    for seed, (_, _, outputs) in enumerate(calls):
        wanted = values_of_several(*points_of_several(1, seed))
        for buffer, value in zip(outputs, wanted, strict=True):
            np.testing.assert_array_equal(buffer, value[0])


def read_only() -> Array:
    """An array that cannot be written to."""
    array = np.zeros(3)
    array.flags.writeable = False
    return array


BAD: list[tuple[Any, str]] = [
    (np.zeros(4), r"float64\[3\] in one piece, and not float64\[4\]"),
    (np.zeros((1, 3)), r"not float64\[1, 3\]"),
    (np.zeros(3, np.float32), r"not float32\[3\]"),
    (np.zeros(3, ">f8"), r"not >f8\[3\]|not float64\[3\]"),
    (np.zeros(6)[::2], r"not float64\[3\] in pieces, unaligned or read-only"),
    (np.zeros(25, np.uint8)[1:].view(np.float64), "unaligned"),
    ([0.0, 0.0, 0.0], r"not \[0.0, 0.0, 0.0\]"),
    (None, "not None"),
]


@pytest.mark.parametrize(("buffer", "message"), BAD)
@pytest.mark.parametrize("what", ["input", "output"])
def test_bad_buffers(what: str, buffer: Any, message: str) -> None:
    """What cannot be used as it is, is refused with what it is."""
    with pytest.raises(InputError, match=message):
        check_buffers(what, [buffer], [(3,)])


def test_read_only_buffers() -> None:
    """Inputs may be read-only, outputs not."""
    check_buffers("input", [read_only()], [(3,)])
    with pytest.raises(InputError, match="read-only"):
        check_buffers("output", [read_only()], [(3,)])


def test_wrong_number(fast: Compiled) -> None:
    """There is one buffer for each input and output."""
    inputs, outputs = apart()
    with pytest.raises(InputError, match="3 inputs are to be bound, and 2 are"):
        fast.bind(inputs[:2], outputs)
    with pytest.raises(InputError, match="3 outputs are to be bound, and 0 are"):
        fast.bind(inputs, [])


def test_overlapping_outputs() -> None:
    """Two outputs in one place are refused."""
    y = np.zeros(4)
    with pytest.raises(InputError, match="output 1 is bound to memory of another output"):
        check_buffers("output", [y[:3], y[1:]], [(3,), (3,)])


def test_bind_names(fast: Compiled) -> None:
    """Names of any letters are kept."""
    inputs, outputs = apart()
    code = fast._code.module(0, 1)
    assert bind(code, "∂²f", inputs, outputs, 0).__name__ == "∂²f"
