"""How special functions and functions of matrices are written in NumPy and SciPy."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import ModuleType
from typing import Any

from graphad.interop.emitter import Emitter
from graphad.ir import Node
from graphad.ops import (
    bessel_orders,
    dawson,
    gaussian_tails,
    lambert,
    linalg_determinants,
    scaled_bessel,
    zeta_sums,
)

# --- special functions ---------------------------------------------------------------------------


def _scaled(zeroth: str, derived: str) -> Emitter:
    """Return the emitter of a scaled Bessel function: SciPy's, or a derivative of it."""
    return lambda node, args: (derived if node.attrs[1] else zeroth).format(
        *args, order=node.attrs[0], derivative=node.attrs[1]
    )


def _derived(zeroth: str, derived: str) -> Emitter:
    """Return the emitter of a function whose first attribute is the order of a derivative."""
    return lambda node, args: (derived if node.attrs[0] else zeroth).format(
        *args, derivative=node.attrs[0]
    )


def _spherical(name: str, signs: tuple[int, int]) -> Emitter:
    """Return the emitter of a spherical Bessel function.

    A derivative is the sum of ``(2n + 1) f'ₙ = ±n fₙ₋₁ ± (n + 1) fₙ₊₁`` (DLMF 10.51).
    """

    def emit(node: Node, args: Sequence[str]) -> str:
        order, derivative = node.attrs
        terms = {order: Fraction(1)}
        for _ in range(derivative):
            moved: dict[int, Fraction] = {}
            for n, factor in terms.items():
                for m, weight in ((n - 1, signs[0] * n), (n + 1, signs[1] * (n + 1))):
                    if weight:
                        moved[m] = moved.get(m, Fraction(0)) + factor * weight / (2 * n + 1)
            terms = moved
        parts = [
            ("" if factor == 1 else f"{float(factor)!r} * ") + f"special.{name}({n}, {args[0]})"
            for n, factor in sorted(terms.items())
        ]
        return " + ".join(parts)

    return emit


def _of_real_order(kind: str) -> str:
    """Return the text for a Bessel function of real order."""
    operands = "np.asarray({0}), np.asarray({1})"
    return f'cylinder_derivative("{kind}", {operands}, {{derivative}}, special)[()]'


def _lambertw(shifted: bool) -> Emitter:
    def emit(node: Node, args: Sequence[str]) -> str:
        (branch,), (x,) = node.attrs, args
        lines = [
            f"w_ = special.lambertw({x}, {branch}).real",
            f"q_ = lambertw_above(np.asarray({x}), {branch}, np.asarray(w_))",
        ]
        result = "q_" if shifted else "np.where(np.isnan(q_) | (abs(q_) < 0.5), q_ - 1, w_)"
        if branch == -1:
            result = f"np.where({x} > 0, np.nan, {result})"
        return "\n".join([*lines, f"{{out}} = {result}[()]"])

    return emit


def _digamma(node: Node, args: Sequence[str]) -> str:
    k = node.attrs[0]
    return f"special.polygamma({k}, {args[0]})" if k else f"special.digamma({args[0]})"


def _zeta(node: Node, args: Sequence[str]) -> str:
    k, (s, q) = node.attrs[0], args
    factors = [f"-({s} + {j})" for j in range(k)]
    return " * ".join(
        [*factors, f"special.zeta({s} + {k}, {q})" if k else f"special.zeta({s}, {q})"]
    )


# fmt: off
_SAME = [
    "beta", "betainc", "betaincc", "betaln", "entr", "erf", "erfc", "erfcinv", "erfi", "erfinv",
    "expi", "expit", "gamma", "gammainc", "gammaincc", "gammaln", "kl_div", "log_expit", "logit",
    "ndtr", "ndtri", "rel_entr", "rgamma", "xlog1py", "xlogy",
]
# fmt: on
SPECIAL: Mapping[str, Emitter] = {
    **{name: f"special.{name}({{args}})" for name in _SAME},
    "bessel_i": "special.ivp({order}, {0}, {derivative})",
    "bessel_ie": _scaled(
        "special.ive({order}, {0})",
        "ive_derivative({order}, {derivative}, np.asarray({0}), special.ive)[()]",
    ),
    "bessel_j": "special.jvp({order}, {0}, {derivative})",
    "bessel_k": "special.kvp({order}, {0}, {derivative})",
    "bessel_ke": _scaled(
        "special.kve({order}, {0})", "kve_derivative({order}, {derivative}, np.asarray({0}))[()]"
    ),
    "bessel_y": "special.yvp({order}, {0}, {derivative})",
    "dawsn": _derived(
        "special.dawsn({0})",
        "dawson_derivative(np.asarray({0}), {derivative}, special.dawsn({0}))[()]",
    ),
    "digamma": _digamma,
    "erfcx": _derived(
        "special.erfcx({0})",
        "erfcx_derivative(np.asarray({0}), {derivative}, special.erfcx({0}))[()]",
    ),
    "expit_negative": "special.expit(-{0})",
    "expn": "special.expn({order}, {0})",
    "hurwitz_zeta": "hurwitz_derivative(*np.broadcast_arrays({0}, {1}), {derivative})[()]",
    "ive": "scaled_i_derivative(*np.broadcast_arrays({0}, {1}), {derivative}, special)[()]",
    **{f"{kind}v": _of_real_order(kind) for kind in "jyik"},
    "kve": _derived(
        "special.kve({0}, {1})",
        "kve_derivative(np.asarray({0}), {derivative}, np.asarray({1}))[()]",
    ),
    "lambertw": _lambertw(False),
    "lambertw_plus_one": _lambertw(True),
    "log_ndtr": _derived(
        "special.log_ndtr({0})",
        "log_ndtr_derivative(np.asarray({0}), {derivative}, "
        "special.erfcx(-{0} / np.sqrt(2)), special.ndtr({0}))[()]",
    ),
    "riemann_zeta": _derived(
        "special.zeta({0})", "riemann_derivative(np.asarray({0}), {derivative}, special)[()]"
    ),
    "sinc": _derived(
        "np.sinc({0})",
        "np.pi**{derivative} * sine_ratio_derivative(np.asarray(np.pi * {0}), {derivative})[()]",
    ),
    "spherical_in": _spherical("spherical_in", (1, 1)),
    "spherical_jn": _spherical("spherical_jn", (1, -1)),
    "spherical_kn": _spherical("spherical_kn", (-1, -1)),
    "spherical_yn": _spherical("spherical_yn", (1, -1)),
    "zeta": _zeta,
}
"""Special functions, by SciPy."""

