"""What may be taken out of polynomials, where it stands, and what that saves.

A *kernel* is a sum of two terms that stands in a polynomial times some monomial, as ``x + y`` does
in ``a·x + a·y``; a *pair* is a product of two atoms that stands in a monomial.
"""

from __future__ import annotations

from math import inf
from typing import TypeAlias

from graphad.passes.polynomials import Monomial

LARGEST_IN_KERNELS = 1e15
"""Kernels are made of coefficients from its inverse up to it, so that quotients of two of them are
far from overflow in single precision too."""

Plan: TypeAlias = "tuple[int, float, list[tuple[Term, Term]]]"
"""What a kernel saves, the number that it is scaled by, and where it is taken out."""


class Term:
    """A term of the polynomial of an atom, as long as it stands there.

    Parameters
    ----------
    serial : int
        Terms count from 0, in the order in which they come in.
    atom : int
        Whose polynomial it is in.
    monomial : tuple of int
        Its atoms.
    coefficient : float
        Its number.
    """

    __slots__ = (
        "atom",
        "atoms",
        "coefficient",
        "is_live",
        "kernels",
        "monomial",
        "serial",
        "shape",
        "size",
    )

    def __init__(self, serial: int, atom: int, monomial: Monomial, coefficient: float) -> None:
        self.serial = serial
        self.atom = atom
        self.monomial = monomial
        self.coefficient = coefficient
        self.size = abs(coefficient)
        self.atoms = frozenset(monomial)
        self.is_live = True
        self.kernels: list[tuple[Kernel, Term]] = []
        self.shape: Shape


class Part:
    """What may be taken out: a pair or a kernel.

    `serial` tells those that save the same apart; it is -1 before the part is first looked at.
    `queued` is what it saved when it was last put on the heap.
    """

    __slots__ = ("queued", "serial")
    comes_later = True

    def __init__(self) -> None:
        self.serial = -1
        self.queued = 0

    def saving(self) -> int:
        """Return the operations that are saved by taking the part out."""
        raise NotImplementedError


class Pair(Part):
    """A product of two atoms, or of a number and an atom (`left` is -1).

    `total` is how often it can be taken out of all shapes that stand somewhere.
    """

    __slots__ = ("left", "number", "right", "shapes", "total")

    def __init__(self, left: int, right: int, number: float = 1.0) -> None:
        super().__init__()
        self.left = left
        self.right = right
        self.number = number
        self.total = 0
        self.shapes: dict[Shape, int] = {}

    def saving(self) -> int:
        """Return the products that are saved; equal terms, up to sign, are computed once."""
        if len(self.shapes) == 1 and self.left != self.right:
            (shape,) = self.shapes
            if len(shape.terms) == 1:
                return 0
        return self.total - 1


class Shape:
    """A monomial times a number, up to sign, and the terms that are that."""

    __slots__ = ("pairs", "terms")

    def __init__(self, pairs: list[tuple[Pair, int]]) -> None:
        self.pairs = pairs
        self.terms: dict[Term, None] = {}


class Kernel(Part):
    """The sum ``left + ratio·right``, and the pairs of terms that are a multiple of it."""

    __slots__ = ("count", "is_known", "left", "places", "plan", "ratio", "right")
    comes_later = False

    def __init__(self, left: Monomial, right: Monomial, ratio: float) -> None:
        super().__init__()
        self.left = left
        self.right = right
        self.ratio = ratio
        self.places: list[tuple[Term, Term]] = []
        self.count = 0
        self.is_known = False
        self.plan: Plan = 0, 1.0, []

    def saving(self) -> int:
        """Return the operations that are saved."""
        if not self.is_known:
            self.plan = self._planned()
            self.is_known = True
        return self.plan[0]

    def _planned(self) -> Plan:
        """Return what is saved, the number that the kernel is scaled by, and where it stands."""
        self.places = [item for item in self.places if item[0].is_live and item[1].is_live]
        if not self.places:
            return 0, 1.0, []
        if len(self.places) == 1 and self._is_whole(*self.places[0]):
            return 0, 1.0, []
        taken: set[Term] = set()
        places: list[tuple[Term, Term]] = []
        sizes: dict[float, int] = {}
        left, right, ratio = self.left, self.right, self.ratio
        before = after = 0
        for place in self.places:
            first, second = place
            if first in taken or second in taken:
                continue
            taken.update(place)
            places.append(place)
            before += price(first.monomial, first.coefficient)
            before += price(second.monomial, second.coefficient) + 1
            after += len(first.monomial) - len(left) + 1
            sizes[first.size] = sizes.get(first.size, 0) + 1
        scales = [1.0, *[first.size for first, _ in places[:4]]]
        scales += [second.size / ratio for _, second in places[:4]]
        scales.append(1.0 / ratio)
        least, best = inf, 1.0
        for scale in dict.fromkeys(scales):
            own = price(left, scale) + price(right, scale * ratio) + 1 - sizes.get(abs(scale), 0)
            if own < least:
                least, best = own, scale
        return before - after - int(least), best, places

    def _is_whole(self, first: Term, second: Term) -> bool:
        """Whether a sum of two terms, all there is of a kernel, has no factor to take out."""
        if len(first.monomial) != len(self.left):
            return False
        return abs(self.ratio) != 1.0 or first.size == 1.0


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
    common: list[int] = []
    left: list[int] = []
    right: list[int] = list(second)
    for atom in first:
        if atom in right:
            right.remove(atom)
            common.append(atom)
        else:
            left.append(atom)
    return tuple(common), tuple(left), tuple(right)
