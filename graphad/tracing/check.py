"""The proof of a trace: the graph and the function give the same numbers, at two points."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from graphad.errors import TraceError
from graphad.evaluate.interpreter import Program
from graphad.ir import CONST, INPUT, Graph, Tree
from graphad.op import Array
from graphad.tracing.advice import refusal
from graphad.tracing.examples import Call, Input
from graphad.tracing.origins import Line
from graphad.tracing.outcomes import flatten, line_of_function

CHECKING: ContextVar[bool] = ContextVar("graphad_checking", default=False)
"""Whether a function is being run to check a trace; loops must then end at points of no meaning."""
POINTS = 2
"""At so many points the values are compared, where the function has finite values."""
RANGES = ((0.1, 0.9), (1.1, 2.0), (-0.9, -0.1), (2.0, 5.0), (0.01, 0.05), (10.0, 20.0))
"""Where other points are tried if the function has none at the example."""

SPREAD = 1000
"""So many units in the last place are results changed by, to see what of a value is rounding."""
SAMPLES = 3

_LEFT = "kept from a trace that is over"
"""What is said of a traced value where it is used after the trace."""
_CAUSES = (
    "likely causes: a branch on an integer or on a type that differs while tracing; state kept "
    "between calls; a value that went through code outside of NumPy; or memory shared in a way "
    "that cannot be followed. Pass check=False only if you know better"
)


def check_trace(graph: Graph, function: Callable[..., Any], call: Call) -> None:
    """Compare a graph with the function that it was traced from.

    Parameters
    ----------
    graph : Graph
        What was traced.
    function : callable
        The function; it is run on plain NumPy, on copies of the points.
    call : Call
        How it is called, with examples of its inputs.

    Raises
    ------
    TraceError
        If values differ, if the function is random, or if it raises at all points tried.
    """
    program = Program(graph)
    good = tried = 0
    failure: Exception | None = None
    for point in points(call.inputs):
        try:
            expected = run(function, call, point)
        except Exception as error:  # noqa: BLE001 -- whatever the user's function raises
            failure = error
            continue
        again = expected
        if tried == 0:
            again = _run_again(function, call, point, expected)
        tried += 1
        leaves, tree = expected
        found = program(*point)
        _compare(graph, function, call, point, leaves, tree, found)
        _compare_numbers(graph, function, point, leaves, again[0])
        good += all(bool(np.all(np.isfinite(leaf))) for leaf in leaves)
        if good == POINTS:
            return
    if tried == 0 and isinstance(failure, TraceError) and _LEFT in str(failure):
        raise refusal(
            "the function keeps a value of the trace in a global, an attribute or a cache, and "
            "uses it again in its next call",
            "return values instead, and leave caches off; what it kept makes it fail from now on: "
            "clear that, or run the module again",
            line_of_function(function),
        ) from failure
    if tried == 0:
        raise refusal(
            f"the function was traced, but on plain NumPy it raises {type(failure).__name__} at "
            f"every point tried: {failure}",
            "give an example at which it has a value, or pass check=False",
            line_of_function(function),
        ) from failure


def points(inputs: tuple[Input, ...]) -> Iterator[list[Any]]:
    """Yield points to compare at: the examples, close to them, then elsewhere; always the same."""
    chance = np.random.default_rng(20_240_229)
    yield [
        _typed(one, one.example if one.example is not None else 0.7 + 0.1 * i)
        for i, one in enumerate(inputs)
    ]
    yield [
        _typed(one, _near(one, chance) if one.example is not None else 1.3 + 0.07 * i)
        for i, one in enumerate(inputs)
    ]
    for low, high in RANGES:
        yield [_typed(one, chance.uniform(low, high, one.type.shape)) for one in inputs]


def _near(one: Input, chance: np.random.Generator) -> Array:
    assert one.example is not None
    shape = one.type.shape
    turned = one.example * (1 + chance.uniform(-0.05, 0.05, shape))
    result: Array = turned + chance.uniform(0.01, 0.1, shape)
    return result


def _typed(one: Input, value: Any) -> Any:
    """Return a value as NumPy code gets it: an array of its own, or a NumPy scalar."""
    array = np.array(np.broadcast_to(value, one.type.shape), dtype=one.type.dtype, order="C")
    return array if one.type.shape else array[()]


def run(function: Callable[..., Any], call: Call, point: list[Any]) -> tuple[list[Any], Tree]:
    """Return the values of a function on plain NumPy, and their nesting; the point stays."""
    token = CHECKING.set(True)
    try:
        return _run(function, call, point)
    finally:
        CHECKING.reset(token)


def _run(function: Callable[..., Any], call: Call, point: list[Any]) -> tuple[list[Any], Tree]:
    copies = [np.copy(value)[()] if np.ndim(value) else value for value in point]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        leaves, tree = flatten(call(function, copies), function)
        return [np.array(leaf) for leaf in leaves], tree


def _run_again(
    function: Callable[..., Any],
    call: Call,
    point: list[Any],
    first: tuple[list[Any], Tree],
) -> tuple[list[Any], Tree]:
    """Return what the function gives again, of Python's numbers where it is called with such."""
    numbers = [
        value.item() if one.is_number else value
        for one, value in zip(call.inputs, point, strict=True)
    ]
    try:
        second = run(function, call, numbers)
    except Exception:  # noqa: BLE001 -- Python raises where NumPy gives infinities, and has no .sum
        second = run(function, call, point)
    if not _equal(first, second) and not _equal(first, run(function, call, point)):
        raise refusal(
            "run twice on the same numbers, the function gives two results",
            "a graph cannot hold chance or a changing state: draw random numbers outside of the "
            "function and close over them, or pass them in",
            line_of_function(function),
        )
    return second


