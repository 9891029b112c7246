"""Array graphs that are called like graphs and run as loops and products in machine code."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

from graphad.errors import GraphError, InputError
from graphad.evaluate.calling import double_arrays, evaluate
from graphad.ir import Graph, map_tree
from graphad.llvm.arguments import by_position
from graphad.llvm.array_entry import ArrayCode, ArrayWays
from graphad.llvm.array_program import ArrayProgram, Space
from graphad.op import Array
from graphad.text import dump, parse

WAYS = frozenset({"ufunc", "prepare", "bind", "pointer", "address", "low_level_callable"})
"""What array code offers as scalar code does."""
KEPT = 8
"""Pieces of memory for work that are kept for later calls, one for each call at a time."""
KEPT_BYTES = 1 << 28
"""Larger ones are not kept."""
_FLOAT64 = np.dtype(np.float64)


class CompiledArrays:
    """A graph of arrays as machine code: loops, in which elementwise work is fused, and products.

    Parameters
    ----------
    graph : Graph
        Of double precision, without empty arrays.
    opt : {1, 0, "auto"}
        Level of code generation; ``"auto"`` is 1.

    Raises
    ------
    GraphError
        If the graph has values of other kinds, or too many operations in a loop.

    Examples
    --------
    >>> import numpy as np, graphad as ga
    >>> g = ga.trace(lambda x: np.tanh(x) * np.sum(x * x), np.zeros(100))
    >>> fast = CompiledArrays(g)
    >>> fast
    <compiled arrays <graph f(%x: f64[100]) -> (f64[100]), 5 nodes>: 2 loops>
    >>> bool(np.allclose(fast(np.ones(100)), 100 * np.tanh(1.0)))
    True
    """

    def __init__(self, graph: Graph, opt: int | str = 1) -> None:
        if not (opt == "auto" or (type(opt) is int and opt in {0, 1})):
            raise InputError(f'opt is 0, 1 or "auto", and not {opt!r}')
        for node in graph.outputs:
            if node.type.dtype != _FLOAT64:
                raise GraphError(
                    f"{node!r} is {node.type}, and machine code gives numbers of double precision"
                )
        self.graph = graph
        self.opt = opt
        self._program = ArrayProgram(graph, 1 if opt == "auto" else int(opt))
        self._ways = self._find_ways()
        self._shapes = [node.type.shape for node in graph.inputs]
        self._sizes = [node.type.size for node in graph.inputs]
        self._plain = graph.tree == 0
        self._outputs = [node.type.shape for node in graph.outputs]
        self._pool: list[Space] = []

    def _find_ways(self) -> ArrayWays | None:
        """Return the ways in that need no Python, if there are any."""
        program, graph = self._program, self.graph
        if program.counts.calls or not graph.inputs:
            return None
        code = ArrayCode(graph, program.signature, program.module, program.work, program)
        try:
            return ArrayWays(code, program.level)
        except GraphError:
            return None

    def __getattr__(self, name: str) -> Any:
        """Return what code without Python offers: `ufunc`, `bind`, `pointer` and the like."""
        if name not in WAYS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if self._ways is None:
            raise GraphError(
                f"{self!r} has no {name}: it has too many inputs and outputs or none, or NumPy "
                "evaluates a part of it; call it as it is"
            )
        return getattr(self._ways, name)

    @property
    def counts(self) -> Any:
        """How many loops, products and calls of NumPy a block of points takes."""
        return self._program.counts

    def __call__(self, *args: Any, out: Any = None, **options: Any) -> Any:
        """Evaluate, at one point or many.

        Parameters
        ----------
        *args : array_like
            One for each input; leading axes are a batch, and those of all inputs broadcast
            together.
        out : numpy.ndarray or tuple of numpy.ndarray, optional
            Where to put the results, one array for each output: of double precision and of the
            shape of the result, in any order in memory. They may overlap the arguments.
        **options
            Inputs by their names, and other options of a ufunc, where there is one.

        Returns
        -------
        numpy.ndarray or nested tuples of them
            As the graph gives them; the axes of the batch come first. Those of `out`, if given.

        Raises
        ------
        InputError
            If arguments do not fit the inputs, or `out` the outputs; for options that only a ufunc
            takes, if there is none.
        """
        if options and options.pop("debug_nans", False):
            return evaluate(self.graph, args, options, debug_nans=True)
        if self._ways is not None and (options or self._is_simple(args)):
            given = options if out is None else {**options, "out": out}
            return self._ways(*args, **given)
        fits = not options and self._fit(args)
        arrays, lead = (args, ()) if fits else self._given(args, options)
        points = prod(lead)
        shapes = [lead + shape for shape in self._outputs]
        targets = None if out is None else self._targets(out, shapes)
        made = [np.empty(shape) for shape in shapes] if targets is None else list(targets)
        for i, target in enumerate(targets or ()):
            shared = any(np.may_share_memory(target, array) for array in arrays)
            if shared or not target.flags.carray:
                made[i] = np.empty(target.shape)
        if points:
            steps = [
                0 if array.size == size else size
                for array, size in zip(arrays, self._sizes, strict=True)
            ]
            self._compute(arrays, made, steps, points)
        if targets is not None:
            for target, values in zip(targets, made, strict=True):
                if target is not values:
                    target[...] = values
            made = targets
        return made[0] if self._plain else map_tree(self.graph.tree, made)

    def _is_simple(self, args: Sequence[Any]) -> bool:
        """Whether arguments are arrays that a ufunc takes as they are."""
        if len(args) != len(self._shapes):
            return False
        for arg, shape in zip(args, self._shapes, strict=True):
            if type(arg) is not np.ndarray or arg.dtype != _FLOAT64:
                return False
            if arg.shape[arg.ndim - len(shape) :] != shape or arg.ndim < len(shape):
                return False
        return True

    def _targets(self, out: Any, wanted: Sequence[tuple[int, ...]]) -> list[Array]:
        """Return the arrays that results are put into."""
        given = list(out) if isinstance(out, tuple) else [out]
        fit = len(given) == len(wanted) and all(
            isinstance(array, np.ndarray)
            and array.shape == shape
            and array.dtype == _FLOAT64
            and array.flags.writeable
            for array, shape in zip(given, wanted, strict=True)
        )
        if not fit:
            shapes = ", ".join(map(str, wanted))
            raise InputError(
                f"out of {self.graph!r} is one array of double precision for each output, that can "
                f"be written to, of the shapes {shapes}"
            )
        if any(np.may_share_memory(one, two) for one, two in combinations(given, 2)):
            raise InputError(f"two arrays of out of {self.graph!r} share memory")
        return given

    def _fit(self, args: Sequence[Any]) -> bool:
        """Whether arguments are one point, and just what the code reads: the way of most calls."""
        if len(args) != len(self._shapes):
            return False
        for arg, shape in zip(args, self._shapes, strict=True):
            if type(arg) is not np.ndarray or arg.shape != shape or arg.dtype != _FLOAT64:
                return False
            if not arg.flags.c_contiguous or not arg.dtype.isnative:
                return False
        return True

    def _given(
        self, args: Sequence[Any], named: dict[str, Any]
    ) -> tuple[Sequence[Array], tuple[int, ...]]:
        """Return arguments as arrays in one piece, and the shape of the batch."""
        shapes = self._shapes
        values, options = by_position(self.graph, args, named)
        if options:
            raise InputError(f"{self!r} takes no {', '.join(options)}")
        arrays = double_arrays(self.graph, values)
        leads = [
            array.shape[: array.ndim - len(shape)]
            for array, shape in zip(arrays, shapes, strict=True)
        ]
        lead = np.broadcast_shapes(*leads)
        whole = []
        for array, axes, shape in zip(arrays, leads, shapes, strict=True):
            if axes != lead and prod(axes) != 1:
                array = np.broadcast_to(array, lead + shape)
            whole.append(np.ascontiguousarray(array))
        return whole, lead

    def _compute(
        self, arrays: Sequence[Array], made: Sequence[Array], steps: Sequence[int], points: int
    ) -> None:
        try:
            space = self._pool.pop()
        except IndexError:
            space = self._program.space()
        self._program(arrays, made, steps, points, space)
        if len(self._pool) < KEPT and space.work.nbytes <= KEPT_BYTES:
            self._pool.append(space)

    def __copy__(self) -> CompiledArrays:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> CompiledArrays:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as IR text, which compiles again when it is read."""
        return _compiled_again, (dump(self.graph), self.graph.name, self.opt)

    def __repr__(self) -> str:
        counts = self.counts
        parts = [(counts.loops, "loop"), (counts.products, "product"), (counts.calls, "call")]
        told = ", ".join([f"{n} {name}{'s' * (n > 1)}" for n, name in parts if n])
        return f"<compiled arrays {self.graph!r}: {told or 'constants'}>"


def _compiled_again(text: str, name: str, opt: int | str) -> CompiledArrays:
    return CompiledArrays(parse(text, file=name), opt)
