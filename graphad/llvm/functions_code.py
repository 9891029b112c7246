"""Lines of a function of one vector under construction, for elementary functions."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SIGN = 1 << 63
"""The bit that is the sign of a number."""


class Code:
    """Arithmetic on vectors, written line by line; values are names.

    Parameters
    ----------
    width : int
        Lanes; 1 for scalars.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []
        self.declarations: dict[str, str] = {}
        self.floats = self.vector("double")
        self.integers = self.vector("i64")
        self.booleans = self.vector("i1")

    def vector(self, element: str) -> str:
        """Return the type of a value in every lane."""
        return element if self.width == 1 else f"<{self.width} x {element}>"

    def line(self, text: str) -> str:
        """Write ``name = text`` and return the name."""
        name = f"%t{len(self.lines)}"
        self.lines.append(f"  {name} = {text}")
        return name

    # --- numbers -------------------------------------------------------------------------------

    def number(self, value: float) -> str:
        """Return a number in every lane."""
        text = self.bits_of(value)
        return text if self.width == 1 else f"splat (double {text})"

    @staticmethod
    def bits_of(value: float) -> str:
        """Return a number as LLVM writes it, bit for bit."""
        (bits,) = struct.unpack("<Q", struct.pack("<d", value))
        return f"0x{bits:016X}"

    def integer(self, value: int) -> str:
        """Return an integer in every lane."""
        signed = value - (1 << 64) if value >= SIGN else value
        return str(signed) if self.width == 1 else f"splat (i64 {signed})"

    # --- arithmetic ----------------------------------------------------------------------------

    def add(self, x: str, y: str) -> str:
        """Return ``x + y``."""
        return self.line(f"fadd {self.floats} {x}, {y}")

    def sub(self, x: str, y: str) -> str:
        """Return ``x - y``."""
        return self.line(f"fsub {self.floats} {x}, {y}")

    def mul(self, x: str, y: str) -> str:
        """Return ``x · y``."""
        return self.line(f"fmul {self.floats} {x}, {y}")

    def div(self, x: str, y: str) -> str:
        """Return ``x / y``."""
        return self.line(f"fdiv {self.floats} {x}, {y}")

    def fma(self, x: str, y: str, z: str) -> str:
        """Return ``x · y + z``, rounded once where the processor can do that at no cost."""
        return self._intrinsic("fmuladd", x, y, z)

    def exact_fma(self, x: str, y: str, z: str) -> str:
        """Return ``x · y + z``, rounded once on every processor."""
        return self._intrinsic("fma", x, y, z)

    def abs(self, x: str) -> str:
        """Return ``|x|``."""
        return self._intrinsic("fabs", x)

    def copysign(self, x: str, sign: str) -> str:
        """Return ``|x|`` with the sign of another number."""
        return self._intrinsic("copysign", x, sign)

    def _intrinsic(self, name: str, *operands: str) -> str:
        suffix = "f64" if self.width == 1 else f"v{self.width}f64"
        full = f"llvm.{name}.{suffix}"
        listed = ", ".join([self.floats] * len(operands))
        self.declarations[full] = f"declare {self.floats} @{full}({listed})"
        given = ", ".join(f"{self.floats} {x}" for x in operands)
        return self.line(f"call {self.floats} @{full}({given})")

    def polynomial(self, x: str, coefficients: Sequence[float]) -> str:
        """Return a polynomial, lowest power first, as two chains in ``x²`` at once.

        Parameters
        ----------
        x : str
            Where.
        coefficients : sequence of float
            Two at least.
        """
        square = self.mul(x, x)
        even = self._horner(square, coefficients[::2])
        odd = self._horner(square, coefficients[1::2])
        return self.fma(odd, x, even)

    def _horner(self, x: str, coefficients: Sequence[float]) -> str:
        made = self.number(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            made = self.fma(made, x, self.number(coefficient))
        return made

    # --- choices -------------------------------------------------------------------------------

    def compare(self, condition: str, x: str, y: str) -> str:
        """Return whether ``x condition y``, by LLVM's name of the condition."""
        return self.line(f"fcmp {condition} {self.floats} {x}, {y}")

    def both(self, left: str, right: str) -> str:
        """Return whether two conditions hold."""
        return self.line(f"and {self.booleans} {left}, {right}")

    def select(self, condition: str, x: str, y: str) -> str:
        """Return `x` where a condition holds, `y` elsewhere."""
        return self.line(
            f"select {self.booleans} {condition}, {self.floats} {x}, {self.floats} {y}"
        )

    def at_most(self, x: str, bound: float) -> str:
        """Return the smaller of `x` and a bound; a NaN as it is."""
        top = self.number(bound)
        return self.select(self.compare("ogt", x, top), top, x)

    def at_least(self, x: str, bound: float) -> str:
        """Return the larger of `x` and a bound; a NaN as it is."""
        low = self.number(bound)
        return self.select(self.compare("olt", x, low), low, x)

    # --- bits ----------------------------------------------------------------------------------

    def bits(self, x: str) -> str:
        """Return the bits of a number as an integer."""
        return self.line(f"bitcast {self.floats} {x} to {self.integers}")

    def from_bits(self, x: str) -> str:
        """Return the number that an integer is the bits of."""
        return self.line(f"bitcast {self.integers} {x} to {self.floats}")

    def whole(self, operation: str, x: str, y: str) -> str:
        """Return an operation of integers, by LLVM's name of it."""
        return self.line(f"{operation} {self.integers} {x}, {y}")

    def bit(self, x: str, place: int) -> str:
        """Return whether a bit of an integer is 1."""
        kept = self.whole("and", x, self.integer(1 << place))
        return self.line(f"icmp ne {self.integers} {kept}, {self.integer(0)}")

    def flipped(self, x: str, turns: str) -> str:
        """Return a number with its sign changed where the second bit of an integer is 1."""
        sign = self.whole("shl", self.whole("and", turns, self.integer(2)), self.integer(62))
        return self.from_bits(self.whole("xor", self.bits(x), sign))

    # --- instructions of AVX-512 -----------------------------------------------------------------

    def scaled(self, x: str, n: str) -> str:
        """Return ``x · 2ⁿ``, rounded once."""
        return self._avx512("scalef", f"{x}, {self.floats} {n}")

    def exponent(self, x: str) -> str:
        """Return the exponent of a number as a number; -inf for 0."""
        return self._avx512("getexp", x)

    def mantissa(self, x: str) -> str:
        """Return ``|x| · 2ⁿ`` in [3/4, 3/2); 1 for 0 and inf, NaN for negative numbers."""
        three_quarters, negative_is_nan = 3, 2 << 2
        return self._avx512("getmant", f"{x}, i32 {three_quarters | negative_is_nan}")

    def _avx512(self, name: str, operands: str) -> str:
        full = f"llvm.x86.avx512.mask.{name}.pd.512"
        given = f"{self.floats} {operands}, {self.floats} zeroinitializer, i8 -1, i32 4"
        types = ", ".join(part.rpartition(" ")[0] for part in given.split(", "))
        self.declarations[full] = f"declare {self.floats} @{full}({types})"
        return self.line(f"call {self.floats} @{full}({given})")

    # --- the C library -------------------------------------------------------------------------

    def in_every_lane(self, function: str, x: str) -> str:
        """Return a function of one number in every lane, one after the other."""
        self.declarations[function] = f"declare double @{function}(double)"
        if self.width == 1:
            return self.line(f"call double @{function}(double {x})")
        made = "poison"
        for lane in range(self.width):
            part = self.line(f"extractelement {self.floats} {x}, i32 {lane}")
            one = self.line(f"call double @{function}(double {part})")
            made = self.line(f"insertelement {self.floats} {made}, double {one}, i32 {lane}")
        return made

    # --- the whole function --------------------------------------------------------------------

    def function(self, name: str, result: str) -> str:
        """Return the definition of a function of ``%x`` without branches."""
        head = f"define internal {self.floats} @{name}({self.floats} %x) #1 {{"
        return "\n".join([head, *self.lines, f"  ret {self.floats} {result}", "}"])

    def guarded(self, name: str, results: Sequence[str], fits: str, others: Sequence[str]) -> str:
        """Return the definition of a function that is `results` where the argument fits.

        If it does not in some lane, all lanes are computed by other functions too, out of line.

        Parameters
        ----------
        name : str
            Of the function.
        results : sequence of str
            One, or several that are returned as a structure.
        fits : str
            Condition.
        others : sequence of str
            For each result, a function of one number.
        """
        all_ = fits
        if self.width > 1:
            full = f"llvm.vector.reduce.and.v{self.width}i1"
            self.declarations[full] = f"declare i1 @{full}({self.booleans})"
            all_ = self.line(f"call i1 @{full}({self.booleans} {fits})")
        self.lines += [f"  br i1 {all_}, label %quick, label %slow", "quick:"]
        self._give(results)
        self.lines.append("slow:")
        exact = [self.line(f"call {self.floats} @{other}({self.floats} %x)") for other in others]
        self._give([self.select(fits, *pair) for pair in zip(results, exact, strict=True)])
        head = f"define internal {self.given(len(results))} @{name}({self.floats} %x) #1 {{"
        return "\n".join([head, *self.lines, "}"])

    def given(self, count: int) -> str:
        """Return the type of so many results."""
        return self.floats if count == 1 else f"{{ {', '.join([self.floats] * count)} }}"

    def _give(self, results: Sequence[str]) -> None:
        made = results[0]
        if len(results) > 1:
            made, type = "poison", self.given(len(results))
            for i, result in enumerate(results):
                made = self.line(f"insertvalue {type} {made}, {self.floats} {result}, {i}")
        self.lines.append(f"  ret {self.given(len(results))} {made}")
