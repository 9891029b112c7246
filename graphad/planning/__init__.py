"""Plans: which way to derive what a derivative graph asks for, and in what form to give it."""

from graphad.planning.plan import Plan
from graphad.planning.planner import make_plan
from graphad.planning.sparsity import structure
from graphad.planning.strategies import STRATEGIES

__all__ = ["STRATEGIES", "Plan", "make_plan", "structure"]
