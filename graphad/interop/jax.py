"""Graphs as functions of JAX arrays, which JAX compiles, maps and differentiates as its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from math import prod
from typing import Any, TypeAlias

import numpy as np

from graphad.control.cond_op import Cond
from graphad.control.scan_form import Scan
from graphad.control.while_op import While
from graphad.errors import InputError, InteropError
from graphad.interop.jax_special import MATRICES, ORDERS, SPECIAL
from graphad.interop.python import missing
from graphad.ir import CONST, INPUT, Graph, Node, map_tree
from graphad.ops.contraction import parse_spec
from graphad.types import DTYPES_BY_NAME

Rule: TypeAlias = Callable[[Any, Node, Sequence[Any]], Any]
"""``rule(jax, node, operands)`` gives the value of a node."""


# --- rules ---------------------------------------------------------------------------------------


def _named(name: str) -> Rule:
    return lambda jax, node, args: getattr(jax.numpy, name)(*args)


def _folded(name: str) -> Rule:
    return lambda jax, node, args: reduce(getattr(jax.numpy, name), args)


def _reduction(name: str) -> Rule:
    def rule(jax: Any, node: Node, args: Sequence[Any]) -> Any:
        return getattr(jax.numpy, name)(args[0], axis=node.attrs[0])

    return rule


def _sum(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    return jax.numpy.sum(args[0], axis=node.attrs[0], dtype=args[0].dtype)


def _cumsum(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    return jax.numpy.cumsum(args[0], axis=node.attrs[0], dtype=args[0].dtype)


def _dtype(jax: Any, dtype: Any) -> Any:
    """Return the dtype that JAX has for one: single precision, unless double is enabled."""
    return jax.dtypes.canonicalize_dtype(dtype)


def _cast(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    x = args[0]
    real = node.inputs[0].type.is_complex and node.type.dtype.kind in "fiu"
    return (x.real if real else x).astype(_dtype(jax, node.type.dtype))


def _einsum(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    terms, out = parse_spec(node.attrs[0])
    once = "".join(dict.fromkeys(out))
    product = jax.numpy.einsum(f"{','.join(terms)}->{once}", *args)
    if once == out:
        return product
    sizes = dict(zip(out, node.type.shape, strict=True))
    index = tuple(
        np.arange(sizes[c]).reshape([-1 if c == other else 1 for other in once]) for c in out
    )
    return jax.numpy.zeros(node.type.shape, product.dtype).at[index].set(product)


def _identity(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    shape, dtype = node.attrs
    eye = jax.numpy.eye(prod(shape), dtype=_dtype(jax, DTYPES_BY_NAME[dtype]))
    return eye.reshape(shape + shape)


def _slices(node: Node) -> tuple[slice, ...]:
    return tuple([span.slice for span in node.attrs[0]])


def _place(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    zeros = jax.numpy.zeros(node.type.shape, args[0].dtype)
    return zeros.at[_slices(node)].set(args[0])


def _update(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    whole = args[0].astype(_dtype(jax, node.type.dtype))
    return whole.at[_slices(node)].set(args[1].astype(whole.dtype))


def _scatter_add(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    zeros = jax.numpy.zeros(node.type.shape, args[0].dtype)
    return zeros.at[(slice(None),) * node.attrs[0] + (args[1],)].add(args[0])


def _pack(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    dtype = _dtype(jax, node.type.dtype)
    return jax.numpy.stack([x.astype(dtype) for x in args]).reshape(node.type.shape)


def _mask(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    return jax.numpy.where(args[0], args[1], jax.numpy.zeros((), args[1].dtype))


def _integer_power(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    return jax.lax.integer_pow(args[0], node.attrs[0])


def _flip(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    return jax.numpy.flip(args[0], axis=node.attrs[0]) if node.attrs[0] else args[0]


def _recurrence(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    (axis,) = node.attrs
    rows = [jax.numpy.moveaxis(x, axis, 0) for x in args]

    def step(before: Any, row: Any) -> Any:
        after = row[0] * before + row[1]
        return after, after

    made = jax.lax.scan(step, jax.numpy.zeros_like(rows[1][0]), tuple(rows))[1]
    return jax.numpy.moveaxis(made, 0, axis)


def _position(name: str) -> Rule:
    return lambda jax, node, args: getattr(jax.numpy, name)(args[0], axis=node.attrs[0])


def _argsort(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    """Sort stably; a whole sort is a partition too, in the order that elements are in anyway."""
    return jax.numpy.argsort(args[0], axis=node.attrs[-1], stable=True)


def _searchsorted(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    side, depth = node.attrs

    def search(a: Any, v: Any) -> Any:
        return jax.numpy.searchsorted(a, v, side=side)

    for _ in range(depth):
        search = jax.vmap(search)
    return search(*args)


def _away_from_0(jax: Any, x: Any, function: Callable[[Any], Any]) -> Any:
    """A function that is 0 at 0, with derivatives that are 0 there."""
    at_zero = x == 0
    return jax.numpy.where(at_zero, 0, function(jax.numpy.where(at_zero, 1, x)))


def _wrapped_index(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    return jax.numpy.where(args[0] < 0, args[0] + node.attrs[0], args[0])


# fmt: off
_SAME = [
    "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt",
    "ceil", "cos", "cosh", "divide", "equal", "exp", "exp2", "expm1", "floor", "floor_divide",
    "fmod", "greater", "greater_equal", "hypot", "isfinite", "isnan", "ldexp", "less",
    "less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not",
    "logical_or", "logical_xor", "negative", "not_equal", "power",
    "reciprocal", "remainder", "rint", "sign", "signbit", "sin", "sinh", "sqrt", "subtract", "tan",
    "tanh", "trunc", "where", "conjugate", "real", "imag",
]
# fmt: on
PLAIN_RULES: Mapping[str, Rule] = {
    **{name: _named(name) for name in _SAME},
    **{name: _folded(name) for name in ("add", "maximum", "minimum", "multiply")},
    "argmax": _position("argmax"),
    "argmin": _position("argmin"),
    "argpartition": _argsort,
    "argsort": _argsort,
    "broadcast_to": lambda jax, node, args: jax.numpy.broadcast_to(args[0], node.type.shape),
    "cast": _cast,
    "concatenate": lambda jax, node, args: jax.numpy.concatenate(args, axis=node.attrs[0]),
    "cumsum": _cumsum,
    "einsum": _einsum,
    "element": lambda jax, node, args: args[0][node.attrs[0]],
    "exponent": lambda jax, node, args: jax.numpy.frexp(args[0])[1],
    "flip": _flip,
    "identity": _identity,
    "integer_power": _integer_power,
    "length": lambda jax, node, args: _away_from_0(jax, args[0], jax.numpy.sqrt),
    "mask": _mask,
    "max": _reduction("max"),
    "min": _reduction("min"),
    "pack": _pack,
    "partition_order": _argsort,
    "place": _place,
    "pseudo_reciprocal": lambda jax, node, args: _away_from_0(jax, args[0], jax.numpy.reciprocal),
    "recurrence": _recurrence,
    "reshape": lambda jax, node, args: jax.numpy.reshape(args[0], node.type.shape),
    "scatter_add": _scatter_add,
    "searchsorted": _searchsorted,
    "slice": lambda jax, node, args: args[0][_slices(node)],
    "stop_gradient": lambda jax, node, args: jax.lax.stop_gradient(args[0]),
    "sum": _sum,
    "take": lambda jax, node, args: jax.numpy.take(args[0], args[1], axis=node.attrs[0]),
    "transpose": lambda jax, node, args: jax.numpy.transpose(args[0], node.attrs[0]),
    "update": _update,
    "wrapped_index": _wrapped_index,
    **SPECIAL,
    **MATRICES,
}
"""What JAX computes for ops that hold no graphs."""


# --- ops that hold graphs ------------------------------------------------------------------------


def _computed(jax: Any, graph: Graph, args: Sequence[Any]) -> list[Any]:
    """Return the outputs of a graph."""
    values: dict[int, Any] = {node.id: x for node, x in zip(graph.inputs, args, strict=True)}
    for node in graph.nodes:
        if node.op is CONST:
            array = node.attrs[0].array
            values[node.id] = jax.numpy.asarray(array.astype(_dtype(jax, array.dtype)))
        elif node.op is not INPUT:
            rule = RULES[node.op.name]
            values[node.id] = rule(jax, node, [values[operand.id] for operand in node.inputs])
    return [values[node.id] for node in graph.outputs]


def _packed(jax: Any, node: Node, results: Sequence[Any]) -> Any:
    """Return several results as one vector; one alone as it is."""
    if len(results) == 1:
        return results[0]
    dtype = _dtype(jax, node.type.dtype)
    return jax.numpy.concatenate([x.reshape(-1).astype(dtype) for x in results])


def _cond(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    form = Cond(*node.attrs)

    def branch(graph: Graph) -> Callable[..., Any]:
        return lambda given: _packed(jax, node, _computed(jax, graph, given))

    return jax.lax.cond(args[0], branch(form.then), branch(form.otherwise), list(args[1:]))


def _scan(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    form = Scan(*node.attrs)
    fixed, carried, rows = form.split(args)

    def step(before: Any, slices: Any) -> Any:
        results = _computed(jax, form.body, [*fixed, *before, *slices])
        kept = results[form.carries :] + (list(before) if form.history else [])
        return results[: form.carries], kept

    last, stored = jax.lax.scan(step, carried, rows, length=form.length, reverse=form.reverse)
    return _packed(jax, node, [*last, *stored])


def _while(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    form = While(*node.attrs)
    fixed, carried = list(args[: form.fixed]), list(args[form.fixed :])
    last = jax.lax.while_loop(
        lambda now: _computed(jax, form.test, [*fixed, *now])[0],
        lambda now: _computed(jax, form.body, [*fixed, *now]),
        carried,
    )
    return _packed(jax, node, last)


RULES: Mapping[str, Rule] = {
    **PLAIN_RULES,
    "cond": _cond,
    "custom": lambda jax, node, args: _computed(jax, node.attrs[0], args)[0],
    "scan": _scan,
    "while_loop": _while,
}
"""What JAX computes for each op."""


def without_rule(graph: Graph) -> Node | None:
    """Return the first node, of those in graphs that ops hold too, that JAX has no form of."""
    stack = [graph]
    while stack:
        for node in stack.pop().nodes:
            if node.op is not INPUT and node.op is not CONST and not _is_known(node):
                return node
            stack += [value for value in node.attrs if isinstance(value, Graph)]
    return None


def _is_known(node: Node) -> bool:
    bound = ORDERS.get(node.op.name)
    return node.op.name in RULES and (bound is None or node.attrs[0] <= bound)


# --- the function --------------------------------------------------------------------------------


def jax_function(graph: Graph) -> Callable[..., Any]:
    """Return a function of JAX arrays that computes what a graph computes.

    Parameters
    ----------
    graph : Graph
        The graph.

    Returns
    -------
    callable
        Takes an array for each input, by position or by name, of the input's shape; works under
        ``jax.jit``, ``jax.vmap``, ``jax.grad`` and what else JAX does to functions. Its precision
        is that of JAX: double where ``jax_enable_x64`` is set.

    Raises
    ------
    InteropError
        If JAX cannot be imported, or an op has no form in it.
    """
    try:
        import jax
        import jax.numpy
        import jax.scipy.special
    except ImportError as error:
        raise InteropError(
            "to_jax needs JAX, which cannot be imported here; install it, or use to_python"
        ) from error
    wrong = without_rule(graph)
    if wrong is not None:
        raise InteropError(missing(wrong, "JAX"))

    def function(*args: Any, **named: Any) -> Any:
        return map_tree(graph.tree, _computed(jax, graph, _bound(jax, graph, args, named)))

    function.__name__ = function.__qualname__ = graph.name
    function.__doc__ = f"Compute {graph!r} in JAX."
    return function


def _bound(jax: Any, graph: Graph, args: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
    """Return the arguments as arrays of the inputs' dtypes, in the order of the inputs."""
    names = graph.input_names
    given = dict(zip(names, args, strict=False))
    wrong = [name for name in named if name not in names or name in given]
    given |= named
    if len(args) > len(names) or wrong or len(given) < len(names):
        raise InputError(
            f"{graph.name} takes an argument for each of {', '.join(names) or 'no inputs'}, not "
            f"{len(args)} by position and {', '.join(named) or 'none'} by name"
        )
    values = []
    for node in graph.inputs:
        value = jax.numpy.asarray(given[node.attrs[0]])
        if value.shape != node.type.shape:
            raise InputError(
                f"{node.attrs[0]} of {graph.name} has the shape {node.type.shape}, not "
                f"{value.shape}; for batches, use jax.vmap"
            )
        held = value.dtype.kind in "fc" and node.type.is_inexact
        values.append(value if held else value.astype(_dtype(jax, node.type.dtype)))
    return values
