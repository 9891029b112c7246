"""How each elementwise op is written in LLVM's language, one lane or many.

Elementary functions of vectors are those of `elementary`, or of glibc's libmvec where it is there
and faster, all at most 4 units in the last place; others, and for one lane, the C library's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from graphad.ir import Node
from graphad.llvm.elementary import definitions, is_own, own_name, paired_definitions
from graphad.op import Attrs

LIBM = (
    {
        name: name
        for name in ("exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "cbrt", "hypot")
    }
    | {name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc")}
    | {
        "power": "pow",
        "arcsinh": "asinh",
        "arccosh": "acosh",
        "arctanh": "atanh",
        "arcsin": "asin",
        "arccos": "acos",
        "arctan": "atan",
        "arctan2": "atan2",
    }
)
"""Ops that are functions of the C library, and their names there."""
INTRINSICS = {
    "sqrt": "sqrt",
    "length": "sqrt",
    "absolute": "fabs",
    "floor": "floor",
    "ceil": "ceil",
    "trunc": "trunc",
    "rint": "rint",
}
"""Ops that are LLVM's own, and their names there."""
ORDERED = {
    "less": "olt",
    "less_equal": "ole",
    "greater": "ogt",
    "greater_equal": "oge",
    "equal": "oeq",
    "not_equal": "une",
}
LOGIC = {"logical_and": "and", "logical_or": "or", "logical_xor": "xor"}


class Width(Protocol):
    """How many points are computed at a time, and with what."""

    @property
    def width(self) -> int:
        """Lanes; 1 for scalar code."""
        ...

    @property
    def functions(self) -> frozenset[str]:
        """Functions of the C library that have a vector form."""
        ...


class Writer(Protocol):
    """What rules write with: lines of a function under construction."""

    declarations: dict[str, str]
    """What the lines call, by name."""

    @property
    def lanes(self) -> Width:
        """How many points are computed at a time."""
        ...

    def line(self, text: str) -> str:
        """Write ``name = text`` and return the name."""
        ...

    def number(self, value: float) -> str:
        """Return a number in every lane."""
        ...

    def call(self, function: str, operands: Sequence[str]) -> str:
        """Write a call of a function of the C library in every lane."""
        ...

    @property
    def floats(self) -> str:
        """The type of values."""
        ...

    @property
    def booleans(self) -> str:
        """The type of conditions."""
        ...

    @property
    def suffix(self) -> str:
        """What names of intrinsics end with."""
        ...


Rule = Callable[[Writer, Sequence[str], Attrs], str]


