"""Picking, repeating, shifting and padding agree with NumPy."""

from __future__ import annotations

import numpy as np

from tests.tracing.lowering.calls import (
    Case,
    Traced,
    call,
    cases,
    check,
    ops_of,
    outcome,
    refuses,
    same,
    traced,
)

S = traced()
X = traced(5)
M = traced(2, 3)
C = traced(2, 3, 4)
MASK = np.array([True, False, True])


@cases(
    call(np.take, X, 2),
    call(np.take, X, [0, -1, 2]),
    call(np.take, M, [[0, 5], [1, 1]]),
    call(np.take, M, [2, 0], axis=1),
    call(np.take, C, 1, -1),
    call(np.take, X, [7, -9], mode="wrap"),
    call(np.take, X, [7, -9], mode="clip"),
    call(np.take_along_axis, M, np.array([[2, 0], [1, -1]]), 1),
    call(np.take_along_axis, M, np.array([1, 5]), None),
    call(np.take_along_axis, C, np.array([[[1], [0], [1]]]), axis=0),
    call(np.compress, MASK, M, axis=1),
    call(np.compress, [True, False], C, 0),
    call(np.compress, [0, 1, 1], X),
    call(np.extract, np.array([[True, False, True], [False, False, True]]), M),
    call(np.delete, X, 1),
    call(np.delete, X, [0, -1]),
    call(np.delete, M, slice(0, 2), axis=1),
    call(np.delete, M, np.array([True, False, True]), axis=1),
    call(np.delete, M, 4),
)
def test_picked(case: Case) -> None:
    """Elements at fixed places."""
    check(case)


@cases(
    call(np.tile, X, 2),
    call(np.tile, X, (2, 3)),
    call(np.tile, M, (2, 1)),
    call(np.tile, M, 3),
    call(np.tile, C, [2, 1, 3]),
    call(np.tile, S, 3),
    call(np.tile, M, (1, 1, 1)),
    call(np.tile, X, 0),
    call(np.repeat, X, 3),
    call(np.repeat, M, 2, axis=0),
    call(np.repeat, M, 2, axis=-1),
    call(np.repeat, M, [2], axis=1),
    call(np.repeat, M, [2, 0, 1], axis=1),
    call(np.repeat, M, np.arange(6)),
    call(np.repeat, S, 2),
    call(np.roll, X, 2),
    call(np.roll, X, -7),
    call(np.roll, X, 0),
    call(np.roll, M, 1),
    call(np.roll, M, 1, axis=1),
    call(np.roll, C, (1, -2), axis=(0, 2)),
    call(np.roll, C, 1, axis=(0, 1)),
    call(np.roll, C, (1, 1), axis=1),
    call(np.roll, X, (1, 2)),
)
def test_repeated_and_shifted(case: Case) -> None:
    """Elements repeated in NumPy's order, and shifted around."""
    check(case)


WIDTHS = (1, (1, 2), ((1, 2), (0, 3)), [[2, 1]], np.array([[1], [2]]), 0)


@cases(
    *[call(np.pad, M, width) for width in WIDTHS],
    *[call(np.pad, M, width, constant_values=1.5) for width in WIDTHS],
    call(np.pad, M, 1, "constant", constant_values=((1, 2), (3, 4))),
    call(np.pad, M, ((1, 2), (3, 1)), mode="constant", constant_values=(5, 6)),
    *[call(np.pad, M, ((2, 1), (1, 2)), mode) for mode in ("edge", "reflect", "symmetric", "wrap")],
    *[call(np.pad, X, 7, mode=mode) for mode in ("edge", "reflect", "symmetric", "wrap")],
    call(np.pad, X, 2, mode="reflect", reflect_type="even"),
)
def test_padded(case: Case) -> None:
    """Every width and mode fills the margins as NumPy does."""
    check(case)


def test_padding_widths_by_axis() -> None:
    """Widths may be given by axis, as NumPy 2.2 has them."""
    wanted = np.pad(M.array, ((0, 0), (1, 2)))
    same(outcome(call(np.pad, M, {-1: (1, 2)})), wanted)
    same(outcome(call(np.pad, M, {1: 1})), np.pad(M.array, ((0, 0), (1, 1))))


def test_zeros_of_padding_are_numbers() -> None:
    """Zeros that the user asks for are constants, not structural zeros."""
    assert ops_of(call(np.pad, X, 1)) == ["concatenate"]
    assert ops_of(call(np.roll, X, 1)) == ["slice", "slice", "concatenate"]
    assert ops_of(call(np.repeat, X, 2)) == ["reshape", "broadcast_to", "reshape"]


def test_traced_indices() -> None:
    """Integers that are known only when the graph runs select along an axis."""
    index = Traced(np.array([1, 0, 2]))
    check(call(np.take, M, index, axis=1))
    check(call(np.take, X, index))


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("index 5 is out of bounds for axis 0 with size 5", np.take, X, [5])
    refuses("mode='clip' is only supported for fixed indices",
            np.take, X, Traced(np.array(1)), mode="clip")  # fmt: skip
    refuses("indices need 2 dimensions", np.take_along_axis, M, np.array([0]), 1)
    refuses("the condition must be fixed while tracing", np.compress, Traced(MASK), M, 1)
    refuses("index 9 is out of bounds for axis 0 with size 5", np.delete, X, 9)
    refuses("counts of shape (2,) do not repeat 3 elements", np.repeat, M, [1, 2], 1)
    refuses("shift=(1, 2) and axis=(0, 1, 2) are not of one length",
            np.roll, C, (1, 2), (0, 1, 2))  # fmt: skip
    refuses("np.pad: mode='mean' is not supported; use one of 'constant', 'edge'",
            np.pad, X, 1, "mean")  # fmt: skip
    refuses("reflect_type='odd' is not supported; use np.concatenate",
            np.pad, X, 1, "reflect", reflect_type="odd")  # fmt: skip
    refuses("pad_width must be integers that are not negative", np.pad, X, -1)
    refuses("pad_width of shape (3,) is not (before, after) pairs", np.pad, M, (1, 2, 3))
    refuses("constant_values must be fixed while tracing", np.pad, X, 1, constant_values=S)
