"""The ops, one entry each, by family. Importing this package fills `graphad.op.OPS`."""

from graphad.op import OPS
from graphad.ops import (
    arithmetic,
    comparison,
    contraction,
    cumulative,
    division,
    exponential,
    gather,
    hyperbolic,
    joining,
    kinks,
    movement,
    ordering,
    powers,
    reduction,
    slicing,
    special,
    trigonometric,
)

__all__ = [
    "OPS",
    "arithmetic",
    "comparison",
    "contraction",
    "cumulative",
    "division",
    "exponential",
    "gather",
    "hyperbolic",
    "joining",
    "kinks",
    "movement",
    "ordering",
    "powers",
    "reduction",
    "slicing",
    "special",
    "trigonometric",
]
