"""Norms agree with NumPy."""

from __future__ import annotations

import numpy as np

from tests.tracing.lowering.calls import (
    Case,
    Traced,
    call,
    cases,
    check,
    ops_of,
    refuses,
    traced,
)

S = traced()
X = traced(4)
M = traced(2, 3)
C = traced(2, 3, 4)
VECTOR = (None, 1, 2, 3, 4, 0.5, -1, -2, np.inf, -np.inf, 0, 2.0)
MATRIX = (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)


@cases(
    *[call(np.linalg.norm, x) for x in (X, M, C, S)],
    *[call(np.linalg.norm, X, order) for order in VECTOR],
    *[call(np.linalg.norm, M, order, axis=1) for order in VECTOR],
    *[call(np.linalg.norm, C, order, axis=(0,), keepdims=True) for order in VECTOR],
    *[call(np.linalg.norm, M, order) for order in MATRIX],
    *[call(np.linalg.norm, C, order, axis=(2, 0)) for order in MATRIX],
    *[call(np.linalg.norm, C, order, axis=(0, -1), keepdims=True) for order in MATRIX],
    call(np.linalg.norm, C, keepdims=True),
    call(np.linalg.norm, [S, 1.0, 2.0]),
    call(np.linalg.norm, Traced(np.array([3, 4]))),
    *[
        call(getattr(np.linalg, name), *args, **kwargs)
        for name, args, kwargs in (
            ("vector_norm", (C,), {}),
            ("vector_norm", (C,), {"axis": (0, 1), "ord": 3}),
            ("vector_norm", (C,), {"axis": 1, "keepdims": True, "ord": np.inf}),
            ("matrix_norm", (C,), {}),
            ("matrix_norm", (C,), {"ord": 1, "keepdims": True}),
            ("matrix_norm", (C,), {"ord": "nuc"}),
            ("matrix_norm", (C,), {"ord": 2, "keepdims": True}),
        )
        if hasattr(np.linalg, name)
    ],
)
def test_norm(case: Case) -> None:
    """Norms of every order, over axes."""
    check(case)


def test_even_norms_have_no_kink() -> None:
    """Even orders take powers of the elements themselves, which are smooth at 0."""
    assert ops_of(call(np.linalg.norm, X)) == ["integer_power", "sum", "length"]
    assert "absolute" not in ops_of(call(np.linalg.norm, X, 4))
    assert "absolute" in ops_of(call(np.linalg.norm, X, 3))


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("ord='fro' is a norm of matrices, not of vectors", np.linalg.norm, X, "fro")
    refuses("ord=3 is not a norm of matrices", np.linalg.norm, M, 3)
    refuses("a norm is over one axis or two, not 3; give axis=", np.linalg.norm, C, 1)
    complex_ = Traced(np.array([[1j, 2.0], [0.0, 1.0]]))
    refuses("singular values of complex matrices are not supported", np.linalg.norm, complex_, 2)
