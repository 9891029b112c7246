"""Functions of installed packages are named as users write them, with the user's line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import interpolate, linalg, ndimage

import graphad as ga
from graphad.tracing.packages import called_function, public_name
from graphad.tracing.recorder import spelled_as

X = np.array([0.5, 1.0, 2.0])


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: ndimage.uniform_filter(x, 2), "scipy.ndimage.uniform_filter"),
        (lambda x: ndimage.gaussian_filter(x, 2.0), "scipy.ndimage.gaussian_filter"),
        (lambda x: interpolate.NdPPoly(x, [x]), "scipy.interpolate.NdPPoly"),
    ],
)
def test_named(function: Callable[[Any], Any], name: str) -> None:
    """The function is named that the user's line calls, not what it calls in turn."""
    message = f"test_packages.py:.* plain array: {name} is not traced\n    "
    with pytest.raises(ga.TraceError, match=message) as caught:
        ga.trace(function, X)
    assert "graphad.primitive" in str(caught.value)


def test_named_where_it_is_refused_at_once() -> None:
    """A function of a private module is named by the public one."""
    assert spelled_as(linalg.hessenberg) == "scipy.linalg.hessenberg"
    assert spelled_as(np.linalg.norm) == "np.linalg.norm"


@pytest.mark.parametrize(
    ("module", "qualified", "name"),
    [
        ("scipy.ndimage._filters", "uniform_filter", "scipy.ndimage.uniform_filter"),
        ("scipy.ndimage", "uniform_filter", "scipy.ndimage.uniform_filter"),
        ("scipy.interpolate._cubic", "CubicSpline.__init__", "scipy.interpolate.CubicSpline"),
        ("scipy.interpolate._cubic", "_private", None),
        ("scipy.interpolate._cubic", "wrapper.<locals>.inner", None),
        ("no.such.module", "function", None),
        ("", "function", None),
    ],
)
def test_public_name(module: str, qualified: str, name: str | None) -> None:
    """Names are public ones, that exist; others are not made up."""
    assert public_name(module, qualified) == name


def test_no_package() -> None:
    """Where no package's function runs between the user's line and graphad there is no name."""
    assert called_function() is None
