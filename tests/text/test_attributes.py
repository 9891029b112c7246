"""Attributes of every kind come back, also kinds that no op has yet."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.builder import Builder
from graphad.constant import Constant, Span
from graphad.errors import GraphError, ParseError
from graphad.ir import Graph
from graphad.op import Op, Sample
from graphad.ops import OPS
from graphad.text import dump, parse
from graphad.types import DTYPE_NAMES, FLOAT64, make_type

ANYTHING = Op("anything", lambda types, attrs: FLOAT64, np.sin, attrs=("a", "spans", "b"))
NO_SAMPLES = patch.dict(OPS, {"anything": ANYTHING})

INTEGERS = st.integers() | st.integers(-(10**30), 10**30)
SPANS = st.builds(Span, INTEGERS, INTEGERS, INTEGERS)
TYPES = st.builds(
    make_type,
    st.lists(st.integers(0, 10**17), max_size=4).map(tuple),
    st.sampled_from(list(DTYPE_NAMES)),
)
CONSTANTS = st.builds(
    Constant,
    st.floats() | st.integers(0, 9) | st.booleans() | st.lists(st.floats(), max_size=3),
)
ATTRS = st.recursive(
    INTEGERS | st.booleans() | st.text(st.characters()) | SPANS | TYPES | CONSTANTS,
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)


def graph_of(op: Op, *attrs: Any) -> Graph:
    """Return the graph of one node with these attributes."""
    builder = Builder()
    x = builder.input("x", FLOAT64)
    return builder.finish("f", [builder.emit(op, (x.node,), attrs)])


def written(*attrs: Any) -> str:
    """Return the text of the attributes of `anything`."""
    with NO_SAMPLES:
        line = dump(graph_of(ANYTHING, *attrs)).splitlines()[2]
    return line.removeprefix("  %1: f64[] = anything %x ")


@given(ATTRS, st.lists(SPANS, max_size=3).map(tuple), ATTRS)
def test_every_kind(a: Any, spans: tuple[Span, ...], b: Any) -> None:
    """Integers, truth values, strings, spans, types, constants and tuples of them come back."""
    with NO_SAMPLES:
        graph = graph_of(ANYTHING, a, spans, b)
        again = parse(dump(graph))
        assert again == graph
        assert dump(again) == dump(graph)
        assert list(map(type, again.nodes[1].attrs)) == list(map(type, (a, spans, b)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-3, "-3"),
        (np.int64(3), "3"),
        (True, "true"),
        ("a b", '"a b"'),
        ('"\n\\', '"\\"\\n\\\\"'),
        ((), "()"),
        ((0,), "(0)"),
        ((0, (1, "i")), '(0, (1, "i"))'),
        (Span(1, 3, 1), "1:3"),
        (Span(0, 6, 2), "0:6:2"),
        ((Span(0, 6, 2),), "(0:6:2)"),
        (make_type((2,), np.dtype(bool)), "bool[2]"),
        (Constant(1.0), "const f64[] 1.0"),
        (Constant([[1, 2]]), "const i64[1,2] [[1, 2]]"),
    ],
)
def test_form(value: Any, text: str) -> None:
    """How each kind is written."""
    assert written(value, (), 0) == f"a={text} [] b=0"


def test_spans_have_no_name() -> None:
    """The attribute `spans` stands in brackets; read with its name it is the same."""
    assert written(0, (Span(1, 2, 1), Span(0, 9, 3)), 1) == "a=0 [1:2, 0:9:3] b=1"
    text = "graphad 1 graph f(%x: f64[]) -> f64[] {\n%1: f64[] = anything %x ATTRS\nreturn %1 }"
    with NO_SAMPLES:
        read = [
            parse(text.replace("ATTRS", attrs))
            for attrs in ("a=0 b=1 [1:2, 0:9:3]", "b = 1 spans=(1:2, 0:9:3) a= 0")
        ]
    assert read[0] == read[1]


@pytest.mark.parametrize("value", [1.5, None, [1], {1: 2}, (1, b"x")])
def test_what_cannot_be_written(value: Any) -> None:
    """Values that are no attributes are refused when they are written."""
    graph = graph_of(ANYTHING, 0, (), 0)
    graph.nodes[1].attrs = (value, (), 0)
    message = r"^the attribute a of anything cannot be written: .* is no integer, string, span, "
    with pytest.raises(GraphError, match=message):
        dump(graph)


@pytest.mark.parametrize(
    ("known", "good", "bad", "message"),
    [
        (3, "4", "(4)", "expected an integer, found integers such as (0, 1)"),
        ((0, 1), "()", "3", "expected integers such as (0, 1), found an integer"),
        ((), "(0, 1)", "true", "expected (), found true or false"),
        ((Span(0, 1, 1),), "()", "(1, 2)",
         "expected spans such as [0:3], found integers such as (0, 1)"),
        ("i", '"j"', "bool[]", "expected a string in quotes, found a type such as f64[3]"),
        (True, "false", "1", "expected true or false, found an integer"),
        (Span(0, 1, 1), "1:2", '"1:2"', "expected a span such as 0:3, found a string in quotes"),
        (FLOAT64, "i8[3]", "const i8[] 3",
         "expected a type such as f64[3], found a constant such as const f64[] 1.0"),
    ],
)  # fmt: skip
def test_kinds_are_learnt_from_samples(known: Any, good: str, bad: str, message: str) -> None:
    """An attribute is of the kind that the samples of its op have."""
    op = Op(
        "anything", ANYTHING.infer, np.sin, attrs=("a",), samples=(Sample(((),), attrs=(known,)),)
    )
    text = "graphad 1 graph f(%x: f64[]) -> f64[] {\n%1: f64[] = anything %x a=ATTR\nreturn %1 }"
    with patch.dict(OPS, {"anything": op}):
        assert parse(text.replace("ATTR", good))
        with pytest.raises(ParseError) as caught:
            parse(text.replace("ATTR", bad))
    assert str(caught.value) == f"<text>:2:27: a of anything: {message}"
