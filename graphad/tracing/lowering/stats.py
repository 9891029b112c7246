"""Methods of distributions of `scipy.stats`: told by the object that they belong to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from graphad.builder import Builder
from graphad.errors import TraceError, TypeRuleError
from graphad.tracing.lowering.registry import Function, Lowering
from graphad.tracing.lowering.special_refusals import refusing
from graphad.tracing.lowering.stats_continuous import CONTINUOUS
from graphad.tracing.lowering.stats_discrete import DISCRETE
from graphad.tracing.lowering.stats_multivariate import (
    multivariate_normal_logpdf,
    multivariate_normal_pdf,
)
from graphad.tracing.lowering.stats_table import Family, evaluated

FAMILIES: Mapping[str, Family] = {**CONTINUOUS, **DISCRETE}
"""Distributions of one variable."""
MULTIVARIATE: Mapping[str, Mapping[str, Lowering]] = {
    "multivariate_normal": {
        "logpdf": multivariate_normal_logpdf,
        "pdf": multivariate_normal_pdf,
    },
}
"""Methods of distributions of several variables."""

_ADVICE: Mapping[str, str] = {
    "rvs": (
        "draws other numbers each time; draw standard ones outside of the traced function, and "
        "write loc + scale * drawn"
    ),
    "fit": (
        "is a search; trace the negative logarithm of the likelihood, -np.sum(logpdf(x, ...)), and "
        "minimise it with its derivatives"
    ),
    "ppf": "is not traced; give the equation cdf(x) - q = 0 to graphad.implicit",
    "isf": "is not traced; give the equation sf(x) - q = 0 to graphad.implicit",
    "nnlf": "is not traced; write -np.sum(logpdf(x, ...))",
    "expect": "is an integral; write a sum with the nodes and weights of a quadrature",
}
_MOMENTS = ("mean", "var", "std", "median", "stats", "moment", "entropy", "interval", "support")
_OF_THE_FORMULA = "is not traced; write its formula out with the parameters"


def _listed(methods: Mapping[str, object]) -> str:
    *most, last = methods
    return f"{', '.join(most)} and {last}" if most else last


def _refused(name: str, method: str) -> str:
    """Return why a method is not traced and what to write instead."""
    place = f"scipy.stats.{name}.{method}"
    known: Mapping[str, object] | None = MULTIVARIATE.get(name)
    if known is None and name in FAMILIES:
        known = FAMILIES[name].formulas
    if known is None:
        return (
            f"{place} is not traced; write the formula out with NumPy and scipy.special, or use "
            f"one of {_listed({**FAMILIES, **MULTIVARIATE})}"
        )
    advice = _ADVICE.get(method)
    if advice is None and method in _MOMENTS:
        advice = _OF_THE_FORMULA
    return f"{place} {advice or f'is not traced; there are {_listed(known)}'}"


def _family_name(owner: Any) -> str:
    """Return the name in `scipy.stats` of a distribution."""
    return getattr(owner, "name", None) or type(owner).__name__.removesuffix("_gen")


def _is_scipys(owner: Any, name: str) -> bool:
    """Return whether a distribution is SciPy's, or one of that with fixed parameters."""
    original = getattr(sys.modules.get("scipy.stats"), name, None)
    return type(owner) is type(original)


def stats_lowering(function: Function) -> Lowering | None:
    """Return the lowering of a method of a distribution; ``None`` for any other function.

    Parameters
    ----------
    function : callable
        What a traced function calls.
    """
    owner = getattr(function, "__self__", None)
    if owner is None or not type(owner).__module__.startswith("scipy.stats."):
        return None
    method = function.__name__
    fixed: tuple[Any, Any] = (), {}
    if hasattr(owner, "args") and hasattr(owner, "dist"):
        owner, fixed = owner.dist, (owner.args, owner.kwds)
    elif hasattr(owner, "cov_object"):
        owner, fixed = owner._dist, ((owner.mean, owner.cov_object.covariance), {})
    name = _family_name(owner)
    if not _is_scipys(owner, name):
        return refusing(_refused(name, method))
    family = FAMILIES.get(name)
    inner: Any = MULTIVARIATE.get(name, {}).get(method)
    if family is not None and method in family.formulas:
        inner = partial(_evaluated, family, method)
    if inner is None:
        return refusing(_refused(name, method))

    def lowering(builder: Builder, *args: Any, **kwargs: Any) -> Any:
        try:
            return inner(builder, *args, *fixed[0], **{**kwargs, **fixed[1]})
        except (TraceError, TypeRuleError) as error:
            raise TraceError(f"scipy.stats.{name}.{method}: {error}") from error

    return lowering


def _evaluated(family: Family, method: str, builder: Builder, *args: Any, **kwargs: Any) -> Any:
    return evaluated(builder, method, family, args, kwargs)
