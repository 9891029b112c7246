"""What is measured: functions, the values that are asked for, and the points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

Entry = tuple[int, tuple[int, ...]]
"""An output of the function, and the variables it is differentiated by, sorted."""
Array = np.ndarray[Any, Any]


class Missing(Exception):  # noqa: N818
    """A peer that cannot do a task here; says why."""


@dataclass(frozen=True)
class Task:
    """One row of the table.

    Parameters
    ----------
    name : str
        What `compare.py --only` calls it.
    title : str
        In the table.
    kind : str
        ``"entries"``; ``"laplacian"``, ``"biharmonic"``, ``"sparse"`` and ``"compile"`` are tasks
        that fewer peers know.
    function : str
        In `workloads`, and in `forms` as scalar code.
    variables : int
    entries : tuple of Entry
        What every peer computes, in order.
    batch : int
        Points of a batch.
    layout : str
        Of the plan.
    outputs : int
        Of the function.
    """

    name: str
    title: str
    kind: str
    function: str
    variables: int
    entries: tuple[Entry, ...] = ()
    batch: int = 10_000
    layout: str = "packed"
    outputs: int = 1
    signs: Array | None = None

    @property
    def order(self) -> int:
        """The highest that is asked for."""
        return max((len(variables) for _, variables in self.entries), default=0)

    def points(self) -> Array:
        """Return the points of a batch, one for each row."""
        r = np.random.default_rng(1)
        shape = (self.batch, self.variables)
        if self.function == "lennard_jones":
            from workloads import lennard_jones_point

            point: Array = lennard_jones_point(4) + r.uniform(-0.05, 0.05, shape)
            return point
        if self.function == "black_scholes":
            low = np.array([80.0, 90.0, 0.01, 0.15, 0.5])
            return r.uniform(low, low * np.array([1.5, 1.3, 5.0, 3.0, 4.0]), shape)
        if self.function == "univariate":
            return np.full(shape, 1.1) + np.linspace(0.0, 0.4, self.batch)[:, None]
        if self.function == "robot_arm":
            return r.uniform(0.2, 1.2, shape)
        return r.uniform(-0.8, 0.8, shape)


@dataclass
class Contender:
    """A task as one peer does it, ready to be called.

    Parameters
    ----------
    name : str
        In the table.
    derive, compile : float
        Seconds; what cannot be told apart stands under ``compile``.
    singles : dict
        Ways to compute one point, the first of a batch: a call without arguments, and what then
        gives the values.
    batch : tuple, optional
        The same for the whole batch; values have a row for each point.
    note : str
        Which of several formulations this is.
    keep : object
        What has to live as long as the calls.
    points : int, optional
        How many points of the batch it is timed with, if not all: figures are for each point.
    """

    name: str
    derive: float
    compile: float
    singles: dict[str, tuple[Callable[[], object], Callable[[], Array]]] = field(
        default_factory=dict
    )
    batch: tuple[Callable[[], object], Callable[[], Array]] | None = None
    note: str = ""
    keep: Any = None
    points: int | None = None


def unique(variables: int, *orders: int) -> tuple[Entry, ...]:
    """Return all unique derivatives of one output, of these orders."""
    return tuple(
        (0, index)
        for order in orders
        for index in combinations_with_replacement(range(variables), order)
    )


TASKS = (
    Task("coupled-6-3", "`coupled`, n = 6, order 3, packed", "entries", "coupled", 6, unique(6, 3)),
    Task("coupled-8-4", "`coupled`, n = 8, order 4, packed", "entries", "coupled", 8, unique(8, 4)),
    Task(
        "atoms-distinct",
        "Lennard-Jones, 4 atoms, order 4, distinct",
        "entries",
        "lennard_jones",
        12,
        unique(12, 4),
        layout="distinct",
    ),
    Task(
        "atoms-packed",
        "Lennard-Jones, 4 atoms, order 4, packed",
        "entries",
        "lennard_jones",
        12,
        unique(12, 4),
    ),
    Task(
        "univariate",
        "derivatives 0 to 12 of exp(sin t)·log1p(t²)",
        "entries",
        "univariate",
        1,
        unique(1, *range(13)),
        layout="orders",
    ),
    Task(
        "arm",
        "`robot_arm`, Jacobian",
        "entries",
        "robot_arm",
        6,
        tuple((row, (column,)) for row in range(6) for column in range(6)),
        layout="dense",
        outputs=6,
    ),
    Task(
        "black-scholes",
        "Black–Scholes, all derivatives of orders 0 to 2",
        "entries",
        "black_scholes",
        5,
        unique(5, 0, 1, 2),
        batch=100_000,
        layout="orders",
    ),
    Task("laplacian", "`mlp(5, 64)`, Laplacian", "laplacian", "mlp", 5, batch=256),
    Task("biharmonic", "`mlp(5, 64)`, biharmonic", "biharmonic", "mlp", 5, batch=256),
    Task("chained", "`chained`, n = 10,000, Hessian, sparse", "sparse", "chained", 10_000, batch=1),
    Task("compile", "a program of 10,000 operations", "compile", "program", 10, batch=10_000),
)
