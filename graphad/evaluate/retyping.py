"""A graph in another precision, or on complex numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphad.builder import Builder, G, Value, copy_nodes, paused_gc
from graphad.errors import InputError, TypeRuleError
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.types import DTYPE_NAMES, DTYPES_BY_NAME, DType, Type

_SINGLE = {
    np.dtype(np.float64): np.dtype(np.float32),
    np.dtype(np.complex128): np.dtype(np.complex64),
}
_DOUBLE = {single: double for double, single in _SINGLE.items()}


def is_single(dtype: DType) -> bool:
    """Return whether a dtype is of single precision, real or complex."""
    return dtype in _DOUBLE


def in_precision(dtype: DType, single: bool) -> DType:
    """Return a dtype in single or double precision; one that is not inexact stays as it is."""
    return (_SINGLE if single else _DOUBLE).get(dtype, dtype)


def retype(graph: G, types: Sequence[Type]) -> G:
    """Return the graph of the same function of inputs of other dtypes.

    Each op's type rule says what becomes of it, as NumPy would. Constants that are one number, be
    it in an array such as the zeros beside a derivative, take the precision of what they meet, as
    Python numbers do, unless they were of a higher one before. Other arrays among the constants
    keep their dtype. Dtypes that ops name (casts, identities) take the precision of the inputs; a
    cast to real numbers becomes one to complex numbers where the operand is complex. What is not
    analytic is not done to values that were made of real inputs and now are of complex ones.

    Parameters
    ----------
    graph : Graph
        Any graph.
    types : sequence of Type
        For each input, its new type, of the old shape.

    Returns
    -------
    Graph
        Of the same class, name, nesting and symmetry.

    Raises
    ------
    InputError
        If an op does not take the new types, or shapes differ.

    Examples
    --------
    >>> from graphad.types import FLOAT64, make_type
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> retype(b.finish("f", [0.1 * x]), [make_type((), np.dtype(np.float32))])
    <graph f(%x: f32[]) -> (f32[]), 3 nodes>
    """
    if [type.shape for type in types] != [node.type.shape for node in graph.inputs]:
        raise InputError(
            f"{graph!r} cannot take inputs of the shapes of {', '.join(map(str, types))}"
        )
    given = {node.id: type for node, type in zip(graph.inputs, types, strict=True)}
    inexact = [type.dtype for type in types if type.is_inexact]
    single = all(map(is_single, inexact)) if inexact else None
    turned = _turned_marks(graph, given)

    def rule(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        if node.op is INPUT:
            return builder.input(node.attrs[0], given[node.id]).node
        if node.op is CONST:
            return _constant(builder, node, single) if _is_weak(node) else None
        operands = _with_weak_constants(builder, node, operands)
        attrs = node.attrs
        if node.op.refit is not None:
            made = node.op.refit([builder.value(operand) for operand in operands], attrs)
            assert isinstance(made, Value)
            return made.node
        if single is not None and "dtype" in node.op.attrs:
            position = node.op.attrs.index("dtype")
            dtype = in_precision(DTYPES_BY_NAME[attrs[position]], single)
            if _turned_complex(node, operands) and dtype.kind == "f":
                dtype = np.result_type(dtype, np.complex64)
            attrs = (*attrs[:position], DTYPE_NAMES[dtype], *attrs[position + 1 :])
        try:
            complex_ = any(operand.type.is_complex for operand in operands)
            if complex_ and turned[node.id] and not node.op.analytic:
                raise TypeRuleError(f"{node.op.name} of a complex number is not analytic")
            return builder.emit(node.op, operands, attrs)
        except TypeRuleError as error:
            listed = ", ".join(
                f"{name}: {type}" for name, type in zip(graph.input_names, types, strict=True)
            )
            origin = graph.origin(node)
            place = f" ({origin.file}:{origin.line})" if origin.file else ""
            raise InputError(
                f"graph {graph.name} cannot be evaluated for {listed}, "
                f"since {node.op.name} does not take them: {error}{place}"
            ) from None

    with paused_gc():
        builder = Builder()
        fresh = copy_nodes(builder, graph, rule)
        outputs = [fresh[node.id] for node in graph.outputs]
        return builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))


def _turned_marks(graph: Graph, given: dict[int, Type]) -> bytearray:
    """Mark the nodes that depend on an input that was real and is complex now."""
    marks = bytearray(len(graph.nodes))
    for node in graph.nodes:
        if node.op is INPUT:
            marks[node.id] = given[node.id].is_complex and not node.type.is_complex
        else:
            marks[node.id] = any(marks[operand.id] for operand in node.inputs)
    return marks


def _is_weak(node: Node) -> bool:
    """Return whether a node is a constant of one number, which stands for a Python number."""
    if node.op is not CONST or not node.type.is_inexact:
        return False
    if node.type.size <= 1:
        return True
    elements = node.attrs[0].array.reshape(-1)
    return bool(elements[0] == elements[-1] and (elements == elements[0]).all())


def _constant(builder: Builder, node: Node, single: bool | None) -> Node | None:
    if single is None:
        return None
    array = node.attrs[0].array
    return builder.constant(array.astype(in_precision(array.dtype, single))).node


def _with_weak_constants(
    builder: Builder, node: Node, operands: tuple[Node, ...]
) -> tuple[Node, ...]:
    """Return the operands, weak constants in the precision of the others if there are any."""
    pairs = list(zip(node.inputs, operands, strict=True))
    strong = [(old, new) for old, new in pairs if not _is_weak(old) and new.type.is_inexact]
    if not strong or len(strong) == len(pairs):
        return operands
    was_single = all(is_single(old.type.dtype) for old, _ in strong)
    single = all(is_single(new.type.dtype) for _, new in strong)
    made: list[Node] = []
    for old, new in pairs:
        if _is_weak(old):
            if was_single and not is_single(old.type.dtype):  # it set the precision, and still does
                new = builder.constant(old.attrs[0]).node
            else:
                new = _constant(builder, old, single) or new
        made.append(new)
    return tuple(made)


def _turned_complex(node: Node, operands: tuple[Node, ...]) -> bool:
    return any(
        new.type.is_complex and not old.type.is_complex
        for old, new in zip(node.inputs, operands, strict=True)
    )
