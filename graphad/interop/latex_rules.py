"""How each op is written as mathematics, element by element."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from graphad.interop.latex_movement import (
    Asking,
    Indices,
    Rule,
    Wanted,
    Whole,
    deltas,
    fitted,
    flipped,
    fresh,
    identity,
    joined,
    letters_of,
    moving,
    packed,
    placed,
    reshaped,
    taken_at,
    transposed,
)
from graphad.interop.latex_text import (
    Index,
    Level,
    Text,
    call,
    cases_text,
    number,
    power_text,
    product_text,
    subscripted,
    sum_text,
)
from graphad.ir import Node
from graphad.ops.contraction import parse_spec

# --- elementwise ---------------------------------------------------------------------------------


def _elementwise(write: Callable[..., Text]) -> Rule:
    def rule(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
        made = []
        for operand in node.inputs:
            text = yield Wanted(operand, fitted(operand, indices), taken)
            made.append(text)
        return write(*made)

    return rule


def _function(name: str) -> Rule:
    return _elementwise(lambda *args: call(name, *[arg.text for arg in args]))


def _between(left: str, right: str) -> Rule:
    return _elementwise(lambda x: Text(f"\\left{left} {x.text} \\right{right}"))


def _relation(sign: str) -> Rule:
    return _elementwise(
        lambda x, y: Text(f"{x.within(Level.SUM)} {sign} {y.within(Level.SUM)}", Level.RELATION)
    )


def _logical(sign: str) -> Rule:
    return _elementwise(
        lambda x, y: Text(f"{x.within(Level.ATOM)} {sign} {y.within(Level.ATOM)}", Level.RELATION)
    )


def _fraction(x: str, y: str) -> Text:
    return Text(f"\\frac{{{x}}}{{{y}}}", Level.PRODUCT)


def _negative(x: Text) -> Text:
    return Text(f"-{x.within(Level.PRODUCT)}", Level.SUM)


def _difference(x: Text, y: Text) -> Text:
    return Text(f"{x.within(Level.SUM)} - {y.within(Level.PRODUCT)}", Level.SUM)


def _integer_power(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    base = yield Wanted(node.inputs[0], indices, taken)
    return power_text(base, str(node.attrs[0]))


def _cast(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    x = yield Wanted(node.inputs[0], indices, taken)
    own, to = node.inputs[0].type.dtype.kind, node.type.dtype.kind
    if own == "b" and to != "b":
        return Text(f"\\left[ {x.text} \\right]")
    if to == "b" and own != "b":
        return Text(f"{x.within(Level.SUM)} \\ne 0", Level.RELATION)
    if own in "fc" and to in "iu":
        return call("\\operatorname{trunc}", x.text)
    assert isinstance(x, Text)
    return x


# --- sums ----------------------------------------------------------------------------------------


def _over(sign: str, bounds: Sequence[tuple[str, int]], body: Text, level: Level) -> Text:
    signs = " ".join(f"{sign}_{{{letter}=0}}^{{{n - 1}}}" for letter, n in bounds)
    return Text(f"{signs} {body.within(Level.PRODUCT)}", level) if bounds else body


def _reduced(sign: str) -> Rule:
    def rule(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
        (axes,) = node.attrs
        operand = node.inputs[0]
        shape = operand.type.shape
        letters = fresh(taken | letters_of(indices), len(axes))
        outer = iter(indices)
        by_axis = dict(zip(axes, letters, strict=True))
        inner = tuple(
            Index(by_axis[axis]) if axis in by_axis else next(outer) for axis in range(len(shape))
        )
        if not operand.type.size:
            return Text("0")
        body = yield Wanted(operand, inner, taken | set(letters))
        if sign == "\\sum":
            bounds = [(by_axis[axis], shape[axis]) for axis in sorted(axes)]
            return _over(sign, bounds, body, Level.SUM)
        under = ", ".join(f"0 \\le {by_axis[axis]} < {shape[axis]}" for axis in sorted(axes))
        return Text(f"{sign}_{{{under}}} {body.within(Level.PRODUCT)}", Level.SUM)

    return rule


def _position(name: str) -> Rule:
    def rule(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
        (axis,) = node.attrs
        (letter,) = fresh(taken | letters_of(indices))
        inner = (*indices[:axis], Index(letter), *indices[axis:])
        body = yield Wanted(node.inputs[0], inner, taken | {letter})
        under = f"0 \\le {letter} < {node.inputs[0].type.shape[axis]}"
        text = f"\\operatorname{{{name}}}_{{{under}}} {body.within(Level.PRODUCT)}"
        return Text(text, Level.SUM)

    return rule


def _running(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    (axis,) = node.attrs
    (letter,) = fresh(taken | letters_of(indices))
    inner = (*indices[:axis], Index(letter), *indices[axis + 1 :])
    body = yield Wanted(node.inputs[0], inner, taken | {letter})
    text = f"\\sum_{{{letter}=0}}^{{{indices[axis]}}} {body.within(Level.PRODUCT)}"
    return Text(text, Level.SUM)


def _einsum(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    terms, out = parse_spec(node.attrs[0])
    index_of: dict[str, Index] = {}
    pairs = []
    for letter, index in zip(out, indices, strict=True):
        if letter in index_of:
            pairs.append((index_of[letter], index))
        index_of.setdefault(letter, index)
    sizes = {
        letter: n
        for term, operand in zip(terms, node.inputs, strict=True)
        for letter, n in zip(term, operand.type.shape, strict=True)
    }
    summed = [letter for letter in dict.fromkeys("".join(terms)) if letter not in index_of]
    letters = fresh(taken | letters_of(indices), len(summed))
    index_of |= {old: Index(new) for old, new in zip(summed, letters, strict=True)}
    now = taken | set(letters)
    if not all(sizes.values()):
        return Text("0")
    delta = deltas(pairs)
    if delta.text == "0":
        return delta
    factors = [] if delta.text == "1" else [delta]
    for term, operand in zip(terms, node.inputs, strict=True):
        text = yield Wanted(operand, tuple(index_of[letter] for letter in term), now)
        factors.append(text)
    body = product_text(factors) if len(factors) > 1 else factors[0]
    bounds = [(new, sizes[old]) for old, new in zip(summed, letters, strict=True)]
    return _over("\\sum", bounds, body, Level.SUM)


def elementwise_by_name(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    """Write a function of elements by its name, with its attributes as subscripts."""
    args = []
    for operand in node.inputs:
        text = yield Wanted(operand, fitted(operand, indices), taken)
        args.append(text.text)
    word = node.op.name.replace("_", "\\_")
    below = f"_{{{', '.join(map(str, node.attrs))}}}" if node.attrs else ""
    return call(f"\\operatorname{{{word}}}{below}", *args)


def by_name(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    """Write an op as a function of whole arrays, with the attributes that are numbers or words."""
    args = []
    for operand in node.inputs:
        whole = yield Whole(operand)
        args.append(whole.text)
    for name, value in zip(node.op.attrs, node.attrs, strict=True):
        if isinstance(value, int | str | tuple) and len(str(value)) <= 24:
            shown = str(value).replace("_", "\\_").replace("'", "")
            args.append(f"\\mathrm{{{name.replace('_', chr(92) + '_')}}}={shown}")
    word = node.op.name.replace("_", "\\_")
    made = call(f"\\operatorname{{{word}}}", *args)
    return subscripted(made.text, indices) if indices else made


# --- the table -----------------------------------------------------------------------------------

_FUNCTIONS = {
    "arccos": "\\arccos",
    "arccosh": "\\operatorname{arcosh}",
    "arcsin": "\\arcsin",
    "arcsinh": "\\operatorname{arsinh}",
    "arctan": "\\arctan",
    "arctan2": "\\operatorname{atan2}",
    "arctanh": "\\operatorname{artanh}",
    "cos": "\\cos",
    "cosh": "\\cosh",
    "gamma": "\\Gamma",
    "erf": "\\operatorname{erf}",
    "erfc": "\\operatorname{erfc}",
    "log": "\\log",
    "log10": "\\log_{10}",
    "log2": "\\log_{2}",
    "maximum": "\\max",
    "minimum": "\\min",
    "rint": "\\operatorname{round}",
    "sign": "\\operatorname{sign}",
    "sin": "\\sin",
    "sinh": "\\sinh",
    "tan": "\\tan",
    "tanh": "\\tanh",
    "trunc": "\\operatorname{trunc}",
}
_ONE = Text("1")
RULES: Mapping[str, Rule] = {
    **{name: _function(text) for name, text in _FUNCTIONS.items()},
    "absolute": _between("|", "|"),
    "add": _elementwise(lambda *args: sum_text(args)),
    "argmax": _position("argmax"),
    "argmin": _position("argmin"),
    "broadcast_to": moving(lambda node, indices: fitted(node.inputs[0], indices)),
    "cast": _cast,
    "cbrt": _elementwise(lambda x: Text(f"\\sqrt[3]{{{x.text}}}")),
    "ceil": _between("\\lceil", "\\rceil"),
    "concatenate": joined,
    "cumsum": _running,
    "divide": _elementwise(lambda x, y: _fraction(x.text, y.text)),
    "einsum": _einsum,
    "element": moving(lambda node, indices: tuple(map(number, node.attrs[0]))),
    "equal": _relation("="),
    "exp": _elementwise(lambda x: Text(f"e^{{{x.text}}}", Level.POWER)),
    "exp2": _elementwise(lambda x: Text(f"2^{{{x.text}}}", Level.POWER)),
    "expm1": _elementwise(lambda x: Text(f"e^{{{x.text}}} - 1", Level.SUM)),
    "flip": moving(flipped),
    "floor": _between("\\lfloor", "\\rfloor"),
    "greater": _relation(">"),
    "greater_equal": _relation("\\ge"),
    "hypot": _elementwise(
        lambda x, y: Text(f"\\sqrt{{{power_text(x, '2').text} + {power_text(y, '2').text}}}")
    ),
    "identity": identity,
    "integer_power": _integer_power,
    "less": _relation("<"),
    "less_equal": _relation("\\le"),
    "log1p": _elementwise(lambda x: call("\\log", sum_text([_ONE, x]).text)),
    "logaddexp": _elementwise(lambda x, y: call("\\log", f"e^{{{x.text}}} + e^{{{y.text}}}")),
    "logical_and": _logical("\\land"),
    "logical_not": _elementwise(lambda x: Text(f"\\lnot {x.within(Level.ATOM)}", Level.POWER)),
    "logical_or": _logical("\\lor"),
    "logical_xor": _logical("\\oplus"),
    "mask": _elementwise(lambda c, x: cases_text([(x.text, c.text)], "0")),
    "max": _reduced("\\max"),
    "min": _reduced("\\min"),
    "multiply": _elementwise(lambda *args: product_text(args)),
    "negative": _elementwise(_negative),
    "not_equal": _relation("\\ne"),
    "pack": packed,
    "place": placed,
    "power": _elementwise(lambda x, y: Text(f"{x.within(Level.ATOM)}^{{{y.text}}}", Level.POWER)),
    "length": _elementwise(lambda x: Text(f"\\sqrt{{{x.text}}}")),
    "pseudo_reciprocal": _elementwise(lambda x: _fraction("1", x.text)),
    "reciprocal": _elementwise(lambda x: _fraction("1", x.text)),
    "reshape": moving(reshaped),
    "slice": moving(
        lambda node, indices: tuple(
            index.moved(span.start, span.step)
            for index, span in zip(indices, node.attrs[0], strict=True)
        )
    ),
    "sqrt": _elementwise(lambda x: Text(f"\\sqrt{{{x.text}}}")),
    "stop_gradient": _elementwise(lambda x: x),
    "subtract": _elementwise(_difference),
    "sum": _reduced("\\sum"),
    "take": taken_at,
    "transpose": moving(transposed),
    "update": placed,
    "where": _elementwise(lambda c, x, y: cases_text([(x.text, c.text)], y.text)),
}
"""Rules of ops; all others are written by name."""

# fmt: off
MOVES = frozenset([
    "broadcast_to", "cast", "element", "flip", "identity", "pack", "reshape", "slice", "take",
    "transpose",
])
# fmt: on
"""Ops that add nothing to the length of a text."""
