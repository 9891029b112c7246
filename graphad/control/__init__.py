"""Control flow that stays a graph: branches and loops as ops that hold graphs."""

from graphad.control import cond_op, scan_op, while_op
from graphad.control.branching import cond
from graphad.control.looping import while_loop
from graphad.control.loops import loops
from graphad.control.scanning import scan

__all__ = ["cond", "cond_op", "loops", "scan", "scan_op", "while_loop", "while_op"]
