"""What a derivative graph asks for, entry by entry: the logical side of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from math import prod

import numpy as np

from graphad.errors import DerivativeError
from graphad.ir import Graph, Symmetry, Tree, leaves
from graphad.op import Array
from graphad.passes.diff import Leaf
from graphad.passes.entries import Entry, count_unique, unique_indices
from graphad.selection import select
from graphad.structures import graft

PATTERN_FROM = 20_000
"""Derivatives of more unique entries are planned for those that are no structural zeros only."""


@dataclass(frozen=True, slots=True)
class Block:
    """One output of a derivative graph: D^k of an output of the base, by inputs in order.

    Parameters
    ----------
    shape : tuple of int
        out.shape + in.shape + … .
    output : int
        Position of the output of the base.
    row : int
        The row of the output's first element.
    rows : int
        How many rows there are.
    starts, sizes : tuple of int
        For each derivative, the first variable of the input and how many it has.
    """

    shape: tuple[int, ...]
    output: int
    row: int
    rows: int
    starts: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many elements the block has."""
        return prod(self.shape)

    def entries(self, positions: Array | None = None) -> tuple[Array, Array]:
        """Return row and sorted multi-index of elements at flat positions; of all by default.

        Returns
        -------
        rows : numpy.ndarray of int, shape (m,)
        indices : numpy.ndarray of int, shape (m, k)
        """
        flat = np.arange(self.size) if positions is None else positions
        lengths = (self.rows, *self.sizes)
        if not flat.size:
            return np.zeros(0, np.int64), np.zeros((0, len(self.sizes)), np.int64)
        rows, *columns = np.unravel_index(flat, lengths)
        moved = [column + start for column, start in zip(columns, self.starts, strict=True)]
        stacked = np.array(moved, dtype=np.int64).reshape(len(moved), flat.size).T
        return rows + self.row, np.sort(stacked, axis=1)

    def positions(self, entry: Entry) -> list[int]:
        """Return the flat positions of the elements that an entry is the value of."""
        row, index = entry
        if not self.row <= row < self.row + self.rows:
            return []
        lengths = (self.rows, *self.sizes)
        found = set()
        for order in set(permutations(index)):
            at = [i - start for i, start in zip(order, self.starts, strict=True)]
            if all(0 <= i < size for i, size in zip(at, self.sizes, strict=True)):
                found.add(int(np.ravel_multi_index((row - self.row, *at), lengths)))
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be derived: a base graph, inputs, an order, and how the results nest.

    Parameters
    ----------
    base : Graph
        The function.
    wrt : tuple of str
        Inputs that are differentiated by at any time; their elements are the variables.
    order : int
        k.
    blocks : tuple of Block
        The outputs of the derivative graph.
    tree : Tree
        How they nest.
    symmetry : tuple of Symmetry
        Axes of each that may be interchanged.
    same : bool
        Whether each derivative is by all of `wrt`, so that packed entries are those of one tensor.
    """

    base: Graph
    wrt: tuple[str, ...]
    order: int
    blocks: tuple[Block, ...]
    tree: Tree
    symmetry: tuple[Symmetry, ...]
    same: bool

    @property
    def variables(self) -> int:
        """Number of variables."""
        types = {node.attrs[0]: node.type for node in self.base.inputs}
        return sum(types[name].size for name in self.wrt)

    @property
    def rows(self) -> int:
        """Number of elements of the base's outputs."""
        return sum(node.type.size for node in self.base.outputs)

    @property
    def unique(self) -> int:
        """Number of unique entries of all rows."""
        return self.rows * count_unique(self.variables, self.order)

    @property
    def size(self) -> int:
        """Number of elements of the derivative."""
        return sum(block.size for block in self.blocks)

    def needed(self) -> tuple[Entry, ...]:
        """Return the unique entries that the blocks are made of, in lexicographic order."""
        if self.same:
            unique = unique_indices(self.variables, self.order)
            return tuple([(row, index) for row in range(self.rows) for index in unique])
        found: set[Entry] = set()
        for block in self.blocks:
            rows, indices = block.entries()
            found.update(zip(rows.tolist(), map(tuple, indices.tolist()), strict=True))
        return tuple(sorted(found))


def target_of(graph: Graph, base: Graph, history: Sequence[Leaf]) -> Target:
    """Return what a derivative graph asks for.

    Parameters
    ----------
    graph : Graph
        The derivative; the base itself at order 0.
    base : Graph
        The function.
    history : sequence of Leaf
        What each output of `graph` is.
    """
    shapes = tuple([node.type.shape for node in graph.outputs])
    return _target(base, history, shapes, graph.tree, graph.symmetry)


