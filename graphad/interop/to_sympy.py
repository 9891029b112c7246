"""Graphs as SymPy expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from graphad.errors import InteropError
from graphad.interop.naming import identifier
from graphad.interop.python import missing
from graphad.interop.scalars import scalar_graph
from graphad.ir import CONST, INPUT, Graph, Node, map_tree

SCALARS = 20_000
"""Most scalar values that are turned into expressions."""
EXACT = 2**53
"""Whole numbers below this, and fractions with so small parts, become exact numbers of SymPy."""

Rule: TypeAlias = Callable[[Any, Node, Sequence[Any]], Any]
"""``rule(sympy, node, operands)`` gives the expression of a node."""


# --- rules ---------------------------------------------------------------------------------------


def _named(name: str) -> Rule:
    return lambda sp, node, args: getattr(sp, name)(*args)


def _of(rule: Callable[..., Any]) -> Rule:
    return lambda sp, node, args: rule(sp, *args)


def _truth(sp: Any, x: Any) -> Any:
    """Return a number or a condition as a condition."""
    return x if x.is_Boolean or x.is_Relational else sp.Ne(x, 0)


def _chosen(sp: Any, node: Node, args: Sequence[Any]) -> Any:
    condition, x, y = (*args, sp.Integer(0))[:3]
    condition = _truth(sp, condition)
    if node.type.dtype.kind == "b":
        return sp.ITE(condition, _truth(sp, x), _truth(sp, y))
    if condition in (sp.true, sp.false):
        return x if condition == sp.true else y
    return sp.Piecewise((x, condition), (y, True), evaluate=False)


def _cast(sp: Any, node: Node, args: Sequence[Any]) -> Any:
    (x,), to, own = args, node.type.dtype.kind, node.inputs[0].type.dtype.kind
    if to == "b":
        return _truth(sp, x)
    if own == "b":
        return sp.Piecewise((sp.Integer(1), x), (sp.Integer(0), True))
    if own == "c" and to != "c":
        x = sp.re(x)
    return _truncated(sp, x) if to in "iu" and own in "fc" else x


def _truncated(sp: Any, x: Any) -> Any:
    return sp.sign(x) * sp.floor(sp.Abs(x))


def _rounded(sp: Any, x: Any) -> Any:
    """Round to the nearest, and halves to the even one of both."""
    up = sp.floor(x + sp.Rational(1, 2))
    is_half = sp.Eq(sp.Mod(x + sp.Rational(1, 2), 1), 0)
    return sp.Piecewise((up - sp.Mod(up, 2), is_half), (up, True))


def _exponent(sp: Any, x: Any) -> Any:
    away = sp.Ne(x, 0)
    safe = sp.Piecewise((sp.Abs(x), away), (sp.Integer(1), True))
    return sp.Piecewise((sp.floor(sp.log(safe, 2)) + 1, away), (sp.Integer(0), True))


def _sum(sp: Any, node: Node, args: Sequence[Any]) -> Any:
    return sp.Or(*args) if node.type.dtype.kind == "b" else sp.Add(*args)


def _product(sp: Any, node: Node, args: Sequence[Any]) -> Any:
    return sp.And(*args) if node.type.dtype.kind == "b" else sp.Mul(*args)


def _logical(name: str) -> Rule:
    return lambda sp, node, args: getattr(sp, name)(*[_truth(sp, x) for x in args])


def _compared(name: str) -> Rule:
    def rule(sp: Any, node: Node, args: Sequence[Any]) -> Any:
        if node.inputs[0].type.dtype.kind == "b":
            unequal = sp.Xor(*args)
            if name in ("Eq", "Ne"):
                return unequal if name == "Ne" else sp.Not(unequal)
            args = [sp.Piecewise((sp.Integer(1), x), (sp.Integer(0), True)) for x in args]
        # SymPy would search for a proof of what is not known, for long in large expressions.
        known = all(not x.free_symbols for x in args)
        return getattr(sp, name)(*args, evaluate=known)

    return rule


def _derived(function: Callable[..., Any]) -> Rule:
    """Return the rule of a function whose last attribute is the order of a derivative.

    ``function(sp, t, *attrs)`` is the function itself.
    """

    def rule(sp: Any, node: Node, args: Sequence[Any]) -> Any:
        t = sp.Dummy("t", positive=True)
        made = function(sp, t, *node.attrs[:-1])
        return sp.diff(made, t, node.attrs[-1]).subs(t, args[-1])

    return rule


def _half(sp: Any, bessel: str) -> Callable[..., Any]:
    return lambda n, t: sp.sqrt(sp.pi / (2 * t)) * getattr(sp, bessel)(n + sp.Rational(1, 2), t)


def _of_order(function: Callable[..., Any]) -> Rule:
    """Return the rule of a function whose first operand is its order."""

    def rule(sp: Any, node: Node, args: Sequence[Any]) -> Any:
        v, x = args
        t = sp.Dummy("t", positive=True)
        return sp.diff(function(sp, v, t), t, node.attrs[0]).subs(t, x)

    return rule


def _spherical(bessel: str) -> Rule:
    return _derived(lambda sp, t, n: _half(sp, bessel)(n, t))


def _ndtr(sp: Any, x: Any) -> Any:
    return sp.erfc(-x / sp.sqrt(2)) / 2


def _zeta(sp: Any, node: Node, args: Sequence[Any]) -> Any:
    (s, q), k = args, node.attrs[0]
    return (-1) ** k * sp.prod([s + j for j in range(k)]) * sp.zeta(s + k, q)


def _times_log(sp: Any, x: Any, y: Any) -> Any:
    return sp.Piecewise((sp.Integer(0), sp.Eq(x, 0)), (x * sp.log(y), True))


def _entropy(sp: Any, x: Any) -> Any:
    above, at = (-x * sp.log(x), x > 0), (sp.Integer(0), sp.Eq(x, 0))
    return sp.Piecewise(above, at, (-sp.oo, True))


def _relative(sp: Any, x: Any, y: Any) -> Any:
    return sp.Piecewise((sp.Integer(0), sp.Eq(x, 0)), (x * sp.log(x / y), True))


_SPECIAL: Mapping[str, Rule] = {
    "bessel_i": _derived(lambda sp, t, n: sp.besseli(n, t)),
    "bessel_ie": _derived(lambda sp, t, n: sp.exp(-t) * sp.besseli(n, t)),
    "bessel_j": _derived(lambda sp, t, n: sp.besselj(n, t)),
    "bessel_k": _derived(lambda sp, t, n: sp.besselk(n, t)),
    "bessel_ke": _derived(lambda sp, t, n: sp.exp(t) * sp.besselk(n, t)),
    "bessel_y": _derived(lambda sp, t, n: sp.bessely(n, t)),
    "beta": _named("beta"),
    "betainc": _of(lambda sp, a, b, x: sp.betainc_regularized(a, b, 0, x)),
    "betaincc": _of(lambda sp, a, b, x: sp.betainc_regularized(a, b, x, 1)),
    "betaln": _of(lambda sp, a, b: sp.loggamma(a) + sp.loggamma(b) - sp.loggamma(a + b)),
    "dawsn": _derived(lambda sp, t: sp.sqrt(sp.pi) / 2 * sp.exp(-(t**2)) * sp.erfi(t)),
    "digamma": lambda sp, node, args: sp.polygamma(node.attrs[0], args[0]),
    "entr": _of(_entropy),
    "erfcinv": _of(lambda sp, x: sp.erfinv(1 - x)),
    "erfcx": _derived(lambda sp, t: sp.exp(t**2) * sp.erfc(t)),
    "erfi": _named("erfi"),
    "erfinv": _named("erfinv"),
    "expi": _named("Ei"),
    "expit": _of(lambda sp, x: 1 / (1 + sp.exp(-x))),
    "expit_negative": _of(lambda sp, x: 1 / (1 + sp.exp(x))),
    "expn": lambda sp, node, args: sp.expint(node.attrs[0], args[0]),
    "gamma": _named("gamma"),
    "gammainc": _of(lambda sp, a, x: sp.lowergamma(a, x) / sp.gamma(a)),
    "gammaincc": _of(lambda sp, a, x: sp.uppergamma(a, x) / sp.gamma(a)),
    "gammaln": _of(lambda sp, x: sp.log(sp.Abs(sp.gamma(x)))),
    "kl_div": _of(lambda sp, x, y: _relative(sp, x, y) - x + y),
    "lambertw": lambda sp, node, args: sp.LambertW(args[0], node.attrs[0]),
    "lambertw_plus_one": lambda sp, node, args: 1 + sp.LambertW(args[0], node.attrs[0]),
    "log_expit": _of(lambda sp, x: -sp.log(1 + sp.exp(-x))),
    "log_ndtr": _derived(lambda sp, t: sp.log(_ndtr(sp, t))),
    "logit": _of(lambda sp, x: sp.log(x / (1 - x))),
    "ndtr": _of(_ndtr),
    "ndtri": _of(lambda sp, x: sp.sqrt(2) * sp.erfinv(2 * x - 1)),
    "rel_entr": _of(_relative),
    "rgamma": _of(lambda sp, x: 1 / sp.gamma(x)),
    "iv": _of_order(lambda sp, v, t: sp.besseli(v, t)),
    "ive": _of_order(lambda sp, v, t: sp.exp(-t) * sp.besseli(v, t)),
    "jv": _of_order(lambda sp, v, t: sp.besselj(v, t)),
    "kv": _of_order(lambda sp, v, t: sp.besselk(v, t)),
    "kve": _of_order(lambda sp, v, t: sp.exp(t) * sp.besselk(v, t)),
    "yv": _of_order(lambda sp, v, t: sp.bessely(v, t)),
    "riemann_zeta": _derived(lambda sp, t: sp.zeta(t)),
    "sinc": _derived(lambda sp, t: sp.sinc(sp.pi * t)),
    "spherical_in": _spherical("besseli"),
    "spherical_jn": _spherical("besselj"),
    "spherical_kn": _spherical("besselk"),
    "spherical_yn": _spherical("bessely"),
    "xlog1py": _of(lambda sp, x, y: _times_log(sp, x, 1 + y)),
    "xlogy": _of(_times_log),
    "zeta": _zeta,
}
"""Special functions."""
_SAME = {
    "absolute": "Abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "ceil": "ceiling",
    "cos": "cos",
    "cosh": "cosh",
    "erf": "erf",
    "erfc": "erfc",
    "exp": "exp",
    "floor": "floor",
    "log": "log",
    "maximum": "Max",
    "minimum": "Min",
    "power": "Pow",
    "sign": "sign",
    "sin": "sin",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "tan": "tan",
    "tanh": "tanh",
}
_COMPARISONS = {
    "equal": "Eq",
    "greater": "Gt",
    "greater_equal": "Ge",
    "less": "Lt",
    "less_equal": "Le",
    "not_equal": "Ne",
}
_LOGICAL = {"and": "And", "or": "Or", "xor": "Xor", "not": "Not"}
RULES: Mapping[str, Rule] = {
    **{name: _named(other) for name, other in _SAME.items()},
    **{name: _compared(other) for name, other in _COMPARISONS.items()},
    **{f"logical_{name}": _logical(other) for name, other in _LOGICAL.items()},
    **_SPECIAL,
    "add": _sum,
    "cast": _cast,
    "cbrt": _of(lambda sp, x: sp.sign(x) * sp.Abs(x) ** sp.Rational(1, 3)),
    "conjugate": _of(lambda sp, x: sp.conjugate(x)),
    "divide": _of(lambda sp, x, y: x / y),
    "exp2": _of(lambda sp, x: sp.Integer(2) ** x),
    "expm1": _of(lambda sp, x: sp.exp(x) - 1),
    "exponent": _of(_exponent),
    "floor_divide": _of(lambda sp, x, y: sp.floor(x / y)),
    "fmod": _of(lambda sp, x, y: x - y * _truncated(sp, x / y)),
    "hypot": _of(lambda sp, x, y: sp.sqrt(x**2 + y**2)),
    "imag": _of(lambda sp, x: sp.im(x)),
    "integer_power": lambda sp, node, args: args[0] ** node.attrs[0],
    "ldexp": _of(lambda sp, x, n: x * sp.Integer(2) ** n),
    "log10": _of(lambda sp, x: sp.log(x) / sp.log(10)),
    "log1p": _of(lambda sp, x: sp.log(1 + x)),
    "log2": _of(lambda sp, x: sp.log(x) / sp.log(2)),
    "logaddexp": _of(lambda sp, x, y: sp.log(sp.exp(x) + sp.exp(y))),
    "mask": _chosen,
    "multiply": _product,
    "negative": _of(lambda sp, x: -x),
    "real": _of(lambda sp, x: sp.re(x)),
    "length": _of(lambda sp, x: sp.sqrt(x)),
    "pseudo_reciprocal": _of(
        lambda sp, x: sp.Piecewise((sp.Integer(0), sp.Eq(x, 0)), (1 / x, True))
    ),
    "reciprocal": _of(lambda sp, x: 1 / x),
    "remainder": _of(lambda sp, x, y: x - y * sp.floor(x / y)),
    "rint": _of(_rounded),
    "signbit": _of(lambda sp, x: sp.Lt(x, 0)),
    "subtract": _of(lambda sp, x, y: x - y),
    "trunc": _of(_truncated),
    "where": _chosen,
}
"""The expression of each op of scalars."""


# --- numbers and symbols -------------------------------------------------------------------------


def number_of(sp: Any, value: Any) -> Any:
    """Return a number as one of SymPy's: exact where it is short, as 2 and 1/4 are."""
    if isinstance(value, bool):
        return sp.true if value else sp.false
    if isinstance(value, complex):
        return number_of(sp, value.real) + sp.I * number_of(sp, value.imag)
    if isinstance(value, int):
        return sp.Integer(value)
    if value != value:
        return sp.nan
    if value in (float("inf"), -float("inf")):
        return sp.oo if value > 0 else -sp.oo
    numerator, denominator = value.as_integer_ratio()
    if abs(numerator) < EXACT and denominator <= 1024:
        return sp.Rational(numerator, denominator)
    return sp.Float(value, 17)


