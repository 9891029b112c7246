"""Roots and fixed points: solved by a black box, derived by the implicit function theorem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from graphad.builder import Builder, Value
from graphad.custom.black_box import Primitive
from graphad.custom.tangents import checked, inlined, moving_positions
from graphad.errors import DerivativeError
from graphad.ir import Graph
from graphad.op import OPS
from graphad.ops.factories import reshape_to
from graphad.passes.diff import differentiate
from graphad.passes.jvp import jvp
from graphad.tracing.examples import function_name
from graphad.tracing.trace import trace_function
from graphad.types import Type


class Implicit(Primitive):
    """A solution of equations: made by `implicit`, called with the parameters."""

    def __init__(
        self,
        residual: Callable[..., Any],
        solver: Callable[..., Any],
        name: str,
        shape: Callable[..., tuple[int, ...]] | None,
    ) -> None:
        self.residual = residual
        super().__init__(solver, name, shape=shape)

    def __repr__(self) -> str:
        return f"<primitive @{self.name}, a root of {function_name(self.residual)}>"

    def _jvp_graph(self, types: tuple[Type, ...], out: Type, moving: Sequence[int]) -> Graph:
        """Return dx = -(∂r/∂x)⁻¹ (∂r/∂p) dp, at the solution x."""
        name = f"@{self.name}"
        residual: Graph = trace_function(
            self.residual, [out, *types], check=False, name=f"residual of {name}"
        )
        checked(name, "residual", residual, [out])
        unknown, *parameters = residual.input_names
        matrix, _ = differentiate(residual, unknown)
        positions = moving_positions(types)
        pushed = jvp(residual, [parameters[i] for i in positions], values=False)
        builder = Builder()
        values = [builder.input(f"x{i}", type) for i, type in enumerate(types)]
        tangents = [builder.input(f"dx{i}", types[i]) for i in positions]
        solution = builder.input("out", out)
        given = [value.node for value in (solution, *values)]
        right = inlined(builder, pushed, [*given, *[value.node for value in tangents]])
        left = inlined(builder, matrix, given)
        if not out.shape:
            return builder.finish(f"jvp of {name}", [_value(-(right / left))])
        size = prod(out.shape)
        step = OPS["solve"](reshape_to(left, (size, size)), reshape_to(right, (size, 1)))
        return builder.finish(f"jvp of {name}", [_value(-reshape_to(step, out.shape))])


def _value(item: Any) -> Value:
    assert isinstance(item, Value)
    return item


def implicit(
    residual: Callable[..., Any],
    solver: Callable[..., Any],
    *,
    shape: Callable[..., tuple[int, ...]] | None = None,
    name: str | None = None,
) -> Implicit:
    """Return the function that solves ``residual(x, *parameters) == 0`` for x.

    The solver runs as a black box, any code; derivatives of any order by the parameters follow
    from the residual at the solution by the implicit function theorem. A fixed point of g has the
    residual ``x - g(x, *parameters)``.

    Parameters
    ----------
    residual : callable
        Traceable, ``residual(x, *parameters)``, of the shape of x.
    solver : callable
        ``solver(*parameters)`` gives x, to full precision: derivatives are those of the exact
        solution, taken where the solver stopped.
    shape : callable, optional
        Shape of x from the shapes of the parameters. If not given, the solver is run once for
        parameters between 0.3 and 0.8.
    name : str, optional
        In the text of graphs; the solver's if not given.

    Raises
    ------
    DerivativeError
        If either is no function. When it is differentiated: if the residual cannot be traced or has
        another shape than x.

    Examples
    --------
    >>> import numpy as np
    >>> import graphad as ga
    >>> def newton(a):
    ...     x = 1.0
    ...     while abs(x * x - a) > 1e-15 * a:
    ...         x = x - (x * x - a) / (2 * x)
    ...     return x
    >>> root = ga.implicit(lambda x, a: x * x - a, newton)
    >>> g = ga.trace(lambda a: root(a))
    >>> float(g(4.0)), float(g.diff()(4.0)), float(g.diff().diff()(4.0))
    (2.0, 0.25, -0.03125)
    """
    for what, item in (("residual", residual), ("solver", solver)):
        if not callable(item):
            raise DerivativeError(f"the {what} of implicit is a function, not {item!r}")
    own = name or function_name(solver)
    return Implicit(residual, solver, own, shape)
