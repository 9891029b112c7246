"""How results, their order and their symmetries are written."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.ir import Symmetry, Tree
from graphad.text.results import nested, order_text, read_order, read_symmetry, symmetry_text
from graphad.text.scanner import Limits, Scanner
from graphad.types import make_type

CUBE = make_type((2,) * 6, np.dtype(np.float64))


def scanner(text: str) -> Scanner:
    """Return a scanner at the start of a text."""
    return Scanner(text, "a.ir", Limits())


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (0, "a"),
        ((), "()"),
        ((0,), "(a)"),
        ((0, (1, 2)), "(a, (b, c))"),
        ((((0,),), (), 1), "(((a)), (), b)"),
        ((2, 0), "(c, a)"),
    ],
)
def test_nests(tree: Tree, text: str) -> None:
    """A tuple is a pair of parentheses, also of one or none."""
    assert nested(tree, ["a", "b", "c"]) == text


@pytest.mark.parametrize(
    ("tree", "text"),
    [(0, ""), ((0, (1,), 2), ""), ((1, 0), " order (1, 0)"), ((2, (0, 1)), " order (2, 0, 1)")],
)
def test_orders(tree: Tree, text: str) -> None:
    """The order of outputs is only written where it is not plain, and comes back."""
    assert order_text(tree) == text
    if text:
        order = read_order(scanner(text), text.count(",") + 1)
        assert f" order ({', '.join(map(str, order))})" == text


@pytest.mark.parametrize(
    ("symmetry", "text"),
    [
        ((), ""),
        ((((0,), (1,)),), " symmetric (0 | 1)"),
        ((((2,), (0,), (5,)),), " symmetric (2 | 0 | 5)"),
        ((((0, 1), (2, 3)),), " symmetric (0, 1 | 2, 3)"),
        ((((0,), (1,)), ((2, 3), (4, 5))), " symmetric (0 | 1) (2, 3 | 4, 5)"),
        ((((4,),),), " symmetric (4)"),
    ],
)
def test_symmetries(symmetry: Symmetry, text: str) -> None:
    """Groups of blocks of axes come back."""
    assert symmetry_text(symmetry) == text
    reader = scanner(text + ", rest")
    assert read_symmetry(reader, CUBE) == symmetry
    assert reader.position == len(text)
