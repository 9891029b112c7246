"""`scan`: a loop over steps that stays one operation of a graph."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, SupportsIndex

import numpy as np

from graphad.builder import Value
from graphad.control.nesting import Tree, described, map_tree, taken_apart
from graphad.control.scan_form import Scan
from graphad.control.subtrace import (
    Argument,
    Body,
    argument_names,
    contents,
    current,
    trace_body,
    types_of,
    wrapped,
)
from graphad.op import OPS
from graphad.tracing.advice import refusal
from graphad.tracing.examples import function_name
from graphad.tracing.outcomes import line_of_function
from graphad.tracing.recorder import Recorder
from graphad.tracing.storage import Content
from graphad.types import Type, make_type

Function = Callable[..., Any]


def scan(
    body: Function, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False
) -> tuple[Any, Any]:
    """Return what a body carries on through all steps, and what it gives at each.

    Like ``carry, y = body(carry, x)`` for each x of `xs` in turn; but in a function that is traced,
    the loop is one operation, which holds the body as a graph: its size does not depend on the
    number of steps, and neither does that of its derivatives, which are scans again.

    Parameters
    ----------
    body : callable
        ``body(carry, x)`` returns the next carry, of the same shapes and dtypes, and the result of
        the step (``None`` for none). It is traced once, may use values from around it, and must
        not change any.
    init : array_like, or tuples, lists and dictionaries of them
        The first carry.
    xs : array_like, or tuples, lists and dictionaries of them, optional
        Arrays whose rows are the x; without it x is ``None``.
    length : int, optional
        The number of steps; needed without `xs`.
    reverse : bool
        Whether to go through the rows of `xs` from the last to the first. Results are in the order
        of the rows all the same.

    Returns
    -------
    carry
        The last one.
    ys
        Results of all steps, as rows of arrays.

    Raises
    ------
    TraceError
        If the body changes shapes or dtypes of the carry, rows are not equally many, or the number
        of steps is not known.

    Examples
    --------
    >>> import numpy as np, graphad as ga
    >>> def decay(rate):
    ...     return ga.scan(lambda y, _: (y - rate * y, y), 1.0, length=4)[1]
    >>> decay(0.5)
    array([1.   , 0.5  , 0.25 , 0.125])
    >>> ga.trace(decay).diff()(0.5)
    array([ 0.  , -1.  , -1.  , -0.75])
    """
    recorder = current()
    leaves, tree = taken_apart(init)
    rows, row_tree = taken_apart(xs)
    if recorder is None:
        return _run(body, leaves, tree, rows, row_tree, length, reverse)
    recorder.locate()
    begun, given = contents(recorder, leaves), contents(recorder, rows)
    count = _steps(body, [item.shape for item in given], length)
    begun, traced = _stable(recorder, body, begun, tree, leaves, given, row_tree)
    form = Scan(len(begun), len(given), count, bool(reverse), False, traced.graph)
    parts = emitted(recorder, form, [*traced.outer, *begun, *given])
    results = wrapped(recorder, parts)
    return map_tree(tree, results), map_tree(pair_of(body, traced.result)[1], results)


def emitted(recorder: Recorder, form: Scan, operands: Sequence[Content]) -> list[Any]:
    """Return the results of a scan: values of the trace, or arrays if all operands are constant."""
    if not form.layout.types:
        return []
    if not any(isinstance(operand, Value) for operand in operands):
        return form.layout.unpacked(OPS["scan"].evaluate(*operands, *form))
    made = form([recorder.lift(operand) for operand in operands])
    return list(form.layout.parts(made))


def _steps(body: Function, shapes: Sequence[tuple[int, ...]], length: SupportsIndex | None) -> int:
    """Return the number of steps.

    Raises
    ------
    TraceError
        If it is not known, or rows are not as many.
    """
    if any(shape == () for shape in shapes):
        raise refusal(
            "scan goes through the rows of xs, and one of xs is a scalar",
            "give it as part of init, or close over it; give the number of steps as length=",
        )
    counts = {shape[0] for shape in shapes}
    if length is not None:
        try:
            counts.add(operator.index(length))
        except TypeError:
            raise refusal(
                f"the length of a scan is a fixed integer, not {length!r}",
                "take it from outside of the trace; while_loop stops by a condition",
            ) from None
    if not counts:
        raise refusal(
            f"scan of {function_name(body)} has neither xs nor a length, so the number of steps is "
            "not known",
            "write length=n; or graphad.while_loop for a loop that stops by a condition",
        )
    if len(counts) > 1:
        listed = " and ".join(map(str, sorted(counts)))
        raise refusal(
            f"scan goes through xs row by row, and they have {listed} rows",
            "give arrays of as many rows each, and that number as length, or no length",
        )
    (count,) = counts
    if count < 0:
        raise refusal(f"a scan cannot have {count} steps", "give a length of 0 or more")
    return count


# --- tracing -------------------------------------------------------------------------------------


def _stable(
    recorder: Recorder,
    body: Function,
    begun: list[Content],
    tree: Tree,
    leaves: Sequence[Any],
    given: Sequence[Content],
    row_tree: Tree,
) -> tuple[list[Content], Body]:
    """Trace the body; a Python number that is carried takes the dtype that the body gives it."""
    names = argument_names(body, 2)
    rows = tuple([type.with_shape(type.shape[1:]) for type in types_of(given)])
    while True:
        types = types_of(begun)
        arguments = [Argument(names[0], types, tree), Argument(names[1], rows, row_tree)]
        traced = trace_body(recorder, body, arguments)
        carry, _ = pair_of(body, traced.result)
        check_structure(body, "carry", tree, carry)
        outputs = [node.type for node in traced.graph.outputs[: len(types)]]
        wider = promoted(begun, leaves, outputs)
        if wider is None:
            check_types(body, names[0], carry, types, outputs)
            return begun, traced
        begun = wider


def promoted(
    begun: Sequence[Content], leaves: Sequence[Any], outputs: Sequence[Type]
) -> list[Content] | None:
    """Return first values with Python numbers in wider dtypes; ``None`` if they are wide enough."""
    made: list[Content] = []
    for item, leaf, out in zip(begun, leaves, outputs, strict=True):
        if type(leaf) in (bool, int, float, complex) and isinstance(item, np.ndarray):
            item = item.astype(np.result_type(item.dtype, out.dtype))
        made.append(item)
    return None if types_of(made) == types_of(begun) else made


def pair_of(body: Function, result: Tree) -> tuple[Tree, Tree]:
    """Return the structures of the carry and of the result of a step.

    Raises
    ------
    TraceError
        If the body does not return two things.
    """
    if isinstance(result, tuple) and len(result) == 2:
        return result[0], result[1]
    raise refusal(
        f"the body {function_name(body)} of a scan returns {described(result)}, and not a pair",
        "return carry, y; with y = None if there is no result of each step",
        line_of_function(body),
    )


def check_structure(body: Function, what: str, before: Tree, after: Tree) -> None:
    """Refuse a body that returns a carry of another structure.

    Raises
    ------
    TraceError
        If it does.
    """
    if before != after:
        raise refusal(
            f"{function_name(body)} is given the {what} {described(before)} and returns "
            f"{described(after)}",
            "return it in the structure in which it comes",
            line_of_function(body),
        )


def check_types(
    body: Function, name: str, tree: Tree, before: Sequence[Type], after: Sequence[Type]
) -> None:
    """Refuse a body that changes shapes or dtypes of what it carries.

    Raises
    ------
    TraceError
        If it does; says which, and what to write.
    """
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        if old == new:
            continue
        which = name if not isinstance(tree, tuple) else f"value {i} of {name}"
        if old.shape != new.shape:
            instead = (
                f"begin with the shape that it keeps: np.broadcast_to(init, {new.shape}), say; or "
                "reshape or sum what the body returns"
            )
        else:
            instead = (
                f"begin with init.astype(np.{new.dtype}), or return "
                f"{name}.astype(np.{old.dtype}) from the body"
            )
        raise refusal(
            f"{function_name(body)} is given {which} as {old} and returns it as {new}; what a "
            "loop carries keeps its shape and dtype",
            instead,
            line_of_function(body),
        )


# --- plain NumPy ---------------------------------------------------------------------------------


def _run(
    body: Function,
    leaves: list[Any],
    tree: Tree,
    rows: list[Any],
    row_tree: Tree,
    length: SupportsIndex | None,
    reverse: bool,
) -> tuple[Any, Any]:
    """Run the steps on plain arrays."""
    begun = [np.array(leaf)[()] for leaf in leaves]
    given = [np.asarray(row) for row in rows]
    count = _steps(body, [row.shape for row in given], length)
    if count == 0:
        return _run_nothing(body, leaves, tree, given, row_tree)
    carried = begun
    results: list[list[Any]] = []
    order = range(count)
    for i in reversed(order) if reverse else order:
        x = map_tree(row_tree, [np.array(row[i])[()] for row in given])
        made, found = taken_apart(body(map_tree(tree, carried), x))
        carry, y = pair_of(body, found)
        check_structure(body, "carry", tree, carry)
        own = made[: len(begun)]
        if not results:
            check_plain(body, tree, leaves, begun, own)
        results.append([np.array(y) for y in made[len(begun) :]])
        carried = [np.asarray(item)[()] for item in own]
    if reverse:
        results.reverse()
    stacked = [np.stack(column) for column in zip(*results, strict=True)]
    return map_tree(tree, carried), map_tree(y, [*carried, *stacked])


def check_plain(
    body: Function, tree: Tree, leaves: list[Any], begun: list[Any], made: list[Any]
) -> None:
    """Refuse a body that changes shapes or dtypes of plain arrays."""
    before, after = [], []
    for leaf, old, new in zip(leaves, begun, made, strict=True):
        weak = type(leaf) in (bool, int, float, complex)
        array = np.asarray(new)
        before.append(make_type(np.shape(old), array.dtype if weak else old.dtype))
        after.append(make_type(array.shape, array.dtype))
    check_types(body, argument_names(body, 1)[0], tree, before, after)


def _run_nothing(
    body: Function, leaves: list[Any], tree: Tree, given: list[Any], row_tree: Tree
) -> tuple[Any, Any]:
    """Return the results of no step; what types they have is found out by tracing the body."""
    recorder = Recorder(budget=1_000_000)
    begun: list[Content] = [np.asarray(leaf) for leaf in leaves]
    try:
        begun, traced = _stable(recorder, body, begun, tree, leaves, given, row_tree)
    finally:
        recorder.close()
    outputs = traced.graph.outputs[len(begun) :]
    empty = [np.empty((0, *node.type.shape), node.type.dtype) for node in outputs]
    values = [np.array(item)[()] for item in begun] + empty
    return map_tree(tree, values), map_tree(pair_of(body, traced.result)[1], values)
