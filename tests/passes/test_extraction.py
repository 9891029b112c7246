"""Parts that are taken out of polynomials: operations by hand, and polynomials that stay equal."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from graphad.ir import INPUT, Node
from graphad.passes import extraction
from graphad.passes.extraction import Extraction
from graphad.passes.extraction_parts import price
from graphad.passes.polynomials import Polynomial, System
from graphad.types import FLOAT64

SOURCE = Node(0, INPUT, (), ("x", FLOAT64), FLOAT64)
A, B, C, D = range(4)


def system_of(*polynomials: Polynomial, inputs: int = 4) -> System:
    """Return a system of polynomials in atoms 0, 1, …"""
    system = System()
    for _ in range(inputs):
        system.new_atom(SOURCE)
    for polynomial in polynomials:
        system.defined[system.new_atom(SOURCE)] = dict(polynomial)
    return system


def work(system: System) -> int:
    """Count additions and multiplications."""
    return sum(
        len(p) - 1 + sum(price(monomial, c) for monomial, c in p.items())
        for p in system.defined.values()
    )


def expanded(system: System, atom: int, inputs: int = 4) -> dict[Any, float]:
    """Write a polynomial out in inputs."""
    if atom < inputs:
        return {(atom,): 1.0}
    total: dict[Any, float] = {}
    for monomial, c in system.defined[atom].items():
        factors = [expanded(system, a, inputs) for a in monomial]
        for term, d in reduce(_multiplied, factors, {(): c}).items():
            total[term] = total.get(term, 0.0) + d
    return {term: c for term, c in total.items() if abs(c) > 1e-12}


def _multiplied(left: dict[Any, float], right: dict[Any, float]) -> dict[Any, float]:
    found: dict[Any, float] = {}
    for m, c in left.items():
        for n, d in right.items():
            key = tuple(sorted(m + n))
            found[key] = found.get(key, 0.0) + c * d
    return found


@pytest.mark.parametrize(
    ("polynomials", "most"),
    [
        ([{(A, B): 1.0, (A, C): 1.0}], 2),
        ([{(A, B): 2.0, (A, C): 2.0}], 3),
        ([{(A, B): 1.0, (A, C): -1.0}, {(B, D): 1.0, (C, D): -1.0}], 3),
        ([{(A, A, A, A): 1.0}], 2),
        ([{(A, B, C): 1.0}, {(A, B, D): 1.0}], 3),
        ([{(): 1.0, (A,): 1.0, (A, A): 1.0, (A, A, A): 1.0}], 5),
        ([{(A, C): 1.0, (A, D): 1.0, (B, C): 1.0, (B, D): 1.0}], 3),
        ([{(A,): 3.0, (B,): 1.0}, {(A, C): 3.0, (B,): 1.0}], 4),
    ],
)
def test_operations(polynomials: list[Polynomial], most: int) -> None:
    """Factors, kernels with signs and ratios, squares and multiples are taken out."""
    system = system_of(*polynomials)
    Extraction(system).run(1000)
    assert work(system) <= most
    for place, polynomial in enumerate(polynomials):
        assert expanded(system, 4 + place) == polynomial


MONOMIALS = st.lists(st.integers(0, 3), max_size=5).map(lambda m: tuple(sorted(m)))
NUMBERS = st.sampled_from((1.0, -1.0, 2.0, 0.5, -3.0, 4.0))
POLYNOMIALS = st.dictionaries(MONOMIALS, NUMBERS, min_size=1, max_size=8)


@given(polynomials=st.lists(POLYNOMIALS, min_size=1, max_size=4), steps=st.integers(0, 40))
@settings(max_examples=150)
def test_random_polynomials(polynomials: list[Polynomial], steps: int) -> None:
    """After any number of steps polynomials are the same, written out."""
    system = system_of(*polynomials)
    done = Extraction(system).run(steps)
    assert done <= steps
    for place, polynomial in enumerate(polynomials):
        found = expanded(system, 4 + place)
        assert set(found) == set(polynomial)
        for monomial, c in polynomial.items():
            assert found[monomial] == pytest.approx(c, rel=1e-12)


@given(polynomials=st.lists(POLYNOMIALS, min_size=1, max_size=4))
@settings(max_examples=50)
def test_what_pairs_save_is_kept_up_to_date(polynomials: list[Polynomial]) -> None:
    """The kept totals are those of a fresh count of all pairs."""
    system = system_of(*polynomials)
    worn = Extraction(system)
    worn.run(5)
    fresh = Extraction(system)
    fresh.run(0)
    kept = {key: pair.total for key, pair in worn.pairs.items() if pair.total}
    assert kept == {key: pair.total for key, pair in fresh.pairs.items()}


@given(polynomials=st.lists(POLYNOMIALS, min_size=1, max_size=3))
@settings(max_examples=50)
def test_what_is_taken_out_saves_what_was_said(polynomials: list[Polynomial]) -> None:
    """Each step saves as many operations as it was chosen for; pairs of equal terms save more."""
    system = system_of(*polynomials)
    run = Extraction(system)
    run.run(0)
    promised = max([part.saving() for part in run.kernels.values()], default=0)
    before = work(system)
    if promised > max([pair.saving() for pair in run.pairs.values()], default=0):
        Extraction(system).run(1)
        assert work(system) <= before - promised


def test_numbers_that_leave_the_range() -> None:
    """Terms with numbers near the ends of the range of floats are not put into kernels."""
    system = system_of({(A, B): 1e-29, (A, C): 1e-29}, {(A, B): 1e29, (A, C): 1e29})
    Extraction(system).run(100)
    assert all(c in (1.0, 1e29, 1e-29) for p in system.defined.values() for c in p.values())


def test_bounded_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the work is used up, what was found so far stays."""
    monkeypatch.setattr(extraction, "WORK", 30)
    polynomial: Polynomial = {(A, B, C): 1.0, (A, B, D): 2.0, (A, C, D): 1.0, (B, C, D): 1.0}
    system = system_of(polynomial)
    assert Extraction(system).run(1000) < 3
    assert expanded(system, 4) == polynomial


def test_long_polynomials_are_not_searched_for_kernels() -> None:
    """A polynomial of more terms than the limit only shares products."""
    system = system_of({(A,) * (k + 1): 1.0 for k in range(extraction.MOST_TERMS + 1)})
    run = Extraction(system)
    run.run(0)
    assert run.pairs
    assert not run.kernels
