"""Passes by name, and pipelines of them that verify and report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar, overload

from graphad.builder import G
from graphad.cost import operations
from graphad.errors import GraphError, PassError
from graphad.ir import Graph, verify

OPTIMIZE = "fold,simplify,contract,simplify,collect,simplify,loops,assemble,schedule,cse"
"""The passes that derivatives at array grain go through."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Pass(Generic[F]):
    """A function from graph to graph, under a name.

    Parameters
    ----------
    name : str
        What pipelines and the command line call it.
    function : callable
        ``function(graph, **options)`` gives a graph.
    summary : str
        One line on what it does.
    preserves : bool
        Whether the result has the same signature and values.
    """

    name: str
    function: F
    summary: str
    preserves: bool

    def __call__(self, graph: G, *args: Any, **options: Any) -> G:
        """Run the pass."""
        result: G = self.function(graph, *args, **options)
        return result


PASSES: dict[str, Pass[Any]] = {}
"""All passes, by name; `graph_pass` enters them."""


@overload
def graph_pass(function: F) -> Pass[F]: ...


@overload
def graph_pass(*, name: str = "", preserves: bool = True) -> Callable[[F], Pass[F]]: ...


def graph_pass(
    function: F | None = None, *, name: str = "", preserves: bool = True
) -> Pass[F] | Callable[[F], Pass[F]]:
    """Make a function from graph to graph a pass that pipelines know by name.

    Parameters
    ----------
    function : callable
        Takes a graph, and options by keyword; returns a graph and leaves the one it got alone.
        The first line of its docstring is its summary.
    name : str, optional
        The function's own name if not given.
    preserves : bool
        Whether the result has the same signature and values.

    Returns
    -------
    Pass

    Examples
    --------
    >>> from graphad.builder import rebuild
    >>> @graph_pass
    ... def copy(graph):
    ...     '''Copy the graph.'''
    ...     return rebuild(graph, lambda builder, node, operands: None)
    >>> Pipeline("copy,dce").names
    ('copy', 'dce')
    """

    def enter(inner: F) -> Pass[F]:
        lines = (inner.__doc__ or "").strip().splitlines() or [""]
        made = Pass(name or inner.__name__, inner, lines[0], preserves)
        PASSES[made.name] = made
        return made

    return enter if function is None else enter(function)


def find_pass(name: str) -> Pass[Any]:
    """Return the pass of that name.

    Raises
    ------
    PassError
        If there is none; the message lists those there are.
    """
    if name in PASSES:
        return PASSES[name]
    close = get_close_matches(name, PASSES, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    raise PassError(f"there is no pass {name!r}{hint} Passes: {', '.join(sorted(PASSES))}")


@dataclass(frozen=True, slots=True)
class Step:
    """What one pass did: nodes and operations after it, and the seconds it took."""

    name: str
    nodes: int
    operations: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a pipeline and what each pass did; prints as a table.

    Parameters
    ----------
    graph : Graph
        The result.
    steps : tuple of Step
        The first one is the graph as it came.
    """

    graph: Any
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        rows = [f"{'pass':<12} {'nodes':>8} {'operations':>11} {'ms':>9}"]
        for step in self.steps:
            ms = "" if step.name == "(start)" else f"{1e3 * step.seconds:.2f}"
            rows.append(f"{step.name:<12} {step.nodes:>8} {step.operations:>11} {ms:>9}")
        return "\n".join(rows)


class Pipeline:
    """Passes run one after the other, with the graph verified between them.

    Parameters
    ----------
    passes : str or iterable of str or Pass
        Names with commas between, or a list of names and passes.

    Raises
    ------
    PassError
        If a name is unknown.

    Examples
    --------
    >>> str(Pipeline(["simplify", "cse", "dce"]))
    'simplify,cse,dce'
    """

    def __init__(self, passes: str | Iterable[str | Pass[Any]]) -> None:
        items = passes.split(",") if isinstance(passes, str) else list(passes)
        for item in items:
            if not isinstance(item, Pass | str):
                raise PassError(
                    f"{item!r} is neither the name of a pass nor a pass; "
                    "decorate a function with graph_pass to make it one"
                )
        self.passes = tuple(
            item if isinstance(item, Pass) else find_pass(item.strip())
            for item in items
            if isinstance(item, Pass) or item.strip()
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the passes, in order."""
        return tuple(item.name for item in self.passes)

    def __str__(self) -> str:
        return ",".join(self.names)

    def __call__(self, graph: G) -> G:
        """Run the passes and return the last graph; nothing is verified or counted."""
        return self.consume([graph])

    def consume(self, held: list[G]) -> G:
        """Run the passes on the graph in a list of one, which is taken out of it.

        So the graph can be freed after the first pass, while a caller's variable would keep it: for
        millions of nodes that is a third of the memory.
        """
        graph = held.pop()
        for item in self.passes:
            held.append(graph)
            del graph
            graph = item.function(held.pop())
        return graph

    def run(self, graph: Graph) -> Report:
        """Run the passes, verify the graph before and after each, and report.

        Returns
        -------
        Report
            With the last graph, and the nodes, operations and seconds of each pass.

        Raises
        ------
        PassError
            If a pass gives something that is not a well-formed graph.
        """
        verify(graph)
        steps = [Step("(start)", len(graph), operations(graph), 0.0)]
        for item in self.passes:
            start = time.perf_counter()
            graph = item(graph)
            seconds = time.perf_counter() - start
            if not isinstance(graph, Graph):
                raise PassError(f"the pass {item.name!r} gave {graph!r} and not a graph")
            try:
                verify(graph)
            except GraphError as error:
                raise PassError(f"the pass {item.name!r} broke the graph: {error}") from error
            steps.append(Step(item.name, len(graph), operations(graph), seconds))
        return Report(graph, tuple(steps))
