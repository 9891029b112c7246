"""Parts of structures: their names, how inputs carry them, and structures taken apart again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from graphad.errors import InputError
from graphad.structures import (
    Branch,
    Kind,
    Opaque,
    Tree,
    is_static,
    opened,
    static_kind,
    without_statics,
)

_WORD = re.compile(r"[^\W\d]\w*")
_INDEX = re.compile(r"""\[(?:'([^']*)'|"([^"]*)"|(-?\d+))\]""")


def part_name(name: str, key: object) -> str:
    """Return the name of a part of a structure.

    Examples
    --------
    >>> part_name("params", "w"), part_name("layers", 0), part_name("p", "a b")
    ('params.w', 'layers.0', "p['a b']")
    """
    if (isinstance(key, str) and _WORD.fullmatch(key)) or isinstance(key, int):
        return f"{name}.{key}"
    return f"{name}[{key!r}]"


def plain_name(path: str) -> str:
    """Return how a path is spelled in names of inputs.

    Examples
    --------
    >>> plain_name("params['w'][0]")
    'params.w.0'
    """

    def dotted(found: re.Match[str]) -> str:
        word = found[1] if found[1] is not None else found[2]
        if word is None:
            return f".{found[3]}"
        return f".{word}" if _WORD.fullmatch(word) else f"[{word!r}]"

    return _INDEX.sub(dotted, path)


def subtrees(name: str, tree: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield the name of each part of a structure, itself first, and its tree."""
    yield name, tree
    if isinstance(tree, tuple):
        keys = tree.kind.keys if isinstance(tree, Branch) else range(len(tree))
        for key, part in zip(keys, tree, strict=True):
            yield from subtrees(part_name(name, key), part)


class InputName(str):
    """The name of an input that is a part of a structure; the parameter comes with it.

    So it is known wherever the input is copied to.

    Parameters
    ----------
    name : str
        The part's.
    parameter : str
        The parameter that it is a part of.
    tree : Tree
        The structure of the parameter: its leaves are positions in `names`.
    names : tuple of str
        The names of all parts.
    """

    __slots__ = ("names", "parameter", "tree")

    parameter: str
    tree: Tree
    names: tuple[str, ...]

    def __new__(cls, name: str, parameter: str, tree: Tree, names: tuple[str, ...]) -> InputName:
        """Return the name."""
        made = super().__new__(cls, name)
        made.parameter, made.tree, made.names = parameter, tree, names
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a plain name; the text of a graph says what it is a part of."""
        return str, (str(self),)

    def __copy__(self) -> InputName:
        """Return the name itself: it never changes."""
        return self

    def __deepcopy__(self, memo: object) -> InputName:
        """Return the name itself: it never changes."""
        return self

    def __radd__(self, prefix: str) -> InputName:
        """Return the name of the same part of a structure that is, say, a tangent."""
        names = tuple([prefix + str(name) for name in self.names])
        parameter, tree = prefix + self.parameter, without_statics(self.tree)
        return InputName(prefix + str(self), parameter, tree, names)


def named_parts(parameter: str, tree: Tree) -> tuple[InputName, ...]:
    """Return the names of the parts of a parameter, whose tree has the positions 0, 1, … in it."""
    parts = subtrees(parameter, tree)
    names = {part: name for name, part in parts if not isinstance(part, tuple)}
    listed = tuple([names[i] for i in range(len(names))])
    return tuple([InputName(name, parameter, tree, listed) for name in listed])


# --- taking structures apart ---------------------------------------------------------------------


def taken_apart(name: str, tree: Tree, item: Any) -> list[Any]:
    """Return the leaves of a structure, which must be that of a tree.

    Parameters
    ----------
    name : str
        For messages.
    tree : Tree
        What the structure must be.
    item : object
        The structure.

    Returns
    -------
    list
        Leaves, left to right.

    Raises
    ------
    InputError
        If it is another structure. The message lists keys that are missing or too many.
    """
    if not isinstance(tree, tuple):
        return [item]
    kind = tree.kind if isinstance(tree, Branch) else None
    word = kind.word if kind else "tuple"
    if word == "hole":
        return []
    if kind is not None and word == "static":
        _check_static(name, kind, item)
        return []
    level = opened(item)
    if level is None:
        raise InputError(f"{name} takes {described(tree)}, and was given {shown(item)}")
    found, keys, parts = level
    _check_container(name, tree, found, keys, item)
    if word == "dict" and kind is not None and keys != kind.keys:  # keys that have no order
        by_key = dict(zip(keys, parts, strict=True))
        keys, parts = kind.keys, tuple([by_key[key] for key in kind.keys])
    made: list[Any] = []
    for key, part, inner in zip(keys, parts, tree, strict=True):
        made += taken_apart(part_name(name, key), inner, part)
    return made


def _check_static(name: str, kind: Kind, item: Any) -> None:
    given = static_kind(item) if is_static(item) else None
    fits = given == kind
    if fits and kind.build is not None and isinstance(kind.value, Opaque):
        fits = kind.build(()) is item or kind.build(()) == item
    if not fits:
        old = kind.value.name if isinstance(kind.value, Opaque) else repr(kind.value)
        raise InputError(
            f"{name} was {old} when the function was traced, and is now {shown(item)}: what is no "
            "floating number is fixed in the graph; trace again for another one"
        )


def _check_container(
    name: str, tree: tuple[Tree, ...], found: Kind | None, keys: tuple[Any, ...], item: Any
) -> None:
    kind = tree.kind if isinstance(tree, Branch) else None
    word, given = (kind.word if kind else "tuple"), (found.word if found else "tuple")
    wanted = kind.keys if kind else tuple(range(len(tree)))
    same_class = (kind.name if kind else "") == (found.name if found else "")
    if word != given or not same_class:
        raise InputError(f"{name} takes {described(tree)}, and was given {shown(item)}")
    missing = [key for key in wanted if key not in keys]
    extra = [key for key in keys if key not in wanted]
    if word in {"tuple", "list"} and (missing or extra):
        raise InputError(f"{name} takes {described(tree)}, and was given a {given} of {len(keys)}")
    if missing or extra:
        parts = []
        if missing:
            parts.append(f"lacks {', '.join(map(repr, missing))}")
        if extra:
            parts.append(f"has {', '.join(map(repr, extra))} too many")
        raise InputError(f"{name} {' and '.join(parts)}; its keys are {_listed(wanted)}")


def described(tree: Tree) -> str:
    """Return in words what structure a tree is.

    Examples
    --------
    >>> described(Branch([0, 1], Kind("dict", keys=("a", "b"))))
    "a dict of 'a', 'b'"
    """
    if not isinstance(tree, tuple):
        return "an array"
    kind = tree.kind if isinstance(tree, Branch) else None
    if kind is None or kind.word == "list":
        return f"a {kind.word if kind else 'tuple'} of {len(tree)}"
    if kind.word == "none":
        return "None"
    if kind.word == "dict":
        return f"a dict of {_listed(kind.keys)}"
    return f"a {kind.name}"


def _listed(keys: Sequence[Any]) -> str:
    return ", ".join(map(repr, keys)) or "nothing"


def shown(item: Any) -> str:
    """Return something given in a few words."""
    if isinstance(item, np.ndarray):
        return f"an array of shape {item.shape}"
    if type(item) in {dict, list, tuple}:
        keys = f" of {_listed(list(item))}" if type(item) is dict else f" of {len(item)}"
        return f"a {type(item).__name__}{keys}"
    if item is None or isinstance(item, str | int | float):
        return repr(item)
    return f"a {type(item).__name__}"
