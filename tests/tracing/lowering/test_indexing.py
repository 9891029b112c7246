"""Reading and writing elements: every form of NumPy's index gives what NumPy gives."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.builder import Builder
from graphad.errors import TraceError
from graphad.ir import CONST, INPUT
from graphad.op import Array
from graphad.tracing.lowering import getitem, setitem
from graphad.types import make_type
from tests.tracing.lowering.calls import evaluated
from tests.tracing.lowering.indices import (
    Shape,
    input_like,
    numbered,
    read,
    replacement,
    shape_and_basic_index,
    shape_and_index,
    written,
)

INT = np.dtype(np.int64)
BOOL = np.dtype(np.bool_)


def ops_of(shape: Shape, index: Any) -> list[str]:
    """Return the ops that reading becomes."""
    builder = Builder()
    result = getitem(builder.input("x", make_type(shape, np.dtype(float))), index)
    graph = builder.finish("f", [result])
    return [node.op.name for node in graph.nodes if node.op is not INPUT and node.op is not CONST]


def agrees_when_read(shape: Shape, index: Any) -> None:
    """Assert that reading gives NumPy's elements, or its error."""
    array = numbered(shape)
    try:
        wanted = array[index]
    except IndexError:
        with pytest.raises(TraceError):
            read(array, index)
        return
    found = read(array, index)
    assert found.shape == wanted.shape
    assert np.array_equal(found, wanted)


def agrees_when_written(shape: Shape, index: Any, new: Array, traced: bool) -> None:
    """Assert that writing leaves NumPy's elements, or gives its error."""
    array = numbered(shape)
    wanted = array.copy()
    if new.size == 1:
        new = new.reshape(()) if _selects_element(array, index) else new
    try:
        wanted[index] = new
    except TypeError:  # NumPy takes axes of length 1 too many, but not behind one mask
        return
    except (IndexError, ValueError):
        with pytest.raises(TraceError):
            written(array, index, new, traced)
        return
    found = written(array, index, new, traced)
    assert found.dtype == wanted.dtype
    assert np.array_equal(found, wanted)


def _selects_element(array: Array, index: Any) -> bool:
    """Whether one element is selected; versions of NumPy differ on filling it with ``[1.0]``."""
    try:
        return isinstance(array[index], np.generic) or array[index].shape == ()
    except IndexError:
        return False


@given(shape_and_index())
def test_any_index_reads_as_numpy(case: tuple[Shape, Any]) -> None:
    """Integers, slices, masks, arrays, lists, dots and new axes, in any mixture."""
    agrees_when_read(*case)


@given(shape_and_basic_index())
def test_basic_index_reads_as_numpy(case: tuple[Shape, Any]) -> None:
    """Integers, slices, dots and new axes, also of empty arrays and scalars."""
    agrees_when_read(*case)


@given(shape_and_index(), st.data())
def test_any_index_writes_as_numpy(case: tuple[Shape, Any], data: st.DataObject) -> None:
    """Assignment broadcasts, and refuses, as NumPy's does."""
    shape, index = case
    agrees_when_written(shape, index, replacement(shape, index, data), data.draw(st.booleans()))


@given(shape_and_basic_index(), st.data())
def test_basic_index_writes_as_numpy(case: tuple[Shape, Any], data: st.DataObject) -> None:
    """Assignment to slices, also of empty arrays and scalars."""
    shape, index = case
    agrees_when_written(shape, index, replacement(shape, index, data), data.draw(st.booleans()))


# --- single forms --------------------------------------------------------------------------------


FORMS: list[Any] = [
    1,
    -1,
    np.int64(1),
    np.array(1),
    (0, -1),
    (1, 2, 3),
    slice(None, None, -1),
    slice(10, None, -2),
    (slice(None), slice(3, 0, -2), -1),
    Ellipsis,
    None,
    (Ellipsis, None, 0),
    [0, 1, 0],
    [],
    ([0, 1], [1, 2]),
    ([0, 1], slice(None), [1, 2]),
    (0, slice(None), [1, 2]),
    (slice(None), 1, [0, 3]),
    (slice(None), [0, 2], 1),
    (0, [1, 2]),
    (None, [1, 0], slice(None, None, 2)),
    (slice(1), None, [1, 0]),
    np.ix_([0, 1], [2, 0], [1, 3, 3]),
    np.array([True, False]),
    [True, False],
    (slice(None), np.array([True, False, True])),
    np.arange(24).reshape(2, 3, 4) % 3 == 0,
    (np.array([[True, False, True], [False, True, False]]), 1),
    (slice(None), np.arange(12).reshape(3, 4) % 5 > 1),
    True,
    False,
    np.array([[0, 1], [1, 1]], dtype=np.int8),
    np.array([], dtype=np.int64),
    ((0, 1), (1, 2)),
    (slice(None), np.array([True, False, True]), Ellipsis, 0),  # the dots stand for no axis
    (slice(None), 0, Ellipsis, [3, 1, 1]),
]