def _target(
    base: Graph,
    history: Sequence[Leaf],
    shapes: Sequence[tuple[int, ...]],
    tree: Tree,
    symmetry: tuple[Symmetry, ...],
) -> Target:
    types = {node.attrs[0]: node.type for node in base.inputs}
    by = [tuple(name for name, _ in leaf.by) for leaf in history]
    used = set().union(*by) if by else set()
    wrt = tuple(name for name in base.input_names if name in used)
    starts, total = {}, 0
    for name in wrt:
        starts[name] = total
        total += types[name].size
    first_rows = np.cumsum([0, *[node.type.size for node in base.outputs]]).tolist()
    blocks = tuple(
        Block(
            shape,
            leaf.base,
            first_rows[leaf.base],
            base.outputs[leaf.base].type.size,
            tuple([starts[name] for name in names]),
            tuple([types[name].size for name in names]),
        )
        for shape, leaf, names in zip(shapes, history, by, strict=True)
    )
    order = max([len(names) for names in by], default=0)
    whole = len(base.outputs) * len(wrt) ** order
    kinds = {(leaf.base, names) for leaf, names in zip(history, by, strict=True)}
    same = len(blocks) == whole == len(kinds)
    return Target(base, wrt, order, blocks, tree, symmetry, same)


def whole_target(base: Graph, order: int) -> Target:
    """Return the target of the derivative of an order by all inputs, nested as `diff` nests it.

    Parameters
    ----------
    base : Graph
        The function.
    order : int
        k.

    Raises
    ------
    DerivativeError
        If the order is no integer, or negative.
    """
    if not _is_order(order):
        raise DerivativeError(f"the order of a derivative is 0, 1, 2, … and not {order!r}")
    types = {node.attrs[0]: node.type for node in base.inputs}
    names = base.input_names
    history, shapes, symmetry = [], [], []
    for row, node in enumerate(base.outputs):
        for by in product(names, repeat=order):
            leaf = Leaf(row, node.type.ndim, tuple([(name, types[name].ndim) for name in by]))
            history.append(leaf)
            shapes.append(sum([types[name].shape for name in by], node.type.shape))
            symmetry.append(leaf.symmetry(base.symmetry[row]))
    count = len(names)
    inner = select(base, None).tree
    rows: list[Tree] = list(range(len(history)))
    for _ in range(order):
        rows = [graft(inner, rows[i : i + count]) for i in range(0, len(rows), count)]
    tree = graft(base.tree, rows)
    return _target(base, tuple(history), tuple(shapes), tree, tuple(symmetry))


def _is_order(order: object) -> bool:
    return isinstance(order, int | np.integer) and bool(order >= 0)


def chosen_entries(target: Target, entries: Iterable[object] | str) -> tuple[Entry, ...]:
    """Return the entries that a user asks for.

    Parameters
    ----------
    entries : iterable of tuple of int, or "diagonal"
        Indices into the derivative: the way through nested blocks, then the index into the array.
        ``"diagonal"`` is every (i, i, …) of every output.

    Raises
    ------
    DerivativeError
        If there is no such element.
    """
    if isinstance(entries, str):
        if entries != "diagonal":
            raise DerivativeError(f'entries are indices or "diagonal", and not {entries!r}')
        if not target.same:
            raise DerivativeError(
                "the diagonal is that of a derivative by the same inputs each time; list entries= "
                "of single blocks"
            )
        indices = [(i,) * target.order for i in range(target.variables)]
        return tuple([(row, index) for row in range(target.rows) for index in indices])
    if not isinstance(entries, Iterable):
        raise DerivativeError(f'entries are a list of indices or "diagonal", and not {entries!r}')
    found = []
    for entry in entries:
        listed = tuple(entry) if isinstance(entry, Iterable) else (entry,)
        found.append(_located(target, listed))
    return tuple(found)


def _located(target: Target, path: tuple[object, ...]) -> Entry:
    tree = target.tree
    numbers: list[int] = []
    for item in path:
        if not isinstance(item, int | np.integer):
            raise DerivativeError(f"an entry is a tuple of whole numbers, and not {path!r}")
        numbers.append(int(item))
    while isinstance(tree, tuple) and numbers and 0 <= numbers[0] < len(tree):
        tree = tree[numbers.pop(0)]
    if isinstance(tree, tuple):
        raise DerivativeError(
            f"the entry {path} does not lead to an array: the derivative is a nested tuple of "
            f"{sum(1 for _ in leaves(target.tree))} arrays, so an entry begins with a position in "
            "each tuple"
        )
    block = target.blocks[tree]
    inside = len(numbers) == len(block.shape) and all(
        -length <= i < length for i, length in zip(numbers, block.shape, strict=True)
    )
    if not inside:
        raise DerivativeError(
            f"there is no entry {path}: {tuple(numbers)} is no index into a derivative of the "
            f"shape {block.shape}"
        )
    at = [i % length for i, length in zip(numbers, block.shape, strict=True)]
    flat = int(np.ravel_multi_index(at, block.shape)) if at else 0
    rows, indices = block.entries(np.array([flat]))
    return int(rows[0]), tuple(indices[0].tolist())
