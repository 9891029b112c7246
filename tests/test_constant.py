"""Constants, told apart by their bits, and the spans of slices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.constant import Constant, Span
from graphad.errors import TypeRuleError

ZEROS = [0.0, -0.0, 0, False, np.float32(0), 0j, [0.0], [[0.0]], -0j, np.int32(0)]


def test_zeros_are_as_many_constants_as_they_have_dtypes_signs_and_shapes() -> None:
    """No two zeros of another dtype, sign or shape are equal."""
    constants = [Constant(zero) for zero in ZEROS]
    for i, left in enumerate(constants):
        for j, right in enumerate(constants):
            assert (left == right) == (i == j)
    assert len({*constants}) == len(ZEROS)


def test_nan_is_one() -> None:
    """NaN of any sign and payload are one constant, in arrays and in parts of complex numbers."""
    payload = np.array([0x7FF8000000000123], dtype=np.uint64).view(np.float64)[0]
    assert Constant(np.nan) == Constant(-np.nan) == Constant(payload)
    assert hash(Constant(np.nan)) == hash(Constant(payload))
    assert Constant([1.0, np.nan]) == Constant([1.0, payload])
    assert Constant([1.0, np.nan]) != Constant([np.nan, 1.0])
    assert Constant(complex(np.nan, 0)) == Constant(complex(payload, 0))


def test_a_constant_is_a_copy_that_cannot_be_written() -> None:
    """Neither the array that it was made from nor its own array changes it."""
    array = np.array([1.0, 2.0])
    constant = Constant(array)
    array[0] = 5.0
    assert constant.array.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        constant.array[0] = 5.0
    assert array.flags.writeable


def test_order_in_memory_does_not_count() -> None:
    """An array and its copy in Fortran order are one constant."""
    array = np.arange(6.0).reshape(2, 3)
    assert Constant(array) == Constant(np.asfortranarray(array))
    assert Constant(array) != Constant(array.T)


def test_equality_with_other_things() -> None:
    """A constant is no number."""
    assert Constant(1.0) != 1.0
    assert Constant(1.0) != "1.0"


def test_scalar_and_text() -> None:
    """A constant of shape () gives a Python number; all say what they are."""
    assert Constant(2.5).scalar == 2.5
    assert Constant(True).scalar is True
    assert repr(Constant([1.0, 2.0])) == "Constant([1.0, 2.0]: f64[2])"


def test_what_is_no_number_is_refused() -> None:
    """Strings and objects are not constants of a graph."""
    with pytest.raises(TypeRuleError, match="cannot be in a graph"):
        Constant("one")
    with pytest.raises(TypeRuleError, match="cannot be in a graph"):
        Constant(object())


@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 4))
def test_a_span_has_the_length_of_its_slice(start: int, stop: int, step: int) -> None:
    """Spans count as Python's slices of a long enough list do."""
    span = Span(start, stop, step)
    assert span.length == len(range(10)[span.slice])


def test_text_of_a_span() -> None:
    """A step of 1 is not written."""
    assert str(Span(1, 3, 1)) == "1:3"
    assert str(Span(0, 6, 2)) == "0:6:2"
