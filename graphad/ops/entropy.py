"""The inverse of the logistic function and the terms of entropies."""

from __future__ import annotations

from graphad.ops.arithmetic import reciprocal
from graphad.ops.exponential import log, log1p
from graphad.ops.special_factory import scipy_special, special_op

logit = special_op(
    "logit",
    lambda x: scipy_special().logit(x),
    lambda y, x: (reciprocal(x * (1 - x)),),
    precise=lambda mp, x: mp.log(x / (1 - x)),
    domains=((0.2, 0.8),),
    identity="inverse of expit: log(x / (1 - x))",
)
xlogy = special_op(
    "xlogy",
    lambda x, y: scipy_special().xlogy(x, y),
    lambda z, x, y: (log(y), x / y),
    precise=lambda mp, x, y: x * mp.log(y) if x else mp.mpf(0),
    arity=2,
    domains=((-2.0, 2.0), (0.5, 3.0)),
    identity="x log(y), and 0 where x is 0",
)
xlog1py = special_op(
    "xlog1py",
    lambda x, y: scipy_special().xlog1py(x, y),
    lambda z, x, y: (log1p(y), x / (1 + y)),
    precise=lambda mp, x, y: x * mp.log1p(y) if x else mp.mpf(0),
    arity=2,
    domains=((-2.0, 2.0), (-0.5, 3.0)),
    identity="x log(1 + y), and 0 where x is 0",
)
entr = special_op(
    "entr",
    lambda x: scipy_special().entr(x),
    lambda y, x: (-log(x) - 1,),
    precise=lambda mp, x: -x * mp.log(x) if x else mp.mpf(0),
    domains=((0.5, 3.0),),
    identity="-x log(x), 0 at 0, -∞ below",
)
rel_entr = special_op(
    "rel_entr",
    lambda x, y: scipy_special().rel_entr(x, y),
    lambda z, x, y: (log(x) - log(y) + 1, -(x / y)),
    precise=lambda mp, x, y: x * mp.log(x / y),
    arity=2,
    domains=((0.5, 3.0), (0.5, 3.0)),
    identity="x log(x / y)",
)
kl_div = special_op(
    "kl_div",
    lambda x, y: scipy_special().kl_div(x, y),
    lambda z, x, y: (log(x) - log(y), 1 - x / y),
    precise=lambda mp, x, y: x * mp.log(x / y) - x + y,
    arity=2,
    domains=((0.5, 3.0), (0.5, 3.0)),
    identity="x log(x / y) - x + y",
)
