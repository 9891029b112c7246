"""Terms of a sum that are derived together, since they are functions of the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphad.ir import Node
from graphad.ops import OPS
from graphad.passes.masks import bits
from graphad.passes.structure import Structure

SUBTRACT = OPS["subtract"]


@dataclass(slots=True)
class Group:
    """Terms of a sum, with their signs, and the variables they depend on, one bit each."""

    support: int
    terms: list[Node] = field(default_factory=list)
    signs: list[float] = field(default_factory=list)


def grouped(structure: Structure, node: Node) -> tuple[list[Group], dict[int, list[int]]]:
    """Return the groups of a sum, and for each variable the positions of those that depend on it.

    Affine terms are one group; others are together if they have the same waist, or else the same
    top.

    Parameters
    ----------
    structure : Structure
        What nodes depend on.
    node : Node
        A sum or a difference.
    """
    groups: dict[tuple[object, ...], Group] = {}
    for place, term in enumerate(node.inputs):
        if not structure.support(term):
            continue
        waist = structure.waist(term)
        key: tuple[object, ...]
        if structure.affine(term) is not None:
            key = ("affine",)
        elif waist is not None:
            key = ("waist", *[item.id for item in waist])
        else:
            key = ("top", structure.top(term).id)
        group = groups.setdefault(key, Group(0))
        group.support |= structure.support(term)
        group.terms.append(term)
        group.signs.append(-1.0 if node.op is SUBTRACT and place == 1 else 1.0)
    listed = list(groups.values())
    by_variable: dict[int, list[int]] = {}
    for position, group in enumerate(listed):
        for variable in bits(group.support):
            by_variable.setdefault(variable, []).append(position)
    return listed, by_variable
