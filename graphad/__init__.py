"""Derivatives of any order of NumPy functions, by rewriting explicit graphs.

``trace`` turns a function into a `Graph`; ``graph.diff()`` is again a graph.

Examples
--------
>>> import numpy as np
>>> import graphad as ga
>>> H = ga.trace(lambda x: np.sum(x**3), np.zeros(2)).diff().diff()
>>> H(np.array([1.0, 2.0])).tolist()
[[6.0, 0.0], [0.0, 12.0]]
"""

from graphad.api import Graph, from_sympy, parse, trace
from graphad.control import cond, scan, while_loop
from graphad.custom import custom_diff, implicit, primitive, stop_gradient
from graphad.errors import (
    DerivativeError,
    GraphadError,
    GraphError,
    InputError,
    InteropError,
    MatrixError,
    NonFiniteError,
    ParseError,
    PassError,
    PrecisionWarning,
    RenderError,
    TraceError,
    TypeRuleError,
)
from graphad.passes import PASSES, Pipeline, graph_pass
from graphad.planning import Plan
from graphad.text import dump

__version__ = "0.1.0"

__all__ = [
    "PASSES",
    "DerivativeError",
    "Graph",
    "GraphError",
    "GraphadError",
    "InputError",
    "InteropError",
    "MatrixError",
    "NonFiniteError",
    "ParseError",
    "PassError",
    "Pipeline",
    "Plan",
    "PrecisionWarning",
    "RenderError",
    "TraceError",
    "TypeRuleError",
    "cond",
    "custom_diff",
    "dump",
    "from_sympy",
    "graph_pass",
    "implicit",
    "parse",
    "primitive",
    "scan",
    "stop_gradient",
    "trace",
    "while_loop",
]
