r"""How ops that move elements are written as mathematics: by the indices of their operands.

A rule is a generator: it asks for the text of an operand at indices by ``yield``, is given it, and
returns the text of its own element. So rules read as recursion does, and nothing recurses.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, TypeAlias

from graphad.interop.latex_text import (
    Index,
    Text,
    cases_text,
    number,
    product_text,
    subscripted,
)
from graphad.ir import Node

Indices: TypeAlias = tuple[Index, ...]


class Wanted(NamedTuple):
    """The text of a node at indices, where letters are taken by sums around it."""

    node: Node
    indices: Indices
    taken: frozenset[str]


class Whole(NamedTuple):
    """The name of a node as an array."""

    node: Node


Asking: TypeAlias = Generator[Wanted | Whole, Any, Text]
Rule: TypeAlias = Callable[[Node, Indices, frozenset[str]], Asking]

LETTERS = ("i", "j", "k", "l", "m", "n", "p", "q", "r", "s", "t", "a", "b", "c", "d", "g", "h")
"""Letters of indices, in the order in which they are given out."""


class Unwritten(Exception):  # noqa: N818 -- it is caught, and the op written by its name
    """Raised by a rule that does not cover such indices."""


def fresh(taken: frozenset[str], count: int = 1) -> list[str]:
    """Return letters that are not taken."""
    found = [letter for letter in LETTERS if letter not in taken][:count]
    number = 1
    while len(found) < count:
        found.append(f"i_{{{number}}}")
        number += 1
    return found


def letters_of(indices: Sequence[Index]) -> frozenset[str]:
    """Return the letters in indices."""
    return frozenset(index.letter for index in indices if index.letter)


def fitted(node: Node, indices: Indices) -> Indices:
    """Return indices of an operand that broadcasts against what `indices` belong to."""
    shape = node.type.shape
    own = indices[len(indices) - len(shape) :]
    return tuple(number(0) if n == 1 else index for n, index in zip(shape, own, strict=True))


# --- movement ------------------------------------------------------------------------------------


def moving(move: Callable[[Node, Indices], Indices]) -> Rule:
    """Return the rule of an op whose elements are those of its operand, elsewhere."""

    def rule(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
        made = yield Wanted(node.inputs[0], move(node, indices), taken)
        assert isinstance(made, Text)
        return made

    return rule


def flipped(node: Node, indices: Indices) -> Indices:
    """Return where the elements of a flipped array were."""
    return tuple(
        index.moved(0, -1)._replace(offset=n - 1 - index.offset) if axis in node.attrs[0] else index
        for axis, (n, index) in enumerate(zip(node.type.shape, indices, strict=True))
    )


def transposed(node: Node, indices: Indices) -> Indices:
    """Return where the elements of a transposed array were."""
    return tuple(index for _, index in sorted(zip(node.attrs[0], indices, strict=True)))


def reshaped(node: Node, indices: Indices) -> Indices:
    """Drop and insert axes of length 1, or take numbers apart; nothing else."""
    own, shape = node.inputs[0].type.shape, node.type.shape
    kept = [index for index, n in zip(indices, shape, strict=True) if n != 1]
    if [n for n in own if n != 1] == [n for n in shape if n != 1]:
        left = iter(kept)
        return tuple(number(0) if n == 1 else next(left) for n in own)
    if any(index.letter for index in kept):
        raise Unwritten
    flat = 0
    for index, n in zip(indices, shape, strict=True):
        flat = flat * n + index.offset
    found = []
    for n in reversed(own):
        found.append(number(flat % n))
        flat //= n
    return tuple(reversed(found))


def _within(index: Index, start: int, stop: int, length: int) -> str | bool:
    """Return the condition that an index is in ``start:stop``, or whether it always is."""
    if not index.letter:
        return start <= index.offset < stop
    if start <= 0 and stop >= length:
        return True
    if stop - start == 1:
        return f"{index} = {start}"
    if start <= 0:
        return f"{index} < {stop}"
    if stop >= length:
        return f"{index} \\ge {start}"
    return f"{start} \\le {index} < {stop}"


def _inside(node: Node, indices: Indices) -> tuple[list[str], Indices] | None:
    """Return conditions that indices are in the spans of a node, and where they are there.

    ``None`` if they never are.
    """
    conditions, inner = [], []
    for index, span, n in zip(indices, node.attrs[0], node.type.shape, strict=True):
        condition = _within(index, span.start, span.stop, n)
        if span.step != 1:
            if index.letter:
                raise Unwritten
            condition = condition is True and (index.offset - span.start) % span.step == 0
            inner.append(number((index.offset - span.start) // span.step))
        else:
            inner.append(index._replace(offset=index.offset - span.start))
        if condition is False:
            return None
        if isinstance(condition, str):
            conditions.append(condition)
    return conditions, tuple(inner)


def placed(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    """Write a value at spans, and what is around it."""
    part = node.inputs[-1]
    whole = node.inputs[0] if len(node.inputs) == 2 else None
    inside = _inside(node, indices)
    outer = Text("0")
    if whole is not None and (inside is None or inside[0]):
        outer = yield Wanted(whole, indices, taken)
    if inside is None:
        return outer
    conditions, inner = inside
    text = yield Wanted(part, inner, taken)
    assert isinstance(text, Text)
    return (
        cases_text([(text.text, " \\land ".join(conditions))], outer.text) if conditions else text
    )


def joined(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    """Write the operand that an index is in."""
    (axis,) = node.attrs
    start, cases = 0, []
    length = node.type.shape[axis]
    for operand in node.inputs:
        stop = start + operand.type.shape[axis]
        condition = _within(indices[axis], start, stop, length)
        if condition is not False and stop > start:
            inner = list(indices)
            inner[axis] = indices[axis]._replace(offset=indices[axis].offset - start)
            text = yield Wanted(operand, tuple(inner), taken)
            if condition is True:
                assert isinstance(text, Text)
                return text
            cases.append((text.text, condition))
        start = stop
    return cases_text(cases[:-1], cases[-1][0])


def packed(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    """Write the scalar at an index that is a number."""
    flat = 0
    for index, n in zip(indices, node.type.shape, strict=True):
        if index.letter:
            raise Unwritten
        flat = flat * n + index.offset
    made = yield Wanted(node.inputs[flat], (), taken)
    assert isinstance(made, Text)
    return made


def taken_at(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    """Write an element at an index that is looked up."""
    (axis,) = node.attrs
    depth = node.inputs[1].type.ndim
    place = yield Wanted(node.inputs[1], indices[axis : axis + depth], taken)
    constant = place.text.isdigit()
    index = number(int(place.text)) if constant else Index(place.text)
    made = yield Wanted(node.inputs[0], (*indices[:axis], index, *indices[axis + depth :]), taken)
    assert isinstance(made, Text)
    return made


def identity(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    """Write Kronecker deltas."""
    yield from ()
    half = len(indices) // 2
    return deltas(list(zip(indices[:half], indices[half:], strict=True)))


def deltas(pairs: Sequence[tuple[Index, Index]]) -> Text:
    """Return the product of Kronecker deltas of pairs of indices."""
    factors = []
    for left, right in pairs:
        if left == right:
            continue
        if not left.letter and not right.letter:
            return Text("0")
        factors.append(subscripted("\\delta", (left, right)))
    return product_text(factors) if factors else Text("1")
