"""What can be done with traced numbers and arrays, against NumPy."""

from __future__ import annotations

import copy
import numbers
import operator
from typing import Any

import numpy as np
import pytest

from graphad.errors import TraceError
from graphad.tracing import trace_function
from tests.tracing.comparison import assert_traced

X = np.array([0.3, 0.7, 1.1, 0.4])
M = np.arange(6.0).reshape(2, 3) / 6 + 0.1
Z = np.array([0.3 + 1j, 0.7 - 2j])


BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    operator.eq,
    operator.ne,
]


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", [2.0, 2, np.float64(1.5), X[::-1], X[:1]], ids=str)
def test_operators(function: Any, other: Any) -> None:
    """Operators with numbers and arrays on either side give what NumPy's give."""
    assert_traced(lambda x: function(x, other), X)
    assert_traced(lambda x: function(other, x), X)
    assert_traced(lambda x: (function(x[0], other), function(other, x[0])), X)


@pytest.mark.parametrize("function", [operator.neg, operator.pos, operator.abs])
def test_unary_operators(function: Any) -> None:
    """So do operators of one operand."""
    assert_traced(lambda x: (function(x - 0.5), function(x[0])), X)


@pytest.mark.parametrize("function", [operator.and_, operator.or_, operator.xor])
def test_logical_operators(function: Any) -> None:
    """Conditions combine by the operators for bits."""
    assert_traced(lambda x: np.where(function(x > 0.35, x < 0.8), x, -x), X)
    assert_traced(lambda x: ~(x > 0.35), X)


@pytest.mark.parametrize(
    "function",
    [
        operator.iadd,
        operator.isub,
        operator.imul,
        operator.itruediv,
        operator.ipow,
    ],
)
def test_in_place_operators(function: Any) -> None:
    """On arrays they change all names of the array, on scalars they rebind."""

    def arrays(x: Any) -> Any:
        y = x
        y = function(y, 2.0)
        return x, y

    def scalars(x: Any) -> Any:
        y = x[0]
        z = function(y, 2.0)
        return x, y, z

    assert_traced(arrays, X)
    assert_traced(scalars, X)


def test_matmul_operators() -> None:
    """The operator @ works from either side and in place."""
    square = np.array([[1.0, 2.0], [0.5, 1.5]])

    def in_place(m: Any) -> Any:
        n = m.copy()
        n @= square
        return n

    assert_traced(lambda m: m @ M, square)
    assert_traced(lambda m: M.T @ m, square)
    assert_traced(in_place, square)


METHODS = [
    lambda m: m.sum(),
    lambda m: m.sum(axis=0),
    lambda m: m.sum(1, keepdims=True),
    lambda m: m.mean(axis=1),
    lambda m: m.prod(),
    lambda m: m.max(axis=0),
    lambda m: m.min(),
    lambda m: m.std(ddof=1),
    lambda m: m.var(axis=0),
    lambda m: m.dot(np.ones(3)),
    lambda m: m.reshape(3, 2),
    lambda m: m.reshape((3, -1)),
    lambda m: m.reshape(-1),
    lambda m: m.ravel(),
    lambda m: m.flatten(),
    lambda m: m.T,
    lambda m: m.transpose(),
    lambda m: m.transpose(1, 0),
    lambda m: m.transpose((1, 0)),
    lambda m: m.mT,
    lambda m: m.swapaxes(0, 1),
    lambda m: m.copy(),
    lambda m: m.astype(float),
    lambda m: m.astype(np.float32),
    lambda m: m.astype(float, copy=False),
    lambda m: m.astype(complex),
    lambda m: m.clip(0.2, 0.8),
    lambda m: m.cumsum(),
    lambda m: m.cumsum(axis=1),
    lambda m: m.cumprod(axis=0),
    lambda m: m[:1].squeeze(),
    lambda m: m.trace(),
    lambda m: m.diagonal(),
    lambda m: m.conj(),
    lambda m: m.conjugate(),
    lambda m: m.real,
    lambda m: m.imag,
    lambda m: m.take([0, 2], axis=1),
    lambda m: m.repeat(2, axis=0),
    lambda m: m.round(),
    lambda m: m.item(1, 2) + m[:1, :1].item() + m.item(4),
    lambda m: sum(m.ravel().tolist()),
    lambda m: sum(sum(row) for row in m.tolist()),
    lambda m: m.view() * 2,
    lambda m: m[0, 0].item() * 2,
    lambda m: m[0, 0].sum() + m[0, 0].copy() + m[0, 0].astype(np.float64),
    lambda m: m[0, 0].real + m[0, 0].imag,
    lambda m: round(m[1, 2]),
    lambda m: round(m[1, 2], 0),
    lambda m: np.array(list(m.flat)) * m.flat[1],
    lambda m: np.float64(m.ndim + m.size + len(m) + m.itemsize + m.nbytes) * m[0, 0],
    lambda m: np.zeros(m.shape, m.dtype) + m,
    lambda m: [row * 2 for row in m],
    lambda m: [a + b for a, b, _ in m],
    lambda m: abs(m) + (-m) ** 2 + pow(m, 3),
    lambda m: sum(m[0]) + sum(m)[1],
]


