"""Attributes of nodes as text, in both directions.

A value is an integer, ``true`` or ``false``, a string in quotes, a span ``1:3`` or ``0:6:2``, a
type ``f64[3]``, a constant ``const f64[2] [0.0, 1.0]``, a graph, or values in parentheses. The
attribute `spans` is written in brackets and without its name: ``slice %x [1:3, 0:6:2]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from graphad.constant import Constant, Span
from graphad.errors import GraphError
from graphad.ir import Graph, map_tree
from graphad.op import Attrs, Op
from graphad.text.literals import Elements, LiteralError, array_text, find_dtype
from graphad.text.scanner import (
    BLANKS,
    LINE_END,
    STRING,
    WORD,
    Scanner,
    quote,
)
from graphad.types import Type, make_type

TYPE = re.compile(r"([0-9A-Za-z_]++)\[([0-9, ]*+)\]")
TYPE_WANTED = "a type such as f64[] or f64[2,3]"

_MOST_AXES = 64
_LONGEST_LENGTH = 18
_LONGEST_INTEGER = 1000
_NAME = re.compile(rf"{WORD}[ \t\r]*+=")
_LEFT = re.compile(r"\[")
_RIGHT = re.compile(r"\]")
_COMMA = re.compile(",")
_NUMBERS = re.compile(r"-?[0-9]+(?::-?[0-9]+){0,2}(?![\w.:])")
_TRUTH = re.compile(r"(?:true|false)\b")
_CONST = re.compile(r"const\b")
_GRAPH = re.compile(r"graph\b")
_VALUE_WANTED = 'a value such as 3, (0, 1), 0:6:2 or "i,i->"'


# --- writing -------------------------------------------------------------------------------------


WriteGraph = Callable[[Graph], str]


def _value_text(value: Any, write: WriteGraph) -> str:
    if isinstance(value, Graph):
        return write(value)
    if isinstance(value, Span):
        return str(value)
    if isinstance(value, tuple):
        return f"({', '.join([_value_text(item, write) for item in value])})"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, Constant):
        return f"const {value.type} {array_text(value)}"
    if isinstance(value, Type):
        return str(value)
    return str(index(value))


def attributes_text(op: Op, attrs: Attrs, write: WriteGraph = repr) -> str:
    """Return the attributes of a node, each after a blank.

    Parameters
    ----------
    op : Op
        The op.
    attrs : tuple
        Its attributes.
    write : callable
        Gives the text of a graph among them.

    Raises
    ------
    GraphError
        If an attribute is of a kind that has no text.
    """
    texts = []
    for name, value in zip(op.attrs, attrs, strict=True):
        try:
            if name == "spans" and isinstance(value, tuple):
                texts.append(f" [{', '.join([_value_text(item, write) for item in value])}]")
            else:
                texts.append(f" {name}={_value_text(value, write)}")
        except TypeError:
            raise GraphError(
                f"the attribute {name} of {op.name} cannot be written: {value!r} is no integer, "
                f"string, span, type, constant or tuple of such"
            ) from None
    return "".join(texts)


# --- reading -------------------------------------------------------------------------------------


def read_type(scanner: Scanner) -> Type:
    """Read a type.

    Raises
    ------
    ParseError
        If there is none, or its dtype does not exist.
    """
    scanner.skip()
    start = scanner.position
    found = TYPE.match(scanner.text, start)
    if found is None:
        raise scanner.wanted(TYPE_WANTED)
    try:
        dtype = find_dtype(found[1])
    except LiteralError as error:
        raise scanner.error(str(error)) from None
    words = [word.strip() for word in found[2].split(",")] if found[2].strip() else []
    if not all(0 < len(word) <= _LONGEST_LENGTH and " " not in word for word in words):
        raise scanner.error("expected lengths of axes such as [2,3]", found.start(2) - 1)
    if len(words) > _MOST_AXES:
        raise scanner.error(f"a type has at most {_MOST_AXES} axes, not {len(words)}")
    scanner.position = found.end()
    return make_type(tuple(map(int, words)), dtype)


def _kind_of(value: Any) -> str:
    if isinstance(value, Span):
        return "a span such as 0:3"
    if isinstance(value, tuple):
        return _kind_of_tuple(value)
    if isinstance(value, Graph):
        return "a graph such as graph f(%x: f64[]) -> f64[] { ... }"
    return _KINDS[type(value)]


def _kind_of_tuple(items: tuple[Any, ...]) -> str:
    if not items:
        return "()"
    if all(isinstance(item, Span) for item in items):
        return "spans such as [0:3]"
    if all(type(item) is int for item in items):
        return "integers such as (0, 1)"
    return "a tuple"


_TUPLES = {_kind_of_tuple(items) for items in ((), (Span(0, 3, 1),), (0,), ("",))}
_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "an integer",
    str: "a string in quotes",
    Type: "a type such as f64[3]",
    Constant: "a constant such as const f64[] 1.0",
}


class AttributeReader:
    """Reads attributes from a scanner."""

    def __init__(
        self, scanner: Scanner, elements: Elements, graph: Callable[[], Graph] | None = None
    ) -> None:
        self.scanner = scanner
        self.elements = elements
        self.graph = graph

    def read(self, op: Op) -> Attrs:
        """Read the attributes of a node up to the end of the line.

        Raises
        ------
        ParseError
            If one is missing, given twice, unknown, or not of the kind that the op's samples have.
        """
        scanner = self.scanner
        values: dict[str, Any] = {}
        while True:
            scanner.skip(BLANKS)
            start = scanner.position
            if LINE_END.match(scanner.text, start):
                break
            name = self._name(op)
            if name in values:
                raise scanner.error(f"{op.name} is given {name} twice", start)
            scanner.skip(BLANKS)
            place = scanner.position
            in_brackets = _LEFT.match(scanner.text, start) is not None
            values[name] = self._spans() if in_brackets else self._value()
            self._check(op, name, values[name], place)
        for name in op.attrs:
            if name not in values:
                raise scanner.error(f"{op.name} needs the attribute {name}{_example(op)}")
        return tuple([values[name] for name in op.attrs])

    def _name(self, op: Op) -> str:
        """Read the name of an attribute and ``=``; a bracket has no name, and is left there."""
        scanner = self.scanner
        start = scanner.position
        if _LEFT.match(scanner.text, start):
            name = "spans"
        else:
            wanted = "an attribute or the end of the line" if op.attrs else "the end of the line"
            name = scanner.expect(_NAME, wanted, BLANKS).rstrip("= \t")
        if name not in op.attrs:
            known = f"; it takes {', '.join(op.attrs)}" if op.attrs else ""
            raise scanner.error(f"{op.name} has no attribute {name}{known}", start)
        return name

    def _check(self, op: Op, name: str, value: Any, place: int) -> None:
        position = op.attrs.index(name)
        known = list(dict.fromkeys(_kind_of(sample.attrs[position]) for sample in op.samples))
        kind = _kind_of(value)
        both_tuples = _TUPLES.issuperset([kind, *known])
        fits = kind in known or (both_tuples and (kind == "()" or known == ["()"]))
        if known and not fits:
            wanted = " or ".join(known)
            raise self.scanner.error(f"{name} of {op.name}: expected {wanted}, found {kind}", place)
        if name == "dtype" and isinstance(value, str):
            try:
                find_dtype(value)
            except LiteralError as error:
                raise self.scanner.error(str(error), place) from None

    def _value(self) -> Any:
        scanner = self.scanner
        if LINE_END.match(scanner.text, scanner.position):
            raise scanner.wanted(_VALUE_WANTED)
        leaves: list[Any] = []
        nest = scanner.nest(lambda: leaves.append(self._leaf()), "a value")
        return map_tree(nest, leaves)

    def _leaf(self) -> Any:
        scanner = self.scanner
        scanner.skip()
        start = scanner.position
        word = scanner.take(STRING)
        if word is not None:
            return scanner.unquote(word, start)
        word = scanner.take(_TRUTH)
        if word is not None:
            return word == "true"
        if scanner.take(_CONST) is not None:
            return self.elements.read(read_type(scanner))
        if TYPE.match(scanner.text, start):
            return read_type(scanner)
        if self.graph is not None and _GRAPH.match(scanner.text, start):
            return self.graph()
        return self._numbers(_VALUE_WANTED)

    def _numbers(self, wanted: str) -> int | Span:
        scanner = self.scanner
        word = scanner.expect(_NUMBERS, wanted)
        parts = word.split(":")
        if max([len(part.lstrip("-")) for part in parts]) > _LONGEST_INTEGER:
            message = f"expected integers of at most {_LONGEST_INTEGER} digits"
            raise scanner.error(message, scanner.position - len(word))
        numbers = [int(part) for part in parts]
        if len(numbers) == 1:
            return numbers[0]
        return Span(numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else 1)

    def _spans(self) -> tuple[Span, ...]:
        scanner = self.scanner
        scanner.expect(_LEFT, "'['")
        spans: list[Span] = []
        if scanner.take(_RIGHT) is not None:
            return ()
        while True:
            scanner.skip()
            start = scanner.position
            span = self._numbers("a span such as 1:3 or 0:6:2")
            if not isinstance(span, Span):
                hint = f"{span}:{span + 1}"
                raise scanner.error(f"expected a span such as {hint}, found '{span}'", start)
            spans.append(span)
            if scanner.take(_COMMA) is None:
                scanner.expect(_RIGHT, "',' or ']' after a span")
                return tuple(spans)


def _example(op: Op) -> str:
    """Return how a sample of an op writes its attributes."""
    return f", as in '{attributes_text(op, op.samples[0].attrs).strip()}'" if op.samples else ""
