"""What is read beside what `dump` writes, and what bad text is answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given

from graphad.errors import InputError, ParseError
from graphad.ir import Graph, Origin
from graphad.op import Attrs, Op
from graphad.ops import OPS
from graphad.text import Limits, dump, parse
from graphad.types import Type
from tests.strategies import graphs

HEAD = "graphad 1\ngraph f(%x: f64[3], %y: f64[]) -> f64[] {\n"


def statement(text: str) -> str:
    """Return a whole text around a statement, which stands in line 3 from column 3."""
    return f"{HEAD}  {text}\n  return %y\n}}"


def head(text: str) -> str:
    """Return a text whose line 2 is `text`."""
    return f"graphad 1\n{text}\n}}"


def results(types: str, text: str) -> str:
    """Return a text whose results stand in line 3 from column 3."""
    return f"graphad 1\ngraph f(%x: f64[3,3], %y: f64[]) -> {types} {{\n  {text}\n}}"


def message(text: str, **options: Limits) -> str:
    """Return the error of a text, without the name of the file."""
    with pytest.raises(ParseError) as caught:
        parse(text, file="bad.ir", **options)
    error = caught.value
    assert str(error).startswith(f"bad.ir:{error.line}:{error.column}: ")
    return str(error).removeprefix("bad.ir:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1: expected 'graphad 1', found the end of the text"),
        ("\n // hm\n x", "3:2: expected 'graphad 1', found 'x'"),
        ("graph f() -> () {}", "1:1: expected 'graphad 1', found 'graph'"),
        (" graphad 2\n", "1:2: the text is of version 2, this graphad reads version 1"),
        ("graphad 1\n", "2:1: expected 'graph', found the end of the text"),
        (head("graph"), "3:1: expected the name of the graph, found '}'"),
        (head('graph "f'), ("2:7: expected the name of the graph, found a string that does not "
         "end in its line")),
        (head(r'graph "a\qb"'), (r"2:9: expected one of the escapes \" \\ \n \t \r \u{3b8}, "
         r"found '\\q'")),
        (head("graph f{"), "2:8: expected '(' and the inputs, found '{'"),
        (head("graph f(x: f64[])"), "2:9: expected an input such as %x: f64[3], found 'x'"),
        (head("graph f(%1: f64[])"), "2:9: expected an input such as %x: f64[3], found '%1'"),
        (head("graph f(%x f64[])"),
         "2:12: expected ':' and the type of the input, found 'f64'"),
        (head("graph f(%x: f64)"),
         "2:13: expected a type such as f64[] or f64[2,3], found 'f64'"),
        (head("graph f(%x: f65[])"), "2:13: unknown dtype 'f65'; did you mean 'f64'?"),
        (head("graph f(%x: float32[])"), "2:13: unknown dtype 'float32'; write 'f32'"),
        (head("graph f(%x: quaternion[])"),
         ("2:13: unknown dtype 'quaternion'; use one of f64, f32, c128, c64, bool, i8, i16, i32, "
         "i64, u8, u16, u32, u64")),
        (head("graph f(%x: f64[3,])"), "2:16: expected lengths of axes such as [2,3]"),
        (head("graph f(%x: f64[9999999999999999999])"),
         "2:16: expected lengths of axes such as [2,3]"),
        (head(f"graph f(%x: f64[{','.join('1' * 65)}])"),
         "2:13: a type has at most 64 axes, not 65"),
        (head("graph f(%x: f64[] %y: f64[])"),
         "2:19: expected ',' or ')' after an input, found '%y'"),
        (head('graph f(%x: f64[], %"x": f64[])'), "2:20: two inputs are named %x"),
        (head("graph f() f64[] {"),
         "2:11: expected '->' and the types of the results, found 'f64'"),
        (head("graph f() -> (f64[], {"),
         "2:22: expected a type such as f64[] or f64[2,3], found '{'"),
        (head("graph f() -> (f64[] {"), "2:21: expected ',' or ')' after a type, found '{'"),
        (head("graph f() -> () return"), "2:17: expected '{', found 'return'"),
    ],
)  # fmt: skip
def test_bad_heads(text: str, expected: str) -> None:
    """The lines before the first statement are checked, piece by piece."""
    assert message(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("}", "3: expected a statement such as '%3: f64[] = sin %x', or 'return', found '}'"),
        ("sin %x",
         "3: expected a statement such as '%3: f64[] = sin %x', or 'return', found 'sin'"),
        ("%1 = sin %x", "6: expected ':' and the type of the node, found '='"),
        ("%1: f64 = sin %x", "7: expected a type such as f64[] or f64[2,3], found 'f64'"),
        ("%1: f46[3] = sin %x", "7: unknown dtype 'f46'; did you mean 'f64'?"),
        ("%1: f64[3] sin %x", "14: expected '=' and an op, found 'sin'"),
        ("%1: f64[3] =", "15: expected the name of an op, found the end of the line"),
        ("%1: f64[3] = sine %x",
         "16: unknown op 'sine'; did you mean 'sin' or 'sinh' or 'sinc'?"),
        ("%1: f64[3] = frobnicate %x", "16: unknown op 'frobnicate'"),
        ("%1: f64[3] = input", "16: inputs stand in parentheses after the name of the graph"),
        ("%x: f64[3] = sin %x", "3: %x is defined twice"),
        ('%"x": f64[3] = sin %x', "3: %x is defined twice"),
        ("%1: f64[3] = sin %z", "20: %z is not defined"),
        ("%1: f64[3] = sin %xx", "20: %xx is not defined; did you mean '%x'?"),
        ('%1: f64[3] = sin %"x x"', '20: %"x x" is not defined'),
        ("%1: f64[3] = sin %2\n %2: f64[3] = sin %x", "20: %2 is used before line 4 defines it"),
        ("%1: f64[3] = sin %1", "20: %1 is not defined"),
        ("%1: f64[3] = sin x", "20: expected an operand such as %x, %3 or 0.5, found 'x'"),
        ("%1: f64[3] = add %x, %x", "22: expected the end of the line, found ','"),
        ("%1: f64[3] = sin(%x)", "19: expected the end of the line, found '('"),
        ("%1: f64[3] = sin", "16: sin takes 1 operand, not 0"),
        ("%1: f64[3] = less %x %x %x", "16: less takes 2 operands, not 3"),
        ("%1: f64[3] = add", "16: add takes at least 1 operand, not 0"),
        ("%1: f64[2] = sin %x", "7: this sin gives f64[3], not f64[2]"),
        ("%1: f64[3] = less %x %y", "7: this less gives bool[3], not f64[3]"),
        ("%1: f64[1] = reshape %x shape=(1)", "16: cannot reshape f64[3] to (1,)"),
        ("%1: f64[3] = multiply 1e999 %x", "25: 1e999 is too large for f64; write inf"),
        ("%1: f64[3] = multiply %x 1e39:f32", "28: 1e39 is too large for f32; write inf"),
        ("%1: f64[3] = multiply 300:i8 %x", "25: 300 is outside i8, -128 to 127"),
        ("%1: f64[3] = multiply -1:u8 %x",
         "25: expected an element of u8: an integer such as 3, not negative, found '-1'"),
        ("%1: f64[3] = multiply 1:f33 %x", "25: unknown dtype 'f33'; did you mean 'f32'?"),
        ("%1: f64[3] = multiply 0.5:i8 %x",
         "25: expected an element of i8: an integer such as 3, found '0.5'"),
        (f"%1: f64[3] = multiply {'9' * 5000} %x",
         f"25: {'9' * 24}... is outside i64, -9223372036854775808 to 9223372036854775807"),
    ],
)  # fmt: skip
def test_bad_statements(text: str, expected: str) -> None:
    """What is wrong with a statement is said at its column."""
    assert message(statement(text)) == f"3:{expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%1: f64[2] = const", "21: expected the elements of f64[2], found the end of the line"),
        ("%1: f64[2] = const 1.0", "22: expected '[' of f64[2], found '1.0'"),
        ("%1: f64[2] = const [1.0]", "23: expected 2 elements in a row of f64[2], found 1"),
        ("%1: f64[2] = const [ ]", "24: expected 2 elements of f64[2], found ']'"),
        ("%1: f64[2] = const [1.0, 2.0,]", ("31: expected ']' after 2 elements of f64[2], "
         "found ','")),
        ("%1: f64[2] = const [1.0, x]",
         "28: expected an element of f64: a number such as 0.5, found 'x'"),
        ("%1: f64[2] = const [1.0, -1e999]", "28: -1e999 is too large for f64; write inf"),
        ("%1: c64[2] = const [1.0, (0.0+1e39j)]",
         "28: (0.0+1e39j) is too large for c64; write inf"),
        ("%1: i8[2] = const [1, 128]", "25: 128 is outside i8, -128 to 127"),
        ("%1: bool[2] = const [true, 1]",
         "30: expected an element of bool: true or false, found '1'"),
        ("%1: c128[1] = const [(1.0)]",
         "24: expected an element of c128: a number such as (0.5+1.0j), found '(1.0)'"),
        ("%1: f64[2,2] = const [1.0, 2.0]", "25: expected '[' of f64[2,2], found '1.0'"),
        ("%1: f64[2,1] = const [[1.0] [2.0]]",
         "31: expected ',' and more rows of f64[2,1], found '['"),
        ("%1: f64[2,1] = const [[1.0]]", "30: expected ',' and more rows of f64[2,1], found ']'"),
        ("%1: f64[1] = const [1.0] 2", "28: expected the end of the line, found '2'"),
        ("%1: f64[0] = const [1.0]", ("23: expected ']', since f64[0] has no elements, "
         "found '1.0'")),
        ("%1: f64[2] = const splat [1.0]", "28: expected 1 element of f64[2], found '['"),
        ("%1: f64[2] = const splat 1.0, 2.0", "31: expected the end of the line, found ','"),
    ],
)  # fmt: skip
def test_bad_constants(text: str, expected: str) -> None:
    """What is wrong with the elements of a constant is said at its column."""
    assert message(statement(text)) == f"3:{expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%1: f64[] = sum %x", "21: sum needs the attribute axes, as in 'axes=(0)'"),
        ("%1: f64[] = sum %x axes=(1)", "15: f64[3] has no axes (1,)"),
        ("%1: f64[] = sum %x axes=0",
         "27: axes of sum: expected integers such as (0, 1), found an integer"),
        ('%1: f64[] = sum %x axes=("a")',
         "27: axes of sum: expected integers such as (0, 1), found a tuple"),
        ("%1: f64[] = sum %x axes=",
         "27: expected a value such as 3, (0, 1), 0:6:2 or \"i,i->\", found the end of the line"),
        ("%1: f64[] = sum %x axes=(0;",
         "29: expected ',' or ')' after a value, found ';'"),
        ("%1: f64[] = sum %x axes=(0) axes=(0)", "31: sum is given axes twice"),
        ("%1: f64[] = sum %x axis=(0)", "22: sum has no attribute axis; it takes axes"),
        ("%1: f64[] = sum %x [0:1]", "22: sum has no attribute spans; it takes axes"),
        ("%1: f64[3] = sin %x axes=(0)", "23: sin has no attribute axes"),
        ("%1: f64[] = sum %x axes=(0) foo",
         "31: expected an attribute or the end of the line, found 'foo'"),
        ('%1: f64[] = sum %x axes=(0) "foo',
         ("31: expected an attribute or the end of the line, found a string that does not end in "
         "its line")),
        ('%1: f64[3] = sin %x "',
         "23: expected the end of the line, found a string that does not end in its line"),
        ('%1: f64[3] = cast %x dtype="float64"', "30: unknown dtype 'float64'; write 'f64'"),
        ("%1: f64[3] = cast %x dtype=f64",
         "30: expected a value such as 3, (0, 1), 0:6:2 or \"i,i->\", found 'f64'"),
        ("%1: f64[3] = integer_power %x exponent=1.5",
         "42: expected a value such as 3, (0, 1), 0:6:2 or \"i,i->\", found '1.5'"),
        ("%1: f64[3] = integer_power %x exponent=true",
         "42: exponent of integer_power: expected an integer, found true or false"),
        (f"%1: f64[3] = integer_power %x exponent={'9' * 1001}",
         "42: expected integers of at most 1000 digits"),
        ("%1: f64[2] = slice %x [1]", "26: expected a span such as 1:2, found '1'"),
        ("%1: f64[2] = slice %x [1:]",
         "26: expected a span such as 1:3 or 0:6:2, found '1'"),
        ("%1: f64[2] = slice %x [1:3;", "29: expected ',' or ']' after a span, found ';'"),
        ("%1: f64[2] = slice %x [1:9]", "16: the slice [1:9] does not fit f64[3]"),
        ('%1: f64[] = einsum %x %x spec="i,j"', "15: einsum does not take the indices 'i,j'"),
    ],
)  # fmt: skip
def test_bad_attributes(text: str, expected: str) -> None:
    """What is wrong with an attribute is said at its column."""
    assert message(statement(text)) == f"3:{expected}"


@pytest.mark.parametrize(
    ("types", "text", "expected"),
    [
        ("f64[]", "return", "4:1: expected a result such as %x, %3 or 0.5, found '}'"),
        ("f64[]", "return (%y",
         "4:1: expected ',' or ')' after a result, found '}'"),
        ("f64[]", "return (%y)", "3:3: the results are (f64[]), the head of the graph says f64[]"),
        ("(f64[], f64[])", "return (%y, (%y))",
         "3:3: the results are (f64[], (f64[])), the head of the graph says (f64[], f64[])"),
        ("f64[3]", "return %y", "3:10: this result is f64[], the head of the graph says f64[3]"),
        ("f64[]", "return 1", "3:10: this result is i64[], the head of the graph says f64[]"),
        ("f64[]", "return %z", "3:10: %z is not defined"),
        ("f64[]", "return %y %y", "3:13: expected '}' after the results, found '%y'"),
        ("f64[]", "return %y }\ngraph", ("4:1: expected the end of the text, which holds one "
         "graph, found 'graph'")),
        ("f64[3,3]", "return %x symmetric 0",
         "3:23: expected '(' and axes such as (0 | 1), found '0'"),
        ("f64[3,3]", "return %x symmetric ()", "3:24: expected an axis of f64[3,3], found ')'"),
        ("f64[3,3]", "return %x symmetric (0 | 2)", "3:23: expected different axes of f64[3,3]"),
        ("f64[3,3]", "return %x symmetric (0 | 0)", "3:23: expected different axes of f64[3,3]"),
        ("f64[3,3]", "return %x symmetric (0 & 1)",
         "3:26: expected '|', ',' or ')' after an axis, found '&'"),
        ("(f64[], f64[])", "return (%y, %y) order (0, 0)",
         "3:25: expected the numbers of all 2 outputs, each once"),
    ],
)  # fmt: skip
def test_bad_results(types: str, text: str, expected: str) -> None:
    """Results are checked against the head of the graph."""
    assert message(results(types, text)) == expected


def test_blocks_of_different_lengths_are_not_symmetric() -> None:
    """Axes of lengths 2 and 3 cannot be interchanged."""
    text = "graphad 1 graph f(%x: f64[2,3]) -> f64[2,3] { return %x symmetric (0 | 1) }"
    expected = "1:67: symmetric blocks of axes of f64[2,3] have different lengths"
    assert message(text) == expected


def test_rules_that_trip_over_their_attributes() -> None:
    """A type rule that fails in an unforeseen way is an error of the text, with its cause."""

    def infer(types: Sequence[Type], attrs: Attrs) -> Type:
        raise KeyError("axis 7")

    with patch.dict(OPS, {"broken": Op("broken", infer, np.sin)}):
        expected = "3:16: broken does not take f64[3] with these attributes ('axis 7')"
        assert message(statement("%1: f64[3] = broken %x")) == expected


LIMITED = (
    "graphad 1\n"
    "graph f(%x: f64[3], %y: f64[]) -> (f64[], (f64[6])) {\n"
    "  %1: f64[6] = const splat 1.0\n"
    "  %2: f64[] = multiply 3.0 %y // three point nought\n"
    "  return (%2, (%1))\n"
    "}"
)


@pytest.mark.parametrize(
    ("enough", "limits", "expected"),
    [
        (Limits(characters=168), Limits(characters=167),
         ("1:1: the text has 168 characters, more than 167; pass Limits(characters=...) to read "
         "more")),
        (Limits(nodes=5), Limits(nodes=4),
         "4:3: the graph has more than 4 nodes; pass Limits(nodes=...) to read more"),
        (Limits(), Limits(nodes=3),
         "4:24: the graph has more than 3 nodes; pass Limits(nodes=...) to read more"),
        (Limits(elements=6), Limits(elements=5),
         "3:22: constants have more than 5 elements; pass Limits(elements=...) to read more"),
        (Limits(nesting=2), Limits(nesting=1),
         "2:43: parentheses nest deeper than 1; pass Limits(nesting=...) to read deeper ones"),
    ],
)  # fmt: skip
def test_limits(enough: Limits, limits: Limits, expected: str) -> None:
    """Each limit stops a text that asks for more, and says how to raise it."""
    assert message(LIMITED, limits=limits) == expected
    assert len(parse(LIMITED, limits=enough)) == 5


def test_deep_nesting() -> None:
    """100,000 parentheses are refused, not recursed into."""
    deep = "(" * 100_000
    refusal = "parentheses nest deeper than 100; pass Limits(nesting=...) to read deeper ones"
    assert message(head(f"graph f() -> {deep}")) == f"2:114: {refusal}"
    assert message(statement(f"%1: f64[] = sum %x axes={deep}")) == f"3:127: {refusal}"
    assert message(results("f64[]", f"return {deep}")) == f"3:110: {refusal}"


def test_not_a_string() -> None:
    """Bytes are refused with the type that is wanted."""
    with pytest.raises(InputError, match=r"^parse takes a str, not bytes$"):
        parse(b"graphad 1")  # type: ignore[arg-type]


@given(graphs())
def test_space_comments_and_line_ends(graph: Graph) -> None:
    """More space, comments, empty lines and other line ends do not change the graph."""
    text = dump(graph)
    text = text.replace(" = ", "\t\r=  ").replace(", ", " ,  ").replace(": ", " :")
    text = re.sub(r"$", " // %1: f64[] = sin", text, flags=re.MULTILINE)
    text = "\r\n\r\n".join(text.split("\n")) + "\r\n"
    assert parse(text) == graph


@given(graphs())
def test_labels_by_hand(graph: Graph) -> None:
    """Labels may be any numbers or names; the graph is the same."""
    text = dump(graph)
    for pattern, label in ((r"%(\d+)", r"%9\1"), (r"%(\d+)", r"%v\1"), (r"%(\d+)", r'%"\1 a"')):
        assert parse(re.sub(pattern, label, text)) == graph


def test_what_may_be_written_by_hand() -> None:
    """Other spellings of numbers, elements over several lines, attributes in any order."""
    text = """
    // a comment first
    graphad 1
    graph "f"(
        %"x": f64[2, 2],  // the first input
        %y: f64[]
    ) -> (
        f64[2,2], f64[4,4]
    ) {
      %a: f64[2,2] = const [
        [1, 2.],
        [3e0, +4]
      ]
      %b: f64[2,2] = multiply %x 5e-1 %a %y 0.50
      %c: f64[4,4] = place %b shape=(4, 4)[1:3, 0:4:2]
      return (%b, %c)
    }
    """
    assert dump(parse(text)) == (
        "graphad 1\n"
        "graph f(%x: f64[2,2], %y: f64[]) -> (f64[2,2], f64[4,4]) {\n"
        "  %2: f64[2,2] = const [[1.0, 2.0], [3.0, 4.0]]\n"
        "  %4: f64[2,2] = multiply %x 0.5 %2 %y 0.5\n"
        "  %5: f64[4,4] = place %4 [1:3, 0:4:2] shape=(4, 4)\n"
        "  return (%4, %5)\n"
        "}"
    )


def test_attributes_over_several_lines() -> None:
    """Equal first lines of attributes that go on differently are not confused."""
    text = HEAD.replace("f64[3]", "f64[2,3]").replace("-> f64[]", "-> (f64[2], f64[3])")
    text += "  %1: f64[2] = sum %x axes=(\n 1)\n  %2: f64[3] = sum %x axes=(\n 0)\n"
    graph = parse(text + "  return (%1, %2)\n}")
    assert [node.attrs for node in graph.outputs] == [((1,),), ((0,),)]


def test_origins_are_lines_of_the_text() -> None:
    """A node comes from the line that defines it, a number from the line that uses it first."""
    graph = parse(statement("// one\n  %2: f64[3] = multiply %x\t2.0\n"), file="a.ir")
    assert list(graph.origins) == [Origin("a.ir", line, "parse") for line in (2, 2, 4, 4)]


def test_class_of_the_graph() -> None:
    """`make` is the class of the graph, which is equal all the same."""

    class Special(Graph):
        """A class of one's own."""

    text = statement("%1: f64[3] = sin %x")
    graph = parse(text, make=Special)
    assert type(graph) is Special
    assert graph == parse(text)
