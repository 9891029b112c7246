"""Copies of functions in which the names that hold NumPy hold NumPy as it is traced.

The function, its helpers in modules of the user's, closures, methods and so on are copied, with
globals and cells of their own. The originals are left as they are, so that other threads see
nothing of it. Packages that are installed are not reached, but for what is handed in from them.
"""

from __future__ import annotations

import builtins
import copy
import functools
import sys
from collections.abc import Callable
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from graphad.tracing.captured import captured
from graphad.tracing.composed import ElementByElement
from graphad.tracing.objects import is_known_object
from graphad.tracing.origins import is_installed, is_library
from graphad.tracing.shim import (
    BoundFunction,
    FindRecorder,
    NumpyShim,
    StandIn,
    bind,
    is_numpy_function,
    is_numpy_module,
)
from graphad.tracing.tracers import Tracer, first_tracer

KEPT_NAMES = ("__name__", "__package__", "__spec__", "__file__", "__loader__", "__doc__")
LONGEST = 1000
"""Longer lists are not searched for functions."""
_CACHED = type(functools.cache(len))
_WRAPPED = (FunctionType, MethodType, functools.partial, _CACHED)
"""What a decorator's closure holds."""


class TracedGlobals(dict[str, Any]):
    """The globals of a module, as functions that are copied see them.

    A name is looked up when it is first used. What a function assigns to a global stays here.
    """

    def __init__(self, source: dict[str, Any], rebinder: Rebinder) -> None:
        super().__init__({name: source[name] for name in KEPT_NAMES if name in source})
        self.source = source
        self._rebinder = rebinder
        self["__builtins__"] = rebinder.builtins

    def __missing__(self, name: str) -> Any:
        """Return a global of the module, or a builtin, and keep it."""
        if name in self.source:
            found = self._rebinder.rebind(self.source[name], self.source)
        else:
            found = self._rebinder.builtins[name]
        self[name] = found
        return found


class TracedModule(StandIn):
    """A module of the user's, as functions that are copied see it."""

    def __init__(self, module: ModuleType, rebinder: Rebinder) -> None:
        super().__init__(module)
        self.__dict__["_rebinder"] = rebinder

    def seen(self, thing: Any) -> Any:
        """Return an attribute of the module as it is traced."""
        return self._rebinder.rebind(thing, vars(self._module))