def _compare_numbers(
    graph: Graph,
    function: Callable[..., Any],
    point: list[Any],
    leaves: list[Any],
    others: list[Any],
) -> None:
    """Compare results with those of Python's numbers."""
    for number, (leaf, other) in enumerate(zip(leaves, others, strict=False)):
        finite = np.all(np.isfinite(leaf)) and np.all(np.isfinite(other))
        if leaf.shape != other.shape or not finite or leaf.dtype != other.dtype:
            continue  # Python's numbers have powers and quotients of their own beyond those
        if not close(leaf, other) and not _is_rounding(graph, point, number, leaf - other):
            raise refusal(
                f"called with numbers of Python's, the function gives {_short(other)}, and with "
                f"the same numbers of NumPy's {_short(leaf)}, as the graph does",
                "leave out the test of a type, such as type(x) is float; or call the function with "
                "np.float64(x) if NumPy's result is meant, and trace it with such an example",
                line_of_function(function),
            )


def _equal(first: tuple[list[Any], Tree], second: tuple[list[Any], Tree]) -> bool:
    return first[1] == second[1] and all(
        a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
        for a, b in zip(first[0], second[0], strict=True)
    )


def _compare(
    graph: Graph,
    function: Callable[..., Any],
    call: Call,
    point: list[Any],
    leaves: list[Any],
    tree: Tree,
    found: list[Any],
) -> None:
    where = ", ".join(
        f"{one.name} = {np.array2string(np.asarray(value), threshold=8, precision=4)}"
        for one, value in zip(call.inputs, point, strict=True)
    )
    place = line_of_function(function)
    if tree != graph.tree:
        raise _differ(place, where, "its results nest otherwise than those of the graph")
    for number, (leaf, value) in enumerate(zip(leaves, found, strict=True)):
        result = np.asarray(value)
        which = f"result {number}" if len(leaves) > 1 else "the result"
        if leaf.shape != result.shape or leaf.dtype != result.dtype:
            raise _differ(
                place,
                where,
                f"{which} has shape {leaf.shape} and dtype {leaf.dtype} in NumPy, and "
                f"{result.shape} and {result.dtype} in the graph",
            )
        if not close(leaf, result) and not _is_rounding(graph, point, number, leaf - result):
            raise _differ(
                place,
                where,
                f"{which} is {_short(leaf)} in NumPy, and {_short(result)} in the graph",
            )


def close(expected: Array, found: Array) -> bool:
    """Return whether arrays agree but for rounding, NaN and infinities in the same places."""
    if expected.dtype.kind not in "fc":
        return bool(np.array_equal(expected, found))
    tolerance = 1e-4 if expected.dtype.itemsize // (1 + (expected.dtype.kind == "c")) < 8 else 1e-9
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(finite.max()) if finite.size else 0.0
    with np.errstate(all="ignore"):
        return bool(
            np.allclose(found, expected, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
        )


def _is_rounding(graph: Graph, point: list[Any], number: int, difference: Array) -> bool:
    """Return whether a difference in a result is what rounding makes of it.

    Where terms cancel, what is left is rounding, and an order of summation other than NumPy's gives
    something else. So the graph is run with results changed at random in their last digits: Monte
    Carlo arithmetic (D. S. Parker, 1997).
    """
    if difference.dtype.kind not in "fc" or not np.all(np.isfinite(difference)):
        return False
    chance = np.random.default_rng(20_240_229)
    samples = [_shaken(graph, point, number, chance) for _ in range(SAMPLES)]
    noise = max(float(np.max(abs(sample - samples[0]), initial=0.0)) for sample in samples)
    return float(np.max(abs(difference), initial=0.0)) <= noise


def _shaken(graph: Graph, point: list[Any], number: int, chance: np.random.Generator) -> Array:
    of_inputs = {node.id: value for node, value in zip(graph.inputs, point, strict=True)}
    values: list[Any] = [None] * len(graph.nodes)
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.op is INPUT:
                values[node.id] = of_inputs[node.id]
                continue
            operands = [values[operand.id] for operand in node.inputs]
            value = np.asarray(node.op.evaluate(*operands, *node.attrs))
            if node.type.is_inexact and node.op is not CONST and not node.op.structural:
                spread = SPREAD * np.finfo(node.type.dtype).eps
                factor = 1 + spread * chance.uniform(-1, 1, node.type.shape)
                value = (value * factor).astype(node.type.dtype)
            values[node.id] = value
    return np.asarray(values[graph.outputs[number].id])


def _short(array: Array) -> str:
    return np.array2string(array, threshold=8, precision=6).replace("\n", "")


def _differ(place: Line | None, where: str, what: str) -> TraceError:
    return refusal(f"the graph is not the function: at {where}, {what}", _CAUSES, place)
