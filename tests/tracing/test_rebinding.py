"""Which functions see NumPy as it is traced, and that the originals stay as they are."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy
import numpy as np
import numpy.linalg as la
import pytest
from numpy import array, zeros
from numpy.linalg import norm

from graphad.evaluate.interpreter import Program
from graphad.tracing import trace_function
from graphad.tracing.rebinding import Rebinder
from graphad.tracing.recorder import Recorder
from graphad.tracing.shim import NumpyShim

X = np.array([0.3, 0.7, 1.1])
COUNTER = 0
SCALE = np.array([1.0, 2.0, 3.0])


def fill(x: Any) -> Any:
    """Write into an array that NumPy alone could not trace."""
    out = np.zeros(3)
    out[0] = x[0]
    out[1:] += x[1:] ** 2
    return out


def assert_same(function: Callable[..., Any], *points: Any) -> None:
    """Assert that a function traces, and gives NumPy's values."""
    points = points or (X,)
    graph = trace_function(function, points)
    expected = np.asarray(function(*[np.copy(p) for p in points]))
    np.testing.assert_allclose(np.asarray(Program(graph)(*points)[0]), expected, rtol=1e-13)


def by_other_names(x: Any) -> Any:
    """Use NumPy under all names that this module has for it."""
    a = numpy.zeros(3)
    b = zeros(2)
    a[1] = norm([x[0], x[1]])
    b[0] = la.norm([x[1], x[2]])
    return array([a[1], b[0], np.linalg.norm([x[0], 1.0])])


def by_import(x: Any) -> Any:
    """Use NumPy imported in the function."""
    import numpy as inner
    import numpy.linalg as linalg
    from numpy import array as made

    a = inner.zeros(2)
    a[0] = linalg.norm([x[0], x[1]])
    return made([a[0], x[2]])


def by_helper(x: Any) -> Any:
    """Call helpers, one of which calls another."""
    return second(x) + later(x)


def second(x: Any) -> Any:
    """Call a helper."""
    return fill(x) * 2


def even(x: Any, n: int) -> Any:
    """Call a function that calls this one."""
    return fill(x) if n == 0 else odd(x, n - 1)


def odd(x: Any, n: int) -> Any:
    """Call a function that calls this one."""
    return even(x, n - 1) * 0.5


def by_default(x: Any, f: Callable[..., Any] = fill, *, g: Any = np.zeros) -> Any:
    """Use functions that are defaults."""
    out = g(3)
    out[0] = x[0]
    return f(x) + out


def by_table(x: Any) -> Any:
    """Use functions in a table and a list."""
    return TABLE["fill"](x) + LISTED[0][0](x)


def decorated_by(factor: float) -> Callable[[Any], Any]:
    """Return a decorator whose closure holds the function."""

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return factor * function(*args, **kwargs)

        return wrapper

    return decorate


@decorated_by(2.0)
def decorated(x: Any) -> Any:
    """Write into an array, inside a decorator."""
    return fill(x)


@functools.cache
def weights(n: int) -> Any:
    """Return something that is worth keeping."""
    out = np.zeros(n)
    out[0] = 2.0
    return out


@functools.lru_cache(maxsize=2)
def cached(n: int, scale: float = 1.0) -> Any:
    """Return a number; also of traced numbers, which no cache can hold."""
    return np.array([n * scale])[0]


def by_cache(x: Any) -> Any:
    """Use cached helpers."""
    return x * weights(3) * cached(2) * cached(3, x[0])


class Base:
    """A class with a method."""

    def base(self, x: Any) -> Any:
        """Write into an array."""
        return fill(x)


