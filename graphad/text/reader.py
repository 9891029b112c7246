"""Text to graphs."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from graphad.builder import paused_gc
from graphad.constant import Constant
from graphad.errors import InputError, ParseError, TypeRuleError
from graphad.ir import CONST, INPUT, Graph, Node, Symmetry, Tree, map_tree
from graphad.op import Attrs, Op
from graphad.ops import OPS
from graphad.text.attributes import TYPE, TYPE_WANTED, AttributeReader, read_type
from graphad.text.lines import LineOrigins
from graphad.text.literals import Elements, LiteralError, read_scalar
from graphad.text.primitives import PRIMITIVE, read_primitive
from graphad.text.results import nested, read_order, read_symmetry
from graphad.text.scanner import (
    BLANKS,
    CLOSE,
    COMMA,
    LINE_END,
    OPEN,
    QUOTED,
    SPACE,
    WORD,
    Limits,
    Nest,
    Scanner,
    close_matches,
    spell,
)
from graphad.text.structures import plain, read_gives, read_takes
from graphad.text.writer import VERSION
from graphad.types import Type

G = TypeVar("G", bound=Graph)

DEFAULT_LIMITS = Limits()
NOTHING: Mapping[str, Any] = MappingProxyType({})
_OPERANDS = r"such as %x, %3 or 0.5"
_STATEMENT = "a statement such as '%3: f64[] = sin %x', or 'return'"

_VERSION = re.compile(r"graphad[ \t\r]+([0-9]{1,9})\b")
_GRAPH = re.compile(r"graph\b")
_INPUT = re.compile(f"%(?:{WORD}|{QUOTED})")
_LABEL = re.compile(f"%(?:[0-9]++|{WORD}|{QUOTED})")
_NUMBER = r"(?:\([-+.0-9a-z]++\)|[-+.0-9A-Za-z_]++)(?::[0-9A-Za-z_]++)?"
_OPERAND = re.compile(f"{_LABEL.pattern}|{_NUMBER}")
_OP = re.compile(r"[A-Za-z_][0-9A-Za-z_.]*+")
_COLON = re.compile(":")
_EQUALS = re.compile("=")
_ARROW = re.compile("->")
_LEFT = re.compile(r"\{")
_RIGHT = re.compile(r"\}")
_RETURN = re.compile(r"return\b")

_PIECES = (
    (_LABEL, _STATEMENT),
    (_COLON, "':' and the type of the node"),
    (TYPE, TYPE_WANTED),
    (_EQUALS, "'=' and an op"),
    (_OP, "the name of an op"),
)
_HEAD = re.compile(
    rf"{SPACE.pattern}({_LABEL.pattern})[ \t\r]*+:[ \t\r]*+([0-9A-Za-z_]++\[[0-9, ]*+\])"
    rf"[ \t\r]*+=[ \t\r]*+({_OP.pattern})"
)
"""The pieces of a statement up to its op, in one go."""
_TAIL = re.compile(
    rf"((?:[ \t\r]++(?:{_LABEL.pattern}|{_NUMBER}(?![ \t\r]*+=)))*)[ \t\r]*+"
    rf'((?:[^\n"/]++|{QUOTED}|/(?!/))*)(?://[^\n]*+)?(\n|\Z)?'
)
"""Operands, attributes and the end of the line, which is missing where a string does not end."""


def parse(
    text: str,
    *,
    file: str = "<text>",
    make: type[G] = Graph,  # type: ignore[assignment]
    limits: Limits = DEFAULT_LIMITS,
    ops: Mapping[str, Any] = NOTHING,
    classes: Mapping[str, Any] = NOTHING,
) -> G:
    """Return the graph that a text describes; the opposite of `dump`.

    Nothing in the text is run: types are checked by the type rules of the ops, and numbers read.

    Parameters
    ----------
    text : str
        As `dump` wrote it, or by hand.
    file : str
        Its name, for messages and for the origins of the nodes.
    make : type
        The class of the graph, `Graph` or one of its own.
    limits : Limits
        How much the text may ask for.
    ops : mapping of str to primitive
        What ``primitive @name`` stands for.
    classes : mapping of str to type
        Classes of structures by name; something with the same attributes stands for others.

    Returns
    -------
    Graph
        The origin of each node is its line in the text.

    Raises
    ------
    ParseError
        If the text is not of the form, or its types do not fit; says file, line, column and what
        was expected.
    InputError
        If `text` is no string.

    Examples
    --------
    >>> graph = parse('''graphad 1
    ... graph f(%x: f64[]) -> f64[] {
    ...   %1: f64[] = sin %x
    ...   return %1
    ... }''')
    >>> graph
    <graph f(%x: f64[]) -> (f64[]), 2 nodes>
    >>> parse("graphad 1 graph f(%x: f65[]) -> f64[] { }")
    Traceback (most recent call last):
    graphad.errors.ParseError: <text>:1:23: unknown dtype 'f65'; did you mean 'f64'?
    """
    if not isinstance(text, str):
        raise InputError(f"parse takes a str, not {type(text).__name__}")
    with paused_gc():
        reader = _Reader(text, file, limits, ops, classes)
        reader.version()
        graph = reader.graph(make)
        reader.end()
        return graph


class _Reader(Scanner):
    """Reads a text, one graph after the other."""

    def __init__(
        self,
        text: str,
        file: str,
        limits: Limits,
        ops: Mapping[str, Any] = NOTHING,
        classes: Mapping[str, Any] = NOTHING,
    ) -> None:
        super().__init__(text, file, limits)
        self.ops = ops
        self.classes = classes
        if len(text) > limits.characters:
            raise self.error(
                f"the text has {len(text)} characters, more than {limits.characters}; "
                f"pass Limits(characters=...) to read more"
            )
        self.elements = Elements(self)
        self.attributes = AttributeReader(self, self.elements, self._held)
        self.types: dict[str, Type] = {}
        self.attrs: dict[tuple[str, str], Attrs] = {}
        self.counted = 0
        self.line = 1
        self.depth = 0
        self.elsewhere = 0  # nodes of graphs around this one, and within it

    def version(self) -> None:
        """Read the line that opens a text."""
        first = f"'graphad {VERSION}'"
        self.skip()
        start = self.position
        number = int(self.expect(_VERSION, first).split()[1])
        if number != VERSION:
            raise self.error(
                f"the text is of version {number}, this graphad reads version {VERSION}", start
            )

    def end(self) -> None:
        """Check that nothing follows."""
        self.skip()
        if self.position < len(self.text):
            raise self.wanted("the end of the text, which holds one graph")

    def graph(self, make: type[G]) -> G:
        """Read one graph."""
        self.nodes: list[Node] = []
        self.lines = array("Q")
        self.table: dict[str, Node] = {}
        self.constants: dict[Constant, Node] = {}
        self.expect(_GRAPH, "'graph'")
        name = self.name("the name of the graph")
        self._parameters()
        inputs = tuple(self.nodes)
        self.expect(_ARROW, "'->' and the types of the results")
        types: list[Type] = []
        nest = self.nest(lambda: types.append(read_type(self)), "a type")
        read_takes(self, self.nodes, self.classes)
        gives = read_gives(self, self.classes)
        self.expect(_LEFT, "'{'")
        self._body()
        outputs, tree, symmetry = self._return(nest, types)
        if gives is not None:
            if plain(gives[1]) != tree:
                raise self.error("this structure does not fit the results", gives[0])
            tree = gives[1]
        self.expect(_RIGHT, "'}' after the results")
        nodes, origins = tuple(self.nodes), LineOrigins(self.file, self.lines)
        return make(name, nodes, inputs, outputs, tree, symmetry, origins)

    def _held(self) -> Graph:
        """Read a graph that an op holds."""
        if self.depth == self.limits.nesting:
            raise self.error(f"graphs nest deeper than {self.limits.nesting}")
        state = self.nodes, self.lines, self.table, self.constants, self.line, self.counted
        self.elsewhere += len(self.nodes)
        self.depth += 1
        made = self.graph(Graph)
        self.depth -= 1
        self.elsewhere += len(made.nodes) - len(state[0])
        self.nodes, self.lines, self.table, self.constants, self.line, self.counted = state
        return made

    # --- inputs ----------------------------------------------------------------------------------

    def _parameters(self) -> None:
        self.expect(OPEN, "'(' and the inputs")
        if self.take(CLOSE) is not None:
            return
        while True:
            label = self.expect(_INPUT, "an input such as %x: f64[3]")
            start = self.position - len(label)
            name = self.unquote(label[1:], start + 1) if label[1] == '"' else label[1:]
            label = f"%{spell(name)}"
            if label in self.table:
                raise self.error(f"two inputs are named {label}", start)
            self.expect(_COLON, "':' and the type of the input")
            type = read_type(self)
            self.table[label] = self._node(start, INPUT, (), (name, type), type)
            if self.take(COMMA) is None:
                self.expect(CLOSE, "',' or ')' after an input")
                return

    # --- nodes -----------------------------------------------------------------------------------

    def _node(self, start: int, op: Op, inputs: tuple[Node, ...], attrs: Attrs, type: Type) -> Node:
        nodes = self.nodes
        if len(nodes) + self.elsewhere >= self.limits.nodes:
            raise self.error(
                f"the graph has more than {self.limits.nodes} nodes; "
                f"pass Limits(nodes=...) to read more",
                start,
            )
        self.line += self.text.count("\n", self.counted, start)
        self.counted = start
        node = Node(len(nodes), op, inputs, attrs, type)
        nodes.append(node)
        self.lines.append(self.line)
        return node

    def _body(self) -> None:
        """Read statements up to the one that is none."""
        text, table, types = self.text, self.table, self.types
        while head := _HEAD.match(text, self.position):
            label, type_text, op_name = head.groups()
            if label[1] == '"':
                label = self._canonical(label, head.start(1))
            if label in table:
                raise self.error(f"{label} is defined twice", head.start(1))
            type = types.get(type_text)
            if type is None:
                self.position = head.start(2)
                type = types[type_text] = read_type(self)
            self.position = head.end()
            if op_name == "const":
                table[label] = self._constant(type, head.start(1))
            else:
                known = op_name != PRIMITIVE
                op = OPS.get(op_name) if known else read_primitive(self, self.ops)
                if op is None or op is INPUT:
                    raise self._unknown_op(op_name, head.start(3))
                table[label] = self._statement(op, type, head)

    def _statement(self, op: Op, type: Type, head: re.Match[str]) -> Node:
        tail = _TAIL.match(self.text, self.position)
        assert tail is not None
        operands, rest, end = tail.groups()
        table = self.table
        try:
            inputs = tuple([table[word] for word in operands.split()])
        except KeyError:
            inputs = self._operands(operands, tail.start(1))
        attrs = self.attrs.get((op.name, rest)) if rest or op.attrs else ()
        if attrs is None:
            self.position = tail.start(2)
            attrs = self.attributes.read(op)
            if self.position <= tail.end(2):
                self.attrs[op.name, rest] = attrs
            self.skip(LINE_END)
        elif end is None:
            self.position = tail.end()
            raise self.wanted("the end of the line")
        else:
            self.position = tail.end()
        inferred = self._infer(op, inputs, attrs, head.start(3))
        if inferred is not type and inferred != type:
            raise self.error(f"this {op.name} gives {inferred}, not {type}", head.start(2))
        return self._node(head.start(1), op, inputs, attrs, type)

    def _infer(self, op: Op, inputs: tuple[Node, ...], attrs: Attrs, start: int) -> Type:
        count = len(inputs)
        if op.arity is None:
            if not inputs:
                raise self.error(f"{op.name} takes at least 1 operand, not 0", start)
        elif op.arity != count:
            wanted = f"{op.arity} operand" if op.arity == 1 else f"{op.arity} operands"
            raise self.error(f"{op.name} takes {wanted}, not {count}", start)
        try:
            return op.infer([operand.type for operand in inputs], attrs)
        except TypeRuleError as error:
            raise self.error(str(error), start) from None
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # A type rule may trip over attributes that no other way of building would give it.
            types = " and ".join([str(operand.type) for operand in inputs]) or "no operands"
            raise self.error(
                f"{op.name} does not take {types} with these attributes ({error})", start
            ) from error

    def _constant(self, type: Type, start: int) -> Node:
        constant = self.elements.read(type)
        self.expect(LINE_END, "the end of the line", BLANKS)
        node = self._node(start, CONST, (), (constant,), type)
        self.constants.setdefault(constant, node)
        return node

    def _operands(self, operands: str, start: int) -> tuple[Node, ...]:
        return tuple(
            [self._operand(word[0], start + word.start()) for word in _OPERAND.finditer(operands)]
        )

    def _operand(self, word: str, start: int) -> Node:
        """Return the node of a label, or of a number; the first of its kind makes a node."""
        table = self.table
        node = table.get(word)
        if node is not None:
            return node
        if word[0] == "%":
            label = self._canonical(word, start) if word[1] == '"' else word
            if label not in table:
                raise self._undefined(label, start)
            return table[label]
        try:
            constant = read_scalar(word)
        except LiteralError as error:
            raise self.error(str(error), start) from None
        if constant is None:
            raise self.error(f"expected an operand {_OPERANDS}, found {word!r}", start)
        node = self.constants.get(constant)
        if node is None:
            node = self._node(start, CONST, (), (constant,), constant.type)
            self.constants[constant] = node
        table[word] = node
        return node

    def _canonical(self, label: str, start: int) -> str:
        return f"%{spell(self.unquote(label[1:], start + 1))}"

    # --- results ---------------------------------------------------------------------------------

    def _return(
        self, declared: Nest, types: list[Type]
    ) -> tuple[tuple[Node, ...], Tree, tuple[Symmetry, ...]]:
        self.skip()
        start = self.position
        if self.take(_RETURN) is None:
            raise self._broken_statement()
        nodes: list[Node] = []
        places: list[int] = []
        symmetries: list[Symmetry] = []

        def result() -> None:
            word = self.expect(_OPERAND, f"a result {_OPERANDS}")
            places.append(self.position - len(word))
            nodes.append(self._operand(word, places[-1]))
            symmetries.append(read_symmetry(self, nodes[-1].type))

        nest = self.nest(result, "a result")
        if nest != declared:
            given = nested(nest, [str(node.type) for node in nodes])
            head = nested(declared, list(map(str, types)))
            raise self.error(f"the results are {given}, the head of the graph says {head}", start)
        for node, type, place in zip(nodes, types, places, strict=True):
            if node.type != type:
                message = f"this result is {node.type}, the head of the graph says {type}"
                raise self.error(message, place)
        order = read_order(self, len(nodes))
        ranks = sorted(range(len(nodes)), key=order.__getitem__)
        outputs = tuple([nodes[rank] for rank in ranks])
        return outputs, map_tree(nest, order), tuple([symmetries[rank] for rank in ranks])

    # --- errors ----------------------------------------------------------------------------------

    def _broken_statement(self) -> ParseError:
        """Return what is wrong with a statement: the first piece that is not there."""
        pieces = iter(_PIECES)
        pattern, what = next(pieces)
        while self.take(pattern, BLANKS) is not None:
            pattern, what = next(pieces)
        return self.wanted(what)

    def _unknown_op(self, name: str, start: int) -> ParseError:
        if name == INPUT.name:
            return self.error("inputs stand in parentheses after the name of the graph", start)
        return self.error(f"unknown op {name!r}{close_matches(name, OPS)}", start)

    def _undefined(self, label: str, start: int) -> ParseError:
        later = re.compile(rf"^[ \t\r]*{re.escape(label)}[ \t\r]*:", re.MULTILINE)
        found = later.search(self.text, start)
        if found is not None:
            line = self.text.count("\n", 0, found.start()) + 1
            return self.error(f"{label} is used before line {line} defines it", start)
        names = [known for known in self.table if known[0] == "%" and not known[1].isdigit()]
        return self.error(f"{label} is not defined{close_matches(label, names)}", start)
