"""NumPy functions that have no lowering: why, and what to write instead.

Of arrays that do not depend on an input they are worked out by NumPy while tracing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import constant_array
from graphad.tracing.lowering.registry import (
    LOWERINGS,
    Function,
    Lowering,
    present,
    spelled,
)

_TRUTH = (
    "gives a truth value that depends on an input; select by elements instead, "
    "np.where(condition, a, b)"
)
_ORDER = (
    "depends on the order of the values, which changes with the input; for the largest or smallest "
    "use np.max or np.min, for two values np.maximum and np.minimum"
)
_COUNT = (
    "gives an array whose length depends on an input; use np.where(condition, a, b), which keeps "
    "the shape"
)
_PLACE = (
    "gives a position, which jumps as the input moves; use np.max or np.min for the value itself"
)
_NAN = "skips NaN; write np.where(np.isnan(x), 0.0, x) and go on with the function without nan"
_INTEGER = "is for integers, which have no derivatives"
_BINS = "counts values in bins, which has no derivative; use smooth weights of the values"
_IN_PLACE = "writes into its argument; assign instead, as in x[index] = new"
_EIGEN = (
    "of a matrix that need not be symmetric is not supported; of a symmetric one use "
    "np.linalg.eigh or np.linalg.eigvalsh"
)
_OUTPUT = "needs numbers, not a traced array; call it outside the traced function"
_MEMORY = "asks about memory, which traced arrays do not have"
_CALLS = "calls a function for each part; call the function on whole arrays instead"
_SETS = "compares values with each other as a set, which has no derivative"

_ADVICE: Mapping[str, str] = {
    "sort_complex": _ORDER,
    "unique": _SETS,
    "unique_all": _SETS,
    "unique_counts": _SETS,
    "unique_inverse": _SETS,
    "unique_values": _SETS,
    "union1d": _SETS,
    "intersect1d": _SETS,
    "setdiff1d": _SETS,
    "setxor1d": _SETS,
    "nonzero": _COUNT,
    "flatnonzero": _COUNT,
    "argwhere": _COUNT,
    "trim_zeros": _COUNT,
    "histogram": _BINS,
    "histogram2d": _BINS,
    "histogramdd": _BINS,
    "histogram_bin_edges": _BINS,
    "nextafter": "asks about rounding, which has no derivative",
    "spacing": "asks about rounding, which has no derivative",
    "gcd": _INTEGER,
    "lcm": _INTEGER,
    "left_shift": _INTEGER,
    "right_shift": _INTEGER,
    "bitwise_count": _INTEGER,
    "packbits": _INTEGER,
    "unpackbits": _INTEGER,
    "ravel_multi_index": _INTEGER,
    "unravel_index": _INTEGER,
    "sinc": (
        "has no right higher derivatives at 0 as a quotient; where x is not 0, write "
        "np.sin(np.pi * x) / (np.pi * x)"
    ),
    "i0": "is not supported; write its series or its integral",
    "piecewise": "is not supported; use np.where, or np.select for many pieces",
    "apply_along_axis": _CALLS,
    "apply_over_axes": _CALLS,
    "cov": "is not supported; write d = x - x.mean(axis=1, keepdims=True) and d @ d.T / (n - 1)",
    "corrcoef": "is not supported; write it with the covariance, d @ d.T / (n - 1)",
    "vander": "is not supported; write x[:, None] ** np.arange(n)",
    "put": _IN_PLACE,
    "place": _IN_PLACE,
    "putmask": _IN_PLACE,
    "put_along_axis": _IN_PLACE,
    "copyto": _IN_PLACE,
    "fill_diagonal": f"{_IN_PLACE}, with x[np.arange(n), np.arange(n)] = new",
    "shares_memory": _MEMORY,
    "may_share_memory": _MEMORY,
    "save": _OUTPUT,
    "savez": _OUTPUT,
    "savez_compressed": _OUTPUT,
    "savetxt": _OUTPUT,
    "array2string": _OUTPUT,
    "linspace": "with traced ends is not supported; write start + (stop - start) * t, t = "
    "np.linspace(0.0, 1.0, n) being fixed",
    "geomspace": "with traced ends is not supported; write start * (stop / start) ** t, t = "
    "np.linspace(0.0, 1.0, n) being fixed",
    "logspace": "with traced ends is not supported; write 10.0 ** (start + (stop - start) * t), "
    "t = np.linspace(0.0, 1.0, n) being fixed",
    "linalg.eig": _EIGEN,
    "linalg.eigvals": _EIGEN,
    "linalg.matrix_rank": "gives a rank, which has no derivative",
}

_REFUSED: Mapping[Function, str] = {
    function: f"{spelled(function)} {advice}"
    for name, advice in _ADVICE.items()
    for function in present(name)
}

_MODULES: Mapping[str, str] = {
    "numpy.fft": "is not supported; write the transform as a product with a fixed matrix",
    "numpy.random": (
        "gives other numbers each time, and a graph holds none of them; "
        "draw outside the traced function and pass the numbers in"
    ),
    "numpy.linalg": "is not supported; there are solve, inv, det, cholesky, qr, eigh, svd, norm, @",
    "numpy.polynomial": "is not supported; use np.polyval, or sums of powers",
    "numpy.ma": "makes masked arrays; use np.where",
    "numpy.strings": "is for strings",
    "numpy.char": "is for strings",
}


def refusal(function: Function) -> str | None:
    """Return why a function cannot be traced and what to write instead.

    Parameters
    ----------
    function : callable
        A NumPy function.

    Returns
    -------
    str or None
        ``None`` for a function of which nothing is known.

    Examples
    --------
    >>> import numpy as np
    >>> refusal(np.signbit)
    'np.signbit is not supported; write x < 0'
    """
    if function in _REFUSED:
        return _REFUSED[function]
    if function in LOWERINGS:
        return None
    module: str = getattr(function, "__module__", None) or type(function).__module__
    for prefix, advice in _MODULES.items():
        if module == prefix or module.startswith((f"{prefix}.", f"{prefix}._")):
            return f"{spelled(function)} {advice}"
    return None


def _known(x: Any) -> Any:
    """Return an argument with constants in place of values.

    Raises
    ------
    LookupError
        If it depends on an input.
    """
    if isinstance(x, list | tuple):
        return type(x)([_known(item) for item in x])
    if isinstance(x, Value):
        array = constant_array(x)
        if array is None:
            raise LookupError
        return array
    return x


def _only_constants(function: Function, message: str) -> Lowering:
    def lowering(builder: Builder, *args: Any, **kwargs: Any) -> Any:
        try:
            fixed = [_known(arg) for arg in args]
            options = {key: _known(value) for key, value in kwargs.items()}
        except LookupError:
            raise TraceError(message) from None
        return function(*fixed, **options)

    return lowering


for _function, _message in _REFUSED.items():
    if _IN_PLACE in _message:
        continue
    LOWERINGS.enter(_function, _only_constants(_function, _message))