# --- matrices ------------------------------------------------------------------------------------


def _triangular_solve(node: Node, args: Sequence[str]) -> str:
    lower, flipped = node.attrs
    triangle = f"np.{'tril' if lower else 'triu'}({args[0]})"
    if flipped:
        triangle = f"np.swapaxes({triangle}, -1, -2)"
    return f"np.linalg.solve({triangle}, {args[1]})"


MATRICES: Mapping[str, Emitter] = {
    "cholesky": "np.linalg.cholesky({0})",
    "cofactor": "_cofactor_evaluate({0})",
    "det": "np.linalg.det({0})",
    "eigh": (
        "w_, v_ = np.linalg.eigh({0})\n{out} = np.concatenate([w_[..., None, :], v_], axis=-2)"
    ),
    "eigvalsh": "np.linalg.eigvalsh({0})",
    "fft": 'np.fft.fft({0}, axis={axis}, norm="{norm}")',
    "ifft": 'np.fft.ifft({0}, axis={axis}, norm="{norm}")',
    "inverse": "np.linalg.inv({0})",
    "pinv": "np.linalg.pinv({0})",
    "qr": (
        "q_, r_ = np.linalg.qr({0})\n{out} = np.concatenate([q_, np.swapaxes(r_, -1, -2)], axis=-2)"
    ),
    "slogdet": "np.stack(np.linalg.slogdet({0}), axis=-1)",
    "solve": "np.linalg.solve({0}, {1})",
    "svd": (
        "u_, s_, v_ = np.linalg.svd({0}, full_matrices=False)\n"
        "{out} = np.concatenate([u_, s_[..., None, :], np.swapaxes(v_, -1, -2)], axis=-2)"
    ),
    "svdvals": "np.linalg.svd({0}, compute_uv=False)",
    "triangular_solve": _triangular_solve,
}
"""Functions of matrices, and transforms."""

# --- what neither NumPy nor SciPy has ------------------------------------------------------------

_HELPERS: Mapping[str, tuple[Any, ...]] = {
    "_cofactor_evaluate": (
        linalg_determinants._small_cofactors,
        linalg_determinants._cofactor_evaluate,
    ),
    "cylinder_derivative": (bessel_orders,),
    "dawson_derivative": (dawson,),
    "erfcx_derivative": (gaussian_tails,),
    "hurwitz_derivative": (zeta_sums,),
    "ive_derivative": (scaled_bessel,),
    "kve_derivative": (scaled_bessel,),
    "lambertw_above": (lambert,),
    "log_ndtr_derivative": (gaussian_tails,),
    "riemann_derivative": (zeta_sums,),
    "scaled_i_derivative": (bessel_orders,),
    "sine_ratio_derivative": (scaled_bessel,),
}
"""Functions and modules whose own text is put into a source that calls them: all are of NumPy."""

HELPER_NAMES = frozenset([*_HELPERS, "w_", "q_", "r_", "u_", "s_", "v_", "Array"])
"""Names that no value may have."""


def helper_texts(code: str) -> tuple[list[str], list[str]]:
    """Return imports and definitions that code needs, which calls functions that SciPy lacks."""
    found = [item for name, items in _HELPERS.items() if f"{name}(" in code for item in items]
    imports: list[str] = []
    texts: list[str] = []
    for item in dict.fromkeys(found):
        lines = inspect.getsource(item).splitlines()
        if isinstance(item, ModuleType):
            head = [line for line in lines if line.startswith(("import ", "from "))]
            imports += [line for line in head if "graphad" not in line and "numpy" not in line]
            start = lines.index(head[-1]) + 1
            lines = lines[start:]
        texts.append("\n".join(lines).strip())
    if texts:
        texts.insert(0, "Array = np.ndarray")
    return list(dict.fromkeys(imports)), texts
