"""Inner loops: every tail, stride and overlap, and nothing beyond the operands."""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphad.llvm.drivers import FRAME, Signature, starts
from tests.llvm.machine import (
    SHAPES,
    Array,
    guarded_copy,
    loop_of_several,
    loop_text,
    points_of_several,
    scalar_graph,
    ufunc_of,
    values_of_several,
)

WIDTHS = (1, 2, 4, 8)
CANARY = 12345.678
needs_pages = pytest.mark.skipif(sys.platform == "win32", reason="pages are guarded by mprotect")


@pytest.mark.parametrize(
    ("signature", "wanted"),
    [
        (Signature(((),), ((),)), "()->()"),
        (Signature(((2, 3), (1,)), ((), (4,))), "(2,3),(1)->(),(4)"),
        (Signature((), ((2,),)), "->(2)"),
    ],
)
def test_signature_text(signature: Signature, wanted: str) -> None:
    """Signatures are written as NumPy reads them."""
    assert signature.text == wanted


def test_starts() -> None:
    """Arrays stand one after the other."""
    assert starts([2, 0, 5]) == [0, 2, 2]
    assert starts([]) == []


@needs_pages
@pytest.mark.parametrize("at_end", [True, False])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_tail_stays_in_its_memory(width: int, at_end: bool) -> None:
    """All batches of 1 to 3W + 1 points are right, between pages that cannot be touched."""
    loop = loop_of_several(width)
    for points in range(1, 3 * width + 2):
        values = points_of_several(points, seed=points)
        wanted = values_of_several(*values)
        given = [guarded_copy(value, at_end) for value in values]
        out = tuple(guarded_copy(np.zeros_like(value), at_end) for value in wanted)
        loop(*given, out=out)
        for found, right in zip(out, wanted, strict=True):
            np.testing.assert_array_equal(found, right)


def reversed_batch(values: Array) -> tuple[Array, Array]:
    """Points from last to first."""
    memory = np.full(values.shape, CANARY)
    return memory, memory[::-1]


def reversed_cores(values: Array) -> tuple[Array, Array]:
    """Every axis of a point from last to first."""
    memory = np.full(values.shape, CANARY)
    return memory, memory[(slice(None), *(slice(None, None, -1),) * (values.ndim - 1))]


def every_second(values: Array) -> tuple[Array, Array]:
    """Every second point, and every second element along each axis, counted from 1."""
    memory = np.full([2 * length + 1 for length in values.shape], CANARY)
    return memory, memory[(slice(1, None, 2),) * values.ndim]


def fortran(values: Array) -> tuple[Array, Array]:
    """The first axis varies fastest."""
    memory = np.full(values.shape[::-1], CANARY)
    return memory, memory.T


def fortran_cores(values: Array) -> tuple[Array, Array]:
    """Points one after the other, each in Fortran order."""
    memory = np.full((len(values), *values.shape[:0:-1]), CANARY)
    return memory, memory.transpose(0, *range(values.ndim - 1, 0, -1))


def gaps(values: Array) -> tuple[Array, Array]:
    """Points in one piece each, with gaps between them."""
    memory = np.full((len(values), 7, *values.shape[1:]), CANARY)
    return memory, memory[:, 3]


LAYOUTS = (reversed_batch, reversed_cores, every_second, fortran, fortran_cores, gaps)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("width", WIDTHS)
def test_strides(width: int, layout: Callable[[Array], tuple[Array, Array]]) -> None:
    """Operands of any strides are read and written where they lie, and nothing between them."""
    for points in (1, 2, width, 2 * width + 1):
        values = points_of_several(points)
        wanted = values_of_several(*values)
        given, kept = [], []
        for value in values:
            memory, view = layout(value)
            view[...] = value
            given.append(view)
            kept.append((memory, memory.copy()))
        laid = [layout(value) for value in wanted]
        loop_of_several(width)(*given, out=tuple(view for _, view in laid))
        for (memory, view), right in zip(laid, wanted, strict=True):
            np.testing.assert_array_equal(view, right)
            view[...] = CANARY
            assert (memory == CANARY).all()
        for memory, before in kept:
            np.testing.assert_array_equal(memory, before)


@pytest.mark.parametrize("width", WIDTHS)
def test_broadcasting(width: int) -> None:
    """Inputs of one point go with batches of the others, and axes of one element stretch."""
    x, s, m = points_of_several(2 * width + 3)
    loop = loop_of_several(width)
    count = len(x)
    for given in ((x[0], s, m), (x, s[0], m), (x, s, m[0]), (x[0], s, m[0])):
        full = [
            np.broadcast_to(value, (count, *shape))
            for value, shape in zip(given, SHAPES[0], strict=True)
        ]
        for found, right in zip(loop(*given), values_of_several(*full), strict=True):
            np.testing.assert_array_equal(found, right)
    table = loop(x[:, None], s[None, :5], m[0])[2]
    assert table.shape == (count, 5)
    assert table[3, 2] == values_of_several(x[3:4], s[2:3], m[:1])[2][0]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2)])
def test_empty_batches(width: int, shape: tuple[int, ...]) -> None:
    """A batch of no points gives none."""
    found = loop_of_several(width)(*(np.zeros(shape + core) for core in SHAPES[0]))
    assert [value.shape for value in found] == [shape + core for core in SHAPES[1]]


