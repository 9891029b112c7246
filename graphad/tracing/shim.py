"""NumPy as a traced function sees it: what NumPy does not hand to traced values, this does.

NumPy's functions dispatch on their arguments, but ``np.zeros(3)`` has no traced argument, and
``np.array([x, y])`` and ``np.sum([x, y])`` have theirs in a list, where NumPy does not look.
"""

from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graphad.errors import TraceError
from graphad.tracing import ufuncs
from graphad.tracing.advice import refusal
from graphad.tracing.composed import ElementByElement, Joined, iterated, numbered
from graphad.tracing.creation import unset
from graphad.tracing.lowering.scipy import callback_advice
from graphad.tracing.objects import bound_object, is_known_object
from graphad.tracing.tracers import Tracer, first_tracer

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

FindRecorder: TypeAlias = "Callable[[], Recorder | None]"

DISPATCHER = type(np.sum)
STAND_INS: dict[int, Any] = {
    id(np.r_): Joined(np.r_),
    id(np.c_): Joined(np.c_),
    id(np.ndenumerate): numbered,
    id(np.nditer): iterated,
    id(np.vectorize): ElementByElement.made,
}
"""Things of NumPy's that are no functions, by identity, and what traced functions see instead."""
UNTOUCHED = ("random", "testing", "ma", "lib", "ctypeslib", "f2py", "typing", "char")
"""Submodules that are left as they are."""
SCIPY = (
    "scipy",
    "scipy.special",
    "scipy.fft",
    "scipy.signal",
    "scipy.linalg",
    "scipy.stats",
    "scipy.integrate",
    "scipy.interpolate",
    "scipy.optimize",
    "scipy.spatial",
    "scipy.spatial.distance",
)
"""SciPy, and modules of it of which functions are traced or refused with advice."""


CALLABLE = ("uarray", "scipy.special._multiufuncs")
"""Where the classes are of which functions of `scipy.fft`, and of `scipy.special`, are objects."""


def is_numpy_module(thing: object) -> bool:
    """Return whether something is NumPy, or a module of it that makes arrays; or one of SciPy's.

    Plain functions of `scipy.special`, such as ``logsumexp``, do not dispatch on their arguments.
    """
    if not isinstance(thing, ModuleType):
        return False
    if thing.__name__ in SCIPY:
        return True
    top, _, rest = thing.__name__.partition(".")
    return top == "numpy" and rest.partition(".")[0] not in UNTOUCHED


def is_numpy_function(thing: object) -> bool:
    """Return whether something is a function of NumPy's or SciPy's, and not a class."""
    if isinstance(thing, np.ufunc):
        return True
    if type(thing).__module__ in CALLABLE:
        return True
    if isinstance(thing, FunctionType | BuiltinFunctionType | DISPATCHER):
        module = getattr(thing, "__module__", None) or ""
        if module.startswith(SCIPY[1:]):
            return True
        return module.partition(".")[0] == "numpy" and not module.startswith("numpy.random")
    return False


class BoundFunction:
    """A function of NumPy's that looks for traced values in lists, and adopts what it makes.

    Parameters
    ----------
    function : callable
        NumPy's own.
    find : callable
        Gives the trace that is going on, or ``None``.
    """

    def __init__(self, function: Callable[..., Any], find: FindRecorder) -> None:
        self.function = function
        self.find = find
        self.__name__ = getattr(function, "__name__", "function")
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what NumPy's function gives, traced where a trace is going on."""
        tracer = first_tracer(args) if args else None
        if tracer is None and kwargs:
            tracer = first_tracer(kwargs.values())
        if tracer is not None:
            return tracer._recorder.call(self.function, args, kwargs)
        recorder = self.find()
        if recorder is None:
            return self.function(*args, **kwargs)
        return self.make(recorder, args, kwargs)

    def make(self, recorder: Recorder, args: Any, kwargs: Any) -> Any:
        """Return what NumPy's function gives of untraced arguments, as part of the trace."""
        if self.function is np.fromiter:
            items = list(args[0])
            if first_tracer(items) is not None:
                return recorder.call(np.array, (items, *args[1:2]))
            args = (items, *args[1:])
        try:
            made = self.function(*args, **kwargs)
        except TraceError as error:  # of a function that was handed to it, and is called by it
            advice = callback_advice(self.function)
            if advice is None:
                raise
            what, _, instead = advice.partition("; ")
            raise refusal(what, instead) from error
        if self.function is np.empty:
            made = unset(made.shape, made.dtype)
        return recorder.adopt(made, (*args, *kwargs.values()))

    def __getattr__(self, name: str) -> Any:
        """Return another attribute of NumPy's function."""
        return getattr(self.function, name)

    def __repr__(self) -> str:
        return f"<{self.function!r} as traced>"


