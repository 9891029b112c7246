"""Common factors and common sums of many polynomials, taken out one after the other.

Two things are looked for: a product of two atoms that stands in several monomials, and a sum of two
terms that stands in a polynomial times some monomial (a *kernel*): ``a·x + a·y`` has the kernel
``x + y``. Each round takes out the one that saves most operations. It is the greedy algorithm of
Breuer (1969, Generation of optimal code for expressions via factorization) with the kernels of
Hosangadi, Fallah and Kastner (2006, Optimizing polynomial expressions by algebraic factorization
and common subexpression elimination) cut to two terms; larger ones are found two by two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from graphad.passes.polynomials import Monomial, Polynomial, System, times

MOST_TERMS = 80
"""Longer polynomials are not searched for kernels: that takes the square of their length."""


WORK = 1_000_000
"""Most parts that are gone through: a bound on time that does not depend on the machine."""
LARGEST = 300_000
"""Most parts that a system may have to begin with, for anything to be taken out of it."""
LARGEST_IN_KERNELS = 1e15
"""Kernels are made of coefficients from its inverse up to it, so that quotients of two of them are
far from overflow in single precision too."""


class Pair(NamedTuple):
    """A product of two atoms, or of a number and an atom (`left` is -1)."""

    left: int
    right: int
    number: float = 1.0


class Kernel(NamedTuple):
    """The sum ``left + ratio·right``."""

    left: Monomial
    right: Monomial
    ratio: float


class Place(NamedTuple):
    """A polynomial, by its atom, and the monomial or the two monomials in it that are meant."""

    atom: int
    first: Monomial
    second: Monomial | None = None


def price(monomial: Monomial, coefficient: float) -> int:
    """Return the multiplications of a term."""
    if not monomial:
        return 0
    return len(monomial) - 1 + (abs(coefficient) != 1.0)


def is_tame(coefficient: float) -> bool:
    """Whether quotients of a coefficient and another like it are far from overflow."""
    return 1.0 / LARGEST_IN_KERNELS <= abs(coefficient) <= LARGEST_IN_KERNELS


def split_terms(first: Monomial, second: Monomial) -> tuple[Monomial, Monomial, Monomial]:
    """Return the greatest common divisor of two monomials and what it leaves of them.

    Examples
    --------
    >>> split_terms((0, 0, 1), (0, 1, 1, 2))
    ((0, 1), (0,), (1, 2))
    """
    if len(first) == len(second) == 1 and first != second:
        return (), first, second
    common: list[int] = []
    left: list[int] = []
    right: list[int] = []
    i = j = 0
    while i < len(first) and j < len(second):
        a, b = first[i], second[j]
        if a == b:
            common.append(a)
            i, j = i + 1, j + 1
        elif a < b:
            left.append(a)
            i += 1
        else:
            right.append(b)
            j += 1
    left.extend(first[i:])
    right.extend(second[j:])
    return tuple(common), tuple(left), tuple(right)


class Extraction:
    """Takes common parts out of the polynomials of a system, in place.

    Parameters
    ----------
    system : System
        What is rewritten.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.polynomials = system.defined
        self.places: dict[Pair | Kernel, dict[Place, None]] = {}
        self.counts: dict[Pair, Counter[tuple[float, Monomial]]] = {}
        self.totals: dict[Pair, int] = {}
        self.serial: dict[Pair | Kernel, int] = {}
        self.heap: list[tuple[int, bool, int, Pair | Kernel]] = []
        self.touched: dict[Pair | Kernel, None] = {}
        self.work = 0

    def run(self, steps: int) -> int:
        """Take out what saves most until nothing does, or for so many steps; return the steps."""
        if self._size() > LARGEST:
            return 0
        for atom in sorted(self.polynomials):
            before: Polynomial = {}
            for monomial, coefficient in self.polynomials[atom].items():
                self._enter(atom, monomial, before)
                before[monomial] = coefficient
        self._flush()
        done = 0
        while self.heap and done < steps and self.work < WORK:
            saving, _, _, part = heappop(self.heap)
            now = self._saving(part)
            if now <= 0:
                continue
            if now != -saving:
                self._push(part, now)
                continue
            if isinstance(part, Kernel):
                self._take_kernel(part)
            else:
                self._take_pair(part)
            self._flush()
            done += 1
        return done

    def _size(self) -> int:
        """About how many pairs and kernels there are to begin with."""
        size = 0
        for polynomial in self.polynomials.values():
            terms = len(polynomial)
            size += terms * terms // 2 if terms <= MOST_TERMS else 0
            size += sum([len(monomial) ** 2 // 2 for monomial in polynomial])
        return size

    # --- where parts stand -----------------------------------------------------------------------

    def _parts(
        self, atom: int, monomial: Monomial, others: Polynomial
    ) -> Iterator[tuple[Pair | Kernel, Place]]:
        """The pairs of a term, and its kernels with other terms of its polynomial."""
        polynomial = self.polynomials[atom]
        coefficient = polynomial[monomial]
        place = Place(atom, monomial)
        atoms = list(dict.fromkeys(monomial))
        for i, a in enumerate(atoms):
            if abs(coefficient) not in {0.0, 1.0}:
                yield Pair(-1, a, abs(coefficient)), place
            if monomial.count(a) > 1:
                yield Pair(a, a), place
            for b in atoms[i + 1 :]:
                yield Pair(a, b), place
        if len(polynomial) > MOST_TERMS or not is_tame(coefficient):
            return
        for other, c in others.items():
            if other == monomial or not is_tame(c):
                continue
            _, left, right = split_terms(monomial, other)
            if left < right:
                yield Kernel(left, right, c / coefficient), Place(atom, monomial, other)
            else:
                yield Kernel(right, left, coefficient / c), Place(atom, other, monomial)

    def _enter(self, atom: int, monomial: Monomial, others: Polynomial | None = None) -> None:
        others = self.polynomials[atom] if others is None else others
        for part, place in self._parts(atom, monomial, others):
            places = self.places.setdefault(part, {})
            if isinstance(part, Pair) and place not in places:
                self._count(part, place, 1)
            places[place] = None
            self.touched[part] = None

    def _leave(self, atom: int, monomial: Monomial) -> None:
        for part, place in self._parts(atom, monomial, self.polynomials[atom]):
            places = self.places.get(part)
            if places is not None and places.pop(place, place) is None:
                if isinstance(part, Pair):
                    self._count(part, place, -1)
                self.touched[part] = None

    def _count(self, part: Pair, place: Place, step: int) -> None:
        """Note a term that has a pair; equal terms, up to sign, are computed once."""
        counts = self.counts.get(part)
        if counts is None:
            counts = self.counts[part] = Counter()
        term = abs(self.polynomials[place.atom][place.first]), place.first
        counts[term] += step
        if counts[term] == (1 if step > 0 else 0):
            many = _multiplicity(part, place.first)
            self.totals[part] = self.totals.get(part, 0) + step * many

    def _flush(self) -> None:
        """Put what changed on the heap."""
        self.work += len(self.touched)
        for part in self.touched:
            saving = self._saving(part)
            if saving > 0:
                self._push(part, saving)
        self.touched.clear()

    def _push(self, part: Pair | Kernel, saving: int) -> None:
        """Put a part on the heap: what saves most first, kernels before pairs, then the oldest."""
        serial = self.serial.setdefault(part, len(self.serial))
        heappush(self.heap, (-saving, isinstance(part, Pair), serial, part))

    # --- what they save --------------------------------------------------------------------------

    def _saving(self, part: Pair | Kernel) -> int:
        places = self.places.get(part)
        if not places:
            return 0
        if isinstance(part, Kernel):
            if len(places) == 1 and self._is_whole(part, next(iter(places))):
                return 0
            return self._kernel_plan(part)[0]
        if len(places) == 1 and part.left != part.right:
            return 0
        return self.totals[part] - 1

    def _is_whole(self, part: Kernel, place: Place) -> bool:
        """Whether a sum of two terms, all there is of a kernel, has no factor to take out."""
        if len(place.first) != len(part.left):
            return False
        return abs(part.ratio) != 1.0 or abs(self.polynomials[place.atom][place.first]) == 1.0

    def _kernel_plan(self, part: Kernel) -> tuple[int, float, list[Place]]:
        """Return what a kernel saves, the number it is scaled by, and where it is taken out."""
        taken: set[tuple[int, Monomial]] = set()
        places: list[Place] = []
        for place in self.places[part]:
            ends = ((place.atom, place.first), (place.atom, place.second))
            if ends[0] in taken or ends[1] in taken:
                continue
            taken.update(ends)  # type: ignore[arg-type]
            places.append(place)
        terms = []
        before = 0
        for place in places:
            assert place.second is not None
            polynomial = self.polynomials[place.atom]
            c, d = polynomial[place.first], polynomial[place.second]
            before += price(place.first, c) + price(place.second, d) + 1
            terms.append((len(place.first) - len(part.left), c, d))
        best: tuple[int, float] | None = None
        scales = [1.0, *dict.fromkeys([abs(c) for _, c, _ in terms[:4]])]
        scales += [s / part.ratio for s in dict.fromkeys([abs(d) for _, _, d in terms[:4]])]
        scales.append(1.0 / part.ratio)
        for scale in dict.fromkeys(scales):
            own = price(part.left, scale) + price(part.right, scale * part.ratio) + 1
            after = sum([common + (abs(c) != abs(scale)) for common, c, _ in terms])
            if best is None or own + after < best[0]:
                best = own + after, scale
        assert best is not None
        return before - best[0], best[1], places

    # --- taking them out -------------------------------------------------------------------------

    def _replace(self, atom: int, old: list[Monomial], new: Monomial, coefficient: float) -> None:
        polynomial = self.polynomials[atom]
        for monomial in old:
            self._leave(atom, monomial)
            del polynomial[monomial]
        if new in polynomial:
            self._leave(atom, new)
            coefficient += polynomial[new]
        polynomial[new] = coefficient
        self._enter(atom, new)

    def _take_kernel(self, part: Kernel) -> None:
        _, scale, places = self._kernel_plan(part)
        made = self.system.new_atom(self.system.sources[places[0].atom])
        factors = []
        for place in places:
            assert place.second is not None
            common, _, _ = split_terms(place.first, place.second)
            coefficient = self.polynomials[place.atom][place.first] / scale
            factors.append((place, times(common, (made,)), coefficient))
        for place, monomial, coefficient in factors:
            assert place.second is not None
            self._replace(place.atom, [place.first, place.second], monomial, coefficient)
        self.polynomials[made] = {part.left: scale, part.right: scale * part.ratio}
        for monomial in self.polynomials[made]:
            self._enter(made, monomial)

    def _take_pair(self, part: Pair) -> None:
        places = list(self.places[part])
        made = self.system.new_atom(self.system.sources[places[0].atom])
        for place in places:
            coefficient = self.polynomials[place.atom][place.first]
            monomial = list(place.first)
            for _ in range(_multiplicity(part, place.first)):
                monomial.remove(part.right)
                if part.left >= 0:
                    monomial.remove(part.left)
                monomial.append(made)
            if part.left < 0:
                coefficient /= part.number
            self._replace(place.atom, [place.first], tuple(sorted(monomial)), coefficient)
        own = (part.right,) if part.left < 0 else (part.left, part.right)
        self.polynomials[made] = {own: part.number}
        self._enter(made, own)


def _multiplicity(part: Pair, monomial: Monomial) -> int:
    """How often a pair can be taken out of a monomial."""
    if part.left < 0:
        return 1
    if part.left == part.right:
        return monomial.count(part.left) // 2
    return min(monomial.count(part.left), monomial.count(part.right))
