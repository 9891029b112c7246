"""Forces and force constants of four atoms in the Lennard-Jones potential.

The energy is written once. Forces are minus its gradient, force constants its Hessian; both are
graphs. A force that only depends on distances can't push or turn the molecule as a whole, so that
the forces add up to zero, and six of the twelve eigenvalues of the force constants at the relaxed
geometry are zero: three translations and three rotations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import graphad as ga

Array = NDArray[np.float64]

START = np.array([[0.0, 0.0, 0.0], [1.1, 0.0, 0.0], [0.5, 1.0, 0.0], [0.5, 0.4, 0.95]])
FIRST, SECOND = np.triu_indices(4, 1)  # each pair of atoms once


def energy(positions: Array) -> Array:
    """Return the sum of 4·(1/r¹² - 1/r⁶) over the pairs; unit well depth and radius."""
    apart = positions[FIRST] - positions[SECOND]
    s = np.sum(apart**2, axis=1) ** -3
    return np.sum(4 * (s**2 - s))


def relax(gradient: ga.Graph, hessian: ga.Graph, positions: Array) -> Array:
    """Return the geometry without forces, by Newton's method on the internal coordinates."""
    for _ in range(50):
        slope = gradient(positions).ravel()
        if np.abs(slope).max() < 1e-13:
            break
        values, modes = np.linalg.eigh(hessian(positions).reshape(12, 12))
        along = modes.T @ slope
        stiff = np.abs(values) > 1e-6  # leaves out translations and rotations
        step = np.where(stiff, along / np.where(stiff, np.abs(values), 1.0), 0.0)
        step *= min(1.0, 0.1 / max(np.linalg.norm(step), 1e-300))
        positions = positions - (modes @ step).reshape(4, 3)
    return positions


class Molecule(NamedTuple):
    """What was found: forces at the start, and everything at the relaxed geometry."""

    start_forces: Array
    positions: Array
    energy: float
    forces: Array
    force_constants: Array
    eigenvalues: Array


def main() -> Molecule:
    """Relax the four atoms and print forces and eigenvalues."""
    potential = ga.trace(energy, START)
    gradient = potential.diff()  # shape (4, 3)
    hessian = gradient.diff()  # shape (4, 3, 4, 3)
    print("The gradient; 'take' picks the atoms of each pair, 'scatter_add' is its transpose:")
    print(f"\n{gradient}\n")
    print(hessian.explain())

    forces = -gradient(START)
    print(f"\nforces at the start:\n{forces}\ntheir sum: {forces.sum(axis=0)}")

    relaxed = relax(gradient, hessian, START)
    constants = hessian(relaxed).reshape(12, 12)
    eigenvalues = np.linalg.eigvalsh(constants)
    lengths = np.linalg.norm(relaxed[FIRST] - relaxed[SECOND], axis=1)
    print(
        f"\nrelaxed: energy {potential(relaxed):.12f} (six pairs at -1 each), distances {lengths}"
    )
    print(f"eigenvalues of the force constants:\n{eigenvalues}")
    print(f"{np.sum(np.abs(eigenvalues) < 1e-9)} of them are zero")
    return Molecule(
        forces, relaxed, float(potential(relaxed)), -gradient(relaxed), constants, eigenvalues
    )


if __name__ == "__main__":
    main()
