"""Functions of SciPy's, outside of `scipy.special`, that are not traced: what to write instead."""

from __future__ import annotations

from collections.abc import Mapping

_FACTORS = "is not traced; use scipy.linalg.solve and det, which factorise, or cho_factor and qr"
_EIGEN = (
    "of a matrix that need not be symmetric is not traced; of a symmetric one use np.linalg.eigh"
)
_QUADRATURE = (
    "chooses its points by the values; write a sum with fixed nodes and weights, as of "
    "np.polynomial.legendre.leggauss(n), or make it a graphad.primitive"
)
_STEPS = (
    "chooses its steps by the values; write steps of a fixed length, by graphad.scan, or make it a "
    "graphad.primitive"
)
_TEST = "is a test of a hypothesis, and not traced; write the statistic out with NumPy"
_SEARCH = "searches while it runs; give the equation that holds at its result to graphad.implicit"
_FUNCTION_OF_A_MATRIX = (
    "is not traced; of a symmetric matrix write (v * f(w)) @ v.T by np.linalg.eigh"
)

_ADVICE: Mapping[str, str] = {
    "scipy.linalg.eig": _EIGEN,
    "scipy.linalg.eigvals": _EIGEN,
    "scipy.linalg.schur": _EIGEN,
    "scipy.linalg.lu": _FACTORS,
    "scipy.linalg.lu_factor": _FACTORS,
    "scipy.linalg.lu_solve": _FACTORS,
    "scipy.linalg.ldl": "is not traced; use scipy.linalg.cholesky, or np.linalg.eigh",
    "scipy.linalg.logm": _FUNCTION_OF_A_MATRIX,
    "scipy.linalg.sqrtm": _FUNCTION_OF_A_MATRIX,
    "scipy.linalg.funm": _FUNCTION_OF_A_MATRIX,
    "scipy.integrate.quad": _QUADRATURE,
    "scipy.integrate.dblquad": _QUADRATURE,
    "scipy.integrate.tplquad": _QUADRATURE,
    "scipy.integrate.nquad": _QUADRATURE,
    "scipy.integrate.quad_vec": _QUADRATURE,
    "scipy.integrate.solve_ivp": _STEPS,
    "scipy.integrate.odeint": _STEPS,
    "scipy.optimize.rosen_der": "is not traced; differentiate scipy.optimize.rosen with graphad",
    "scipy.optimize.rosen_hess": "is not traced; differentiate scipy.optimize.rosen with graphad",
    "scipy.stats.zscore": "is not traced; write (x - np.mean(x)) / np.std(x)",
    "scipy.stats.pearsonr": "is not traced; write np.corrcoef(x, y)[0, 1]",
    "scipy.stats.gmean": "is not traced; write np.exp(np.mean(np.log(x)))",
    "scipy.stats.hmean": "is not traced; write 1 / np.mean(1 / x)",
    "scipy.stats.sem": "is not traced; write np.std(x, ddof=1) / np.sqrt(x.size)",
    "scipy.stats.entropy": "is not traced; normalise, and write np.sum(scipy.special.entr(p))",
    "scipy.stats.ttest_ind": _TEST,
    "scipy.stats.ttest_1samp": _TEST,
    "scipy.stats.ks_2samp": _TEST,
}
_MODULES: Mapping[str, str] = {
    "scipy.optimize.": _SEARCH,
}
_ANY = (
    "is not traced; write it with NumPy, or, if it does not depend on the inputs, compute it "
    "outside of the traced function; graphad.primitive gives it derivatives of your own"
)


def scipy_advice(name: str) -> str:
    """Return why a function of SciPy's cannot be traced and what to write instead.

    Parameters
    ----------
    name : str
        Its public name.

    Examples
    --------
    >>> scipy_advice("scipy.stats.hmean")
    'scipy.stats.hmean is not traced; write 1 / np.mean(1 / x)'
    """
    advice = _ADVICE.get(name)
    if advice is None:
        places = (text for place, text in _MODULES.items() if name.startswith(place))
        advice = next(places, _ANY)
    return f"{name} {advice}"
