"""Which functions of `scipy.special` a traced function may call: docs/special.md is made of this.

``python -m graphad.tracing.special_coverage`` prints the document for the SciPy that is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from graphad.op import OPS, Op
from graphad.ops.special_factory import DERIVATIVE, scipy_special
from graphad.tracing.lowering.special import special_lowering
from graphad.tracing.lowering.special_refusals import special_advice
from graphad.tracing.lowering.special_table import SPECIAL

_ORDER = "one fixed integer order"
_ORDERS = "any fixed order, or an array of them"
_LAST = "differentiated by its last argument"
_POLYNOMIALS = tuple([name for name in SPECIAL if name.startswith("eval_")])
_CLOSE = "as a few ops, without cancellation"
_NOTES: Mapping[str, str] = {
    **dict.fromkeys(("jv", "jn", "yv", "iv", "ive", "kv", "kve"), _ORDERS),
    **dict.fromkeys(("jvp", "yvp", "ivp", "kvp"), _ORDERS),
    **dict.fromkeys(("yn", "kn", "expn", "polygamma"), _ORDER),
    **dict.fromkeys(("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"), _ORDER),
    **dict.fromkeys(("gammainc", "gammaincc", "betainc", "betaincc", "chdtr", "chdtrc"), _LAST),
    **dict.fromkeys(("cosm1", "pseudo_huber", "softplus"), _CLOSE),
    **dict.fromkeys(("boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p"), "of a fixed `lmbda`"),
    **dict.fromkeys(("logsumexp", "softmax", "log_softmax"), "shifted by the largest element"),
    **dict.fromkeys(("jve", "yve"), f"{_ORDERS}; of real arguments, where they are not scaled"),
    **dict.fromkeys(_POLYNOMIALS, "the degree fixed, or an array of degrees"),
    "lpmv": "degree and order fixed and whole, and the argument from -1 to 1",
    "sph_harm_y": "degree and order fixed and whole, of real angles; complex",
    "binom": "`k` fixed and whole: a polynomial of `n`, at negative whole numbers too",
    "comb": "`k` fixed and whole: a polynomial of `N`, and 0 for `N < k`",
    "perm": "`k` fixed and whole: a polynomial of `N`, and 0 for `N < k`",
    "poch": "`m` fixed and whole: a polynomial of `z`",
    "i0e": "at 0, the mean of both sides",
    "i1e": "at 0, the mean of both sides",
    "lambertw": "the branches 0 and -1 of real arguments; complex, as SciPy's is",
    "loggamma": "of real arguments",
    "xlogy": "the derivative by `y` is `x/y`, NaN where both are 0",
    "entr": "the slope at 0 is ∞",
    "rgamma": "derivatives at -1, -2, … are NaN",
    "sinc": "NumPy's; all derivatives are right at 0",
    "zeta": "Riemann's, of all real numbers, and Hurwitz's, differentiated by both arguments",
    "logit": "slopes at 0 and 1 are ∞",
}

_HEAD = """# Special functions in traced functions

Functions of `scipy.special`, as of SciPy {version}: {supported} are supported, {refused} are
refused with an error that says what to write instead. Import them as you like: as
`from scipy.special import erf`, as `special.erf`, inside of the function or outside. Plain Python
functions of SciPy's, such as `logsumexp`, are recognised as the ufuncs are, in the traced function
and in the functions beside it; elsewhere, in code of a library, they are refused as all code is
that makes plain arrays of traced values. SciPy is imported by graphad only when a graph with such a
function is evaluated; `erf`, `erfc` and the logistic functions do without.

Arguments are real; integers become doubles, single precision stays and is computed in double. Every
function differentiates to any order, in every mode. Families of ops with the attribute
`derivative` are their own derivative, with it one larger; they are evaluated by formulas that do
not cancel, where sums of the function itself would. `erf`, `erfc`, `ndtr`, `expit` and `log_expit`
have machine code; compiled graphs with the others are array code that calls SciPy.

