"""The memory of traced arrays: constants, values, and blocks that are written one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphad.builder import Value
from graphad.errors import TraceError
from graphad.tracing.recorder import Recorder
from graphad.tracing.storage import Storage, runs
from graphad.types import make_type


@pytest.fixture
def recorder() -> Recorder:
    """Return a trace."""
    return Recorder(1000)


def value(recorder: Recorder, name: str, *shape: int) -> Value:
    """Add an input to a trace."""
    return recorder.builder.input(name, make_type(shape, np.dtype(float)))


def names(recorder: Recorder) -> list[str]:
    """Return the names of the ops so far, but for inputs and constants."""
    found = [node.op.name for node in recorder.builder.nodes]
    return [name for name in found if name not in ("input", "const")]


def at(*positions: int) -> Any:
    """Return positions; one is a scalar."""
    return np.array(positions[0] if len(positions) == 1 else positions)


def test_constant(recorder: Recorder) -> None:
    """What is written into constant memory by constants stays a constant, and emits nothing."""
    storage = Storage(recorder, np.zeros(4))
    storage.write(at(1), np.asarray(5.0))
    storage.write(at(2, 3), np.asarray(6.0))
    assert storage.is_constant
    assert storage.whole() is storage.array
    assert np.asarray(storage.read(at(3, 1))).tolist() == [6.0, 5.0]
    assert names(recorder) == []


def test_elements(recorder: Recorder) -> None:
    """Elements are read as they were written, and the rest stays constant."""
    storage = Storage(recorder, np.zeros(4))
    x = value(recorder, "x")
    storage.write(at(1), x)
    assert storage.read(at(1)) is x
    assert np.asarray(storage.read(at(0))) == 0.0
    assert np.asarray(storage.read(at(2, 3))).tolist() == [0.0, 0.0]
    assert names(recorder) == []
    storage.write(at(1), np.asarray(2.0))
    assert storage.is_constant
    assert np.asarray(storage.whole()).tolist() == [0.0, 2.0, 0.0, 0.0]


def test_flush(recorder: Recorder) -> None:
    """Few elements are an update of the rest, many are a pack."""
    x = value(recorder, "x")
    few, many = Storage(recorder, np.zeros(9)), Storage(recorder, np.zeros(3))
    few.write(at(4), x)
    few.write(at(5), x)
    many.write(at(0), x)
    many.write(at(2), x)
    few.whole()
    assert names(recorder) == ["pack", "update"]
    many.whole()
    assert names(recorder) == ["pack", "update", "pack"]


def test_rows(recorder: Recorder) -> None:
    """Rows are blocks too: read back as they are, and joined when all are there."""
    storage = Storage(recorder, np.zeros((2, 3)))
    rows = [value(recorder, name, 3) for name in "ab"]
    for i, row in enumerate(rows):
        storage.write(np.arange(3 * i, 3 * i + 3), row)
    assert storage.read(np.arange(3)) is rows[0]
    storage.whole()
    assert names(recorder) == ["concatenate", "reshape"]
    storage.read(at(4))
    assert names(recorder)[-1] == "element"


def test_blocks_are_copies(recorder: Recorder) -> None:
    """A constant that is written does not change with the array that it came from."""
    storage = Storage(recorder, value(recorder, "x", 2, 2))
    source = np.ones(2)
    storage.write(np.arange(2), source)
    source[:] = 5.0
    assert np.asarray(storage.read(np.arange(2))).tolist() == [1.0, 1.0]


def test_filling_makes_constant_again(recorder: Recorder) -> None:
    """A constant written over everything leaves a constant."""
    storage = Storage(recorder, value(recorder, "x", 3))
    storage.write(np.arange(3), np.asarray(0.0))
    assert storage.is_constant
    assert np.asarray(storage.whole()).tolist() == [0.0, 0.0, 0.0]


def test_copy_is_independent(recorder: Recorder) -> None:
    """A copy keeps what is known of elements, and takes part in no later write."""
    storage = Storage(recorder, np.zeros(4))
    x = value(recorder, "x")
    storage.write(at(1), x)
    other = storage.copy()
    storage.write(at(1), np.asarray(3.0))
    storage.write(at(2), np.asarray(3.0))
    assert other.read(at(1)) is x
    assert np.asarray(other.read(at(2))) == 0.0


def test_rivals(recorder: Recorder) -> None:
    """After a write into one of two that may share memory, the other cannot be read."""
    one, two = (Storage(recorder, value(recorder, name, 2, 2)) for name in "ab")
    two.may_share(one)
    one.read(at(0))
    one.write(at(0), np.asarray(1.0))
    one.read(at(0))
    with pytest.raises(TraceError, match="may or may not share memory"):
        two.read(at(0))
    with pytest.raises(TraceError, match="may or may not share memory"):
        two.whole()


def test_layout(recorder: Recorder) -> None:
    """Positions lie in memory as the array does, also after everything is replaced."""
    storage = Storage(recorder, np.zeros((2, 3), order="F"))
    assert storage.positions().flags.f_contiguous
    assert storage.positions().tolist() == [[0, 1, 2], [3, 4, 5]]
    storage.write(storage.positions(), np.asarray(1.0))
    assert storage.array is not None
    assert storage.array.flags.f_contiguous


def test_runs() -> None:
    """Runs of one, of several and of none are found."""
    assert list(runs([])) == []
    assert list(runs([3])) == [(3, 4)]
    assert list(runs([3, 4, 6])) == [(3, 5), (6, 7)]
