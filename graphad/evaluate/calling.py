"""Calling a graph: arguments are bound to inputs, checked, and evaluated, one point or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphad.errors import GraphadError, InputError
from graphad.evaluate.batching import Shape, run_batch
from graphad.evaluate.debugging import checked_results
from graphad.evaluate.interpreter import program_of
from graphad.evaluate.retyping import in_precision, is_single, retype
from graphad.ir import Graph, Node, map_tree
from graphad.op import Array
from graphad.parts import described, taken_apart
from graphad.types import DTYPE_NAMES, DType, make_type

_FLOAT64 = np.dtype(np.float64)
_FLOATS = frozenset({float, np.float64})

KEPT_RETYPED = 16
"""A graph keeps at most so many versions of itself for inputs of other dtypes."""


def evaluate(
    graph: Graph,
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    *,
    debug_nans: bool = False,
) -> Any:
    """Return the outputs of a graph at a point, or at many.

    Parameters
    ----------
    graph : Graph
        What to evaluate.
    args : sequence of array_like
        Values of inputs, by position. An input of shape ``s`` takes an array of shape
        ``(..., *s)``: leading axes are a batch, and those of all inputs broadcast together. Python
        numbers and arrays of integers take the precision of the graph; float32, float64 and complex
        arrays are evaluated in their own, as NumPy would.
    kwargs : mapping of str to array_like, optional
        Values of inputs by name.
    debug_nans : bool
        Whether a result that is not finite is an error, which names the node that made it.

    Returns
    -------
    array, NumPy scalar, or nested tuples of these
        Nested as ``graph.tree``; the axes of the batch come first.

    Raises
    ------
    InputError
        If arguments do not fit the inputs, or an op does not take their dtypes.
    NonFiniteError
        If a result has a NaN or an infinity, and `debug_nans` is set.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> graph = b.finish("f", [x * x])
    >>> evaluate(graph, [3])
    np.float64(9.0)
    >>> evaluate(graph, [np.array([1.0, 2.0, 3.0])])
    array([1., 4., 9.])
    """
    if not kwargs and not debug_nans and _fit_as_they_are(graph, args):
        return map_tree(graph.tree, program_of(graph)(*args))
    return evaluate_flat(graph, bind(graph, args, kwargs or {}), debug_nans)


def evaluate_flat(graph: Graph, values: Sequence[Any], debug_nans: bool = False) -> Any:
    """Return the outputs of a graph on one value for each of its inputs; see `evaluate`."""
    arrays = [_as_array(graph, node, x) for node, x in zip(graph.inputs, values, strict=True)]
    dtypes = _dtypes(graph, values, arrays)
    arrays = [
        _cast(graph, node, array, dtype)
        for node, array, dtype in zip(graph.inputs, arrays, dtypes, strict=True)
    ]
    graph = _for_dtypes(graph, dtypes)
    lead = _batch_shape(graph, arrays)
    if debug_nans:
        return map_tree(graph.tree, checked_results(graph, arrays, lead))
    results = program_of(graph)(*arrays) if lead == () else run_batch(graph, arrays, lead)
    return map_tree(graph.tree, results)


def double_arrays(graph: Graph, values: Sequence[Any]) -> list[Array]:
    """Return one value for each input as arrays of double precision, for machine code.

    Raises
    ------
    InputError
        If values do not fit the inputs, as in a call of the graph, or are not of a dtype that
        doubles hold: graphs evaluate complex numbers, and machine code does not.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> double_arrays(b.finish("f", [x * x]), [np.float32(0.5)])
    [array(0.5)]
    """
    arrays = [_as_array(graph, node, x) for node, x in zip(graph.inputs, values, strict=True)]
    for node, array in zip(graph.inputs, arrays, strict=True):
        if not np.can_cast(array.dtype, _FLOAT64, "safe"):
            raise _refuse(
                graph,
                node,
                f"takes numbers of double precision in machine code, not {array.dtype}; call the "
                "graph itself",
            )
    _batch_shape(graph, arrays)
    return [array if array.dtype == _FLOAT64 else array.astype(_FLOAT64) for array in arrays]


def _fit_as_they_are(graph: Graph, args: Sequence[Any]) -> bool:
    """Return whether arguments are just what the inputs are typed as: the way of most calls."""
    types = graph._cache.get("input types")
    if types is None:
        types = [(node.type.shape, node.type.dtype) for node in graph.inputs]
        if any(isinstance(one.tree, tuple) for one in graph.parameters):
            types = [((-1,), _FLOAT64)] * (len(types) + 1)  # which nothing fits
        graph._cache["input types"] = types
    if len(args) != len(types):
        return False
    for arg, (shape, dtype) in zip(args, types, strict=True):
        if type(arg) is np.ndarray:
            if arg.shape != shape or arg.dtype != dtype:
                return False
        elif shape or dtype != _FLOAT64 or type(arg) not in _FLOATS:
            return False
    return True


def bind(graph: Graph, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """Return one value for each input, in order; structures are taken apart.

    Raises
    ------
    InputError
        If an input gets no value or two, or a value has no input, or a structure does not fit.
    """
    parameters = graph.parameters
    given = _by_parameter(graph, args, kwargs)
    if len(parameters) == len(graph.inputs) and not any(
        isinstance(one.tree, tuple) for one in parameters
    ):
        return given
    found = []
    for (name, tree), value in zip(parameters, given, strict=True):
        found += taken_apart(name, tree, value)
    return found


def _by_parameter(graph: Graph, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    names = [name for name, _ in graph.parameters]
    if not kwargs and len(args) == len(names):
        return list(args)
    if len(args) > len(names):
        raise InputError(f"{_signature(graph)} takes {len(names)} inputs, but got {len(args)}")
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names:
            raise InputError(f"{_signature(graph)} has no input {name!r}")
        if name in given:
            raise InputError(f"{_signature(graph)} got {name!r} both by position and by name")
        given[name] = value
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(f"{_signature(graph)} also needs {', '.join(map(repr, missing))}")
    return [given[name] for name in names]


def _signature(graph: Graph) -> str:
    words = []
    for name, tree in graph.parameters:
        what = described(tree) if isinstance(tree, tuple) else graph.inputs[tree].type
        words.append(f"{name}: {what}")
    return f"{graph.name}({', '.join(words)})"


def _refuse(graph: Graph, node: Node, problem: str) -> InputError:
    return InputError(f"input {node.attrs[0]!r} of {_signature(graph)} {problem}")


# --- values --------------------------------------------------------------------------------------


def _as_array(graph: Graph, node: Node, value: Any) -> Array:
    """Return a value as an array of numbers, in its own dtype."""
    if value is None:
        raise _refuse(graph, node, "was given None; give it a number or an array")
    if isinstance(value, np.ma.MaskedArray):
        raise _refuse(graph, node, "was given a masked array; fill it first: x.filled(0.0)")
    try:
        array: Array = np.asarray(value)
    except GraphadError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise _refuse(graph, node, f"was given what is no array of numbers: {error}") from None
    kind = array.dtype.kind
    if kind in "SUT":
        raise _refuse(graph, node, f"was given text ({_shown(value)}); convert it: float(text)")
    if kind == "O":
        if isinstance(value, int):
            return np.asarray(_as_float(graph, node, value))
        raise _refuse(
            graph, node, f"was given objects ({_shown(value)}); convert them: np.asarray(x, float)"
        )
    if kind not in "biufc":
        raise _refuse(graph, node, f"was given values of dtype {array.dtype}, not numbers")
    own = array.ndim - node.type.ndim
    if own < 0 or array.shape[own:] != node.type.shape:
        raise _refuse(graph, node, _shape_problem(node.type.shape, array.shape))
    return array


def _shape_problem(shape: Shape, given: Shape) -> str:
    tail = ", ".join(map(str, shape))
    text = f"takes an array of shape {shape}, or (..., {tail}) for a batch, not {given}"
    if len(given) > 1 and (given[: len(shape)] == shape or given[::-1] == shape):
        text += "; should it be transposed?"
    return text


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _as_float(graph: Graph, node: Node, value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise _refuse(graph, node, "was given an integer too large for a float") from None


# --- dtypes --------------------------------------------------------------------------------------


def _dtypes(graph: Graph, values: Sequence[Any], arrays: Sequence[Array]) -> tuple[DType, ...]:
    """Return the dtype that each input is evaluated in.

    That of the input if it holds the value: an integer or a Python number in a float. An array of
    floats is evaluated as it is, and so is a complex one; Python numbers follow the arrays.
    """
    own = [
        array.dtype
        for value, array in zip(values, arrays, strict=True)
        if array.dtype.kind in "fc" and not _is_weak(value)
    ]
    follow = all(map(is_single, own)) if own else None
    return tuple(
        [
            _dtype(graph, node, value, array, follow)
            for node, value, array in zip(graph.inputs, values, arrays, strict=True)
        ]
    )


def _is_weak(value: Any) -> bool:
    """Return whether a value is a Python number, whose precision NumPy does not look at."""
    return type(value) in {float, int, complex, bool}


def _dtype(graph: Graph, node: Node, value: Any, array: Array, follow: bool | None) -> DType:
    declared, given = node.type.dtype, array.dtype.newbyteorder("=")
    if given == declared and not _is_weak(value):
        return declared
    if not node.type.is_inexact:
        if given.kind in ("b" if declared.kind == "b" else "biu"):
            return declared
        raise _refuse(graph, node, f"takes {declared} values, not {given}")
    if given.kind in "biu" or _is_weak(value):
        real = declared if follow is None or not _is_weak(value) else in_precision(declared, follow)
        return np.result_type(real, np.complex64) if given.kind == "c" else real
    if given not in DTYPE_NAMES:
        raise _refuse(
            graph, node, f"was given {given}, which graphs do not hold; convert it: x.astype(float)"
        )
    if declared.kind == "c" and given.kind == "f":
        return np.result_type(given, np.complex64)
    return given


def _cast(graph: Graph, node: Node, array: Array, dtype: DType) -> Array:
    if array.dtype == dtype:
        return array
    made: Array = array.astype(dtype)
    if dtype.kind in "iu" and not np.array_equal(made, array):
        raise _refuse(graph, node, f"was given integers that {dtype} does not hold")
    return made


def _for_dtypes(graph: Graph, dtypes: tuple[DType, ...]) -> Graph:
    """Return the graph retyped for inputs of these dtypes; the graph itself if they are its own."""
    if all(node.type.dtype == dtype for node, dtype in zip(graph.inputs, dtypes, strict=True)):
        return graph
    kept: dict[tuple[DType, ...], Graph] = graph._cache.setdefault("retyped", {})
    found = kept.get(dtypes)
    if found is None:
        types = [
            make_type(node.type.shape, dtype)
            for node, dtype in zip(graph.inputs, dtypes, strict=True)
        ]
        found = retype(graph, types)
        if len(kept) < KEPT_RETYPED:
            kept[dtypes] = found
    return found


def _batch_shape(graph: Graph, arrays: Sequence[Array]) -> Shape:
    leads = [
        array.shape[: array.ndim - node.type.ndim]
        for array, node in zip(arrays, graph.inputs, strict=True)
    ]
    try:
        return np.broadcast_shapes(*leads)
    except ValueError:
        listed = ", ".join(
            f"{lead} of {name!r}"
            for lead, name in zip(leads, graph.input_names, strict=True)
            if lead
        )
        raise InputError(
            f"the batches given to {_signature(graph)} do not broadcast together: {listed}"
        ) from None
