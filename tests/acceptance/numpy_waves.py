"""Fourier transforms of NumPy's along one axis and several, by sums of their definition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.acceptance.numpy_definitions import MP, Entry

Grid = dict[tuple[int, ...], Any]
"""Numbers by position."""


def _grid(v: Sequence[Any]) -> Grid:
    """What `_array` gives, by position."""
    return {(i, j): v[i] * v[j] ** 2 for i in range(4) for j in range(3)}


def _array(x: Any) -> Any:
    return np.multiply.outer(x[:4], x[:3] ** 2)


def _transformed(grid: Grid, axes: Sequence[int], sign: int) -> Grid:
    """``Σ x_n exp(± 2πi k n / N)`` along axes, divided by N if the sign is that of the inverse."""
    for axis in axes:
        length = 1 + max(at[axis] for at in grid)
        made: Grid = {}
        for at in grid:
            total = MP.mpc(0)
            for n in range(length):
                there = (*at[:axis], n, *at[axis + 1 :])
                total += grid[there] * MP.expjpi(sign * MP.mpf(2) * at[axis] * n / length)
            made[at] = total / length if sign > 0 else total
        grid = made
    return grid


def _parts(numbers: Sequence[Any]) -> list[Any]:
    return [MP.re(z) for z in numbers] + [MP.im(z) for z in numbers]


def _split(z: Any) -> Any:
    return np.concatenate([np.real(z).ravel(), np.imag(z).ravel()])


def _ordered(grid: Grid, last: int = 3) -> list[Any]:
    return [grid[at] for at in sorted(grid) if at[1] < last]


def _of_grid(call: Callable[[Any], Any], axes: Sequence[int], sign: int, last: int = 3) -> Entry:
    """A transform of real numbers; `last` are kept of the last axis."""
    return Entry(
        lambda x: _split(call(_array(x))),
        lambda v: _parts(_ordered(_transformed(_grid(v), axes, sign), last)),
    )


def _half_even(v: Sequence[Any], n: int) -> list[Any]:
    """A spectrum of n numbers from its first half."""
    half = list(v[: n // 2 + 1])
    half[0], half[-1] = (
        MP.mpc(MP.re(half[0])),
        (MP.mpc(MP.re(half[-1])) if n % 2 == 0 else half[-1]),
    )
    rest = [MP.conj(half[n - k]) for k in range(n // 2 + 1, n)]
    return half + rest


def _turned(x: Any) -> Any:
    return x + 1j * x[::-1] ** 2


def _turned_plain(v: Sequence[Any]) -> list[Any]:
    return [MP.mpc(a, b * b) for a, b in zip(v, v[::-1], strict=True)]


def _line(numbers: Sequence[Any], sign: int) -> list[Any]:
    grid = {(n,): z for n, z in enumerate(numbers)}
    made = _transformed(grid, [0], sign)
    return [made[at] for at in sorted(made)]


def _of_half(v: Sequence[Any], shape: tuple[int, int], axes: Sequence[int]) -> list[Any]:
    """The real grid of a spectrum of which half of the last axis is given."""
    rows, n = shape
    half = {
        (i, k): MP.mpc(v[i] * v[k] ** 2, v[k] * v[i] ** 3) for i in range(rows) for k in range(3)
    }
    for axis in axes[:-1]:
        half = _transformed(half, [axis], 1)
    out: list[Any] = []
    for i in range(rows):
        out += [MP.re(z) for z in _line(_half_even([half[i, k] for k in range(3)], n), 1)]
    return out


def _half(x: Any) -> Any:
    return np.outer(x[:4], x[:3] ** 2) + 1j * np.outer(x[:4] ** 3, x[:3])


def _shifted(v: Sequence[Any], by: int) -> list[Any]:
    return [v[(i - by) % len(v)] ** 2 for i in range(len(v))]


BOTH = (0, 1)
WAVES: dict[str, Entry] = {
    "fft": Entry(
        lambda x: _split(np.fft.fft(_turned(x))), lambda v: _parts(_line(_turned_plain(v), -1))
    ),
    "ifft": Entry(
        lambda x: _split(np.fft.ifft(_turned(x))), lambda v: _parts(_line(_turned_plain(v), 1))
    ),
    "rfft": Entry(
        lambda x: _split(np.fft.rfft(x**2)), lambda v: _parts(_line([a * a for a in v], -1)[:3])
    ),
    "irfft": Entry(
        lambda x: np.fft.irfft(_turned(x), 8),
        lambda v: [MP.re(z) for z in _line(_half_even(_turned_plain(v), 8), 1)],
    ),
    "hfft": Entry(
        lambda x: np.fft.hfft(_turned(x), 7),
        lambda v: [
            7 * MP.re(z) for z in _line(_half_even([MP.conj(a) for a in _turned_plain(v)], 7), 1)
        ],
    ),
    "ihfft": Entry(
        lambda x: _split(np.fft.ihfft(x**2)),
        lambda v: _parts([MP.conj(z) / 5 for z in _line([a * a for a in v], -1)[:3]]),
    ),
    "fft2": _of_grid(np.fft.fft2, BOTH, -1),
    "fftn": _of_grid(lambda a: np.fft.fftn(a, axes=(0,)), (0,), -1),
    "ifft2": _of_grid(np.fft.ifft2, BOTH, 1),
    "ifftn": _of_grid(lambda a: np.fft.ifftn(a, axes=(1,)), (1,), 1),
    "rfft2": _of_grid(np.fft.rfft2, BOTH, -1, last=2),
    "rfftn": _of_grid(np.fft.rfftn, BOTH, -1, last=2),
    "irfft2": Entry(lambda x: np.fft.irfft2(_half(x), (4, 4)), lambda v: _of_half(v, (4, 4), BOTH)),
    "irfftn": Entry(
        lambda x: np.fft.irfftn(_half(x), (5,), axes=(1,)), lambda v: _of_half(v, (4, 5), (1,))
    ),
    "fftshift": Entry(lambda x: np.fft.fftshift(x**2), lambda v: _shifted(v, 2)),
    "ifftshift": Entry(lambda x: np.fft.ifftshift(x**2), lambda v: _shifted(v, -2)),
}
