"""From graphs to pictures of them."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given, settings

from graphad.builder import Builder
from graphad.constant import Constant
from graphad.ir import Graph
from graphad.op import OPS, Op, Operand
from graphad.types import FLOAT64
from graphad.viz.cells import Picture
from graphad.viz.picture import MOST_ARROWS, MOST_USES, REACH, full_picture, is_leaf
from tests.strategies import graphs
from tests.viz.samples import chain, empty, fan, leaves_only, rosenbrock


def kinds(picture: Picture) -> list[str]:
    """Return the kinds of all slots."""
    return [slot.kind for cell in picture.cells for slot in cell.slots]


@settings(max_examples=40)
@given(graphs())
def test_each_op_has_one_box(graph: Graph) -> None:
    """There is one box for each op and each output, and one drawn operand for each use."""
    picture = full_picture(graph)
    ops = [node for node in graph.nodes if not is_leaf(node)]
    assert [cell.node for cell in picture.cells if cell.kind == "op"] == [node.id for node in ops]
    assert sum(cell.kind == "output" for cell in picture.cells) == len(graph.outputs)
    uses = sum(len(node.inputs) for node in ops) + len(graph.outputs)
    assert len(kinds(picture)) == uses
    leaf_uses = sum(is_leaf(operand) for node in ops for operand in node.inputs)
    leaf_uses += sum(map(is_leaf, graph.outputs))
    assert sum(kind in ("input", "const") for kind in kinds(picture)) == leaf_uses
    assert len(picture.arrows) == kinds(picture).count("arrow")


@settings(max_examples=40)
@given(graphs())
def test_arrows_lead_to_later_boxes(graph: Graph) -> None:
    """Each arrow comes from the box of the operand that its slot stands for."""
    picture = full_picture(graph)
    for arrow in picture.arrows:
        assert arrow.source < arrow.target
        slot = picture.cells[arrow.target].slots[arrow.slot]
        assert picture.cells[arrow.source].node == slot.node


def test_leaves_stand_at_each_use() -> None:
    """An input that is used twice is drawn twice, and so is a constant."""
    picture = full_picture(rosenbrock())
    texts = [slot.text for cell in picture.cells for slot in cell.slots if slot.kind != "arrow"]
    assert texts == ["x", "x", "100", "1"]


def test_boxes_show_label_name_and_type() -> None:
    """A box shows its label, its attributes, its name in IR text and its type."""
    cell = full_picture(rosenbrock()).cells[-2]
    assert (cell.head, cell.detail, cell.note) == ("Σ", "axis 0", "%12 f64[]")
    assert cell.result


def test_titles_hold_ir_line_and_origin() -> None:
    """Hovering shows the line of IR text, what the op computes, and where the node came from."""
    cell = full_picture(rosenbrock()).cells[0]
    assert cell.title.splitlines() == [
        "%1: f64[2] = slice %x [1:3]",
        "slice: the elements at spans",
        "rosen.py:7, made by trace, derivative order 0",
    ]


def test_outputs_that_are_leaves_have_boxes() -> None:
    """A graph whose outputs are an input and a constant shows both, and the unused input."""
    picture = full_picture(leaves_only())
    assert [(cell.kind, cell.head) for cell in picture.cells] == [
        ("output", "out[0]"),
        ("output", "out[1]"),
        ("input", "unused"),
    ]
    assert kinds(picture) == ["input", "const"]
    assert "not used" in picture.cells[2].title


def test_empty_graph() -> None:
    """A graph of nothing is a picture without cells."""
    picture = full_picture(empty())
    assert (picture.cells, picture.arrows, picture.summary) == ((), (), "0 nodes, 0 ops")


def test_values_that_are_used_often_are_named() -> None:
    """A value with very many users is named at each, instead of a fan of lines."""
    b = Builder()
    y = OPS["sin"](b.input("x", FLOAT64))
    few = full_picture(b.finish("few", [y * float(i) for i in range(2, MOST_USES)]))
    assert "reference" not in kinds(few)
    b = Builder()
    y = OPS["sin"](b.input("x", FLOAT64))
    many = full_picture(b.finish("many", [y * float(i) for i in range(2, MOST_USES + 9)]))
    references = [slot for cell in many.cells for slot in cell.slots if slot.kind == "reference"]
    assert len(references) == MOST_USES + 7
    assert {slot.text for slot in references} == {"%1"}
    assert "drawn elsewhere" in references[0].title


def test_values_that_are_far_away_are_named() -> None:
    """A value that is used many rows further down is named there."""
    for length, named in ((REACH - 2, False), (REACH + 2, True)):
        b = Builder()
        x = b.input("x", FLOAT64)
        first = OPS["exp"](x)
        value: Operand = first
        for _ in range(length):
            value = OPS["sin"](value)
        picture = full_picture(b.finish("far", [value * first]))
        assert ("reference" in kinds(picture)) is named


def test_elements_of_inputs_are_named_by_index() -> None:
    """A much used element of an input is named ``x[1]``."""
    b = Builder()
    x = b.input("x", Constant([0.0, 0.0]).type)
    y = OPS["element"](x, index=(1,))
    picture = full_picture(b.finish("f", [y * float(i) for i in range(2, MOST_USES + 9)]))
    texts = [slot.text for cell in picture.cells for slot in cell.slots if slot.kind == "reference"]
    assert set(texts) == {"x[1]"}


@pytest.mark.parametrize("count", [MOST_ARROWS, MOST_ARROWS + 1])
def test_ops_of_very_many_operands_name_them(count: int) -> None:
    """An op of very many operands shows their names, so that they can stand in several rows."""
    picture = full_picture(fan(count))
    assert kinds(picture).count("reference") == (count if count > MOST_ARROWS else 0)


def test_matrices_of_scalars_are_drawn_as_matrices() -> None:
    """The elements of a packed matrix stand in rows and columns."""
    b = Builder()
    x = b.input("x", FLOAT64)
    parts = [OPS["sin"](x), OPS["cos"](x), b.constant(0.0), OPS["exp"](x)]
    cells = full_picture(b.finish("f", [OPS["pack"](*parts, shape=(2, 2))])).cells
    slots = next(cell for cell in cells if cell.head == "pack").slots
    assert [slot.text for slot in slots] == ["%1", "%2", "0", "%3"]
    assert [slot.level for slot in slots] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("shape", "columns"), [((2, 2), 2), ((2, 3, 2), 6), ((3, 3, 3, 3), 9), ((4,), 0), ((10, 10), 0)]
)
def test_columns_of_packed_arrays(shape: tuple[int, ...], columns: int) -> None:
    """Arrays of more axes are drawn as matrices, vectors and very large ones are not."""
    b = Builder()
    x = b.input("x", FLOAT64)
    parts = [OPS["integer_power"](x, exponent=i) for i in range(2, 2 + prod(shape))]
    cells = full_picture(b.finish("f", [OPS["pack"](*parts, shape=shape)])).cells
    assert next(cell for cell in cells if cell.head == "pack").columns == columns


def test_ops_without_text_are_drawn() -> None:
    """An op whose attributes have no IR text is drawn, its title by attribute names."""
    b = Builder()
    x = b.input("x", FLOAT64)
    odd = Op("odd", lambda types, attrs: types[0], lambda x, key: x, attrs=("key",))
    cell = full_picture(b.finish("f", [odd(x, key=2.5)])).cells[0]
    assert (cell.head, cell.detail) == ("odd", "key=2.5")
    assert cell.title.startswith("%1: f64[] = odd %x key=2.5")


def test_deep_graphs_need_no_recursion() -> None:
    """A chain longer than the recursion limit becomes a picture."""
    assert len(full_picture(chain(5000)).cells) == 5001
