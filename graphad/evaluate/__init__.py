"""Evaluators of graphs: NumPy's numbers, one point or many, and mpmath's, of any precision."""

from graphad.evaluate.batching import batch_graph
from graphad.evaluate.calling import evaluate
from graphad.evaluate.interpreter import Program, program_of
from graphad.evaluate.precise import precise
from graphad.evaluate.retyping import retype

__all__ = ["Program", "batch_graph", "evaluate", "precise", "program_of", "retype"]
