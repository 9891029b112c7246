"""Functions of the user's as black boxes, and what is said of those in a graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from graphad.custom.black_box import DIFFERENCES, PREFIX, Function, Primitive, Shape
from graphad.errors import DerivativeError, GraphadError
from graphad.ir import Graph
from graphad.tracing.examples import function_name

FINITE_DIFFERENCES = "finite differences"


def primitive(
    function: Function | None = None,
    *,
    jvp: Function | None = None,
    vjp: Function | None = None,
    transpose: Function | None = None,
    linear: int | Sequence[int] | None = None,
    derivative: str | None = None,
    shape: Callable[..., Shape] | None = None,
    name: str | None = None,
) -> Any:
    """Make a function that cannot be traced a black box that graphs can hold.

    It runs as it is whenever the graph is evaluated, point by point. Text names it, and `parse`
    needs it again: ``parse(text, ops={"name": it})``. Graphs that hold it cannot be pickled, and
    have no machine code.

    Parameters
    ----------
    function : callable
        From arrays to one array; without side effects, since it is run as often as needed.
    jvp : callable, optional
        ``jvp(primals, tangents)``, traceable: the tangent of the result; both are tuples. With a
        parameter named ``out`` it is given the result too. It may use other primitives.
    vjp : callable, optional
        ``vjp(primals, cotangent)``, traceable: the cotangent of each argument.
    transpose : callable, optional
        For a function that is linear in `linear`: ``transpose(cotangent, *other arguments)``
        returns the cotangents of these.
    linear : int or sequence of int, optional
        Arguments that the function is linear in, together; all if there is a `transpose`.
    derivative : {"finite differences"}, optional
        Central differences, to half the digits of the function or so, fewer at each order.
    shape : callable, optional
        Shape of the result from the shapes of the arguments. If not given, the function is run
        once at some point between 0.3 and 0.8.
    name : str, optional
        In the text of graphs; the function's if not given.

    Returns
    -------
    Primitive

    Raises
    ------
    DerivativeError
        If there are several ways to derive it, or one that does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> import graphad as ga
    >>> @ga.primitive(jvp=lambda x, dx: 3 * x[0] ** 2 * dx[0])
    ... def cube(x):
    ...     return float(x) ** 3  # float() is what cannot be traced
    >>> g = ga.trace(lambda x: cube(x) + x)
    >>> float(g(2.0)), float(g.diff()(2.0)), float(g.diff().diff()(2.0))
    (10.0, 13.0, 12.0)
    """
    if function is None:
        return partial(
            primitive,
            jvp=jvp,
            vjp=vjp,
            transpose=transpose,
            linear=linear,
            derivative=derivative,
            shape=shape,
            name=name,
        )
    if not callable(function):
        raise DerivativeError(f"primitive takes a function, not {function!r}")
    if derivative not in {None, FINITE_DIFFERENCES}:
        raise DerivativeError(f'derivative is "{FINITE_DIFFERENCES}" or None, not {derivative!r}')
    ways = [word for word, rule in (("jvp", jvp), ("vjp", vjp), ("derivative", derivative)) if rule]
    if len(ways) > 1:
        raise DerivativeError(f"one way to derive a primitive is enough: {' and '.join(ways)}")
    own = name or function_name(function)
    if not own.isidentifier():
        raise GraphadError(f"the name of a primitive is a plain word, not {own!r}")
    return Primitive(
        function,
        own,
        jvp=jvp,
        vjp=vjp,
        transpose=transpose,
        linear=_linear(function, linear, transpose),
        shape=shape,
        level=0 if derivative else None,
    )


def _linear(
    function: Function, linear: int | Sequence[int] | None, transpose: Function | None
) -> tuple[int, ...]:
    if linear is None:
        if transpose is None:
            return ()
        return tuple(range(len(inspect.signature(function).parameters)))
    return (linear,) if isinstance(linear, int) else tuple(linear)


def black_boxes(graph: Graph) -> list[str]:
    """Return the names of the primitives in a graph, each once."""
    names = [node.op.name for node in graph.nodes if node.op.name.startswith(PREFIX)]
    return list(dict.fromkeys(names))


def notes(graph: Graph) -> list[str]:
    """Return what is to be said of the primitives in a graph, a line for each."""
    lines = []
    for name in black_boxes(graph):
        how = "a black box that NumPy calls"
        if DIFFERENCES in name:
            how = (
                "a derivative by finite differences: about half the digits of the function, or less"
            )
        lines.append(f"{name}: {how}")
    return lines
