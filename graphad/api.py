"""What the user meets: `trace`, and graphs to call, differentiate, print and draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, TypeAlias

from graphad import ir
from graphad.builder import Builder, copy_nodes, paused_gc
from graphad.cost import Cost, cost
from graphad.errors import DerivativeError
from graphad.evaluate.calling import evaluate
from graphad.ir import Origin, Symmetry, Tree
from graphad.passes.batch import batch
from graphad.passes.diff import Leaf, choose_mode, differentiate
from graphad.passes.jvp import jvp, shifted
from graphad.passes.pipeline import Pass, Pipeline, Report
from graphad.passes.scalarize import scalarize
from graphad.passes.transpose import transpose
from graphad.text import dump, parse as parse_text
from graphad.tracing.inlining import inline, is_traced
from graphad.tracing.trace import trace_function
from graphad.viz import dot, render, svg

Wrt: TypeAlias = str | int | Sequence[str | int] | None

OPTIMIZE = "fold,simplify,contract,simplify,collect,assemble,cse"
"""The passes that derivatives go through, unless ``optimize=False`` is said."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """What a derivative graph is the derivative of.

    Parameters
    ----------
    base : Graph
        The function.
    order : int
        How many times it has been differentiated.
    steps : tuple of str
        For each time, the mode that was taken and why.
    leaves : tuple of Leaf
        What each output is.
    """

    base: Graph
    order: int
    steps: tuple[str, ...]
    leaves: tuple[Leaf, ...]


class Graph(ir.Graph):
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

    def __init__(
        self,
        name: str,
        nodes: tuple[ir.Node, ...],
        inputs: tuple[ir.Node, ...],
        outputs: tuple[ir.Node, ...],
        tree: Tree,
        symmetry: tuple[Symmetry, ...],
        origins: Sequence[Origin],
        derivation: Derivation | None = None,
    ) -> None:
        super().__init__(name, nodes, inputs, outputs, tree, symmetry, origins)
        self.derivation = derivation

    def carry(self, source: ir.Graph) -> None:
        """Take over what is known of `source`, of which this graph is a rewriting."""
        if isinstance(source, Graph):
            self.derivation = source.derivation

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as IR text, which runs nothing when it is read; what it derives from is lost."""
        return parse, (str(self), self.name)

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        """Return the graph itself: it never changes."""
        return self

    # --- evaluation --------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate the graph, or inline it where an argument is traced.

        Parameters
        ----------
        *args, **kwargs : array_like
            One for each input, by position or by name. Leading axes beyond an input's own are a
            batch, as for a generalised ufunc: they broadcast, and the results have them in front.

        Returns
        -------
        numpy.ndarray, numpy scalar or tuple
            Nested as the function's results were.

        Raises
        ------
        InputError
            If arguments are missing, unknown or of a shape or kind that does not fit.
        """
        if any(map(is_traced, args)) or any(map(is_traced, kwargs.values())):
            return inline(self, args, kwargs)
        return evaluate(self, args, kwargs)

    # --- differentiation ---------------------------------------------------------------------

    def diff(
        self, wrt: Wrt = None, mode: str = "auto", order: int = 1, optimize: bool = True
    ) -> Graph:
        """Return the graph of the derivative.

        Parameters
        ----------
        wrt : str, int, or a sequence of them, optional
            Inputs to differentiate by, by name or position. One gives one block; several, and by
            default all of a graph with several inputs, a tuple of blocks.
        mode : {"auto", "forward", "reverse"}
            How. ``"auto"`` takes reverse if there are more inputs than outputs, else forward;
            `explain` says which.
        order : int
            How many times, each time with the same `wrt` and `mode`.
        optimize : bool
            Whether to simplify; ``False`` shows what the rules did.

        Returns
        -------
        Graph
            Outputs of shape out.shape + in.shape, nested like out and within that like `wrt`.

        Raises
        ------
        DerivativeError
            If an input is not there, or something is not floating point.

        Examples
        --------
        >>> import numpy as np
        >>> g = trace(lambda x, y: np.sin(x) * y)
        >>> dx, dy = g.diff()(0.0, 2.0)
        >>> float(dx), float(dy)
        (2.0, 0.0)
        """
        if order < 0 or order != int(order):
            raise DerivativeError(f"the order of a derivative is 0, 1, 2, … and not {order!r}")
        graph = self
        for _ in range(order):
            graph = graph._diff_once(wrt, mode, optimize)
        return graph

    def _diff_once(self, wrt: Wrt, mode: str, optimize: bool) -> Graph:
        names = self._names(wrt)
        by = names if isinstance(names, str) else names or self.input_names
        chosen, reason = mode, "asked for"
        if mode == "auto":
            chosen = choose_mode(self, [by] if isinstance(by, str) else by)
            reason = self._reason(chosen, [by] if isinstance(by, str) else by)
        history = self.derivation.leaves if self.derivation else None
        *held, leaves = differentiate(self, names, chosen, history)
        made = Pipeline(OPTIMIZE).consume(held) if optimize else held.pop()
        base = self.derivation.base if self.derivation else self
        steps = self.derivation.steps if self.derivation else ()
        made.derivation = Derivation(base, len(steps) + 1, (*steps, f"{chosen}: {reason}"), leaves)
        return made

    def _reason(self, mode: str, names: Sequence[str]) -> str:
        columns = sum(node.type.size for node in self.inputs if node.attrs[0] in names)
        rows = sum(node.type.size for node in self.outputs)
        sign = ">" if mode == "reverse" else "<="
        return f"{columns} input elements {sign} {rows} output elements"

    def _names(self, wrt: Wrt) -> str | tuple[str, ...] | None:
        if wrt is None or isinstance(wrt, str):
            return wrt
        if isinstance(wrt, int):
            return self._name_at(wrt)
        return tuple(item if isinstance(item, str) else self._name_at(item) for item in wrt)

    def _name_at(self, position: int) -> str:
        if not -len(self.inputs) <= position < len(self.inputs):
            raise DerivativeError(
                f"there is no input {position} to differentiate by; "
                f"inputs: {', '.join(self.input_names)}"
            )
        return self.input_names[position]

    def jvp(self, wrt: Wrt = None, optimize: bool = True) -> Graph:
        """Return the graph of ``(x, dx) -> (y, dy)``, dy the derivative along dx.

        Parameters
        ----------
        wrt : str, int, or a sequence of them, optional
            Inputs that get a tangent, named ``d`` and the input's name; all if not given.
        optimize : bool
            Whether to simplify.

        Examples
        --------
        >>> import numpy as np
        >>> y, dy = trace(lambda x: np.sin(x)).jvp()(0.0, 2.0)
        >>> float(y), float(dy)
        (0.0, 2.0)
        """
        return self._finished(jvp(self, self._listed(wrt)), optimize)

    def vjp(self, wrt: Wrt = None, optimize: bool = True) -> Graph:
        """Return the graph of ``(x, ct) -> (y, xt)``, xt the cotangents of x for ct of y.

        Parameters
        ----------
        wrt : str, int, or a sequence of them, optional
            Inputs to give cotangents for; all if not given. One alone is not in a tuple.
        optimize : bool
            Whether to simplify.

        Examples
        --------
        >>> import numpy as np
        >>> y, xt = trace(lambda x: np.sum(x * x), np.zeros(2)).vjp()(np.array([1.0, 2.0]), 3.0)
        >>> float(y), xt.tolist()
        (5.0, [6.0, 12.0])
        """
        names = self._listed(wrt)
        pulled = self._pulled_back(names)
        return self._finished(_joined(self, pulled), optimize)

    def _pulled_back(self, names: Sequence[str]) -> Graph:
        pushed = jvp(self, names, values=False)
        tangents = [node.attrs[0] for node in pushed.inputs[len(self.inputs) :]]
        return transpose(pushed, tangents)

    def hvp(self, wrt: Wrt = None, optimize: bool = True) -> Graph:
        """Return the graph of ``(x, dx) -> H(x)·dx`` for a scalar function, forward over reverse.

        Parameters
        ----------
        wrt : str, int, or a sequence of them, optional
            Inputs that the Hessian is by; all if not given. One alone is not in a tuple.
        optimize : bool
            Whether to simplify.

        Raises
        ------
        DerivativeError
            If the function does not give one scalar.

        Examples
        --------
        >>> import numpy as np
        >>> g = trace(lambda x: np.sum(x**3), np.zeros(2))
        >>> g.hvp()(np.array([1.0, 2.0]), np.array([1.0, 1.0])).tolist()
        [6.0, 12.0]
        """
        names = self._listed(wrt)
        if len(self.outputs) != 1 or self.outputs[0].type.shape:
            types = ", ".join(str(node.type) for node in self.outputs)
            raise DerivativeError(
                f"a Hessian–vector product needs one scalar output, and {self.name} gives {types}; "
                "use .diff().jvp() for others"
            )
        single = len(names) == 1
        gradient = self.diff(names[0] if single else names, mode="reverse", optimize=optimize)
        return self._finished(jvp(gradient, names, values=False), optimize)

    def value_and_diff(self, wrt: Wrt = None, mode: str = "auto", optimize: bool = True) -> Graph:
        """Return the graph of ``(y, dy/dx)``, which shares what both need.

        Parameters
        ----------
        wrt, mode, optimize
            As for `diff`.

        Examples
        --------
        >>> import numpy as np
        >>> y, dy = trace(lambda x: np.exp(2 * x)).value_and_diff()(0.0)
        >>> float(y), float(dy)
        (1.0, 2.0)
        """
        derivative = self.diff(wrt, mode, optimize=False)
        return self._finished(_joined(self, derivative), optimize)

    def _listed(self, wrt: Wrt) -> tuple[str, ...]:
        names = self._names(wrt)
        return (names,) if isinstance(names, str) else tuple(names or self.input_names)

    def _finished(self, made: Graph, optimize: bool) -> Graph:
        made.derivation = None
        if not optimize:
            return made
        held = [made]
        del made
        return Pipeline(OPTIMIZE).consume(held)

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


def _joined(graph: Graph, other: Graph) -> Graph:
    """Return the graph of both graphs' results, ``(y, z)``, with the inputs of `other`."""
    with paused_gc():
        builder = Builder()
        given = {node.attrs[0]: builder.input(*node.attrs).node for node in other.inputs}
        outputs: list[ir.Node] = []
        for part in (graph, other):
            bound = {node.id: given[node.attrs[0]] for node in part.inputs}
            fresh = copy_nodes(builder, part, given=bound)
            outputs.extend(fresh[node.id] for node in part.outputs)
        count = len(graph.outputs)
        tree = (graph.tree, shifted(other.tree, count))
        symmetry = graph.symmetry + other.symmetry
        return builder.finish(graph.name, outputs, tree, symmetry, make=Graph)


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


def parse(text: str, file: str = "<text>") -> Graph:
    """Return the graph that IR text describes.

    Parameters
    ----------
    text : str
        What `str` of a graph gives, or written by hand; see the reference of the format.
    file : str
        Name for error messages.

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
    return parse_text(text, file=file, make=Graph)
