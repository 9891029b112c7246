"""SciPy's sparse arrays made again and again with other values."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from graphad.op import Array


def with_values(model: Any, values: Array) -> Any:
    """Return a sparse array like another, with values of its own.

    SciPy checks indices whenever it makes an array of them. Those of `model` were checked when it
    was made; they are copied, so that the result may be changed like any other.

    Parameters
    ----------
    model : scipy.sparse.csr_array or scipy.sparse.coo_array
        Left as it is.
    values : numpy.ndarray, shape (nnz,)
        In the order of those of `model`; not copied.

    Examples
    --------
    >>> from scipy import sparse
    >>> model = sparse.csr_array(np.eye(2))
    >>> made = with_values(model, np.array([3.0, 4.0]))
    >>> made.toarray().tolist(), model.toarray().tolist()
    ([[3.0, 0.0], [0.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
    """
    made = copy.copy(model)
    for name, part in vars(model).items():
        if isinstance(part, np.ndarray):
            setattr(made, name, part.copy() if part is not model.data else values)
        elif isinstance(part, tuple) and any(isinstance(item, np.ndarray) for item in part):
            setattr(made, name, tuple([np.array(item) for item in part]))
    return made