class Spring(Base):
    """A class of the user's, with all kinds of methods."""

    scale = 2.0

    def __init__(self, k: float) -> None:
        self.k = k
        self.inner: Any = None

    def energy(self, x: Any) -> Any:
        """Use other methods of the object."""
        out = np.zeros(3)
        out[:] = self.k * x
        return out + self.doubled + self.helper(x) + super().base(x) + self.made(x) + self.table(x)

    @property
    def doubled(self) -> Any:
        """A property that makes an array."""
        out = np.zeros(3)
        out[0] = 2 * self.k
        return out

    @staticmethod
    def helper(x: Any) -> Any:
        """A static method that makes an array."""
        out = np.zeros(3)
        out[1] = x[1]
        return out

    @classmethod
    def table(cls, x: Any) -> Any:
        """A class method that makes an array."""
        out = np.zeros(3)
        out[2] = x[2] * cls.scale
        return out

    def made(self, x: Any) -> Any:
        """Make another object of this class."""
        other = Spring(3.0)
        assert isinstance(other, Spring)
        assert isinstance(self, Spring)
        assert isinstance(SPRING, Spring)
        return other.helper(x)

    def __call__(self, x: Any) -> Any:
        """Write into an array."""
        return fill(x) * self.k

    def nested(self, x: Any) -> Any:
        """Use an object that this one holds."""
        return self.inner.energy(x)


@dataclass(frozen=True)
class Pair:
    """A frozen class with a method."""

    k: float

    def energy(self, x: Any) -> Any:
        """Write into an array."""
        out = np.zeros(3)
        out[0] = self.k * x[0]
        return out


class Slotted:
    """A class without a dict."""

    __slots__ = ("k",)

    def __init__(self, k: float) -> None:
        self.k = k

    def energy(self, x: Any) -> Any:
        """Write into an array."""
        out = np.zeros(3)
        out[0] = self.k * x[0]
        return out


SPRING = Spring(2.0)
SPRING.inner = Spring(4.0)
TABLE = {"fill": fill}
LISTED = [(fill, 1.0)]


def later(x: Any) -> Any:
    """Be defined after the function that calls this one."""
    return fill(x) - 1.0


def by_globals(x: Any) -> Any:
    """Use an object and classes that are globals."""
    return SPRING.energy(x) + SPRING(x) + Pair(2.0).energy(x) + Slotted(3.0).energy(x)


def test_names() -> None:
    """NumPy is found under any name, as a module, a submodule or a function."""
    assert_same(by_other_names)
    assert_same(by_import)


def test_helpers() -> None:
    """Helpers of the module see it too, also when they are defined later or call each other."""
    assert_same(by_helper)
    assert_same(lambda x: even(x, 4))


def test_closures() -> None:
    """So do lambdas, nested functions and what they close over."""
    inner = lambda x: fill(x)  # noqa: E731 -- a closure over a lambda is what is tested
    module = np

    def uses(x: Any) -> Any:
        out = module.zeros(3)
        out[0] = x[0]
        return inner(x) + out

    def itself(x: Any, n: int = 3) -> Any:
        return fill(x) if n == 0 else itself(x, n - 1) * 2

    assert_same(uses)
    assert_same(itself)


def test_defaults() -> None:
    """So do functions that are defaults."""
    assert_same(by_default)


def test_partial() -> None:
    """So do functions in a functools.partial, which stand in it as function or as argument."""
    assert_same(functools.partial(by_default, f=second))
    assert_same(functools.partial(lambda f, x: f(x), fill))


def test_decorated() -> None:
    """So do decorated functions."""
    assert_same(decorated)
    assert_same(decorated_by(3.0)(decorated))


def test_tables() -> None:
    """So do functions in dicts, lists and tuples."""
    assert_same(by_table)


def test_cached() -> None:
    """So do cached functions; the cache of the original is left alone."""
    weights.cache_clear()
    assert_same(by_cache)
    assert weights.cache_info().currsize == 1
    assert type(weights(3)) is np.ndarray


def test_methods() -> None:
    """So do methods, and what they call by self, super() and cls."""
    assert_same(SPRING.energy)
    assert_same(SPRING)
    assert_same(SPRING.nested)
    assert_same(Spring.table)
    assert_same(Spring.helper)
    assert_same(Pair(3.0).energy)
    assert_same(Slotted(3.0).energy)


def test_classes() -> None:
    """So do objects and classes that are globals of the module."""
    assert_same(by_globals)


