"""A reader of the mathematics that `graphad.interop.latex` writes, to compute what it says.

Each piece of text becomes a function of the values of names; so it is known what a formula means,
and not only how it looks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

Values = dict[str, Any]
Meaning = Callable[[Values], Any]

_TOKEN = re.compile(
    r"\s*(\\left\[|\\right\]|\\left\||\\right\||\\left\\lfloor|\\right\\rfloor|\\left\\lceil"
    r"|\\right\\rceil|\\left\(|\\right\)|\\begin\{\w+\}|\\end\{\w+\}|\\text\{[\w ]+\}"
    r"|\\operatorname\{\w+\}|\\mathrm\{\w+\}(?:_\{(?:\\mathrm\{\w+\}|\w+)\})?|\\[A-Za-z]+|\\\\|\\,"
    r"|\d+(?:\.\d+)?|[A-Za-z]|\S)"
)
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "\\Gamma": math.gamma,
    "\\arccos": np.arccos,
    "\\arcsin": np.arcsin,
    "\\arctan": np.arctan,
    "\\cos": np.cos,
    "\\cosh": np.cosh,
    "\\log": np.log,
    "\\max": lambda *args: reduce(np.maximum, args),
    "\\min": lambda *args: reduce(np.minimum, args),
    "\\sin": np.sin,
    "\\sinh": np.sinh,
    "\\tan": np.tan,
    "\\tanh": np.tanh,
    "\\operatorname{arcosh}": np.arccosh,
    "\\operatorname{arsinh}": np.arcsinh,
    "\\operatorname{artanh}": np.arctanh,
    "\\operatorname{atan2}": np.arctan2,
    "\\operatorname{erf}": math.erf,
    "\\operatorname{erfc}": math.erfc,
    "\\operatorname{round}": np.rint,
    "\\operatorname{sign}": np.sign,
    "\\operatorname{trunc}": np.trunc,
}
_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda x, y: x == y,
    "<": lambda x, y: x < y,
    ">": lambda x, y: x > y,
    "\\le": lambda x, y: x <= y,
    "\\ge": lambda x, y: x >= y,
    "\\ne": lambda x, y: x != y,
}
_LOGIC: dict[str, Callable[[Any, Any], Any]] = {
    "\\land": lambda x, y: bool(x) and bool(y),
    "\\lor": lambda x, y: bool(x) or bool(y),
    "\\oplus": lambda x, y: bool(x) != bool(y),
}
_FENCES = {
    "\\left(": "\\right)",
    "\\left[": "\\right]",
    "\\left|": "\\right|",
    "\\left\\lfloor": "\\right\\rfloor",
    "\\left\\lceil": "\\right\\rceil",
}
_FENCED = {
    "\\left[": float,
    "\\left|": abs,
    "\\left\\lfloor": np.floor,
    "\\left\\lceil": np.ceil,
}


class Reader:
    """Reads one expression."""

    def __init__(self, text: str) -> None:
        self.tokens = _TOKEN.findall(text)
        self.at = 0

    @property
    def next(self) -> str:
        """The token that comes."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, token: str = "") -> str:
        """Return the token that comes, which is `token` if that is given."""
        found = self.next
        assert token in ("", found), f"{token} expected, not {found}: {self.tokens[self.at :]}"
        self.at += 1
        return found

    def relation(self) -> Meaning:
        """Read comparisons with signs of logic between them, from left to right."""
        made = self.comparison()
        while self.next in _LOGIC:
            made = joined(_LOGIC[self.take()], made, self.comparison())
        return made

    def comparison(self) -> Meaning:
        """Read sums with signs of relations between them."""
        parts, signs = [self.sum()], []
        while self.next in _RELATIONS:
            signs.append(_RELATIONS[self.take()])
            parts.append(self.sum())
        if not signs:
            return parts[0]

        def meaning(values: Values) -> bool:
            found = [part(values) for part in parts]
            return all(sign(found[i], found[i + 1]) for i, sign in enumerate(signs))

        return meaning

    def sum(self) -> Meaning:
        """Read products with + and - between them."""
        parts = [(1, self.product())] if self.next != "-" else []
        while self.next in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            parts.append((sign, self.product()))
        if len(parts) == 1 and parts[0][0] == 1:
            return parts[0][1]
        return lambda values: sum(sign * part(values) for sign, part in parts)

    def product(self) -> Meaning:
        """Read factors side by side."""
        number = self.next[:1].isdigit()
        parts = [self.power()]
        while self.next in ("\\,", "\\cdot") or (number and self.next.isalpha()):
            if not self.next.isalpha():
                self.take()
            parts.append(self.power())
        if len(parts) == 1:
            return parts[0]
        return lambda values: math.prod(part(values) for part in parts)

    def power(self) -> Meaning:
        """Read an atom, and what stands above it."""
        base = self.atom()
        if self.next != "^":
            return base
        exponent = self.group_after("^")
        return lambda values: np.float64(base(values)) ** exponent(values)

    def group_after(self, token: str) -> Meaning:
        """Read what stands in braces after a token."""
        self.take(token)
        return self.group()

    def group(self) -> Meaning:
        """Read what stands in braces."""
        self.take("{")
        made = self.relation()
        self.take("}")
        return made

    def indices(self) -> list[Meaning]:
        """Read subscripts."""
        if self.next != "_":
            return []
        self.take("_")
        self.take("{")
        found = [self.sum()]
        while self.next == ",":
            self.take()
            found.append(self.sum())
        self.take("}")
        return found

    def atom(self) -> Meaning:
        """Read what holds together."""
        token = self.take()
        if token[0].isdigit():
            number = float(token)
            return lambda values: number
        if token in _FENCES:
            inner = self.relation()
            self.take(_FENCES[token])
            change = _FENCED.get(token, lambda x: x)
            return lambda values: change(inner(values))
        if token == "\\frac":
            top, bottom = self.group(), self.group()
            return lambda values: np.float64(top(values)) / bottom(values)
        if token == "\\sqrt":
            return self.root()
        if token == "\\lnot":
            negated = self.atom()
            return lambda values: not negated(values)
        if token in ("\\sum", "\\max", "\\min") and self.next == "_":
            return self.over(token)
        if token == "\\begin{cases}":
            return self.cases()
        if token == "\\log" and self.next == "_":
            (base,) = self.indices()
            inner = self.atom()
            return lambda values: np.log(inner(values)) / np.log(base(values))
        if token in _FUNCTIONS:
            return self.call(_FUNCTIONS[token])
        if token == "\\delta":
            left, right = self.indices()
            return lambda values: float(left(values) == right(values))
        if token == "e":
            exponent = self.group_after("^")
            return lambda values: np.exp(exponent(values))
        constants = {"\\infty": math.inf, "\\top": True, "\\bot": False, "\\mathrm{NaN}": math.nan}
        if token in constants:
            return lambda values: constants[token]
        places = self.indices()
        return lambda values: values[token][tuple(int(place(values)) for place in places)]

    def root(self) -> Meaning:
        """Read a square root or a cube root."""
        cube = self.next == "["
        if cube:
            for token in "[3]":
                self.take(token)
        self.take("{")
        inner = self.relation()
        self.take("}")
        return lambda values: (np.cbrt if cube else np.sqrt)(inner(values))

    def call(self, function: Callable[..., Any]) -> Meaning:
        """Read the arguments of a function, and a power of it."""
        exponent = self.group_after("^") if self.next == "^" else None
        self.take("\\left(")
        args = [self.relation()]
        while self.next == ",":
            self.take()
            args.append(self.relation())
        self.take("\\right)")
        power = exponent or (lambda values: 1)
        return lambda values: function(*[arg(values) for arg in args]) ** power(values)

    def over(self, sign: str) -> Meaning:
        """Read what runs over a letter, ``i=0`` up to a number, or over several below numbers."""
        self.take("_")
        self.take("{")
        ends: list[tuple[str, Meaning]] = []
        if sign == "\\sum":
            letter = self.take()
            self.take("=")
            self.take("0")
            self.take("}")
            last = self.group_after("^")
            ends.append((letter, lambda values: last(values) + 1))
        else:
            while self.next != "}":
                if self.next == ",":
                    self.take()
                self.take("0")
                self.take("\\le")
                letter = self.take()
                self.take("<")
                ends.append((letter, self.sum()))
            self.take("}")
        body = self.product()

        def meaning(values: Values) -> Any:
            found = []
            for place in np.ndindex(*[int(end(values)) for _, end in ends]):
                here = {letter: np.array(k) for (letter, _), k in zip(ends, place, strict=True)}
                found.append(body(values | here))
            return {"\\sum": sum, "\\max": np.max, "\\min": np.min}[sign](found)

        return meaning

    def cases(self) -> Meaning:
        """Read a selection."""
        pieces: list[tuple[Meaning, Meaning]] = []
        while True:
            value = self.relation()
            self.take("&")
            if self.take() == "\\text{otherwise}":
                break
            pieces.append((value, self.relation()))
            self.take("\\\\")
        self.take("\\end{cases}")

        def meaning(values: Values) -> Any:
            for piece, condition in pieces:
                if condition(values):
                    return piece(values)
            return value(values)

        return meaning


