"""How results nest, in what order they are, and which of their axes are interchangeable."""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphad.ir import Symmetry, Tree, leaves
from graphad.text.scanner import CLOSE, COMMA, OPEN, Scanner
from graphad.types import Type

_SYMMETRIC = re.compile(r"symmetric\b")
_ORDER = re.compile(r"order\b")
_NUMBER = re.compile(r"[0-9]{1,9}")
_BAR = re.compile(r"\|")

# --- writing -------------------------------------------------------------------------------------


def nested(tree: Tree, texts: Sequence[str]) -> str:
    """Return `texts` in parentheses as the tree nests them.

    Examples
    --------
    >>> nested((0, (1, 2), ()), ["a", "b", "c"])
    '(a, (b, c), ())'
    """
    words: list[str] = []
    stack: list[Tree | str] = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            inner: list[Tree | str] = [")"]
            for child in reversed(item):
                inner += [child, ", "]
            if item:
                inner.pop()
            stack += [*inner, "("]
        else:
            words.append(item if isinstance(item, str) else texts[item])
    return "".join(words)


def order_text(tree: Tree) -> str:
    """Return which output each leaf of a tree is, where they do not stand in their order.

    Examples
    --------
    >>> order_text((0, 1)), order_text((1, 0))
    ('', ' order (1, 0)')
    """
    order = list(leaves(tree))
    return "" if order == sorted(order) else f" order ({', '.join(map(str, order))})"


def symmetry_text(symmetry: Symmetry) -> str:
    """Return the groups of interchangeable axis blocks of an output.

    Examples
    --------
    >>> symmetry_text((((0,), (1,)),)), symmetry_text((((0, 1), (2, 3)), ((4,), (5,))))
    (' symmetric (0 | 1)', ' symmetric (0, 1 | 2, 3) (4 | 5)')
    """
    groups = [" | ".join([", ".join(map(str, block)) for block in group]) for group in symmetry]
    return " symmetric" + "".join([f" ({group})" for group in groups]) if groups else ""


# --- reading -------------------------------------------------------------------------------------


def read_order(scanner: Scanner, count: int) -> list[int]:
    """Read which of `count` outputs each result is; they stand in their order if nothing is said.

    Raises
    ------
    ParseError
        If an output is missing, or given twice.
    """
    if scanner.take(_ORDER) is None:
        return list(range(count))
    scanner.skip()
    start = scanner.position
    order: list[int] = []
    what = "the number of an output"
    scanner.nest(lambda: order.append(int(scanner.expect(_NUMBER, what))), what)
    if sorted(order) != list(range(count)):
        raise scanner.error(f"expected the numbers of all {count} outputs, each once", start)
    return order


def read_symmetry(scanner: Scanner, type: Type) -> Symmetry:
    """Read groups of blocks of axes such as ``symmetric (0 | 1) (2, 3 | 4, 5)``, if there are any.

    Raises
    ------
    ParseError
        If there are no such axes, or they have different lengths.
    """
    groups: list[tuple[tuple[int, ...], ...]] = []
    if scanner.take(_SYMMETRIC) is not None:
        scanner.expect(OPEN, "'(' and axes such as (0 | 1)")
        groups.append(_read_group(scanner, type))
        while scanner.take(OPEN) is not None:
            groups.append(_read_group(scanner, type))
    return tuple(groups)


def _read_group(scanner: Scanner, type: Type) -> tuple[tuple[int, ...], ...]:
    start = scanner.position - 1
    blocks: list[list[int]] = [[]]
    while True:
        blocks[-1].append(int(scanner.expect(_NUMBER, f"an axis of {type}")))
        if scanner.take(_BAR) is not None:
            blocks.append([])
        elif scanner.take(COMMA) is None:
            break
    scanner.expect(CLOSE, "'|', ',' or ')' after an axis")
    axes = [axis for block in blocks for axis in block]
    if max(axes) >= type.ndim or len(set(axes)) != len(axes):
        raise scanner.error(f"expected different axes of {type}", start)
    if len({tuple([type.shape[axis] for axis in block]) for block in blocks}) > 1:
        raise scanner.error(f"symmetric blocks of axes of {type} have different lengths", start)
    return tuple(map(tuple, blocks))
