"""The functions as scalar code, for peers whose symbols are not arrays.

`m` is what the peer offers: ``exp``, ``sin`` …, ``total`` of a list and ``inverse_cube``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from peers.tasks import Task

Symbols = Sequence[Any]


def coupled(m: Any, x: Symbols) -> list[Any]:
    """Return the ring of `workloads.coupled`."""
    pairs = zip(x, [*x[1:], x[0]], strict=True)
    local = [0.5 * a * a + a * a * b - b * b * b * (1 / 3.0) + 0.1 * m.exp(a * b) for a, b in pairs]
    return [m.total(local) + m.sin(m.total(x)) * m.exp(-0.1 * m.total([a * a for a in x]))]


def lennard_jones(m: Any, x: Symbols) -> list[Any]:
    """Return the energy of `workloads.lennard_jones`."""
    terms = []
    for i in range(0, len(x), 3):
        for j in range(i + 3, len(x), 3):
            parts = [x[i + k] - x[j + k] for k in range(3)]
            s = m.inverse_cube(m.total([d * d for d in parts]))
            terms.append(4.0 * (s * s - s))
    return [m.total(terms)]


def univariate(m: Any, x: Symbols) -> list[Any]:
    """Return `workloads.univariate`."""
    (t,) = x
    return [m.exp(m.sin(t)) * m.log1p(t * t)]


def black_scholes(m: Any, x: Symbols) -> list[Any]:
    """Return the price of `workloads.black_scholes`."""
    s, k, r, sig, t = x
    q = sig * m.sqrt(t)
    d1 = (m.log(s / k) + (r + 0.5 * sig * sig) * t) / q
    d2 = d1 - q

    def cdf(u: Any) -> Any:
        return 0.5 * (1.0 + m.erf(u * (1 / np.sqrt(2.0))))

    return [s * cdf(d1) - k * m.exp(-r * t) * cdf(d2)]


def robot_arm(m: Any, x: Symbols) -> list[Any]:
    """Return what `workloads.robot_arm` gives."""
    a1, a2, a3, d1, d4, d6 = 175.0, 890.0, 50.0, 575.0, 1035.0, 185.0
    c1, c2, c3, c4, c5, c6 = (m.cos(u) for u in x)
    s1, s2, s3, s4, s5, s6 = (m.sin(u) for u in x)
    c23 = c2 * c3 - s2 * s3
    s23 = c2 * s3 + s2 * c3
    ax = s5 * (c1 * c23 * c4 + s1 * s4) + c1 * s23 * c5
    ay = s5 * (s1 * c23 * c4 - c1 * s4) + s1 * s23 * c5
    az = s23 * c4 * s5 - c23 * c5
    w = c23 * s5 + s23 * c4 * c5
    nz = c6 * w - s23 * s4 * s6
    oz = -s6 * w - s23 * s4 * c6
    reach = a1 + a2 * c2 + a3 * c23 + d4 * s23
    return [
        d6 * ax + c1 * reach,
        d6 * ay + s1 * reach,
        a2 * s2 + d1 + a3 * s23 - d4 * c23 + d6 * az,
        m.atan2(ay, ax),
        m.atan2(m.sqrt(1 - az * az), az),
        m.atan2(oz, -nz),
    ]


FORMS: dict[str, Callable[[Any, Symbols], list[Any]]] = {
    "coupled": coupled,
    "lennard_jones": lennard_jones,
    "univariate": univariate,
    "black_scholes": black_scholes,
    "robot_arm": robot_arm,
}

OPERATIONS = 10_000
Step = tuple[str, int, int]
TEMPLATES = {
    "add": "v{a} + v{b}",
    "subtract": "v{a} - v{b}",
    "multiply": "v{a} * v{b}",
    "halve": "0.5 * v{a}",
    "cos": "cos(v{a})",
}


def steps(inputs: int, count: int = OPERATIONS) -> list[Step]:
    """Return a program of so many operations: each its kind, and the places of what it takes.

    Sums are halved, so that values stay between -1 and 1; the result depends on every one.
    """
    r = np.random.default_rng(2)
    kinds = ("add", "subtract", "multiply", "cos")
    small = list(range(inputs))
    made: list[Step] = []
    while len(made) < count:
        kind = str(r.choice(kinds, p=(0.3, 0.2, 0.3, 0.2)))
        made.append((kind, small[-1], small[-1 - int(r.integers(1, min(40, len(small))))]))
        if kind in {"add", "subtract"}:
            made.append(("halve", inputs + len(made) - 1, 0))
        small.append(inputs + len(made) - 1)
    return made


def run(program: Sequence[Step], x: Symbols, cos: Callable[[Any], Any]) -> Any:
    """Run a program on any numbers."""
    values = list(x)
    for kind, a, b in program:
        left, right = values[a], values[b]
        if kind == "add":
            values.append(left + right)
        elif kind == "subtract":
            values.append(left - right)
        elif kind == "multiply":
            values.append(left * right)
        elif kind == "halve":
            values.append(0.5 * left)
        else:
            values.append(cos(left))
    return values[-1]


def source(program: Sequence[Step], inputs: int) -> str:
    """Return a program as Python code of a function ``program(x)``."""
    lines = ["def program(x):"]
    lines += [f"    v{i} = x[{i}]" for i in range(inputs)]
    for i, (kind, a, b) in enumerate(program):
        lines.append(f"    v{inputs + i} = " + TEMPLATES[kind].format(a=a, b=b))
    return "\n".join([*lines, f"    return v{inputs + len(program) - 1}", ""])


def functions_of(m: Any, task: Task, x: Symbols) -> list[Any]:
    """Return the outputs of a task's function of symbols."""
    return FORMS[task.function](m, x)


def derived(task: Task, x: Symbols, functions: Symbols) -> list[Any]:
    """Return the expressions of a task's entries, each from one of the order below.

    Symbols are SymPy's, or symengine's.
    """
    known = {(row, ()): function for row, function in enumerate(functions)}
    wanted: list[Any] = []
    for row, index in task.entries:
        for k in range(1, len(index) + 1):
            if (row, index[:k]) not in known:
                known[row, index[:k]] = known[row, index[: k - 1]].diff(x[index[k - 1]])
        wanted.append(known[row, index])
    return wanted
