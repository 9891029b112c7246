"""Control flow that stays a graph: branches and loops as ops that hold graphs."""

from graphad.control import scan_op
from graphad.control.loops import loops
from graphad.control.scanning import scan

__all__ = ["loops", "scan", "scan_op"]
