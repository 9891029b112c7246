"""Functions of `scipy.special` in traced functions: found by name, since SciPy is not imported.

Ufuncs and plain Python functions are told from others of their name by identity with what
`scipy.special` holds: a user who has such a function has imported its module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from graphad.tracing.lowering import (
    special_counts,
    special_functions,
    special_orders,
    special_polynomials,
    special_sums,
)
from graphad.tracing.lowering.registry import Lowering
from graphad.tracing.lowering.special_refusals import refusing, special_advice
from graphad.tracing.lowering.special_table import SPECIAL

FAMILIES = (special_counts, special_functions, special_orders, special_polynomials, special_sums)
"""Where the lowerings are; they enter themselves in `SPECIAL`."""


@lru_cache(maxsize=512)
def special_lowering(function: Callable[..., Any]) -> Lowering | None:
    """Return the lowering of a function of SciPy's; one that refuses for what is not supported.

    Parameters
    ----------
    function : callable
        Any function.

    Returns
    -------
    callable or None
        ``None`` for a function that is not public in `scipy.special`.
    """
    module = sys.modules.get("scipy.special")
    name = getattr(function, "__name__", None)
    if name is None and type(function).__module__ == "scipy.special._multiufuncs":
        name = next((key for key, value in vars(module).items() if value is function), None)
    if module is None or not isinstance(name, str) or isinstance(function, type):
        return None
    if getattr(module, name, None) is not function:
        return None
    found = SPECIAL.get(name)
    return refusing(special_advice(name)) if found is None else found
