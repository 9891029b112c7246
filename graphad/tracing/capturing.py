"""Values of an enclosing trace, where the body of control flow is traced within it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.ir import INPUT, Node
from graphad.tracing.advice import another_trace
from graphad.tracing.arrays import TracedArray
from graphad.tracing.selections import Selection
from graphad.tracing.tracers import Tracer

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder


class Capturing:
    """The part of a trace that knows of the trace around it: its values become inputs.

    Attributes
    ----------
    enclosing : Recorder or None
        The trace around this one.
    inner : Recorder or None
        The trace of a body that is going on within this one.
    captured : dict of Node to Value
        For nodes of the enclosing trace the inputs of this one, in the order of their first use.
    taken : set of str
        Names that inputs have.
    """

    builder: Builder
    closed: bool
    enclosing: Recorder | None
    inner: Recorder | None
    captured: dict[Node, Value]
    taken: set[str]

    def begin_within(self, enclosing: Recorder | None) -> None:
        """Note the trace around this one."""
        self.enclosing = enclosing
        self.inner = None
        self.captured = {}
        self.taken = set()

    def innermost(self) -> Any:
        """Return the trace that what is done now belongs to."""
        found = self
        while found.inner is not None:
            found = found.inner
        return found

    def capture(self, value: Value, owner: Recorder) -> Value:
        """Return the input that stands for a value of an enclosing trace.

        Raises
        ------
        TraceError
            If the value is of another trace, or of one that is over.
        """
        if owner is self:
            return value
        if self.enclosing is None or owner.closed:
            raise another_trace(owner.closed)
        value = self.enclosing.capture(value, owner)
        found = self.captured.get(value.node)
        if found is None:
            own = value.node.op is INPUT
            name = value.node.attrs[0] if own else f"outer{len(self.captured)}"
            while name in self.taken:
                name += "_"
            self.taken.add(name)
            found = self.captured[value.node] = self.builder.input(name, value.type)
        return found

    def is_within(self, other: Recorder) -> bool:
        """Return whether this trace is a part of another one."""
        outer = self.enclosing
        while outer is not None and outer is not other:
            outer = outer.enclosing
        return outer is not None

    def imported(self, x: Any) -> Any:
        """Return values of enclosing traces as values of this one, to read only."""
        if type(x) is list or type(x) is tuple:
            return type(x)([self.imported(item) for item in x])
        if not isinstance(x, Tracer) or not self.is_within(x._recorder):
            return x
        if type(x) is Selection:
            return x.captured_by(self)
        content = x.content()
        if isinstance(content, Value):
            made = self.wrap(self.capture(content, x._recorder), x.is_ordered())
        else:
            made = self.constant(np.array(content)[()])
        if isinstance(made, TracedArray):
            made.storage.outside = True
        return made

    def wrap(self, result: Any, ordered: bool = False) -> Any:
        """Return values as traced scalars and arrays."""
        raise NotImplementedError

    def constant(self, array: Any) -> Any:
        """Return an array that depends on no input as part of the trace."""
        raise NotImplementedError