class _SameInstances(type):
    """Class of copied classes: what is an instance of the original is one of the copy."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__mro__[1])


class _Super:
    """The methods of base classes, as copies."""

    def __init__(self, plain: Any, rebinder: Rebinder) -> None:
        self._plain = plain
        self._rebinder = rebinder

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._plain, name)
        if isinstance(found, MethodType) and isinstance(found.__func__, FunctionType):
            return MethodType(self._rebinder.rebind(found.__func__, {}, True), found.__self__)
        return found


class Rebinder:
    """Makes the copies for one trace; each thing is copied once.

    Parameters
    ----------
    find : callable
        Gives the trace that is going on, or ``None``.
    """

    def __init__(self, find: FindRecorder) -> None:
        self._find = find
        self._made: dict[int, tuple[Any, Any]] = {}  # by identity; the original is kept alive
        self._code: dict[FunctionType, FunctionType] = {}
        self._globals: dict[int, TracedGlobals] = {}
        self.builtins = dict(vars(builtins))
        self.builtins["__import__"] = self._import
        self.builtins["super"] = self._super

    def _import(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Import a module for a traced function; NumPy comes as it is traced."""
        return self.rebind(builtins.__import__(name, *args, **kwargs), {})

    def _super(self, *args: Any) -> Any:
        """Return what `super` gives in a method that is a copy."""
        if not args:
            caller = sys._getframe(1)
            owner = caller.f_locals[caller.f_code.co_varnames[0]]
            args = (caller.f_locals["__class__"], owner)
        return _Super(super(*args), self)

    def rebind(self, thing: Any, source: dict[str, Any], direct: bool = False) -> Any:
        """Return something as the traced function is to see it; mostly itself.

        Parameters
        ----------
        thing : object
            The function to be traced, or a value of a global name, of a closure's cell, a default.
        source : dict
            The globals of the module that it was found in. Functions and classes that were defined
            there are copied, and those of the user's other modules.
        direct : bool
            Whether it is copied wherever it was defined, but in a library.
        """
        made = self._made.get(id(thing))
        if made is not None:
            return made[1]
        copied = self._copy(thing, source, direct)
        if copied is not thing:
            self._made[id(thing)] = (thing, copied)
        return copied

    def _copy(self, thing: Any, source: dict[str, Any], direct: bool) -> Any:
        if isinstance(thing, StandIn):
            thing = thing._module
        elif isinstance(thing, BoundFunction):
            thing = thing.function
        if isinstance(thing, Tracer):
            return self._traced(thing)
        if type(thing) is np.ndarray:
            return captured(thing)
        if isinstance(thing, ModuleType):
            return self._module(thing)
        if is_numpy_function(thing) or is_known_object(thing):
            return bind(thing, self._find)
        if type(thing) is np.vectorize:
            return ElementByElement(thing, self.rebind(thing.pyfunc, source, direct))
        if isinstance(thing, FunctionType):
            return self._function(thing) if _is_near(thing, source, direct) else thing
        if isinstance(thing, MethodType):
            return self._method(thing, source, direct)
        if isinstance(thing, functools.partial):
            keywords = {name: self._held(value, source) for name, value in thing.keywords.items()}
            args = [self._held(arg, source) for arg in thing.args]
            return functools.partial(self.rebind(thing.func, source, direct), *args, **keywords)
        if isinstance(thing, _CACHED):
            return self._cached(thing, source, direct)
        if type(thing) in (list, tuple, dict):
            return self._container(thing, source)
        if isinstance(thing, tuple) and hasattr(thing, "_fields"):
            return self._named_tuple(thing, source)
        if isinstance(thing, type):
            return self._class(thing) if _is_near_class(thing, source, direct) else thing
        if _is_near_class(type(thing), source, direct):
            return self._instance(thing, source)
        return thing

    def _module(self, module: ModuleType) -> Any:
        if is_numpy_module(module) or module.__name__ == "graphad.numpy":
            return NumpyShim(_numpy_of(module), self._find)
        files = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
        known = [file for file in files if file]  # folders of modules have a path alone
        users = known and not any(is_installed(file) for file in known)
        return TracedModule(module, self) if users else module

    def _traced(self, thing: Tracer) -> Any:
        """Return a value of an enclosing trace as one of this trace."""
        recorder = self._find()
        if recorder is not None and recorder.is_within(thing._recorder):
            return recorder.imported(thing)
        plain = thing.plain()
        return thing if recorder is None or plain is None else recorder.constant(plain.copy())

    # --- functions -------------------------------------------------------------------------------

    def globals_of(self, original: dict[str, Any]) -> TracedGlobals:
        """Return the globals that copies of functions of a module have."""
        original = _original(original)
        found = self._globals.get(id(original))
        if found is None:
            found = self._globals[id(original)] = TracedGlobals(original, self)
        return found

    def _function(self, function: FunctionType) -> FunctionType:
        cells = function.__closure__ or ()
        fresh = tuple([self._cell(cell) for cell in cells])
        made = FunctionType(
            function.__code__, self.globals_of(function.__globals__), function.__name__, None, fresh
        )
        self._made[id(function)] = (function, made)  # before its cells, which may hold itself
        for name, old, new in zip(function.__code__.co_freevars, cells, fresh, strict=True):
            self._fill(name, old, new, _original(function.__globals__))
        self._set_defaults(function, made)
        made.__dict__.update(function.__dict__)
        made.__qualname__ = function.__qualname__
        made.__module__ = function.__module__
        return made

    def _set_defaults(self, function: FunctionType, made: FunctionType) -> None:
        source = _original(function.__globals__)
        if function.__defaults__ is not None:
            made.__defaults__ = tuple([self._held(x, source) for x in function.__defaults__])
        if function.__kwdefaults__ is not None:
            items = function.__kwdefaults__.items()
            made.__kwdefaults__ = {name: self._held(value, source) for name, value in items}

    def copied(self, function: FunctionType) -> FunctionType:
        """Return a copy of a function of any module, NumPy's own among them."""
        made = self._code.get(function)
        if made is None:
            made = self._code[function] = self._function(function)
        return made

    def _cell(self, cell: CellType) -> CellType:
        known = self._made.get(id(cell))
        if known is None:
            known = self._made[id(cell)] = (cell, CellType())
        fresh: CellType = known[1]
        return fresh

    def _fill(self, name: str, old: CellType, new: CellType, source: dict[str, Any]) -> None:
        try:
            value = old.cell_contents
        except ValueError:  # a name that is not assigned yet
            return
        if name != "__class__":  # by which super() finds the class that a method was written in
            value = self._held(value, source)
        new.cell_contents = value

    def _held(self, value: Any, source: dict[str, Any]) -> Any:
        """Return what a function, a closure or a partial holds; functions from anywhere."""
        return self.rebind(value, source, isinstance(value, _WRAPPED))

    def _method(self, method: MethodType, source: dict[str, Any], direct: bool) -> Any:
        owner = self.rebind(method.__self__, source, direct)
        function = method.__func__
        if isinstance(function, FunctionType) and _is_near(function, source, direct):
            return MethodType(self.rebind(function, source, direct), owner)
        return method if owner is method.__self__ else MethodType(function, owner)

    def _cached(self, thing: Any, source: dict[str, Any], direct: bool) -> Any:
        plain = self.rebind(thing.__wrapped__, source, direct)
        cached = functools.lru_cache(**thing.cache_parameters())(plain)

        @functools.wraps(thing.__wrapped__)
        def call(*args: Any, **kwargs: Any) -> Any:
            traced = first_tracer((*args, *kwargs.values())) is not None
            return (plain if traced else cached)(*args, **kwargs)

        return call

    # --- containers and classes ------------------------------------------------------------------

    def _container(self, thing: Any, source: dict[str, Any]) -> Any:
        if len(thing) > LONGEST:
            return thing
        values = list(thing.values()) if isinstance(thing, dict) else list(thing)
        self._made[id(thing)] = (thing, thing)  # a list may hold itself
        rebound = [self.rebind(value, source) for value in values]
        del self._made[id(thing)]
        if all(new is old for new, old in zip(rebound, values, strict=True)):
            return thing
        if isinstance(thing, dict):
            return dict(zip(thing, rebound, strict=True))
        return type(thing)(rebound)

    def _named_tuple(self, thing: Any, source: dict[str, Any]) -> Any:
        rebound = [self._held(value, source) for value in thing]
        same = all(new is old for new, old in zip(rebound, thing, strict=True))
        return thing if same else thing._make(rebound)

    def _class(self, cls: type) -> type:
        namespace: dict[str, Any] = {"__slots__": (), "__module__": cls.__module__}
        for base in reversed(cls.__mro__):
            for name, value in vars(base).items():
                copied = self._attribute(value)
                if copied is not value:
                    namespace[name] = copied
        namespace["__qualname__"] = cls.__qualname__
        namespace.setdefault("__hash__", cls.__hash__)  # or a copied __eq__ would take it away
        return _SameInstances(cls.__name__, (cls,), namespace)

    def _attribute(self, value: Any) -> Any:
        if isinstance(value, FunctionType):
            return self.rebind(value, {}, direct=True)
        if isinstance(value, staticmethod | classmethod):
            inner: Callable[..., Any] = self.rebind(value.__func__, {}, direct=True)
            return value if inner is value.__func__ else type(value)(inner)
        if isinstance(value, property):
            parts = [value.fget, value.fset, value.fdel]
            rebound = [self.rebind(part, {}, direct=True) for part in parts]
            return value if rebound == parts else property(*rebound)
        return self.rebind(value, {}) if is_known_object(value) else value

    def _instance(self, thing: Any, source: dict[str, Any]) -> Any:
        """Return a shallow copy of an object, with methods that are copies."""
        try:
            made = copy.copy(thing)
            object.__setattr__(made, "__class__", self.rebind(type(thing), source, direct=True))
        except (TypeError, AttributeError):  # an object that resists: it keeps NumPy's arrays
            return thing
        self._made[id(thing)] = (thing, made)
        attributes = getattr(made, "__dict__", {})
        for name, value in list(attributes.items()):
            attributes[name] = self.rebind(value, source)
        return made


def _is_near(function: FunctionType, source: dict[str, Any], direct: bool) -> bool:
    """Return whether a function found in a module is to be copied."""
    file = function.__code__.co_filename
    if not (is_library(file) if direct else is_installed(file)):
        return True
    return _original(function.__globals__) is source


def _is_near_class(cls: type, source: dict[str, Any], direct: bool) -> bool:
    """Return whether a class has methods that are to be copied, and can be copied."""
    if type(cls) is not type or issubclass(cls, BaseException):
        return False
    if any("__init_subclass__" in vars(base) for base in cls.__mro__[:-1]):
        return False
    functions = [value for value in vars(cls).values() if isinstance(value, FunctionType)]
    return any(_is_near(function, source, direct) for function in functions)


def _original(names: dict[str, Any]) -> dict[str, Any]:
    """Return the module's own globals, also for a function defined while another is traced."""
    return names.source if isinstance(names, TracedGlobals) else names


def _numpy_of(module: ModuleType) -> ModuleType:
    return module if module.__name__ != "graphad.numpy" else __import__("numpy")
