"""Views, aliases and writes of traced arrays against NumPy itself, on random programs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.errors import TraceError
from graphad.evaluate.interpreter import Program
from graphad.tracing import trace_function

# --- random programs -----------------------------------------------------------------------------
# A program is a list of steps (what, seed). Each step picks arrays, indices and values by its seed
# and the shapes that are there, so that NumPy and the trace take the same steps.


def some_slice(rng: random.Random, n: int) -> slice:
    """Return a slice of an axis of length n, any step."""
    step = rng.choice([1, 1, 1, 2, -1, -2, None])
    ends = [rng.choice([None, rng.randint(-n - 1, n + 1)]) for _ in range(2)]
    return slice(ends[0], ends[1], step)


def some_index(rng: random.Random, shape: tuple[int, ...], whole: bool = False) -> Any:
    """Return a basic index of integers, slices, new axes and dots."""
    parts: list[Any] = []
    for n in shape[: len(shape) if whole else rng.randint(0, len(shape))]:
        pick = rng.random()
        parts.append(rng.randrange(-n, n) if n and (whole or pick < 0.4) else some_slice(rng, n))
    if not whole and rng.random() < 0.2:
        parts.insert(rng.randint(0, len(parts)), None)
    if not whole and rng.random() < 0.2:
        parts.insert(rng.randint(0, len(parts)), Ellipsis)
    return tuple(parts)


def some_places(rng: random.Random, shape: tuple[int, ...]) -> Any:
    """Return an index by integers, repeated perhaps, or by a mask."""
    n = shape[0]
    if rng.random() < 0.3:
        count = 1
        for length in shape:
            count *= length
        return np.array([rng.random() < 0.5 for _ in range(count)], bool).reshape(shape)
    count = rng.randint(1, 4)
    index: list[Any] = [[rng.randrange(-n, n) for _ in range(count)]]
    if len(shape) > 1 and rng.random() < 0.5:
        index.append(rng.choice([slice(None), [rng.randrange(shape[1]) for _ in range(count)], 0]))
    elif len(shape) > 1 and rng.random() < 0.5:
        index.insert(0, slice(None))
        index[1] = [rng.randrange(shape[1]) for _ in range(count)]
    return tuple(index)


def shape_of_size(rng: random.Random, size: int) -> Any:
    """Return a shape of so many elements."""
    choices = [(size,), (1, size), (-1,)]
    choices += [(n, size // n) for n in (2, 3, 4) if size % n == 0]
    return rng.choice(choices)


def make_view(rng: random.Random, a: Any) -> Any:
    """Return what NumPy makes of an array in one of many ways, a view or a copy."""
    ways = [
        lambda: a[some_index(rng, a.shape)],
        lambda: a[some_index(rng, a.shape)],
        lambda: a.T,
        lambda: a.reshape(shape_of_size(rng, a.size)),
        lambda: np.reshape(a, shape_of_size(rng, a.size), order=rng.choice("CF")),
        lambda: a.ravel(),
        lambda: np.ravel(a, order="F"),
        lambda: a.flatten(),
        lambda: a.copy(),
        lambda: np.array(a),
        lambda: np.copy(a),
        lambda: np.asarray(a),
        lambda: np.ascontiguousarray(a),
        lambda: a + 0.5,
        lambda: a.astype(float),
        lambda: np.squeeze(a),
        lambda: np.atleast_2d(a),
        lambda: np.expand_dims(a, 0),
        lambda: np.flip(a),
        lambda: np.swapaxes(a, 0, a.ndim - 1),
        lambda: np.moveaxis(a, 0, -1),
        lambda: np.broadcast_to(a, (2, *a.shape)),
        lambda: np.diagonal(a) if a.ndim > 1 else np.diag(a),
        lambda: np.array_split(a, 2)[rng.randrange(2)],
        lambda: a[some_places(rng, a.shape)],
        lambda: np.where(np.arange(a.size).reshape(a.shape) % 2 == 0, a, 0.0),
        lambda: np.real(a),
        lambda: a.flat[:],
        lambda: np.einsum("i...->i...", a),
        lambda: np.stack([a, a], axis=rng.randrange(2)),
        lambda: np.zeros_like(a),
        lambda: np.full_like(a, np.sum(a)),
        lambda: np.ones_like(a.T) * 2.0,
        lambda: a.T.astype(float),
        lambda: np.copy(a.T),
        lambda: a.copy(rng.choice("CFK")),
        lambda: np.asfortranarray(a),
        lambda: np.array(a, order=rng.choice("CFK")),
        lambda: np.zeros((3, 2), order="F"),
        lambda: np.hsplit(a, [1])[rng.randrange(2)],
        lambda: np.rot90(np.atleast_2d(a)),
        lambda: a[...],
    ]
    return rng.choice(ways)()


def some_value(rng: random.Random, arrays: list[Any], shape: tuple[int, ...]) -> Any:
    """Return something to write into a place of a shape."""
    b = rng.choice(arrays)
    fitting = [a for a in arrays if a.shape == shape]
    ways = [
        lambda: rng.choice([0.0, -1.5, 2]),
        lambda: np.sum(b) * 0.25,
        lambda: b[some_index(rng, b.shape, whole=True)] if b.size else 1.0,
        lambda: rng.choice(fitting) if fitting else 3.0,
        lambda: rng.choice(fitting) * 2.0 if fitting else 4.0,
        lambda: np.full(shape, 0.125),
        lambda: np.arange(float(np.prod(shape, dtype=int))).reshape(shape),
        lambda: b.reshape(-1)[: shape[-1]] if shape and b.size >= shape[-1] else 5.0,
    ]
    return rng.choice(ways)()


def write(rng: random.Random, arrays: list[Any]) -> None:
    """Write into one of the arrays, in one of many ways."""
    a = rng.choice(arrays)
    index = some_index(rng, a.shape)
    value = some_value(rng, arrays, a[index].shape)
    whole = some_value(rng, arrays, a.shape)
    way = rng.randrange(23)
    if way <= 3:
        a[index] = value
    elif way == 4:
        a[index] += value
    elif way == 5:
        a[index] *= 2.0
    elif way == 6:
        a += whole
    elif way == 7:
        a *= whole
    elif way == 8:
        a[some_places(rng, a.shape)] = rng.choice([value, 1.5, np.sum(a)])
    elif way == 9:
        places = some_places(rng, a.shape)
        a[places] += a[places] if rng.random() < 0.5 else 1.0
    elif way == 10:
        a[1:] = a[:-1]
    elif way == 11:
        a[1:] += a[:-1]
    elif way == 12:
        a[::-1] = a
    elif way == 13:
        for i in range(a.shape[0]):
            a[i] = a[i - 1] * 0.5 + i
    elif way == 14:
        np.add(a, whole, out=a)
    elif way == 15:
        np.copyto(a, whole)
    elif way == 16:
        a[a > 0.5] = 0.25
    elif way == 17:
        a.fill(2.0)
    elif way == 18:
        np.add.at(a, some_places(rng, a.shape), rng.choice([1.0, np.sum(a)]))
    elif way == 19:
        np.put(a, [rng.randrange(a.size) for _ in range(3)], [np.max(a), 7.0])
    elif way == 20:
        np.fill_diagonal(a if a.ndim == 2 else np.zeros((2, 2)), np.mean(a))
    elif way == 21:
        a.flat[:: rng.choice([1, 2])] = np.sum(a)
    else:
        first, *rest = a
        a[0] = sum(rest) + first


def run(steps: list[tuple[str, int]], x: Any, y: Any) -> Any:
    """Take the steps, and return all arrays that there are then."""
    arrays = [x, y, np.zeros(4), np.ones((2, 3)), np.array([[x[0], 1.0], [y[0, 0], x[1]]])]
    kept = [x[2]]
    for what, seed in steps:
        rng = random.Random(seed)
        if what == "view":
            made = make_view(rng, rng.choice(arrays))
            if np.ndim(made) and np.size(made) and np.size(made) < 50:
                arrays.append(made)
        elif what == "write":
            write(rng, arrays)
        elif what == "read":
            a = rng.choice(arrays)
            kept.append(a[some_index(rng, a.shape, whole=True)])
        elif what == "list":
            rows = [[rng.choice(kept), 2.0], [0.5, rng.choice(kept)]]
            arrays.append(np.array(rows if rng.random() < 0.5 else rows[0]))
        else:
            del arrays[rng.randrange(len(arrays))]
            if not arrays:
                arrays.append(np.sin(x))
    return tuple([a * 1.0 for a in arrays + kept])


def agree(steps: list[tuple[str, int]]) -> str:
    """Assert that a trace agrees with NumPy, and say what came of it."""
    x, y = np.linspace(0.1, 0.9, 6), np.linspace(-1.0, 2.0, 6).reshape(2, 3)

    def program(x: Any, y: Any) -> Any:
        return run(steps, x, y)

    try:
        expected = program(x.copy(), y.copy())
    except (ValueError, IndexError, TypeError) as error:
        with pytest.raises((ValueError, IndexError, TypeError)):
            trace_function(program, [x, y])
        return f"invalid: {error}"
    try:
        graph = trace_function(program, [x, y], check=False)
    except TraceError as error:
        return f"refused: {error}"
    for points in ([x, y], [x**2 - 0.3, y[::-1] * 1.7 + 0.1]):
        expected = program(*[point.copy() for point in points])
        found = Program(graph)(*points)
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-12)
    return "equal"


KINDS = ["view"] * 3 + ["write"] * 4 + ["drop", "read", "list"]
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS),
              st.integers(0, 10**6)),
    min_size=1,
    max_size=14,
)  # fmt: skip


@given(STEPS)
@settings(max_examples=300)
def test_random_programs(steps: list[tuple[str, int]]) -> None:
    """A trace of any views, aliases and writes gives NumPy's values, or is refused."""
    outcome = agree(steps)
    if outcome.startswith("refused"):
        assert "share memory" in outcome or "view" in outcome


