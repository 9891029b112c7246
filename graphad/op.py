"""What an op is: one record from which every mode, evaluator and test follows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphad.errors import GraphError
from graphad.types import Type

Array: TypeAlias = NDArray[Any]
Number: TypeAlias = bool | int | float | complex
Attrs: TypeAlias = tuple[Any, ...]
Bound: TypeAlias = "float | tuple[Bound, ...]"


class Operand:
    """What ops take and give: a value of a graph being built, or a pattern of a rewrite rule.

    The arithmetic operators emit the op of that name, so that a rule reads as mathematics.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def type(self) -> Type:
        """Shape and dtype."""

    @abstractmethod
    def emit(self, op: Op, args: tuple[Operand | Number | Array, ...], attrs: Attrs) -> Operand:
        """Return `op` applied to `args`, of which this operand is one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.type.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.type.shape)

    def __neg__(self) -> Operand:
        return OPS["negative"](self)

    def __add__(self, other: Operand | Number) -> Operand:
        return OPS["add"](self, other)

    def __radd__(self, other: Number) -> Operand:
        return OPS["add"](other, self)

    def __sub__(self, other: Operand | Number) -> Operand:
        return OPS["subtract"](self, other)

    def __rsub__(self, other: Number) -> Operand:
        return OPS["subtract"](other, self)

    def __mul__(self, other: Operand | Number) -> Operand:
        return OPS["multiply"](self, other)

    def __rmul__(self, other: Number) -> Operand:
        return OPS["multiply"](other, self)

    def __truediv__(self, other: Operand | Number) -> Operand:
        return OPS["divide"](self, other)

    def __rtruediv__(self, other: Number) -> Operand:
        return OPS["divide"](other, self)

    def __pow__(self, exponent: int) -> Operand:
        return OPS["integer_power"](self, exponent=exponent)


class JvpRule(Protocol):
    """Tangent of the output; ``None`` in and out is a structural zero."""

    def __call__(
        self,
        out: Operand,
        args: Sequence[Operand],
        tangents: Sequence[Operand | None],
        attrs: Attrs,
        /,
    ) -> Operand | None:
        """Return the tangent of the output."""
        ...


class TransposeRule(Protocol):
    """Cotangents of the linear operands, which are the ones that are ``None`` in `args`."""

    def __call__(
        self,
        cotangent: Operand,
        args: Sequence[Operand | None],
        types: Sequence[Type],
        attrs: Attrs,
        /,
    ) -> Sequence[Operand | None]:
        """Return the cotangent of each operand."""
        ...


class BatchRule(Protocol):
    """The op with the leading axes `lead` added to the operands that `batched` marks."""

    def __call__(
        self,
        lead: tuple[int, ...],
        args: Sequence[Operand],
        batched: Sequence[bool],
        attrs: Attrs,
        /,
    ) -> Operand:
        """Return the batched output."""
        ...


@dataclass(frozen=True, slots=True)
class Sample:
    """Operands that an op is tested with.

    Parameters
    ----------
    shapes : tuple of tuple of int
        Shape of each operand.
    domains : tuple of (float, float)
        Interval each operand is drawn from; one alone serves all operands. Bounds may be nested
        tuples too, one for each element of the operand.
    attrs : tuple
        The op's attributes.
    constants : dict of int to array
        Operands that are fixed instead of drawn, such as indices and conditions.
    """

    shapes: tuple[tuple[int, ...], ...]
    domains: tuple[tuple[Bound, Bound], ...] = ((-2.0, 2.0),)
    attrs: Attrs = ()
    constants: dict[int, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Op:
    """One operation.

    Calling an op with values of a graph emits a node there: ``sin(x)``, ``reshape(x, shape=(3,))``.

    Parameters
    ----------
    name : str
        NumPy's name where NumPy has the function.
    infer : callable
        ``infer(types, attrs)`` gives the type of the output, or raises `TypeRuleError`.
    evaluate : callable
        ``evaluate(*arrays, *attrs)`` with NumPy arrays gives the output.
    attrs : tuple of str
        Names of the attributes, in order.
    arity : int or None
        Number of operands; ``None`` for any number from one up.
    jvp, transpose, batch : callable or None
        The derivative, the transpose where the op is linear in some operands, and the op on
        operands with more leading axes. ``jvp=None``: the output carries no derivative.
    cost : callable
        ``cost(types, out, attrs)``: scalar operations, by the rule that `graphad.cost` states.
    precise : callable or None
        ``precise(mp, *elements, *attrs)``: one element in mpmath numbers, for elementwise ops. Of
        other ops ``precise(mp, *arrays, *attrs)``, with object arrays of such numbers.
    ufunc : numpy.ufunc or None
        For elementwise ops that are one NumPy ufunc call, so that it may write in place.
    commutative : bool
        Whether operands may be reordered.
    elementwise, structural : bool
        Acts on elements by themselves, or only moves elements and so works on any objects;
        `generic` ops also add and multiply, and work on any objects that do.
    analytic : bool
        Whether it may carry complex derivatives: ``abs`` of a complex number does not.
    interpret, refit, expand : callable or None
        For ops that hold graphs. ``interpret(program, *arrays, *attrs)`` evaluates, in whatever
        numbers: ``program(graph)(*arrays)`` gives a list of outputs. ``refit(args, attrs)`` is the
        op on operands of other dtypes. ``expand(args, attrs)`` gives the same value by other ops.
    samples : tuple of Sample
        Operands to test with.
    identity : str
        What the op computes, in one line, for listings.
    """

    name: str
    infer: Callable[[Sequence[Type], Attrs], Type]
    evaluate: Callable[..., Array]
    attrs: tuple[str, ...] = ()
    arity: int | None = 1
    jvp: JvpRule | None = None
    transpose: TransposeRule | None = None
    batch: BatchRule | None = None
    cost: Callable[[Sequence[Type], Type, Attrs], int] = lambda types, out, attrs: out.size
    precise: Callable[..., Any] | None = None
    ufunc: np.ufunc | None = None
    commutative: bool = False
    elementwise: bool = False
    structural: bool = False
    generic: bool = False
    analytic: bool = True
    interpret: Callable[..., Array] | None = None
    refit: Callable[[Sequence[Operand], Attrs], Operand] | None = None
    expand: Callable[[Sequence[Operand], Attrs], Operand] | None = None
    samples: tuple[Sample, ...] = ()
    identity: str = ""

    def __call__(self, *args: Operand | Number | Array, **attrs: Any) -> Operand:
        """Emit this op where its first graph value lives."""
        values = tuple([attrs[name] for name in self.attrs]) if attrs else ()
        for arg in args:
            if isinstance(arg, Operand):
                return arg.emit(self, args, values)
        raise GraphError(f"{self.name} was given no value of a graph")

    def __repr__(self) -> str:
        return f"<op {self.name}>"


class Registry(dict[str, Op]):
    """Ops by name; each is entered once, where it is defined."""

    def enter(self, op: Op) -> Op:
        """Add an op and return it.

        Raises
        ------
        GraphError
            If an op of that name is there already.
        """
        if op.name in self:
            raise GraphError(f"an op named {op.name!r} is registered already")
        self[op.name] = op
        return op


OPS = Registry()
"""All ops; filled by `graphad.ops`."""