Made by `python -m graphad.tracing.special_coverage`; a test compares.

## Accuracy

Values and derivatives of orders 1 to 4, at about 20 points of each domain and in tails, are within
1e-13 of mpmath with 90 digits, relative to themselves, or to what rounding the argument changes,
which is more near zeros. Most are within 2e-14. To be known:

| function | largest relative error of SciPy's value | of the graph's value | of orders 1 to 4 |
|---|---|---|---|
| `lambertw` near -1/e (by 1e-10) | 2e-5 | 2e-16 | 4e-15 |
| `ndtr` from -30 to 3 | 6e-14 | 3e-16 | 1e-15 |
| `jv(1, x)` | 4e-13 | 2e-15, by `j1` | 2e-15 |
| `jv`, `yv` of orders that are no integers | 3e-14 | 3e-14 | 6e-14 |
| `ive` of orders that are no integers | 2e-13 | 3e-15 | 7e-14 |
| `zeta(s)` for s down to -250 | 3e-14 | 3e-14 | 1e-14 |
| `comb(n, 40)` | 4e-13 | 4e-16 | 6e-16 |
| `gammaln` within 0.001 of 1 and 2 | 6e-13 (3e-16 of 1) | 6e-13 | 6e-16 |
| `betaln` near its zero | 6e-14 | 6e-14 | 6e-15 |
| `kl_div` near its zero | 1e-14 | 1e-14 | 9e-16 |
| `log_ndtr` from -200 to 8 | 7e-15 | 7e-15 | 2e-14 |
| `ive`, order 3 | 2e-15 | 2e-15 | 6e-14 |
| `rgamma` near 0 | 2e-16 | 2e-16 | 1e-13 |
| `betainc` | 6e-16 | 6e-16 | 1e-13, near a zero |
| `exp(-x²)` in derivatives of `erf` and `erfc`, by the rounding of x² | | | 1e-16 x²: 5e-14 at 20 |
"""


def public_names() -> list[str]:
    """Return the names of functions of arrays in the SciPy that is installed, in order."""
    module = scipy_special()
    other = ("geterr", "seterr", "errstate")
    return sorted(
        name
        for name in module.__all__
        if name not in other
        and callable(getattr(module, name))
        and not isinstance(getattr(module, name), type)
    )


def document() -> str:
    """Return the tables of what is supported, of its ops, and of what is refused, as Markdown."""
    from scipy import __version__

    names = public_names()
    supported = [name for name in names if name in SPECIAL]
    refused: dict[str, list[str]] = {}
    for name in names:
        if name not in SPECIAL:
            advice = special_advice(name).removeprefix(f"scipy.special.{name} ")
            refused.setdefault(advice, []).append(f"`{name}`")
    lines = [
        _HEAD.format(
            version=__version__, supported=len(supported), refused=len(names) - len(supported)
        ),
        "## Supported\n",
        "| function | of note |",
        "|---|---|",
        *[f"| `{name}` | {_NOTES.get(name, '')} |" for name in supported],
        "\n## Ops that are families of derivatives\n",
        "| op | attributes | value |",
        "|---|---|---|",
        *[_op_row(op) for _, op in sorted(OPS.items()) if DERIVATIVE in op.attrs],
        "\n## Refused\n",
        "| functions | why, and what to write instead |",
        "|---|---|",
        *[f"| {', '.join(group)} | {_cell(advice)} |" for advice, group in refused.items()],
    ]
    return "\n".join(lines) + "\n"


def _op_row(op: Op) -> str:
    attrs = ", ".join([f"`{attr}`" for attr in op.attrs])
    return f"| `{op.name}` | {attrs} | {_cell(op.identity)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def decided(name: str) -> bool:
    """Whether a public function of `scipy.special` has a lowering, which may be a refusal.

    Examples
    --------
    >>> decided("hyp2f1")
    True
    """
    return special_lowering(getattr(scipy_special(), name)) is not None


if __name__ == "__main__":
    sys.stdout.write(document())