# --- single programs -----------------------------------------------------------------------------


def alias(x: Any) -> Any:
    """Change an array under another name."""
    y = x
    y *= 2.0
    return x


def overlap(x: Any) -> Any:
    """Assign a view to another view of the same memory."""
    x[1:] = x[:-1]
    x[:-1] += x[1:]
    return x


def through_views(x: Any) -> Any:
    """Write through views of views, and read views that were made before."""
    m = x.reshape(2, 3)
    column = m.T[1]
    row = m[1, ::-1]
    column[0] = 7.0
    row[:] = m[0] * column[1]
    return x, m, column, row


def repeated(x: Any) -> Any:
    """Name elements again in one index."""
    x[[0, 0, 1]] += 1.0
    x[[2, 2]] = x[:2]
    np.add.at(x, [3, 3, 4], 10.0)
    return x


def by_masks(x: Any) -> Any:
    """Write where a mask holds: a constant one, and one that depends on the input."""
    x[np.arange(6) % 2 == 0] = [1.0, 2.0, 3.0]
    x[x > 2.5] = -1.0
    return x


def swapped(x: Any) -> Any:
    """Swap elements, and swap rows, which are views."""
    x[0], x[1] = x[1], x[0]
    m = x.reshape(3, 2)
    m[[0, 1]] = m[[1, 0]]
    m[1], m[2] = m[2].copy(), m[1].copy()
    return x


