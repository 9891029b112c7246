"""Which of SciPy's functions a traced function may call: docs/scipy.md is made of this.

``python -m graphad.tracing.scipy_coverage`` prints the document.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from graphad.tracing.lowering.scipy_fourier import SCIPY_FOURIER
from graphad.tracing.lowering.scipy_linalg import SCIPY_LINALG
from graphad.tracing.lowering.stats import FAMILIES, MULTIVARIATE
from graphad.tracing.lowering.stats_table import Family
from graphad.tracing.rewritten import REWRITTEN

_NOTES: Mapping[str, str] = {
    "scipy.linalg.eigh": "eigenvalues only; `np.linalg.eigh` gives eigenvectors",
    "scipy.linalg.expm": (
        "scaling and squaring; right with its derivatives, stacks too; NaN for norms over 4096"
    ),
    "scipy.linalg.lstsq": "of full rank, without `cond=`",
    "scipy.linalg.qr": "of square and wide matrices, or `mode='economic'`; no pivoting",
    "scipy.linalg.solve_banded": "the matrix is made whole",
    "scipy.linalg.solveh_banded": "the matrix is made whole",
    "scipy.linalg.solve_sylvester": "by a product of Kronecker: for small matrices",
    "scipy.linalg.solve_continuous_lyapunov": "by a product of Kronecker: for small matrices",
    "scipy.linalg.solve_discrete_lyapunov": "by a product of Kronecker: for small matrices",
    "scipy.linalg.solve_toeplitz": "the matrix is made whole",
    "scipy.linalg.matmul_toeplitz": "the matrix is made whole",
    "scipy.linalg.solve_circulant": "of vectors; the matrix is made whole",
    "scipy.integrate.fixed_quad": "of any traced function",
    "scipy.spatial.distance.cdist": (
        "`euclidean`, `sqeuclidean`, `cityblock`, `chebyshev`, `minkowski`, `cosine`"
    ),
    "scipy.spatial.distance.pdist": "as `cdist`",
}

_HEAD = """# SciPy in traced functions

Functions of `scipy.special` are listed in [special.md](special.md). These are traced beyond them,
however they are imported: as `from scipy.stats import norm`, as `stats.norm`, inside of the
function or outside. Calls without traced arguments are SciPy's own, of any function. What is not
here is refused by its name, with an error that says what to write instead: searches and adaptive
integration (`scipy.optimize`, `quad`, `solve_ivp`) are `graphad.implicit`, sums of fixed nodes,
`graphad.scan`, or a `graphad.primitive`. graphad does not import these modules.

Made by `python -m graphad.tracing.scipy_coverage`; a test compares.

## Distributions of `scipy.stats`

```python
import numpy as np
from scipy.stats import norm
import graphad as ga

def call(s, k, t, r, sigma):
    d1 = (np.log(s / k) + (r + sigma**2 / 2) * t) / (sigma * np.sqrt(t))
    return s * norm.cdf(d1) - k * np.exp(-r * t) * norm.cdf(d1 - sigma * np.sqrt(t))

ga.trace(call, 100.0, 95.0, 1.0, 0.05, 0.2).diff("s", order=2)  # gamma
```

Shapes, `loc` and `scale` are given by place or by name, and in `norm(loc, scale).logpdf(x)`, in
the function or outside. Values are SciPy's: outside of the support, where derivatives are 0, and
NaN for parameters that are not allowed. Values and derivatives of orders 1 to 4 are within 1e-12 of
definitions in 90 digits, tails of the normal distribution among them. They are differentiated by
the argument, `loc`, `scale` and, in densities, the shapes; there is no derivative of distribution
functions by the shapes of gamma, beta and t. `logcdf` and `logsf` are computed from the nearer end.

"""
_COUNTS = """
For distributions of whole numbers the counts are fixed, or an argument that is not differentiated:
between counts there is nothing. `multivariate_normal` takes `mean` and `cov` (a matrix, variances
or a number) as SciPy does, and factorises the covariance by Cholesky's method: it must be positive
definite, and its lower triangle is read.

Methods that draw numbers (`rvs`), fit, or integrate (`fit`, `expect`), moments (`mean`, `std`) of
traced parameters, and all other distributions are refused.
"""

_SPLINES = """
## `scipy.interpolate`

Piecewise polynomials that are made of fixed values, `CubicSpline`, `PchipInterpolator`,
`Akima1DInterpolator`, `PPoly`, `BSpline` of one function and what `make_interp_spline` gives, are
called with traced places, in and outside of the traced function; so are their derivatives and
antiderivatives. At a break, the piece on its right counts. For splines of traced heights multiply
with those of the columns of the identity: `CubicSpline(x, np.eye(n))(t) @ y`.
"""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _family(name: str, family: Family) -> str:
    methods = ", ".join([f"`{method}`" for method in sorted(family.formulas)])
    return _row(f"`{name}`", ", ".join([f"`{shape}`" for shape in family.shapes]), methods)


def _table(heading: str, place: str, names: Iterable[str]) -> list[str]:
    rows = [_row(f"`{name}`", _NOTES.get(f"{place}.{name}", "")) for name in sorted(names)]
    return [f"\n## {heading}\n", "| function | of note |", "|---|---|", *rows]


def document() -> str:
    """Return the tables as Markdown."""

    def rewritten(place: str) -> list[str]:
        return [name.rpartition(".")[2] for name in REWRITTEN if name.rpartition(".")[0] == place]

    several = [
        _row(f"`{name}`", "`mean`, `cov`", ", ".join([f"`{method}`" for method in methods]))
        for name, methods in MULTIVARIATE.items()
    ]
    lines = [
        _HEAD + "| distribution | shapes | methods |",
        "|---|---|---|",
        *[_family(name, family) for name, family in FAMILIES.items()],
        *several,
        _COUNTS.rstrip("\n"),
        *_table("`scipy.linalg`", "scipy.linalg", {*SCIPY_LINALG, *rewritten("scipy.linalg")}),
        *_table("`scipy.integrate`", "scipy.integrate", rewritten("scipy.integrate")),
        *_table(
            "`scipy.spatial.distance`",
            "scipy.spatial.distance",
            rewritten("scipy.spatial.distance"),
        ),
        *_table("`scipy.optimize`", "scipy.optimize", rewritten("scipy.optimize")),
        _SPLINES.rstrip("\n"),
        *_table("`scipy.fft`", "scipy.fft", SCIPY_FOURIER),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