def test_numpy_functions_themselves() -> None:
    """NumPy's own functions can be traced."""
    assert_same(np.sin)
    assert_same(np.linalg.norm)
    assert_same(np.cumsum)
    assert_same(np.vectorize(lambda t: t * t))
    assert trace_function(np.arctan2).input_names == ("x0", "x1")


def test_originals_stay() -> None:
    """The function, its globals, cells, defaults and objects are as they were."""
    module = np

    def uses(x: Any, f: Any = np.zeros) -> Any:
        global COUNTER  # noqa: PLW0603 -- what becomes of it is tested
        COUNTER += 1
        SPRING.k = 99.0
        out = module.zeros(3)
        out[0] = x[0]
        return out

    before = dict(globals())
    trace_function(uses, [X], check=False)
    assert {name: value for name, value in globals().items() if before.get(name) is not value} == {}
    assert COUNTER == 0
    assert SPRING.k == 2.0
    assert module is numpy
    assert uses.__defaults__ == (numpy.zeros,)
    assert type(np.zeros(3)) is np.ndarray


def test_nonlocal_state_stays() -> None:
    """What a function assigns to an enclosing scope stays in the copy."""
    count = 0

    def f(x: Any) -> Any:
        nonlocal count
        count += 1
        return x

    trace_function(f, check=False)
    assert count == 0


def test_names_of_copies() -> None:
    """A copy has the names, the file and the lines of the original."""
    copy = Rebinder(lambda: None).rebind(fill, globals(), direct=True)
    assert copy is not fill
    assert copy.__name__ == "fill"
    assert copy.__module__ == fill.__module__
    assert copy.__code__ is fill.__code__
    assert copy.__globals__["__name__"] == __name__
    assert isinstance(copy.__globals__["np"], NumpyShim)
    assert type(copy(X)) is np.ndarray


def test_each_thing_is_copied_once() -> None:
    """Two ways to a function lead to one copy, and cells that were shared stay shared."""
    total = 0.0

    def add(x: Any) -> Any:
        nonlocal total
        total += x
        return total

    def both(x: Any) -> Any:
        add(x)
        return total + add(x)

    rebinder = Rebinder(lambda: None)
    assert rebinder.rebind(both, globals(), direct=True)(1.0) == 3.0
    assert total == 0.0
    assert rebinder.rebind(fill, globals()) is rebinder.rebind(fill, globals())


def test_what_is_left_alone() -> None:
    """Numbers, other modules and their functions are not copied."""
    rebinder = Rebinder(lambda: None)
    error = ValueError("x")
    for thing in (1.0, threading, threading.Thread, error, ValueError, [1.0], np.float64,
                  np.random, np.random.default_rng, np.errstate, np.ndarray):  # fmt: skip
        assert rebinder.rebind(thing, globals()) is thing


def test_builtins_and_unknown_names() -> None:
    """Builtins are found, and a name that is nowhere is a NameError."""

    def f(x: Any) -> Any:
        return sum([x, len([1]), abs(-1)]) + no_such_name  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(NameError, match="no_such_name"):
        trace_function(f)


def test_threads() -> None:
    """Traces in several threads do not meet."""
    made: dict[int, Any] = {}

    def work(n: int) -> None:
        made[n] = trace_function(lambda x: fill(x) * n, [X])

    workers = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for n, graph in made.items():
        np.testing.assert_allclose(Program(graph)(X)[0], n * fill(X))


def test_shim() -> None:
    """NumPy as it is traced has NumPy's names, and keeps what it gave."""
    recorder = Recorder(100)
    shim = NumpyShim(np, lambda: recorder)
    assert shim.pi is np.pi
    assert shim.sin is shim.sin
    assert shim.sin.nin == 1
    assert shim.zeros.__name__ == "zeros"
    assert "zeros" in dir(shim)
    assert "as traced" in repr(shim)
    assert "as traced" in repr(shim.zeros)
    with pytest.raises(AttributeError):
        shim.no_such_name  # noqa: B018
