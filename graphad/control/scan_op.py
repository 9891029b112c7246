"""The op `scan`: a graph applied again and again, to what it gave before and to the next slice."""

from __future__ import annotations

from functools import partial

from graphad.builder import Builder, Value
from graphad.control import scan_derivatives, scan_form, scan_variants
from graphad.control.bodies import flat_graph
from graphad.control.scan_form import Scan
from graphad.evaluate.interpreter import program_of
from graphad.ir import Graph
from graphad.op import OPS, Op, Sample
from graphad.types import FLOAT64


def _sample_body(slices: int) -> Graph:
    """Return a body of the samples: a step of a recurrence, and with a slice what it passes by."""
    builder = Builder()
    a, c = builder.input("a", FLOAT64), builder.input("c", FLOAT64)
    outputs = [OPS["sin"](a * c)]
    if slices:
        x = builder.input("x", FLOAT64)
        outputs = [outputs[0] + x, c * x]
    return flat_graph(builder, "step", [item for item in outputs if isinstance(item, Value)])


_BODY, _BODY_OF_SLICES = _sample_body(0), _sample_body(1)

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
            Sample(((), ()), attrs=Scan(1, 0, 2, False, False, _BODY)),
            Sample(((), (), (3,)), attrs=Scan(1, 1, 3, False, False, _BODY_OF_SLICES)),
            Sample(((), (), (2,)), attrs=Scan(1, 1, 2, True, True, _BODY_OF_SLICES)),
        ),
        identity="a graph applied step by step to what it carries on and to slices",
    )
)