def _chain(operation: str) -> Rule:
    def rule(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
        made = x[0]
        for other in x[1:]:
            made = w.line(f"{operation} {w.floats} {made}, {other}")
        return made

    return rule


def _negative(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    return w.line(f"fneg {w.floats} {x[0]}")


def _reciprocal(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    return w.line(f"fdiv {w.floats} {w.number(1.0)}, {x[0]}")


def _pseudo_reciprocal(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    zero = w.number(0.0)
    level = w.line(f"fcmp oeq {w.floats} {x[0]}, {zero}")
    return _selected(w, level, zero, _reciprocal(w, x, ()))


def _integer_power(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    """Repeated squaring, in the order of the interpreter."""
    n, square, result = abs(attrs[0]), x[0], ""
    while n:
        if n & 1:
            result = w.line(f"fmul {w.floats} {result}, {square}") if result else square
        n >>= 1
        if n:
            square = w.line(f"fmul {w.floats} {square}, {square}")
    if not result:
        return w.number(1.0)
    return _reciprocal(w, [result], ()) if attrs[0] < 0 else result


def _intrinsic(name: str) -> Rule:
    def rule(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
        return w.line(f"call {w.floats} @llvm.{name}.{w.suffix}({w.floats} {x[0]})")

    return rule


def _function(w: Writer, name: str, operands: Sequence[str]) -> str:
    """Write a call of an elementary function in every lane, by the C library's name of it."""
    lanes = w.lanes
    if not is_own(name, lanes.width, lanes.functions):
        return w.call(name, operands)
    w.declarations.update(definitions(name, lanes.width))
    return w.line(f"call {w.floats} @{own_name(name, lanes.width)}({w.floats} {operands[0]})")


def sine_and_cosine(w: Writer, operand: str) -> tuple[str, str]:
    """Write a call that gives both functions of one argument, in less time than two calls.

    Parameters
    ----------
    w : Writer
        Of vectors.
    operand : str
        The argument.
    """
    width = w.lanes.width
    w.declarations.update(paired_definitions(width))
    type = f"{{ {w.floats}, {w.floats} }}"
    made = w.line(f"call {type} @{own_name('sincos', width)}({w.floats} {operand})")
    sine, cosine = (w.line(f"extractvalue {type} {made}, {i}") for i in (0, 1))
    return sine, cosine


def _library(name: str) -> Rule:
    return lambda w, x, attrs: _function(w, name, x)


def _comparison(condition: str) -> Rule:
    return lambda w, x, attrs: w.line(f"fcmp {condition} {w.floats} {x[0]}, {x[1]}")


def _logic(operation: str) -> Rule:
    return lambda w, x, attrs: w.line(f"{operation} {w.booleans} {x[0]}, {x[1]}")


def _selected(w: Writer, condition: str, left: str, right: str) -> str:
    return w.line(f"select {w.booleans} {condition}, {w.floats} {left}, {w.floats} {right}")


def _extremum(condition: str) -> Rule:
    """The operand that wins, a NaN if there is one: ``x ≥ y or x is NaN ? x : y``."""

    def rule(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
        made = x[0]
        for other in x[1:]:
            wins = w.line(f"fcmp {condition} {w.floats} {made}, {other}")
            nan = w.line(f"fcmp uno {w.floats} {made}, {made}")
            taken = w.line(f"or {w.booleans} {wins}, {nan}")
            made = _selected(w, taken, made, other)
        return made

    return rule


def _sign(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    """1, -1 or 0; a NaN as it is."""
    zero = w.number(0.0)
    above = w.line(f"fcmp ogt {w.floats} {x[0]}, {zero}")
    below = w.line(f"fcmp olt {w.floats} {x[0]}, {zero}")
    level = w.line(f"fcmp oeq {w.floats} {x[0]}, {zero}")
    rest = _selected(w, level, zero, x[0])
    return _selected(w, above, w.number(1.0), _selected(w, below, w.number(-1.0), rest))


def _logaddexp(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    """``max + log1p(exp(-|x - y|))``, and ``x + log 2`` where both are the same infinity."""
    difference = w.line(f"fsub {w.floats} {x[0]}, {x[1]}")
    size = _intrinsic("fabs")(w, [difference], ())
    small = _function(w, "log1p", [_function(w, "exp", [_negative(w, [size], ())])])
    largest = _extremum("oge")(w, x, ())
    same = w.line(f"fcmp oeq {w.floats} {x[0]}, {x[1]}")
    added = _selected(w, same, w.number(0.6931471805599453), small)
    return w.line(f"fadd {w.floats} {largest}, {added}")


def _logistic(turned: bool) -> Rule:
    """``1 / (1 + e)`` and ``e / (1 + e)`` with ``e = exp(-|x|)``: the same for both signs of x."""

    def rule(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
        size = _intrinsic("fabs")(w, x, ())
        small = _function(w, "exp", [_negative(w, [size], ())])
        one = w.number(1.0)
        below = w.line(f"fcmp {'oge' if turned else 'olt'} {w.floats} {x[0]}, {w.number(0.0)}")
        part = _selected(w, below, small, one)
        return w.line(f"fdiv {w.floats} {part}, {w.line(f'fadd {w.floats} {one}, {small}')}")

    return rule


def _log_expit(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    return _negative(w, [_logaddexp(w, [w.number(0.0), _negative(w, x, ())], ())], ())


def _ndtr(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    """``erfc(-x/√2) / 2``, in the lower tail by what rounding the argument takes away as well."""
    type, bound = w.floats, w.number(-40.0)
    below = w.line(f"fcmp olt {type} {x[0]}, {bound}")
    above = w.line(f"fcmp ogt {type} {x[0]}, {w.number(40.0)}")
    near = _selected(w, above, w.number(40.0), _selected(w, below, bound, x[0]))
    half = w.number(0.7071067811865476)
    turned = _negative(w, [w.line(f"fmul {type} {near}, {half}")], ())
    operands = ", ".join([f"{type} {operand}" for operand in (near, half, turned)])
    lost = w.line(f"call {type} @llvm.fma.{w.suffix}({operands})")
    rest = w.line(f"fmul {type} {near}, {w.number(-4.833646656726457e-17)}")
    lost = w.line(f"fadd {type} {lost}, {rest}")
    tail = w.line(f"fcmp ogt {type} {turned}, {w.number(0.0)}")
    slope = _selected(w, tail, turned, w.number(0.0))  # half of that of -log(erfc), far out
    chance = _function(w, "erfc", [turned])
    lost = w.line(f"fmul {type} {lost}, {chance}")
    change = w.line(f"fmul {type} {slope}, {lost}")
    chance = w.line(f"fmul {type} {chance}, {w.number(0.5)}")
    return w.line(f"fadd {type} {chance}, {change}")


def _is_finite(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    size = _intrinsic("fabs")(w, x, ())
    return w.line(f"fcmp olt {w.floats} {size}, {w.number(float('inf'))}")


RULES: dict[str, Rule] = {
    "add": _chain("fadd"),
    "subtract": _chain("fsub"),
    "multiply": _chain("fmul"),
    "divide": _chain("fdiv"),
    "negative": _negative,
    "reciprocal": _reciprocal,
    "pseudo_reciprocal": _pseudo_reciprocal,
    "integer_power": _integer_power,
    "maximum": _extremum("oge"),
    "minimum": _extremum("ole"),
    "sign": _sign,
    "logaddexp": _logaddexp,
    "expit": _logistic(turned=False),
    "expit_negative": _logistic(turned=True),
    "log_expit": _log_expit,
    "ndtr": _ndtr,
    "where": lambda w, x, attrs: _selected(w, x[0], x[1], x[2]),
    "mask": lambda w, x, attrs: _selected(w, x[0], x[1], w.number(0.0)),
    "isnan": lambda w, x, attrs: w.line(f"fcmp uno {w.floats} {x[0]}, {x[0]}"),
    "isfinite": _is_finite,
    **{name: _intrinsic(inner) for name, inner in INTRINSICS.items()},
    **{name: _library(inner) for name, inner in LIBM.items()},
    **{name: _comparison(condition) for name, condition in ORDERED.items()},
}
"""How to write ops of numbers."""


def _all_true(w: Writer) -> str:
    return "true" if w.booleans == "i1" else "splat (i1 true)"


def _not(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    return w.line(f"xor {w.booleans} {x[0]}, {_all_true(w)}")


def _bits(operation: str, first: bool = False, both: bool = False) -> Rule:
    """Return an operation of conditions, with the first operand or the result turned around."""

    def rule(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
        made = _not(w, x, ()) if first else x[0]
        for other in x[1:]:
            made = w.line(f"{operation} {w.booleans} {made}, {other}")
        return _not(w, [made], ()) if both else made

    return rule


def _condition_where(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
    types = f"{w.booleans} {x[0]}, {w.booleans} {x[1]}, {w.booleans} {x[2]}"
    return w.line(f"select {types}")


def _known(value: bool) -> Rule:
    def rule(w: Writer, x: Sequence[str], attrs: Attrs) -> str:
        other = _not(w, x, ())
        return w.line(f"{'or' if value else 'and'} {w.booleans} {x[0]}, {other}")

    return rule


OF_CONDITIONS: dict[str, Rule] = {
    "add": _bits("or"),
    "maximum": _bits("or"),
    "multiply": _bits("and"),
    "minimum": _bits("and"),
    "mask": _bits("and"),
    "absolute": _bits("or"),
    "equal": _bits("xor", both=True),
    "not_equal": _bits("xor"),
    "less": _bits("and", first=True),
    "less_equal": _bits("or", first=True),
    "greater": _bits("or", first=True, both=True),
    "greater_equal": _bits("and", first=True, both=True),
    "where": _condition_where,
    "logical_not": _not,
    "isnan": _known(False),
    "isfinite": _known(True),
    **{name: _logic(operation) for name, operation in LOGIC.items()},
}
"""How to write ops all of whose operands are conditions."""


def _cast(node: Node) -> Rule:
    """Return 1 and 0 of a condition, or whether a number is not 0."""
    given, wanted = (one.type.dtype.kind == "b" for one in (node.inputs[0], node))
    if given == wanted:
        return lambda w, x, attrs: x[0]
    if given:
        return lambda w, x, attrs: _selected(w, x[0], w.number(1.0), w.number(0.0))
    return lambda w, x, attrs: w.line(f"fcmp une {w.floats} {x[0]}, {w.number(0.0)}")


def rule_of(node: Node) -> Rule | None:
    """Return how to write a scalar node of double precision or conditions; ``None`` if it has none.

    Parameters
    ----------
    node : Node
        Its op and the types of its operands decide.
    """
    name = node.op.name
    if name == "cast":
        return _cast(node)
    if all(operand.type.dtype.kind == "b" for operand in node.inputs):
        return OF_CONDITIONS.get(name)
    return RULES.get(name)