class BoundUfunc(BoundFunction):
    """A ufunc of NumPy's, with its methods."""

    function: np.ufunc

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the ufunc gives, traced where a trace is going on."""
        for arg in args:
            if isinstance(arg, Tracer):
                if kwargs:
                    return ufuncs.apply(arg._recorder, self.function, "__call__", args, kwargs)
                return arg._recorder.call(self.function, args)
        return super().__call__(*args, **kwargs)

    def make(self, recorder: Recorder, args: Any, kwargs: Any) -> Any:
        """Return what the ufunc gives of plain arrays, as part of the trace."""
        return recorder.adopt(self.function(*args, **kwargs), (*args, *kwargs.values()))

    def _method(self, name: str, args: Any, kwargs: Any) -> Any:
        tracer = first_tracer((*args, *kwargs.values()))
        if tracer is None:
            recorder = self.find()
            made = getattr(self.function, name)(*args, **kwargs)
            return made if recorder is None else recorder.adopt(made, args)
        return ufuncs.apply(tracer._recorder, self.function, name, args, kwargs)

    def reduce(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the ufunc's ``reduce`` gives."""
        return self._method("reduce", args, kwargs)

    def accumulate(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the ufunc's ``accumulate`` gives."""
        return self._method("accumulate", args, kwargs)

    def outer(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the ufunc's ``outer`` gives."""
        return self._method("outer", args, kwargs)

    def at(self, *args: Any, **kwargs: Any) -> Any:
        """Do what the ufunc's ``at`` does."""
        return self._method("at", args, kwargs)


class StandIn:
    """A module as copies of functions see it; what they set in it stays here."""

    def __init__(self, module: ModuleType) -> None:
        self.__dict__["_module"] = module
        self.__dict__["__name__"] = module.__name__

    def seen(self, thing: Any) -> Any:
        """Return an attribute of the module as it is to be seen."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the module as it is to be seen; it is kept."""
        found = self.seen(getattr(self._module, name))
        self.__dict__[name] = found
        return found

    def __dir__(self) -> list[str]:
        """Return the names in the module."""
        return dir(self._module)

    def __repr__(self) -> str:
        return f"<{self._module!r} as traced>"


class NumpyShim(StandIn):
    """A module of NumPy's with its functions bound to a trace; all else is NumPy's own.

    Parameters
    ----------
    module : module
        NumPy, or a module of it.
    find : callable
        Gives the trace that is going on, or ``None``.
    """

    def __init__(self, module: ModuleType, find: FindRecorder) -> None:
        super().__init__(module)
        self.__dict__["_find"] = find

    def seen(self, thing: Any) -> Any:
        """Return an attribute of the module, bound to the trace."""
        return bind(thing, self._find)


def bind(thing: Any, find: FindRecorder) -> Any:
    """Return something of NumPy's as a traced function is to see it."""
    if isinstance(thing, np.ufunc):
        return BoundUfunc(thing, find)
    stand_in = STAND_INS.get(id(thing))
    if stand_in is not None:
        return stand_in
    if is_numpy_function(thing):
        return BoundFunction(thing, find)
    if is_numpy_module(thing):
        return NumpyShim(thing, find)
    if is_known_object(thing):
        return bound_object(thing, lambda method: BoundFunction(method, find))
    return thing
