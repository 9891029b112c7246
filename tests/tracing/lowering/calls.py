"""Calls of NumPy functions on traced arrays, lowered and compared with NumPy itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.ir import CONST, INPUT, Graph, verify
from graphad.op import Array
from graphad.tracing.lowering import LOWERINGS, spelled
from graphad.types import make_type


@dataclass(frozen=True, eq=False)
class Traced:
    """An argument that is traced: an input of the graph."""

    array: Array

    def __repr__(self) -> str:
        return f"{self.array.dtype.char}{list(self.array.shape)}"


def traced(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> Traced:
    """Return a traced argument of random numbers."""
    generator = np.random.default_rng([seed, *shape])
    return Traced(generator.uniform(low, high, shape))


@dataclass(frozen=True, eq=False)
class Case:
    """One call."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        listed = [text_of(arg) for arg in self.args]
        listed += [f"{key}={text_of(value)}" for key, value in self.kwargs.items()]
        return f"{spelled(self.function)}({', '.join(listed)})"


def text_of(arg: Any) -> str:
    """Return an argument in few characters."""
    if isinstance(arg, np.ndarray):
        return f"array{arg.dtype.char}{list(arg.shape)}"
    return re.sub(r"\s+", " ", repr(arg))


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Case:
    """Return a call as a case."""
    return Case(function, args, kwargs)


def replaced(arg: Any, replace: Callable[[Traced], Any]) -> Any:
    """Return an argument with something in place of what is traced in it."""
    if isinstance(arg, Traced):
        return replace(arg)
    if isinstance(arg, list | tuple):
        return type(arg)([replaced(item, replace) for item in arg])
    return arg


def lowered(case: Case) -> tuple[Any, list[Array], Builder]:
    """Lower a call; return its result, the arrays of the inputs, and the builder."""
    builder = Builder()
    arrays: list[Array] = []
    made: dict[int, Value] = {}

    def enter(arg: Traced) -> Value:
        if id(arg) not in made:
            type_ = make_type(arg.array.shape, arg.array.dtype)
            made[id(arg)] = builder.input(f"x{len(arrays)}", type_)
            arrays.append(arg.array)
        return made[id(arg)]

    args = [replaced(arg, enter) for arg in case.args]
    kwargs = {key: replaced(arg, enter) for key, arg in case.kwargs.items()}
    return LOWERINGS[case.function](builder, *args, **kwargs), arrays, builder


def evaluated(graph: Graph, arrays: list[Array]) -> list[Array]:
    """Evaluate a graph node by node."""
    verify(graph)
    inputs = iter(arrays)
    values: list[Array] = []
    for node in graph.nodes:
        if node.op is INPUT:
            values.append(next(inputs))
        elif node.op is CONST:
            values.append(node.attrs[0].array)
        else:
            operands = [values[operand.id] for operand in node.inputs]
            values.append(np.asarray(node.op.evaluate(*operands, *node.attrs)))
        assert values[-1].shape == node.type.shape
        assert values[-1].dtype == node.type.dtype
    return [values[node.id] for node in graph.outputs]


def outcome(case: Case) -> Any:
    """Return what the lowered call gives, values as arrays."""
    result, arrays, builder = lowered(case)
    parts = result if isinstance(result, list | tuple) else [result]
    values = [part for part in parts if isinstance(part, Value)]
    if not values:
        return result
    assert len(values) == len(parts)
    found = evaluated(builder.finish("f", values), arrays)
    return type(result)(found) if isinstance(result, list | tuple) else found[0]


def in_single(case: Case) -> Case:
    """Return the same call on traced arrays of single precision."""
    made: dict[int, Traced] = {}

    def single(arg: Traced) -> Traced:
        if id(arg) not in made:
            real = arg.array.dtype.kind == "f"
            made[id(arg)] = Traced(arg.array.astype(np.float32)) if real else arg
        return made[id(arg)]

    kwargs = {key: replaced(arg, single) for key, arg in case.kwargs.items()}
    return Case(case.function, tuple([replaced(arg, single) for arg in case.args]), kwargs)


def expected(case: Case) -> Any:
    """Return what NumPy gives."""
    args = [replaced(arg, lambda x: x.array) for arg in case.args]
    kwargs = {key: replaced(arg, lambda x: x.array) for key, arg in case.kwargs.items()}
    return case.function(*args, **kwargs)


def same(found: Any, wanted: Any) -> None:
    """Assert that results have NumPy's nesting, shapes, dtypes, and values up to rounding."""
    if isinstance(wanted, list | tuple):
        assert type(found) is type(wanted)
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            same(one, other)
        return
    wanted = np.asarray(wanted)
    assert np.shape(found) == wanted.shape
    if not isinstance(found, int):  # np.ndim and np.size give Python's integers
        assert found.dtype == wanted.dtype
    tolerance = 1e-13 if wanted.dtype in (np.float64, np.complex128) else 1e-5
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


def check(case: Case) -> None:
    """Assert that a lowered call gives what NumPy gives, in double and in single precision."""
    for version in (case, in_single(case)):
        same(outcome(version), expected(version))


def refuses(message: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Assert that a call is refused with this in the message."""
    with pytest.raises(TraceError, match=re.escape(message)):
        lowered(Case(function, args, kwargs))


def cases(*listed: Case) -> pytest.MarkDecorator:
    """Parametrise a test over calls."""
    return pytest.mark.parametrize("case", listed, ids=str)


def ops_of(case: Case) -> list[str]:
    """Return the names of the ops that a call becomes, in order."""
    result, _, builder = lowered(case)
    graph = builder.finish("f", [result])
    return [node.op.name for node in graph.nodes if node.op is not INPUT and node.op is not CONST]
