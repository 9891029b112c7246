"""Structures of arguments and results as text, in both directions.

A leaf is the position of an input or output; ``(0, 1)`` is a tuple, ``[0, 1]`` a list,
``{"a": 0}`` a dictionary, ``namedtuple P(x: 0)``, ``dataclass P(x: 0)`` and ``custom P(0: 0)`` are
what they say, ``none`` is None, ``static 3`` is fixed, and ``hole`` is where something static was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

from graphad.ir import Node, Parameter
from graphad.parts import InputName
from graphad.structures import Branch, Kind, Opaque, Tree, graft, kinds, leaves, static_kind
from graphad.text.scanner import CLOSE, COMMA, OPEN, STRING, WORD, Scanner, quote, spell

_POSITION = re.compile(r"[0-9]{1,9}(?![\w.])")
_INTEGER = re.compile(r"-?[0-9]{1,1000}(?![\w.])")
_TRUTH = re.compile(r"(?:true|false)\b")
_OPAQUE = re.compile(r"opaque\b")
_LEFT_BRACKET, _RIGHT_BRACKET = re.compile(r"\["), re.compile(r"\]")
_LEFT_BRACE, _RIGHT_BRACE = re.compile(r"\{"), re.compile(r"\}")
_COLON = re.compile(":")
_LEAVES = re.compile(r"(?:none|hole)\b")
_STATIC = re.compile(r"static\b")
_CLASS = re.compile(r"(?:namedtuple|dataclass|custom)\b")
_PLAIN = re.compile(WORD)
_TAKES = re.compile(r"takes\b")
_GIVES = re.compile(r"gives\b")
_WANTED = 'a structure such as (0, 1), {"a": 0} or none'


# --- writing -------------------------------------------------------------------------------------


def structure_text(tree: Tree) -> str:
    """Return a structure as text.

    Examples
    --------
    >>> structure_text(Branch([0, (1, 2)], Kind("dict", keys=("a", 3))))
    '{"a": 0, 3: (1, 2)}'
    """
    if not isinstance(tree, tuple):
        return str(tree)
    parts = [structure_text(part) for part in tree]
    if not isinstance(tree, Branch):
        return f"({', '.join(parts)})"
    kind = tree.kind
    if kind.word == "static":
        return f"static {_key_text(kind.value)}"
    if kind.word in {"none", "hole"}:
        return kind.word
    if kind.word == "list":
        return f"[{', '.join(parts)}]"
    if kind.word == "dict":
        items = [f"{_key_text(key)}: {part}" for key, part in zip(kind.keys, parts, strict=True)]
        return f"{{{', '.join(items)}}}"
    items = [f"{_field_text(key)}: {part}" for key, part in zip(kind.keys, parts, strict=True)]
    return f"{kind.word} {spell(kind.name)}({', '.join(items)})"


def _key_text(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return str(key)
    if isinstance(key, str):
        return quote(key)
    return f"opaque {quote(key.name if isinstance(key, Opaque) else repr(key))}"


def _field_text(key: Any) -> str:
    return key if isinstance(key, str) and _PLAIN.fullmatch(key) else _key_text(key)


def structures_text(parameters: Sequence[Parameter], tree: Tree) -> str:
    """Return what stands in the head of a graph after its results; empty without structures."""
    text = ""
    if any(isinstance(one.tree, tuple) for one in parameters):
        taken = [f"{spell(one.name)}: {structure_text(one.tree)}" for one in parameters]
        text += f"\n  takes ({', '.join(taken)})"
    if next(kinds(tree), None) is not None:
        text += f"\n  gives {structure_text(tree)}"
    return text


def plain(tree: Tree) -> Tree:
    """Return a tree with plain tuples for all branches."""
    return tuple([plain(part) for part in tree]) if isinstance(tree, tuple) else tree


# --- reading -------------------------------------------------------------------------------------


def read_takes(scanner: Scanner, nodes: Sequence[Node], classes: Mapping[str, Any]) -> None:
    """Read what a graph takes, if it is said, and put its inputs together to parameters.

    Raises
    ------
    ParseError
        If it is no structure, or inputs do not stand in it in their order, each once.
    """
    if scanner.take(_TAKES) is None:
        return
    start = scanner.position
    found: list[tuple[str, Tree]] = []

    def item() -> None:
        name = scanner.name("the name of a parameter")
        scanner.expect(_COLON, "':' after the name of a parameter")
        found.append((name, _read(scanner, classes, 0)))

    scanner.expect(OPEN, "'(' and the parameters")
    _items(scanner, item, CLOSE, "')'")
    if [i for _, tree in found for i in leaves(tree)] != list(range(len(nodes))):
        raise scanner.error(f"expected the positions of all {len(nodes)} inputs, in order", start)
    for name, tree in found:
        own = [nodes[i] for i in leaves(tree)]
        if isinstance(tree, tuple) and own:
            _put_together(name, tree, own)


def _put_together(name: str, tree: Tree, nodes: Sequence[Node]) -> None:
    """Name inputs as parts of a parameter; the graph that they belong to is not made yet."""
    inner = graft(tree, lambda i: i - nodes[0].id)
    names = tuple([node.attrs[0] for node in nodes])
    for node in nodes:
        node.attrs = (InputName(node.attrs[0], name, inner, names), node.type)


def read_gives(scanner: Scanner, classes: Mapping[str, Any]) -> tuple[int, Tree] | None:
    """Read how results are put together, if it is said, and where it stands."""
    if scanner.take(_GIVES) is None:
        return None
    scanner.skip()
    start = scanner.position
    return start, _read(scanner, classes, 0)


def _items(scanner: Scanner, item: Callable[[], None], end: re.Pattern[str], what: str) -> None:
    if scanner.take(end) is not None:
        return
    while True:
        item()
        if scanner.take(COMMA) is None:
            scanner.expect(end, f"',' or {what}")
            return


def _read(scanner: Scanner, classes: Mapping[str, Any], depth: int) -> Tree:
    if depth > scanner.limits.nesting:
        raise scanner.error(f"structures nest deeper than {scanner.limits.nesting}")
    word = scanner.take(_POSITION)
    if word is not None:
        return int(word)
    word = scanner.take(_LEAVES)
    if word is not None:
        return Branch((), Kind(word))
    if scanner.take(_STATIC) is not None:
        return Branch((), static_kind(_read_key(scanner)))
    parts: list[Tree] = []
    keys: list[Any] = []

    def part() -> None:
        parts.append(_read(scanner, classes, depth + 1))

    def pair() -> None:
        start = scanner.position
        keys.append(_read_key(scanner))
        if keys[-1] in keys[:-1]:
            raise scanner.error(f"the key {keys[-1]!r} comes twice", start)
        scanner.expect(_COLON, "':' after a key")
        part()

    if scanner.take(OPEN) is not None:
        _items(scanner, part, CLOSE, "')'")
        return tuple(parts)
    if scanner.take(_LEFT_BRACKET) is not None:
        _items(scanner, part, _RIGHT_BRACKET, "']'")
        return Branch(parts, Kind("list", keys=tuple(range(len(parts)))))
    if scanner.take(_LEFT_BRACE) is not None:
        _items(scanner, pair, _RIGHT_BRACE, "'}'")
        return Branch(parts, Kind("dict", keys=tuple(keys)))
    word = scanner.expect(_CLASS, _WANTED)
    name = scanner.name("the name of a class")
    scanner.expect(OPEN, "'(' and the parts")
    _items(scanner, pair, CLOSE, "')'")
    fields = tuple(keys)
    build = _builder(word, name, fields, classes.get(name))
    return Branch(parts, Kind(word, name, fields, build=build, cls=classes.get(name)))


def _read_key(scanner: Scanner) -> Any:
    scanner.skip()
    start = scanner.position
    word = scanner.take(STRING)
    if word is not None:
        return scanner.unquote(word, start)
    word = scanner.take(_TRUTH)
    if word is not None:
        return word == "true"
    if scanner.take(_OPAQUE) is not None:
        scanner.skip()
        start = scanner.position
        return Opaque(scanner.unquote(scanner.expect(STRING, "a string in quotes"), start))
    word = scanner.take(_PLAIN)
    if word is not None:
        return word
    return int(scanner.expect(_INTEGER, 'a key such as "a" or 3'))


def _builder(
    word: str, name: str, fields: tuple[Any, ...], cls: Any
) -> Callable[[Sequence[Any]], Any]:
    """Return what makes a container: of the class given, or something with the same attributes."""
    if word == "dataclass":
        maker = cls or SimpleNamespace
        return lambda parts: maker(**dict(zip(map(str, fields), parts, strict=True)))
    if cls is not None:
        return lambda parts: cls(*parts)
    if word == "custom":
        return tuple
    members = {str(field): property(itemgetter(i)) for i, field in enumerate(fields)}
    return type(name, (tuple,), {"__slots__": (), "_fields": fields, **members})
