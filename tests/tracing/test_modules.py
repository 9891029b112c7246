"""Functions and classes of the user's other modules are traced as those of the function's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests import tracing
from tests.tracing import elsewhere
from tests.tracing.elsewhere import STEPS, Turn, filled, pair

X = np.array([0.3, 0.7])
TURN = Turn(0.5)


class Chain:
    """Things of the other module, held in several ways."""

    def __init__(self) -> None:
        self.turn = TURN
        self.steps = {"pair": pair, "both": [pair, filled]}

    def turned(self, x: Any) -> Any:
        """Turn a vector."""
        return self.turn @ x + Turn(x[0]) @ x

    def by_name(self, x: Any) -> Any:
        """Take a function from a dictionary."""
        return self.steps["pair"](x[1], x[0] ** 2) + self.steps["both"][1](x[0])


CHAIN = Chain()
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "by its name": lambda x: pair(x[1], x[0] ** 2),
    "of the module": lambda x: elsewhere.pair(x[1], x[0] ** 2),
    "of the package": lambda x: tracing.elsewhere.filled(x[0] ** 2),
    "a class": lambda x: Turn(x[0]) @ x,
    "a class of the module": lambda x: elsewhere.Turn(x[0]).matrix() @ x,
    "an object": lambda x: TURN @ x**2,
    "held by an object": CHAIN.turned,
    "held by name": CHAIN.by_name,
    "in a named tuple": lambda x: STEPS.first(x[1], x[0] ** 2) + STEPS.second[0](x[0]),
    "partial": partial(Turn.__matmul__, TURN),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_traced(name: str) -> None:
    """The derivative is right, and the value is that of plain NumPy."""
    function = FUNCTIONS[name]
    graph = ga.trace(function, X)
    np.testing.assert_allclose(graph(X), function(X), rtol=1e-15)
    steps = 1e-6 * np.eye(2)
    slopes = [(function(X + step) - function(X - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(graph.diff()(X), np.stack(slopes, axis=1), atol=1e-8)


def test_modules_stay_as_they_are() -> None:
    """What traced functions set in a module is theirs; NumPy's names in it are NumPy's."""

    def scaled(x: Any) -> Any:
        return elsewhere.counted(x) + isinstance(TURN, Turn)

    before = elsewhere.calls
    assert ga.trace(scaled, 1.0, check=False)(3.0) == 7.0
    assert elsewhere.calls == before
    assert elsewhere.array is np.array
    assert TURN.angle == 0.5


def test_settings_are_set_where_they_are_seen() -> None:
    """A function may set a value of a module for itself."""

    def scaled(x: Any) -> Any:
        elsewhere.GAIN = x
        gain = elsewhere.GAIN
        return x * gain

    assert ga.trace(scaled, 1.0, check=False)(3.0) == 9.0
    assert elsewhere.GAIN == 2.0
    assert "GAIN" in dir(elsewhere)


def test_installed_packages_are_not_reached() -> None:
    """A package that has been installed is not the user's to change: it is left as it is."""
    module = elsewhere.installed()
    with pytest.raises(ga.TraceError, match="in an installed package, which a trace does not"):
        ga.trace(lambda x: module.pair(x, x), 1.0)
    handed = ga.trace(partial(module.pair, 1.0), 2.0)
    np.testing.assert_array_equal(handed(3.0), [1.0, 3.0])


def test_a_trace_inside_a_trace() -> None:
    """A module that a traced function holds in a variable is traced in a trace within too."""

    def slopes(x: Any) -> Any:
        module = elsewhere
        inner = ga.trace(lambda y: module.filled(y**3) + module.pair(y, y), 1.0)
        return inner.diff()(x[0]) * x

    graph = ga.trace(slopes, X)
    np.testing.assert_allclose(graph(X), [(3 * 0.3**2 + 1) * 0.3, 0.7], rtol=1e-14)
    assert graph.diff()(X).shape == (2, 2)
