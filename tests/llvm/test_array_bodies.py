"""Bodies of loops: elements are named once, however often they are used."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import GraphError
from graphad.llvm import array_bodies
from graphad.llvm.array_bodies import Body, BodyWriter, Load, Work
from graphad.llvm.array_plan import ArrayPlan


def body_of(function: Any, *examples: Any) -> Body:
    """Return the body of the one loop of a function."""
    plan = ArrayPlan(ga.trace(function, *examples))
    (group,) = plan.groups
    return BodyWriter(plan, group).body


def counted(body: Body) -> Counter[str]:
    """Return how often each operation stands in a body."""
    return Counter(item.name for item in body.items if isinstance(item, Work))


def test_rows_are_written_out_and_moved_for_nothing() -> None:
    """What takes, joins, turns and flips rows leaves no operation behind."""
    index = np.array([1, 1, 0, 2])

    def f(x: Any) -> Any:
        rows = np.take(np.sin(x), index, 0)
        return np.concatenate([rows[1:], np.flip(rows, 0), rows.reshape(2, 2, 64)[0]])

    body = body_of(f, np.zeros((3, 64)))
    assert counted(body) == {"sin": 3}
    assert len(body.stores) == 3 + 4 + 2


def test_sums_of_products_are_fused() -> None:
    """A sum of three products is one product, and two that are rounded with their sum."""
    body = body_of(lambda x: np.sum(x * x, axis=0), np.zeros((3, 64)))
    assert counted(body) == {"multiply": 3, "add": 1}
    body = body_of(lambda x: np.einsum("ij,ij->j", x, x), np.zeros((3, 64)))
    assert counted(body) == {"multiply": 1, "fused": 2}


def test_shifted_slices_are_loads() -> None:
    """Neighbours are read from one input at two offsets."""
    body = body_of(lambda x: x[1:] - x[:-1], np.zeros(65))
    offsets = [item.line[0] for item in body.items if isinstance(item, Load) and item.line]
    assert sorted(offsets) == [0, 1]


def test_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop of too many operations is refused, with what to do instead."""
    monkeypatch.setattr(array_bodies, "LONGEST", 3)
    with pytest.raises(GraphError, match="would have 4 operations in its body, and 3 is the most"):
        body_of(lambda x: np.sin(x) * np.cos(x), np.zeros((1, 64)))
