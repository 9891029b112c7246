"""Functions of SciPy's, written with NumPy's, so that a trace can follow them.

SciPy's own go through compiled code, or check that what they are given is an array. These take the
same arguments, and give the same. They are not called as they are: a trace runs copies of them, in
which NumPy is the traced one. `NotImplementedError` says what is not supported, and after a
semicolon what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any

from graphad.errors import TraceError
from graphad.tracing.advice import refusal
from graphad.tracing.rewritten import (
    banded,
    distances,
    integrals,
    matrix_equations,
    matrix_exponential,
    rosenbrock,
    special_matrices,
)

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

_MODULES: Mapping[str, tuple[Any, ...]] = {
    "scipy.integrate": (integrals,),
    "scipy.linalg": (banded, matrix_equations, matrix_exponential, special_matrices),
    "scipy.optimize": (rosenbrock,),
    "scipy.spatial.distance": (distances,),
}
REWRITTEN: Mapping[str, FunctionType] = {
    f"{place}.{name}": getattr(module, name)
    for place, modules in _MODULES.items()
    for module in modules
    for name in module.__all__
}
"""By the public names of SciPy's functions."""


class Rewritten:
    """A function of SciPy's of which another one is traced.

    Parameters
    ----------
    name : str
        Its public name.
    function : callable
        What is traced.
    """

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function

    def traced(self, recorder: Recorder, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """Return the function of traced arguments.

        Raises
        ------
        TraceError
            If it cannot be traced with these arguments.
        """
        assert isinstance(self.function, FunctionType)
        copied = recorder.rebinder.copied(self.function)
        try:
            return copied(*args, **kwargs)
        except TraceError:
            raise
        except (NotImplementedError, TypeError, ValueError, LookupError) as error:
            what, _, instead = str(error).partition("; ")
            raise refusal(
                f"{self.name}: {what}",
                instead or "check the shapes and the arguments of this call",
            ) from error
