"""SciPy's special functions that are ops; SciPy is not imported for them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from graphad.tracing.lowering.coerce import emit
from graphad.tracing.lowering.elementwise import elementwise_lowering
from graphad.tracing.lowering.registry import Lowering

NAMES = ("erf", "erfc")
"""Ops that are ufuncs of `scipy.special` of the same names."""


@lru_cache(maxsize=64)
def special_lowering(function: Callable[..., Any]) -> Lowering | None:
    """Return the lowering of a ufunc of SciPy's; ``None`` for any other function.

    A user who has such a ufunc has imported its module.
    """
    if not isinstance(function, np.ufunc) or function.__name__ not in NAMES:
        return None
    name = function.__name__
    if getattr(sys.modules.get("scipy.special"), name, None) is not function:
        return None
    return elementwise_lowering(function, lambda x: emit(name, x))
