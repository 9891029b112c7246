"""Common factors out of sums of products, where that makes the shared graph cheaper."""

from __future__ import annotations

from graphad.builder import Builder, G, paused_gc
from graphad.cost import operations
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.passes.extraction import Extraction
from graphad.passes.pipeline import graph_pass
from graphad.passes.polynomials import ADD, SUBTRACT, Monomial, Polynomial, Reader, System
from graphad.passes.products import DIVIDE, MULTIPLY, NEGATIVE, POWER, RECIPROCAL

STEPS = 20_000
"""Most parts that are taken out: a bound on time that does not depend on the machine."""


@graph_pass
def factor(graph: G, steps: int = STEPS) -> G:
    """Take common factors and common sums out of the polynomials of a scalar graph.

    Identities: ``a·x + a·y -> a·(x + y)``, Horner's scheme in several variables among them;
    ``x·y·z`` and ``x·y·w`` share ``x·y``; sums share sums, up to a number. All sums and products
    are written out first, as far as no other use needs them, so that like terms meet. Reassociates,
    as over the real numbers; returns the graph as it is if nothing is saved.

    Parameters
    ----------
    graph : Graph
        Any graph; array nodes stay as they are.
    steps : int
        Most parts to take out.

    Returns
    -------
    Graph
        Equal up to rounding, with no more operations.
    """
    with paused_gc():
        system = Reader(graph).read()
        extraction = Extraction(system)
        extraction.run(steps)
        extraction.release()
        made = Emission(graph, system).graph(graph)
    if operations(made) >= operations(graph):
        return graph
    made.carry(graph)
    return made


class Emission:
    """Emits a system as a graph.

    Parameters
    ----------
    graph : Graph
        What was read.
    system : System
        Its polynomials.
    """

    def __init__(self, graph: Graph, system: System) -> None:
        self.system = system
        self.origins = graph.origins
        self.builder = Builder()
        self.made: dict[int, Node] = {}
        self.order = self._sorted_atoms()
        self.lone = self._lone_inverses()

    def graph(self, graph: G) -> G:
        """Return the graph, named and nested as `graph` is."""
        inputs = {node.attrs[0]: self.builder.input(*node.attrs).node for node in graph.inputs}
        builder, system = self.builder, self.system
        for atom in self.order:
            source = system.sources[atom]
            origin = self.origins[source.id]
            if atom in system.defined:
                builder.origin = builder.derive(origin, "factor", "polynomial")
                self.made[atom] = self._sum(system.defined[atom], source)
                continue
            opaque = system.opaque[atom]
            if opaque.node.op is INPUT:
                self.made[atom] = inputs[opaque.node.attrs[0]]
                continue
            builder.origin = origin
            operands = [self._scaled(c, self.made[a]) for c, a in opaque.operands]
            if opaque.inverts:
                if atom not in self.lone:
                    self.made[atom] = builder.emit(RECIPROCAL, tuple(operands))
                continue
            self.made[atom] = builder.emit(opaque.node.op, tuple(operands), opaque.node.attrs)
        outputs = [self._scaled(c, self.made[a]) for c, a in system.outputs]
        return builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))

    def _operands(self, atom: int) -> list[int]:
        polynomial = self.system.defined.get(atom)
        if polynomial is None:
            return [a for _, a in self.system.opaque[atom].operands]
        return [a for monomial in polynomial for a in monomial]

    def _sorted_atoms(self) -> list[int]:
        """Return the atoms that outputs need, operands first."""
        order: list[int] = []
        state: dict[int, int] = {}
        stack = [atom for _, atom in reversed(self.system.outputs)]
        while stack:
            atom = stack[-1]
            if state.get(atom) == 2:
                stack.pop()
            elif state.get(atom) == 1:
                stack.pop()
                state[atom] = 2
                order.append(atom)
            else:
                state[atom] = 1
                stack.extend(a for a in reversed(self._operands(atom)) if a not in state)
        return order

    def _lone_inverses(self) -> dict[int, int]:
        """Inverses that stand in one monomial only, and what they are inverses of."""
        count: dict[int, int] = {}
        for atom in self.order:
            polynomial = self.system.defined.get(atom)
            if polynomial is None:
                used = self._operands(atom)
            else:
                used = [a for monomial in polynomial for a in dict.fromkeys(monomial)]
            for a in used:
                count[a] = count.get(a, 0) + 1
        for _, atom in self.system.outputs:
            count[atom] = count.get(atom, 0) + 2
        opaque = self.system.opaque
        operands = {a for item in opaque.values() for _, a in item.operands}
        return {
            atom: item.operands[0][1]
            for atom, item in opaque.items()
            if item.inverts and count.get(atom) == 1 and atom not in operands
        }

    def _sum(self, polynomial: Polynomial, source: Node) -> Node:
        if polynomial.keys() == {()}:
            return self.builder.constant(source.type.dtype.type(polynomial[()])).node
        positive: list[Node] = []
        negative: list[Node] = []
        for monomial, coefficient in sorted(polynomial.items()):
            term = self._product(monomial, abs(coefficient), source)
            (negative if coefficient < 0 else positive).append(term)
        if not negative:
            return self._total(positive)
        if not positive:
            return self.builder.emit(NEGATIVE, (self._total(negative),))
        return self.builder.emit(SUBTRACT, (self._total(positive), self._total(negative)))

    def _total(self, terms: list[Node]) -> Node:
        if len(terms) == 1:
            return terms[0]
        return self.builder.emit(ADD, tuple(sorted(terms, key=_by_id)))

    def _product(self, monomial: Monomial, coefficient: float, source: Node) -> Node:
        """Emit a monomial; by a division where an inverse stands nowhere else."""
        builder = self.builder
        factors: list[Node] = []
        divisors: list[Node] = []
        for atom in dict.fromkeys(monomial):
            base = self.lone.get(atom)
            node = self.made[atom if base is None else base]
            count = monomial.count(atom)
            if count > 1:
                node = builder.emit(POWER, (node,), (count,))
            (factors if base is None else divisors).append(node)
        factors.sort(key=_by_id)
        if coefficient != 1.0 or not factors:
            number = builder.constant(source.type.dtype.type(coefficient)).node
            factors.insert(0, number)
        made = factors[0] if len(factors) == 1 else builder.emit(MULTIPLY, tuple(factors))
        if not divisors:
            return made
        divisors.sort(key=_by_id)
        divisor = divisors[0] if len(divisors) == 1 else builder.emit(MULTIPLY, tuple(divisors))
        if made.op is CONST and coefficient == 1.0:
            return builder.emit(RECIPROCAL, (divisor,))
        return builder.emit(DIVIDE, (made, divisor))

    def _scaled(self, coefficient: float, node: Node) -> Node:
        if coefficient == 1.0:
            return node
        if coefficient == -1.0:
            return self.builder.emit(NEGATIVE, (node,))
        number = self.builder.constant(node.type.dtype.type(coefficient)).node
        return self.builder.emit(MULTIPLY, (number, node))


def _by_id(node: Node) -> int:
    return node.id