@pytest.mark.parametrize("index", FORMS, ids=repr)
def test_form_reads(index: Any) -> None:
    """Each form of index selects what it selects in NumPy."""
    array = numbered((2, 3, 4))
    found = read(array, index)
    assert found.shape == array[index].shape
    assert np.array_equal(found, array[index])


@pytest.mark.parametrize("index", FORMS, ids=repr)
def test_form_writes(index: Any) -> None:
    """Each form of index replaces what it replaces in NumPy, by one number or by many."""
    array = numbered((2, 3, 4))
    for new in (np.array(-1.0), -numbered(array[index].shape)):
        wanted = array.copy()
        wanted[index] = new
        assert np.array_equal(written(array, index, new), wanted)


@pytest.mark.parametrize(
    ("shape", "index", "ops"),
    [
        ((3,), 1, ["element"]),
        ((3,), -1, ["element"]),
        ((3, 4), (1, 2), ["element"]),
        ((3, 4), 1, ["slice", "reshape"]),
        ((3,), slice(1, None), ["slice"]),
        ((3,), slice(None), []),
        ((3,), Ellipsis, []),
        ((3,), slice(None, None, -1), ["flip"]),
        ((5,), slice(3, 0, -1), ["slice", "flip"]),
        ((3,), None, ["reshape"]),
        ((3,), [0, 2, 0], ["take"]),
        ((3, 4), (slice(None), [0, 2]), ["take"]),
        ((3, 4), ([0, 1], [1, 2]), ["reshape", "take"]),
        ((3,), np.array([True, False, True]), ["take"]),
        ((3, 4, 2), ([0, 1], slice(None), [0, 1]), ["reshape", "take"]),
    ],
    ids=repr,
)
def test_ops_of_an_index(shape: Shape, index: Any, ops: list[str]) -> None:
    """Simple indices become simple ops, in which a reader finds them again."""
    assert ops_of(shape, index) == ops


def test_equal_slices_are_one_node() -> None:
    """Slices that select the same elements share a node, however they are written."""
    builder = Builder()
    x = builder.input("x", make_type((6,), np.dtype(float)))
    assert getitem(x, slice(None, None, 2)).node is getitem(x, slice(0, 5, 2)).node
    assert getitem(x, slice(1, None)).node is getitem(x, slice(-5, 100)).node


def test_last_write_stays() -> None:
    """Where a position is named twice, the last element stays."""
    found = written(numbered((3,)), [0, 1, 0], np.array([-1.0, -2.0, -3.0]))
    assert found.tolist() == [-3.0, -2.0, 3.0]


def test_written_value_takes_the_dtype_of_the_array() -> None:
    """An array keeps its dtype: what is written is cast."""
    single = np.zeros(3, np.float32)
    assert written(single, 0, np.float64(0.1)).tolist() == [np.float32(0.1), 0.0, 0.0]
    assert written(single, [0], 0.1, traced=False).dtype == np.float32


def test_nested_lists_are_written() -> None:
    """Lists with values in them are arrays."""
    builder = Builder()
    x = input_like(builder, np.zeros(3))
    result = setitem(x, slice(0, 2), [getitem(x, 2), 1])
    found = evaluated(builder.finish("f", [result]), [np.array([0.0, 0.0, 5.0])])
    assert found[0].tolist() == [5.0, 1.0, 5.0]


# --- traced indices ------------------------------------------------------------------------------


def with_index(array: Array, index: Array, where: Any = lambda i: i) -> Array:
    """Read by an index that is an input."""
    builder = Builder()
    x = input_like(builder, array)
    result = getitem(x, where(input_like(builder, index, "i")))
    return evaluated(builder.finish("f", [result]), [array, index])[0]


