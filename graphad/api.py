"""What the user meets: `trace`, and graphs to call, differentiate, print and draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from types import MappingProxyType
from typing import Any

from graphad.calculus import Derivable
from graphad.cost import Cost, cost
from graphad.custom.expansion import expanded
from graphad.custom.primitive import black_boxes, notes
from graphad.errors import GraphError
from graphad.evaluate.calling import evaluate
from graphad.interop import (
    c_source,
    graph_of_sympy,
    jax_function,
    latex_text,
    python_source,
    small_latex,
    sympy_expressions,
)
from graphad.passes.batch import batch
from graphad.passes.pipeline import OPTIMIZE, Pass, Pipeline, Report
from graphad.passes.scalarize import scalarize
from graphad.planning.compiling import compiled
from graphad.planning.joint import joint_graph
from graphad.planning.target import whole_target
from graphad.selection import Wrt
from graphad.structures import kinds
from graphad.text import dump, parse as parse_text
from graphad.tracing.inlining import inline, is_traced
from graphad.tracing.trace import trace_function
from graphad.viz import dot, render, svg


class Graph(Derivable):
    """A function as an explicit graph: a value that can be called, printed, drawn, differentiated.

    Graphs come from `trace`, `parse` and from other graphs; they never change.

    Examples
    --------
    >>> import numpy as np
    >>> g = trace(lambda x: np.sum(x**3), np.zeros(2))
    >>> g.diff()(np.array([1.0, 2.0])).tolist()
    [3.0, 12.0]
    >>> g.diff().diff()(np.array([1.0, 2.0])).tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as IR text, which runs nothing when it is read; what it derives from is lost."""
        boxes = black_boxes(self)
        if boxes:
            raise GraphError(
                f"{self.name} holds {boxes[0]}, which is Python code and cannot be pickled: keep "
                "str(graph), and read it by parse(text, ops={...})"
            )
        trees = [self.tree, *[one.tree for one in self.parameters]]
        classes = {kind.name: kind.cls for tree in trees for kind in kinds(tree) if kind.cls}
        return _unpickled, (str(self), self.name, classes)

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        """Return the graph itself: it never changes."""
        return self

    # --- evaluation --------------------------------------------------------------------------

    def __call__(self, *args: Any, debug_nans: bool = False, **kwargs: Any) -> Any:
        """Evaluate the graph, or inline it where an argument is traced.

        Parameters
        ----------
        *args, **kwargs : array_like
            One for each input, by position or by name. Leading axes beyond an input's own are a
            batch, as for a generalised ufunc: they broadcast, and the results have them in front.
            What is traced as a structure is called with that structure.
        debug_nans : bool
            Whether a NaN or an infinity in a result is an error, which names the operation that
            made it, its operands and the line. Evaluation is slower then.

        Returns
        -------
        numpy.ndarray, numpy scalar or tuple
            Nested as the function's results were.

        Raises
        ------
        InputError
            If arguments are missing, unknown or of a shape or kind that does not fit.
        NonFiniteError
            If `debug_nans` is set, and a result is not finite.
        """
        if any(map(is_traced, args)) or any(map(is_traced, kwargs.values())):
            return inline(self, args, kwargs)
        return evaluate(self, args, kwargs, debug_nans=debug_nans)

    def compile(
        self,
        layout: str = "dense",
        *,
        mode: str = "auto",
        orders: Sequence[int] | None = None,
        opt: int | str = "auto",
    ) -> Any:
        """Return this graph as machine code of this processor.

        A derivative is planned first, as `plan` does. A function that is no derivative is compiled
        as it is, operation by operation.

        Parameters
        ----------
        layout, mode : str
            As for `plan`.
        orders : sequence of int, optional
            Derivatives of these orders at once, by all inputs of this graph, sharing what they
            have in common; 0 is the value. The result is a tuple of them.
        opt : {"auto", 0, 1}
            Level of code generation. ``"auto"`` compiles quickly first, and better when it has been
            called often enough for that to pay.

        Returns
        -------
        Compiled
            Called like this graph; ``.ufunc`` is a generalised ufunc of NumPy. See there for calls
            of the lowest latency and for pointers. A graph that is too large for machine code, or
            not of double precision, is evaluated by NumPy instead (`Interpreted`, with the
            reason); sparse layouts come as a `CompiledPlan`.

        Raises
        ------
        DerivativeError
            If layout, mode or orders do not fit.

        Examples
        --------
        >>> import numpy as np
        >>> g = trace(lambda x: np.sum(np.sin(x) * x[0]), np.zeros(2))
        >>> hessian = g.diff(order=2).compile()
        >>> hessian(np.zeros((1000, 2))).shape
        (1000, 2, 2)
        >>> value, gradient = g.compile(orders=(0, 1))(np.array([0.0, 1.0]))
        >>> gradient.round(3).tolist()
        [0.841, 0.0]
        """
        if orders is not None:
            targets = [whole_target(self, order) for order in orders]
            return compiled(joint_graph(targets, layout), opt)
        if self.derivation is None and layout == "dense" and mode == "auto":
            return compiled(self, opt)
        return self.plan(layout, mode).compile(opt)

    # --- rewriting ---------------------------------------------------------------------------

    def run(self, passes: str | Iterable[str | Pass[Any]]) -> Graph:
        """Return the graph after these passes, each verified: ``g.run("simplify,cse")``."""
        made: Graph = self.report(passes).graph
        return made

    def report(self, passes: str | Iterable[str | Pass[Any]] = OPTIMIZE) -> Report:
        """Run passes and report nodes, operations and time for each; the result is ``.graph``."""
        return Pipeline(passes).run(self)

    def batch(self, size: int, wrt: Wrt = None) -> Graph:
        """Return the graph with a leading axis of length `size` on inputs and outputs."""
        return batch(self, size, self._listed(wrt))

    def scalarize(self) -> Graph:
        """Return the graph with a node for each scalar, structural zeros gone."""
        return scalarize(self)

    # --- looking -----------------------------------------------------------------------------

    def cost(self) -> Cost:
        """Count scalar operations, nodes, depth and live values; `graphad.cost` states the rule."""
        return cost(self)

    def explain(self) -> str:
        """Say in words what the graph is, how it was derived and what it costs."""
        inputs = ", ".join(f"{node.attrs[0]}: {node.type}" for node in self.inputs)
        lines = [f"{self.name}({inputs})"]
        if self.derivation:
            base = self.derivation.base
            lines.append(f"derivative of order {self.derivation.order} of {base.name}")
            for i, step in enumerate(self.derivation.steps):
                lines.append(f"  order {i + 1}: {step}")
        for node, groups in zip(self.outputs, self.symmetry, strict=True):
            shown = f"output {node.type}"
            for group in groups:
                blocks = " ".join(str(block).replace(",)", ")") for block in group)
                shown += f", symmetric in the axes {blocks}"
            lines.append(shown)
        lines += notes(self)
        lines.append(str(self.cost()))
        return "\n".join(lines)

    def __str__(self) -> str:
        return dump(self)

    def svg(self, **options: Any) -> str:
        """Return the drawing as SVG text; options are those of `graphad.viz.svg`."""
        return svg(self, **options)

    def dot(self, **options: Any) -> str:
        """Return the drawing as DOT text; options are those of `graphad.viz.dot`."""
        return dot(self, **options)

    def render(self, path: str | PathLike[str], **options: Any) -> None:
        """Draw the graph to a file, in the format of its suffix; see `graphad.viz.render`."""
        render(self, path, **options)

    def _repr_svg_(self) -> str:
        return svg(self)

    def _repr_latex_(self) -> str | None:
        return small_latex(self)

    # --- other languages ---------------------------------------------------------------------

    def to_python(self, name: str | None = None) -> str:
        """Return this graph as NumPy source without graphad, one assignment for each node.

        Parameters
        ----------
        name : str, optional
            Name of the function; the graph's if not given.

        Raises
        ------
        InteropError
            If an op has no form in NumPy, or constants are too large.

        Examples
        --------
        >>> g = trace(lambda x, y: x * y)
        >>> g.to_python(name="area").splitlines()[-2:]
        ['    t1 = x * y', '    return t1']
        """
        return python_source(expanded(self), name)

    def to_c(self, name: str | None = None) -> str:
        """Return this graph as C99 source of its own: a function of scalars and pointers.

        Parameters
        ----------
        name : str, optional
            Name of the function; the graph's if not given.

        Raises
        ------
        InteropError
            If an op has no scalar form, there are complex numbers, or too many scalars.

        Examples
        --------
        >>> g = trace(lambda x, y: x * y)
        >>> print(g.to_c("area").partition(";")[2].strip())
        void area(double x, double y, double *out)
        {
            const double t1 = x * y;
            *out = t1;
        }
        """
        return c_source(expanded(self), name)

    def to_jax(self) -> Callable[..., Any]:
        """Return this graph as a function of JAX arrays, for ``jit``, ``vmap``, ``grad`` and so on.

        Raises
        ------
        InteropError
            If JAX cannot be imported, or an op has no form in it.
        """
        return jax_function(self)

    def to_sympy(self, **symbols: Any) -> Any:
        """Return what this graph computes as SymPy expressions.

        Parameters
        ----------
        **symbols : symbol or array of symbols
            What stands for inputs. Those of the others are called as ``x``, ``v_0`` and ``M_0_1``.

        Returns
        -------
        sympy.Expr, sympy.ImmutableDenseNDimArray, or nested tuples of them

        Raises
        ------
        InteropError
            If SymPy is missing, an op has no expression, the graph is large, or symbols do not fit.
        """
        return sympy_expressions(expanded(self), symbols)

    def to_latex(self) -> str:
        r"""Return what this graph computes as LaTeX: sums, indices and products of arrays.

        Raises
        ------
        InteropError
            If the graph is too large to be read.

        Examples
        --------
        >>> import numpy as np
        >>> print(trace(lambda x: np.sum(x**2), np.zeros(3), name="f").to_latex())
        f\left(x\right) = \sum_{i=0}^{2} x_{i}^{2}
        """
        return latex_text(self)


def _unpickled(text: str, file: str, classes: Mapping[str, Any]) -> Graph:
    return parse(text, file, classes=classes)


def trace(
    function: Callable[..., Any],
    /,
    *examples: Any,
    name: str | None = None,
    check: bool = True,
    **named_examples: Any,
) -> Graph:
    """Return a NumPy function as a graph.

    Parameters
    ----------
    function : callable
        Ordinary NumPy code. It runs once on traced values, and then on plain NumPy at two points,
        to check that the graph gives the same.
    *examples, **named_examples : array_like of float
        What the parameters look like: shape and dtype count. A parameter without an example is a
        double-precision scalar; one with a default keeps it.
    name : str, optional
        Name of the graph; the function's own if not given.
    check : bool
        Whether to check against plain NumPy.

    Returns
    -------
    Graph

    Raises
    ------
    TraceError
        If the function cannot be traced as it is written. The message names the line and says what
        to write instead.

    Examples
    --------
    >>> import numpy as np
    >>> g = trace(lambda x, y: np.sin(x) * y)
    >>> float(g(0.0, 1.0))
    0.0
    >>> trace(lambda x: x[0] * x[1], np.zeros(2)).diff()(np.array([2.0, 3.0])).tolist()
    [3.0, 2.0]
    """
    return trace_function(function, examples, named_examples, make=Graph, name=name, check=check)


def parse(
    text: str,
    file: str = "<text>",
    *,
    ops: Mapping[str, Any] = MappingProxyType({}),
    classes: Mapping[str, Any] = MappingProxyType({}),
) -> Graph:
    """Return the graph that IR text describes.

    Parameters
    ----------
    text : str
        What `str` of a graph gives, or written by hand; see the reference of the format.
    file : str
        Name for error messages.
    ops : mapping of str to Primitive, optional
        The black boxes that the text names.
    classes : mapping of str to type, optional
        Classes of structures by name; for others there are objects with the same attributes.

    Raises
    ------
    ParseError
        With file, line, column and what was expected.

    Examples
    --------
    >>> import numpy as np
    >>> g = trace(lambda x: np.sin(x) * x)
    >>> parse(str(g)) == g
    True
    """
    return parse_text(text, file=file, make=Graph, ops=ops, classes=classes)


def from_sympy(
    expr: Any, inputs: Iterable[Any] | Mapping[str, Any] | None = None, *, name: str = "f"
) -> Graph:
    """Return the graph that computes SymPy expressions.

    Parameters
    ----------
    expr : sympy.Expr, matrix, array, list, or nested tuples of them
        What to compute; sums over indices and derivatives are written out.
    inputs : sequence of symbols, or dict of str to symbols, optional
        What it depends on, in order; all free symbols, by name, if not given. An input is a symbol,
        an ``IndexedBase`` or ``MatrixSymbol`` of a shape in numbers, or, with a name, an array of
        symbols.
    name : str
        Name of the graph.

    Raises
    ------
    InteropError
        If SymPy is missing, or something in `expr` is no operation; the message names it.
    """
    return graph_of_sympy(expr, inputs, name, Graph)
