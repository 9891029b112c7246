"""Exponential integrals, and the real branches of Lambert's W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.op import Array, Number, Op, Operand
from graphad.ops.exponential import exp
from graphad.ops.lambert import lambertw_above
from graphad.ops.special_factory import scipy_special, special_op


def _expn_partials(y: Operand, x: Operand, order: int) -> Sequence[Operand | Number | None]:
    return (-(exp(-x) / x) if order == 1 else -expn(x, order=order - 1),)


expn: Op = special_op(
    "expn",
    lambda x, order: scipy_special().exp1(x) if order == 1 else scipy_special().expn(order, x),
    _expn_partials,
    precise=lambda mp, x, order: mp.expint(order, x),
    attrs=("order",),
    smallest={"order": 1},
    domains=((0.5, 4.0),),
    sampled=((1,), (3,)),
    identity="exponential integral of integer order: the integral of exp(-xt) t⁻ⁿ from 1 to ∞",
)
expi = special_op(
    "expi",
    lambda x: scipy_special().expi(x),
    lambda y, x: (exp(x) / x,),
    precise=lambda mp, x: mp.re(mp.ei(x)),
    domains=((0.5, 4.0),),
    identity="exponential integral: the principal value of that of exp(t)/t from -∞ to x",
)

_BRANCH = {"branch": -1}


def _plain(x: Array, branch: int) -> Array:
    return np.asarray(scipy_special().lambertw(x, branch).real)


def _real_domain(x: Array, branch: int, found: Array) -> Array:
    outside = (x > 0) if branch == -1 else np.zeros(x.shape, bool)
    return np.where(outside, np.nan, found)


def _lambertw(x: Array, branch: int) -> Array:
    w = _plain(x, branch)
    q = lambertw_above(x, branch, w)
    return _real_domain(x, branch, np.where(np.isnan(q) | (abs(q) < 0.5), q - 1, w))


def _lambertw_above(x: Array, branch: int) -> Array:
    return _real_domain(x, branch, lambertw_above(x, branch, _plain(x, branch)))


def _precise_w(mp: Any, x: Any, branch: int) -> Any:
    return mp.re(mp.lambertw(x, branch))


lambertw_plus_one: Op = special_op(
    "lambertw_plus_one",
    _lambertw_above,
    lambda y, x, branch: (exp(1 - y) / y,),
    precise=lambda mp, x, branch: 1 + _precise_w(mp, x, branch),
    attrs=("branch",),
    smallest=_BRANCH,
    domains=((-0.2, -0.05),),
    sampled=((0,), (-1,)),
    identity="1 + W(x), exact near the branch point -1/e",
)
lambertw = special_op(
    "lambertw",
    _lambertw,
    lambda y, x, branch: (exp(-y) / lambertw_plus_one(x, branch=branch),),
    precise=_precise_w,
    attrs=("branch",),
    smallest=_BRANCH,
    domains=((-0.2, -0.05),),
    sampled=((0,), (-1,)),
    identity="Lambert's W on its real branches 0 and -1: W exp(W) = x",
)
