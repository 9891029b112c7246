"""SymPy expressions as graphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from graphad.builder import Builder, G
from graphad.errors import InteropError
from graphad.interop.sympy_rules import DONE, OF_ORDER, RULES, WRITTEN_OUT, Made, readable
from graphad.ir import Tree
from graphad.op import OPS, Array
from graphad.types import FLOAT64, make_type

TERMS = 10_000
"""Most terms that one sum or product over an index is written out as."""


# --- inputs --------------------------------------------------------------------------------------


class _Reader:
    """Reads expressions into one builder."""

    def __init__(self, sp: Any) -> None:
        self.sp = sp
        self.builder = Builder()
        self.known: dict[Any, Made] = {}
        self.arrays: dict[str, Made] = {}

    def add_input(self, name: str, item: Any) -> None:
        """Add an input for a symbol, a symbol with indices, or an array of symbols."""
        sp = self.sp
        item = sp.sympify(item) if isinstance(item, str) else item
        if isinstance(item, sp.Symbol):
            self.known[item] = self.builder.input(name, FLOAT64)
            return
        if isinstance(item, sp.IndexedBase | sp.MatrixSymbol):
            shape = _lengths(name, item.shape)
            self.arrays[item.name] = self.builder.input(name, make_type(shape, FLOAT64.dtype))
            return
        if not isinstance(item, sp.MatrixBase | sp.NDimArray | Sequence):
            raise InteropError(
                f"the input {name} is {item!r}; give a symbol, an IndexedBase with a shape, a "
                "MatrixSymbol, or an array of symbols"
            )
        symbols: Array = np.array(item.tolist() if hasattr(item, "tolist") else item, dtype=object)
        if isinstance(item, sp.MatrixBase) and 1 in symbols.shape:
            symbols = symbols.ravel()
        value = self.builder.input(name, make_type(symbols.shape, FLOAT64.dtype))
        for index in np.ndindex(symbols.shape):
            if not isinstance(symbols[index], sp.Symbol):
                raise InteropError(f"{symbols[index]} among the inputs {name} is no symbol")
            self.known[symbols[index]] = OPS["element"](value, index=index)

    # --- expressions -----------------------------------------------------------------------

    def read(self, root: Any) -> Made:
        """Return the value of one expression."""
        stack: list[tuple[Any, list[Any] | None]] = [(root, None)]
        while stack:
            item, parts = stack.pop()
            if item in self.known:
                continue
            if parts is None:
                parts = self._parts(item)
                stack.append((item, parts))
                stack.extend([(part, None) for part in reversed(parts) if part not in self.known])
            else:
                self.known[item] = self._made(item, [self.known[part] for part in parts])
        return self.known[root]

    def _parts(self, item: Any) -> list[Any]:
        """Return the expressions that an expression is made of here."""
        sp, kind = self.sp, type(item).__name__
        if item is sp.zoo:
            raise InteropError("a complex infinity (zoo) has no number; is there a division by 0?")
        if item.is_Number or item.is_NumberSymbol or item in (sp.true, sp.false, sp.I):
            return []
        if kind in ("Indexed", "MatrixElement"):
            return []
        if kind == "Mul":
            top, bottom = sp.fraction(item, exact=True)
            if bottom != 1:
                return [top, bottom]
            return list(item.args)
        if kind == "Pow":
            return [item.base] if item.exp.is_Rational else list(item.args)
        if kind == "Piecewise":
            return [part for piece in item.args for part in piece.args]
        if kind in WRITTEN_OUT:
            return _terms(sp, item)
        if kind in DONE:
            done = item.doit()
            if done.has(sp.Derivative, sp.Subs) or type(done).__name__ in DONE:
                raise InteropError(
                    f"SymPy leaves {item} as it is; write it out (if it is a derivative of Abs, "
                    "re or im, declare the symbols with real=True)"
                )
            return [done]
        if item.is_Symbol:
            raise InteropError(
                f"the symbol {item} is not among the inputs: {self._listed() or 'none'} (symbols "
                "with other assumptions, as real=True, are others)"
            )
        if kind in OF_ORDER:
            return [_ordered(item)[1]]
        if kind not in RULES:
            raise InteropError(
                f"there is no operation for {kind}, in {item}; functions that are read: "
                f"{', '.join(readable())}"
            )
        return list(item.args)

    def _listed(self) -> str:
        return ", ".join(map(str, [*self.arrays, *[s for s in self.known if s.is_Symbol]]))

    def _made(self, item: Any, parts: list[Made]) -> Made:
        sp, kind = self.sp, type(item).__name__
        if not parts and kind not in ("Indexed", "MatrixElement", "Sum", "Product"):
            return self.builder.constant(self._number(item))
        if kind == "Mul":
            if parts and sp.fraction(item, exact=True)[1] != 1:
                return parts[0] / parts[1]
            if item.args[0] == -1:
                return -parts[1] if len(parts) == 2 else -OPS["multiply"](*parts[1:])
            return OPS["multiply"](*parts)
        if kind == "Pow":
            return _power(item, parts)
        if kind == "Piecewise":
            return self._pieces(parts)
        if kind in ("Indexed", "MatrixElement"):
            return self._element(item)
        if kind in WRITTEN_OUT:
            if not parts:
                return self.builder.constant(0.0 if kind == "Sum" else 1.0)
            name = "add" if kind == "Sum" else "multiply"
            return parts[0] if len(parts) == 1 else OPS[name](*parts)
        if kind in DONE:
            return parts[0]
        if kind in OF_ORDER:
            name, attrs = OF_ORDER[kind]
            return OPS[name](parts[0], **dict(zip(attrs, (_ordered(item)[0], 0), strict=False)))
        return RULES[kind](*parts)

    def _number(self, item: Any) -> Any:
        sp = self.sp
        if item in (sp.true, sp.false):
            return bool(item)
        if item == sp.I:
            return 1j
        return float(item)

    def _pieces(self, parts: list[Made]) -> Made:
        """Return nested selections; NaN where no condition holds."""
        values, conditions = parts[::2], parts[1::2]
        always = self.known.get(self.sp.true)
        made: Made = self.builder.constant(np.nan)
        for value, condition in zip(reversed(values), reversed(conditions), strict=True):
            made = value if condition is always else OPS["where"](condition, value, made)
        return made

    def _element(self, item: Any) -> Made:
        base = item.base if type(item).__name__ == "Indexed" else item.parent
        indices = item.indices
        if base.name not in self.arrays:
            raise InteropError(f"{base} is not among the inputs: {self._listed() or 'none'}")
        value = self.arrays[base.name]
        if not all(index.is_Integer for index in indices):
            raise InteropError(f"{item} has an index that is no number; sum over it, or insert one")
        index = tuple(map(int, indices))
        if len(index) != value.ndim or not all(
            0 <= i < n for i, n in zip(index, value.shape, strict=False)
        ):
            raise InteropError(f"{item} is outside of the input {base} of shape {value.shape}")
        return OPS["element"](value, index=index)

    # --- results -----------------------------------------------------------------------------

    def results(self, expr: Any, outputs: list[Made]) -> Tree:
        """Read expressions, arrays of them, and tuples of these; return how they nest."""
        sp = self.sp
        if isinstance(expr, tuple | sp.Tuple):
            return tuple([self.results(item, outputs) for item in expr])
        if isinstance(expr, sp.MatrixExpr):
            expr = expr.as_explicit()
        if isinstance(expr, list):
            expr = sp.Array(expr)
        if isinstance(expr, sp.MatrixBase | sp.NDimArray):
            shape = tuple(map(int, expr.shape))
            items = [self.read(sp.sympify(item)) for item in np.array(expr.tolist()).ravel()]
            if not items:
                outputs.append(self.builder.constant(np.zeros(shape)))
            else:
                outputs.append(OPS["pack"](*items, shape=shape) if shape else items[0])
        else:
            outputs.append(self.read(sp.sympify(expr)))
        return len(outputs) - 1


def _ordered(item: Any) -> tuple[int, Any]:
    """Return order and argument of a function of an order."""
    args = item.args
    if type(item).__name__ == "LambertW":
        args = (args[1] if len(args) > 1 else 0, args[0])
    order, argument = args
    if not (isinstance(order, int) or order.is_Integer) or (
        int(order) < 0 and type(item).__name__ != "LambertW"
    ):
        raise InteropError(f"{item} has the order {order}; whole numbers from 0 on are read")
    return int(order), argument


def _power(item: Any, parts: list[Made]) -> Made:
    base = parts[0]
    if len(parts) == 2:
        return OPS["power"](base, parts[1])
    exponent = item.exp
    if exponent.is_Integer:
        n = int(exponent)
        return OPS["reciprocal"](base) if n == -1 else OPS["integer_power"](base, exponent=n)
    if exponent.q == 2 and abs(exponent.p) <= 3:
        root = OPS["sqrt"](base)
        p = int(exponent.p)
        if p == 1:
            return root
        return OPS["reciprocal"](root) if p == -1 else OPS["integer_power"](root, exponent=p)
    return OPS["power"](base, float(exponent))


def _terms(sp: Any, item: Any) -> list[Any]:
    """Return the terms of a sum, or the factors of a product, over indices."""
    terms = [item.function]
    for limit in item.limits:
        index, *bounds = limit
        if len(bounds) != 2 or not all(bound.is_Integer for bound in bounds):
            raise InteropError(
                f"{item} runs over {index} between bounds that are not both whole numbers; insert "
                "numbers for them"
            )
        low, high = map(int, bounds)
        if len(terms) * max(0, high - low + 1) > TERMS:
            raise InteropError(f"{item} has more than {TERMS:,} terms; write it with arrays")
        terms = [term.subs(index, k) for term in terms for k in range(low, high + 1)]
    return terms


def _lengths(name: str, shape: Any) -> tuple[int, ...]:
    lengths = tuple(shape or ())
    if not lengths or not all(getattr(n, "is_Integer", isinstance(n, int)) for n in lengths):
        raise InteropError(
            f"the input {name} has no lengths in numbers; write IndexedBase({name!r}, shape=(3,))"
        )
    return tuple(map(int, lengths))


def graph_of_sympy(
    expr: Any, inputs: Iterable[Any] | Mapping[str, Any] | None, name: str, make: type[G]
) -> G:
    """Return the graph that computes SymPy expressions.

    Parameters
    ----------
    expr : sympy.Expr, matrix, array, or nested tuples of them
        What to compute.
    inputs : sequence of symbols, or mapping of str to symbols, optional
        What it depends on, in order; all free symbols, by name, if not given. An input is a symbol,
        an ``IndexedBase`` or ``MatrixSymbol`` of a shape in numbers, or, with a name, an array of
        symbols.
    name : str
        Name of the graph.
    make : type
        The class of the graph.

    Raises
    ------
    InteropError
        If SymPy cannot be imported, or something in `expr` is no operation here.
    """
    try:
        import sympy as sp
    except ImportError as error:
        raise InteropError("from_sympy needs SymPy, which cannot be imported here") from error
    reader = _Reader(sp)
    if inputs is None:
        free = _free(sp, expr)
        inputs = sorted(free, key=lambda symbol: (symbol.name, symbol.sort_key()))
    named = (
        inputs.items() if isinstance(inputs, Mapping) else [(_name(item), item) for item in inputs]
    )
    for key, item in named:
        reader.add_input(key, item)
    outputs: list[Made] = []
    tree = reader.results(expr, outputs)
    return reader.builder.finish(name, outputs, tree, make=make)


def _free(sp: Any, expr: Any) -> set[Any]:
    """Return the free symbols; those with indices by their bases."""
    found: set[Any] = set()
    stack = [expr]
    while stack:
        item = stack.pop()
        if isinstance(item, list | tuple):
            stack.extend(item)
            continue
        atoms = item.atoms(sp.Indexed) if hasattr(item, "atoms") else ()
        bases = {indexed.base for indexed in atoms}
        labels = {base.label for base in bases}
        symbols: set[Any] = getattr(item, "free_symbols", set())
        found |= bases | {s for s in symbols if not isinstance(s, sp.Indexed) and s not in labels}
    return found


def _name(item: Any) -> str:
    if isinstance(item, str) or hasattr(item, "name"):
        return str(getattr(item, "name", item))
    raise InteropError(
        f"the input {item} has no name; give a dictionary, as in inputs={{'x': {item}}}"
    )
