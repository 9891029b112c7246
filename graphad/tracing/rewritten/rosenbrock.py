"""The function that minimisers are tried with, `scipy.optimize.rosen`."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["rosen"]


def rosen(x: Any) -> Any:
    """Return the function of H. H. Rosenbrock (1960), of the first axis."""
    p = np.asarray(x) * 1.0
    return np.sum(100.0 * (p[1:] - p[:-1] ** 2.0) ** 2.0 + (1 - p[:-1]) ** 2.0, axis=0)
