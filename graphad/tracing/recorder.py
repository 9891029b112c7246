"""One trace: the arena it fills, and what happens when NumPy is called on its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError, TypeRuleError
from graphad.ir import CONST, Node
from graphad.op import Array, Op
from graphad.progress import Progress
from graphad.tracing import ufuncs
from graphad.tracing.advice import foreign_array, refusal
from graphad.tracing.afterwards import afterwards
from graphad.tracing.arrays import TracedArray
from graphad.tracing.captured import captured
from graphad.tracing.capturing import Capturing
from graphad.tracing.handlers import HANDLERS
from graphad.tracing.lowering import (
    LOWERINGS,
    refusal as lowering_refusal,
    scipy_lowering,
)
from graphad.tracing.lowering.coerce import as_value
from graphad.tracing.lowering.registry import spelled
from graphad.tracing.masked import leaves_out, reduced_where
from graphad.tracing.origins import LineFinder
from graphad.tracing.packages import public_name
from graphad.tracing.rebinding import Rebinder
from graphad.tracing.rewritten import Rewritten
from graphad.tracing.selection_functions import apply, has_selection
from graphad.tracing.selections import Selection
from graphad.tracing.storage import Content, Storage
from graphad.tracing.tracers import TracedScalar, Tracer, first_tracer
from graphad.types import Type

NOTHING: Mapping[str, Any] = {}

LOOK_EVERY = 200_000
"""After so many nodes it is looked whether a trace takes long."""
GIVE_ARRAYS = {np.where, np.select, np.tensordot}
"""Functions whose result is an array also if it has no axes; others give a scalar then."""
_FAILURES = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What NumPy's code may raise when it is given traced values."""
ORDERED = {
    np.where,
    np.dot,
    np.outer,
    np.sum,
    np.mean,
    np.prod,
    np.max,
    np.min,
    np.cumsum,
    np.concatenate,
    np.stack,
    np.vstack,
    np.clip,
}
"""Functions, beside ufuncs, that give arrays in C order where their operands are."""


