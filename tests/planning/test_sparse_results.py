"""Sparse arrays with other values: valid, and independent of each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from graphad.planning.sparse_results import with_values

DENSE = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]])


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.coo_array])
def test_results_are_independent(kind: Any) -> None:
    """A result may be changed in place, values and structure, and the model stays as it is."""
    model = kind(DENSE)
    one = with_values(model, np.array([5.0, 0.0, 7.0]))
    other = with_values(model, np.array([1.0, 1.0, 1.0]))
    assert type(one) is kind
    one.eliminate_zeros()
    one.sum_duplicates()
    assert one.nnz == 2
    assert (one + one).toarray().tolist() == [[10.0, 0.0, 0.0], [0.0, 0.0, 14.0]]
    assert other.nnz == model.nnz == 3
    np.testing.assert_array_equal(other.toarray(), DENSE != 0)
    np.testing.assert_array_equal(model.toarray(), DENSE)


def test_transposes_and_products() -> None:
    """A result is used like any other sparse array."""
    made = with_values(sparse.csr_array(DENSE), np.array([1.0, 2.0, 3.0]))
    made.check_format(full_check=True)
    np.testing.assert_array_equal((made.T @ made).toarray(), DENSE.T @ DENSE)
    np.testing.assert_array_equal(made[1].toarray().ravel(), DENSE[1])
