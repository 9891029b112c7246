"""The gamma function and what is built of it: beta and the incomplete integrals."""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np

from graphad.op import Array
from graphad.ops.exponential import exp
from graphad.ops.powers import power
from graphad.ops.special_factory import derivative_family, scipy_special, special_op

_IN_SHAPE = (
    "{name} has no derivative rule in its parameters, only in its last argument; keep the "
    "parameters fixed, or use finite differences in them"
)


def _digamma(x: Array, derivative: int) -> Array:
    special = scipy_special()
    if derivative == 0:
        return np.asarray(special.psi(x))
    sign = 1 if derivative % 2 else -1
    return np.asarray(sign * float(factorial(derivative)) * special.zeta(derivative + 1.0, x))


digamma = derivative_family(
    "digamma",
    _digamma,
    precise=lambda mp, x, derivative: mp.psi(derivative, x),
    domains=((0.4, 4.0),),
    sampled=((0,), (1,)),
    identity="a derivative of digamma, which is that of log Γ(x): the polygamma functions",
)
gammaln = special_op(
    "gammaln",
    lambda x: scipy_special().gammaln(x),
    lambda y, x: (digamma(x, derivative=0),),
    precise=lambda mp, x: mp.re(mp.loggamma(x)),
    domains=((0.4, 4.0),),
    identity="log |Γ(x)|",
)
gamma = special_op(
    "gamma",
    lambda x: scipy_special().gamma(x),
    lambda y, x: (y * digamma(x, derivative=0),),
    precise=lambda mp, x: mp.gamma(x),
    domains=((0.4, 4.0),),
    identity="Γ(x)",
)
rgamma = special_op(
    "rgamma",
    lambda x: scipy_special().rgamma(x),
    lambda y, x: (-(y * digamma(x, derivative=0)),),
    precise=lambda mp, x: mp.rgamma(x),
    domains=((0.4, 4.0),),
    identity="1/Γ(x)",
)

# --- two arguments -------------------------------------------------------------------------------


def _psi(x: Any) -> Any:
    return digamma(x, derivative=0)


beta = special_op(
    "beta",
    lambda a, b: scipy_special().beta(a, b),
    lambda y, a, b: (y * (_psi(a) - _psi(a + b)), y * (_psi(b) - _psi(a + b))),
    precise=lambda mp, a, b: mp.beta(a, b),
    arity=2,
    domains=((0.4, 3.0), (0.4, 3.0)),
    identity="Γ(a) Γ(b) / Γ(a + b)",
)
betaln = special_op(
    "betaln",
    lambda a, b: scipy_special().betaln(a, b),
    lambda y, a, b: (_psi(a) - _psi(a + b), _psi(b) - _psi(a + b)),
    precise=lambda mp, a, b: mp.log(abs(mp.beta(a, b))),
    arity=2,
    domains=((0.4, 3.0), (0.4, 3.0)),
    identity="log |beta(a, b)|",
)

# --- incomplete integrals ------------------------------------------------------------------------


def _gamma_density(a: Any, x: Any) -> Any:
    return power(x, a - 1) * exp(-x - gammaln(a))


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    return power(x, a - 1) * power(1 - x, b - 1) / beta(a, b)


gammainc = special_op(
    "gammainc",
    lambda a, x: scipy_special().gammainc(a, x),
    lambda y, a, x: (None, _gamma_density(a, x)),
    precise=lambda mp, a, x: mp.gammainc(a, 0, x, regularized=True),
    arity=2,
    domains=((1.0, 3.0), (0.5, 4.0)),
    fixed={0: 2.5},
    refused=_IN_SHAPE.format(name="gammainc(a, x)"),
    identity="integral of tᵃ⁻¹ exp(-t) from 0 to x, over Γ(a)",
)
gammaincc = special_op(
    "gammaincc",
    lambda a, x: scipy_special().gammaincc(a, x),
    lambda y, a, x: (None, -_gamma_density(a, x)),
    precise=lambda mp, a, x: mp.gammainc(a, x, mp.inf, regularized=True),
    arity=2,
    domains=((1.0, 3.0), (0.5, 4.0)),
    fixed={0: 2.5},
    refused=_IN_SHAPE.format(name="gammaincc(a, x)"),
    identity="1 - gammainc(a, x), exact where gammainc is near 1",
)
betainc = special_op(
    "betainc",
    lambda a, b, x: scipy_special().betainc(a, b, x),
    lambda y, a, b, x: (None, None, _beta_density(a, b, x)),
    precise=lambda mp, a, b, x: mp.betainc(a, b, 0, x, regularized=True),
    arity=3,
    domains=((1.0, 3.0), (1.0, 3.0), (0.2, 0.8)),
    fixed={0: 2.5, 1: 1.75},
    refused=_IN_SHAPE.format(name="betainc(a, b, x)"),
    identity="integral of tᵃ⁻¹ (1 - t)ᵇ⁻¹ from 0 to x, over beta(a, b)",
)
betaincc = special_op(
    "betaincc",
    lambda a, b, x: scipy_special().betaincc(a, b, x),
    lambda y, a, b, x: (None, None, -_beta_density(a, b, x)),
    precise=lambda mp, a, b, x: mp.betainc(a, b, x, 1, regularized=True),
    arity=3,
    domains=((1.0, 3.0), (1.0, 3.0), (0.2, 0.8)),
    fixed={0: 2.5, 1: 1.75},
    refused=_IN_SHAPE.format(name="betaincc(a, b, x)"),
    identity="1 - betainc(a, b, x), exact where betainc is near 1",
)