class Recorder(Capturing):
    """A trace that is going on.

    Parameters
    ----------
    budget : int
        How many nodes may be made.
    enclosing : Recorder, optional
        The trace in which a body of control flow is traced by this one. Values of it that are used
        here become inputs.
    """

    def __init__(self, budget: int, enclosing: Recorder | None = None) -> None:
        self.builder = Builder()
        self.begin_within(enclosing)
        self.rebinder = Rebinder(lambda: None if self.closed else self.innermost())
        self.budget = budget
        self.closed = False
        self.refusal: TraceError | None = None
        self._limit = min(budget, LOOK_EVERY)
        self._progress = Progress()
        self._lines = LineFinder()
        self._single: dict[tuple[Any, ...], Op] = {}

    def refused(self, error: TraceError) -> TraceError:
        """Return an error to raise, and keep it: code that catches it would go another way."""
        if self.refusal is None and not self.closed:
            self.refusal = error
        return error

    def close(self) -> None:
        """End the trace."""
        self.closed = True
        self._progress.clear()

    def input(self, name: str, type: Type) -> Tracer:
        """Add an input and return what stands for it."""
        made: Tracer = self.wrap(self.builder.input(name, type), ordered=True)
        return made

    def locate(self) -> None:
        """Note the user's line as the origin of what is emitted next."""
        self.builder.origin = self._lines.find()

    def check_size(self) -> None:
        """Refuse to go on beyond the budget, and show how far a long trace is.

        Raises
        ------
        TraceError
            If there are more nodes than the budget allows.
        """
        count = len(self.builder.nodes)
        if count > self.budget:
            raise refusal(
                f"the trace has more than {self.budget} operations; every pass of a Python loop "
                "adds those of its body",
                "write whole-array operations instead of the loop, or graphad.scan, which keeps a "
                "loop as one operation; or take fewer steps",
            )
        if count > self._limit:
            self._limit = min(self.budget, count + LOOK_EVERY)
            origin = self.builder.origin
            place = f"{origin.file}:{origin.line}"
            self._progress.show(f"tracing: {count:,} operations, now at {place}")

    # --- calls -----------------------------------------------------------------------------------

    def call(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any] = NOTHING,
    ) -> Any:
        """Return a NumPy function of traced arrays, numbers and whatever else it takes.

        Parameters
        ----------
        function : callable
            A ufunc, or a function of NumPy's.
        args, kwargs
            As the user gave them; lists may hold traced values.

        Raises
        ------
        TraceError
            If the function cannot be traced, or not with these arguments.
        """
        if self.closed:
            return afterwards(function, args, kwargs)
        if self.inner is not None:  # a body is being traced: this is a part of it
            named = {name: self.inner.imported(arg) for name, arg in kwargs.items()}
            return self.inner.call(function, [self.inner.imported(arg) for arg in args], named)
        builder = self.builder
        builder.origin = self._lines.find()
        if len(builder.nodes) > self._limit:
            self.check_size()
        if not kwargs:
            nodes = tuple([x._value.node for x in args if type(x) is TracedScalar])
            op = self._single.get((function, *[id(node.type) for node in nodes]))
            if op is not None and len(nodes) == len(args) and self._owns(args):
                return TracedScalar(self, Value(builder, builder.emit(op, nodes)))
        if kwargs and "where" in kwargs and isinstance(function, np.ufunc):
            return ufuncs.apply(self, function, "__call__", args, kwargs)
        if kwargs and kwargs.get("out") is not None:
            return self._call_into(function, args, kwargs)
        if has_selection(args) or (kwargs and has_selection(kwargs.values())):
            return apply(self, function, args, kwargs)
        if kwargs and leaves_out(function, kwargs):
            return reduced_where(self, function, args, kwargs)
        handler = HANDLERS.get(function)
        if handler is not None:
            return handler(self, *args, **kwargs)
        return self.compute(function, args, kwargs)

    def compute(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any] = NOTHING,
    ) -> Any:
        """Return a NumPy function by its lowering, or by NumPy itself where all is constant."""
        operands = []
        symbolic = False
        for arg in args:
            if type(arg) is TracedScalar and arg._recorder is self:
                operands.append(arg._value)
                symbolic = True
            else:
                operand = self.operand(arg)
                operands.append(operand)
                symbolic = symbolic or _is_symbolic(operand)
        named = {name: self.operand(arg) for name, arg in kwargs.items()} if kwargs else {}
        if not (symbolic or any(_is_symbolic(operand) for operand in named.values())):
            return self.adopt(function(*operands, **named), (*args, *kwargs.values()))
        lowering = LOWERINGS.get(function) or scipy_lowering(function)
        if isinstance(lowering, Rewritten):
            return lowering.traced(self, args, kwargs)
        if lowering is None:
            advice = lowering_refusal(function)
            if advice is not None:
                raise self.explained(TraceError(advice))
            return self.traced_through(function, args, kwargs)
        try:
            result = lowering(self.builder, *operands, **named)
        except (TraceError, TypeRuleError) as error:
            raise self.explained(error) from error
        if type(result) is Value and not result.node.type.shape and result.node.op is not CONST:
            scalar = TracedScalar(self, result)
            if isinstance(function, np.ufunc):
                self._note_single(function, operands, result.node)
            return self.array_of(scalar) if function in GIVE_ARRAYS else scalar
        return self.wrap(result, self._keeps_order(function, args))

    def _call_into(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """Call a function and write the result into the arrays given as ``out=``."""
        out = kwargs["out"]
        named = {name: value for name, value in kwargs.items() if name != "out"}
        result = self.call(function, args, named)
        targets = out if isinstance(out, tuple) else (out,)
        results = result if isinstance(result, tuple) else (result,)
        written = []
        for target, made in zip(targets, results, strict=True):
            if target is not None and not isinstance(target, TracedArray | Selection):
                raise foreign_array()
            written.append(made if target is None else target.fill_with(made))
        return tuple(written) if isinstance(result, tuple) else written[0]

    def _owns(self, scalars: Sequence[TracedScalar]) -> bool:
        return all(scalar._recorder is self for scalar in scalars)

    def _note_single(self, ufunc: np.ufunc, operands: Sequence[Any], node: Node) -> None:
        """Note that a ufunc of scalars of these types is one op, so as not to ask again."""
        nodes = tuple([x.node for x in operands if type(x) is Value])
        plain = node.inputs == nodes and not node.attrs
        if plain and len(set(nodes)) == len(operands) and CONST not in [n.op for n in nodes]:
            self._single[(ufunc, *[id(n.type) for n in nodes])] = node.op

    def explained(self, error: Exception) -> TraceError:
        """Return the error of a lowering with the user's line."""
        what, _, instead = str(error).partition("; ")
        return refusal(what, instead or "check the shapes and the arguments of this call")

    def operand(self, arg: Any) -> Any:
        """Return an argument with values and constant arrays in place of traced arrays."""
        if isinstance(arg, Tracer):
            content = arg.content()
            if arg._recorder is not self and isinstance(content, Value):
                return self.capture(content, arg._recorder)
            return content
        if type(arg) is list or type(arg) is tuple:
            return self._operands(arg)
        return arg

    def _operands(self, items: list[Any] | tuple[Any, ...]) -> Any:
        if first_tracer(items) is None:
            return items
        return type(items)([self.operand(item) for item in items])

    def traced_through(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any] = NOTHING
    ) -> Any:
        """Return a NumPy function by tracing NumPy's own Python code, if it has some.

        Raises
        ------
        TraceError
            If it has none, or that cannot be traced.
        """
        cause: Exception | None = None
        inner = getattr(function, "_implementation", function)
        if isinstance(inner, FunctionType):
            try:
                return self.rebinder.copied(inner)(*args, **kwargs)
            except _FAILURES as error:
                cause = error
        raise refusal(
            f"{spelled_as(function)} of a traced value is not supported",
            "write it with functions that are: arithmetic, np.sum, np.where, np.linalg.norm and so "
            "on, or compute what does not depend on the inputs outside of the trace",
        ) from cause

    # --- results ---------------------------------------------------------------------------------

    def wrap(self, result: Any, ordered: bool = False) -> Any:
        """Return values as traced scalars and arrays, in the nesting in which they come."""
        if isinstance(result, Value):
            if result.node.op is CONST:
                return self.constant(np.array(result.node.attrs[0].array)[()])
            if result.shape == ():
                return TracedScalar(self, result)
            return TracedArray(self, Storage(self, result, ordered or result.ndim == 1))
        if isinstance(result, list | tuple):
            items = [self.wrap(item, ordered) for item in result]
            made = getattr(type(result), "_make", type(result))  # a named tuple stays one
            return made(items)
        return result

    def wrap_content(self, content: Content) -> Any:
        """Return a value or a constant, which is copied, as a traced scalar or array."""
        if isinstance(content, Value):
            return self.wrap(content, ordered=True)
        return self.constant(np.array(content)[()])

    def constant(self, array: Any) -> Any:
        """Return an array that depends on no input, in memory of its own, as part of the trace.

        Floating arrays are traced, so that traced values can be written into them. Integers and
        booleans stay NumPy's: they are indices and masks.
        """
        if isinstance(array, np.ndarray) and array.dtype.kind in "fc":
            return TracedArray(self, Storage(self, array))
        return array

    def content_of(self, x: Any) -> Content:
        """Return what a traced array, a number, an array or lists of these hold.

        Raises
        ------
        TraceError
            If it is something else.
        """
        operand = self.operand(x)
        if isinstance(operand, Value):
            return operand
        if _is_symbolic(operand):
            try:
                return as_value(self.builder, operand)
            except (TraceError, TypeRuleError) as error:
                raise self.explained(error) from error
        return np.asarray(operand)

    def array_of(self, x: Any) -> TracedArray:
        """Return a traced array as it is, and anything else as an array in memory of its own."""
        if isinstance(x, TracedArray):
            array: TracedArray = self.imported(x)
            self.operand(array)
            return array
        content = self.content_of(x)
        if isinstance(content, np.ndarray):
            content = np.array(content)
        return TracedArray(self, Storage(self, content))

    def lift(self, content: Content) -> Value:
        """Return content as a value of the graph."""
        return content if isinstance(content, Value) else self.builder.constant(content)

    def adopt(self, result: Any, sources: Sequence[Any]) -> Any:
        """Return what NumPy made of constants as part of the trace.

        Parameters
        ----------
        result : object
            What NumPy returned.
        sources : sequence
            What it was given. An array that shares memory with traced constants is copied; one that
            shares memory with arrays from outside stays as it is.
        """
        if isinstance(result, list | tuple):
            items = [self.adopt(item, sources) for item in result]
            made = getattr(type(result), "_make", type(result))
            return made(items)
        if not isinstance(result, np.ndarray) or result.dtype.kind not in "fc":
            return captured(result)
        if isinstance(result, Tracer):
            return result
        shared = []
        for source in _arrays(sources):
            if isinstance(source, TracedArray):
                content = source.content()
                if isinstance(content, np.ndarray) and np.may_share_memory(result, content):
                    shared.append(source.storage)
            elif np.may_share_memory(result, source):
                return captured(result)
        if not shared:
            return self.constant(result)
        made = self.constant(result.copy())
        for storage in shared:
            made.storage.may_share(storage)
        return made

    def _keeps_order(self, function: Callable[..., Any], args: Sequence[Any]) -> bool:
        """Return whether the result of a function lies in C order."""
        if not (isinstance(function, np.ufunc) or function in ORDERED):
            return False
        for arg in _arrays(args):
            if isinstance(arg, TracedArray):
                if arg.ndim > 1 and not arg.is_ordered():
                    return False
            elif arg.ndim > 1 and not arg.flags.c_contiguous:
                return False
        return True


def spelled_as(function: Callable[..., Any]) -> str:
    """Return a function's name as users write it; a ufunc need not be NumPy's."""
    name: str = getattr(function, "__name__", "a function")
    if isinstance(function, np.ufunc) and getattr(np, name, None) is not function:
        return f"the ufunc {name}, which is not NumPy's,"
    return public_name(getattr(function, "__module__", None) or "", name) or spelled(function)


def _is_symbolic(operand: Any) -> bool:
    """Return whether an operand is a value of the graph, or lists with one in them."""
    if type(operand) is Value:
        return True
    if type(operand) is list or type(operand) is tuple:
        return any(_is_symbolic(item) for item in operand)
    return False


def _arrays(items: Sequence[Any]) -> list[TracedArray | Array]:
    """Return the arrays among arguments, those in lists too."""
    found: list[TracedArray | Array] = []
    for item in items:
        if isinstance(item, TracedArray) or (
            isinstance(item, np.ndarray) and not isinstance(item, Tracer)
        ):
            found.append(item)
        elif type(item) in (list, tuple):
            found.extend(_arrays(item))
    return found
