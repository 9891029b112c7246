"""Pieces of mathematical text: how tightly they bind, names, numbers and indices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK = frozenset(_GREEK.split(" "))
_WORD = re.compile(r"([A-Za-z]+)_?([A-Za-z0-9_]*)\Z")
_NUMBER = re.compile(r"-?[0-9.]+(?: \\cdot 10\^\{-?[0-9]+\})?\Z")
_EXPONENT = re.compile(r"(.*)e([+-]?)0*(\d+)\Z")


class Level(IntEnum):
    """How tightly a piece of text holds together."""

    RELATION = 0
    SUM = 1
    PRODUCT = 2
    POWER = 3
    ATOM = 4


class Text(NamedTuple):
    """A piece of text; of a call of a function, `head` is its name and `tail` the rest."""

    text: str
    level: Level = Level.ATOM
    head: str = ""
    tail: str = ""

    def within(self, level: Level) -> str:
        """Return the text, in parentheses if it holds together less than `level`."""
        return self.text if self.level >= level else f"\\left({self.text}\\right)"


class Index(NamedTuple):
    """A position along an axis: ``step * letter + offset``; a number if there is no letter."""

    letter: str
    step: int = 1
    offset: int = 0

    def moved(self, start: int, step: int) -> Index:
        """Return the position in an array of which this is one in a slice."""
        return Index(self.letter, self.step * step, self.offset * step + start)

    def __str__(self) -> str:
        if not self.letter:
            return str(self.offset)
        times = {1: "", -1: "-"}.get(self.step, f"{self.step} ")
        offset = f" {'+' if self.offset > 0 else '-'} {abs(self.offset)}" if self.offset else ""
        return f"{times}{self.letter}{offset}"


def number(position: int) -> Index:
    """Return the index that is a number."""
    return Index("", 0, position)


def subscripted(name: str, indices: Sequence[Index]) -> Text:
    """Return a name with indices.

    Examples
    --------
    >>> subscripted("x", [Index("i", 1, 1), number(0)]).text
    'x_{i + 1, 0}'
    """
    if not indices:
        return Text(name)
    base = f"{{{name}}}" if "_" in name or "^" in name else name
    return Text(f"{base}_{{{', '.join(map(str, indices))}}}")


def name_text(name: str) -> str:
    r"""Return the name of a variable.

    Examples
    --------
    >>> [name_text(name) for name in ("x", "x_1", "theta", "rate", "rate_out")]
    ['x', 'x_{1}', '\\theta', '\\mathrm{rate}', '\\mathrm{rate}_{\\mathrm{out}}']
    """
    match = _WORD.match(name)
    if match is None:
        return f"\\mathrm{{{_escaped(name)}}}"
    word, rest = match[1], match[2].strip("_")
    base = f"\\{word}" if word in GREEK else word if len(word) == 1 else f"\\mathrm{{{word}}}"
    if not rest:
        return base
    if not (rest.isdigit() or len(rest) == 1):
        rest = f"\\mathrm{{{_escaped(rest)}}}"
    return f"{base}_{{{rest}}}"


def _escaped(text: str) -> str:
    kept = {"_": "\\_", ".": ".", "[": "[", "]": "]"}
    return "".join(c if c.isalnum() else kept.get(c, " ") for c in text)


def number_text(value: complex | float | int | bool) -> Text:
    r"""Return a number.

    Examples
    --------
    >>> [number_text(x).text for x in (2.0, 0.5, -1e-20, float("inf"), True)]
    ['2', '0.5', '-1 \\cdot 10^{-20}', '\\infty', '\\top']
    """
    if isinstance(value, bool):
        return Text("\\top" if value else "\\bot")
    if isinstance(value, complex):
        real, imaginary = number_text(value.real), number_text(value.imag)
        return Text(f"{real.text} + {imaginary.within(Level.PRODUCT)} \\mathrm{{i}}", Level.SUM)
    if value != value:
        return Text("\\mathrm{NaN}")
    if abs(value) == float("inf"):
        return Text("\\infty") if value > 0 else Text("-\\infty", Level.SUM)
    text = repr(value).removesuffix(".0")
    match = _EXPONENT.match(text)
    if match:
        sign = "-" if match[2] == "-" else ""
        mantissa = match[1].removesuffix(".0")
        text = f"{mantissa} \\cdot 10^{{{sign}{match[3]}}}"
        return Text(text, Level.SUM if value < 0 else Level.PRODUCT)
    return Text(text, Level.SUM if text.startswith("-") else Level.ATOM)


def call(name: str, *args: str) -> Text:
    """Return a call of a function."""
    inner = f"\\left({', '.join(args)}\\right)"
    return Text(f"{name}{inner}", Level.ATOM, name, inner)


def sum_text(terms: Sequence[Text]) -> Text:
    """Return a sum, with minus signs where terms have them."""
    made = terms[0].within(Level.SUM)
    for term in terms[1:]:
        text = term.within(Level.SUM)
        made += f" - {text[1:].lstrip()}" if text.startswith("-") else f" + {text}"
    return Text(made, Level.SUM)


def product_text(factors: Sequence[Text]) -> Text:
    r"""Return a product, numbers first.

    Examples
    --------
    >>> product_text([Text("x"), number_text(-2.0), Text("a + b", Level.SUM)]).text
    '-2 \\, x \\, \\left(a + b\\right)'
    """
    ordered = sorted(factors, key=lambda factor: _NUMBER.match(factor.text) is None)
    negative = ordered[0].text.startswith("-") and _NUMBER.match(ordered[0].text) is not None
    made = ordered[0].text if negative else ordered[0].within(Level.PRODUCT)
    for factor in ordered[1:]:
        text = factor.within(Level.PRODUCT)
        made += f" \\cdot {text}" if text[0].isdigit() else f" \\, {text}"
    return Text(made, Level.SUM if negative else Level.PRODUCT)


def power_text(base: Text, exponent: str) -> Text:
    r"""Return a power; of a function, the exponent stands behind its name.

    Examples
    --------
    >>> power_text(call("\\sin", "x"), "2").text, power_text(Text("a + b", Level.SUM), "-1").text
    ('\\sin^{2}\\left(x\\right)', '\\left(a + b\\right)^{-1}')
    """
    if base.head and exponent.isdigit():
        return Text(f"{base.head}^{{{exponent}}}{base.tail}", Level.POWER)
    return Text(f"{base.within(Level.ATOM)}^{{{exponent}}}", Level.POWER)


def cases_text(cases: Sequence[tuple[str, str]], otherwise: str) -> Text:
    """Return a selection: pairs of text and condition, and what else it is."""
    lines = [f"{text} & \\text{{if }} {condition}" for text, condition in cases]
    lines.append(f"{otherwise} & \\text{{otherwise}}")
    inner = " \\\\ ".join(lines)
    return Text(f"\\begin{{cases}} {inner} \\end{{cases}}", Level.RELATION)
