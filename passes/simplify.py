"""Identities that hold for every IEEE value, NaN and infinities included, and structural zeros.

Each row is one identity. None of them changes a bit of a result, and none drops a NaN or an
infinity that the user's own operations made.
"""

from __future__ import annotations

from graphad.builder import Builder, G, rebuild
from graphad.ir import CONST, Node
from graphad.op import Operand
from graphad.ops import OPS
from graphad.ops.kinks import mask
from graphad.passes.pipeline import graph_pass
from graphad.rewrite import Bindings, Table, any_attrs, rule, wild
from graphad.types import broadcast_shapes

x, y, z = wild("x"), wild("y"), wild("z")
condition = wild("condition")
negative, absolute, sign = OPS["negative"], OPS["absolute"], OPS["sign"]
cos, cosh, where = OPS["cos"], OPS["cosh"], OPS["where"]
logical_not = OPS["logical_not"]

ARITHMETIC = Table(
    [
        rule(x * 1, x),  # x · 1 -> x
        rule(x / 1, x),  # x / 1 -> x
        rule(x - 0, x),  # x - 0 -> x   (x + 0 is not x: -0.0 + 0.0 is 0.0)
        rule(x + -0.0, x),  # x + (-0.0) -> x
        rule(x * -1, -x),  # x · -1 -> -x
        rule(x / -1, -x),  # x / -1 -> -x
        rule(-(-x), x),  # -(-x) -> x
        rule(x + (-y), x - y),  # x + (-y) -> x - y
        rule(x - (-y), x + y),  # x - (-y) -> x + y
        rule((-x) * (-y), x * y),  # (-x) · (-y) -> x · y
        rule((-x) / (-y), x / y),  # (-x) / (-y) -> x / y
        rule((-x) * y, -(x * y)),  # (-x) · y -> -(x · y)
        rule((-x) / y, -(x / y)),  # (-x) / y -> -(x / y)
        rule(x / (-y), -(x / y)),  # x / (-y) -> -(x / y)
        rule(x**1, x),  # x¹ -> x
        rule((-x) ** 2, x**2),  # (-x)² -> x²
    ]
)

PARITY = Table(
    [
        rule(cos(-x), cos(x)),  # cos(-x) -> cos(x)
        rule(cosh(-x), cosh(x)),  # cosh(-x) -> cosh(x)
        rule(absolute(-x), absolute(x)),  # |-x| -> |x|
        rule(absolute(absolute(x)), absolute(x)),  # ||x|| -> |x|
        rule(sign(sign(x)), sign(x)),  # sign(sign(x)) -> sign(x)
    ]
)


SELECTION = Table(
    [
        rule(where(condition, x, x), x),  # where(c, x, x) -> x
        rule(where(logical_not(condition), x, y), where(condition, y, x)),  # where(not c, x, y)
        rule(logical_not(logical_not(condition)), condition),  # not not c -> c
        rule(mask(condition, mask(condition, x)), mask(condition, x)),  # c(c(x)) -> c(x)
        rule(-mask(condition, x), mask(condition, -x)),  # -c(x) -> c(-x)
        # c(x) · y -> c(x · y): selection comes last, so that 0 · inf does not arise
        rule(mask(condition, x) * y, mask(condition, x * y)),
        rule(mask(condition, x) / y, mask(condition, x / y)),  # c(x) / y -> c(x / y)
        # c(x) + c(y) -> c(x + y)
        rule(mask(condition, x) + mask(condition, y), mask(condition, x + y)),
        # c(x) - c(y) -> c(x - y)
        rule(mask(condition, x) - mask(condition, y), mask(condition, x - y)),
        # c(x) + (not c)(y) -> where(c, x, y): one of the two is a structural zero
        rule(mask(condition, x) + mask(logical_not(condition), y), where(condition, x, y)),
    ]
)

# --- shapes --------------------------------------------------------------------------------------


