"""Scalar graphs as systems of polynomials in atoms: the form in which common factors show.

An *atom* is a number that is named: an input, the result of an op that is no sum or product, or a
polynomial of its own. A polynomial is a sum of monomials with real coefficients; a monomial is a
sorted tuple of atoms, one for each factor: ``x²·y`` is ``(x, x, y)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from graphad.ir import CONST, Graph, Node
from graphad.ops import OPS
from graphad.passes.products import (
    DIVIDE,
    MULTIPLY,
    NEGATIVE,
    POWER,
    RECIPROCAL,
    is_moderate,
    number_of,
)
from graphad.types import Type

Monomial: TypeAlias = tuple[int, ...]
Polynomial: TypeAlias = dict[Monomial, float]
Terms: TypeAlias = tuple[tuple[Monomial, float], ...]
Key: TypeAlias = tuple[Terms, Type]

ADD, SUBTRACT = OPS["add"], OPS["subtract"]
ALGEBRAIC = (ADD, SUBTRACT, NEGATIVE, MULTIPLY, DIVIDE, RECIPROCAL, POWER)
SUMS = (ADD, SUBTRACT)
LONGEST = 12
"""Most factors that a monomial collects; longer products get names on the way. A monomial has as
many pairs as the square of its length, and all are gone through when one is taken out."""


@dataclass(slots=True)
class Opaque:
    """An atom that is an op of the graph that was read, or 1/a, on multiples of atoms."""

    node: Node
    operands: tuple[tuple[float, int], ...]
    inverts: bool = False


@dataclass(slots=True)
class System:
    """Polynomials that define atoms, and the atoms that are outputs.

    Parameters
    ----------
    opaque : dict of int to Opaque
        Atoms that are ops.
    defined : dict of int to Polynomial
        Atoms that are polynomials.
    outputs : list of (float, int)
        For each output of the graph, a coefficient and an atom.
    sources : list of Node
        For each atom a node of the graph that was read: the atom has its type and its origin.
    """

    opaque: dict[int, Opaque] = field(default_factory=dict)
    defined: dict[int, Polynomial] = field(default_factory=dict)
    outputs: list[tuple[float, int]] = field(default_factory=list)
    sources: list[Node] = field(default_factory=list)
    known: dict[Key, int] = field(default_factory=dict)

    def new_atom(self, source: Node) -> int:
        """Return a new atom, of the type of `source`."""
        self.sources.append(source)
        return len(self.sources) - 1

    def define(self, polynomial: Polynomial, source: Node) -> tuple[float, int]:
        """Return (c, a) with ``c·a`` equal to `polynomial`, a an atom that is there or a new one.

        Equal polynomials, up to a factor, are one atom.
        """
        if len(polynomial) == 1:
            ((monomial, coefficient),) = polynomial.items()
            if len(monomial) == 1:
                return coefficient, monomial[0]
            if monomial:
                return coefficient, self._entered(((monomial, 1.0),), {monomial: 1.0}, source)
            return 1.0, self._entered(tuple(polynomial.items()), polynomial, source)
        key, lead = normalized(polynomial)
        atom = self._entered(key, polynomial, source)
        scale = lead / normalized(self.defined[atom])[1]
        if is_moderate(scale):
            return scale, atom
        atom = self.new_atom(source)  # a number that may leave the range is not taken out
        self.defined[atom] = dict(polynomial)
        return 1.0, atom

    def _entered(self, terms: Terms, polynomial: Polynomial, source: Node) -> int:
        key = terms, source.type
        atom = self.known.get(key)
        if atom is None:
            atom = self.known[key] = self.new_atom(source)
            self.defined[atom] = dict(polynomial)
        return atom


def normalized(polynomial: Polynomial) -> tuple[Terms, float]:
    """Return the sorted terms divided by the first coefficient that is not 0, and that."""
    items = sorted(polynomial.items())
    lead = next((c for _, c in items if c), 1.0)
    return tuple([(monomial, c / lead) for monomial, c in items]), lead


def times(left: Monomial, right: Monomial) -> Monomial:
    """Return the product of two monomials."""
    return tuple(sorted(left + right)) if left and right else left or right


class Reader:
    """Reads a graph into a system.

    Sums that are used once, and all products, are written out; what is used more often, and what
    an op takes or an output is, gets an atom.

    Parameters
    ----------
    graph : Graph
        Any graph; nodes that are not scalar sums and products of one dtype are opaque.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.system = System()
        self.uses = graph.use_counts()
        self.found: dict[int, Polynomial] = {}
        self.inverses: dict[int, int] = {}

    def read(self) -> System:
        """Return the system of all nodes and outputs."""
        for node in self.graph.nodes:
            self.found[node.id] = self._polynomial(node)
        system = self.system
        for node in self.graph.outputs:
            system.outputs.append(system.define(self.found[node.id], node))
        return system

    def _polynomial(self, node: Node) -> Polynomial:
        number = number_of(node)
        if number:
            return {(): number}
        if not is_algebraic(node):
            return self._opaque(node)
        made = self._sum(node) if node.op in SUMS else self._combined(node)
        if made is None:
            return self._opaque(node)
        named = len(made) > 1 and self.uses[node.id] > 1
        return self._named(made, node) if named else made

    def _sum(self, node: Node) -> Polynomial | None:
        """Add up; None if a coefficient is out of range, or if everything cancels.

        What cancels stays as it was written, since 0·x may be -0.0. The longest operand grows in
        place if it has no other use: a sum that is added up term by term takes linear time.
        """
        parts = [(1.0, self.found[operand.id]) for operand in node.inputs]
        if node.op is SUBTRACT:
            parts[1] = -1.0, parts[1][1]
        first = 0
        if node.op is ADD:
            first = max(range(len(parts)), key=lambda i: len(parts[i][1]))
        longest = parts.pop(first)[1]
        added: Polynomial = {}
        for sign, polynomial in parts:
            for monomial, coefficient in polynomial.items():
                before = added.get(monomial)
                if before is None:
                    before = longest.get(monomial, 0.0)
                added[monomial] = before + sign * coefficient
        if not _fit(added):
            return None
        if not any(added.values()) and not any(c for m, c in longest.items() if m not in added):
            return None
        total = longest if self.uses[node.inputs[first].id] == 1 else dict(longest)
        total.update(added)
        return total

    def _combined(self, node: Node) -> Polynomial | None:
        """Multiply, divide or negate; None if a coefficient is out of range."""
        made = self._multiplied(node)
        return made if _fit(made) else None

    def _multiplied(self, node: Node) -> Polynomial:
        operands = [self.found[operand.id] for operand in node.inputs]
        if node.op is NEGATIVE:
            return {monomial: -c for monomial, c in operands[0].items()}
        if node.op is MULTIPLY:
            return self._product(operands, node)
        if node.op is POWER and node.attrs[0] > 0:
            return self._product(operands * node.attrs[0], node)
        inverse = self._inverse(operands[-1], node)
        if node.op is POWER:
            return self._product([inverse] * -node.attrs[0], node)
        return inverse if node.op is RECIPROCAL else self._product([operands[0], inverse], node)

    def _product(self, factors: list[Polynomial], node: Node) -> Polynomial:
        """Multiply; a number is distributed over a sum, other factors get a name for it."""
        coefficient = 1.0
        monomial: Monomial = ()
        sums: list[Polynomial] = []
        for factor in factors:
            if len(factor) == 1:
                ((part, c),) = factor.items()
                coefficient *= c
                monomial += part
            else:
                sums.append(factor)
        if len(sums) == 1 and not monomial:
            return {m: coefficient * c for m, c in sums[0].items()}
        for item in sums:
            c, atom = self.system.define(item, node)
            coefficient *= c
            monomial += (atom,)
        if len(monomial) > LONGEST:
            scale, atom = self.system.define({tuple(sorted(monomial)): coefficient}, node)
            return {(atom,): scale}
        return {tuple(sorted(monomial)): coefficient}

    def _inverse(self, polynomial: Polynomial, node: Node) -> Polynomial:
        """Return 1/p: that of an atom once for all uses, that of a power as a power of it."""
        system = self.system
        coefficient, atom = 1.0, -1
        power = 1
        if len(polynomial) == 1:
            ((monomial, c),) = polynomial.items()
            if monomial and len(set(monomial)) == 1:
                coefficient, atom, power = c, monomial[0], len(monomial)
        if atom < 0:
            coefficient, atom = system.define(polynomial, node)
        if coefficient == 0.0:
            coefficient, atom = 1.0, self._zero_multiple(polynomial, node)
        inverse = self.inverses.get(atom)
        if inverse is None:
            inverse = self.inverses[atom] = system.new_atom(node)
            system.opaque[inverse] = Opaque(node, ((1.0, atom),), inverts=True)
        return {(inverse,) * power: 1.0 / coefficient}

    def _zero_multiple(self, polynomial: Polynomial, node: Node) -> int:
        """Name 0·a itself, which has no inverse to take a number out of."""
        atom = self.system.new_atom(node)
        self.system.defined[atom] = dict(polynomial)
        return atom

    def _opaque(self, node: Node) -> Polynomial:
        define, found = self.system.define, self.found
        operands = [define(found[operand.id], operand) for operand in node.inputs]
        atom = self.system.new_atom(node)
        self.system.opaque[atom] = Opaque(node, tuple(operands))
        return {(atom,): 1.0}

    def _named(self, polynomial: Polynomial, source: Node) -> Polynomial:
        coefficient, atom = self.system.define(polynomial, source)
        return {(atom,): coefficient}


def is_algebraic(node: Node) -> bool:
    """Whether a node is a scalar sum, product, quotient or power that is not 0, of one dtype."""
    if node.op not in ALGEBRAIC or node.type.shape or not node.type.is_inexact:
        return False
    if node.op is POWER and not 0 < abs(node.attrs[0]) <= LONGEST:
        return False
    return all(operand.type == node.type for operand in node.inputs) and not any(
        operand.op is CONST and number_of(operand) in {None, 0.0} for operand in node.inputs
    )


def _fit(polynomial: Polynomial) -> bool:
    """Whether all coefficients are 0 or moderate."""
    return all(c == 0.0 or is_moderate(c) for c in polynomial.values())
