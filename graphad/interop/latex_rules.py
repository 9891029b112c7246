r"""How each op is written as mathematics, element by element.

A rule is a generator: it asks for the text of an operand at indices by ``yield``, is given it, and
returns the text of its own element. So rules read as recursion does, and nothing recurses.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

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

Indices: TypeAlias = tuple[Index, ...]


class Wanted(NamedTuple):
    """The text of a node at indices, where letters are taken by sums around it."""

    node: Node
    indices: Indices
    taken: frozenset[str]


class Whole(NamedTuple):
    """The name of a node as an array."""

    node: Node


Asking: TypeAlias = Generator[Wanted | Whole, Any, Text]
Rule: TypeAlias = Callable[[Node, Indices, frozenset[str]], Asking]

LETTERS = ("i", "j", "k", "l", "m", "n", "p", "q", "r", "s", "t", "a", "b", "c", "d", "g", "h")
"""Letters of indices, in the order in which they are given out."""


class Unwritten(Exception):  # noqa: N818 -- it is caught, and the op written by its name
    """Raised by a rule that does not cover such indices."""


def fresh(taken: frozenset[str], count: int = 1) -> list[str]:
    """Return letters that are not taken."""
    found = [letter for letter in LETTERS if letter not in taken][:count]
    number = 1
    while len(found) < count:
        found.append(f"i_{{{number}}}")
        number += 1
    return found


def letters_of(indices: Sequence[Index]) -> frozenset[str]:
    """Return the letters in indices."""
    return frozenset(index.letter for index in indices if index.letter)


def fitted(node: Node, indices: Indices) -> Indices:
    """Return indices of an operand that broadcasts against what `indices` belong to."""
    shape = node.type.shape
    own = indices[len(indices) - len(shape) :]
    return tuple(number(0) if n == 1 else index for n, index in zip(shape, own, strict=True))


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


# --- movement ------------------------------------------------------------------------------------


def _same(move: Callable[[Node, Indices], Indices]) -> Rule:
    """Return the rule of an op whose elements are those of its operand, elsewhere."""

    def rule(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
        made = yield Wanted(node.inputs[0], move(node, indices), taken)
        assert isinstance(made, Text)
        return made

    return rule


def _flipped(node: Node, indices: Indices) -> Indices:
    return tuple(
        index.moved(0, -1)._replace(offset=n - 1 - index.offset) if axis in node.attrs[0] else index
        for axis, (n, index) in enumerate(zip(node.type.shape, indices, strict=True))
    )


def _transposed(node: Node, indices: Indices) -> Indices:
    return tuple(index for _, index in sorted(zip(node.attrs[0], indices, strict=True)))


def _reshaped(node: Node, indices: Indices) -> Indices:
    """Drop and insert axes of length 1, or take numbers apart; nothing else."""
    own, shape = node.inputs[0].type.shape, node.type.shape
    kept = [index for index, n in zip(indices, shape, strict=True) if n != 1]
    if [n for n in own if n != 1] == [n for n in shape if n != 1]:
        left = iter(kept)
        return tuple(number(0) if n == 1 else next(left) for n in own)
    if any(index.letter for index in kept):
        raise Unwritten
    flat = 0
    for index, n in zip(indices, shape, strict=True):
        flat = flat * n + index.offset
    found = []
    for n in reversed(own):
        found.append(number(flat % n))
        flat //= n
    return tuple(reversed(found))


def _within(index: Index, start: int, stop: int, length: int) -> str | bool:
    """Return the condition that an index is in ``start:stop``, or whether it always is."""
    if not index.letter:
        return start <= index.offset < stop
    if start <= 0 and stop >= length:
        return True
    if stop - start == 1:
        return f"{index} = {start}"
    if start <= 0:
        return f"{index} < {stop}"
    if stop >= length:
        return f"{index} \\ge {start}"
    return f"{start} \\le {index} < {stop}"


def _inside(node: Node, indices: Indices) -> tuple[list[str], Indices] | None:
    """Return conditions that indices are in the spans of a node, and where they are there.

    ``None`` if they never are.
    """
    conditions, inner = [], []
    for index, span, n in zip(indices, node.attrs[0], node.type.shape, strict=True):
        condition = _within(index, span.start, span.stop, n)
        if span.step != 1:
            if index.letter:
                raise Unwritten
            condition = condition is True and (index.offset - span.start) % span.step == 0
            inner.append(number((index.offset - span.start) // span.step))
        else:
            inner.append(index._replace(offset=index.offset - span.start))
        if condition is False:
            return None
        if isinstance(condition, str):
            conditions.append(condition)
    return conditions, tuple(inner)


def _placed(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    part = node.inputs[-1]
    whole = node.inputs[0] if len(node.inputs) == 2 else None
    inside = _inside(node, indices)
    outer = Text("0")
    if whole is not None and (inside is None or inside[0]):
        outer = yield Wanted(whole, indices, taken)
    if inside is None:
        return outer
    conditions, inner = inside
    text = yield Wanted(part, inner, taken)
    assert isinstance(text, Text)
    return (
        cases_text([(text.text, " \\land ".join(conditions))], outer.text) if conditions else text
    )


def _joined(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    (axis,) = node.attrs
    start, cases = 0, []
    length = node.type.shape[axis]
    for operand in node.inputs:
        stop = start + operand.type.shape[axis]
        condition = _within(indices[axis], start, stop, length)
        if condition is not False and stop > start:
            inner = list(indices)
            inner[axis] = indices[axis]._replace(offset=indices[axis].offset - start)
            text = yield Wanted(operand, tuple(inner), taken)
            if condition is True:
                assert isinstance(text, Text)
                return text
            cases.append((text.text, condition))
        start = stop
    return cases_text(cases[:-1], cases[-1][0])


def _packed(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    flat = 0
    for index, n in zip(indices, node.type.shape, strict=True):
        if index.letter:
            raise Unwritten
        flat = flat * n + index.offset
    made = yield Wanted(node.inputs[flat], (), taken)
    assert isinstance(made, Text)
    return made


def _taken(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    (axis,) = node.attrs
    depth = node.inputs[1].type.ndim
    place = yield Wanted(node.inputs[1], indices[axis : axis + depth], taken)
    constant = place.text.isdigit()
    index = number(int(place.text)) if constant else Index(place.text)
    made = yield Wanted(node.inputs[0], (*indices[:axis], index, *indices[axis + depth :]), taken)
    assert isinstance(made, Text)
    return made


def _identity(node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
    yield from ()
    half = len(indices) // 2
    return _deltas(list(zip(indices[:half], indices[half:], strict=True)))


def _deltas(pairs: Sequence[tuple[Index, Index]]) -> Text:
    factors = []
    for left, right in pairs:
        if left == right:
            continue
        if not left.letter and not right.letter:
            return Text("0")
        factors.append(subscripted("\\delta", (left, right)))
    return product_text(factors) if factors else Text("1")


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
    delta = _deltas(pairs)
    if delta.text == "0":
        return delta
    factors = [] if delta.text == "1" else [delta]
    for term, operand in zip(terms, node.inputs, strict=True):
        text = yield Wanted(operand, tuple(index_of[letter] for letter in term), now)
        factors.append(text)
    body = product_text(factors) if len(factors) > 1 else factors[0]
    bounds = [(new, sizes[old]) for old, new in zip(summed, letters, strict=True)]
    return _over("\\sum", bounds, body, Level.SUM)


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
    "broadcast_to": _same(lambda node, indices: fitted(node.inputs[0], indices)),
    "cast": _cast,
    "cbrt": _elementwise(lambda x: Text(f"\\sqrt[3]{{{x.text}}}")),
    "ceil": _between("\\lceil", "\\rceil"),
    "concatenate": _joined,
    "cumsum": _running,
    "divide": _elementwise(lambda x, y: _fraction(x.text, y.text)),
    "einsum": _einsum,
    "element": _same(lambda node, indices: tuple(map(number, node.attrs[0]))),
    "equal": _relation("="),
    "exp": _elementwise(lambda x: Text(f"e^{{{x.text}}}", Level.POWER)),
    "exp2": _elementwise(lambda x: Text(f"2^{{{x.text}}}", Level.POWER)),
    "expm1": _elementwise(lambda x: Text(f"e^{{{x.text}}} - 1", Level.SUM)),
    "flip": _same(_flipped),
    "floor": _between("\\lfloor", "\\rfloor"),
    "greater": _relation(">"),
    "greater_equal": _relation("\\ge"),
    "hypot": _elementwise(
        lambda x, y: Text(f"\\sqrt{{{power_text(x, '2').text} + {power_text(y, '2').text}}}")
    ),
    "identity": _identity,
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
    "pack": _packed,
    "place": _placed,
    "power": _elementwise(lambda x, y: Text(f"{x.within(Level.ATOM)}^{{{y.text}}}", Level.POWER)),
    "reciprocal": _elementwise(lambda x: _fraction("1", x.text)),
    "reshape": _same(_reshaped),
    "slice": _same(
        lambda node, indices: tuple(
            index.moved(span.start, span.step)
            for index, span in zip(indices, node.attrs[0], strict=True)
        )
    ),
    "sqrt": _elementwise(lambda x: Text(f"\\sqrt{{{x.text}}}")),
    "subtract": _elementwise(_difference),
    "sum": _reduced("\\sum"),
    "take": _taken,
    "transpose": _same(_transposed),
    "update": _placed,
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
