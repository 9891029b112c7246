"""Functions of `scipy.special` that are not traced: why, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from graphad.errors import TraceError
from graphad.tracing.lowering.registry import Lowering

_ITSELF = (
    "is not traced; if it does not depend on the inputs, compute it outside of the traced "
    "function, else give it a derivative of your own with graphad.primitive"
)
_ELLIPTIC = (
    "is not traced; an elliptic integral can be summed in the traced function, by "
    "Gauss's arithmetic-geometric mean or a quadrature, or be a graphad.primitive"
)
_POLYNOMIAL = (
    "is not traced; a polynomial of a fixed degree is np.polyval(coefficients, x), with the "
    "coefficients of SciPy's class of that name taken outside of the traced function"
)
_INVERSE = "is not traced; write the equation that it solves, and give the root to graphad.implicit"
_DISTRIBUTION = (
    "is not traced; write it with betainc, gammainc, ndtr and erfc, which are differentiated by "
    "their last argument"
)
_ZEROS = "gives fixed numbers; call it outside of the traced function"
_COUNT = "is for integers, which have no derivatives; for real numbers use gamma(n + 1)"
_PAIR = "gives several arrays, and is not traced; make each a graphad.primitive of its own"
_INTEGRAL = (
    "is not traced; its derivative is elementary, so that it makes a short graphad.primitive"
)

_ADVICE: Mapping[str, str] = {
    "factorial": _COUNT,
    "factorial2": _COUNT,
    "factorialk": _COUNT,
    "stirling2": _COUNT,
    "gammasgn": "jumps between -1 and 1; compute it outside of the traced function",
    "multigammaln": (
        "is not traced; write d * (d - 1) / 4 * np.log(np.pi) + the sum of "
        "gammaln(a - j / 2) for j in range(d)"
    ),
    "zetac": "is not traced; write zeta(x) - 1, or zeta(x, 2.0) for x > 1, exact where x is large",
    "exprel": "is not traced; where x is not 0, write np.expm1(x) / x",
    "powm1": "is not traced; write np.expm1(y * np.log(x))",
    "sindg": "is not traced; write np.sin(np.deg2rad(x))",
    "cosdg": "is not traced; write np.cos(np.deg2rad(x))",
    "tandg": "is not traced; write np.tan(np.deg2rad(x))",
    "cotdg": "is not traced; write 1 / np.tan(np.deg2rad(x))",
    "radian": "is not traced; write np.deg2rad(d + m / 60 + s / 3600)",
    "round": "is not traced; write np.round(x), whose derivative is 0",
    "diric": "is not traced; write np.sin(n * x / 2) / (n * np.sin(x / 2)) where that is not 0/0",
    "ndtri_exp": "is not traced; write ndtri(np.exp(y)) where that does not underflow",
    "owens_t": _INTEGRAL,
    "spence": _INTEGRAL,
    "wrightomega": "is not traced; write lambertw(np.exp(z)).real where that does not overflow",
    "agm": _ELLIPTIC,
    "sici": _PAIR,
    "shichi": _PAIR,
    "fresnel": _PAIR,
    "airy": _PAIR,
    "airye": _PAIR,
    "ellipj": _PAIR,
    "kelvin": _PAIR,
    "hankel1": "is complex; write jv(n, x) + 1j * yv(n, x)",
    "hankel2": "is complex; write jv(n, x) - 1j * yv(n, x)",
    "voigt_profile": _ITSELF,
}
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("_zeros", _ZEROS),
    ("_roots", _ZEROS),
    ("roots_", _ZEROS),
    ("ellip", _ELLIPTIC),
    ("eval_", _POLYNOMIAL),
    ("legendre", _POLYNOMIAL),
    ("laguerre", _POLYNOMIAL),
    ("hermite", _POLYNOMIAL),
    ("jacobi", _POLYNOMIAL),
    ("gegenbauer", _POLYNOMIAL),
    ("cheby", _POLYNOMIAL),
    ("gammaincinv", _INVERSE),
    ("gammainccinv", _INVERSE),
    ("betaincinv", _INVERSE),
    ("betainccinv", _INVERSE),
    ("kolmog", _DISTRIBUTION),
    ("smirnov", _DISTRIBUTION),
    ("dtri", _INVERSE),
    ("dtr", _DISTRIBUTION),
)
"""Parts of names, the first that fits; others have no simple alternative."""


def special_advice(name: str) -> str:
    """Return why a function of `scipy.special` cannot be traced and what to write instead.

    Parameters
    ----------
    name : str
        Its name there.

    Examples
    --------
    >>> special_advice("sindg")
    'scipy.special.sindg is not traced; write np.sin(np.deg2rad(x))'
    """
    advice = _ADVICE.get(name)
    if advice is None:
        advice = next((text for part, text in _PATTERNS if part in name), _ITSELF)
    return f"scipy.special.{name} {advice}"


def refusing(message: str) -> Lowering:
    """Return the lowering that refuses."""

    def lowering(*args: Any, **kwargs: Any) -> NoReturn:
        raise TraceError(message)

    return lowering
