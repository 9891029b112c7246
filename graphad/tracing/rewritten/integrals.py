"""Functions of `scipy.integrate` that integrate what is given at points."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["cumulative_trapezoid", "fixed_quad", "romb", "simpson", "trapezoid"]


def _steps(y: Any, x: Any, dx: Any, axis: int) -> Any:
    """Return distances of points along the last axis, to multiply with values there."""
    if x is None:
        return dx
    places = np.asarray(x)
    if places.ndim > 1:
        places = np.moveaxis(np.broadcast_to(places, y.shape), axis, -1)
    return places[..., 1:] - places[..., :-1]


def _panels(y: Any, x: Any, dx: Any, axis: int) -> Any:
    last = np.moveaxis(y, axis, -1)
    return _steps(y, x, dx, axis) * (last[..., 1:] + last[..., :-1]) / 2.0


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Return the integral by the trapezoidal rule."""
    return np.sum(_panels(np.asarray(y), x, dx, axis), axis=-1)


def cumulative_trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None
) -> Any:
    """Return the integral up to each point by the trapezoidal rule."""
    if initial not in (None, 0):
        raise ValueError("`initial` must be `None` or `0`.")
    sums = np.cumsum(_panels(np.asarray(y), x, dx, axis), axis=-1)
    if initial is not None:
        sums = np.concatenate([np.zeros((*sums.shape[:-1], 1)), sums], axis=-1)
    return np.moveaxis(sums, -1, axis)


def simpson(y: Any, x: Any = None, *, dx: Any = 1.0, axis: int = -1) -> Any:
    """Return the integral by Simpson's rule, of points that need not be evenly spaced.

    Of an even number of points, the last panel is that of the parabola through the last three
    (K. V. Cartwright, 2017).
    """
    values = np.moveaxis(np.asarray(y), axis, -1)
    count = values.shape[-1]
    steps = _steps(np.asarray(y), x, dx, axis)
    h = steps if x is not None else dx * np.ones(count - 1)
    if count == 2:
        return 0.5 * h[..., 0] * (values[..., 0] + values[..., 1])
    even = count - 1 - (count - 1) % 2
    first, second = h[..., 0:even:2], h[..., 1:even:2]
    ratio = first / second
    parts = (
        (first + second)
        / 6.0
        * (
            values[..., 0 : even - 1 : 2] * (2.0 - 1.0 / ratio)
            + values[..., 1:even:2] * (first + second) ** 2 / (first * second)
            + values[..., 2 : even + 1 : 2] * (2.0 - ratio)
        )
    )
    total = np.sum(parts, axis=-1)
    if even == count - 1:
        return total
    a, b = h[..., -2], h[..., -1]
    near = (2 * b**2 + 3 * a * b) / (6 * (a + b))
    middle = (b**2 + 3 * a * b) / (6 * a)
    far = b**3 / (6 * a * (a + b))
    return total + near * values[..., -1] + middle * values[..., -2] - far * values[..., -3]


def romb(y: Any, dx: Any = 1.0, axis: int = -1, show: bool = False) -> Any:
    """Return the integral by Romberg's scheme, of 2ᵏ + 1 points."""
    if show:
        raise NotImplementedError("show= prints a table; leave it out")
    values = np.moveaxis(np.asarray(y), axis, -1)
    panels = values.shape[-1] - 1
    levels = panels.bit_length() - 1
    if panels < 1 or panels != 1 << levels:
        raise ValueError("Number of samples must be one plus a non-negative power of 2.")
    row = [(values[..., 0] + values[..., -1]) / 2.0 * panels * dx]
    for level in range(1, levels + 1):
        step = panels >> level
        inner = np.sum(values[..., step :: 2 * step], axis=-1) * step * dx
        refined = [row[0] / 2.0 + inner]
        for power in range(1, level + 1):
            change = refined[-1] - row[power - 1]
            refined.append(refined[-1] + change / (4.0**power - 1.0))
        row = refined
    return row[-1]


def fixed_quad(func: Any, a: Any, b: Any, args: Any = (), n: int = 5) -> Any:
    """Return the integral of a function by Gauss's quadrature with `n` points."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    places = (b - a) * (nodes + 1.0) / 2.0 + a
    return (b - a) / 2.0 * np.sum(weights * func(places, *args), axis=-1), None
