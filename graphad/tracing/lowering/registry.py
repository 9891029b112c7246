"""The table of lowerings, and how a call of a NumPy function is bound to one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import numpy as np

from graphad.errors import TraceError, TypeRuleError

Lowering: TypeAlias = Callable[..., Any]
"""``lowering(builder, *args, **kwargs)``: NumPy's call, with values in place of traced arrays."""
Function: TypeAlias = Callable[..., Any]
ArrayLike: TypeAlias = Any
"""What NumPy takes for an array: a value, a number, an array, or nested lists of these."""

Inner = TypeVar("Inner", bound=Callable[..., Any])

NO_VALUE: object = getattr(np, "_NoValue", None)
"""NumPy's mark of an argument that was not given."""

_ADVICE: Mapping[str, str] = {
    "out": "give the result a name instead: y = {name}(...)",
    "where": "select afterwards instead: np.where(condition, {name}(...), other)",
    "dtype": "cast instead, with x.astype(np.float64) before the call or after it",
    "order": "traced arrays have no memory layout; use np.transpose to reorder elements",
    "casting": "cast instead, with x.astype(np.float64)",
    "initial": "combine afterwards instead, as in np.maximum(np.max(x), initial)",
    "mean": "leave it out: the mean is computed once and shared",
}
_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "where": (True,),
    "order": ("C", "K"),
    "casting": ("same_kind", "safe", "unsafe"),
    "subok": (True, False),
    "copy": (True,),
    "optimize": (True, False, "greedy", "optimal"),
    "mode": ("raise",),
    "device": ("cpu",),
}


class Table(dict[Function, Lowering]):
    """Lowerings by NumPy function; each is entered once, where it is defined."""

    def enter(self, function: Function, lowering: Lowering) -> None:
        """Add a lowering.

        Raises
        ------
        ValueError
            If the function has one already.
        """
        if function in self:
            raise ValueError(f"{spelled(function)} has a lowering already")
        self[function] = lowering


LOWERINGS = Table()
"""All lowerings; filled by importing `graphad.tracing.lowering`."""


def spelled(function: Function) -> str:
    """Return a NumPy function's name as users write it.

    Examples
    --------
    >>> spelled(np.linalg.norm), spelled(np.add)
    ('np.linalg.norm', 'np.add')
    """
    name: str = getattr(function, "__name__", str(function))
    if isinstance(function, np.ufunc):
        return f"np.{name}"
    module: str = getattr(function, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{name}"


def present(*names: str) -> tuple[Function, ...]:
    """Return those of NumPy's functions that this version of NumPy has.

    Examples
    --------
    >>> present("sum", "linalg.norm", "no_such_function") == (np.sum, np.linalg.norm)
    True
    """
    found: list[Function] = []
    for name in names:
        function: Any = np
        for part in name.split("."):
            function = getattr(function, part, None)
        if callable(function) and function not in found:
            found.append(function)
    return tuple(found)


def check_neutral(name: str, key: str, value: object) -> None:
    """Accept an argument that a lowering has no use for, if it changes nothing.

    Raises
    ------
    TraceError
        If it is given in earnest.
    """
    if value is None or value is NO_VALUE:
        return
    if isinstance(value, str | bool) and value in _NEUTRAL.get(key, ()):
        return
    advice = _ADVICE.get(key, "leave it out").format(name=name)
    raise TraceError(f"{name} does not take {key}= in a traced function; {advice}")


def lowers(*functions: Function, positional: str = "") -> Callable[[Inner], Inner]:
    """Enter a function as the lowering of NumPy functions.

    The function takes a builder and those of NumPy's parameters that it has a use for, by NumPy's
    names; the others are checked to change nothing. Errors are told in the name of the NumPy
    function.

    Parameters
    ----------
    *functions : callable
        NumPy functions.
    positional : str
        NumPy's positional parameters, in order, where they are not just the lowering's own.
    """

    def enter(inner: Inner) -> Inner:
        for function in functions:
            LOWERINGS.enter(function, bound_lowering(spelled(function), inner, positional))
        return inner

    return enter


def bound_lowering(name: str, inner: Callable[..., Any], positional: str = "") -> Lowering:
    """Return `inner` as a lowering; see `lowers`."""
    parameters = list(inspect.signature(inner).parameters.values())[1:]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    known = {p.name for p in parameters}
    order = positional.split() or [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]

    def lowering(builder: Any, *args: Any, **kwargs: Any) -> Any:
        rest: tuple[Any, ...] = ()
        given = kwargs
        if variadic:
            rest = args
        elif len(args) > len(order):
            raise TraceError(f"{name} takes {len(order)} arguments, not {len(args)}")
        else:
            given = dict(zip(order, args, strict=False)) | kwargs
        used = {}
        for key, value in given.items():
            if value is NO_VALUE:
                continue
            if key in known:
                used[key] = value
            else:
                check_neutral(name, key, value)
        try:
            return inner(builder, *rest, **used)
        except (TraceError, TypeRuleError) as error:
            raise TraceError(f"{name}: {error}") from error

    return lowering
