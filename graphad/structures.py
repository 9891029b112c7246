"""Structures of arrays: dictionaries, tuples, dataclasses and what else optree can open.

A structure is a tree. Plain tuples of trees stand for tuples; a `Branch` is a tuple that knows what
container it stands for. So code that only walks tuples walks all of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from graphad.errors import InputError

Tree: TypeAlias = "int | tuple[Tree, ...]"
"""How things nest: the position of one, or a tuple of trees, which may be a `Branch`."""

NAMESPACE = "graphad"
"""Containers registered with optree under this name, or under none, are opened."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """What container a branch stands for.

    Parameters
    ----------
    word : str
        ``"list"``, ``"dict"``, ``"none"``, ``"static"``, ``"hole"`` (a place for something static,
        in a derivative), ``"namedtuple"``, ``"dataclass"`` or ``"custom"``.
    name : str
        Of the class, for the last three.
    keys : tuple
        Keys, names of fields, or positions, one for each part.
    value : object
        What is static. Integers, strings and truth values are compared, the rest is by its name.
    build : callable, optional
        Makes the container of its parts. No part of equality.
    cls : type, optional
        The class, of named tuples and dataclasses. No part of equality.
    """

    word: str
    name: str = ""
    keys: tuple[Any, ...] = ()
    value: Any = None
    build: Callable[[Sequence[Any]], Any] | None = dataclasses.field(default=None, compare=False)
    cls: type | None = dataclasses.field(default=None, compare=False)

    def made(self, parts: Sequence[Any]) -> Any:
        """Return the container of these parts; ``None`` for a hole."""
        if self.build is not None:
            return self.build(parts)
        if self.word == "dict":
            return dict(zip(self.keys, parts, strict=True))
        if self.word == "static":
            return self.value
        if self.word in {"none", "hole"}:
            return None
        return list(parts) if self.word == "list" else tuple(parts)


class Branch(tuple[Any, ...]):
    """A tuple of trees that stands for a container of another kind."""

    kind: Kind

    def __new__(cls, parts: Sequence[Any], kind: Kind) -> Branch:
        """Return the branch of these parts."""
        made = super().__new__(cls, parts)
        made.kind = kind
        return made

    def __eq__(self, other: object) -> bool:
        """Whether both stand for the same container, with equal parts."""
        if not isinstance(other, Branch):
            return False
        return self.kind == other.kind and tuple(self) == tuple(other)

    def __ne__(self, other: object) -> bool:
        """Whether they differ."""
        return not self == other

    def __hash__(self) -> int:
        return hash((self.kind.word, self.kind.name, tuple(self)))

    def __repr__(self) -> str:
        return f"<{self.kind.word} {tuple(self)!r}>"


@dataclasses.dataclass(frozen=True, slots=True)
class Opaque:
    """Something static that has no text but its name, such as a function."""

    name: str


def is_static(item: object) -> bool:
    """Whether something can be the static part of a structure."""
    return isinstance(item, str | bytes | bool | int | np.bool_ | np.integer) or callable(item)


def static_kind(item: Any) -> Kind:
    """Return the kind of a static part; functions are compared by their names."""
    if isinstance(item, np.bool_ | np.integer):
        item = item.item()
    if isinstance(item, str | bool | int):
        return Kind("static", type(item).__name__, value=item, build=lambda parts: item)
    if isinstance(item, Opaque):
        return Kind("static", value=item)
    module, name = getattr(item, "__module__", ""), getattr(item, "__qualname__", repr(item))
    return Kind("static", value=Opaque(f"{module}:{name}"), build=lambda parts: item)


def opened(item: Any) -> tuple[Kind | None, tuple[Any, ...], tuple[Any, ...]] | None:
    """Return what a container is and its parts, one level deep; ``None`` if it is none.

    Dictionaries come in the order of their keys, as optree sorts them.

    Parameters
    ----------
    item : object
        Anything.

    Returns
    -------
    tuple of Kind or None, tuple of keys, tuple of parts
        The kind is ``None`` for a plain tuple.

    Raises
    ------
    InputError
        If it is a dataclass that cannot be put together from its fields.

    Examples
    --------
    >>> opened({"b": 1.0, "a": (2.0,)})[1:]
    (('a', 'b'), ((2.0,), 1.0))
    >>> opened(1.0) is None
    True
    """
    if item is None:
        return Kind("none"), (), ()
    if type(item) in {float, np.ndarray, np.float64}:
        return None
    if type(item) in {tuple, list}:
        return _of_sequence(item)
    import optree

    try:
        one = optree.tree_flatten_one_level(item, namespace=NAMESPACE)
    except ValueError:  # a leaf
        return _of_dataclass(item)
    parts, keys = tuple(one.children), tuple(one.entries)
    if type(item) is dict:
        return Kind("dict", keys=keys), keys, parts
    cls, metadata, unflatten = type(item), one.metadata, one.unflatten_func
    if isinstance(item, tuple) and hasattr(item, "_fields"):
        keys = tuple(item._fields)
        kind = Kind("namedtuple", cls.__name__, keys, build=lambda made: cls(*made), cls=cls)
        return kind, keys, parts

    def build(made: Sequence[Any]) -> Any:
        return unflatten(metadata, list(made))

    return Kind("custom", cls.__name__, keys, build=build), keys, parts


def _of_sequence(item: Any) -> tuple[Kind | None, tuple[Any, ...], tuple[Any, ...]]:
    keys = tuple(range(len(item)))
    return Kind("list", keys=keys) if type(item) is list else None, keys, tuple(item)


def _of_dataclass(item: Any) -> tuple[Kind, tuple[Any, ...], tuple[Any, ...]] | None:
    if not dataclasses.is_dataclass(item) or isinstance(item, type):
        return None
    cls, fields = type(item), dataclasses.fields(item)
    odd = [field.name for field in fields if not field.init]
    if odd or "__init__" not in vars(cls) or not cls.__dataclass_params__.init:  # type: ignore[attr-defined]
        raise InputError(
            f"the dataclass {cls.__name__} is not plain"
            + (f" ({', '.join(odd)}: not given to its constructor)" if odd else "")
            + "; say how to open it: optree.register_pytree_node("
            f"{cls.__name__}, lambda p: ((p.a, p.b), None), "
            f"lambda _, parts: {cls.__name__}(*parts), "
            f'namespace="{NAMESPACE}")'
        )
    names = tuple(field.name for field in fields)

    def build(parts: Sequence[Any]) -> Any:
        return cls(**dict(zip(names, parts, strict=True)))

    parts = tuple(getattr(item, name) for name in names)
    return Kind("dataclass", cls.__name__, names, build=build, cls=cls), names, parts


def values_in(item: Any) -> list[Any]:
    """Return what nested containers hold, left to right."""
    stack, found = [item], []
    while stack:
        part = stack.pop()
        level = opened(part)
        if level is None:
            found.append(part)
        else:
            stack.extend(reversed(level[2]))
    return found


# --- trees ---------------------------------------------------------------------------------------


def leaves(tree: Tree) -> Iterator[int]:
    """Yield the positions in a tree, left to right."""
    stack: list[Tree] = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack.extend(reversed(item))
        else:
            yield item


def map_tree(tree: Tree, values: Sequence[Any]) -> Any:
    """Return the structure of a tree, with each position replaced by the value there."""
    if isinstance(tree, tuple):
        parts = [map_tree(item, values) for item in tree]
        return tree.kind.made(parts) if isinstance(tree, Branch) else tuple(parts)
    return values[tree]


def graft(tree: Tree, trees: Sequence[Tree] | Callable[[int], Tree]) -> Tree:
    """Return `tree` with each position replaced by another tree.

    Examples
    --------
    >>> graft((0, (1,)), [5, (6, 7)])
    (5, ((6, 7),))
    """
    if isinstance(tree, tuple):
        parts = [graft(item, trees) for item in tree]
        return Branch(parts, tree.kind) if isinstance(tree, Branch) else tuple(parts)
    return trees(tree) if callable(trees) else trees[tree]


def without_statics(tree: Tree) -> Tree:
    """Return a tree with holes for what is static: the structure of a derivative."""
    if not isinstance(tree, tuple):
        return tree
    if isinstance(tree, Branch):
        if tree.kind.word in {"static", "hole"}:
            return Branch((), Kind("hole"))
        return Branch([without_statics(item) for item in tree], tree.kind)
    return tuple([without_statics(item) for item in tree])


def kinds(tree: Tree) -> Iterator[Kind]:
    """Yield the kinds of the branches in a tree."""
    stack: list[Tree] = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, Branch):
            yield item.kind
        if isinstance(item, tuple):
            stack.extend(item)


def has_only(tree: Tree, word: str) -> bool:
    """Whether all branches of a tree are of one kind."""
    return all(kind.word == word for kind in kinds(tree))


def without(tree: Tree, word: str) -> Tree:
    """Return a tree with plain tuples for the branches of a kind."""
    if not isinstance(tree, tuple):
        return tree
    parts = [without(item, word) for item in tree]
    if isinstance(tree, Branch) and tree.kind.word != word:
        return Branch(parts, tree.kind)
    return tuple(parts)
