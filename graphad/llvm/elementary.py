"""Elementary functions of vectors without tables, branches or a library, in LLVM's language.

Arguments are reduced as W. J. Cody and W. Waite did (Software Manual for the Elementary Functions,
1980), by constants with zeros at their ends, so that products with the number of the period are
exact. What is left is a polynomial of least greatest error (Remez's exchange of 1934, in 90
digits). The forms of log and log1p are those of W. Kahan and K. C. Ng's FDLIBM (1993).
"""

from __future__ import annotations

from collections.abc import Callable

from graphad.llvm.functions_code import Code

SHIFT = 1.5 * 2.0**52
"""Added to a number it leaves the nearest integer in the last bits."""
LOG2_E = 1.4426950408889634
LN2 = (0.6931471805598903, 5.497923018708371e-14)
"""log 2 in two parts, the first of 42 bits."""
INVERSE_PI = 0.3183098861837907
PI = (3.1415926535846666, 5.1266883031679116e-12, 2.1125998133974855e-23)
"""π in three parts, the first two of 38 bits."""
PI_FUSED = (3.141592653589793, 1.2246467991473532e-16, -2.9947698097183397e-33)
"""π in three parts of full length, for products that are not rounded before they are added."""
MOST_PERIODS = 2.0**14
"""Multiples of π that are exact when multiplied by the first parts of it, halves of them too."""

EXP = (
    0.5000000000000001, 0.16666666666666674, 0.04166666666662398, 0.008333333333322172,
    0.0013888888917285545, 0.00019841269886699926, 2.4801521185224727e-05, 2.755724221351069e-06,
    2.7620140796145187e-07, 2.511009630403349e-08,
)  # fmt: skip
"""(exp r - 1 - r) / r² for |r| ≤ log(2)/2, to 1.2e-16."""
LOG = (
    0.666666666666667, 0.3999999999989789, 0.2857142862665141, 0.22222211031749325,
    0.18182896207631685, 0.15331497764506818, 0.1461909699201228,
)  # fmt: skip
"""(2 artanh(s)/s - 2) / s² by s², for |s| ≤ 3 - 2√2, to 3.5e-16."""
LOG_WIDE = (
    0.6666666666666666, 0.4000000000000797, 0.28571428567268947, 0.2222222304877033,
    0.18181737641317217, 0.15388865609946847, 0.13209778020548518, 0.1360831904932748,
)  # fmt: skip
"""The same for |s| ≤ 1/5, to 5e-17."""
SIN = (
    -0.16666666666666666, 0.008333333333333316, -0.0001984126984125491, 2.7557319219145404e-06,
    -2.5052107614654285e-08, 1.605897715679241e-10, -7.643965223531722e-13, 2.731380412796982e-15,
)  # fmt: skip
"""(sin(r)/r - 1) / r² by r², for |r| ≤ π/2, to 1e-17."""
SIN_NEAR = (
    -0.16666666666666666, 0.00833333333333094, -0.00019841269836742975, 2.7557316094305633e-06,
    -2.505113010131827e-08, 1.5918002246800965e-10,
)  # fmt: skip
"""The same for |r| ≤ π/4, to 4e-17."""
COS_NEAR = (
    0.041666666666666664, -0.001388888888888739, 2.480158729875576e-05, -2.7557317266493483e-07,
    2.087614516327659e-09, -1.1382552019013782e-11,
)  # fmt: skip
"""(cos r - 1 + r²/2) / r⁴ by r², for |r| ≤ π/4, to 5e-18."""
ERF = (
    0.12837916709551256, -0.3761263890318355, 0.11283791670945244, -0.02686617064327463,
    0.005223977607409817, -0.0008548325989016169, 0.00012055295299428117, -1.4924744246121813e-05,
    1.644751238731414e-06, -1.6209134376177018e-07, 1.3722792472181223e-08, -7.80083851099727e-10,
)  # fmt: skip
"""erf(x)/x - 1 by x², for |x| ≤ 1, to 4e-17."""
LOG_ERFC = (
    -1.8417957065711022e-06, -1.1283616046969724, -0.6366976033831829, -0.10255979962934439,
    0.018726745868084788, 0.000763826521122376, -0.0022742904548728143, 0.0010515500222655495,
    -0.00030722563712638697, 6.268481503365718e-05, -8.577746181962284e-06, 6.143708998451238e-07,
    2.0680014596810953e-08, -9.771247614594152e-09, 9.375784609949708e-10, -3.3613072786492086e-11,
)  # fmt: skip
"""log(erfc(x)) for x in [1, 6], where its exponential is right to 2e-16."""


