"""Whatever is parsed, the answer is a well-formed graph or a `ParseError`, in reasonable time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.builder import Builder
from graphad.constant import Span
from graphad.errors import ParseError
from graphad.ir import Graph, verify
from graphad.ops import OPS
from graphad.text import Limits, dump, parse
from graphad.types import make_type
from tests.strategies import graphs

FEW = Limits(elements=10_000)
CHUNKS = (
    *"%:=()[]{},|\"\\/+-. \n\r\t0123456789ejxα\0\u2028",
    "graph", "graphad 1", "->", "return", "const", "splat", "symmetric", "order", "input",
    "true", "nan", "inf", "1e999", "f64[]", "f64[3]", "c128[2,2]", "bool", ":f32", ":i8", "%x",
    "%1", "%2", "%3", "axes=", "shape=", "spans=", "dtype=", "(0, 1)", "[0:1]", "sin", "einsum",
    "//", '"', "99999999999999999999",
    *OPS,
)  # fmt: skip


def check(text: str) -> bool:
    """Parse a text; return whether it is one. Assert that nothing else can happen."""
    try:
        graph = parse(text, limits=FEW)
    except ParseError as caught:
        error = caught
    else:
        assert parse(dump(verify(graph))) == graph
        return True
    lines = text.split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1
    return False


def rich_text() -> str:
    """Return a text with everything in it that a text can have."""
    b = Builder()
    x = b.input("x", make_type((3, 3), np.dtype(np.float64)))
    y = b.input("an y", make_type((), np.dtype(np.float32)))
    part = OPS["slice"](x, spans=(Span(0, 3, 2), Span(1, 3, 1)))
    total = OPS["sum"](part, axes=(0, 1))
    outer = OPS["einsum"](x, b.constant([1.0, -0.0, np.nan]), spec="ij,j->ij")
    mixed = OPS["add"](y, b.constant(1j), b.constant(True), b.constant(3))
    cast = OPS["cast"](total, dtype="f32")
    placed = OPS["place"](part, spans=(Span(0, 4, 2), Span(1, 3, 1)), shape=(4, 4))
    filled = placed * b.constant(np.zeros((4, 4)))
    tree = (0, (2, 1), (), (3,), 4)
    symmetry = ((((0,), (1,)),), (), (), (), ())
    return dump(b.finish("a graph", [outer, mixed, cast, filled, 0.5 * y], tree, symmetry))


@given(st.lists(st.sampled_from(CHUNKS), max_size=40), st.sampled_from(("", " ")))
def test_words_at_random(words: list[str], between: str) -> None:
    """Words of the form in any order, also after a proper start."""
    text = between.join(words)
    check(text)
    check("graphad 1\ngraph f(%x: f64[3]) -> f64[] {\n  %1: f64[] = " + text)


@st.composite
def mutations(draw: st.DrawFn, text: str) -> str:
    """Texts with pieces cut out, doubled, moved or replaced."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 12)))
        piece = draw(
            st.sampled_from(("", text[start:stop] * 2)) | st.sampled_from(CHUNKS) | st.text()
        )
        text = text[:start] + piece + text[stop:]
    if draw(st.integers(0, 3)) == 3:
        lines = text.split("\n")
        first, second = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        lines[first], lines[second] = lines[second], lines[first]
        text = "\n".join(lines)
    return text


@settings(max_examples=600)
@given(mutations(rich_text()))
def test_a_rich_text_with_mistakes(text: str) -> None:
    """A text that has everything, with a few mistakes in it."""
    check(text)


@given(st.data(), graphs(dtypes=("f32", "c128", "i64", "bool")))
def test_random_graphs_with_mistakes(data: st.DataObject, graph: Graph) -> None:
    """Texts of random graphs, with a few mistakes in them."""
    check(data.draw(mutations(dump(graph))))


@settings(max_examples=300)
@given(st.integers(0, len(rich_text()) - 1))
def test_texts_that_end_early(length: int) -> None:
    """No beginning of a text is a text."""
    assert not check(rich_text()[:length])


def test_the_rich_text_is_good() -> None:
    """What is mutated above is a text itself."""
    assert check(rich_text())


MANY = 200_000


@pytest.mark.parametrize(
    "text",
    [
        "(" * MANY,
        "graphad " + "1" * MANY,
        "graphad 1\ngraph f(" + "%x" * MANY,
        "graphad 1\ngraph f(%x: f64[" + "1," * MANY,
        "graphad 1\ngraph f(%x: f64[" + "1" * MANY + "]) -> f64[] {",
        'graphad 1\ngraph "' + "\\" * MANY,
        'graphad 1\ngraph "' + "\\u{" * MANY + '"() -> () {',
        "graphad 1\ngraph f() -> " + "((), " * MANY,
        "graphad 1\ngraph f() -> () {" + "\n// " * MANY + "return",
        "graphad 1\ngraph f() -> () {" + " \t" * MANY + "x",
        "graphad 1\ngraph f() -> () { %1: f64[] = sin " + "a" * MANY + "=",
        "graphad 1\ngraph f() -> () { %1: f64[] = sin " + "a " * MANY + "=",
        "graphad 1\ngraph f() -> () { %1: f64[] = sin " + "1." * MANY,
        "graphad 1\ngraph f() -> () { %1: f64[] = sin " + "1e" * MANY,
        "graphad 1\ngraph f() -> () { %1: f64[] = sin " + "9" * MANY,
        "graphad 1\ngraph f() -> () { %1: f64[] = sin (" + "9" * MANY + "+1.0)",
        "graphad 1\ngraph f() -> () { %1: f64[] = sin " + '"' * MANY,
        "graphad 1\ngraph f() -> () { %1: f64[] = sin " + "/ " * MANY + '"',
        "graphad 1\ngraph f() -> () { %1: f64[] = sum 1.0 axes=(" + "0, " * MANY,
        "graphad 1\ngraph f() -> () { %1: f64[] = sum 1.0 axes=(" + "1:" * MANY,
        "graphad 1\ngraph f() -> () { %1: f64[3] = const [" + "1.0, " * MANY,
        "graphad 1\ngraph f() -> () { %1: f64[3] = const [" + "- " * MANY,
        "graphad 1\ngraph f() -> () { %1: f64[2,2] = const " + "[" * MANY,
        "graphad 1\ngraph f() -> () { %1: f64[100000000,100000000] = const splat 0.0",
        "graphad 1\ngraph f() -> () { return (" + "(1.0+" * MANY,
        "graphad 1\ngraph f() -> f64[] { return 1.0 symmetric " + "(0 | " * MANY,
    ],
    ids=lambda text: text[-40:].replace("\n", " "),
)
def test_long_nonsense(text: str) -> None:
    """Long texts that are wrong at the end, or all along, are refused without long searches."""
    assert not check(text)
