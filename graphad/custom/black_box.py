"""Black boxes: functions of the user's that run as they are, and cannot be looked into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Any

import numpy as np

from graphad.builder import Value
from graphad.custom.calling import emitted, operands_of, recorder_of
from graphad.custom.differences import difference_rule, jacobian
from graphad.custom.tangents import (
    applied,
    check_linear,
    inlined,
    still,
    traced_jvp,
    traced_vjp,
)
from graphad.errors import DerivativeError, GraphadError, GraphError, InputError, TypeRuleError
from graphad.evaluate.batching import batch_graph
from graphad.ir import Graph
from graphad.op import OPS, Array, Attrs, Op, Operand
from graphad.ops.factories import broadcast_to, reshape_to
from graphad.tracing.trace import trace_function
from graphad.types import Type, make_type

PREFIX = "primitive @"
"""How the name of the op of a black box begins."""
DIFFERENCES = "finite_differences"
"""The word in the name of one that is a difference of another."""

Function = Callable[..., Any]
Shape = tuple[int, ...]


class Primitive:
    """A black box that graphs can hold: made by `primitive`, called as the function.

    Parameters
    ----------
    function : callable
        Of arrays, gives one array.
    name : str
        In the text of graphs.
    jvp, vjp, transpose : callable or None
        Derivative rules; see `primitive`.
    linear : tuple of int
        Arguments that it is linear in, together.
    shape : callable or None
        Shape of the result from the shapes of the arguments; run at some point if not given.
    level : int or None
        For derivatives by finite differences, how many have been taken; ``None`` for others.
    """

    def __init__(
        self,
        function: Function,
        name: str,
        *,
        jvp: Function | None = None,
        vjp: Function | None = None,
        transpose: Function | None = None,
        linear: tuple[int, ...] = (),
        shape: Callable[..., Shape] | None = None,
        level: int | None = None,
    ) -> None:
        update_wrapper(self, function)
        self.function = function
        self.name = self.__name__ = name
        self.jvp = jvp
        self.vjp = vjp
        self.transpose = transpose
        self.linear = linear
        self.shape = shape
        self.level = level
        self._types: dict[tuple[Type, ...], Type] = {}
        self._rules: dict[Any, Any] = {}
        self.op = self._make(f"{PREFIX}{name}", ())
        self.batched_op = self._make(f"{PREFIX}{name}.batch", ("lead", "batched"))

    def __repr__(self) -> str:
        how = ", derivative by finite differences" if self.level is not None else ""
        return f"<primitive @{self.name}{how}>"

    def __call__(self, *args: Any) -> Any:
        """Run the function; within a trace, add it to the graph as one operation."""
        recorder = recorder_of(args)
        if recorder is None:
            return self.function(*args)
        return emitted(recorder, self.op, operands_of(recorder, self.name, args))

    # --- evaluation --------------------------------------------------------------------------

    def infer(self, types: Sequence[Type]) -> Type:
        """Return the type of the result for arguments of these types.

        Raises
        ------
        TypeRuleError
            If it was to be found out by running the function, and that failed.
        """
        key = tuple(types)
        found = self._types.get(key)
        if found is None:
            found = self._types[key] = self._by_rule(key) if self.shape else self._by_run(key)
        return found

    def _by_rule(self, types: tuple[Type, ...]) -> Type:
        assert self.shape is not None
        shape = self.shape(*[type.shape for type in types])
        if not isinstance(shape, tuple):
            raise TypeRuleError(f"shape= of @{self.name} gave {shape!r}, which is no tuple")
        inexact = [type.dtype for type in types if type.is_inexact]
        dtype = np.result_type(*inexact) if inexact else np.dtype(np.float64)
        return make_type(tuple(map(int, shape)), dtype)

    def _by_run(self, types: tuple[Type, ...]) -> Type:
        chance = np.random.default_rng(11)
        values = [np.asarray(chance.uniform(0.3, 0.8, type.shape), type.dtype) for type in types]
        try:
            result = self._run(values)
        except GraphadError:
            raise
        except Exception as error:
            raise TypeRuleError(
                f"@{self.name} was run to see what shape it gives, and raised "
                f"{type(error).__name__}: {error}; say the shape: "
                "@primitive(shape=lambda *shapes: ...)"
            ) from error
        return make_type(result.shape, result.dtype)

    def _run(self, values: Sequence[Array]) -> Array:
        """Call the function with arrays of its own; scalars are NumPy's."""
        given = [np.array(value)[()] for value in values]
        result = self.function(*given)
        if isinstance(result, tuple | list | dict) or result is None:
            kind = type(result).__name__
            raise InputError(
                f"primitive @{self.name} gives a {kind}, and a primitive gives one array; join "
                "several with np.concatenate"
            )
        array = np.asarray(result)
        if array.dtype.kind in "iub" and any(value.dtype.kind in "fc" for value in given):
            array = array.astype(np.float64)
        return array

    def evaluate(self, *values: Array) -> Array:
        """Return the result, which must be of the type that was said.

        Raises
        ------
        InputError
            If the function gives another shape or dtype than it did, or than `shape` says.
        """
        arrays = [np.asarray(value) for value in values]
        wanted = self.infer([make_type(array.shape, array.dtype) for array in arrays])
        result = self._run(arrays)
        if result.shape != wanted.shape:
            raise InputError(
                f"primitive @{self.name} gave an array of shape {result.shape}, and the graph was "
                f"made for {wanted.shape}"
            )
        return result.astype(wanted.dtype, copy=False)

    def _evaluate_batch(self, *args: Any) -> Array:
        *values, lead, batched = args
        types = self._own_types(
            [make_type(np.shape(value), np.asarray(value).dtype) for value in values], lead, batched
        )
        wanted = self.infer(types)
        result = np.empty(lead + wanted.shape, wanted.dtype)
        for index in np.ndindex(*lead):
            own = [
                np.asarray(value)[index] if has else value
                for value, has in zip(values, batched, strict=True)
            ]
            result[index] = self.evaluate(*own)
        return result

    @staticmethod
    def _own_types(types: Sequence[Type], lead: Shape, batched: Sequence[bool]) -> list[Type]:
        made = []
        for type, has in zip(types, batched, strict=True):
            if has and type.shape[: len(lead)] != lead:
                raise TypeRuleError(f"{type} does not begin with the axes {lead}")
            made.append(type.with_shape(type.shape[len(lead) :]) if has else type)
        return made

    # --- the op ------------------------------------------------------------------------------

    def _make(self, name: str, attrs: tuple[str, ...]) -> Op:
        batched = bool(attrs)

        def infer(types: Sequence[Type], attrs: Attrs) -> Type:
            if not batched:
                return self.infer(types)
            lead, marks = attrs
            own = self.infer(self._own_types(types, lead, marks))
            return own.with_shape(lead + own.shape)

        return Op(
            name,
            infer,
            self._evaluate_batch if batched else self.evaluate,
            attrs=attrs,
            arity=None,
            jvp=self._jvp,
            transpose=self._pull_back if self.transpose is not None else None,
            batch=self._batch,
            identity=repr(self),
        )

    def _emit(self, args: Sequence[Operand], attrs: Attrs) -> Operand:
        if not attrs:
            return self.op(*args)
        return self.batched_op(*args, lead=attrs[0], batched=attrs[1])

    def _rule(
        self, key: Any, types: Sequence[Type], attrs: Attrs, make: Callable[..., Graph]
    ) -> Graph:
        """Return the graph of a rule, made once for operands of these types."""
        lead, marks = attrs or ((), (False,) * len(types))
        own = tuple(self._own_types(types, lead, marks)) if lead else tuple(types)
        found = self._rules.get((key, own))
        if found is None:
            found = self._rules[key, own] = make(own, self.infer(own))
        return found

    def _jvp(
        self,
        out: Operand,
        args: Sequence[Operand],
        tangents: Sequence[Operand | None],
        attrs: Attrs,
    ) -> Operand | None:
        moving = [i for i, tangent in enumerate(tangents) if tangent is not None]
        if all(i in self.linear for i in moving):
            return self._linear_jvp(args, tangents, attrs)
        types = [arg.type for arg in args]
        key = "jvp" if self.level is None else ("differences", *moving)
        graph = self._rule(key, types, attrs, partial(self._jvp_graph, moving=moving))
        if attrs:
            lead, marks = attrs
            own = [mark for mark, arg in zip(marks, args, strict=True) if arg.type.is_inexact]
            rest = [True] * (len(graph.inputs) - len(args) - len(own))
            graph = batch_graph(graph, lead, [*marks, *own, *rest])
        return applied(graph, args, tangents, out)

    def _linear_jvp(
        self, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
    ) -> Operand:
        given = list(args)
        for i in self.linear:
            tangent = tangents[i]
            given[i] = still(args[i]) if tangent is None else tangent
        return self._emit(given, attrs)

    def _jvp_graph(self, types: tuple[Type, ...], out: Type, moving: Sequence[int]) -> Graph:
        name = f"@{self.name}"
        if self.jvp is not None:
            graph = traced_jvp(name, self.jvp, types, out)
            if not any(node.op.name.startswith(PREFIX) for node in graph.nodes):
                check_linear(name, graph, types)
            return graph
        if self.vjp is not None:
            return traced_vjp(name, self.vjp, types, out)
        if self.level is not None:
            made = [self.differences(i) for i in moving]
            return difference_rule(name, types, out, dict(zip(moving, made, strict=True)))
        raise DerivativeError(
            f"primitive {name} has no derivative: it is a black box. Give it a rule, "
            "@primitive(jvp=...) or @primitive(vjp=...), or ask for "
            '@primitive(derivative="finite differences")'
        )

    def differences(self, position: int) -> Primitive:
        """Return the Jacobian by one argument, by finite differences, as a black box."""
        made = self._rules.get(position)
        if made is None:
            assert self.level is not None
            made = self._rules[position] = Primitive(
                partial(jacobian, self.evaluate, position, self.level),
                f"{self.name}.{DIFFERENCES}_{position}",
                shape=partial(_jacobian_shape, self, position),
                level=self.level + 1,
            )
        return made

    def _pull_back(
        self,
        cotangent: Operand,
        args: Sequence[Operand | None],
        types: Sequence[Type],
        attrs: Attrs,
    ) -> Sequence[Operand | None]:
        wrong = [i for i, arg in enumerate(args) if arg is None and i not in self.linear]
        if wrong:
            raise DerivativeError(
                f"primitive @{self.name} is not linear in its argument {wrong[0]}, so it has no "
                "transpose by it"
            )
        fixed = [arg for i, arg in enumerate(args) if i not in self.linear]
        graph = self._rule("transpose", types, attrs, self._transpose_graph)
        given = [cotangent, *fixed]
        if attrs:
            lead, marks = attrs
            own = [marks[i] for i in range(len(args)) if i not in self.linear]
            graph = batch_graph(graph, lead, [True, *own])
        nodes = []
        for value in given:
            assert isinstance(value, Value)
            nodes.append(value.node)
        assert isinstance(cotangent, Value)
        found: list[Operand | None] = [None] * len(args)
        for place, i in enumerate(self.linear):
            part = inlined(cotangent.builder, _output(graph, place), nodes)
            found[i] = self._summed(part, i, types, attrs)
        return found

    def _summed(self, part: Operand, i: int, types: Sequence[Type], attrs: Attrs) -> Operand:
        """Return a cotangent without the axes of a batch that its operand has not."""
        if attrs and not attrs[1][i]:
            return OPS["sum"](part, axes=tuple(range(len(attrs[0]))))
        return part

    def _transpose_graph(self, types: tuple[Type, ...], out: Type) -> Graph:
        assert self.transpose is not None
        fixed = [type for i, type in enumerate(types) if i not in self.linear]
        name = f"transpose of @{self.name}"
        graph: Graph = trace_function(self.transpose, [out, *fixed], check=False, name=name)
        found = [node.type for node in graph.outputs]
        wanted = [types[i] for i in self.linear]
        if found != wanted:
            raise DerivativeError(
                f"the transpose of @{self.name} returns {', '.join(map(str, found))}, and should "
                f"return {', '.join(map(str, wanted))}"
            )
        return graph

    def _batch(
        self, lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
    ) -> Operand:
        if not attrs:
            return self.batched_op(*args, lead=lead, batched=tuple(batched))
        inner, marks = attrs
        given = []
        for arg, has, had in zip(args, batched, marks, strict=True):
            if has and not had:  # the inner axes go between those of the batch and its own
                core = arg.shape[len(lead) :]
                arg = reshape_to(arg, lead + (1,) * len(inner) + core)
                arg = broadcast_to(arg, lead + inner + core)
            elif had and not has:
                arg = broadcast_to(arg, lead + arg.shape)
            given.append(arg)
        both = tuple(a or b for a, b in zip(batched, marks, strict=True))
        return self.batched_op(*given, lead=lead + inner, batched=both)

    def op_of(self, path: Sequence[str]) -> Op:
        """Return the op that a name in a text stands for, after the name of this primitive.

        Raises
        ------
        GraphError
            If there is none.
        """
        if not path:
            return self.op
        if path[0] == "batch" and len(path) == 1:
            return self.batched_op
        head, _, number = path[0].rpartition("_")
        if head == DIFFERENCES and number.isdecimal() and self.level is not None:
            return self.differences(int(number)).op_of(path[1:])
        raise GraphError(f"primitive @{self.name} has no part {path[0]!r}")


def _output(graph: Graph, place: int) -> Graph:
    if len(graph.outputs) == 1:
        return graph
    return Graph(
        graph.name,
        graph.nodes,
        graph.inputs,
        (graph.outputs[place],),
        0,
        ((),),
        graph.origins,
    )


def _jacobian_shape(of: Primitive, position: int, *shapes: Shape) -> Shape:
    types = [make_type(shape, np.dtype(np.float64)) for shape in shapes]
    return of.infer(types).shape + shapes[position]