# --- exponentials --------------------------------------------------------------------------------


def _halved(c: Code, x: str) -> tuple[str, str, str]:
    """Return how often log 2 goes into x, its bits after `SHIFT`, and exp(rest) - 1."""
    shifted = c.fma(x, c.number(LOG2_E), c.number(SHIFT))
    n = c.sub(shifted, c.number(SHIFT))
    r = c.fma(n, c.number(-LN2[0]), x)
    r = c.fma(n, c.number(-LN2[1]), r)
    q = c.polynomial(r, EXP)
    return n, shifted, c.fma(c.mul(r, r), q, r)


def _power_of_2(c: Code, shifted: str, bias: int = 1023) -> str:
    """Return 2ⁿ from the bits of n after `SHIFT`, for n in the range of normal numbers."""
    raised = c.whole("shl", c.bits(shifted), c.integer(52))
    return c.from_bits(c.whole("add", raised, c.integer(bias << 52)))


def _exp(c: Code, x: str) -> str:
    """2ⁿ·exp(r), in two factors, since 2ⁿ alone may be no normal number."""
    inside = c.at_least(c.at_most(x, 710.0), -746.0)
    n, _, rest = _halved(c, inside)
    made = c.add(rest, c.number(1.0))
    if c.width == 8:
        return c.scaled(made, n)
    half = c.fma(n, c.number(0.5), c.number(SHIFT))
    other = c.add(c.sub(n, c.sub(half, c.number(SHIFT))), c.number(SHIFT))
    return c.mul(c.mul(made, _power_of_2(c, half)), _power_of_2(c, other))


def _expm1_of(c: Code, x: str) -> str:
    """exp(x) - 1 for x in [-40, 710]: twice 2ⁿ⁻¹·(exp(r) - 1) + (2ⁿ⁻¹ - 1/2)."""
    _, shifted, rest = _halved(c, x)
    half = _power_of_2(c, shifted, 1022)
    made = c.fma(half, rest, c.sub(half, c.number(0.5)))
    return c.add(made, made)


def _expm1(c: Code, x: str) -> str:
    made = _expm1_of(c, c.at_least(c.at_most(x, 710.0), -40.0))
    tiny = c.compare("olt", c.abs(x), c.number(2.0**-54))
    return c.select(tiny, x, made)


def _tanh(c: Code, x: str) -> str:
    """(e - 1)/(e + 1) with e = exp(2|x|)."""
    size = c.at_most(c.abs(x), 20.0)
    e = _expm1_of(c, c.add(size, size))
    made = c.div(e, c.add(e, c.number(2.0)))
    tiny = c.compare("olt", size, c.number(2.0**-28))
    return c.copysign(c.select(tiny, size, made), x)


def _erf(c: Code, x: str) -> str:
    """By erf(x)/x - 1 near 0, by erfc(x) further out."""
    size = c.at_most(c.abs(x), 6.0)
    near = c.fma(size, c.polynomial(c.mul(size, size), ERF), size)
    _, shifted, rest = _halved(c, c.polynomial(c.at_least(size, 1.0), LOG_ERFC))
    power = c.fma(_power_of_2(c, shifted), rest, _power_of_2(c, shifted))
    far = c.sub(c.number(1.0), power)
    return c.copysign(c.select(c.compare("ogt", size, c.number(1.0)), far, near), x)


# --- logarithms ----------------------------------------------------------------------------------

ROOT_HALF = 0x3FE6A09E667F3BCD
"""Bits of √½, where mantissas begin."""
ONE = 0x3FF0000000000000
EXPONENT = 0xFFF0000000000000


def _exponent(c: Code, bits: str) -> tuple[str, str]:
    """Return n, and 2ⁿ in the place of the exponent, where x·2⁻ⁿ is between √½ and √2."""
    above = c.whole("and", c.whole("sub", bits, c.integer(ROOT_HALF)), c.integer(EXPONENT))
    biased = c.whole("lshr", c.whole("add", bits, c.integer(ONE - ROOT_HALF)), c.integer(52))
    number = c.from_bits(c.whole("or", biased, c.integer(0x4330 << 48)))
    return c.sub(number, c.number(2.0**52 + 1023)), above