@pytest.mark.parametrize("width", WIDTHS)
def test_several_batch_axes(width: int) -> None:
    """Batches of more than one axis, in an order of their own, are what their points give."""
    values = points_of_several(3 * 5 * 2)
    wanted = values_of_several(*values)
    given = [value.reshape(3, 5, 2, *value.shape[1:]).swapaxes(0, 2) for value in values]
    for found, right in zip(loop_of_several(width)(*given), wanted, strict=True):
        back = right.reshape(3, 5, 2, *right.shape[1:]).swapaxes(0, 2)
        np.testing.assert_array_equal(found, back)


@pytest.mark.parametrize("width", WIDTHS)
def test_output_over_input(width: int) -> None:
    """Results may go where arguments come from, in place or shifted by a point."""
    graph = scalar_graph(lambda x: x[::-1] * 2.0, np.zeros(3))
    loop = ufunc_of(loop_text(graph, width), ((3,),), ((3,),))
    memory = np.random.default_rng(1).uniform(-1, 1, (2 * width + 4, 3))
    for source, target in (
        (slice(0, -1), slice(0, -1)),
        (slice(0, -1), slice(1, None)),
        (slice(1, None), slice(0, -1)),
        (slice(0, -1), slice(-2, None, -1)),
        (0, 0),
    ):
        held = memory.copy()
        wanted = loop(memory[source])
        loop(held[source], out=held[target])
        np.testing.assert_array_equal(held[target], wanted)


def fold(x: Any, y: Any) -> Any:
    """Neither associative nor commutative."""
    return x * 0.5 + y


@pytest.mark.parametrize("width", WIDTHS)
def test_folding(width: int) -> None:
    """A ufunc of two numbers reduces, accumulates and makes tables as Python would."""
    loop = ufunc_of(loop_text(scalar_graph(fold, 0.0, 0.0), width), ((), ()), ((),))
    x = np.random.default_rng(2).uniform(-1, 1, 3 * width + 2)
    assert loop.reduce(x) == functools.reduce(fold, x)
    assert loop.reduce(x[::-1]) == functools.reduce(fold, x[::-1])
    np.testing.assert_array_equal(loop.accumulate(x), list(itertools.accumulate(x, fold)))
    backwards = loop.accumulate(x[::-1], out=np.zeros(len(x))[::-1])
    np.testing.assert_array_equal(backwards, list(itertools.accumulate(x[::-1], fold)))
    square = np.random.default_rng(3).uniform(-1, 1, (2 * width + 1, width + 3))
    for axis in (0, 1):
        rows = np.moveaxis(square, axis, 0)
        np.testing.assert_array_equal(loop.reduce(square, axis=axis), functools.reduce(fold, rows))
        np.testing.assert_array_equal(
            np.moveaxis(loop.accumulate(square, axis=axis), axis, 0),
            list(itertools.accumulate(rows, fold)),
        )
    np.testing.assert_array_equal(loop.outer(x, x[:3]), fold(x[:, None], x[:3]))
    parts = [functools.reduce(fold, part) for part in (x[:2], x[2:])]
    np.testing.assert_array_equal(loop.reduceat(x, [0, 2]), parts)
    held = x.copy()
    loop.at(held, [0, 0, 1], 1.0)
    assert held[:2].tolist() == [fold(fold(x[0], 1.0), 1.0), fold(x[1], 1.0)]
    held = x.copy()
    loop(held, held, out=held)
    np.testing.assert_array_equal(held, fold(x, x))


@pytest.mark.parametrize("width", WIDTHS)
def test_large_points(width: int) -> None:
    """Points that do not fit on the stack, of a size that fills no whole blocks, are right."""
    size = FRAME + 19
    graph = scalar_graph(lambda x: x[::-1] * 2.0 - x[0], np.zeros(size))
    loop = ufunc_of(loop_text(graph, width), ((size,),), ((size,),))
    x = np.random.default_rng(4).uniform(-1, 1, (width + 1, size))
    np.testing.assert_array_equal(loop(x), x[:, ::-1] * 2.0 - x[:, :1])
    np.testing.assert_array_equal(loop(x[:, ::-1]), x * 2.0 - x[:, -1:])


@pytest.mark.parametrize("width", WIDTHS)
def test_many_operands(width: int) -> None:
    """Twenty inputs and twelve outputs keep their places."""
    graph = scalar_graph(
        lambda *x: tuple(x[i] * x[i + 8] - x[i + 1] for i in range(12)), *(0.0,) * 20
    )
    loop = ufunc_of(loop_text(graph, width), ((),) * 20, ((),) * 12)
    x = np.random.default_rng(5).uniform(-1, 1, (20, 2 * width + 1))
    for i, found in enumerate(loop(*x)):
        np.testing.assert_array_equal(found, x[i] * x[i + 8] - x[i + 1])


@pytest.mark.parametrize("width", WIDTHS)
def test_no_inputs(width: int) -> None:
    """A graph of constants gives them."""
    loop = ufunc_of(loop_text(scalar_graph(lambda: np.ones(3) * 2.0), width), (), ((3,),))
    assert loop().tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("width", [1, 8])
def test_no_memory(width: int) -> None:
    """A loop that gets no memory says so, and does not return what it has not computed."""
    size = FRAME + 1
    text = loop_text(scalar_graph(lambda x: x * 2.0, np.zeros(size)), width).replace(
        "declare ptr @malloc(i64)", "define internal ptr @malloc(i64 %n) { ret ptr null }"
    )
    with pytest.raises((MemoryError, SystemError)) as caught:
        ufunc_of(text, ((size,),), ((size,),))(np.zeros((2, size)))
    assert isinstance(caught.value, MemoryError) or isinstance(caught.value.__cause__, MemoryError)
