"""`parse` gives back what `dump` wrote: every op, random graphs, every bit."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.builder import Builder
from graphad.ir import Graph, verify
from graphad.op import Op, Sample
from graphad.ops import OPS
from graphad.text import dump, parse
from graphad.types import FLOAT64, make_type
from tests.strategies import graphs

REFERENCE = Path(__file__).parents[2] / "docs" / "ir-text.md"
SAMPLES = [
    pytest.param(op, sample, id=f"{name}-{number}")
    for name, op in OPS.items()
    for number, sample in enumerate(op.samples)
]
ODD_NAMES = st.text(st.characters(), max_size=8)
"""Any characters, line breaks and lone surrogates among them."""


def check(graph: Graph) -> str:
    """Assert that a graph comes back from its text and the text from the graph; return the text."""
    text = dump(graph)
    again = parse(text)
    assert again == graph
    assert again.tree == graph.tree
    assert again.symmetry == graph.symmetry
    assert verify(again) is again
    assert dump(again) == text
    return text


def sample_graph(op: Op, sample: Sample) -> Graph:
    """Return a graph of one op on the operands of a sample."""
    builder = Builder()
    operands = [
        builder.constant(sample.constants[position])
        if position in sample.constants
        else builder.input(f"x{position}", make_type(shape, np.dtype(np.float64)))
        for position, shape in enumerate(sample.shapes)
    ]
    node = builder.emit(op, tuple([operand.node for operand in operands]), sample.attrs)
    return builder.finish(op.name, [node])


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_every_op(op: Op, sample: Sample) -> None:
    """Each sample of each registered op comes back."""
    text = check(sample_graph(op, sample))
    assert f"= {op.name}" in text


def test_every_op_with_attributes_has_a_sample() -> None:
    """The kinds of attributes are learnt from samples, so every op that has some gives one."""
    lacking = [name for name, op in OPS.items() if op.attrs and not op.samples]
    assert lacking == ["input", "const"]


@given(graphs())
def test_random_graphs(graph: Graph) -> None:
    """Random graphs of both grains come back."""
    check(graph)


@given(graphs(dtypes=("f32", "c128", "c64", "i64", "i8", "u8", "bool"), names=ODD_NAMES))
def test_random_dtypes_and_names(graph: Graph) -> None:
    """Graphs over many dtypes, with names that need quotes, come back."""
    text = check(graph)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text)


@st.composite
def symmetric_graphs(draw: st.DrawFn) -> Graph:
    """Graphs of one input given back several times, with groups of equal blocks of axes."""
    builder = Builder()
    x = builder.input("x", make_type((2,) * 6, np.dtype(np.float64)))
    symmetries = []
    for _ in range(draw(st.integers(1, 3))):
        axes = draw(st.permutations(range(6)))
        groups = []
        for _ in range(draw(st.integers(0, 2))):
            length, count = draw(st.integers(1, 2)), draw(st.integers(1, 2))
            taken = [axes.pop() for _ in range(length * count) if axes]
            blocks = [tuple(taken[i : i + length]) for i in range(0, len(taken), length)]
            if blocks and len({len(block) for block in blocks}) == 1:
                groups.append(tuple(blocks))
        symmetries.append(tuple(groups))
    return builder.finish("f", [x] * len(symmetries), symmetry=symmetries)


@given(symmetric_graphs())
def test_symmetries(graph: Graph) -> None:
    """Groups of axis blocks come back, for each output its own."""
    assert ("symmetric" in check(graph)) == any(graph.symmetry)


@given(st.permutations(range(4)), st.booleans())
def test_order_of_outputs(order: list[int], nest: bool) -> None:
    """A tree that does not name outputs in their order comes back."""
    builder = Builder()
    x = builder.input("x", FLOAT64)
    outputs = [OPS[name](x) for name in ("sin", "cos", "tan", "exp")]
    tree = (order[0], (tuple(order[1:3]), order[3]), ()) if nest else tuple(order)
    text = check(builder.finish("f", outputs, tree))
    assert (" order (" in text) == (order != [0, 1, 2, 3])


def test_long_chain() -> None:
    """200,000 nodes in a chain are written and read at the usual limit of recursion."""
    count = 200_000
    lines = ["graphad 1", "graph chain(%x: f64[]) -> f64[] {", "  %1: f64[] = sin %x"]
    lines += [f"  %{n}: f64[] = sin %{n - 1}" for n in range(2, count)]
    text = "\n".join([*lines, f"  return %{count - 1}", "}"])
    graph = parse(text)
    assert len(graph) == count
    assert dump(graph) == text


def test_wide_graph() -> None:
    """A node of 50,000 operands, and a graph of as many outputs, come back."""
    builder = Builder()
    x = builder.input("x", FLOAT64)
    total = OPS["add"](*([x] * 50_000))
    check(builder.finish("wide", [total] * 50_000))


def test_text_does_not_depend_on_the_hash_seed() -> None:
    """A process with another hash seed writes the same text."""
    code = (
        "from graphad.text import dump, parse\n"
        "import sys\n"
        "sys.stdout.write(dump(parse(sys.stdin.read())))"
    )
    (text,) = re.findall(r"```graphad\n(graphad 1\ngraph rosen.*?)\n```", reference(), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=text,
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": str(REFERENCE.parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == text


def reference() -> str:
    """Return the page that describes the form."""
    return REFERENCE.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", re.findall(r"```graphad\n(.*?)\n```", reference(), re.DOTALL))
def test_examples_of_the_reference(text: str) -> None:
    """Each example of the reference is just what `dump` writes."""
    assert dump(parse(text)) == text
    verify(parse(text))


def test_error_of_the_reference() -> None:
    """The error that the reference shows is the one that is raised."""
    (shown,) = re.findall(r"```text\n(.*?)\n```", reference(), re.DOTALL)
    text = "graphad 1\ngraph f(%x: f64[3]) -> f64[3] {\n  %1: f64[3] = sine %x\n  return %1\n}"
    with pytest.raises(ValueError, match=f"^{re.escape(shown)}$"):
        parse(text, file="hessian.ir")
