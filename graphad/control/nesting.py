"""What loops carry, taken apart: values, and the structure that they stand in."""

from __future__ import annotations

from typing import Any, TypeAlias

from graphad.structures import Branch, Tree, map_tree, opened

__all__ = ["Tree", "described", "map_tree", "taken_apart"]

Values: TypeAlias = list[Any]


def taken_apart(thing: Any) -> tuple[Values, Tree]:
    """Return the values in a structure, and how they nest.

    Examples
    --------
    >>> values, tree = taken_apart({"a": 1.0, "b": (2.0, None)})
    >>> values, described(tree)
    ([1.0, 2.0], "{'a': *, 'b': (*, None)}")
    """
    values: Values = []

    def visit(item: Any) -> Tree:
        found = opened(item)
        if found is None:
            values.append(item)
            return len(values) - 1
        kind, _, parts = found
        trees = [visit(part) for part in parts]
        return tuple(trees) if kind is None else Branch(trees, kind)

    return values, visit(thing)


def described(tree: Tree) -> str:
    """Return a structure as it would be written, with ``*`` for a value."""
    if not isinstance(tree, tuple):
        return "*"
    parts = [described(part) for part in tree]
    if not isinstance(tree, Branch):
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    kind = tree.kind
    if kind.word == "none":
        return "None"
    if kind.word == "list":
        return f"[{', '.join(parts)}]"
    if kind.word == "dict":
        pairs = zip(kind.keys, parts, strict=True)
        return f"{{{', '.join(f'{key!r}: {part}' for key, part in pairs)}}}"
    return f"{kind.name}({', '.join(parts)})"
