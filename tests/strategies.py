"""Hypothesis strategies: random graphs whose values stay in safe domains, and arguments for them.

Graphs are grown from the registry: each step takes an op and one of its samples, so that a new op
is in random graphs as soon as it is registered. Every value carries an interval that holds it for
all inputs in `DOMAIN`. An operand that could leave the domain of an op is mapped into it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from graphad.builder import Builder, Value
from graphad.errors import TypeRuleError
from graphad.ir import Graph, Tree
from graphad.op import Array, Op, Sample
from graphad.ops import OPS, special_factory
from graphad.types import Type, make_type

Shape = tuple[int, ...]
Interval = tuple[float, float]
Grain = Literal["array", "scalar"]

DOMAIN = (-1.5, 1.5)
"""Where the inputs of random graphs are meant to be."""
LARGEST = 100.0
"""Values that could be larger are scaled down."""
F64 = np.dtype(np.float64)
SHAPES: tuple[Shape, ...] = ((), (3,), (2, 3), (2,), (3, 3), (1,), (2, 1, 3))
KINKS = frozenset({"absolute", "maximum", "minimum", "max", "min", "clip", "fmod", "remainder"})
"""Ops with a derivative that jumps, or that jump themselves."""
ORDERS = frozenset(
    {
        "argmax",
        "argmin",
        "argpartition",
        "argsort",
        "exponent",
        "ldexp",
        "partition_order",
        "searchsorted",
        "signbit",
        "wrapped_index",
    }
)
"""Ops that give or take integers, or tell zeros of two signs apart."""
SPECIAL = frozenset(
    op.name for op in OPS.values() if op.infer.__module__ == special_factory.__name__
) - {"erf", "erfc"}
"""Special functions, which are slow, and to passes what `erf` is; they have tests of their own."""
TAKES_ANY = frozenset({"add", "subtract", "multiply", "negative", "mask", "where"})
"""Elementwise ops that are defined, smooth and moderate everywhere."""
NAMES = ("x", "y", "z", "theta", "k_1")


@dataclass(frozen=True)
class Entry:
    """A value of a growing graph and an interval that holds its elements."""

    value: Value
    interval: Interval

    @property
    def type(self) -> Type:
        """Shape and dtype."""
        return self.value.type

    @property
    def size(self) -> float:
        """Bound of the magnitude."""
        return max(abs(self.interval[0]), abs(self.interval[1]))


def usable_ops(grain: Grain, smooth: bool) -> list[str]:
    """Return the names of the ops that such random graphs are made of, simple ones first."""
    names = []
    for name, op in OPS.items():
        if name in ORDERS or name in SPECIAL:
            continue
        moves = op.structural or op.generic
        if not op.samples or not (op.elementwise or (moves and grain == "array")):
            continue
        jumps = name in KINKS or (op.elementwise and op.jvp is None)
        if not (smooth and jumps):
            names.append(name)
    return sorted(names, key=lambda name: (name not in TAKES_ANY, name))


@cache
def image(name: str, domains: tuple[Interval, ...], attrs: tuple[Any, ...]) -> Interval:
    """Return an interval that holds the values of an elementwise op on a box."""
    points = 17 if len(domains) < 3 else 5
    axes = np.meshgrid(*[np.linspace(low, high, points) for low, high in domains])
    values = np.asarray(OPS[name].evaluate(*axes, *attrs), dtype=float)
    low, high = float(values.min()), float(values.max())
    margin = 0.1 * (high - low)
    return low - margin, high + margin


class Growth:
    """A graph that grows by random steps."""

    def __init__(self, draw: st.DrawFn, grain: Grain, smooth: bool, dtypes: Sequence[str]) -> None:
        self.draw = draw
        self.grain = grain
        self.smooth = smooth
        self.dtypes = tuple(dtypes)
        self.builder = Builder()
        self.pool: list[Entry] = []

    def pick(self, options: Sequence[Any]) -> Any:
        """Draw one of some options; the first is the simplest."""
        return self.draw(st.sampled_from(options))

    def emit(
        self, name: str, entries: Sequence[Entry], attrs: tuple[Any, ...], interval: Interval
    ) -> Entry:
        """Apply an op to entries."""
        nodes = tuple([entry.value.node for entry in entries])
        node = self.builder.emit(OPS[name], nodes, attrs)
        return Entry(self.builder.value(node), interval)

    # --- inputs and constants ----------------------------------------------------------------

    def add_input(self, name: str) -> None:
        """Add an input; in a graph of scalars, also the elements of an input array."""
        shape = self.pick(SHAPES)
        entry = Entry(self.builder.input(name, make_type(shape, F64)), DOMAIN)
        if self.grain == "array" or shape == ():
            self.pool.append(entry)
            return
        for index in list(np.ndindex(shape))[:4]:
            self.pool.append(self.emit("element", [entry], (index,), DOMAIN))

    def constant(self, shape: Shape, interval: Interval) -> Entry:
        """Return a constant with elements in an interval."""
        low, high = interval
        seed = self.draw(st.integers(0, 16))
        steps = (np.arange(prod(shape)) * 7 + seed) % 17
        values = (low + (high - low) * steps / 16).reshape(shape)
        return Entry(self.builder.constant(values), interval)

    def condition(self, shape: Shape) -> Entry:
        """Return booleans: of the graph where there are some and kinks are welcome."""
        known = [e for e in self.pool if e.type == make_type(shape, np.dtype(bool))]
        if known and not self.smooth:
            return self.pick(known)
        seed = self.draw(st.integers(0, 3))
        values = ((np.arange(prod(shape)) + seed) % 3 == 0).reshape(shape)
        return Entry(self.builder.constant(values), (0.0, 1.0))

    # --- operands ----------------------------------------------------------------------------

    def operand(self, shape: Shape, domain: Interval | None, kinds: str, rare: int = 5) -> Entry:
        """Return an operand of a shape, mapped into `domain`; a constant once in a while."""
        # Only double precision is mapped into domains.
        known = [
            e
            for e in self.pool
            if e.type.dtype.kind in kinds and (domain is None or e.type.dtype == F64)
        ]
        if not known or self.draw(st.integers(0, rare)) == rare:
            return self.constant(shape, domain or DOMAIN)
        fitting = [e for e in known if e.type.shape == shape]
        entry = self.pick((fitting or known)[::-1])
        entry = self.shaped(entry, shape)
        return entry if domain is None else self.mapped(entry, domain)

    def shaped(self, entry: Entry, shape: Shape) -> Entry:
        """Return an entry in a shape: reshaped, cut or repeated."""
        own, interval = entry.type.shape, entry.interval
        if own == shape:
            return entry
        if prod(own) == prod(shape):
            return self.emit("reshape", [entry], (shape,), interval)
        if shape == () or (own != () and prod(own) < prod(shape)):
            index = tuple([self.draw(st.integers(0, n - 1)) for n in own])
            entry = self.emit("element", [entry], (index,), interval)
        if entry.type.shape == ():
            return entry if shape == () else self.emit("broadcast_to", [entry], (shape,), interval)
        flat = self.shaped(entry, (prod(own),))
        spans = OPS["slice"].samples[0].attrs[0]
        cut = (type(spans[0])(0, prod(shape), 1),)
        return self.shaped(self.emit("slice", [flat], (cut,), interval), shape)

    def mapped(self, entry: Entry, domain: Interval) -> Entry:
        """Return an entry that stays in `domain`, by a line or by a sine."""
        low, high = entry.interval
        if domain[0] <= low and high <= domain[1]:
            return entry
        middle, width = sum(domain) / 2, 0.9 * (domain[1] - domain[0])
        if self.draw(st.booleans()) and high > low:
            scale = width / (high - low)
            centre = (low + high) / 2
        else:
            entry = self.emit("sin", [entry], (), (-1.0, 1.0))
            scale, centre = width / 2, 0.0
        scaled = entry.value * float(f"{scale:.3g}")
        shifted = scaled + float(f"{middle - scale * centre:.4g}")
        assert isinstance(shifted, Value)
        return Entry(shifted, domain)

    # --- steps -------------------------------------------------------------------------------

    def step(self, names: Sequence[str]) -> None:
        """Apply one random op, if it takes what there is."""
        if self.dtypes and self.draw(st.integers(0, 3)) == 3:
            self.cast()
            return
        op = OPS[self.pick(names)]
        sample = self.pick(op.samples)
        try:
            made = self.elementwise(op, sample) if op.elementwise else self.moving(op, sample)
        except TypeRuleError:  # of dtypes that the op does not take
            return
        if made.size > LARGEST:
            if made.type.dtype != F64:
                return
            down = made.value * float(f"{1 / made.size:.3g}")
            assert isinstance(down, Value)
            made = Entry(down, (-1.1, 1.1))
        self.pool.append(made)

    def cast(self) -> None:
        """Cast a value to one of the other dtypes."""
        entry = self.operand(self.pick(SHAPES), (0.0, 2.0), "f")
        name = self.pick(self.dtypes)
        self.pool.append(self.emit("cast", [entry], (name,), (0.0, 2.0)))

    def elementwise(self, op: Op, sample: Sample) -> Entry:
        """Apply an elementwise op to operands that broadcast."""
        count = len(sample.shapes)
        target = () if self.grain == "scalar" else self.pick([e.type.shape for e in self.pool])
        shapes = [target] * count
        for position in range(1, count):
            shapes[position] = self.pick([target, (), target[1:]])
        if count > 1 and self.draw(st.booleans()):
            shapes.reverse()
        if op.name in TAKES_ANY:
            return self.anywhere(op, sample, shapes, "f" if self.grain == "scalar" else "fc")
        domains = sample.domains * count if len(sample.domains) == 1 else sample.domains
        entries = [
            self.operand(shape, domain, "f") for shape, domain in zip(shapes, domains, strict=True)
        ]
        return self.emit(op.name, entries, sample.attrs, image(op.name, domains, sample.attrs))

    def moving(self, op: Op, sample: Sample) -> Entry:
        """Apply an op that moves or adds up elements."""
        kinds = "fciub" if op.structural else "fc"
        if op.name in KINKS:
            kinds = "f"
        return self.anywhere(op, sample, sample.shapes, kinds)

    def anywhere(self, op: Op, sample: Sample, shapes: Sequence[Shape], kinds: str) -> Entry:
        """Apply an op that takes any numbers; bound the result by that of the largest operands."""
        entries = []
        for position, shape in enumerate(shapes):
            fixed = sample.constants.get(position)
            if fixed is None:
                entries.append(self.operand(shape, None, kinds))
            elif fixed.dtype.kind == "b":
                entries.append(self.condition(shape))
            else:
                entries.append(Entry(self.builder.constant(fixed), (0.0, 0.0)))
        largest = [
            sample.constants[position]
            if position in sample.constants and entry.type.dtype.kind in "iu"
            else np.full(shape, entry.size)
            for position, (shape, entry) in enumerate(zip(shapes, entries, strict=True))
        ]
        if op.name in ("subtract", "negative"):
            bound = sum(entry.size for entry in entries)
        elif op.name in ("mask", "where"):
            bound = max(entry.size for entry in entries)
        else:
            bound = float(np.max(np.abs(op.evaluate(*largest, *sample.attrs)), initial=0))
        return self.emit(op.name, entries, sample.attrs, (-bound, bound))


@st.composite
def trees(draw: st.DrawFn, count: int) -> Tree:
    """Ways to nest `count` outputs, in their order."""
    items: list[Tree] = list(range(count))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(items)))
        stop = draw(st.integers(start, len(items)))
        items[start:stop] = [tuple(items[start:stop])]
    alone = len(items) == 1 and draw(st.integers(0, 4)) < 4
    return items[0] if alone else tuple(items)


@st.composite
def graphs(
    draw: st.DrawFn,
    *,
    steps: int = 10,
    grain: Grain | None = None,
    smooth: bool = False,
    dtypes: Sequence[str] = (),
    max_inputs: int = 3,
    max_outputs: int = 3,
    names: st.SearchStrategy[str] | None = None,
) -> Graph:
    """Random valid graphs; at inputs in `DOMAIN`, all values are finite and ops well conditioned.

    Parameters
    ----------
    steps : int
        At most so many ops, not counting those that bring operands into shape and domain.
    grain : "array" or "scalar", optional
        Array nodes, or scalar nodes with arrays only at the inputs; either if not given.
    smooth : bool
        Whether to leave out ops with kinks and jumps, so that derivatives exist and continue.
    dtypes : sequence of str
        Other dtypes to cast to, such as ``("f32", "c128", "i64")``. Inputs are always ``f64``.
    max_inputs, max_outputs : int
        At most so many; at least one of each.
    names : strategy of str, optional
        Names of the graph and its inputs; plain ones if not given.
    """
    kind: Grain = grain or draw(st.sampled_from(("array", "scalar")))
    growth = Growth(draw, kind, smooth, dtypes)
    labels = st.sampled_from(NAMES) if names is None else names
    for name in draw(st.lists(labels, min_size=1, max_size=max_inputs, unique=True)):
        growth.add_input(name)
    usable = usable_ops(kind, smooth)
    for _ in range(draw(st.integers(1, steps))):
        growth.step(usable)
    recent = growth.pool[::-1]
    if kind == "scalar" and draw(st.booleans()):
        packed = [entry for entry in recent if entry.type.dtype == F64][:4]
        recent.insert(0, growth.emit("pack", packed, ((len(packed),),), DOMAIN))
    count = draw(st.integers(1, max_outputs))
    outputs = [recent[0], *[growth.pick(recent) for _ in range(count - 1)]]
    name = "f" if names is None else draw(names)
    return growth.builder.finish(
        name, [entry.value for entry in outputs], draw(trees(len(outputs)))
    )


def arguments(graph: Graph) -> st.SearchStrategy[tuple[Array, ...]]:
    """Arguments of a random graph: for each input an array with elements in `DOMAIN`."""
    low, high = (round(64 * bound) for bound in DOMAIN)
    elements = st.integers(low, high).map(lambda k: k / 64)
    return st.tuples(
        *[arrays(np.float64, node.type.shape, elements=elements) for node in graph.inputs]
    )
