"""Numbers as text, bit for bit, in both directions.

Floats are written with the fewest digits that give the same bits again. Reading rounds to double
precision first; where that would change a single-precision number, it is written with the digits of
a double.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

import numpy as np

from graphad.constant import Constant
from graphad.op import Array, Number
from graphad.text.scanner import BLANKS, LINE_END, Scanner, close_matches
from graphad.types import DTYPE_NAMES, DTYPES_BY_NAME, DType, Type

_UNSIGNED = r"(?:[0-9]++(?:\.[0-9]*+)?(?:e[-+]?+[0-9]++)?|inf|nan)"
_FLOAT = f"[-+]?+{_UNSIGNED}"
_COMPLEX = rf"\({_FLOAT}[-+]{_UNSIGNED}j\)"
_KINDS: dict[str, tuple[re.Pattern[str], str]] = {
    "b": (re.compile("true|false"), "true or false"),
    "i": (re.compile("[-+]?[0-9]+"), "an integer such as 3"),
    "u": (re.compile(r"\+?[0-9]+"), "an integer such as 3, not negative"),
    "f": (re.compile(_FLOAT), "a number such as 0.5"),
    "c": (re.compile(f"{_FLOAT}|{_COMPLEX}"), "a number such as (0.5+1.0j)"),
}
_PARTS = re.compile(rf"\(({_FLOAT})([-+]{_UNSIGNED})j\)")
_WORD = re.compile(r"[^\s,/()\[\]]++|\([^\s,/()\[\]]++\)")
_ROW = re.compile(rf"(?:{_WORD.pattern})(?:[ \t\r\n]*+,[ \t\r\n]*+(?:{_WORD.pattern}))*")
_SPLAT = re.compile(r"splat\b")
_LEFT = re.compile(r"\[")
_RIGHT = re.compile(r"\]")
_COMMA = re.compile(",")
_LITERAL = re.compile(
    rf"(?:(true|false)|({_COMPLEX})|([-+]?[0-9]++(?![.e]))|({_FLOAT}))(?::([0-9A-Za-z_]+))?"
)
_LITERAL_DTYPES = ("bool", "c128", "i64", "f64")
"""Dtypes of the groups of `_LITERAL`, which are not written."""
_LONGEST_INTEGER = 24
_REAL: dict[DType, DType] = {
    np.dtype(np.complex128): np.dtype(np.float64),
    np.dtype(np.complex64): np.dtype(np.float32),
}
"""Dtypes of the parts of complex numbers."""
_ALIASES = {str(dtype): name for dtype, name in DTYPE_NAMES.items()}


class LiteralError(ValueError):
    """A number that its dtype does not hold, and which one of several it is."""

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.number = number


def find_dtype(name: str) -> DType:
    """Return the dtype of a name such as ``f64``.

    Raises
    ------
    LiteralError
        If there is none.
    """
    dtype = DTYPES_BY_NAME.get(name)
    if dtype is None:
        if name in _ALIASES:
            raise LiteralError(f"unknown dtype {name!r}; write {_ALIASES[name]!r}")
        hint = close_matches(name, DTYPES_BY_NAME) or f"; use one of {', '.join(DTYPES_BY_NAME)}"
        raise LiteralError(f"unknown dtype {name!r}{hint}")
    return dtype


# --- writing -------------------------------------------------------------------------------------


def _single(value: float) -> str:
    single = np.float32(value)
    text = repr(float(np.format_float_scientific(single)))
    return text if np.float32(float(text)) == single else repr(value)


def _reals(array: Array) -> list[str]:
    flat = array.ravel()
    if flat.dtype == np.float64:
        return list(map(repr, flat.tolist()))
    return [_single(x) if np.isfinite(x) else repr(x) for x in flat.tolist()]


def _elements(array: Array) -> list[str]:
    kind = array.dtype.kind
    if kind == "f":
        return _reals(array)
    if kind == "c":
        imaginary = [x if x[0] == "-" else f"+{x}" for x in _reals(array.imag)]
        return [f"({x}{y}j)" for x, y in zip(_reals(array.real), imaginary, strict=True)]
    if kind == "b":
        return ["true" if x else "false" for x in array.ravel().tolist()]
    return list(map(str, array.ravel().tolist()))


def scalar_text(constant: Constant) -> str:
    """Return a constant of shape ``()`` as it is written among operands, dtype included.

    Examples
    --------
    >>> scalar_text(Constant(100.0)), scalar_text(Constant(3)), scalar_text(Constant(-2j))
    ('100.0', '3', '(-0.0-2.0j)')
    >>> scalar_text(Constant(np.float32(0.1)))
    '0.1:f32'
    """
    text = _elements(constant.array)[0]
    name = DTYPE_NAMES[constant.type.dtype]
    return text if name in _LITERAL_DTYPES else f"{text}:{name}"


def array_text(constant: Constant) -> str:
    """Return the elements of a constant, whose type is written elsewhere.

    Examples
    --------
    >>> array_text(Constant([[1.0, 2.0], [3.0, 4.0]]))
    '[[1.0, 2.0], [3.0, 4.0]]'
    >>> array_text(Constant(np.zeros((10, 10))))
    'splat 0.0'
    """
    array = constant.array
    if array.size == 0:
        return "[]"
    if array.size > 1:
        bits = array.tobytes()
        if bits == bits[: array.itemsize] * array.size:
            return f"splat {_elements(array.ravel()[:1])[0]}"
    items = _elements(array)
    for n in reversed(array.shape):
        items = ["[" + ", ".join(items[i : i + n]) + "]" for i in range(0, len(items), n)]
    return items[0]


# --- reading -------------------------------------------------------------------------------------


def _checked_floats(words: Sequence[str], texts: Sequence[str], dtype: DType) -> list[float]:
    """Return numbers; `texts` are the words they are parts of."""
    values = list(map(float, words))
    real: DType = _REAL.get(dtype, dtype)
    with np.errstate(over="ignore"):
        lost = np.isinf(np.array(values).astype(real))
    for number in np.flatnonzero(lost).tolist():
        if "inf" not in words[number]:
            name = DTYPE_NAMES[dtype]
            raise LiteralError(f"{texts[number]} is too large for {name}; write inf", number)
    return values


def _integers(words: Sequence[str], dtype: DType) -> list[int]:
    info = np.iinfo(dtype)
    values = []
    for number, word in enumerate(words):
        value = int(word) if len(word) <= _LONGEST_INTEGER else None
        if value is None or not info.min <= value <= info.max:
            name = DTYPE_NAMES[dtype]
            shown = word if len(word) <= _LONGEST_INTEGER else word[:_LONGEST_INTEGER] + "..."
            raise LiteralError(f"{shown} is outside {name}, {info.min} to {info.max}", number)
        values.append(value)
    return values


def _complexes(words: Sequence[str], dtype: DType) -> list[complex]:
    parts = [_PARTS.fullmatch(word) for word in words]
    real = [word if part is None else part[1] for word, part in zip(words, parts, strict=True)]
    imaginary = ["0.0" if part is None else part[2] for part in parts]
    reals = _checked_floats(real, words, dtype)
    imaginaries = _checked_floats(imaginary, words, dtype)
    return [complex(x, y) for x, y in zip(reals, imaginaries, strict=True)]


def _read_all(words: Sequence[str], dtype: DType) -> Array:
    """Return the numbers that words stand for.

    Raises
    ------
    LiteralError
        If the dtype does not hold one of them.
    """
    pattern, wanted = _KINDS[dtype.kind]
    for number, word in enumerate(words):
        if pattern.fullmatch(word) is None:
            name = DTYPE_NAMES[dtype]
            shown = repr(word if len(word) <= 40 else word[:37] + "...")
            raise LiteralError(f"expected an element of {name}: {wanted}, found {shown}", number)
    values: Sequence[Number]
    if dtype.kind == "f":
        values = _checked_floats(words, words, dtype)
    elif dtype.kind == "c":
        values = _complexes(words, dtype)
    elif dtype.kind == "b":
        values = [word == "true" for word in words]
    else:
        values = _integers(words, dtype)
    return np.array(values, dtype)


def read_scalar(word: str) -> Constant | None:
    """Return the constant that an operand such as ``0.5:f32`` stands for; ``None`` if it is none.

    Raises
    ------
    LiteralError
        If the dtype is unknown, or does not hold the number.
    """
    found = _LITERAL.fullmatch(word)
    if found is None:
        return None
    *bodies, suffix = found.groups()
    group = next(i for i, body in enumerate(bodies) if body is not None)
    dtype = find_dtype(suffix or _LITERAL_DTYPES[group])
    return Constant(_read_all([bodies[group]], dtype)[0])


class Elements:
    """Reads the elements of constants from a scanner, and counts them."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.count = 0

    def read(self, type: Type) -> Constant:
        """Read the elements of a constant of this type.

        Raises
        ------
        ParseError
            If they do not fit the type, or there are more than the limit.
        """
        scanner = self.scanner
        scanner.skip(BLANKS)
        if LINE_END.match(scanner.text, scanner.position):
            raise scanner.wanted(f"the elements of {type}")
        self.count += type.size
        if self.count > scanner.limits.elements:
            raise scanner.error(
                f"constants have more than {scanner.limits.elements} elements; "
                f"pass Limits(elements=...) to read more"
            )
        if scanner.take(_SPLAT) is not None:
            return Constant(np.full(type.shape, self._words(_WORD, 1, type)[0], type.dtype))
        if type.shape == ():
            return Constant(self._words(_WORD, 1, type)[0])
        if type.size == 0:
            scanner.expect(_LEFT, f"'[]', since {type} has no elements")
            scanner.expect(_RIGHT, f"']', since {type} has no elements")
            return Constant(np.empty(type.shape, type.dtype))
        return Constant(self._rows(type))

    def _rows(self, type: Type) -> Array:
        """Read row by row; a bracket opens at each level whose block starts with the row."""
        scanner = self.scanner
        *outer, length = type.shape
        rows = prod(outer)
        blocks = [prod(outer[level:]) for level in range(type.ndim)]
        whole = np.empty((rows, length), type.dtype)
        for row in range(rows):
            if row:
                scanner.expect(_COMMA, f"',' and more rows of {type}")
            for block in blocks:
                if row % block == 0:
                    scanner.expect(_LEFT, f"'[' of {type}")
            whole[row] = self._words(_ROW, length, type)
            for block in blocks:
                if (row + 1) % block == 0:
                    scanner.expect(_RIGHT, f"']' after {_elements_of(length)} of {type}")
        return whole.reshape(type.shape)

    def _words(self, pattern: re.Pattern[str], length: int, type: Type) -> Array:
        """Read one word, or the words of a row."""
        scanner = self.scanner
        scanner.skip()
        start = scanner.position
        found = pattern.match(scanner.text, start)
        if found is None:
            raise scanner.wanted(f"{_elements_of(length)} of {type}")
        words = [word.strip() for word in found[0].split(",")]
        if len(words) != length:
            message = f"expected {_elements_of(length)} in a row of {type}, found {len(words)}"
            raise scanner.error(message)
        scanner.position = found.end()
        try:
            return _read_all(words, type.dtype)
        except LiteralError as error:
            places = [place.start() for place in _WORD.finditer(scanner.text, start)]
            raise scanner.error(str(error), places[error.number]) from None


def _elements_of(count: int) -> str:
    return "1 element" if count == 1 else f"{count} elements"
