"""From a NumPy function to a graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

from graphad.builder import paused_gc
from graphad.errors import GraphadError, TraceError
from graphad.ir import Graph
from graphad.tracing.advice import foreign_array, refusal
from graphad.tracing.check import check_trace
from graphad.tracing.examples import Call, function_name, plan_call
from graphad.tracing.origins import line_of_traceback
from graphad.tracing.outcomes import flatten
from graphad.tracing.recorder import Recorder
from graphad.tracing.tracers import Tracer

G = TypeVar("G", bound=Graph)

ACTIVE: ContextVar[Recorder | None] = ContextVar("graphad_active_trace", default=None)
"""The trace that is going on in this thread; only `graphad.numpy` asks."""

_AS_ARRAY = (
    r"TracedScalar.*(subscriptable|not iterable|no len|item|unpack)"
    r"|(unpack|must be an iterable).*TracedScalar"
)
"""What Python says of a scalar that is used as an array."""
BUDGET = 5_000_000
"""How many operations a trace may have if nothing is said."""


def trace_function(
    function: Callable[..., Any],
    examples: Sequence[Any] = (),
    kwexamples: Mapping[str, Any] | None = None,
    *,
    make: type[G] = Graph,  # type: ignore[assignment]
    name: str | None = None,
    check: bool = True,
    budget: int = BUDGET,
) -> G:
    """Return the graph of a NumPy function.

    The function is run once, on values that record what is done with them. NumPy's own functions,
    operators and methods are followed, and so are views and writes into arrays.

    Parameters
    ----------
    function : callable
        Plain NumPy code. It is not changed.
    examples, kwexamples
        Of the arguments, by position and by name: arrays, floats or nested lists of floats. A
        parameter without an example is a scalar of dtype float64; one with a default keeps it.
    make : type
        The class of the graph.
    name : str, optional
        Name of the graph; the function's if not given.
    check : bool
        Whether the graph is compared with the function, at two points.
    budget : int
        How many operations the trace may have.

    Returns
    -------
    Graph
        With the parameters' names on its inputs, and the outputs nested as the function's.

    Raises
    ------
    TraceError
        If the function cannot be traced as it is written. The message names the user's line.

    Examples
    --------
    >>> import numpy as np
    >>> trace_function(lambda x, y: np.sin(x) * y, [np.zeros(3)])
    <graph f(%x: f64[3], %y: f64[]) -> (f64[3]), 4 nodes>
    """
    call = plan_call(function, examples, kwexamples or {})
    recorder = Recorder(budget)
    token = ACTIVE.set(recorder)
    try:
        with paused_gc():
            graph = _record(recorder, function, call, name or function_name(function), make)
    except GraphadError:
        raise
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        told = explained(error, call)
        if told is None:
            raise
        raise told from error
    finally:
        recorder.close()
        ACTIVE.reset(token)
    if check:
        check_trace(graph, function, call)
    return graph


def _record(
    recorder: Recorder, function: Callable[..., Any], call: Call, name: str, make: type[G]
) -> G:
    inputs = [recorder.input(one.name, one.type) for one in call.inputs]
    source = getattr(function, "__globals__", {})
    result = call(recorder.rebinder.rebind(function, source, direct=True), inputs)
    if recorder.refusal is not None:
        raise TraceError(
            f"{recorder.refusal}\nthe function caught this error and went on, by a way that it may "
            "not take for other inputs; do not catch it"
        )
    leaves, tree = flatten(result, function)
    values = [recorder.lift(recorder.content_of(leaf)) for leaf in leaves]
    return recorder.builder.finish(name, values, tree, make=make)


def explained(error: Exception, call: Call) -> TraceError | None:
    """Return the error to raise instead of one of Python's about a traced value, if it is one."""
    line = line_of_traceback(error.__traceback__)
    if isinstance(error, RecursionError):
        return refusal(
            "the function calls itself without end, or too deeply",
            "end the recursion by something that is not traced, such as an integer counter; or "
            "write a loop",
            line,
        )
    if isinstance(error, AttributeError):
        if not isinstance(error.obj, Tracer):
            return None
        return refusal(
            f"a traced value has no attribute {error.name!r}",
            "write it with NumPy's functions, or compute it outside of the trace",
            line,
        )
    text = str(error)
    if "<traced " in text:
        return refusal(
            "a traced value was turned into text, which holds no number",
            "use the value itself, without str(), format() or an f-string; np.round rounds",
            line,
        )
    if "read-only" in text:
        return refusal(
            f"this writes into memory that may only be read here: {text}",
            "write into a copy, x = np.array(x)",
            line,
        )
    if "setting single item of array" in text:  # what NumPy makes of the refusal to be a number
        return foreign_array(line)
    if "TracedScalar" not in text and "TracedArray" not in text:
        return None
    if re.search(_AS_ARRAY, text):
        lone = [one.name for one in call.inputs if one.example is None and not one.type.shape]
        why = f" ({', '.join(lone)}: a parameter without an example is a scalar)" if lone else ""
        return refusal(
            f"a traced scalar is used as an array here{why}",
            "give an example of the array, trace(f, np.zeros(3)); or leave the index out",
            line,
        )
    return refusal(
        re.sub(r"'?Traced(Scalar|Array)'?", "a traced value", text),
        "write it with NumPy's functions and operators on numbers and arrays",
        line,
    )
