"""Rewrite rules as data: patterns over ops, and tables of one-line rules.

A pattern is written with the ops themselves, on wildcards: ``rule(-(-x), x)`` reads as the
identity it is. A rule prints as ``negative(negative(x)) -> x``, and that name is kept with the
nodes it makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import copysign
from typing import TypeAlias

from graphad.builder import Builder, Value
from graphad.errors import GraphError
from graphad.ir import CONST, Node
from graphad.op import OPS, Array, Attrs, Number, Op, Operand
from graphad.types import Type

Bindings: TypeAlias = dict[str, Node]
Condition: TypeAlias = Callable[[Bindings], bool]
Replacement: TypeAlias = "Operand | Callable[[Builder, Node, Bindings], Operand | None]"


class Pattern(Operand):
    """A term that nodes are matched with: a wildcard, a number, or an op on patterns.

    Examples
    --------
    >>> import graphad.ops
    >>> x, y = wild("x"), wild("y")
    >>> str(x * 1 + (-y))
    'add(multiply(x, 1), negative(y))'
    """

    __slots__ = ("args", "attrs", "constant", "name", "number", "op")

    def __init__(
        self,
        *,
        name: str = "",
        number: Number | None = None,
        op: Op | None = None,
        args: tuple[Pattern, ...] = (),
        attrs: Attrs = (),
        constant: bool = False,
    ) -> None:
        self.name = name
        self.number = number
        self.op = op
        self.args = args
        self.attrs = attrs
        self.constant = constant

    @property
    def type(self) -> Type:
        """Raise: a pattern stands for values of any type."""
        raise GraphError(f"the pattern {self} has no type")

    def emit(self, op: Op, args: tuple[Operand | Number | Array, ...], attrs: Attrs) -> Pattern:
        """Return the pattern of `op` on these patterns; numbers match scalar constants."""
        return Pattern(op=op, args=tuple(map(_as_pattern, args)), attrs=attrs)

    def __str__(self) -> str:
        if self.op is not None:
            return f"{self.op.name}({', '.join(map(str, self.args))})"
        return self.name or repr(self.number)


def _as_pattern(arg: Operand | Number | Array) -> Pattern:
    if isinstance(arg, Pattern):
        return arg
    if isinstance(arg, bool | int | float | complex):
        return Pattern(number=arg)
    raise GraphError(f"{arg!r} cannot stand in a pattern")


def wild(name: str) -> Pattern:
    """Return a pattern that matches any node; the same name matches the same node."""
    return Pattern(name=name)


def constant(name: str) -> Pattern:
    """Return a pattern that matches any constant."""
    return Pattern(name=name, constant=True)


def any_attrs(op: str, *args: Pattern) -> Pattern:
    """Return the pattern of an op by name, whatever its attributes are."""
    return Pattern(op=OPS[op], args=args, attrs=("any",))


def _matches(pattern: Pattern, node: Node, bound: Bindings) -> bool:
    """Match a pattern, which is a few levels deep, and record what its wildcards stand for."""
    op = pattern.op
    if op is None:
        if pattern.number is not None:
            return _is_number(node, pattern.number)
        if pattern.constant and node.op is not CONST:
            return False
        return bound.setdefault(pattern.name, node) is node
    if node.op is not op or len(node.inputs) != len(pattern.args):
        return False
    if pattern.attrs and pattern.attrs != ("any",) and pattern.attrs != node.attrs:
        return False
    if _all_match(pattern.args, node.inputs, bound):
        return True
    if op.commutative and len(node.inputs) == 2:
        return _all_match(pattern.args, node.inputs[::-1], bound)
    return False


def _all_match(patterns: tuple[Pattern, ...], nodes: tuple[Node, ...], bound: Bindings) -> bool:
    trial = dict(bound)
    for pattern, node in zip(patterns, nodes, strict=True):
        if not _matches(pattern, node, trial):
            return False
    bound.update(trial)
    return True


def _is_number(node: Node, number: Number) -> bool:
    if node.op is not CONST or node.type.shape != ():
        return False
    found = node.attrs[0].scalar
    if number != 0 or isinstance(number, complex):
        return bool(found == number)
    # Zeros are told apart by their sign: 0 in a pattern is +0.0, and -0.0 is -0.0.
    return bool(found == 0) and copysign(1.0, found.real) == copysign(1.0, number)


@dataclass(frozen=True, slots=True)
class Rule:
    """One identity: nodes that match `pattern` become `replacement`.

    Parameters
    ----------
    pattern : Pattern
        What to look for; its root is an op.
    replacement : Pattern or callable
        What to put there: a pattern of the same wildcards, or a function of the builder, the node
        and the bindings that gives a value or ``None``.
    when : callable, optional
        A condition on the bindings.
    name : str
        How the rule prints; by default the identity itself.
    """

    pattern: Pattern
    replacement: Replacement
    when: Condition | None = None
    name: str = ""

    def __str__(self) -> str:
        return self.name or f"{self.pattern} -> {self.replacement}"

    def match(self, node: Node) -> Bindings | None:
        """Return what the wildcards stand for, or ``None`` if the rule does not apply."""
        bound: Bindings = {}
        if not _matches(self.pattern, node, bound):
            return None
        return bound if self.when is None or self.when(bound) else None

    def build(self, builder: Builder, node: Node, bound: Bindings) -> Node | None:
        """Return the node that stands for `node`, or ``None`` if there is none after all."""
        if isinstance(self.replacement, Operand):
            assert isinstance(self.replacement, Pattern)
            made: Operand | None = _instantiate(builder, self.replacement, node, bound)
        else:
            made = self.replacement(builder, node, bound)
        return None if made is None else _fitted(made, node)


def _instantiate(builder: Builder, pattern: Pattern, node: Node, bound: Bindings) -> Operand:
    if pattern.op is not None:
        args = [_instantiate(builder, arg, node, bound) for arg in pattern.args]
        return args[0].emit(pattern.op, tuple(args), pattern.attrs)
    if pattern.number is not None:
        return builder.constant(node.type.dtype.type(pattern.number))
    return builder.value(bound[pattern.name])


def _fitted(made: Operand, node: Node) -> Node | None:
    """Repeat the result to the shape that the node had; a result of another dtype does not fit."""
    if made.type == node.type:
        fitted = made
    elif made.type.dtype == node.type.dtype:
        fitted = OPS["broadcast_to"](made, shape=node.type.shape)
    else:
        return None
    assert isinstance(fitted, Value)
    return fitted.node


def _needed(pattern: Pattern) -> tuple[Op, ...]:
    """Ops that operands of a node must have for the pattern to match: a test that is cheap."""
    return tuple(
        CONST if arg.op is None else arg.op
        for arg in pattern.args
        if arg.op is not None or arg.number is not None or arg.constant
    )


def _has_all(found: list[Op], needed: tuple[Op, ...]) -> bool:
    """Whether all of `needed` are found; a loop, as a generator would take most of the time."""
    for op in needed:  # noqa: SIM110
        if op not in found:
            return False
    return True


class Table:
    """Rules, found by the op at their root and tried in order.

    Parameters
    ----------
    rules : iterable of Rule
        One identity each.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._by_op: dict[Op, list[tuple[Rule, str, tuple[Op, ...]]]] = {}
        for rule in self.rules:
            assert rule.pattern.op is not None
            row = (rule, str(rule), _needed(rule.pattern))
            self._by_op.setdefault(rule.pattern.op, []).append(row)

    def __add__(self, other: Table) -> Table:
        return Table(self.rules + other.rules)

    def rewrite(self, builder: Builder, node: Node, name: str, limit: int = 64) -> Node:
        """Return `node` rewritten at its root until no rule applies.

        Nodes below it are taken as they are: in a pass they have been rewritten before.

        Parameters
        ----------
        builder : Builder
            The builder that `node` belongs to.
        node : Node
            Where to start.
        name : str
            The pass, for the origin of what the rules make.
        limit : int
            How many rules to apply at most.
        """
        origin = builder.origin
        for _ in range(limit):
            changed = None
            rules = self._by_op.get(node.op)
            if rules is None:
                break
            found = [operand.op for operand in node.inputs]
            for rule, text, needed in rules:
                if needed and not _has_all(found, needed):
                    continue
                bound = rule.match(node)
                if bound is None:
                    continue
                builder.origin = builder.derive(origin, name, text)
                changed = rule.build(builder, node, bound)
                if changed is not None and changed is not node:
                    break
                changed = None
            if changed is None:
                break
            node = changed
        builder.origin = origin
        return node


def rule(
    pattern: Operand, replacement: Replacement, when: Condition | None = None, name: str = ""
) -> Rule:
    """Return one row of a table.

    Raises
    ------
    GraphError
        If `pattern` is a wildcard alone.
    """
    if not isinstance(pattern, Pattern) or pattern.op is None:
        raise GraphError(f"the pattern {pattern} has no op at its root")
    return Rule(pattern, replacement, when, name)
