"""NumPy for functions that are traced: ``import graphad.numpy as np``.

Outside of a trace everything here is NumPy's. Inside of one, arrays that are made here can hold
traced values. Functions whose own module says ``import numpy as np`` need not change: while they
are traced, that name is bound to this. Import it in other modules that traced functions call.

Examples
--------
>>> import graphad.numpy as np
>>> np.zeros(2)
array([0., 0.])
"""

from __future__ import annotations

from typing import Any

import numpy

from graphad.tracing.shim import NumpyShim
from graphad.tracing.trace import ACTIVE

_SHIM = NumpyShim(numpy, ACTIVE.get)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(_SHIM, name)


def __dir__() -> list[str]:
    return dir(numpy)