def _symbols(sp: Any, node: Node, given: Any) -> list[Any]:
    """Return a symbol, or the expression that the user gives, for each element of an input."""
    name, shape = node.attrs[0], node.type.shape
    if given is None:
        base = identifier(name)
        return [sp.Symbol("_".join([base, *map(str, index)])) for index in np.ndindex(*shape)]
    explicit = given.as_explicit() if hasattr(given, "as_explicit") else given
    if isinstance(explicit, sp.IndexedBase):
        return [explicit[index] for index in np.ndindex(*shape)]
    array = np.array(explicit.tolist() if hasattr(explicit, "tolist") else explicit, dtype=object)
    if array.shape != shape and array.size == node.type.size and array.size in array.shape:
        array = array.reshape(shape)  # a column of symbols for a vector
    if array.shape != shape:
        raise InteropError(
            f"symbols for {name} have the shape {array.shape}, not {shape}; give an expression for "
            "each element"
        )
    return [sp.sympify(item) for item in array.ravel()]


# --- the expressions -----------------------------------------------------------------------------


def sympy_expressions(graph: Graph, symbols: Mapping[str, Any]) -> Any:
    """Return what a graph computes as SymPy expressions.

    Parameters
    ----------
    graph : Graph
        The graph; not too large, since each element of each array becomes an expression.
    symbols : mapping of str to symbol or array of symbols
        What stands for inputs, by name: expressions, nested lists, matrices, arrays, or an
        ``IndexedBase``. Elements of other inputs are symbols such as ``x``, ``v_0`` and ``M_0_1``.

    Returns
    -------
    sympy.Expr, sympy.ImmutableDenseNDimArray, or nested tuples of them
        An array for each result that is one.

    Raises
    ------
    InteropError
        If SymPy cannot be imported, an op has no expression, the graph is too large, or symbols
        do not fit.
    """
    try:
        import sympy as sp
    except ImportError as error:
        raise InteropError("to_sympy needs SymPy, which cannot be imported here") from error
    unknown = [name for name in symbols if name not in graph.input_names]
    if unknown:
        raise InteropError(
            f"{graph.name} has no input {unknown[0]!r}; inputs: "
            f"{', '.join(graph.input_names) or 'none'}"
        )
    scalars = scalar_graph(graph, SCALARS, "SymPy")
    values: dict[int, Any] = {}
    for node in scalars.nodes:
        if node.op is INPUT:
            values[node.id] = _symbols(sp, node, symbols.get(node.attrs[0]))
            if not node.type.shape:
                values[node.id] = values[node.id][0]
        elif node.op is CONST:
            made = [number_of(sp, item.item()) for item in node.attrs[0].array.ravel()]
            values[node.id] = made if node.type.shape else made[0]
        elif node.op.name == "element":
            operand = node.inputs[0]
            flat = int(np.ravel_multi_index(node.attrs[0], operand.type.shape))
            values[node.id] = values[operand.id][flat]
        elif node.op.name == "pack":
            values[node.id] = [values[operand.id] for operand in node.inputs]
        else:
            values[node.id] = _expression(sp, node, [values[x.id] for x in node.inputs])
    return map_tree(graph.tree, [_result(sp, node, values[node.id]) for node in scalars.outputs])


def _expression(sp: Any, node: Node, args: Sequence[Any]) -> Any:
    rule = RULES.get(node.op.name)
    if rule is None:
        raise InteropError(missing(node, "SymPy"))
    return rule(sp, node, args)


def _result(sp: Any, node: Node, value: Any) -> Any:
    if not node.type.shape:
        return value
    return sp.ImmutableDenseNDimArray(value, node.type.shape)
