"""Graphs read as systems of polynomials."""

from __future__ import annotations

from typing import Any

import pytest

from graphad.op import OPS
from graphad.passes.polynomials import LONGEST, Polynomial, Reader, System, normalized, times
from tests.passes.graphs import graph_of


def read(function: Any, *types: str) -> System:
    """Return the system of a function; of scalars if no types are given."""
    return Reader(graph_of(function, *(types or ("[]",) * 3))).read()


def output(system: System, place: int = 0) -> tuple[float, Polynomial]:
    """Return the number and the polynomial of an output."""
    scale, atom = system.outputs[place]
    return scale, system.defined[atom]


def test_sums_and_products_are_written_out() -> None:
    """Like terms meet, signs and numbers are coefficients; x, y, z are atoms 0, 1, 2."""
    system = read(lambda x, y, z: 2.0 * x * y - (z - y * x * 3.0) + x * x)
    assert output(system) == (1.0, {(0, 1): 5.0, (2,): -1.0, (0, 0): 1.0})


def test_shared_sums_have_names() -> None:
    """A sum with two uses is one atom; sums that are multiples of it are the same atom."""
    system = read(lambda x, y, z: ((x + y) * z, (x + y) * x, (2.0 * x + 2.0 * y) * y))
    sums = [p for p in system.defined.values() if set(p) == {(0,), (1,)}]
    assert len(sums) == 1


def test_a_multiple_out_of_range_is_a_sum_of_its_own() -> None:
    """1e-29·(x + y) and 1e29·(x + y) are not numbers times each other."""
    system = read(lambda x, y, z: (1e-29 * x + 1e-29 * y, 1e29 * x + 1e29 * y))
    assert [scale for scale, _ in system.outputs] == [1.0, 1.0]
    assert system.outputs[0][1] != system.outputs[1][1]


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y, z: x - x,
        lambda x, y, z: x * 0.0,
        lambda x, y, z: x * float("inf"),
        lambda x, y, z: x + float("nan"),
        lambda x, y, z: 1e200 * x,
        lambda x, y, z: OPS["integer_power"](x, exponent=0),
        lambda x, y, z: OPS["integer_power"](x, exponent=LONGEST + 1),
        lambda x, y, z: OPS["sin"](x),
    ],
)
def test_what_stays_as_it_is(function: Any) -> None:
    """What cancels, zeros, numbers out of range and long powers are ops of their own."""
    system = read(function)
    assert system.outputs[0][1] in system.opaque


def test_partial_cancellation_keeps_the_term() -> None:
    """x·y - x·y + z keeps x·y with the coefficient 0."""
    system = read(lambda x, y, z: x * y + z - y * x)
    assert output(system) == (1.0, {(0, 1): 0.0, (2,): 1.0})


def test_inverses_are_shared() -> None:
    """1/z, x/z and z⁻² are of one atom; 1/(2z) too."""
    system = read(lambda x, y, z: (x / z, OPS["integer_power"](z, exponent=-2), y / (2.0 * z)))
    inverses = [atom for atom, item in system.opaque.items() if item.inverts]
    assert len(inverses) == 1
    (w,) = inverses
    assert output(system) == (1.0, {(0, w): 1.0})
    assert output(system, 1) == (1.0, {(w, w): 1.0})
    assert output(system, 2) == (0.5, {(1, w): 1.0})


def test_long_products_get_names() -> None:
    """No monomial is longer than allowed."""

    def power(x: Any, y: Any, z: Any) -> Any:
        for _ in range(6):
            x = x * x * y
        return x

    system = read(power)
    assert all(len(m) <= 2 * LONGEST for p in system.defined.values() for m in p)
    assert len(system.defined) > 1


def test_arrays_and_other_dtypes_are_opaque() -> None:
    """Arrays and integers are not read as polynomials; complex scalars are."""
    arrays = read(lambda x, y: x * y + x, "[3]", "[3]")
    assert not arrays.defined
    numbers = read(lambda x, y: x * y + x, "c128[]", "c128[]")
    assert output(numbers) == (1.0, {(0, 1): 1.0, (0,): 1.0})
    assert not read(lambda x, y: x * y + x, "i64[]", "i64[]").defined


def test_normalized_and_times() -> None:
    """Terms are sorted and divided by the first coefficient that is not 0."""
    assert normalized({(1,): 4.0, (0,): 2.0}) == ((((0,), 1.0), ((1,), 2.0)), 2.0)
    assert normalized({(0,): 0.0, (1,): -2.0}) == ((((0,), 0.0), ((1,), 1.0)), -2.0)
    assert times((0, 2), (1,)) == (0, 1, 2)
    assert times((), (1,)) == (1,)