def joined(logic: Callable[[Any, Any], Any], left: Meaning, right: Meaning) -> Meaning:
    """Join two conditions."""
    return lambda values: logic(left(values), right(values))


def computed(text: str, shapes: list[tuple[int, ...]], inputs: Values) -> list[Any]:
    """Return the arrays that the last lines of a text define, of these shapes."""
    inputs, spare = dict(inputs), iter("ABCDEFGH")
    for name in sorted(inputs):
        if len(name) > 1:  # one letter for each name, so that a name has no index of its own
            letter = next(spare)
            text = text.replace(f"{{{name}}}_", f"{letter}_").replace(name, letter)
            inputs[letter] = inputs.pop(name)
    body = text.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}")
    lines = [line.replace(" &= ", " = ", 1) for line in body.split(" \\\\\n")]
    values = dict(inputs)
    found: list[Any] = []
    first = len(lines) - len(shapes)
    for number, line in enumerate(lines):
        left, _, right = line.partition(" = ")
        if number < first:
            values |= defined(left, right, values)
            continue
        shape = shapes[number - first]
        letters = re.findall(r"\\right\)_\{([^}]*)\}$", left)
        names = letters[0].split(", ") if letters else []
        found.append(table(Reader(right), names, shape, values))
    return found


def table(reader: Reader, letters: list[str], shape: tuple[int, ...], values: Values) -> Any:
    """Return the array of what an expression is at all places."""
    meaning = reader.relation()
    assert reader.next == "", f"left over: {reader.tokens[reader.at :]}"
    made = np.empty(shape, object)
    for place in np.ndindex(*shape):
        here = {letter: np.array(k) for letter, k in zip(letters, place, strict=True)}
        made[place] = meaning(values | here)
    return made


def defined(left: str, right: str, values: Values) -> Values:
    """Return what a definition defines: a matrix, or a function of places."""
    name, _, letters = left.partition("_{")
    if right.startswith("\\begin{pmatrix}"):
        inner = right.removeprefix("\\begin{pmatrix} ").removesuffix(" \\end{pmatrix}")
        rows = [
            [Reader(cell).relation()({}) for cell in row.split(" & ")]
            for row in inner.split(" \\\\ ")
        ]
        array = np.array(rows)
        return {name: array if len(rows) > 1 else array[0]}
    names = letters.removesuffix("}").split(", ") if letters else []
    return {name: Lazily(Reader(right).relation(), names, values)}


class Lazily:
    """An array whose elements are computed when they are asked for."""

    def __init__(self, meaning: Meaning, letters: list[str], values: Values) -> None:
        self.meaning = meaning
        self.letters = letters
        self.values = values

    def __getitem__(self, place: tuple[int, ...]) -> Any:
        here = {name: np.array(float(k)) for name, k in zip(self.letters, place, strict=True)}
        return self.meaning(self.values | here)
