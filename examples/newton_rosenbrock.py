"""Newton's method on Rosenbrock's function, with derivatives that are graphs.

A graph is a callable, so `scipy.optimize.minimize` takes the gradient, the Hessian and the product
of Hessian and vector as they are. Needs SciPy: ``pip install "graphad[examples]"``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

import graphad as ga

START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])


def rosenbrock(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Rosenbrock's function: a curved valley with its minimum, 0, at (1, …, 1)."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def plain_newton(graph: ga.Graph, x: NDArray[np.float64], steps: int) -> list[float]:
    """Take full Newton steps and return the length of the gradient after each."""
    gradient = graph.diff()
    hessian = gradient.diff()
    lengths = []
    for _ in range(steps):
        x = x - np.linalg.solve(hessian(x), gradient(x))
        lengths.append(float(np.linalg.norm(gradient(x))))
    return lengths


def main() -> dict[str, OptimizeResult]:
    """Minimise in three ways."""
    f = ga.trace(rosenbrock, START)
    gradient = f.diff()
    hessian = gradient.diff()
    product = f.hvp()  # (x, v) -> H(x)·v, without the matrix
    print(f"the gradient takes {gradient.cost().total} operations, the function {f.cost().total},")
    print(
        f"the Hessian {hessian.cost().total}, and its product with a vector {product.cost().total}"
    )

    given = {"x0": START, "jac": gradient, "tol": 1e-8}
    found = {
        "Newton-CG": minimize(f, hess=hessian, method="Newton-CG", **given),
        "trust-exact": minimize(f, hess=hessian, method="trust-exact", **given),
        "trust-krylov": minimize(f, hessp=product, method="trust-krylov", **given),
    }
    for method, result in found.items():
        print(f"\n{method}: {result.message}")
        print(f"  {result.nit} steps to x = {result.x}, f = {result.fun:.2e}")

    print("\nNear the minimum, each Newton step doubles the digits; lengths of the gradient:")
    for length in plain_newton(f, np.full(5, 1.03), 5):
        print(f"  {length:.1e}")
    return found


if __name__ == "__main__":
    main()