@pytest.mark.parametrize("function", [alias, overlap, through_views, repeated, by_masks, swapped])
def test_single_programs(function: Any) -> None:
    """Aliases, overlaps, repeated indices and masks mean what they mean to NumPy."""
    x = np.linspace(0.1, 0.9, 6)
    expected = function(x.copy())
    found = Program(trace_function(function, [x]))(x)
    leaves = expected if isinstance(expected, tuple) else (expected,)
    for leaf, value in zip(leaves, found, strict=True):
        np.testing.assert_allclose(value, leaf, rtol=1e-13)


def ops(function: Any) -> list[str]:
    """Return the names of the ops of a function of six numbers, in order."""
    graph = trace_function(function, [np.linspace(0.1, 0.9, 6)])
    return [node.op.name for node in graph.nodes if node.op.name not in ("input", "const")]


def test_readable() -> None:
    """Slices are read and written as slices, also through views."""

    def shifted(x: Any) -> Any:
        x[1:] += x[:-1]
        return x

    def of_a_matrix(x: Any) -> Any:
        m = x.reshape(2, 3)
        m[:, 1:] = 2.0 * m[:, :2]
        return m

    def column(x: Any) -> Any:
        x.reshape(2, 3).T[1] = np.sin(x[:2])
        return x

    assert ops(shifted) == ["slice", "slice", "add", "update"]
    assert ops(alias) == ["multiply"]
    assert ops(column).count("take") == 0
    assert ops(of_a_matrix) == ["reshape", "slice", "multiply", "update", "reshape", "reshape"]


def test_nothing_is_copied_without_a_write() -> None:
    """Views, copies and aliases that are only read leave no trace of their own."""

    def f(x: Any) -> Any:
        y = x.copy()
        z = np.array(y[:])
        return np.asarray(z.ravel())[...]

    assert ops(f) == []