def _log_of(c: Code, n: str, f: str, coefficients: tuple[float, ...] = LOG) -> str:
    """Return n·log 2 + log(1 + f)."""
    s = c.div(f, c.add(f, c.number(2.0)))
    z = c.mul(s, s)
    r = c.mul(z, c.polynomial(z, coefficients))
    half = c.mul(c.mul(f, f), c.number(0.5))
    low = c.fma(s, c.add(half, r), c.mul(n, c.number(LN2[1])))
    return c.fma(n, c.number(LN2[0]), c.sub(f, c.sub(half, low)))


def _log_by_parts(c: Code, x: str) -> str:
    """By the instructions that take numbers apart."""
    mantissa = c.mantissa(x)
    n = c.sub(c.exponent(x), c.exponent(mantissa))
    return _log_of(c, n, c.sub(mantissa, c.number(1.0)), LOG_WIDE)


def _log(c: Code, x: str) -> tuple[str, str]:
    bits = c.bits(x)
    n, above = _exponent(c, bits)
    f = c.sub(c.from_bits(c.whole("sub", bits, above)), c.number(1.0))
    return _log_of(c, n, f), _between(c, x, 2.0**-1022, 2.0**1023)


def _log1p(c: Code, x: str) -> tuple[str, str]:
    """The exponent is that of 1 + x; f = x·2⁻ⁿ + (2⁻ⁿ - 1) is rounded once."""
    bits = c.bits(c.add(x, c.number(1.0)))
    n, above = _exponent(c, bits)
    inverse = c.from_bits(c.whole("sub", c.integer(ONE), above))
    f = c.fma(x, inverse, c.sub(inverse, c.number(1.0)))
    made = c.select(c.compare("oeq", x, c.number(0.0)), x, _log_of(c, n, f))
    return made, _between(c, x, -1 + 2.0**-53, 2.0**1000)


def _between(c: Code, x: str, low: float, high: float) -> str:
    above = c.compare("oge", x, c.number(low))
    return c.both(above, c.compare("ole", x, c.number(high)))


# --- circular functions --------------------------------------------------------------------------


def _sine_of(c: Code, x: str, n: str, periods: str) -> str:
    """Return the sine of x - n·π, with the sign that the last bit of `periods` says."""
    r = _without_periods(c, x, n, 1.0)
    z = c.mul(r, r)
    made = c.fma(c.mul(r, z), c.polynomial(z, SIN), r)
    flip = c.whole("shl", c.bits(periods), c.integer(63))
    return c.from_bits(c.whole("xor", c.bits(made), flip))


def _without_periods(c: Code, x: str, n: str, part: float) -> str:
    """Return x - n·π·part, where the part is a power of 2."""
    if c.width >= 4:  # processors with such vectors have fused operations
        r = c.exact_fma(n, c.number(-PI_FUSED[0] * part), x)
        r = c.exact_fma(n, c.number(-PI_FUSED[1] * part), r)
        return c.exact_fma(n, c.number(-PI_FUSED[2] * part), r)
    r = c.fma(n, c.number(-PI[0] * part), x)
    second = c.mul(n, c.number(PI[1] * part))
    nearer = c.sub(r, second)
    low = c.sub(c.sub(r, nearer), second)
    return c.add(nearer, c.fma(n, c.number(-PI[2] * part), low))


def _sin(c: Code, x: str) -> tuple[str, str]:
    shifted = c.fma(x, c.number(INVERSE_PI), c.number(SHIFT))
    n = c.sub(shifted, c.number(SHIFT))
    size = c.abs(x)
    tiny = c.compare("olt", size, c.number(2.0**-28))
    made = c.select(tiny, x, _sine_of(c, x, n, shifted))
    return made, c.compare("olt", size, c.number(3.0 * MOST_PERIODS))


def _cos(c: Code, x: str) -> tuple[str, str]:
    """The sine of |x| - n·π, with n a half more than an integer."""
    size = c.abs(x)
    shifted = c.add(c.fma(size, c.number(INVERSE_PI), c.number(0.5)), c.number(SHIFT))
    n = c.sub(c.sub(shifted, c.number(SHIFT)), c.number(0.5))
    return _sine_of(c, size, n, shifted), c.compare("olt", size, c.number(3.0 * MOST_PERIODS))


