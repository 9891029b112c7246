"""Loops over steps: values, derivatives, batches, other dtypes, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import graphad as ga
from graphad.evaluate import precise
from tests.control.closeness import MODES, assert_same, deviation, flat

POINT = np.array([0.3, 0.7, -0.2, 0.5])


def geometric(rate: Any) -> Any:
    """Return the sum of a geometric series, and its last term, by a scan."""
    return ga.scan(lambda c, _: (c * rate, c), 1.0, length=6)


@pytest.mark.parametrize("order", range(5))
@pytest.mark.parametrize("mode", MODES)
def test_a_geometric_recurrence(mode: str, order: int) -> None:
    """The k-th derivative of rate**n is n!/(n-k)! rate**(n-k)."""
    last, terms = ga.trace(geometric).diff(mode=mode, order=order)(0.7)
    powers = [np.polynomial.Polynomial([0] * n + [1]).deriv(order)(0.7) for n in range(7)]
    assert last == pytest.approx(powers[6], rel=1e-14)
    assert deviation(terms, powers[:6]) < 1e-14


def cumulative(x: Any) -> Any:
    """Return the products of the first elements, of the first two, and so on."""
    return ga.scan(lambda c, v: (c * v, c * v), 1.0, x)[1]


def test_a_cumulative_product() -> None:
    """A scan of products has the derivatives of the products written out."""

    def written_out(x: Any) -> Any:
        return np.array([x[0], x[0] * x[1], x[0] * x[1] * x[2], x[0] * x[1] * x[2] * x[3]])

    assert_same(cumulative, written_out, (POINT,), 3)


# --- steps of a differential equation ------------------------------------------------------------


def pendulum_step(y: Any, p: Any) -> Any:
    """Return a step of the pendulum with friction by the rule of Runge and Kutta."""

    def slope(y: Any) -> Any:
        return np.array([y[1], -p[0] * np.sin(y[0]) - p[1] * y[1]])

    h = 0.05
    k1 = slope(y)
    k2 = slope(y + h / 2 * k1)
    k3 = slope(y + h / 2 * k2)
    k4 = slope(y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def pendulum(y: Any, p: Any) -> Any:
    """Return a loss of the path, by a scan."""

    def step(y: Any, _: None) -> Any:
        moved = pendulum_step(y, p)
        return moved, moved[0]

    y, path = ga.scan(step, y, length=8)
    return y[0] + np.sum(path**2)


def pendulum_written_out(y: Any, p: Any) -> Any:
    """Return the same loss, by a Python loop."""
    total = 0.0
    for _ in range(8):
        y = pendulum_step(y, p)
        total = total + y[0] ** 2
    return y[0] + total


PENDULUM = (np.array([0.3, 0.1]), np.array([9.8, 0.2]))


def test_steps_of_a_pendulum() -> None:
    """Gradient and Hessian by the first state and the parameters are those of the loop."""
    assert_same(pendulum, pendulum_written_out, PENDULUM, 2)


def test_derivatives_do_not_grow_with_the_number_of_steps() -> None:
    """The graph of a derivative is of one size, whatever the length."""
    sizes = []
    for length in (10, 1000):

        def path(y: Any, length: int = length) -> Any:
            return ga.scan(lambda y, _: (y - 0.1 * np.sin(y), y), y, length=length)[0]

        sizes.append([len(ga.trace(path).diff(mode=mode, order=2)) for mode in MODES])
    assert sizes[0] == sizes[1]


def test_the_history_is_computed_once() -> None:
    """Value and gradient share one scan of the values; results that nothing reads are dropped."""
    graph = ga.trace(pendulum, *PENDULUM).value_and_diff(mode="reverse")
    scans = [node for node in graph.nodes if node.op.name == "scan"]
    assert [node.attr("reverse") for node in scans] == [False, True]


def test_many_digits() -> None:
    """The value agrees with the recurrence in 50 digits, and its derivative with differences."""
    graph = ga.trace(lambda a: ga.scan(lambda c, _: (np.sin(a * c), c), 0.3, length=5)[0])

    def value(a: Any) -> Any:
        c = mpmath.mpf(0.3)
        for _ in range(5):
            c = mpmath.sin(a * c)
        return c

    with mpmath.workdps(50):
        expected = [value(mpmath.mpf(0.7)), *[mpmath.diff(value, 0.7, k) for k in (1, 2, 3, 4)]]
        for mode in MODES:
            for k in range(5):
                derived = graph.diff(order=k, mode=mode)
                found = precise(derived, [0.7], digits=50)[0].item()
                assert abs(found - expected[k]) < 1e-15
                assert float(derived(0.7)) == pytest.approx(float(expected[k]), rel=1e-13)


# --- loops in loops ------------------------------------------------------------------------------


def nested(x: Any, w: Any) -> Any:
    """Return something of a scan with a branch and a scan inside, all closing over values."""
    matrix = np.outer(w, w)

    def inner(c: Any, v: Any) -> Any:
        return c * np.sin(v) + w[0], c

    def body(c: Any, v: Any) -> Any:
        k = ga.cond(c[0] > 0.3, lambda: matrix @ c, lambda: c * v)
        s, _ = ga.scan(inner, v, c)
        return np.tanh(k) + 0.1 * s, s * np.sum(k)

    c, y = ga.scan(body, w, x)
    return np.sum(c) + np.sum(y * y)


def nested_written_out(x: Any, w: Any) -> Any:
    """Return the same by Python loops."""
    c, total = w, 0.0
    for v in x:
        k = np.where(c[0] > 0.3, np.outer(w, w) @ c, c * v)
        s = v
        for one in c:
            s = s * np.sin(one) + w[0]
        total = total + (s * np.sum(k)) ** 2
        c = np.tanh(k) + 0.1 * s
    return np.sum(c) + total


NESTED = (POINT, np.array([0.4, 0.8, -0.3]))


def test_a_scan_in_a_scan_with_a_branch() -> None:
    """Derivatives go through loops in loops, branches, and values from around them."""
    assert_same(nested, nested_written_out, NESTED, 2)


def test_batches() -> None:
    """Leading axes give what each point gives."""
    graph = ga.trace(nested, *NESTED)
    points = np.stack([POINT, -POINT, 2 * POINT])
    for order in range(3):
        derived = graph.diff(order=order)
        many = derived(points, NESTED[1])
        each = [derived(point, NESTED[1]) for point in points]
        one = [flat([np.asarray(part)[i] for part in leaves(many)]) for i in range(3)]
        assert deviation(one, [flat(part) for part in each]) < 1e-14


def leaves(result: Any) -> list[Any]:
    """Return the arrays in nested tuples."""
    if isinstance(result, tuple):
        return [leaf for item in result for leaf in leaves(item)]
    return [result]


def test_a_batch_of_one_input_leaves_the_others_alone() -> None:
    """What the batch does not reach is carried once."""

    def body(carry: Any, x: Any) -> Any:
        n, c = carry
        return (n + 1.0, c * x + n), c

    graph = ga.trace(lambda x: ga.scan(body, (0.0, 1.0), x), POINT)
    wide = graph.batch(5)
    (scan,) = [node for node in wide.nodes if node.op.name == "scan"]
    assert [str(node.type) for node in scan.attr("body").outputs] == ["f64[]", "f64[5]", "f64[5]"]


# --- lengths, directions, structures -------------------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [0, 1, 3])
def test_lengths_and_directions(length: int, reverse: bool) -> None:
    """A traced scan gives what the loop gives on plain arrays, and its derivatives too."""

    def loop(c: Any, x: Any) -> Any:
        return ga.scan(lambda c, v: (np.cos(c) * v[0], c + v), c, x, reverse=reverse)

    def written_out(c: Any, x: Any) -> Any:
        rows = [None] * length
        for i in reversed(range(length)) if reverse else range(length):
            rows[i] = c + x[i]
            c = np.cos(c) * x[i, 0]
        return c, np.stack(rows) if rows else np.zeros((0, 2))

    x = np.linspace(0.2, 0.9, 2 * length).reshape(length, 2)
    assert deviation(loop(0.4, x), written_out(0.4, x)) == 0.0
    if length:
        assert_same(loop, written_out, (0.4, x), 2)
        return
    graph = ga.trace(loop, 0.4, x)
    carry, rows = graph(0.4, x)
    assert float(carry) == 0.4
    assert rows.shape == (0, 2)
    for mode in MODES:
        (by_c, by_x), _ = graph.diff(mode=mode)(0.4, x)
        assert float(by_c) == 1.0
        assert by_x.shape == (0, 2)


def test_structures() -> None:
    """Carries and slices may be dictionaries, lists and tuples."""

    def loop(p: Any) -> Any:
        def body(carry: Any, x: Any) -> Any:
            a, (b,) = carry["a"], carry["b"]
            return {"a": a * x["u"] + b, "b": [b + x["v"][0]]}, (a, {"s": b})

        xs = {"u": p * np.arange(3.0), "v": (np.ones(3),)}
        carry, (a, rest) = ga.scan(body, {"a": p, "b": [0.5]}, xs)
        return carry["a"] + carry["b"][0] * a[1] * rest["s"][2]

    def written_out(p: Any) -> Any:
        a, b, rows = p, 0.5, []
        for i in range(3):
            rows.append((a, b))
            a, b = a * p * i + b, b + 1.0
        return a + b * rows[1][0] * rows[2][1]

    assert_same(loop, written_out, (0.7,), 3)


def test_a_counter_is_carried_beside_real_numbers() -> None:
    """Integers are carried, take part in indexing, and have no derivative."""

    def loop(x: Any) -> Any:
        def body(carry: Any, _: None) -> Any:
            i, c = carry
            return (i + 1, np.sin(c) * x[i]), c * i

        (i, c), y = ga.scan(body, (0, 0.5), length=4)
        return c * i, y

    def written_out(x: Any) -> Any:
        c, y = 0.5, []
        for i in range(4):
            y.append(c * i)
            c = np.sin(c) * x[i]
        return c * 4, np.stack(y)

    assert_same(loop, written_out, (POINT,), 2)


def test_single_precision() -> None:
    """A traced scan in float32 stays there, and a graph of float64 is evaluated in float32."""
    single = POINT.astype(np.float32)
    assert ga.trace(lambda x: ga.scan(lambda c, v: (c * v, c), x[0], x), single)(single)[
        1
    ].dtype == np.dtype(np.float32)
    gradient = ga.trace(cumulative, POINT).diff()(single)
    assert gradient.dtype == np.dtype(np.float32)
    assert deviation(gradient, ga.trace(cumulative, POINT).diff()(POINT)) < 1e-6


def test_complex_numbers() -> None:
    """Complex values are carried, and differentiated."""
    point = POINT * (1 + 0.5j)

    def written_out(x: Any) -> Any:
        c = x[0]
        for v in x:
            c = c * v + v
        return c

    assert_same(
        lambda x: ga.scan(lambda c, v: (c * v + v, None), x[0], x)[0], written_out, (point,), 2
    )


def test_machine_code_and_plans() -> None:
    """Short loops are written out; long ones are taken step by step."""
    short = ga.trace(cumulative, POINT).diff()
    assert "interpreted" not in repr(short.compile())
    assert deviation(short.compile()(POINT), short(POINT)) < 1e-14
    assert deviation(short.plan()(POINT), short(POINT)) < 1e-14
    x = np.linspace(0.9, 1.1, 3000)
    long = ga.trace(lambda x: ga.scan(lambda c, v: (np.sin(c) * v, None), 1.0, x)[0], x).diff()
    assert deviation(long.compile()(x), long(x)) < 1e-14
    with pytest.raises(ga.PassError, match=r"a scan of 3,000 steps would be .* written out, more"):
        long.scalarize()


def test_taylor_coefficients() -> None:
    """Coefficients of a series go through a scan."""
    graph = ga.trace(lambda r: ga.scan(lambda c, _: (c * np.exp(r), None), 1.0, length=3)[0])
    coefficients = graph.taylor(4)(0.0)
    expected = [3.0**k / float(mpmath.factorial(k)) for k in range(5)]
    assert deviation(coefficients, expected) < 1e-13


# --- what is refused -----------------------------------------------------------------------------


def _appended(x: Any) -> Any:
    kept = np.zeros(3)

    def body(c: Any, v: Any) -> Any:
        kept[0] = c
        return c * v, None

    return ga.scan(body, 1.0, x)[0] + kept[0]


def _kept(x: Any) -> Any:
    held: list[Any] = []

    def body(c: Any, v: Any) -> Any:
        held.append(c * v)
        return c * v, None

    return ga.scan(body, 1.0, x)[0] + held[0]


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "shape": (
        lambda x: ga.scan(lambda c, v: (c * x, None), 1.0, x),
        r"(?s)is given c as f64\[\] and returns it as f64\[4\]; .* keeps its shape .*begin with",
    ),
    "dtype": (
        lambda x: ga.scan(lambda c, v: (c * 1j, None), x, x),
        r"(?s)is given c as f64\[4\] and returns it as c128\[4\].*init.astype\(np.complex128\)",
    ),
    "one of several": (
        lambda x: ga.scan(lambda c, v: ((c[0], c[1] * x), None), (1.0, 2.0), x),
        r"is given value 1 of c as f64\[\] and returns it as f64\[4\]",
    ),
    "structure": (
        lambda x: ga.scan(lambda c, v: ((c, c), None), 1.0, x),
        r"is given the carry \* and returns \(\*, \*\)",
    ),
    "no pair": (
        lambda x: ga.scan(lambda c, v: c, x[0], x),
        r"the body f of a scan returns \*, and not a pair.*\n(.*\n)?.*return carry, y",
    ),
    "no length": (
        lambda x: ga.scan(lambda c, v: (c, None), x),
        r"has neither xs nor a length.*\n(.*\n)?.*write length=n",
    ),
    "rows": (
        lambda x: ga.scan(lambda c, v: (c, None), 1.0, (x, x[1:])),
        r"they have 3 and 4 rows",
    ),
    "scalar": (
        lambda x: ga.scan(lambda c, v: (c, None), 1.0, x[0]),
        r"one of xs is a scalar",
    ),
    "negative": (
        lambda x: ga.scan(lambda c, v: (c, None), x, length=-1),
        r"cannot have -1 steps",
    ),
    "text": (
        lambda x: ga.scan(lambda c, v: (c, "y"), 1.0, x),
        r"returns a str, which is no number",
    ),
    "written": (_appended, r"writes into an array from outside of it.*\n(.*\n)?.*carry the array"),
    "kept": (_kept, r"a traced value that was kept from a trace that is over"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    """Bodies that a loop cannot have are refused, with what to write instead."""
    function, message = REFUSED[name]
    with pytest.raises(ga.TraceError, match=message):
        ga.trace(function, POINT)


@pytest.mark.parametrize("name", ["shape", "dtype", "one of several", "structure", "no pair"])
def test_plain_arrays_are_refused_alike(name: str) -> None:
    """What a traced loop refuses, the loop on plain arrays refuses too."""
    function, message = REFUSED[name]
    with pytest.raises(ga.TraceError, match=message):
        function(POINT)


def test_a_length_that_is_traced() -> None:
    """The number of steps is fixed while tracing."""
    with pytest.raises(ga.TraceError, match="the length of a scan is a fixed integer"):
        ga.trace(lambda n: ga.scan(lambda c, _: (c, None), 1.0, length=n)[0])


def test_plain_arrays_are_left_alone() -> None:
    """On plain arrays the loop changes neither init nor xs, also where the body writes in place."""

    def body(c: Any, v: Any) -> Any:
        c += v
        v *= 2
        return c, c

    init, x = np.ones(2), np.ones((3, 2))
    carry, ys = ga.scan(body, init, x)
    assert init.tolist() == [1.0, 1.0]
    assert x.tolist() == np.ones((3, 2)).tolist()
    assert carry.tolist() == [4.0, 4.0]
    assert ys.tolist() == [[2.0, 2.0], [3.0, 3.0], [4.0, 4.0]]


def test_a_python_loop_that_is_too_long_is_told_of_scan() -> None:
    """Beyond the budget of operations the message names the line, and scan."""
    from graphad.tracing.trace import trace_function

    def long(x: Any) -> Any:
        for _ in range(200):
            x = np.sin(x)
        return x

    with pytest.raises(ga.TraceError, match=r"test_scanning.py:\d+: .*\n.*sin.*\n.*graphad.scan"):
        trace_function(long, budget=100)
