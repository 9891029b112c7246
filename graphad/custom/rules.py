"""Derivative rules of one's own for functions that can be traced."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeAlias, overload

from graphad.custom.calling import emitted, operands_of, recorder_of, types_of
from graphad.custom.rule_op import custom_op
from graphad.custom.tangents import check_linear, traced_jvp, traced_vjp
from graphad.errors import DerivativeError
from graphad.ir import Graph
from graphad.tracing.examples import function_name
from graphad.tracing.trace import trace_function

Function: TypeAlias = Callable[..., Any]


class CustomDiff:
    """A function with a derivative rule; called as the function."""

    def __init__(
        self,
        function: Callable[..., Any],
        jvp: Callable[..., Any] | None,
        vjp: Callable[..., Any] | None,
    ) -> None:
        self.function = function
        self.jvp = jvp
        self.vjp = vjp
        update_wrapper(self, function)

    def __call__(self, *args: Any) -> Any:
        """Return the function's value; within a trace, one operation that knows the rule."""
        recorder = recorder_of(args)
        if recorder is None:
            return self.function(*args)
        name = function_name(self.function)
        values = operands_of(recorder, name, args)
        types = types_of(values)
        body: Graph = trace_function(self.function, types, check=False, name=name)
        if len(body.outputs) != 1 or body.tree != 0:
            raise DerivativeError(
                f"custom_diff takes functions of one result, and {name} returns "
                f"{len(body.outputs)}; join them with np.concatenate or np.stack"
            )
        out = body.outputs[0].type
        if self.jvp is not None:
            rule = traced_jvp(name, self.jvp, types, out)
            check_linear(name, rule, types)
        else:
            assert self.vjp is not None
            rule = traced_vjp(name, self.vjp, types, out)
        return emitted(recorder, custom_op, values, (body, rule))

    def __repr__(self) -> str:
        rule = "jvp" if self.jvp is not None else "vjp"
        return f"<{function_name(self.function)}, with a {rule} of its own>"


@overload
def custom_diff(
    function: Function, *, jvp: Function | None = None, vjp: Function | None = None
) -> CustomDiff: ...
@overload
def custom_diff(
    *, jvp: Function | None = None, vjp: Function | None = None
) -> Callable[[Function], CustomDiff]: ...
def custom_diff(
    function: Function | None = None,
    *,
    jvp: Function | None = None,
    vjp: Function | None = None,
) -> CustomDiff | Callable[[Function], CustomDiff]:
    """Return a function with a derivative rule of one's own.

    The rule is traced as functions are, so that it is itself differentiated for higher orders. It
    is for derivatives that are better than what the chain rule makes of the function's operations.

    Parameters
    ----------
    function : callable, optional
        NumPy code that can be traced, from arrays to one array. Without it, the result is what
        takes it: a decorator.
    jvp : callable, optional
        ``jvp(primals, tangents)``: the tangent of the result, linear in the tangents. Both are
        tuples; a tangent is zero where nothing moves. With a parameter named ``out`` it is given
        the result too.
    vjp : callable, optional
        ``vjp(primals, cotangent)``: the cotangent of each argument, linear in that of the result.
        One of the two is needed; each serves forward and reverse mode.

    Raises
    ------
    DerivativeError
        If there is no rule or two, or it does not fit the function.

    Examples
    --------
    >>> import numpy as np
    >>> import graphad as ga
    >>> def softplus(x):
    ...     return np.log(1 + np.exp(x))
    >>> stable = ga.custom_diff(softplus, jvp=lambda x, dx: dx[0] / (1 + np.exp(-x[0])))
    >>> float(ga.trace(stable).diff()(800.0))
    1.0
    >>> @ga.custom_diff(vjp=lambda x, ct: (ct * np.cos(x[0]),))
    ... def sine(x):
    ...     return np.sin(x)
    >>> float(ga.trace(sine).diff()(0.0))
    1.0
    """
    if (jvp is None) == (vjp is None):
        raise DerivativeError("custom_diff takes one rule: jvp=... or vjp=...")

    def with_rule(function: Function) -> CustomDiff:
        if not callable(function):
            raise DerivativeError(f"custom_diff takes a function, not {function!r}")
        return CustomDiff(function, jvp, vjp)

    return with_rule if function is None else with_rule(function)
