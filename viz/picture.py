"""From a graph to a picture of it: a box for each op, leaves at each of their uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, prod

from graphad.errors import GraphError
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.text import dump
from graphad.viz.cells import MOST_CHIPS, Arrow, Cell, Picture, Slot, chip, make_cell
from graphad.viz.labels import (
    constant_text,
    ir_line,
    node_label,
    node_name,
    origin_text,
    output_names,
    port_names,
    shorten,
    signature,
    type_text,
)
from graphad.viz.layers import assign_layers
from graphad.viz.panels import panels_of, with_panels

LIMIT = 1500
"""Most boxes that are drawn one for each node; a larger graph is drawn collapsed."""

REACH = 12
"""A value used further down than this many rows is named there: no eye follows such a line."""

MOST_USES = 10
"""A value used more often than this is named at its uses."""

MOST_ARROWS = 24
"""An op of more operands than this has their names above it."""

_MOST_COLUMNS = 12


def is_leaf(node: Node) -> bool:
    """Whether a node is drawn at each of its uses instead of once."""
    return node.op is INPUT or node.op is CONST


def leaf_slot(node: Node, name: str = "") -> Slot:
    """Return the slot that shows an input or a constant; `name` says which operand it is."""
    if node.op is INPUT:
        text, note = shorten(node.attrs[0], 24), type_text(node.type)
        title = f"input {ir_line(node)}"
        return chip(Slot("input", text, note, title, name, node=node.id))
    note = type_text(node.type) if node.type.shape else ""
    title = f"constant {ir_line(node)}"
    return chip(Slot("const", constant_text(node.attrs[0]), note, title, name, node=node.id))


def reference_text(node: Node) -> str:
    """Return how a value is named away from its box: an element of an input by its index."""
    if node.op.name == "element" and node.inputs[0].op is INPUT:
        index = ", ".join(map(str, node.attrs[0]))
        return f"{shorten(node.inputs[0].attrs[0], 16)}[{index}]"
    return f"%{node.id}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> counted(1, "node"), counted(1500, "node")
    ('1 node', '1,500 nodes')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def ir_lines(graph: Graph) -> dict[int, str]:
    """Return the line of IR text for each node that has one, by id."""
    try:
        text = dump(graph)
    except GraphError:  # of an op that has no text: drawn all the same
        return {node.id: ir_line(node) for node in graph.nodes if not is_leaf(node)}
    lines = {}
    for line in text.splitlines():
        id = line.lstrip().removeprefix("%").partition(":")[0]
        if id.isdecimal() and line.startswith("  %"):
            lines[int(id)] = line.strip()
    return lines


def full_picture(graph: Graph) -> Picture:
    """Return the picture of a graph with one box for each op and for each output.

    Parameters
    ----------
    graph : Graph
        The graph to draw.

    Returns
    -------
    Picture
        Leaves stand at each of their uses; so do values that are used very often or far away.
    """
    drawing = _Drawing(graph)
    drawing.add_ops()
    drawing.add_outputs()
    drawing.add_unused_inputs()
    ops = len(drawing.number)
    orders = {graph.origins[id].order for id in drawing.number}
    for cell in drawing.cells:
        for panel in cell.panels:
            orders.update(panel.picture.orders)
    return Picture(
        graph.name,
        signature(graph),
        f"{counted(len(graph.nodes), 'node')}, {counted(ops, 'op')}",
        tuple(drawing.cells),
        tuple(drawing.arrows),
        tuple(sorted(orders)),
    )


@dataclass(slots=True)
class _Drawing:
    """What is collected while a graph becomes a picture; `number` gives the cell of a node."""

    graph: Graph
    cells: list[Cell] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    number: dict[int, int] = field(default_factory=dict)

    def add_ops(self) -> None:
        """Add a cell for each op, in the order of the arena."""
        graph = self.graph
        rows = _rows(graph)
        uses = graph.use_counts()
        lines = ir_lines(graph)
        results = {node.id for node in graph.outputs}
        for node in graph.nodes:
            if is_leaf(node):
                continue
            values = {operand.id for operand in node.inputs if not is_leaf(operand)}
            columns = _matrix_columns(node)
            crowded = len(values) > MOST_ARROWS or columns > 0
            names = port_names(node)
            slots = []
            for operand, name in zip(node.inputs, names, strict=True):
                if is_leaf(operand):
                    slots.append(leaf_slot(operand, name))
                    continue
                far = rows[node.id] - rows[operand.id] > REACH
                if far or crowded or uses[operand.id] > MOST_USES:
                    slots.append(self._reference(operand, name, lines))
                else:
                    slots.append(Slot("arrow", name=name, node=operand.id))
            head, detail = node_label(node)
            origin = graph.origin(node)
            line = shorten(lines.get(node.id, ir_line(node)), 600)
            title = f"{line}\n{node.op.name}: {node.op.identity}\n{origin_text(origin)}"
            cell = make_cell(
                Cell(
                    "op",
                    shorten(head, 28),
                    shorten(detail, 32),
                    f"%{node.id} {node.type}",
                    order=origin.order,
                    title=title,
                    slots=tuple(slots),
                    node=node.id,
                    free=node.op.commutative,
                    result=node.id in results,
                    columns=columns,
                )
            )
            if node.op.interpret is not None:
                cell = with_panels(cell, panels_of(node, full_picture))
            self.number[node.id] = len(self.cells)
            self._add(cell)

    def add_outputs(self) -> None:
        """Add a cell for each output, also for one that is an input or a constant."""
        graph = self.graph
        names = output_names(graph.tree)
        for position, node in enumerate(graph.outputs):
            slot = leaf_slot(node) if is_leaf(node) else Slot("arrow", node=node.id)
            title = f"output {names[position]}: {node.type}"
            if graph.symmetry[position]:
                title += f"\ninterchangeable axes: {graph.symmetry[position]}"
            cell = Cell("output", shorten(names[position], 28), title=title, slots=(slot,))
            self._add(make_cell(cell))

    def add_unused_inputs(self) -> None:
        """Add a cell for each input that nothing uses."""
        uses = self.graph.use_counts()
        for node in self.graph.inputs:
            if uses[node.id] == 0:
                slot = leaf_slot(node)
                title = f"{slot.title}\nnot used"
                head = f"{slot.text} {slot.note}".strip()
                self._add(make_cell(Cell("input", head, title=title, node=node.id)))

    def _reference(self, operand: Node, name: str, lines: dict[int, str]) -> Slot:
        line = shorten(lines.get(operand.id, ir_line(operand)), 300)
        return chip(
            Slot(
                "reference",
                reference_text(operand),
                title=f"the value of {node_name(operand)}, drawn elsewhere\n{line}",
                name=name,
                order=self.graph.origin(operand).order,
                node=operand.id,
            )
        )

    def _add(self, cell: Cell) -> None:
        """Add a cell and the arrows that its slots ask for."""
        end = f"%{cell.node}" if cell.node >= 0 else cell.head
        for position, slot in enumerate(cell.slots):
            if slot.kind == "arrow":
                title = f"%{slot.node} → {end}"
                source = self.number[slot.node]
                self.arrows.append(Arrow(source, len(self.cells), position, title))
        self.cells.append(cell)


def _matrix_columns(node: Node) -> int:
    """Return the columns of an array of scalars that is drawn with its elements in their places.

    An array of more axes is drawn as a matrix, its last axes across, as many as fit.
    """
    shape = node.type.shape
    if node.op.name != "pack" or node.type.size > MOST_CHIPS:
        return 0
    across = [prod(shape[axis:]) for axis in range(1, len(shape))]
    return next((count for count in across if 1 < count <= _MOST_COLUMNS), 0)


def _rows(graph: Graph) -> list[int]:
    """Return the row in which each op would stand if all its operands were joined by lines."""
    number: dict[int, int] = {}
    links: list[tuple[int, int]] = []
    for node in graph.nodes:
        if not is_leaf(node):
            number[node.id] = len(number)
            values = [operand for operand in node.inputs if not is_leaf(operand)]
            links.extend([(number[value.id], number[node.id]) for value in values])
    found = assign_layers(links, [1.0] * len(number), inf)
    rows = [0] * len(graph.nodes)
    for id, place in number.items():
        rows[id] = found[place]
    return rows
