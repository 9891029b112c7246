"""Functions of SciPy's in traced functions, of whichever module: `scipy_lowering` finds them.

SciPy is not imported for it: who has a function has imported its module. A function is known by
the public name that its module gives it.
"""

from __future__ import annotations

import sys
from functools import lru_cache

from graphad.tracing.lowering.registry import Function, Lowering
from graphad.tracing.lowering.scipy_fourier import scipy_fourier_lowering
from graphad.tracing.lowering.scipy_linalg import scipy_linalg_lowering
from graphad.tracing.lowering.scipy_refusals import scipy_advice
from graphad.tracing.lowering.special import special_lowering
from graphad.tracing.lowering.special_refusals import refusing
from graphad.tracing.lowering.stats import stats_lowering
from graphad.tracing.rewritten import REWRITTEN, Rewritten

_BY_MODULE = (special_lowering, scipy_fourier_lowering, scipy_linalg_lowering, stats_lowering)


def scipy_lowering(function: Function) -> Lowering | Rewritten | None:
    """Return the lowering of a function of SciPy's; one that refuses for what is not supported.

    Parameters
    ----------
    function : callable
        What a traced function calls.

    Returns
    -------
    callable or Rewritten or None
        ``None`` for a function that is not SciPy's.
    """
    for find in _BY_MODULE:
        found = find(function)
        if found is not None:
            return found
    name = public_name(function)
    if name is None:
        return None
    rewritten = REWRITTEN.get(name)
    return refusing(scipy_advice(name)) if rewritten is None else Rewritten(name, rewritten)


@lru_cache(maxsize=64)
def public_name(function: Function) -> str | None:
    """Return the name by which users import a function of SciPy's; ``None`` for any other.

    Examples
    --------
    >>> import scipy.linalg
    >>> public_name(scipy.linalg.expm), public_name(sorted)
    ('scipy.linalg.expm', None)
    """
    place = getattr(function, "__module__", None)
    name = getattr(function, "__name__", None)
    if not isinstance(place, str) or not isinstance(name, str) or not place.startswith("scipy."):
        return None
    parts = place.split(".")
    for end in range(len(parts), 1, -1):
        module = ".".join(parts[:end])
        if "._" not in module and getattr(sys.modules.get(module), name, None) is function:
            return f"{module}.{name}"
    return f"{'.'.join(parts[:2])}.{name}"


def callback_advice(function: Function) -> str | None:
    """Return what to write instead of a function that calls one of the user's; or ``None``.

    Examples
    --------
    >>> import scipy.integrate
    >>> callback_advice(scipy.integrate.quad)[:53]
    'scipy.integrate.quad chooses its points by the values'
    """
    name = public_name(function)
    if name is None or not name.startswith(("scipy.integrate.", "scipy.optimize.")):
        return None
    return scipy_advice(name)
