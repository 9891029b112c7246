"""``np.einsum`` in both of its forms, with ``...`` and implied output."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.ops.contraction import unused_letters
from graphad.tracing.lowering.coerce import as_values, known_int
from graphad.tracing.lowering.products import contracted
from graphad.tracing.lowering.registry import ArrayLike, lowers

_ORDERED = "".join(sorted(ascii_letters))
"""Letters in the order in which an implied output has them."""


@lowers(np.einsum)
def _einsum(builder: Builder, *operands: Any) -> Value:
    spec, arrays = _string_form(operands)
    values = as_values(builder, arrays)
    terms, out = parse_subscripts(spec, [x.ndim for x in values])
    return contracted(values, terms, out)


def _string_form(operands: Sequence[Any]) -> tuple[str, Sequence[ArrayLike]]:
    """Return subscripts and arrays, also of ``einsum(a, [0, 1], b, [1, 2], [0, 2])``."""
    if operands and isinstance(operands[0], str):
        return operands[0], operands[1:]
    pairs = len(operands) // 2
    terms = [_term(operands[2 * i + 1]) for i in range(pairs)]
    spec = ",".join(terms)
    if len(operands) % 2:
        spec += "->" + _term(operands[-1])
    return spec, operands[: 2 * pairs : 2]


def _term(indices: Any) -> str:
    if not isinstance(indices, list | tuple):
        raise TraceError(
            f"subscripts are a string, or a list of integers after each array, not {indices!r}"
        )
    letters = []
    for index in indices:
        if index is Ellipsis:
            letters.append("...")
            continue
        number = known_int(index, "an index")
        if not 0 <= number < len(_ORDERED):
            raise TraceError(f"the index {number} is not between 0 and {len(_ORDERED) - 1}")
        letters.append(_ORDERED[number])
    return "".join(letters)


def parse_subscripts(spec: str, ndims: Sequence[int]) -> tuple[list[str], str]:
    """Return the indices of each operand and of the result, ``...`` written out as letters.

    Parameters
    ----------
    spec : str
        Subscripts as ``np.einsum`` takes them.
    ndims : sequence of int
        Dimensions of the operands.

    Raises
    ------
    TraceError
        If the subscripts are malformed or do not fit.

    Examples
    --------
    >>> parse_subscripts("...ij,jk", [3, 2])
    (['lij', 'jk'], 'lik')
    """
    text = spec.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    plain = text.replace("...", "").replace("->", "").replace(",", "")
    if not (set(plain) <= set(ascii_letters)) or "." in plain or "," in right:
        raise TraceError(f"{spec!r} is not of the form 'ij,jk->ik'")
    if len(parts) != len(ndims):
        raise TraceError(f"{spec!r} is for {len(parts)} arrays, not {len(ndims)}")
    hidden = []
    for term, ndim in zip(parts, ndims, strict=True):
        named = len(term.replace("...", ""))
        count = ndim - named
        if term.count("...") > 1 or count < 0 or (count and "..." not in term):
            raise TraceError(f"the indices {term!r} do not fit an array of {ndim} dimensions")
        hidden.append(count)
    free = unused_letters(text)
    most = max(hidden, default=0)
    if most > len(free):
        raise TraceError("an einsum of more than 52 indices is not supported")
    dots = "".join(free[:most])
    terms = [
        term.replace("...", dots[most - count :]) for term, count in zip(parts, hidden, strict=True)
    ]
    if arrow:
        out = right.replace("...", dots)
        if most and "..." not in right:
            raise TraceError(f"the output of {spec!r} must have '...', as its operands do")
    else:
        used = left.replace("...", "").replace(",", "")
        out = dots + "".join(c for c in sorted(set(used)) if used.count(c) == 1)
    unknown = [c for c in out if c not in "".join(terms)]
    if unknown or len(set(out)) != len(out):
        raise TraceError(f"each index of the output of {spec!r} must be given once by an operand")
    return terms, out
