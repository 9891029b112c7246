"""The order in which a body is written: operands first, each near its first use."""

from __future__ import annotations

import numpy as np

import graphad as ga
from graphad.llvm.array_bodies import BodyWriter, Work
from graphad.llvm.array_plan import ArrayPlan
from graphad.llvm.array_vectors import Frame
from graphad.llvm.kernels import Lanes


def test_operands_come_first() -> None:
    """Every item comes once, after its operands, and what has a name not at all."""
    plan = ArrayPlan(ga.trace(lambda x: (np.sin(x) * np.cos(x) + x, np.sin(x)), np.zeros(64)))
    (group,) = plan.groups
    body = BodyWriter(plan, group).body
    frame = Frame(body, Lanes(8), {})
    order = frame.ordered(frame.roots, {})
    assert sorted(order) == list(range(len(body.items)))
    for position, i in enumerate(order):
        item = body.items[i]
        if isinstance(item, Work):
            assert all(operand in order[:position] for operand in item.operands)
    assert frame.ordered(frame.roots, dict.fromkeys(order, "%x")) == []
