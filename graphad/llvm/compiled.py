"""Compiled graphs: a generalised ufunc of machine code, and what else can be done with the code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.errors import GraphError
from graphad.evaluate.calling import evaluate
from graphad.ir import Graph, map_tree
from graphad.llvm.arguments import MASKED, by_position, fitting, is_final, results
from graphad.llvm.bound import bind, check_buffers
from graphad.llvm.pointers import POINT, integrand_kind, pointer_to
from graphad.llvm.tiers import BATCH, SINGLE, Code, Tiers
from graphad.llvm.ufunc import check_operands, make_ufunc
from graphad.op import Array
from graphad.text import dump, parse


class Compiled:
    """A graph as machine code: called like the graph, and as fast as this processor can.

    Code for single points is made at once, code for batches when the first comes. Both are exact
    to a few units in the last place, and not always the same bits: batches use vector functions.
    Results of a batch do not depend on how it is cut, except into single points.

    Parameters
    ----------
    graph : Graph
        Scalar nodes of double precision; each output a scalar or a ``pack`` of scalars.
    opt : {1, 0, "auto"}
        Level of code generation. Code of level 0 is made several times faster, and is up to
        three times slower. With ``"auto"``, code of level 0 for single points is made at once, and
        that of level 1 in the call in which it has been worth its making; until then batches are
        computed point by point.

    Raises
    ------
    GraphError
        If the graph is not scalar, or not of double precision, or its inputs and outputs are more
        than a ufunc can have, or empty.
    InputError
        If there is no such level.

    Attributes
    ----------
    ufunc : numpy.ufunc
        Generalised, unless inputs and outputs are all scalars. It does without this object. It
        releases the lock of the interpreter while it computes more than NumPy's 500 elements, and
        warns of no exceptions of arithmetic, as graphs do not.
    """

    def __init__(self, graph: Graph, opt: int | str = 1) -> None:
        check_precision(graph)
        self.graph = graph
        self.opt = opt
        self._code = Code(graph)
        signature = self._code.signature
        check_operands(signature, graph.name)
        self._tiers = Tiers(self._code, opt)
        self.ufunc = make_ufunc(
            self._tiers.loop,
            self._tiers.data,
            signature,
            graph.name,
            f"{graph!r}, compiled.",
            (self._tiers, self._code),
            self._tiers.gate,
        )
        self._count = len(graph.inputs)
        self._kinds, self._as_made = results(graph)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Evaluate, at one point or many, as a generalised ufunc of NumPy does.

        Parameters
        ----------
        *args : array_like
            One for each input; leading axes are a batch. Integers, float16 and float32 are
            converted to double precision, which results are of.
        **options
            Inputs by their names, and options of a ufunc: ``out``, ``casting``, ``axes``, ….

        Returns
        -------
        numpy.ndarray or nested tuples of them
            As the graph gives them.

        Raises
        ------
        InputError
            As in a call of the graph; and for numbers that are not real.
        """
        made = None
        if not options:
            if len(args) == self._count:
                try:
                    made = self.ufunc(*args)
                except (TypeError, ValueError):
                    made = None  # and the same again, which says what does not fit
        elif options.pop("debug_nans", False):
            return evaluate(self.graph, args, options, debug_nans=True)
        elif len(args) == self._count:
            for x in args:
                if isinstance(x, MASKED):
                    break
            else:
                try:
                    made = self.ufunc(*args, **options)
                except (TypeError, ValueError):
                    made = None
        if type(made) in self._kinds:
            return made
        if not is_final(made):
            made = self._checked(args, options)
        if self._as_made:
            return made
        return map_tree(self.graph.tree, made if isinstance(made, tuple) else (made,))

    def _checked(self, args: Sequence[Any], options: dict[str, Any]) -> Any:
        """Return what the ufunc gives for arguments that are known to fit the graph."""
        values, rest = by_position(self.graph, args, options)
        return self.ufunc(*fitting(self.graph, values, rest), **rest)

    def prepare(self, *, single: bool = True, batch: bool = True) -> None:
        """Make code now that would otherwise be made in a call.

        Parameters
        ----------
        single, batch : bool
            Which: for single points, for batches.
        """
        for kind, wanted in ((SINGLE, single), (BATCH, batch)):
            if wanted:
                self._tiers.prepare(kind)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Any:
        """Return a function of no arguments that computes one point in buffers of the caller's.

        Parameters
        ----------
        inputs, outputs : sequence of numpy.ndarray
            One for each input and output, of its shape, double precision, in one piece. A call
            reads what the first hold then, and writes the others. Several that stand one after the
            other in memory, as pieces of one array, are not copied.

        Returns
        -------
        builtin_function_or_method
            It holds the buffers. It is for one thread at a time.

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
        signature = self._code.signature
        check_buffers("input", inputs, signature.inputs)
        check_buffers("output", outputs, signature.outputs)
        code = self._code.module(SINGLE, self._tiers.level)
        return bind(code, self.graph.name, inputs, outputs, self._code.scratch)

    @property
    def pointer(self) -> Any:
        """Function of ctypes for one point, ``void f(const double *inputs, double *outputs)``.

        All inputs stand one after the other in the first, in C order, and all outputs in the
        second; they must not overlap. Threads may call it at once. The object keeps the code
        alive; whoever takes the address alone keeps this object.
        """
        code = self._code.module(SINGLE, self._tiers.level)
        return pointer_to(POINT, code.address("point"), code)

    @property
    def address(self) -> int:
        """Address of the function that `pointer` is; code and address go with this object."""
        return self._code.module(SINGLE, self._tiers.level).address("point")

    def low_level_callable(self) -> Any:
        """Return a ``scipy.LowLevelCallable`` for SciPy's routines, such as ``integrate.quad``.

        Returns
        -------
        scipy.LowLevelCallable
            ``double f(double x)`` if there is one number to a point, otherwise
            ``double f(int n, double *x)``, with all inputs one after the other; it gives NaN if
            ``n`` is not how many there are. It keeps the code alive.

        Raises
        ------
        GraphError
            If the graph gives more than one number, or takes none.
        ImportError
            If SciPy is not installed.

        Examples
        --------
        >>> import numpy as np, graphad as ga
        >>> from scipy.integrate import quad
        >>> fast = ga.trace(lambda x: np.exp(-x), np.zeros(())).compile()
        >>> round(quad(fast.low_level_callable(), 0.0, 50.0)[0], 12)
        1.0
        """
        from scipy import LowLevelCallable

        kind, name = integrand_kind(self._code.signature, self.graph.name)
        code = self._code.module(SINGLE, self._tiers.level)
        return LowLevelCallable(pointer_to(kind, code.address(name), code))

    def __copy__(self) -> Compiled:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Compiled:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as IR text, which compiles again when it is read."""
        return _compiled_again, (dump(self.graph), self.graph.name, self.opt)

    def __repr__(self) -> str:
        return f"<compiled {self.graph!r}>"


def _compiled_again(text: str, name: str, opt: int | str) -> Compiled:
    return Compiled(parse(text, file=name), opt)


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
