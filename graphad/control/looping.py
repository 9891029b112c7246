"""`while_loop`: a loop that ends by a condition, as one operation of a graph."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, SupportsIndex

import numpy as np

from graphad.builder import Builder, Value
from graphad.control.bodies import flat_graph, inlined
from graphad.control.cond_op import Cond
from graphad.control.nesting import Tree, map_tree, taken_apart
from graphad.control.scan_form import Scan
from graphad.control.scanning import check_plain, check_structure, check_types, emitted, promoted
from graphad.control.subtrace import (
    Argument,
    Body,
    argument_names,
    contents,
    current,
    joined_outer,
    trace_body,
    types_of,
    wrapped,
)
from graphad.control.while_op import While
from graphad.ir import Graph
from graphad.op import OPS
from graphad.tracing.advice import refusal
from graphad.tracing.check import CHECKING
from graphad.tracing.examples import function_name
from graphad.tracing.outcomes import line_of_function
from graphad.tracing.recorder import Recorder
from graphad.tracing.storage import Content

Function = Callable[..., Any]

MOST_CHECKED = 20_000
"""So many steps a loop may take where a trace is checked, at points that mean nothing."""


def while_loop(test: Function, body: Function, init: Any, max_steps: int | None = None) -> Any:
    """Return what a body carries on for as long as a test holds.

    Like ``while test(carry): carry = body(carry)``; but in a function that is traced, the loop is
    one operation, and takes as many steps as the values ask for when it is evaluated.

    Parameters
    ----------
    test : callable
        ``test(carry)`` returns one truth value.
    body : callable
        ``body(carry)`` returns the next carry, of the same shapes and dtypes. Both are traced once,
        may use values from around them, and must not change any.
    init : array_like, or tuples, lists and dictionaries of them
        The first carry.
    max_steps : int, optional
        The most steps to take; then the loop ends, whether the test holds or not. With it the loop
        has derivatives in reverse mode too, which go back along the steps; without it only in
        forward mode. It is then a scan of so many steps, of which those after the end do nothing.

    Returns
    -------
    carry
        The last one.

    Raises
    ------
    TraceError
        If the test does not return one truth value, or the body changes shapes or dtypes.

    Examples
    --------
    >>> import numpy as np, graphad as ga
    >>> def root(a):  # Heron's method
    ...     step = lambda x: (x + a / x) / 2
    ...     return ga.while_loop(lambda x: np.abs(x * x - a) > 1e-12, step, 1.0, max_steps=50)
    >>> g = ga.trace(root)
    >>> round(float(g(2.0)), 12), round(float(g.diff()(2.0)), 12)
    (1.414213562373, 0.353553390593)
    """
    most = _most(max_steps)
    recorder = current()
    leaves, tree = taken_apart(init)
    if recorder is None:
        return _run(test, body, leaves, tree, most)
    recorder.locate()
    begun = contents(recorder, leaves)
    name = argument_names(body, 1)[0]
    while True:
        types = types_of(begun)
        arguments = [Argument(name, types, tree)]
        step = trace_body(recorder, body, arguments)
        check_structure(body, "carry", tree, step.result)
        outputs = [node.type for node in step.graph.outputs]
        wider = promoted(begun, leaves, outputs)
        if wider is None:
            break
        begun = wider
    check_types(body, name, step.result, types, outputs)
    tested = trace_body(recorder, test, arguments)
    _check_test(test, tested)
    outer = joined_outer([tested, step])
    form = While(len(begun), tested.retargeted(outer), step.retargeted(outer))
    operands: list[Content] = [*outer, *begun]
    if most is None:
        parts = _emitted(recorder, form, operands)
    else:
        parts = emitted(recorder, bounded(form, most), operands)
    return map_tree(tree, wrapped(recorder, parts))


def bounded(form: While, most: int) -> Scan:
    """Return a while loop as a scan of so many steps; those after its end keep the values."""
    builder = Builder()
    given = [builder.input(*node.attrs) for node in form.body.inputs]
    going = inlined(form.test, given)[0]
    step = Cond(form.body, _kept(form))
    made = step.layout.parts(step(going, given))
    outputs = [part for part in made if isinstance(part, Value)]
    body = flat_graph(builder, form.body.name, outputs)
    return Scan(form.carries, 0, most, False, False, body)


def _kept(form: While) -> Graph:
    """Return the graph that gives back what is carried."""
    builder = Builder()
    given = [builder.input(*node.attrs) for node in form.body.inputs]
    return flat_graph(builder, "keep", given[form.fixed :])


def _emitted(recorder: Recorder, form: While, operands: Sequence[Content]) -> list[Any]:
    if not any(isinstance(operand, Value) for operand in operands):
        return list(form.layout.unpacked(OPS["while_loop"].evaluate(*operands, *form)))
    made = form([recorder.lift(operand) for operand in operands])
    return list(form.layout.parts(made))


def _most(max_steps: SupportsIndex | None) -> int | None:
    """Return the bound as an integer.

    Raises
    ------
    TraceError
        If it is none, or negative.
    """
    if max_steps is None:
        return None
    try:
        most = operator.index(max_steps)
    except TypeError:
        most = -1
    if most < 0:
        raise refusal(
            f"max_steps of a while_loop is a fixed integer, and not {max_steps!r}",
            "take it from outside of the trace, or leave it out",
        )
    return most


def _check_test(test: Function, tested: Body) -> None:
    types = [node.type for node in tested.graph.outputs]
    if len(types) != 1 or types[0].shape != () or types[0].dtype.kind != "b":
        raise _no_test(test, ", ".join(map(str, types)) or "nothing")


def _no_test(test: Function, what: str) -> Exception:
    return refusal(
        f"the test {function_name(test)} of a while_loop returns {what}, and not one truth value",
        "return a comparison of scalars, or np.any(...) or np.all(...) of one",
        line_of_function(test),
    )


def _run(test: Function, body: Function, leaves: list[Any], tree: Tree, most: int | None) -> Any:
    """Run the steps on plain arrays."""
    carried = [np.array(leaf)[()] for leaf in leaves]
    begun = list(carried)
    taken = 0
    checking = CHECKING.get()
    while most is None or taken < most:
        if checking and taken == MOST_CHECKED:
            raise refusal(
                f"the loop over {function_name(body)} has not ended after {taken:,} steps",
                "give an example, trace(f, 2.0), close to which it ends sooner; or max_steps",
            )
        going = np.asarray(test(map_tree(tree, carried)))
        if going.shape != () or going.dtype.kind != "b":
            raise _no_test(test, f"{going.dtype} of shape {going.shape}")
        if not going:
            break
        made, found = taken_apart(body(map_tree(tree, carried)))
        check_structure(body, "carry", tree, found)
        if taken == 0:
            check_plain(body, tree, leaves, begun, made)
        carried = [np.asarray(item)[()] for item in made]
        taken += 1
    return map_tree(tree, carried)
