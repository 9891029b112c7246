"""How values leave vector kernels: element by element into a tile, or as rows of the points.

A value is one vector, a lane for each point; an array of NumPy has point after point. As many
elements as there are lanes are turned into pieces of points in registers, as soon as the last of
them is computed. Where most elements of an output are equal to others, each value is stored once,
and rows are put together by a table instead (`graphad.llvm.tiles`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from graphad.errors import GraphError
from graphad.ir import Graph, Node
from graphad.llvm.functions import Writer
from graphad.llvm.tiles import PREFETCH, masked_access, transposition
from graphad.ops import OPS

COPIES = 2
"""An output is stored as rows if it has at most this many elements for each value in it."""
AHEAD = 256
"""Bytes of a point from which the memory of the points to come is asked for while these are
computed: much that is written does not stay in the cache, and would be waited for."""
LINE = 64
"""Bytes that memory comes in."""


class LineWriter(Writer, Protocol):
    """What stores are written with: lines are added as they are."""

    lines: list[str]


@dataclass(frozen=True, slots=True)
class Store:
    """Values that are stored together, when the last of them is there.

    Parameters
    ----------
    nodes : tuple of Node
        As many as there are lanes, or fewer; one for the tile.
    place : int
        Of the first, in the tile or in a row.
    output : int
        Of rows; -1 for the tile.
    """

    nodes: tuple[Node, ...]
    place: int
    output: int = -1


@dataclass(slots=True)
class Outputs:
    """What a kernel stores, and where.

    Parameters
    ----------
    stores : list of Store
        All of them.
    sizes : list of int
        Elements of each output.
    rows : list of bool
        Whether each output is stored as rows.
    table : list of int
        For each element of each output the place in the tile where its value is stored; 0 for rows.
    """

    stores: list[Store] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    rows: list[bool] = field(default_factory=list)
    table: list[int] = field(default_factory=list)

    @property
    def held(self) -> int:
        """How many values the tile holds."""
        return max((store.place + 1 for store in self.stores if store.output < 0), default=0)

    @property
    def in_order(self) -> bool:
        """Whether elements of the tile stand one after the other, as do those of the outputs."""
        wanted: list[int] = []
        start = 0
        for size, rows in zip(self.sizes, self.rows, strict=True):
            wanted += [0] * size if rows else range(start, start + size)
            start += 0 if rows else size
        return self.table == wanted

    @property
    def parameters(self) -> str:
        """What kernels get besides tiles: addresses and distances of rows, and what comes next."""
        listed = [i for i, rows in enumerate(self.rows) if rows]
        return "".join([f", ptr %rows{i}, i64 %pace{i}, ptr %ahead{i}" for i in listed])


def results(graph: Graph) -> list[list[Node]]:
    """Return for each output the nodes of its elements.

    Raises
    ------
    GraphError
        If the graph is not scalar.
    """
    found: list[list[Node]] = []
    for node in graph.outputs:
        if not node.type.shape:
            found.append([node])
        elif node.op is OPS["pack"]:
            found.append(list(node.inputs))
        elif node.type.size:
            raise GraphError(f"{node!r} of {graph.name} is not a pack of scalars; scalarize first")
        else:
            found.append([])
    return found


def scalar_outputs(graph: Graph) -> Outputs:
    """Return what a kernel of single points stores: each element in its place."""
    made = Outputs()
    for nodes in results(graph):
        for node in nodes:
            made.stores.append(Store((node,), len(made.table)))
            made.table.append(len(made.table))
        made.sizes.append(len(nodes))
        made.rows.append(False)
    return made


def vector_outputs(graph: Graph, width: int) -> Outputs:
    """Return what a kernel of vectors stores: rows, and each other value once."""
    made = Outputs()
    places: dict[int, int] = {}
    for output, nodes in enumerate(results(graph)):
        rows = 1 < len(nodes) <= COPIES * len({node.id for node in nodes})
        made.sizes.append(len(nodes))
        made.rows.append(rows)
        if rows:
            for i in range(0, len(nodes), width):
                made.stores.append(Store(tuple(nodes[i : i + width]), i, output))
            made.table += [0] * len(nodes)
            continue
        for node in nodes:
            if node.id not in places:
                places[node.id] = len(places)
                made.stores.append(Store((node,), places[node.id]))
            made.table.append(places[node.id])
    return made


def row_addresses(outputs: Outputs, width: int) -> list[str]:
    """Return the lines at the beginning of a function that find the rows of each point."""
    lines = []
    for i, rows in enumerate(outputs.rows):
        for lane in range(width if rows else 0):
            lines += [
                f"  %o{i}_{lane} = mul i64 %pace{i}, {lane}",
                f"  %r{i}_{lane} = getelementptr i8, ptr %rows{i}, i64 %o{i}_{lane}",
            ]
    return lines


def store_rows(w: LineWriter, values: Sequence[str], store: Store) -> None:
    """Write the stores of a piece of each row.

    Parameters
    ----------
    w : Writer
        Of vectors.
    values : sequence of str
        Vectors of the elements.
    store : Store
        Where they go.
    """
    width, type, count = w.lanes.width, w.floats, len(values)
    square = [*values, *[values[-1]] * (width - count)]
    lines, pieces = transposition(width, square, f"x{store.output}_{store.place}_")
    w.lines += lines
    for lane, piece in enumerate(pieces):
        at = w.line(f"getelementptr double, ptr %r{store.output}_{lane}, i64 {store.place}")
        if count == width:
            w.lines.append(f"  store {type} {piece}, ptr {at}, align 8")
            continue
        bits = ", ".join(f"i1 {'true' if i < count else 'false'}" for i in range(width))
        mask = f"<{width} x i1> <{bits}>"
        w.declarations |= masked_access(width)
        store_some = f"llvm.masked.store.v{width}f64.p0"
        w.lines.append(f"  call void @{store_some}({type} {piece}, ptr {at}, i32 8, {mask})")


def weave(outputs: Outputs, width: int, bodies: Sequence[list[str]]) -> dict[str, str]:
    """Put requests for the memory of the next tile between the lines of functions, evenly.

    Parameters
    ----------
    outputs : Outputs
        Those of many bytes are asked for.
    width : int
        Points of a tile.
    bodies : sequence of list of str
        Lines of the functions, which are changed.

    Returns
    -------
    dict of str to str
        What has to be declared.
    """
    wanted = [
        f"ptr %ahead{i}, i64 {at}"
        for i, (size, rows) in enumerate(zip(outputs.sizes, outputs.rows, strict=True))
        for at in range(0, 8 * width * size if rows and 8 * size >= AHEAD else 0, LINE)
    ]
    if not wanted:
        return {}
    total, seen, count = sum(map(len, bodies)), 0, 0
    for body in bodies:
        lines = list(body)
        body.clear()
        for line in lines:
            body.append(line)
            seen += 1
            while count * total < seen * len(wanted):
                body += [
                    f"  %a{count} = getelementptr i8, {wanted[count]}",
                    # To be read again, from the second cache: what is here stays in the first.
                    f"  call void @llvm.prefetch.p0(ptr %a{count}, i32 0, i32 2, i32 1)",
                ]
                count += 1
    return PREFETCH
