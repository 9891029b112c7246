"""Functions of NumPy that move elements, or add up products of them.

NumPy's own code runs on numbers of any kind in arrays of objects: that is the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.acceptance.numpy_definitions import MP, Entry

_PLACES = np.array([3, 0, 2])
_MASK = np.array([True, False, True, True, False])
_RAMP = np.arange(1.0, 6.0)


def _itself(call: Callable[[Any], Any]) -> Entry:
    """NumPy's function on arrays of objects."""

    def plain(v: list[Any]) -> list[Any]:
        made = np.empty(len(v), object)
        made[:] = v
        return [MP.mpf(x) for x in np.ravel(call(made))]

    return Entry(call, plain)


def _joined(parts: Any) -> Any:
    """Some arrays with weights that tell their places apart."""
    return np.concatenate([np.ravel(part) * (i + 1) for i, part in enumerate(parts)])


def _changed(change: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """What a function that writes into its first argument leaves there."""

    def call(x: Any) -> Any:
        y = x * 1
        change(y, x)
        return y * x

    return call


def _filled_diagonal(x: Any) -> Any:
    y = np.outer(x, x)
    np.fill_diagonal(y, x[0] ** 3)
    return y


def _into_empty(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(x: Any) -> Any:
        y = make(x)
        y[...] = x**2
        return y * x

    return call


def _square(x: Any) -> Any:
    return np.outer(x, x * x) + np.outer(_RAMP, x)


_CALLS: dict[str, Callable[[Any], Any]] = {
    # joined and taken apart
    "append": lambda x: np.append(x, x**2),
    "array_split": lambda x: _joined(np.array_split(x**2, 3)),
    "block": lambda x: np.block([[np.outer(x, x), x[:, None]], [x[None, :] ** 2, x[:1]]]),
    "column_stack": lambda x: np.column_stack([x, x**2]),
    "concatenate": lambda x: np.concatenate([x, x**2, x[::-1]]),
    "dsplit": lambda x: _joined(np.dsplit(x[:4].reshape(1, 1, 4) ** 2, 2)),
    "dstack": lambda x: np.dstack([x, x**2]),
    "hsplit": lambda x: _joined(np.hsplit(np.outer(x, x), [2])),
    "hstack": lambda x: np.hstack([x, x**2]),
    "split": lambda x: _joined(np.split(x**2, [1, 3])),
    "stack": lambda x: np.stack([x, x**2], axis=1),
    "unstack": lambda x: _joined(np.unstack(np.outer(x, x), axis=1)),
    "vsplit": lambda x: _joined(np.vsplit(np.outer(x, x), [1])),
    "vstack": lambda x: np.vstack([x, x**2]),
    # shapes
    "atleast_1d": lambda x: np.atleast_1d(x[0] ** 2),
    "atleast_2d": lambda x: np.atleast_2d(x**2).T,
    "atleast_3d": lambda x: np.atleast_3d(x**2),
    "broadcast_arrays": lambda x: _joined(np.broadcast_arrays(x, x[:, None] ** 2)),
    "broadcast_to": lambda x: np.broadcast_to(x**2, (2, 5)),
    "expand_dims": lambda x: np.expand_dims(x, 1) * x,
    "flip": lambda x: np.flip(np.outer(x, x**2)),
    "fliplr": lambda x: np.fliplr(np.outer(x, x**2)),
    "flipud": lambda x: np.flipud(np.outer(x, x**2)),
    "matrix_transpose": lambda x: np.matrix_transpose(_square(x)),
    "linalg.matrix_transpose": lambda x: np.linalg.matrix_transpose(_square(x)),
    "moveaxis": lambda x: np.moveaxis(np.multiply.outer(np.outer(x, x[:2]), x[:3]), 0, 2),
    "permute_dims": lambda x: np.permute_dims(_square(x), (1, 0)),
    "ravel": lambda x: np.ravel(_square(x), order="F"),
    "reshape": lambda x: np.reshape(_square(x), (-1,), order="F"),
    "rollaxis": lambda x: np.rollaxis(np.multiply.outer(np.outer(x, x[:2]), x[:3]), 2),
    "rot90": lambda x: np.rot90(_square(x)),
    "squeeze": lambda x: np.squeeze(x[None, :, None] ** 2),
    "swapaxes": lambda x: np.swapaxes(_square(x), 0, 1),
    "transpose": lambda x: np.transpose(_square(x)) * x,
    "repeat": lambda x: np.repeat(x**2, [1, 2, 0, 3, 1]),
    "pad": lambda x: np.pad(x**2, (2, 1), mode="reflect"),
    "pad of edges": lambda x: np.pad(np.outer(x, x), ((1, 0), (0, 2)), mode="edge"),
    # parts
    "compress": lambda x: np.compress(_MASK, x**2),
    "diag": lambda x: np.diag(np.diag(x**2)),
    "diagflat": lambda x: np.diagflat(x**2, 1),
    "diagonal": lambda x: np.diagonal(_square(x), 1),
    "extract": lambda x: np.extract(_MASK, x**2),
    "ix_": lambda x: _square(x)[np.ix_(_PLACES, [1, 4])],
    "take": lambda x: np.take(_square(x), _PLACES, axis=1),
    "trim_zeros": lambda x: x * np.trim_zeros(np.array([0, 1, 0])).size,
    "tril": lambda x: np.tril(_square(x), -1),
    "triu": lambda x: np.triu(_square(x), 1),
    "tril_indices_from": lambda x: _square(x)[np.tril_indices_from(np.zeros((5, 5)))],
    "triu_indices_from": lambda x: _square(x)[np.triu_indices_from(np.zeros((5, 5)))],
    "diag_indices_from": lambda x: _square(x)[np.diag_indices_from(np.zeros((5, 5)))],
    "ravel_multi_index": lambda x: np.ravel(_square(x))[np.ravel_multi_index((1, 3), (5, 5))] * x,
    "mask_indices": lambda x: _square(x)[np.mask_indices(5, np.triu)],
    "sliding_window_view": lambda x: np.lib.stride_tricks.sliding_window_view(x, 3) ** 2,
    # written into
    "copyto": _changed(lambda y, x: np.copyto(y, x**2)),
    "fill_diagonal": _filled_diagonal,
    "place": _changed(lambda y, x: np.place(y, _MASK, x[:3] ** 2)),
    "put": _changed(lambda y, x: np.put(y, _PLACES, x[:3] ** 2)),
    "putmask": _changed(lambda y, x: np.putmask(y, _MASK, x**2)),
    "copy": lambda x: np.copy(x) * x,
    "empty_like": _into_empty(np.empty_like),
    "zeros_like": _into_empty(np.zeros_like),
    "ones_like": _into_empty(np.ones_like),
    "full_like": _into_empty(lambda x: np.full_like(x, 2.0)),
    "array": lambda x: np.array([x[0], x[1] ** 2, [x[2] * x[3]][0]]),
    "asarray": lambda x: np.asarray([x, x**2]),
    "asanyarray": lambda x: np.asanyarray(x) ** 2,
    "ascontiguousarray": lambda x: np.ascontiguousarray(_square(x).T),
    "asfortranarray": lambda x: np.asfortranarray(_square(x)),
    "require": lambda x: np.require(_RAMP, float) * x * x,
    # products
    "dot": lambda x: np.dot(_square(x), x),
    "inner": lambda x: np.inner(_square(x), x),
    "matmul": lambda x: np.matmul(_square(x), _square(x)),
    "linalg.matmul": lambda x: np.linalg.matmul(_square(x), x[:, None]),
    "linalg.multi_dot": lambda x: np.linalg.multi_dot([x, np.outer(x, x), _square(x)]),
    "linalg.outer": lambda x: np.linalg.outer(x, x**2),
    "linalg.tensordot": lambda x: np.linalg.tensordot(_square(x), _square(x), axes=1),
    "linalg.vecdot": lambda x: np.linalg.vecdot(_square(x), x),
    "linalg.trace": lambda x: np.linalg.trace(_square(x)),
    "linalg.diagonal": lambda x: np.linalg.diagonal(_square(x)),
    "matvec": lambda x: np.matvec(_square(x), x),
    "outer": lambda x: np.outer(x, x**2),
    "tensordot": lambda x: np.tensordot(_square(x), _square(x), axes=((0, 1), (1, 0))),
    "vdot": lambda x: np.vdot(x, x**2),
    "vecdot": lambda x: np.vecdot(_square(x), x),
    "vecmat": lambda x: np.vecmat(x, _square(x)),
    "einsum": lambda x: np.einsum("ij,jk,k->i", _square(x), _square(x), x),
    "trace": lambda x: np.trace(_square(x)),
    "linalg.cross": lambda x: np.linalg.cross(x[:3], x[2:] ** 2),
    # sums
    "std": lambda x: np.std(_square(x), axis=0),
    "sum": lambda x: np.sum(_square(x), axis=0),
    "prod": lambda x: np.prod(_square(x)[:3], axis=0),
    "cumsum": lambda x: np.cumsum(x**2),
    "mean": lambda x: np.mean(_square(x), axis=1),
    "amax": lambda x: np.amax(_square(x), axis=0),
    "amin": lambda x: np.amin(_square(x), axis=0),
    "max": lambda x: np.max(x) ** 2,
    "min": lambda x: np.min(x) ** 2,
    "linalg.vector_norm": lambda x: np.linalg.vector_norm(_square(x), axis=0),
    "linalg.matrix_norm": lambda x: np.linalg.matrix_norm(_square(x)),
    "linalg.norm": lambda x: np.linalg.norm(x),
    "apply_along_axis": lambda x: np.apply_along_axis(lambda row: row[::-1] * x, 1, _square(x)),
    "apply_over_axes": lambda x: np.apply_over_axes(np.sum, _square(x), [0]) * x,
    "polyadd": lambda x: np.polyadd(x, x[:3] ** 2),
    "polysub": lambda x: np.polysub(x, x[:3] ** 2),
    "poly": lambda x: np.poly(x),
    "astype": lambda x: np.astype(x, x.dtype) ** 2,
    "where": lambda x: np.where(_MASK, x**2, x),
    "shape": lambda x: x**2 * np.shape(x)[0] * np.size(x) * np.ndim(x),
}


MOVING: dict[str, Entry] = {name: _itself(call) for name, call in _CALLS.items()}
