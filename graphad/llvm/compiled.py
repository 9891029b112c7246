"""Compiled graphs: a generalised ufunc of machine code, and what else can be done with the code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.errors import GraphError, InputError
from graphad.ir import Graph, map_tree
from graphad.llvm.bound import make_function, wrapper
from graphad.llvm.drivers import Signature, copies, loop, single
from graphad.llvm.engine import Module, vector_lanes
from graphad.llvm.kernels import Kernel, Lanes, write_kernel
from graphad.llvm.ufunc import make_ufunc
from graphad.op import Array

ATTRIBUTES = "attributes #0 = { nounwind }"
ALIGNED = 64


class Compiled:
    """A graph as machine code: called like the graph, and as fast as this processor can.

    Parameters
    ----------
    graph : Graph
        Scalar nodes of double precision; each output a scalar or a ``pack`` of scalars.
    level : int
        Of code generation, 0 or 1.

    Raises
    ------
    GraphError
        If the graph is not scalar, or not of double precision.
    """

    def __init__(self, graph: Graph, level: int = 1) -> None:
        check_precision(graph)
        self.graph = graph
        self.level = level
        self._signature = Signature(
            tuple([node.type.shape for node in graph.inputs]),
            tuple([node.type.shape for node in graph.outputs]),
        )
        lanes = vector_lanes()
        many, one = write_kernel(graph, lanes, "many"), write_kernel(graph, Lanes(1), "one")
        self._module = Module(self._text(many, one, lanes.width), level)
        self._scratch = one.scratch
        self.ufunc, self._kept = make_ufunc(
            self._module.address("loop"),
            len(graph.inputs),
            len(graph.outputs),
            self._signature.text,
            graph.name,
            f"{graph!r}, compiled.",
        )
        self._plain = graph.tree == 0

    def _text(self, many: Kernel, one: Kernel, width: int) -> str:
        declared = {**many.declarations, **one.declarations}
        parts = [*declared.values(), *many.text, *one.text, copies(width), single(one.names)]
        parts.append(loop(self._signature, many.names, many.scratch, width))
        return "\n".join([*parts, ATTRIBUTES])

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Evaluate, at one point or many, as a generalised ufunc of NumPy does.

        Parameters
        ----------
        *args : array_like
            One for each input; leading axes are a batch.
        **options
            Those of a ufunc: ``out``, ``casting``, ``axes``, ….

        Returns
        -------
        numpy.ndarray or nested tuples of them
            As the graph gives them.
        """
        made = self.ufunc(*args, **options)
        if self._plain:
            return made
        return map_tree(self.graph.tree, made if isinstance(made, tuple) else (made,))

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Any:
        """Return a function of no arguments that computes one point in buffers of the caller's.

        Parameters
        ----------
        inputs, outputs : sequence of numpy.ndarray
            One for each input and output, of its shape, double precision, in one piece. A call
            reads what the first hold then, and writes the others.

        Raises
        ------
        InputError
            If a buffer does not fit.

        Examples
        --------
        >>> import numpy as np, graphad as ga
        >>> fast = ga.trace(lambda x: x[0] * x[1], np.zeros(2)).compile()
        >>> x, y = np.array([2.0, 3.0]), np.zeros(())
        >>> run = fast.bind([x], [y])
        >>> run(), float(y)
        (None, 6.0)
        """
        for what, given, shapes in (
            ("input", inputs, self._signature.inputs),
            ("output", outputs, self._signature.outputs),
        ):
            if len(given) != len(shapes):
                raise InputError(f"{len(shapes)} {what}s are to be bound, and {len(given)} are")
            for array, shape in zip(given, shapes, strict=True):
                _check_buffer(what, array, shape)
        if len(inputs) != 1 or len(outputs) != 1:
            raise InputError("bind takes graphs of one input and one output as yet")
        scratch = np.zeros(max(1, self._scratch))
        one = write_kernel(self.graph, Lanes(1), "one")
        addresses = [array.ctypes.data for array in (inputs[0], outputs[0], scratch)]
        text = "\n".join(
            [
                *one.declarations.values(),
                *one.text,
                single(one.names),
                wrapper(addresses[0], addresses[1], addresses[2], "single"),
                ATTRIBUTES,
            ]
        )
        module = Module(text, self.level)
        function, kept = make_function(module.address("bound"), self.graph.name)
        return Bound(function, (module, kept, scratch, inputs, outputs))

    @property
    def address(self) -> int:
        """Address of ``void single(double *in, double *out, double *scratch)``, for C."""
        return self._module.address("single")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as IR text, which compiles again when it is read."""
        return _compiled_again, (str(self.graph), self.graph.name, self.level)

    def __repr__(self) -> str:
        return f"<compiled {self.graph!r}>"


def _compiled_again(text: str, name: str, level: int) -> Compiled:
    from graphad.text import parse

    return Compiled(parse(text, file=name), level)


class Bound:
    """A call without arguments, with the buffers that it reads and writes."""

    __slots__ = ("_kept", "run")

    def __init__(self, run: Any, kept: tuple[Any, ...]) -> None:
        self.run = run
        self._kept = kept

    def __call__(self) -> None:
        """Compute one point."""
        self.run()


def check_precision(graph: Graph) -> None:
    """Refuse graphs with values that are neither of double precision nor conditions.

    Raises
    ------
    GraphError
        With the first such node.
    """
    for node in graph.nodes:
        if node.type.dtype != np.float64 and node.type.dtype != np.bool_:
            raise GraphError(
                f"{node!r} of {graph.name} is {node.type}; machine code is made for double "
                "precision only, so call the graph itself"
            )


def _check_buffer(what: str, array: object, shape: tuple[int, ...]) -> None:
    found = repr(array)
    if isinstance(array, np.ndarray):
        flags = array.flags
        whole = flags.c_contiguous and flags.aligned and (what == "input" or flags.writeable)
        if array.dtype == np.float64 and array.shape == shape and whole:
            return
        found = f"{array.dtype}{list(array.shape)}"
    raise InputError(
        f"the buffer of an {what} is an array of float64{list(shape)} in one piece, and not {found}"
    )