def _unchanged(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    """The operand, if the op leaves its type as it is and moves nothing."""
    return builder.value(bound["x"]) if bound["x"].type == node.type else None


def _no_axes(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    return builder.value(bound["x"]) if node.attrs[0] == () else None


def _keeps_order(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    same = node.attrs[0] == tuple(range(node.type.ndim))
    return builder.value(bound["x"]) if same else None


def _composed_axes(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    inner = node.inputs[0].attrs[0]
    axes = tuple([inner[axis] for axis in node.attrs[0]])
    return OPS["transpose"](builder.value(bound["x"]), axes=axes)


def _outer_shape(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    return node.op(builder.value(bound["x"]), shape=node.attrs[0])


def _flipped_twice(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    same = node.attrs == node.inputs[0].attrs
    return builder.value(bound["x"]) if same else None


def _read_back(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    """A slice of just what was placed or updated there."""
    same = node.attrs[0] == node.inputs[0].attrs[0]
    return builder.value(bound["x"]) if same else None


def _packed_element(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    """The scalar that stands at the index of a pack."""
    if node.inputs[0].op is not OPS["pack"]:
        return None
    position = 0
    for i, n in zip(node.attrs[0], node.inputs[0].type.shape, strict=True):
        position = position * n + i
    return builder.value(node.inputs[0].inputs[position])


def _placed_product(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    """Multiply only where something was placed: the zeros around it are structural."""
    placed, other = node.inputs if node.inputs[0].op is OPS["place"] else node.inputs[::-1]
    if placed.type != node.type:
        return None
    spans, shape = placed.attrs
    factor: Operand = builder.value(other)
    if other.type.shape == node.type.shape:
        factor = OPS["slice"](factor, spans=spans)
    elif other.type.shape != ():
        return None
    inner = builder.value(placed.inputs[0]) * factor
    return OPS["place"](inner, spans=spans, shape=shape)


SHAPES = Table(
    [
        rule(any_attrs("reshape", x), _unchanged, name="reshape(x) -> x"),
        rule(any_attrs("broadcast_to", x), _unchanged, name="broadcast_to(x) -> x"),
        rule(any_attrs("slice", x), _unchanged, name="x[:] -> x"),
        rule(any_attrs("cast", x), _unchanged, name="cast(x) -> x"),
        rule(any_attrs("place", x), _unchanged, name="place(x) -> x"),
        rule(any_attrs("sum", x), _no_axes, name="sum over no axes -> x"),
        rule(any_attrs("flip", x), _no_axes, name="flip of no axes -> x"),
        rule(any_attrs("transpose", x), _keeps_order, name="transpose(x) -> x"),
        rule(
            any_attrs("reshape", any_attrs("reshape", x)),
            _outer_shape,
            name="reshape(reshape(x)) -> reshape(x)",
        ),
        rule(
            any_attrs("broadcast_to", any_attrs("broadcast_to", x)),
            _outer_shape,
            name="broadcast_to(broadcast_to(x)) -> broadcast_to(x)",
        ),
        rule(
            any_attrs("transpose", any_attrs("transpose", x)),
            _composed_axes,
            name="transpose(transpose(x)) -> transpose(x)",
        ),
        rule(any_attrs("flip", any_attrs("flip", x)), _flipped_twice, name="flip(flip(x)) -> x"),
        rule(any_attrs("element", x), _packed_element, name="pack(…, x, …)[at] -> x"),
        rule(any_attrs("slice", any_attrs("place", x)), _read_back, name="place(x)[at] -> x"),
        rule(
            any_attrs("slice", any_attrs("update", y, x)), _read_back, name="update(y, x)[at] -> x"
        ),
        rule(
            any_attrs("multiply", any_attrs("place", x), y),
            _placed_product,
            name="place(x) · y -> place(x · y[at])",
        ),
    ]
)


def _repeated(node: Node) -> Node | None:
    """What a broadcast repeats; one element is repeated as a scalar."""
    return node.inputs[0] if node.op is OPS["broadcast_to"] else None


def _leaner(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
    """Compute before repeating: ``1 + x`` for ``repeat(1) + x``, ``repeat(φ(x))`` for φ(repeat)."""
    inner = tuple([operand if (o := _repeated(operand)) is None else o for operand in operands])
    if inner == operands:
        return None
    shape = broadcast_shapes(tuple([operand.type.shape for operand in operands]))
    if broadcast_shapes(tuple([operand.type.shape for operand in inner])) != shape:
        small = builder.emit(node.op, inner, node.attrs)
        small = SIMPLIFY.rewrite(builder, small, "simplify")
        return builder.emit(OPS["broadcast_to"], (small,), (shape,))
    return builder.emit(node.op, inner, node.attrs)


def _one_element(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    """A single element repeated is a scalar repeated."""
    source = bound["x"]
    if source.type.shape == () or source.type.size != 1:
        return None
    if source.op is OPS["reshape"] and source.inputs[0].type.shape == ():
        return OPS["broadcast_to"](builder.value(source.inputs[0]), shape=node.type.shape)
    if source.op is CONST:
        scalar = builder.constant(source.attrs[0].array.reshape(()))
        return OPS["broadcast_to"](scalar, shape=node.type.shape)
    return None


def _permuted_repetition(builder: Builder, node: Node, bound: Bindings) -> Operand | None:
    """A scalar repeated has no order of axes."""
    if bound["x"].type.shape != ():
        return None
    return OPS["broadcast_to"](builder.value(bound["x"]), shape=node.type.shape)


REPETITION = Table(
    [
        rule(
            any_attrs("transpose", any_attrs("broadcast_to", x)),
            _permuted_repetition,
            name="transpose(broadcast_to(scalar)) -> broadcast_to(scalar)",
        ),
        rule(
            any_attrs("broadcast_to", x),
            _one_element,
            name="broadcast_to(reshape(scalar)) -> broadcast_to(scalar)",
        ),
    ]
)

SIMPLIFY = ARITHMETIC + PARITY + SELECTION + SHAPES + REPETITION
"""The rows of this pass, in the order they are tried."""


@graph_pass
def simplify(graph: G) -> G:
    """Apply identities that hold bit for bit, from the inputs to the outputs.

    Parameters
    ----------
    graph : Graph
        Any graph.

    Returns
    -------
    Graph
        With the same values.
    """

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        made = _leaner(builder, node, operands) if node.op.elementwise else None
        if made is None:
            made = builder.emit(node.op, operands, node.attrs)
        return SIMPLIFY.rewrite(builder, made, "simplify")

    return rebuild(graph, apply)