@pytest.mark.parametrize("function", METHODS)
def test_methods(function: Any) -> None:
    """Methods and attributes of arrays give what NumPy's give."""
    assert_traced(function, M)


FUNCTIONS = [
    lambda x: np.array([x[0] * x[1], np.sin(x[2])]),
    lambda x: np.array([[x[0], 1], [2.0, x[1]]]),
    lambda x: np.array([x, x * 2]),
    lambda x: np.array([x[:2], [x[0], 3.0]]),
    lambda x: np.array((x[0], X[1])),
    lambda x: np.array([x[0], x[1]], dtype=np.float32),
    lambda x: np.array(x[0]),
    lambda x: np.array(x, ndmin=2),
    lambda x: np.asarray(x) + np.asarray([x[0]]),
    lambda x: np.asarray(x, dtype=complex),
    lambda x: np.sum([x[0], x[1]]),
    lambda x: np.linalg.norm([x[0], x[1]]),
    lambda x: np.exp([x[0], 1.0]),
    lambda x: np.dot([1.0, x[0]], [x[1], 2.0]),
    lambda x: np.concatenate([[x[0], 1.0], x]),
    lambda x: np.stack([x, X]),
    lambda x: np.hstack((x, 1.0, x[0])),
    lambda x: np.vstack([x, [1, 2, 3, 4]]),
    lambda x: np.maximum.reduce([x[0], x[1], x[2]]),
    lambda x: np.add.reduce(x),
    lambda x: np.multiply.reduce(x[None, :], axis=1, keepdims=True),
    lambda x: np.logaddexp.reduce(x),
    lambda x: np.add.accumulate(x),
    lambda x: np.subtract.outer(x, X[:2]),
    lambda x: np.full((2, 2), x[0]) * np.full_like(x[:2], x[1]),
    lambda x: np.zeros_like(x) + np.ones_like(x) + np.zeros_like(x[0]) + x,
    lambda x: np.atleast_2d(x, x[0])[1] + np.atleast_1d(x[0]),
    lambda x: np.linspace(x[0], x[1], 5),
    lambda x: np.linspace(0.0, x[:2], 3, endpoint=False),
    lambda x: np.linspace(x[0], 2.0, 3, retstep=True)[1],
    lambda x: np.r_[x, 1.0, x[0]],
    lambda x: np.r_[0:2, x[0]],
    lambda x: np.c_[x, x * 2],
    lambda x: np.fromiter((v * 2 for v in x), float),
    lambda x: np.vectorize(lambda t, u: t * t + u)(x, 2.0),
    lambda x: np.apply_along_axis(lambda row: np.sum(row**2), 1, x.reshape(2, 2)),
    lambda x: np.apply_along_axis(lambda row: row[::-1], 0, x.reshape(2, 2)),
    lambda x: np.cov(np.stack([x, x * x])),
    lambda x: np.vander(x, 3),
    lambda x: np.nansum(x),
    lambda x: sum(i[0] * v for i, v in np.ndenumerate(x)),
    lambda x: sum(x[i] for i in np.ndindex(x.shape)),
    lambda x: np.split(x, 2),
    lambda x: np.broadcast_arrays(x, np.ones((2, 1)))[0],
    lambda x: np.einsum("i,i", x, x),
    lambda x: np.where(np.isnan(x), 0.0, x),
    lambda x: np.result_type(x, np.float32).type(1.0) * x,
    lambda x: x * np.shape([x, x])[0] * np.ndim(x) * np.size(x),
    lambda x: x if np.isscalar(x[0]) and np.iscomplexobj(x * 1j) else x * 0,
    lambda x: np.asfortranarray(x.reshape(2, 2)),
    lambda x: np.fromfunction(lambda i, j: i * x[0] + j, (2, 2)),
    lambda x: (x[np.newaxis] * x[:, None])[1, ...],
    lambda x: x[[0, 2]] + x[np.array([1, 1])],
    lambda x: x[np.array([True, False, True, False])],
    lambda x: x[-1] + x[np.int64(1)] + x[np.uint8(2)],
    lambda x: x[::-2],
    lambda x: x.reshape(2, 2)[np.ix_([0, 1], [1])],
    lambda x: np.add(x, 1.0, out=np.empty(4)),
    lambda x: np.cumsum(x, out=np.zeros(4)),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions(function: Any) -> None:
    """NumPy functions that NumPy does not dispatch, or that make memory, work as they stand."""
    assert_traced(function, X)


def test_parts_are_written_to() -> None:
    """``z.real = x`` and ``z.imag = y`` write into the array, and into what it is a view of."""

    def function(x: Any) -> Any:
        z = np.ones((2, 4), complex)
        row = z[0]
        row.imag = x
        z.real = 2.0
        y = x.copy()
        y.real = 3 * x
        return z, y

    assert_traced(function, X)

    def refused(x: Any) -> Any:
        y = x.copy()
        y.imag = x
        return y

    with pytest.raises(TraceError, match="real values have no imaginary part to write to"):
        trace_function(refused, (X,))


def test_complex() -> None:
    """Complex inputs stay complex, and real parts of real arrays are the arrays."""
    assert_traced(lambda z: z * z + np.exp(1j * z), Z)
    assert_traced(lambda z: np.array([z[0], 1.0]), Z)

    def real_is_self(x: Any) -> Any:
        y, z = x.real, x.conj()
        y[0] = 2.0
        z[1] = 3.0
        return x

    assert_traced(real_is_self, X)


def test_single_precision() -> None:
    """Python numbers do not widen single precision, NumPy's do."""
    x = X.astype(np.float32)
    assert_traced(lambda x: x * 2.0 + 1, x)
    assert_traced(lambda x: x * np.float64(2.0), x)
    assert_traced(lambda x: np.array([x[0], 1.0]), x)


def test_isinstance() -> None:
    """Python's isinstance takes a traced value for what it stands for."""

    def f(x: Any) -> Any:
        assert isinstance(x, np.ndarray)
        assert isinstance(x[0], float)
        assert isinstance(x[0], numbers.Real)
        assert not isinstance(x[0], np.ndarray)
        return x

    assert_traced(f, X)


def test_scalars_are_no_sequences() -> None:
    """A traced scalar has no length, elements or iteration, so that lists of them are flat."""

    def f(x: Any) -> Any:
        for name in ("__len__", "__getitem__", "__iter__"):
            assert not hasattr(x, name)
        return x

    trace_function(f, check=False)


def test_arrays_without_axes() -> None:
    """What NumPy gives as an array without axes can be written into under all its names."""

    def f(x: Any) -> Any:
        a = np.where(x[0] > 0, x[0], 0.0)
        b = a
        b += 1.0
        c = np.array(x[1])
        c[...] = a
        d = x[1:2].reshape(())
        d *= 2.0
        with pytest.raises(TypeError, match="unsized"):
            len(a)
        with pytest.raises(TypeError, match="0-d"):
            list(a)
        return a, c, d[()], x

    assert_traced(f, X)


def test_comparison_with_none() -> None:
    """Comparing with None or a text is False, as for numbers."""

    def f(x: Any) -> Any:
        return x if x != None and not x == "a" else 0.0  # noqa: E711, SIM201

    assert len(trace_function(f)) == 1


def test_names_of_values() -> None:
    """What a traced value is called says that it is traced, its dtype and shape."""

    def f(x: Any) -> Any:
        assert repr(x) == "<traced f64[4]>"
        assert repr(x[0]) == f"{x[0]:.3f}" == "<traced f64[]>"
        return x

    trace_function(f, [X], check=False)


def test_lists_of_two_traces() -> None:
    """A list of values of two traces is refused."""

    def f(x: Any) -> Any:
        return trace_function(lambda y: np.array([x, y]), check=False)

    with pytest.raises(TraceError, match="two traces"):
        trace_function(f)


def test_copies_need_no_pickling() -> None:
    """The copy module copies traced values."""
    graph = trace_function(lambda x: copy.copy(x) + copy.deepcopy(x[0]), [X])
    assert len(graph.outputs) == 1
