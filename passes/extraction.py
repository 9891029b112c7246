"""Common factors and common sums of many polynomials, taken out one after the other.

Two things are looked for: a product of two atoms that stands in several monomials, and a sum of two
terms that stands in a polynomial times some monomial (a *kernel*): ``a·x + a·y`` has the kernel
``x + y``. Each round takes out the one that saves most operations. It is the greedy algorithm of
Breuer (1969, Generation of optimal code for expressions via factorization) with the kernels of
Hosangadi, Fallah and Kastner (2006, Optimizing polynomial expressions by algebraic factorization
and common subexpression elimination) cut to two terms; larger ones are found two by two.
"""

from __future__ import annotations

from heapq import heappop, heappush

from graphad.passes.extraction_parts import Kernel, Pair, Part, Shape, Term, is_tame, split_terms
from graphad.passes.polynomials import Monomial, System

MOST_TERMS = 80
"""Longer polynomials are not searched for kernels: that takes the square of their length."""


WORK = 1_000_000
"""Most parts that are gone through: a bound on time that does not depend on the machine."""
LARGEST = 300_000
"""Most parts that a system may have to begin with, for anything to be taken out of it."""


class Extraction:
    """Takes common parts out of the polynomials of a system, in place.

    Parameters
    ----------
    system : System
        What is rewritten.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.polynomials: dict[int, dict[Monomial, Term]] = {}
        self.pairs: dict[tuple[int, int, float], Pair] = {}
        self.products: dict[Monomial, list[tuple[Pair, int]]] = {}
        self.shapes: dict[tuple[float, Monomial], Shape] = {}
        self.kernels: dict[tuple[Monomial, Monomial, float], Kernel] = {}
        self.heap: list[tuple[int, bool, int]] = []
        self.looked_at: list[Part] = []
        self.touched: dict[Part, bool] = {}
        self.terms = 0
        self.work = 0

    def run(self, steps: int) -> int:
        """Take out what saves most until nothing does, or for so many steps; return the steps."""
        if self._size() > LARGEST:
            return 0
        defined = self.system.defined
        for atom in sorted(defined):
            polynomial = defined[atom]
            self.polynomials[atom] = {}
            for monomial, coefficient in polynomial.items():
                self._enter(atom, monomial, coefficient, len(polynomial))
        self._flush()
        done = 0
        while self.heap and done < steps and self.work < WORK:
            saving, _, serial = heappop(self.heap)
            part = self.looked_at[serial]
            if part.queued == -saving:
                part.queued = 0
            now = part.saving()
            if now <= 0:
                continue
            if now != -saving:
                self._push(part, now)
                continue
            if isinstance(part, Kernel):
                self._take_kernel(part)
            else:
                assert isinstance(part, Pair)
                self._take_pair(part)
            self._flush()
            done += 1
        for atom, terms in self.polynomials.items():
            defined[atom] = {monomial: term.coefficient for monomial, term in terms.items()}
        return done

    def release(self) -> None:
        """Let go of terms and parts, which know each other: that makes memory free at once."""
        for kernel in self.kernels.values():
            kernel.places.clear()
            kernel.plan = 0, 1.0, []
        for terms in self.polynomials.values():
            for term in terms.values():
                term.kernels.clear()
        for pair in self.pairs.values():
            pair.shapes.clear()
        for shape in self.shapes.values():
            shape.terms.clear()

    def _size(self) -> int:
        """About how many pairs and kernels there are to begin with."""
        size = 0
        for polynomial in self.system.defined.values():
            terms = len(polynomial)
            size += terms * terms // 2 if terms <= MOST_TERMS else 0
            size += sum([len(monomial) ** 2 // 2 for monomial in polynomial])
        return size

    # --- where parts stand -----------------------------------------------------------------------

    def _enter(self, atom: int, monomial: Monomial, coefficient: float, size: int = 0) -> None:
        """Put a term into a polynomial, which has `size` terms in the end."""
        polynomial = self.polynomials[atom]
        term = Term(self.terms, atom, monomial, coefficient)
        self.terms += 1
        shape = self.shapes.get((term.size, monomial))
        if shape is None:
            shape = Shape(self._pairs(monomial, term.size))
            self.shapes[term.size, monomial] = shape
        term.shape = shape
        if not shape.terms:
            for pair, many in shape.pairs:
                pair.shapes[shape] = many
                pair.total += many
        shape.terms[term] = None
        if len(shape.terms) <= 2:
            for pair, _ in shape.pairs:
                self.touched[pair] = True
        self.work += len(shape.pairs)
        if is_tame(coefficient) and max(size, len(polynomial) + 1) <= MOST_TERMS:
            self._enter_kernels(term, polynomial)
        polynomial[monomial] = term

    def _enter_kernels(self, term: Term, polynomial: dict[Monomial, Term]) -> None:
        """Note the kernels that a term has with the others of its polynomial.

        One that stands nowhere else saves nothing unless its terms have a common factor.
        """
        monomial, coefficient, size, atoms = term.monomial, term.coefficient, term.size, term.atoms
        kernels, touched, own = self.kernels, self.touched, term.kernels
        for rest, other in polynomial.items():
            if not is_tame(other.coefficient):
                continue
            if atoms.isdisjoint(other.atoms):
                left, right = monomial, rest
            else:
                _, left, right = split_terms(monomial, rest)
            if left < right:
                ratio = other.coefficient / coefficient
                place = term, other
            else:
                left, right = right, left
                ratio = coefficient / other.coefficient
                place = other, term
            kernel = kernels.get((left, right, ratio))
            if kernel is None:
                kernel = kernels[left, right, ratio] = Kernel(left, right, ratio)
            kernel.places.append(place)
            kernel.count += 1
            kernel.is_known = False
            own.append((kernel, other))
            other.kernels.append((kernel, term))
            if kernel.count > 1 or len(left) < len(place[0].monomial) or size == other.size != 1.0:
                touched[kernel] = True
            else:
                touched.setdefault(kernel, False)
        self.work += len(polynomial)

    def _leave(self, term: Term) -> None:
        """Take a term out of its polynomial; parts do not save more by that."""
        del self.polynomials[term.atom][term.monomial]
        term.is_live = False
        shape = term.shape
        del shape.terms[term]
        touched = self.touched
        if not shape.terms:
            for pair, many in shape.pairs:
                del pair.shapes[shape]
                pair.total -= many
                touched.setdefault(pair, False)
        for kernel, other in term.kernels:
            if other.is_live:
                kernel.count -= 1
                kernel.is_known = False
                if kernel.count:
                    touched[kernel] = True
        self.work += len(shape.pairs) + len(term.kernels)
        term.kernels.clear()

    def _pairs(self, monomial: Monomial, size: float) -> list[tuple[Pair, int]]:
        """Return the pairs of a term, and how often each can be taken out of it."""
        found = self.products.get(monomial)
        if found is None:
            found = []
            atoms = list(dict.fromkeys(monomial))
            for i, a in enumerate(atoms):
                for b in atoms[i:]:
                    many = monomial.count(a)
                    many = many // 2 if a == b else min(many, monomial.count(b))
                    if many:
                        found.append((self._pair(a, b, 1.0), many))
            self.products[monomial] = found
        if size in {0.0, 1.0}:
            return found
        made = []
        for a in dict.fromkeys(monomial):
            made.append((self._pair(-1, a, size), 1))
            made += [item for item in found if item[0].left == a]
        return made

    def _pair(self, left: int, right: int, number: float) -> Pair:
        pair = self.pairs.get((left, right, number))
        if pair is None:
            pair = self.pairs[left, right, number] = Pair(left, right, number)
        return pair

    def _flush(self) -> None:
        """Put what changed on the heap."""
        for part, may_save in self.touched.items():
            saving = part.saving() if may_save else 0
            if saving > 0:
                self._push(part, saving)
        self.touched.clear()

    def _push(self, part: Part, saving: int) -> None:
        """Put a part on the heap: what saves most first, kernels before pairs, then the oldest."""
        if part.queued == saving:
            return
        part.queued = saving
        if part.serial < 0:
            part.serial = len(self.looked_at)
            self.looked_at.append(part)
        heappush(self.heap, (-saving, part.comes_later, part.serial))

    # --- taking them out -------------------------------------------------------------------------

    def _replace(self, old: list[Term], new: Monomial, coefficient: float) -> None:
        atom = old[0].atom
        for term in old:
            self._leave(term)
        there = self.polynomials[atom].get(new)
        if there is not None:
            self._leave(there)
            coefficient += there.coefficient
        self._enter(atom, new, coefficient)

    def _take_kernel(self, part: Kernel) -> None:
        _, scale, places = part.plan
        made = self._new_atom(places[0][0])
        for first, second in places:
            common, _, _ = split_terms(first.monomial, second.monomial)
            self._replace([first, second], (*common, made), first.coefficient / scale)
        self._enter(made, part.left, scale)
        self._enter(made, part.right, scale * part.ratio)

    def _take_pair(self, part: Pair) -> None:
        places = [(term, many) for shape, many in part.shapes.items() for term in shape.terms]
        places.sort(key=lambda place: place[0].serial)
        made = self._new_atom(places[0][0])
        for term, many in places:
            coefficient = term.coefficient
            monomial = list(term.monomial)
            for _ in range(many):
                monomial.remove(part.right)
                if part.left >= 0:
                    monomial.remove(part.left)
                monomial.append(made)
            if part.left < 0:
                coefficient /= part.number
            self._replace([term], tuple(monomial), coefficient)
        own = (part.right,) if part.left < 0 else (part.left, part.right)
        self._enter(made, own, part.number)

    def _new_atom(self, like: Term) -> int:
        """Return a new atom, the last in every monomial, for a polynomial of its own."""
        made = self.system.new_atom(self.system.sources[like.atom])
        self.polynomials[made] = {}
        return made
