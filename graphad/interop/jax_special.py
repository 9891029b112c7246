"""How special functions and functions of matrices are computed by JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from graphad.ir import Node

Rule: TypeAlias = Callable[[Any, Node, Sequence[Any]], Any]

# --- special functions ---------------------------------------------------------------------------


def _special(name: str) -> Rule:
    return lambda jax, node, args: getattr(jax.scipy.special, name)(*args)


def _of(function: Callable[..., Any]) -> Rule:
    return lambda jax, node, args: function(jax, *args)


def _derived(name: str) -> Rule:
    """Return the rule of a function whose first attribute is the order of a derivative."""

    def rule(jax: Any, node: Node, args: Sequence[Any]) -> Any:
        function = jax.numpy.sinc if name == "sinc" else getattr(jax.scipy.special, name)
        for _ in range(node.attrs[0]):
            function = _tangent(jax, function)
        return function(args[0])

    return rule


def _tangent(jax: Any, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the derivative of a function of each element."""
    return lambda x: jax.jvp(function, (x,), (jax.numpy.ones_like(x),))[1]


def _zeta(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    s, q = args
    factor = jax.numpy.ones_like(s)
    for k in range(node.attrs[0]):
        factor = factor * -(s + k)
    return factor * jax.scipy.special.zeta(s + node.attrs[0], q)


def _bessel_i(scaled: bool) -> Rule:
    """Return the rule of I of order 0 or 1, and of its derivatives, which JAX derives."""

    def rule(jax: Any, node: Node, args: Sequence[Any]) -> Any:
        order, derivative = node.attrs
        function = getattr(jax.scipy.special, f"i{order}{'e' if scaled else ''}")
        for _ in range(derivative):
            function = _tangent(jax, function)
        return function(args[0])

    return rule


# fmt: off
_SAME = [
    "beta", "betainc", "betaln", "entr", "erf", "erfc", "erfinv", "expi", "expit", "gamma",
    "gammainc", "gammaincc", "gammaln", "kl_div", "logit", "ndtr", "ndtri", "rel_entr", "xlog1py",
    "xlogy",
]
# fmt: on
SPECIAL: Mapping[str, Rule] = {
    **{name: _special(name) for name in _SAME},
    "bessel_i": _bessel_i(scaled=False),
    "bessel_ie": _bessel_i(scaled=True),
    "betaincc": _of(lambda jax, a, b, x: jax.scipy.special.betainc(b, a, 1 - x)),
    "digamma": lambda jax, node, args: (
        jax.scipy.special.polygamma(node.attrs[0], args[0])
        if node.attrs[0]
        else jax.scipy.special.digamma(args[0])
    ),
    "erfcinv": _of(lambda jax, x: -jax.scipy.special.ndtri(x / 2) / jax.numpy.sqrt(2.0)),
    "expit_negative": _of(lambda jax, x: jax.scipy.special.expit(-x)),
    "expn": lambda jax, node, args: jax.scipy.special.expn(node.attrs[0], args[0]),
    "log_expit": _of(lambda jax, x: -jax.nn.softplus(-x)),
    "log_ndtr": _derived("log_ndtr"),
    "rgamma": _of(lambda jax, x: 1 / jax.scipy.special.gamma(x)),
    "sinc": _derived("sinc"),
    "zeta": _zeta,
}
"""Special functions that JAX has, or that are made of those."""
ORDERS: Mapping[str, int] = {"bessel_i": 1, "bessel_ie": 1}
"""Largest first attribute that JAX has functions for."""

# --- matrices ------------------------------------------------------------------------------------


def _triangular_solve(jax: Any, node: Node, args: Sequence[Any]) -> Any:
    lower, flipped = node.attrs
    return jax.lax.linalg.triangular_solve(*args, left_side=True, lower=lower, transpose_a=flipped)


def _cofactor(jax: Any, x: Any) -> Any:
    """Derive the determinant, which JAX does for singular matrices too."""
    return jax.grad(lambda a: jax.numpy.sum(jax.numpy.linalg.det(a)))(x)


def _stacked(jax: Any, *parts: Any) -> Any:
    return jax.numpy.concatenate(parts, axis=-2)


def _qr(jax: Any, x: Any) -> Any:
    q, r = jax.numpy.linalg.qr(x)
    return _stacked(jax, q, jax.numpy.swapaxes(r, -1, -2))


def _eigh(jax: Any, x: Any) -> Any:
    w, v = jax.numpy.linalg.eigh(x, UPLO="L", symmetrize_input=False)
    return _stacked(jax, w[..., None, :], v)


def _svd(jax: Any, x: Any) -> Any:
    u, s, vh = jax.numpy.linalg.svd(x, full_matrices=False)
    return _stacked(jax, u, s[..., None, :], jax.numpy.swapaxes(vh, -1, -2))


def _transform(name: str) -> Rule:
    def rule(jax: Any, node: Node, args: Sequence[Any]) -> Any:
        axis, norm = node.attrs
        return getattr(jax.numpy.fft, name)(args[0], axis=axis, norm=norm)

    return rule


MATRICES: Mapping[str, Rule] = {
    "cholesky": _of(lambda jax, x: jax.numpy.linalg.cholesky(x, symmetrize_input=False)),
    "cofactor": _of(_cofactor),
    "det": _of(lambda jax, x: jax.numpy.linalg.det(x)),
    "eigh": _of(_eigh),
    "eigvalsh": _of(lambda jax, x: jax.numpy.linalg.eigh(x, UPLO="L", symmetrize_input=False)[0]),
    "fft": _transform("fft"),
    "ifft": _transform("ifft"),
    "inverse": _of(lambda jax, x: jax.numpy.linalg.inv(x)),
    "pinv": _of(lambda jax, x: jax.numpy.linalg.pinv(x)),
    "qr": _of(_qr),
    "slogdet": _of(lambda jax, x: jax.numpy.stack(jax.numpy.linalg.slogdet(x), axis=-1)),
    "solve": _of(lambda jax, a, b: jax.numpy.linalg.solve(a, b)),
    "svd": _of(_svd),
    "svdvals": _of(lambda jax, x: jax.numpy.linalg.svd(x, compute_uv=False)),
    "triangular_solve": _triangular_solve,
}
"""Functions of matrices, and transforms."""
