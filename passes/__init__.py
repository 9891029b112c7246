"""Passes: functions from graph to graph, one file each."""

# This guard stays first. From the root of the repository, `import passes` would make a second copy
# of every module in here.
if __name__ != "graphad.passes":
    raise ImportError(f"this package is imported as graphad.passes, not as {__name__}")

from graphad.passes.assemble import assemble
from graphad.passes.batch import batch
from graphad.passes.collect import collect
from graphad.passes.compose import compose
from graphad.passes.compressed import compressed
from graphad.passes.contract import contract
from graphad.passes.cse import cse
from graphad.passes.dce import dce
from graphad.passes.diff import diff
from graphad.passes.directions import directions
from graphad.passes.edge_pushing import edge_pushing
from graphad.passes.eliminate import eliminate
from graphad.passes.expand import expand
from graphad.passes.factor import factor
from graphad.passes.fold import fold
from graphad.passes.inverse_powers import inverse_powers
from graphad.passes.jvp import jvp
from graphad.passes.multivariate import multivariate
from graphad.passes.nested import nested
from graphad.passes.operators import operator
from graphad.passes.pipeline import PASSES, Pass, Pipeline, Report, graph_pass
from graphad.passes.scalarize import scalarize
from graphad.passes.schedule import schedule
from graphad.passes.simplify import simplify
from graphad.passes.straight import straight
from graphad.passes.symmetry import symmetry
from graphad.passes.taylor import taylor
from graphad.passes.transpose import transpose
from graphad.passes.whole_powers import whole_powers

__all__ = [
    "PASSES",
    "Pass",
    "Pipeline",
    "Report",
    "assemble",
    "batch",
    "collect",
    "compose",
    "compressed",
    "contract",
    "cse",
    "dce",
    "diff",
    "directions",
    "edge_pushing",
    "eliminate",
    "expand",
    "factor",
    "fold",
    "graph_pass",
    "inverse_powers",
    "jvp",
    "multivariate",
    "nested",
    "operator",
    "scalarize",
    "schedule",
    "simplify",
    "straight",
    "symmetry",
    "taylor",
    "transpose",
    "whole_powers",
]
