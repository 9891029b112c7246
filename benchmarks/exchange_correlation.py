"""Derivatives of the PBE functional up to order 4: operations and seconds, beside SymPy's.

The function is that of `examples/exchange_correlation.py`. SymPy differentiates the unique entries
of an order one from another, and shares what is common with `cse(optimizations="basic")`; it runs
in a process of its own, that is stopped when its time or memory is over; higher orders are then not
tried. It is optional, and so is its column. Operations are counted by the rule of `graphad.cost`
for both: SymPy is given functions log1p and expm1, and a number times something costs 1, its sign
0.
"""

from __future__ import annotations

import argparse
import resource
import runpy
import subprocess
import sys
import time
from fractions import Fraction
from itertools import combinations_with_replacement
from math import comb
from pathlib import Path
from typing import Any

import graphad as ga
from graphad.planning import STRATEGIES

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "exchange_correlation.py"))
PBE, POINT = EXAMPLE["pbe"], EXAMPLE["POINT"]
VARIABLES = len(POINT)
HIGHEST = 4
LIMIT = 300.0
"""Seconds that SymPy is given for an order."""
MEMORY = 6 * 2**30
"""Bytes that SymPy is given."""


# --- SymPy ----------------------------------------------------------------------------------------


class Symbolic:
    """An expression of SymPy with what NumPy asks of objects."""

    def __init__(self, expression: Any) -> None:
        self.expression = expression

    def log1p(self) -> Symbolic:
        """Return log(1 + x), as one function."""
        from sympy.codegen.cfunctions import log1p

        return Symbolic(log1p(self.expression))

    def expm1(self) -> Symbolic:
        """Return exp(x) - 1, as one function."""
        from sympy.codegen.cfunctions import expm1

        return Symbolic(expm1(self.expression))

    def sqrt(self) -> Symbolic:
        """Return the square root."""
        import sympy

        return Symbolic(sympy.sqrt(self.expression))

    def __pow__(self, power: float) -> Symbolic:
        import sympy

        near = Fraction(power).limit_denominator(100)  # 4/3 arrives as 1.333…
        return Symbolic(self.expression ** sympy.Rational(near.numerator, near.denominator))

    def __neg__(self) -> Symbolic:
        return Symbolic(-self.expression)

    def __add__(self, other: Any) -> Symbolic:
        return Symbolic(self.expression + _expression(other))

    def __sub__(self, other: Any) -> Symbolic:
        return Symbolic(self.expression - _expression(other))

    def __rsub__(self, other: Any) -> Symbolic:
        return Symbolic(_expression(other) - self.expression)

    def __mul__(self, other: Any) -> Symbolic:
        return Symbolic(self.expression * _expression(other))

    def __truediv__(self, other: Any) -> Symbolic:
        return Symbolic(self.expression / _expression(other))

    def __rtruediv__(self, other: Any) -> Symbolic:
        return Symbolic(_expression(other) / self.expression)

    __radd__, __rmul__ = __add__, __mul__


def _expression(value: Any) -> Any:
    import sympy

    if isinstance(value, Symbolic):
        return value.expression
    return sympy.Integer(value) if isinstance(value, int) else sympy.Float(float(value))


def power_cost(exponent: int) -> int:
    """Return the multiplications of a chain of squares, as `graphad.cost` counts them."""
    n = abs(exponent)
    return n.bit_length() - 1 + n.bit_count() - 1


def count(expression: Any) -> int:
    """Return the operations of an expression as it stands, by the rule of `graphad.cost`."""
    total, stack = 0, [expression]
    while stack:
        item = stack.pop()
        if item.is_Atom:
            continue
        stack.extend(item.args)
        if item.is_Add:
            total += len(item.args) - 1
        elif item.is_Mul:
            factors = [arg for arg in item.args if arg != -1]
            below = sum(1 for arg in factors if arg.is_Pow and _divides(arg))
            total += max(len(factors) - 1, 0)
            if below == len(factors):
                total += 1  # nothing to divide but 1
            for arg in factors:
                if arg.is_Pow and _divides(arg):
                    total -= 1  # counted with the power below
        elif item.is_Pow:
            total += power_cost(int(item.exp)) if item.exp.is_Integer else 1
            total += _divides(item)
        elif item.is_Function:
            total += 1
        else:
            raise TypeError(f"{type(item).__name__} is not counted")
    return total


def _divides(power: Any) -> bool:
    return bool(power.exp.is_Integer and int(power.exp) < 0)


def by_sympy(order: int) -> tuple[int, float]:
    """Return operations of all unique entries of an order, and seconds to derive them."""
    import sympy

    start = time.perf_counter()
    names = ("rho_up", "rho_down", "s_uu", "s_ud", "s_dd")
    variables = [sympy.Symbol(name, positive=True) for name in names]
    known = {(): PBE(*map(Symbolic, variables)).expression}
    for k in range(1, order + 1):
        known = {
            index: sympy.diff(known[index[:-1]], variables[index[-1]])
            for index in combinations_with_replacement(range(VARIABLES), k)
        }
    shared, entries = sympy.cse(list(known.values()), optimizations="basic")
    seconds = time.perf_counter() - start
    return sum(map(count, [value for _, value in shared])) + sum(map(count, entries)), seconds


def sympy_cells(order: int, limit: float) -> tuple[str, bool]:
    """Return SymPy's cells of a row, from a process of its own, and whether it got there."""
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--sympy", str(order)],
            capture_output=True,
            encoding="utf-8",
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not within {limit:.0f} s | ", False
    if done.returncode:
        reason = "not installed" if "No module named 'sympy'" in done.stderr else "failed"
        return f"{reason} | ", False
    operations, seconds = done.stdout.split()
    return f"{int(operations):,} | {float(seconds):.1f}", True


# --- tables ---------------------------------------------------------------------------------------


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for SymPy, each order")
    parser.add_argument("--sympy", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sympy is not None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        operations, seconds = by_sympy(options.sympy)
        print(operations, seconds)
        return

    graph = ga.trace(PBE, *POINT)
    print("| order | entries | operations | strategy | s | SymPy's cse | s |")
    print("|---:|---:|---:|---|---:|---:|---:|")
    total, going = 0.0, True
    tables = []
    for order in range(HIGHEST + 1):
        start = time.perf_counter()
        plan = graph.diff(order=order).plan(layout="packed")
        seconds = time.perf_counter() - start
        total += seconds
        tables.append(plan.explain(analyze=True, at=POINT))
        entries = comb(VARIABLES + order - 1, order)
        cells = f"{plan.cost().total:,} | {plan.strategy} | {seconds:.1f}"
        beside, going = sympy_cells(order, options.limit) if going else ("not tried | ", False)
        print(f"| {order} | {entries} | {cells} | {beside} |", flush=True)
    print(f"\nAll orders planned in {total:.1f} s, {len(STRATEGIES)} strategies known.\n")
    print("\n\n".join(tables))


if __name__ == "__main__":
    main()
