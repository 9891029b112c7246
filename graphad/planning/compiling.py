"""Plans as machine code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphad.cost import operations
from graphad.custom import expanded
from graphad.custom.primitive import black_boxes
from graphad.errors import GraphadError, InputError
from graphad.evaluate.calling import bind, evaluate
from graphad.ir import INPUT, Graph, map_tree
from graphad.llvm import Compiled
from graphad.llvm.array_compiled import CompiledArrays
from graphad.ops import OPS
from graphad.passes.pipeline import Pipeline
from graphad.passes.scalarize import scalarize
from graphad.planning.sparse_results import with_values
from graphad.structures import values_in

if TYPE_CHECKING:
    from graphad.planning.plan import Plan

LARGEST = 200_000
"""Most scalar values that an array graph is lowered to for machine code."""
WRITTEN_OUT = 4_000
"""Array graphs of more operations become loops and products. Code without loops runs at most twice
as fast at this size, takes a second to make, and outgrows the cache for code beyond it."""
ORDERED = "simplify,cse,schedule"
"""The passes before machine code: none that changes a bit."""
LOWERED = f"{ORDERED},scalarize"
"""The same for scalar code. The last is for constant outputs."""


class Form(NamedTuple):
    """What a graph is compiled to, and why.

    `kind` is ``"scalars"``, ``"arrays"`` or ``"interpreted"``.
    """

    kind: str
    reason: str


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


def is_structured(graph: Graph) -> bool:
    """Whether a graph is called with structures."""
    return any(isinstance(one.tree, tuple) for one in graph.parameters)


class Structured:
    """Machine code that is called with structures of arrays; see `graphad.structures`.

    Parameters
    ----------
    code : Compiled or CompiledArrays
        Called with the arrays in them; what else it has is found here too.
    """

    def __init__(self, code: Compiled | CompiledArrays) -> None:
        self.code = code
        self.graph: Graph = code.graph

    def __call__(self, *args: Any, debug_nans: bool = False, **kwargs: Any) -> Any:
        """Evaluate at one point, or at many: leading axes of arrays are a batch."""
        if debug_nans:
            return evaluate(self.graph, args, kwargs, debug_nans=True)
        return self.code(*bind(self.graph, args, kwargs))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "code":
            raise AttributeError(name)
        return getattr(self.code, name)

    def __repr__(self) -> str:
        return f"<{self.code!r}, of structures>"


Code = Compiled | CompiledArrays | Interpreted | Structured


def compiled_form(graph: Graph) -> Form:
    """Return what a graph will be compiled to, without compiling it.

    Parameters
    ----------
    graph : Graph
        At any grain.

    Examples
    --------
    >>> import numpy as np, graphad as ga
    >>> compiled_form(ga.trace(lambda x: x * x, np.zeros(3)))
    Form(kind='scalars', reason='3 operations are written out one by one')
    >>> compiled_form(ga.trace(lambda x: x * x, np.zeros(9000)))
    Form(kind='arrays', reason='9,000 operations are too many to write out: loops over arrays')
    """
    boxes = black_boxes(graph)
    if boxes:
        return Form("interpreted", f"{boxes[0]} is Python code, which has no machine code")
    for node in graph.outputs:
        if node.type.dtype.kind == "b":
            return Form("interpreted", f"{node!r} is a condition, and machine code gives numbers")
    for node in graph.nodes:
        if node.type.dtype.kind in "fc" and node.type.dtype != np.float64:
            return Form(
                "interpreted",
                f"{node!r} of {graph.name} is {node.type}; machine code is made for double "
                "precision only, so call the graph itself",
            )
    count = operations(graph)
    if count <= WRITTEN_OUT or is_scalar(graph):
        return Form("scalars", f"{count:,} operations are written out one by one")
    return Form("arrays", f"{count:,} operations are too many to write out: loops over arrays")


def compiled(graph: Any, opt: int | str) -> Code:
    """Return a graph as machine code, or interpreted where that is not to be had.

    Parameters
    ----------
    graph : Graph
        At any grain.
    opt : {"auto", 0, 1}
        Level of code generation.

    Raises
    ------
    InputError
        If there is no such level.
    """
    if not (opt == "auto" or (type(opt) is int and opt in {0, 1})):
        raise InputError(f'opt is 0, 1 or "auto", and not {opt!r}')
    graph = expanded(graph)
    code = _compiled_flat(graph, opt)
    if isinstance(code, Interpreted) or not is_structured(graph):
        return code
    return Structured(code)


def _compiled_flat(graph: Any, opt: int | str) -> Compiled | CompiledArrays | Interpreted:
    kind, reason = compiled_form(graph)
    if kind == "interpreted":
        return Interpreted(graph, reason)
    try:
        if kind == "arrays":
            return array_code(graph, opt)
        try:
            return Compiled(lowered(graph), opt)
        except GraphadError:
            return array_code(graph, opt)
    except GraphadError as error:
        return Interpreted(graph, str(error))


def array_code(graph: Any, opt: int | str) -> CompiledArrays | Interpreted:
    """Return a graph as loops over arrays; interpreted if there would be none.

    Raises
    ------
    GraphError
        If it has no such form.
    """
    code = CompiledArrays(Pipeline(ORDERED)(graph), opt)
    counts = code.counts
    if counts.calls and not counts.loops and not counts.products:
        return Interpreted(graph, "NumPy evaluates all its operations")
    return code


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
    code : Compiled, CompiledArrays or Interpreted
        Its graph.
    """

    def __init__(self, plan: Plan, code: Code) -> None:
        self.plan = plan
        self.code = code
        self._models: list[Any] | None = None

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Evaluate at one point, and give SciPy's sparse arrays."""
        values = self.code(*args, **options)
        parts = values_in(values)
        models = self._models
        if models is None or any(np.ndim(part) != 1 for part in parts):
            made = self.plan.read(values)
            found = values_in(made)
            if all(hasattr(model, "data") and hasattr(model, "nnz") for model in found):
                self._models = [model.copy() for model in found]
            return made
        given = [with_values(*pair) for pair in zip(models, parts, strict=True)]
        return map_tree(self.plan.target.tree, given)

    def __repr__(self) -> str:
        return f"<compiled {self.plan!r}: {self.code!r}>"


def compiled_plan(plan: Plan, opt: int | str) -> Code | CompiledPlan:
    """Return a plan's graph as machine code; with its layout read, if that is sparse."""
    code = compiled(plan.graph, opt)
    return CompiledPlan(plan, code) if plan.layout in {"coo", "csr"} else code
