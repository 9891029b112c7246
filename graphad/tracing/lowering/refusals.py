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

_COUNT = (
    "gives an array whose length depends on an input; use np.where(condition, a, b), which keeps "
    "the shape"
)
_INTEGER = "is for integers, which have no derivatives; work it out before, and pass the result in"
_BINS = "counts values in bins, which has no derivative; use smooth weights of the values"
_EIGEN = (
    "of a matrix that need not be symmetric is not supported; of a symmetric one use "
    "np.linalg.eigh or np.linalg.eigvalsh"
)
_DATES = "is for dates, which have no derivatives; pass numbers in, such as counts of days"
_ROUNDING = "asks about rounding, which has no derivative; add the small number that is meant"
_EMATH = ("arccos", "arcsin", "arctanh", "log", "log10", "log2", "logn", "power", "sqrt")
_COMPLEX = (
    "gives complex numbers where the values of an input ask for them; write the function of np "
    "itself, of x.astype(np.complex128) if complex results are wanted"
)
_OUTPUT = "needs numbers, not a traced array; call it outside the traced function"
_SETS = (
    "compares values with each other as a set, which has no derivative; np.sort keeps the "
    "shape, and np.isin tests elements"
)

_ADVICE: Mapping[str, str] = {
    "sort_complex": "is not supported; write np.sort(x.astype(np.complex128))",
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
    "trim_zeros": "gives an array whose length depends on an input, and np.poly1d calls it; for a "
    "polynomial write np.polyval(coefficients, x), and otherwise np.where, which keeps the shape",
    "histogram": _BINS,
    "histogram2d": _BINS,
    "histogramdd": _BINS,
    "histogram_bin_edges": _BINS,
    "nextafter": _ROUNDING,
    "spacing": _ROUNDING,
    "gcd": _INTEGER,
    "lcm": _INTEGER,
    "left_shift": _INTEGER,
    "right_shift": _INTEGER,
    "bitwise_count": _INTEGER,
    "packbits": _INTEGER,
    "unpackbits": _INTEGER,
    "save": _OUTPUT,
    "savez": _OUTPUT,
    "savez_compressed": _OUTPUT,
    "savetxt": _OUTPUT,
    "roots": "has no derivative where roots meet; follow one root by Newton's method, "
    "x - np.polyval(p, x) / np.polyval(np.polyder(p), x)",
    "polydiv": "gives a remainder whose length depends on an input; write out the division",
    "isnat": _DATES,
    "is_busday": _DATES,
    "busday_count": _DATES,
    "busday_offset": _DATES,
    "datetime_as_string": _DATES,
    **dict.fromkeys([f"lib.scimath.{name}" for name in _EMATH], _COMPLEX),
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
    "numpy.random": (
        "gives other numbers each time, and a graph holds none of them; "
        "draw outside the traced function and pass the numbers in"
    ),
    "numpy.linalg": "is not supported; there are solve, inv, det, cholesky, qr, eigh, svd, norm, @",
    "numpy.lib.recfunctions": "is for structured arrays; trace functions of plain arrays",
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
    >>> refusal(np.gcd)
    'np.gcd is for integers, which have no derivatives; work it out before, and pass the result in'
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
    LOWERINGS.enter(_function, _only_constants(_function, _message))
