"""Parts of polynomials: divisors, prices, and what taking parts out saves, by hand."""

from __future__ import annotations

import pytest

from graphad.passes.extraction_parts import (
    Kernel,
    Pair,
    Shape,
    Term,
    is_tame,
    price,
    split_terms,
)
from graphad.passes.polynomials import Monomial

A, B, C = range(3)


def test_split_terms() -> None:
    """The divisor and both rests; equal monomials leave nothing."""
    assert split_terms((A,), (B,)) == ((), (A,), (B,))
    assert split_terms((A, A, B), (A, B, B)) == ((A, B), (A,), (B,))
    assert split_terms((A, B), (A, B)) == ((A, B), (), ())
    assert split_terms((), (A,)) == ((), (), (A,))


def test_price() -> None:
    """A term takes the products of its atoms, and one by its number unless that is 1 or -1."""
    assert price((), 5.0) == 0
    assert price((A, B, B), -1.0) == 2
    assert price((A, B, B), 3.0) == 3


def test_numbers_that_are_tame() -> None:
    """Very large and very small numbers, 0 and nan are not."""
    assert is_tame(-1e15)
    assert not is_tame(2e15)
    assert not is_tame(0.0)
    assert not is_tame(float("nan"))


def kernel_of(
    left: Monomial, right: Monomial, ratio: float, *terms: tuple[Monomial, float]
) -> Kernel:
    """Return a kernel that stands in polynomials of two terms each, one after the other."""
    made = Kernel(left, right, ratio)
    listed = [Term(i, i // 2, monomial, c) for i, (monomial, c) in enumerate(terms)]
    made.places = list(zip(listed[::2], listed[1::2], strict=True))
    made.count = len(made.places)
    return made


@pytest.mark.parametrize(
    ("kernel", "saving", "scale"),
    [
        (kernel_of((A,), (B,), 1.0), 0, 1.0),
        (kernel_of((A,), (B,), 1.0, ((A,), 1.0), ((B,), 1.0)), 0, 1.0),
        (kernel_of((A,), (B,), 3.0, ((A,), 1.0), ((B,), 3.0)), 0, 1.0),
        (kernel_of((A,), (B,), 1.0, ((A,), 2.0), ((B,), 2.0)), 1, 1.0),
        (kernel_of((A,), (B,), 1.0, ((A, C), 1.0), ((B, C), 1.0)), 1, 1.0),
        (kernel_of((A,), (B,), 3.0, ((A, C), 2.0), ((B, C), 6.0)), 1, 1.0),
        (kernel_of((), (B,), 1.0, ((C,), 1.0), ((B, C), 1.0)), 0, 1.0),
        (
            kernel_of((A,), (B,), -3.0, *[((A, C), 2.0), ((B, C), -6.0)] * 3),
            9,
            2.0,
        ),
    ],
)
def test_savings_of_kernels(kernel: Kernel, saving: int, scale: float) -> None:
    """What a kernel saves, and the number it is best scaled by."""
    assert kernel.saving() == saving
    assert kernel.plan[1] == scale


def test_places_that_are_gone() -> None:
    """A kernel forgets places whose terms are gone, and no term is in two of those it takes."""
    kernel = kernel_of((A,), (B,), 1.0, *[((A, C), 1.0), ((B, C), 1.0)] * 2)
    assert len(kernel.plan[2]) == 0
    assert kernel.saving() == 3
    kernel.places[0][0].is_live = False
    kernel.is_known = False
    assert kernel.saving() == 1
    kernel.places *= 2
    kernel.is_known = False
    assert kernel.saving() == 1
    assert len(kernel.plan[2]) == 1


def test_savings_of_pairs() -> None:
    """Equal terms are computed once; a square in one term may be used twice in it."""
    pair, square = Pair(A, B), Pair(A, A)
    shape = Shape([(pair, 1)])
    pair.shapes, pair.total = {shape: 1}, 1
    shape.terms[Term(0, 3, (A, B, C), 1.0)] = None
    assert pair.saving() == 0
    shape.terms[Term(1, 4, (A, B, C), -1.0)] = None
    assert pair.saving() == 0
    pair.shapes[Shape([])], pair.total = 1, 2
    assert pair.saving() == 1
    square.shapes, square.total = {shape: 2}, 2
    assert square.saving() == 1
