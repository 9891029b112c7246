"""A clamped plate under a load, solved by a network that knows the equation ΔΔu = q.

The loss is the residual of the equation at points inside. The biharmonic of the network costs 9
vectors through each layer (for 2 coordinates), and is one graph with inputs for the weights, so
that the gradient of the loss by the weights is one `diff` more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

import graphad as ga

Array = NDArray[np.float64]

WIDTH, SIDE, STEPS = 12, 6, 250


def deflection(p: Array, w: Array, b: Array, w2: Array, b2: Array, v: Array) -> Array:
    """Return the network's deflection at (x, y); it and its slope are 0 where the plate ends."""
    x, y = p
    clamped = (x * (1 - x) * y * (1 - y)) ** 2
    hidden = np.tanh(p @ w + b)
    return 16.0 * clamped * (np.tanh(hidden @ w2 + b2) @ v)


def exact(p: Array) -> Array:
    """Return the deflection that `load` is made for."""
    return (np.sin(np.pi * p[:, 0]) * np.sin(np.pi * p[:, 1])) ** 2


def load(p: Array) -> Array:
    """Return ΔΔ of `exact`: with c = cos 2πx, d = cos 2πy it is 4π⁴·(4cd - c - d)."""
    c, d = np.cos(2 * np.pi * p.T)
    return 4 * np.pi**4 * (4 * c * d - c - d)


class Found(NamedTuple):
    """Losses, errors, and the biharmonic in two ways."""

    collapsed: Array
    nested: Array
    operations: tuple[int, int, int]
    losses: tuple[float, float]
    gradient: float
    differences: float
    error: float


def main() -> Found:
    """Derive the biharmonic, check it, and fit the network to the equation."""
    draw = np.random.default_rng(0)
    shapes = [(2, WIDTH), (WIDTH,), (WIDTH, WIDTH), (WIDTH,), (WIDTH,)]
    weights = [draw.normal(size=shape) / np.sqrt(max(1, shape[0] / 2)) for shape in shapes]
    middle = np.array([0.4, 0.7])

    network = ga.trace(deflection, middle, *weights)
    bent = network.biharmonic(wrt="p")
    fourth = network.diff("p", order=4)
    collapsed = bent(middle, *weights)
    nested = np.einsum("iijj->", fourth(middle, *weights))
    operations = (network.cost().total, bent.cost().total, fourth.cost().total)
    print(f"ΔΔu at {middle}: {collapsed}, by four nested derivatives {nested}")
    print("operations: u {}, ΔΔu {}, all fourth derivatives {}\n".format(*operations))

    grid = (np.arange(SIDE) + 0.5) / SIDE
    points = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
    everywhere = bent.batch(len(points), wrt="p")
    wanted = load(points)

    def residual(w: Array, b: Array, w2: Array, b2: Array, v: Array) -> Array:
        return np.mean((everywhere(points, w, b, w2, b2, v) / wanted.std() - scaled) ** 2)

    scaled = wanted / wanted.std()
    loss = ga.trace(residual, *weights)
    both = loss.value_and_diff()
    ends = np.cumsum([array.size for array in weights])[:-1]

    def split(flat: Array) -> list[Array]:
        parts = np.split(flat, ends)
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def objective(flat: Array) -> tuple[float, Array]:
        value, slopes = both(*split(flat))
        return float(value), np.concatenate([slope.ravel() for slope in slopes])

    start = np.concatenate([array.ravel() for array in weights])
    first, slope = objective(start)
    along = draw.normal(size=start.shape)
    step = 1e-5 * along
    differences = (objective(start + step)[0] - objective(start - step)[0]) / 2e-5
    fitted = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    print(f"loss {first:.3g} at the start, {fitted.fun:.3g} after {fitted.nit} steps")

    test = draw.uniform(size=(400, 2))
    error = np.abs(network(test, *split(fitted.x)) - exact(test)).max()
    print(f"largest error of u at 400 other points {error:.2g}, where u goes up to 1")
    losses = (first, float(fitted.fun))
    return Found(collapsed, nested, operations, losses, float(slope @ along), differences, error)


if __name__ == "__main__":
    main()
