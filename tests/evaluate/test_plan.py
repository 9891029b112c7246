"""Plans: how many steps and how much memory they take."""

from __future__ import annotations

import numpy as np

from graphad.builder import Builder
from graphad.evaluate.plan import FOLDED_SIZE, make_plan
from graphad.op import OPS
from graphad.types import FLOAT64, make_type

VECTOR = make_type((1000,), np.dtype(np.float64))


def test_buffers_are_written_again() -> None:
    """A chain of elementwise ops on arrays lies in one buffer, and its result in the caller's."""
    b = Builder()
    y = OPS["exp"](b.input("x", VECTOR))
    for _ in range(20):
        y = OPS["sin"](y) * 2 + 1
    assert make_plan(b.finish("f", [OPS["cos"](y)])).registers.buffer_bytes == 8000


def test_results_of_ops_are_written_over() -> None:
    """An array that an op allocated is the next ufunc's target, and may become the result."""
    b = Builder()
    x = b.input("x", make_type((3, 3), np.dtype(np.float64)))
    y = OPS["sin"](OPS["einsum"](x, x, spec="ij,jk->ik"))
    plan = make_plan(b.finish("f", [y * 2]))
    assert plan.registers.buffer_bytes == 0
    assert not plan.outputs[0].copied


def test_live_views_keep_a_buffer() -> None:
    """A buffer is not written again while a view of it is still to be read."""
    b = Builder()
    y = OPS["exp"](b.input("x", VECTOR))
    late = OPS["flip"](y, axes=(0,))
    for _ in range(5):
        y = OPS["sin"](y)
    assert make_plan(b.finish("f", [OPS["cos"](y + late) + 1])).registers.buffer_bytes == 16000


def test_views_of_buffers_take_no_step() -> None:
    """Reshaping and transposing a value in a buffer happens once, not at every call."""
    b = Builder()
    y = OPS["exp"](b.input("x", make_type((2, 3), np.dtype(np.float64))))
    z = OPS["transpose"](OPS["reshape"](y, shape=(3, 2)), axes=(1, 0))
    assert len(make_plan(b.finish("f", [z + 1])).steps) == 2


def test_constants_are_folded() -> None:
    """What depends on constants alone takes no step, if it is small or a view."""
    b = Builder()
    x = b.input("x", make_type((3,), np.dtype(np.float64)))
    c = OPS["broadcast_to"](OPS["sin"](b.constant(2.0)), shape=(3,))
    eye = b.value(b.emit(OPS["identity"], (), ((3,), "f64")))
    assert len(make_plan(b.finish("f", [OPS["einsum"](eye, x + c, spec="ij,j->i")])).steps) == 2


def test_large_constants_are_not_folded() -> None:
    """A large array made of constants is computed at each call and not held between."""
    b = Builder()
    x = b.input("x", FLOAT64)
    wide = OPS["broadcast_to"](b.constant(2.0), shape=(FOLDED_SIZE + 1,))
    total = OPS["sum"](OPS["sin"](wide), axes=(0,))
    plan = make_plan(b.finish("f", [x * total]))
    assert len(plan.steps) == 3


def test_dead_nodes_take_no_step() -> None:
    """Inputs that nothing uses are no steps."""
    b = Builder()
    x = b.input("x", FLOAT64)
    b.input("unused", VECTOR)
    plan = make_plan(b.finish("f", [x + 1]))
    assert len(plan.steps) == 1
    assert len(plan.inputs) == 2
