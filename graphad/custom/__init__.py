"""Derivatives of one's own: black boxes, rules for functions, roots, and gradients that stop."""

from graphad.custom.black_box import Primitive
from graphad.custom.expansion import expanded
from graphad.custom.implicit import implicit
from graphad.custom.primitive import primitive
from graphad.custom.rule_op import custom_op
from graphad.custom.rules import custom_diff
from graphad.custom.stopping import stop_gradient

__all__ = [
    "Primitive",
    "custom_diff",
    "custom_op",
    "expanded",
    "implicit",
    "primitive",
    "stop_gradient",
]
