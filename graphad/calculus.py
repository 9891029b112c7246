"""Differentiation as methods: what a graph can be asked for, on top of the passes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np

from graphad.errors import DerivativeError
from graphad.ir import Graph
from graphad.parts import taken_apart
from graphad.passes.diff import MODES, Leaf, check_reverse, choose_mode, differentiate
from graphad.passes.jvp import jvp
from graphad.passes.operators import Terms, biharmonic_terms, laplacian_terms, operator
from graphad.passes.pipeline import OPTIMIZE, Pipeline
from graphad.passes.taylor import taylor
from graphad.passes.transpose import transpose
from graphad.passes.wiring import directed, joined
from graphad.planning import STRATEGIES, Plan, make_plan, structure
from graphad.planning.planner import MEMORY, NODES, SECONDS
from graphad.selection import Wrt, select, with_cotangents, with_tree
from graphad.structures import kinds

G = TypeVar("G", bound=Graph)

HIGHEST = 100
"""The highest order that is derived by first derivatives of first derivatives."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """What a derivative graph is the derivative of.

    Parameters
    ----------
    base : Graph
        The function.
    steps : tuple of str
        For each time, the mode that was taken and why.
    leaves : tuple of Leaf
        What each output is.
    """

    base: Graph
    steps: tuple[str, ...]
    leaves: tuple[Leaf, ...]

    @property
    def order(self) -> int:
        """How many times the base has been differentiated."""
        return len(self.steps)


class Derivable(Graph):
    """A graph that knows what it is the derivative of, and can be differentiated."""

    derivation: Derivation | None = None

    def carry(self, source: Graph) -> None:
        """Take over what is known of `source`, of which this graph is a rewriting."""
        if isinstance(source, Derivable):
            self.derivation = source.derivation

    def diff(
        self, wrt: Wrt = None, mode: str = "auto", order: int = 1, optimize: bool = True
    ) -> Self:
        """Return the graph of the derivative.

        Parameters
        ----------
        wrt : str, int, or a sequence of them, optional
            Inputs to differentiate by, by name or position; ``"params.w"`` is a part of a
            structure. One gives one block, or a structure of blocks; several, and by default all
            of a graph with several inputs, a tuple of them.
        mode : str
            How. ``"forward"`` and ``"reverse"`` differentiate the array graph each time;
            ``"auto"`` takes reverse if there are more inputs than outputs, else forward, and
            `explain` says which. The other modes, those of `plan`, derive the entries of the whole
            derivative at scalar grain.
        order : int
            How many times, each time with the same `wrt` and `mode`.
        optimize : bool
            Whether to simplify; ``False`` shows what the rules did.

        Returns
        -------
        Graph
            Outputs of shape out.shape + in.shape, nested like out and within that like `wrt`.

        Raises
        ------
        DerivativeError
            If an input is not there, or something is not floating point.

        Examples
        --------
        >>> import numpy as np
        >>> from graphad import trace
        >>> g = trace(lambda x, y: np.sin(x) * y)
        >>> dx, dy = g.diff()(0.0, 2.0)
        >>> float(dx), float(dy)
        (2.0, 0.0)
        """
        order = _whole(order, "derivative")
        if order > HIGHEST:
            raise DerivativeError(
                f"differentiating {order} times in a row would take very long; .taylor({order}) "
                "gives all coefficients up to that order at once"
            )
        if mode not in (*MODES, *STRATEGIES):
            known = ", ".join(dict.fromkeys((*MODES, *STRATEGIES)))
            raise DerivativeError(f"there is no mode {mode!r}; modes: {known}")
        if mode not in MODES:
            return self.diff(wrt, "auto", order, optimize)._derived_by(mode)
        graph = self
        for _ in range(order):
            graph = graph._diff_once(wrt, mode, optimize)
        return graph

    def _diff_once(self, wrt: Wrt, mode: str, optimize: bool) -> Self:
        names, tree = select(self, wrt)
        chosen, reason = mode, "asked for"
        if mode == "auto":
            chosen, reason = choose_mode(self, names)
        history = self.derivation.leaves if self.derivation else None
        *held, leaves = differentiate(self, names, chosen, history, tree)
        made = Pipeline(OPTIMIZE).consume(held) if optimize else held.pop()
        base = self.derivation.base if self.derivation else self
        steps = self.derivation.steps if self.derivation else ()
        made.derivation = Derivation(base, (*steps, f"{chosen}: {reason}"), leaves)
        return made

    def _derived_by(self, mode: str) -> Self:
        """Return this derivative, derived again by a strategy at scalar grain."""
        plan = self.plan(mode=mode)
        made: Self = plan.graph
        if self.derivation is not None:
            detail = f", {plan.winner.detail}" if plan.winner.detail else ""
            steps = (f"{mode}: asked for{detail}",) * self.derivation.order
            made.derivation = Derivation(self.derivation.base, steps, self.derivation.leaves)
        return made

    def plan(
        self,
        layout: str = "dense",
        mode: str = "auto",
        entries: Iterable[object] | str | None = None,
        *,
        seconds: float = SECONDS,
        nodes: int = NODES,
        memory: int = MEMORY,
    ) -> Plan:
        """Return the least costly way to compute this derivative, found by counting.

        Each strategy is derived, simplified and counted, by the rule of `graphad.cost`; the one of
        fewest operations wins. `Plan.explain` shows them all.

        Parameters
        ----------
        layout : {"dense", "packed", "distinct", "coo", "csr"}
            ``"dense"``: the array, as calling this graph gives it. ``"packed"``: one value for each
            sorted multi-index, along the last axis. ``"distinct"``: a vector of the values that
            differ and are not zero, with `Plan.index_map`. ``"coo"`` and ``"csr"``: SciPy's sparse
            arrays, of what is no structural zero.
        mode : str
            ``"auto"``, one of ``"compose"``, ``"taylor"``, ``"multivariate"``, ``"directions"``,
            ``"elimination"``, ``"edge-pushing"``, ``"compressed"``, ``"forward"``, ``"reverse"``,
            ``"reverse-forward"``, or ``"nested"`` for this graph as it is.
        entries : iterable of tuple of int, or "diagonal", optional
            Elements that are wanted, as indices into the derivative (after the way through nested
            tuples, if it has any): they come as a vector, and nothing else is derived.
        seconds : float
            Time after which no other strategy is begun, in seconds; without limit by default.
        nodes : int
            Most nodes that a strategy may be estimated to make.
        memory : int
            Most bytes of the result.

        Returns
        -------
        Plan

        Raises
        ------
        DerivativeError
            If these do not fit, or the result would be too large; says what to ask for instead.

        Examples
        --------
        >>> import numpy as np
        >>> from graphad import trace
        >>> g = trace(lambda x: x[0] * x[1] * x[2], np.zeros(3))
        >>> plan = g.diff(order=2).plan(entries=[(0, 1), (1, 2)])
        >>> plan(np.array([2.0, 3.0, 5.0])).tolist()
        [5.0, 2.0]
        """
        return make_plan(self, *self._history(), layout, mode, entries, seconds, nodes, memory)

    def pattern(self) -> Any:
        """Return where this derivative is not structurally zero.

        Returns
        -------
        tuple of numpy.ndarray of int, or nested tuples of them
            For each array of the derivative, indices along each axis, as `numpy.nonzero` gives.

        Examples
        --------
        >>> import numpy as np
        >>> from graphad import trace
        >>> g = trace(lambda x: x[0] * x[1] + x[2] ** 2, np.zeros(3))
        >>> rows, columns = g.diff(order=2).pattern()
        >>> rows.tolist(), columns.tolist()
        ([0, 1, 2], [1, 0, 2])
        """
        return structure(self, *self._history())

    def _history(self) -> tuple[Graph, tuple[Leaf, ...]]:
        """The function that this is a derivative of, itself at order 0, and what outputs are."""
        if self.derivation is not None:
            return self.derivation.base, self.derivation.leaves
        return self, tuple([Leaf(i, node.type.ndim) for i, node in enumerate(self.outputs)])

    def jvp(self, wrt: Wrt = None, optimize: bool = True) -> Self:
        """Return the graph of ``(x, dx) -> (y, dy)``, dy the derivative along dx.

        Parameters
        ----------
        wrt : str, int, or a sequence of them, optional
            Inputs that get a tangent, named ``d`` and the input's name; all if not given.
        optimize : bool
            Whether to simplify.

        Examples
        --------
        >>> import numpy as np
        >>> from graphad import trace
        >>> y, dy = trace(lambda x: np.sin(x)).jvp()(0.0, 2.0)
        >>> float(y), float(dy)
        (0.0, 2.0)
        """
        return self._finished(jvp(self, self._listed(wrt)), optimize)

    def vjp(self, wrt: Wrt = None, optimize: bool = True) -> Self:
        """Return the graph of ``(x, ct) -> (y, xt)``, xt the cotangents of x for ct of y.

        Parameters
        ----------
        wrt : str, int, or a sequence of them, optional
            Inputs to give cotangents for; all if not given. One alone is not in a tuple.
        optimize : bool
            Whether to simplify.

        Examples
        --------
        >>> import numpy as np
        >>> from graphad import trace
        >>> y, xt = trace(lambda x: np.sum(x * x), np.zeros(2)).vjp()(np.array([1.0, 2.0]), 3.0)
        >>> float(y), xt.tolist()
        (5.0, [6.0, 12.0])
        """
        chosen = select(self, wrt)
        pulled = with_tree(self._pulled_back(chosen.names), chosen.opened)
        return self._finished(with_cotangents(joined(self, pulled), self), optimize)

    def _pulled_back(self, names: Sequence[str]) -> Self:
        check_reverse(self, names)
        pushed = jvp(self, names, values=False)
        tangents = [node.attrs[0] for node in pushed.inputs[len(self.inputs) :]]
        return transpose(pushed, tangents)

    def hvp(self, wrt: Wrt = None, optimize: bool = True) -> Self:
        """Return the graph of ``(x, dx) -> H(x)·dx`` for a scalar function, forward over reverse.

        Parameters
        ----------
        wrt : str, int, or a sequence of them, optional
            Inputs that the Hessian is by; all if not given. One alone is not in a tuple.
        optimize : bool
            Whether to simplify.

        Raises
        ------
        DerivativeError
            If the function does not give one scalar.

        Examples
        --------
        >>> import numpy as np
        >>> from graphad import trace
        >>> g = trace(lambda x: np.sum(x**3), np.zeros(2))
        >>> g.hvp()(np.array([1.0, 2.0]), np.array([1.0, 1.0])).tolist()
        [6.0, 12.0]
        """
        names, tree = select(self, wrt)
        if len(self.outputs) != 1 or self.outputs[0].type.shape:
            types = ", ".join(str(node.type) for node in self.outputs)
            raise DerivativeError(
                f"a Hessian–vector product needs one scalar output, and {self.name} gives {types}; "
                "use .diff().jvp() for others"
            )
        single = tree == (0,)
        gradient = self.diff(names[0] if single else wrt, mode="reverse", optimize=optimize)
        return self._finished(jvp(gradient, names, values=False), optimize)

    def value_and_diff(self, wrt: Wrt = None, mode: str = "auto", optimize: bool = True) -> Self:
        """Return the graph of ``(y, dy/dx)``, which shares what both need.

        Parameters
        ----------
        wrt, mode, optimize
            As for `diff`.

        Examples
        --------
        >>> import numpy as np
        >>> from graphad import trace
        >>> y, dy = trace(lambda x: np.exp(2 * x)).value_and_diff()(0.0)
        >>> float(y), float(dy)
        (1.0, 2.0)
        """
        derivative = self.diff(wrt, mode, optimize=False)
        return self._finished(joined(self, derivative), optimize)

    def taylor(
        self, order: int, direction: Any = None, wrt: Wrt = None, optimize: bool = True
    ) -> Self:
        """Return the graph of Taylor coefficients along a direction.

        Parameters
        ----------
        order : int
            The highest power of t in ``f(x + t·direction) = Σ y_k tᵏ``. The k-th derivative along
            the direction is ``k!·y_k``.
        direction : array_like, tuple or structure of array_like, optional
            One for each input that moves, of its shape. If not given, it is 1 for a graph of one
            scalar input, and further inputs ``dx`` for others.
        wrt : str, int, or a sequence of them, optional
            Inputs that move; all if not given.
        optimize : bool
            Whether to simplify.

        Returns
        -------
        Graph
            Each output with a new last axis of length order + 1.

        Raises
        ------
        DerivativeError
            If the order is negative, or a direction is not of its input's shape.

        Examples
        --------
        >>> import numpy as np
        >>> from graphad import trace
        >>> trace(lambda x: np.exp(2 * x)).taylor(3)(0.0).round(6).tolist()
        [1.0, 2.0, 2.0, 1.333333]
        """
        names = self._listed(wrt)
        made = taylor(self, _whole(order, "Taylor series"), names)
        moving = [node for node in self.inputs if node.attrs[0] in names]
        if direction is None and len(self.inputs) == 1 and not self.inputs[0].type.shape:
            direction = 1.0
        if direction is not None:
            given = self._directions(direction, wrt)
            made = directed(made, moving, given)
        return self._finished(made, optimize)

    def _directions(self, direction: Any, wrt: Wrt) -> Sequence[Any]:
        """Return a direction for each input in `wrt`, from a structure of them."""
        tree = select(self, wrt).tree
        if next(kinds(tree), None) is not None:
            return taken_apart("direction", tree, direction)
        return direction if isinstance(direction, tuple) else (direction,)

    def operator(self, terms: Terms, wrt: Wrt = None, optimize: bool = True) -> Self:
        """Return the graph of ``Σ c_α ∂^α f`` for each output element, collapsed as it is pushed.

        Parameters
        ----------
        terms : mapping of tuple to number
            ``{(0, 0): 1.0, (1,): -1.0}`` is ∂²/∂x_0² - ∂/∂x_1; variables are positions among the
            elements of the inputs in `wrt`, names of scalar inputs, or names with indices.

        Examples
        --------
        >>> from graphad import trace
        >>> g = trace(lambda t, x: t * x**3)
        >>> float(g.operator({("x", "x"): 1.0, ("t",): -1.0})(1.0, 2.0))
        4.0
        """
        return self._finished(operator(self, terms, self._listed(wrt)), optimize)

    def laplacian(self, wrt: Wrt = None, weights: Any = None, optimize: bool = True) -> Self:
        """Return the graph of ``Σ ∂²f/∂x_i²``, or ``Σ C_ij ∂²f/∂x_i∂x_j`` for a matrix of weights.

        For each output element; pushes 2 + n vectors through. Weights may be those of a diagonal.
        """
        names = self._listed(wrt)
        return self.operator(laplacian_terms(self, names, weights), names, optimize)

    def biharmonic(self, wrt: Wrt = None, optimize: bool = True) -> Self:
        """Return the graph of ``ΔΔf`` for each output element; for 5 variables, 27 vectors."""
        names = self._listed(wrt)
        return self.operator(biharmonic_terms(self, names), names, optimize)

    def directional(self, order: int, wrt: Wrt = None, optimize: bool = True) -> Self:
        """Return the graph of ``D^k f(x)[v_1, …, v_k]``; its k directions come after the inputs.

        Examples
        --------
        >>> import graphad as ga
        >>> float(ga.trace(lambda x: x**3).directional(2)(5.0, 1.0, 2.0))
        60.0
        """
        names, made = self._listed(wrt), self
        for _ in range(_whole(order, "derivative")):
            made = jvp(made, names, values=False)
        return self._finished(made, optimize)

    def _listed(self, wrt: Wrt) -> tuple[str, ...]:
        return select(self, wrt).names

    def _finished(self, made: Self, optimize: bool) -> Self:
        if made is self:  # a derivative of order 0
            return self
        made.derivation = None
        if not optimize:
            return made
        held = [made]
        del made
        return Pipeline(OPTIMIZE).consume(held)


def _whole(order: object, what: str) -> int:
    """Return an order as an integer.

    Raises
    ------
    DerivativeError
        If it is none, or negative.
    """
    if isinstance(order, int | np.integer) and order >= 0:
        return int(order)
    raise DerivativeError(f"the order of a {what} is 0, 1, 2, … and not {order!r}")
