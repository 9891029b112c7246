"""Graphs that drawings are tested with."""

from __future__ import annotations

import numpy as np

from graphad.builder import Builder, Value
from graphad.constant import Span
from graphad.ir import Graph, Origin
from graphad.op import Operand
from graphad.ops import OPS
from graphad.types import FLOAT64, make_type

VECTOR = make_type((3,), np.dtype(np.float64))


def rosenbrock() -> Graph:
    """Return Rosenbrock's function of three variables as array nodes."""
    b = Builder()
    b.origin = Origin("rosen.py", 7)
    x = b.input("x", VECTOR)
    tail = OPS["slice"](x, spans=(Span(1, 3, 1),))
    head = OPS["slice"](x, spans=(Span(0, 2, 1),))
    terms = 100.0 * (tail - head**2) ** 2 + (1.0 - head) ** 2
    return b.finish("rosen", [OPS["sum"](terms, axes=(0,))])


def orders(highest: int) -> Graph:
    """Return a chain with one node of each derivative order."""
    b = Builder()
    value: Operand = b.input("x", FLOAT64)
    for order in range(highest + 1):
        b.origin = Origin("chain.py", 1, "jvp", "", order)
        value = OPS["sin"](value)
    return b.finish("chain", [value])


def chain(length: int) -> Graph:
    """Return a chain of so many sines and cosines."""
    b = Builder()
    value: Operand = b.input("x", FLOAT64)
    for step in range(length):
        value = OPS["sin" if step % 2 else "cos"](value)
    return b.finish("chain", [value])


def fan(count: int) -> Graph:
    """Return a sum of so many products, each of one more input."""
    b = Builder()
    x = b.input("x", FLOAT64)
    others: list[Value] = [b.input(f"y{i}", FLOAT64) for i in range(count)]
    return b.finish("fan", [OPS["add"](*[OPS["sin"](x * y) for y in others])])


def leaves_only() -> Graph:
    """Return a graph without ops: an input and a constant as outputs, another input unused."""
    b = Builder()
    x = b.input("x", VECTOR)
    b.input("unused", FLOAT64)
    return b.finish("leaves", [x, b.constant(2.5)])


def empty() -> Graph:
    """Return a graph of nothing."""
    return Builder().finish("empty", [], ())


def hostile_names() -> Graph:
    """Return a graph whose names hold what XML and DOT treat specially."""
    b = Builder()
    x = b.input('a<b & "c" \\ </title>\n{}', FLOAT64)
    y = b.input("\x00\x1f\ud800größe", FLOAT64)
    return b.finish('f<"&\\', [x / y])