def _sine_and_cosine(c: Code, x: str) -> tuple[str, str, str]:
    """Both of x - n·π/2, which change places with every quarter turn."""
    shifted = c.fma(x, c.number(2 * INVERSE_PI), c.number(SHIFT))
    n = c.sub(shifted, c.number(SHIFT))
    r = _without_periods(c, x, n, 0.5)
    z = c.mul(r, r)
    sine = c.fma(c.mul(r, z), c.polynomial(z, SIN_NEAR), r)
    level = c.fma(z, c.number(-0.5), c.number(1.0))
    cosine = c.fma(c.mul(z, z), c.polynomial(z, COS_NEAR), level)
    turns = c.bits(shifted)
    odd = c.bit(turns, 0)
    first = c.flipped(c.select(odd, cosine, sine), turns)
    second = c.flipped(c.select(odd, sine, cosine), c.whole("add", turns, c.integer(1)))
    size = c.abs(x)
    tiny = c.compare("olt", size, c.number(2.0**-28))
    fits = c.compare("olt", size, c.number(3.0 * MOST_PERIODS))
    return c.select(tiny, x, first), second, fits


TOTAL: dict[str, Callable[[Code, str], str]] = {
    "exp": _exp,
    "expm1": _expm1,
    "tanh": _tanh,
    "erf": _erf,
}
"""Functions that are right for all arguments."""
GUARDED: dict[str, Callable[[Code, str], tuple[str, str]]] = {
    "log": _log,
    "log1p": _log1p,
    "sin": _sin,
    "cos": _cos,
}
"""Functions for most arguments, and for which ones; the C library has the others."""
FASTER: dict[int, frozenset[str]] = {
    8: frozenset(["exp", "expm1", "tanh", "log", "sin", "cos"]),
    4: frozenset(["expm1", "tanh"]),
    2: frozenset(["expm1", "tanh", "sin", "cos"]),
}
"""Functions that took less time than those of libmvec, by the width of vectors."""


def is_own(name: str, width: int, library: frozenset[str]) -> bool:
    """Return whether a function of vectors is the one written here.

    Parameters
    ----------
    name : str
        What the C library calls it.
    width : int
        Lanes.
    library : frozenset of str
        Functions that there is another vector form of.

    Examples
    --------
    >>> is_own("exp", 4, frozenset()), is_own("exp", 4, frozenset(["exp"]))
    (True, False)
    """
    if width == 1 or not (name in TOTAL or name in GUARDED):
        return False
    return name not in library or name in FASTER.get(width, frozenset())


def own_name(name: str, width: int) -> str:
    """Return what a function of this module is called in the code."""
    return f"graphad.{name}.{width}"


def definitions(name: str, width: int) -> dict[str, str]:
    """Return the text of a function of vectors, and of all that it calls, by name.

    Parameters
    ----------
    name : str
        What the C library calls it.
    width : int
        Lanes; 8 for processors with AVX-512 only.

    Returns
    -------
    dict of str to str
        Definitions and declarations, in order.
    """
    c, full = Code(width), own_name(name, width)
    total = _log_by_parts if (name, width) == ("log", 8) else TOTAL.get(name)
    if total is not None:
        text = c.function(full, total(c, "%x"))
        return {**c.declarations, full: text}
    made, fits = GUARDED[name](c, "%x")
    return _guarded(c, full, [made], fits, [name])


def paired_definitions(width: int) -> dict[str, str]:
    """Return the text of the function that gives sine and cosine, as `definitions` does."""
    c = Code(width)
    sine, cosine, fits = _sine_and_cosine(c, "%x")
    return _guarded(c, own_name("sincos", width), [sine, cosine], fits, ["sin", "cos"])


def _guarded(c: Code, full: str, results: list[str], fits: str, names: list[str]) -> dict[str, str]:
    made: dict[str, str] = {}
    for name in names:
        lanes, slow = Code(c.width), f"{own_name(name, c.width)}.lanes"
        text = lanes.function(slow, lanes.in_every_lane(name, "%x"))
        made |= {**lanes.declarations, slow: text}
    text = c.guarded(full, results, fits, [f"{own_name(name, c.width)}.lanes" for name in names])
    return {**c.declarations, **made, full: text}
