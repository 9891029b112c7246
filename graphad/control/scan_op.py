"""The op `scan`: a graph applied again and again, to what it gave before and to the next slice."""

from __future__ import annotations

from functools import partial

from graphad.builder import Builder
from graphad.control import scan_derivatives, scan_form, scan_variants
from graphad.control.bodies import flat_graph
from graphad.control.scan_form import Scan
from graphad.evaluate.interpreter import program_of
from graphad.ir import Graph
from graphad.op import OPS, Op, Sample
from graphad.types import FLOAT64


def _sample_body() -> Graph:
    """Return the body of the samples: a step of a recurrence, and what it passes by."""
    builder = Builder()
    a, c, x = (builder.input(name, FLOAT64) for name in "acx")
    product = a * c
    return flat_graph(builder, "step", [OPS["sin"](product) + x, c * x])  # type: ignore[list-item]


_BODY = _sample_body()

scan = OPS.enter(
    Op(
        "scan",
        scan_form.infer,
        partial(scan_form.interpret, program_of),
        attrs=Scan._fields,
        arity=None,
        jvp=scan_derivatives.jvp,
        transpose=scan_derivatives.transpose,
        batch=scan_variants.batch,
        cost=scan_form.cost,
        interpret=scan_form.interpret,
        refit=scan_variants.refit,
        expand=scan_variants.expand,
        samples=(
            Sample(((), (), (3,)), attrs=Scan(1, 1, 3, False, False, _BODY)),
            Sample(((), (), (2,)), attrs=Scan(1, 1, 2, True, True, _BODY)),
        ),
        identity="a graph applied step by step to what it carries on and to slices",
    )
)