def test_traced_integers_read() -> None:
    """Integers that are known only when the graph runs select along one axis."""
    array, index = numbered((3, 4)), np.array([[2, 0], [1, -1]])
    assert np.array_equal(with_index(array, index), array[index])
    assert np.array_equal(with_index(array, np.array(2)), array[2])
    found = with_index(array, index, lambda i: (slice(0, 2), i))
    assert np.array_equal(found, array[0:2, index])


def test_constant_values_are_fixed_indices() -> None:
    """A value of the graph that is a constant is as good as a number."""
    builder = Builder()
    x = input_like(builder, numbered((3,)))
    assert getitem(x, builder.constant(1)).node is getitem(x, 1).node
    mask = builder.constant(np.array([True, False, True]))
    assert getitem(x, mask).node is getitem(x, [0, 2]).node


@pytest.mark.parametrize("new", [0.0, np.array([-1.0, -2.0]), np.array([[-1.0, -2.0]])])
def test_traced_mask_writes(new: Any) -> None:
    """A mask that depends on an input can be written through when all get the same."""
    array = np.array([[1.0, -1.0], [2.0, -2.0], [-3.0, 3.0]])
    mask = np.array([True, False, True])
    builder = Builder()
    x, m = input_like(builder, array), input_like(builder, mask, "m")
    found = evaluated(builder.finish("f", [setitem(x, m, new)]), [array, mask])[0]
    wanted = array.copy()
    wanted[mask] = new
    assert np.array_equal(found, wanted)


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "index", "message"),
    [
        (
            (3,),
            3,
            "index 3 is out of bounds for size 3; the array that is indexed has",
        ),
        ((3, 2), (0, -3), "index -3 is out of bounds for axis 1 with size 2; the array"),
        ((3,), [0, 5], "index 5 is out of bounds for axis 0 with size 3; the array"),
        ((3,), (0, 0), "too many indices for array: array is 1-dimensional, but 2 were indexed"),
        ((3,), 1.5, "indexed by integers, slices, masks, ... and None, not by 1.5"),
        ((3,), "a", "indexed by integers, slices, masks, ... and None, not by 'a'"),
        ((3,), np.array([True, False]), "boolean index did not match indexed array along axis 0"),
        ((3,), slice(None, None, 0), "slice step cannot be zero"),
        ((3, 3), ([0, 1], [0, 1, 2]), "shape mismatch: indexing arrays could not be broadcast"),
        ((3,), (Ellipsis, Ellipsis), "an index can only have a single ellipsis"),
    ],
    ids=repr,
)
def test_refused_index(shape: Shape, index: Any, message: str) -> None:
    """A wrong index is refused in NumPy's words, reading and writing alike."""
    with pytest.raises(TraceError, match=re.escape(message)):
        read(numbered(shape), index)
    if not isinstance(index, int):  # of which the words are graphad's own
        with pytest.raises(TraceError, match=re.escape(message)):
            written(numbered(shape), index, np.array(0.0))


def test_refused_values() -> None:
    """Traced masks and positions are refused with advice."""
    builder = Builder()
    x = input_like(builder, numbered((3, 2)))
    mask = builder.input("m", make_type((3,), BOOL))
    index = builder.input("i", make_type((), INT))
    with pytest.raises(TraceError, match=re.escape("write np.where(mask, x, 0.0)")):
        getitem(x, mask)
    with pytest.raises(TraceError, match="indexed by integers, not by f64"):
        getitem(x, getitem(x, (0, 0)))
    with pytest.raises(TraceError, match="a mask beside a traced index"):
        getitem(input_like(builder, numbered((2, 3)), "z"), (index, np.array([True, False, True])))
    with pytest.raises(TraceError, match=re.escape("too many indices for an array of 2")):
        getitem(x, (index, 0, 0))
    with pytest.raises(TraceError, match="the place to write to depends on an input"):
        setitem(x, (index, 0), 0.0)
    with pytest.raises(TraceError, match="how many elements a traced mask selects"):
        setitem(x, mask, np.zeros((3, 2)))
    with pytest.raises(TraceError, match=re.escape("a mask of shape (3,) does not fit")):
        setitem(input_like(builder, numbered((2, 3)), "y"), mask, 0.0)
    with pytest.raises(TraceError, match=re.escape("a value of shape (3,) does not fill")):
        setitem(x, 0, np.zeros(3))
    with pytest.raises(TraceError, match="a list of traced integers is no index"):
        getitem(x, [index, 0])
