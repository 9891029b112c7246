"""Boxes with their leaves: sizes and places."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, strategies as st

from graphad.viz.cells import CHIP_STEM, CHIP_STEP, Cell, Slot, chip, make_cell

ARROW = Slot("arrow", node=1)


@st.composite
def slot_lists(draw: st.DrawFn) -> tuple[Slot, ...]:
    """Operands of a box: arrows and leaves with texts of several lengths."""
    kinds = draw(st.lists(st.sampled_from(("arrow", "input", "const", "reference")), max_size=30))
    texts = st.text("abc", min_size=1, max_size=12)
    names = st.sampled_from(("", "−", "then"))
    return tuple(
        Slot("arrow", name=draw(names)) if kind == "arrow" else chip(Slot(kind, draw(texts)))
        for kind in kinds
    )


@given(slot_lists(), st.sampled_from((0, 3)), st.sampled_from(("op", "group", "output")))
def test_leaves_do_not_overlap(slots: tuple[Slot, ...], columns: int, kind: str) -> None:
    """Leaves lie within the width of their box, not on each other and not on arrows."""
    cell = make_cell(Cell(kind, "sin", slots=slots, columns=columns))
    assert sorted(slot.kind for slot in cell.slots) == sorted(slot.kind for slot in slots)
    leaves = [slot for slot in cell.slots if slot.kind != "arrow"]
    for slot in cell.slots:
        assert abs(slot.offset) + slot.width / 2 <= cell.width / 2 + 1e-6
    for a, b in combinations(leaves, 2):
        apart = abs(a.offset - b.offset) >= (a.width + b.width) / 2 - 1e-6
        assert a.level != b.level or apart
    for slot in cell.slots:
        if slot.kind == "arrow":
            assert all(abs(slot.offset - leaf.offset) >= leaf.width / 2 - 1e-6 for leaf in leaves)


@given(slot_lists())
def test_operands_keep_their_order(slots: tuple[Slot, ...]) -> None:
    """A few operands stand from left to right as the op takes them."""
    few = slots[:6]
    offsets = [slot.offset for slot in make_cell(Cell("op", "sin", slots=few)).slots]
    assert offsets == sorted(offsets)


def test_single_arrow_enters_in_the_middle() -> None:
    """An arrow beside a short leaf enters in the middle, so that chains are straight."""
    cell = make_cell(Cell("op", "×", note="%3 f64[]", slots=(chip(Slot("const", "2")), ARROW)))
    assert cell.slots[1].offset == 0
    assert cell.slots[0].offset < 0


def test_height_counts_rows_of_leaves() -> None:
    """Leaves above a box add to its height, row by row."""
    bare = make_cell(Cell("op", "×", slots=(ARROW,)))
    leaf = chip(Slot("const", "2"))
    one = make_cell(Cell("op", "×", slots=(leaf,)))
    two = make_cell(Cell("op", "×", slots=(leaf,) * 4, columns=2))
    assert bare.height == bare.box_height == one.box_height == two.box_height
    assert one.height - one.box_height == CHIP_STEM + CHIP_STEP - 4
    assert two.height == one.height + CHIP_STEP


def test_columns_are_kept() -> None:
    """Leaves of an array of two rows and three columns stand in two rows of three."""
    leaves = tuple(chip(Slot("const", str(i))) for i in range(6))
    slots = make_cell(Cell("op", "pack", slots=leaves, columns=3)).slots
    assert [slot.level for slot in slots] == [1, 1, 1, 0, 0, 0]
    assert [slot.offset for slot in slots[:3]] == [slot.offset for slot in slots[3:]]


def test_very_many_leaves_are_folded() -> None:
    """Equal leaves become one with a count, and what is still too many is counted."""
    zeros = tuple(chip(Slot("const", "0")) for _ in range(500))
    cell = make_cell(Cell("op", "pack", slots=(ARROW, *zeros)))
    assert [slot.text for slot in cell.slots] == ["", "0 ×500"]
    values = tuple(chip(Slot("const", str(i))) for i in range(500))
    cell = make_cell(Cell("op", "pack", slots=values))
    assert cell.slots[-1].text == "+404"
    assert cell.slots[-1].title == "404 more operands"
    assert len(cell.slots) == 97


def test_box_is_as_wide_as_its_text() -> None:
    """A longer label makes a wider box."""
    short = make_cell(Cell("op", "sin"))
    long = make_cell(Cell("op", "sin", note="%123456 f64[1000,1000,1000]"))
    assert long.width > short.width


def test_arrays_of_arrows_alone() -> None:
    """A box that could have leaves in columns, but has arrows only, has them side by side."""
    assert len(make_cell(Cell("op", "pack", slots=(ARROW, ARROW), columns=2)).slots) == 2
