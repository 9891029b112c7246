"""Plans as machine code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphad.errors import GraphadError
from graphad.ir import INPUT, Graph
from graphad.llvm import Compiled
from graphad.ops import OPS
from graphad.passes.pipeline import Pipeline
from graphad.passes.scalarize import scalarize

if TYPE_CHECKING:
    from graphad.planning.plan import Plan

LARGEST = 200_000
"""Most scalar values that an array graph is lowered to for machine code."""
LOWERED = "simplify,cse,schedule,scalarize"
"""The passes before machine code: none that changes a bit. The last is for constant outputs."""


class Interpreted:
    """What stands for machine code where a graph is too large, or of another dtype.

    Parameters
    ----------
    graph : Graph
        Evaluated by NumPy, call by call.
    reason : str
        Why there is no machine code.
    """

    def __init__(self, graph: Any, reason: str) -> None:
        self.graph = graph
        self.reason = reason

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate the graph."""
        return self.graph(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<interpreted {self.graph!r}: {self.reason}>"


def compiled(graph: Any, opt: int | str) -> Compiled | Interpreted:
    """Return a graph as machine code, or interpreted where that is not to be had.

    Parameters
    ----------
    graph : Graph
        At any grain.
    opt : {"auto", 0, 1}
        Level of code generation.
    """
    for node in graph.outputs:
        if node.type.dtype.kind == "b":
            return Interpreted(graph, f"{node!r} is a condition, and machine code gives numbers")
    try:
        return Compiled(lowered(graph), opt)
    except GraphadError as error:
        return Interpreted(graph, str(error))


def lowered(graph: Graph) -> Graph:
    """Return a graph at scalar grain, in an order that keeps few values at a time.

    Raises
    ------
    PassError
        If it is too large, or an index is computed from an input.
    """
    if is_scalar(graph):
        return graph
    return Pipeline(LOWERED)(scalarize(graph, limit=LARGEST))


def is_scalar(graph: Graph) -> bool:
    """Whether a graph is at scalar grain already: arrays are inputs or packs of outputs only."""
    packs = {node.id for node in graph.outputs if node.op is OPS["pack"]}
    for node in graph.nodes:
        if node.type.shape and node.op is not INPUT and node.id not in packs:
            return False
        if node.op is not OPS["element"] and any(item.type.shape for item in node.inputs):
            return False
    return True


class CompiledPlan:
    """A plan of a sparse layout as machine code: values by the code, and SciPy's arrays of them.

    Parameters
    ----------
    plan : Plan
        What is compiled.
    code : Compiled or Interpreted
        Its graph.
    """

    def __init__(self, plan: Plan, code: Compiled | Interpreted) -> None:
        self.plan = plan
        self.code = code

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Evaluate at one point, and give SciPy's sparse arrays."""
        return self.plan.read(self.code(*args, **options))

    def __repr__(self) -> str:
        return f"<compiled {self.plan!r}>"


def compiled_plan(plan: Plan, opt: int | str) -> Compiled | Interpreted | CompiledPlan:
    """Return a plan's graph as machine code; with its layout read, if that is sparse."""
    code = compiled(plan.graph, opt)
    return CompiledPlan(plan, code) if plan.layout in {"coo", "csr"} else code
