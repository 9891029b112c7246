"""How SciPy's special functions become ops: real numbers, evaluated in double precision.

SciPy is imported when one is evaluated; all else works without it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from graphad.errors import DerivativeError, TypeRuleError
from graphad.op import OPS, Array, Attrs, Number, Op, Operand, Sample
from graphad.ops.factories import Partials, elementwise_batch, jvp_of_partials
from graphad.types import Type, broadcast_shapes, make_type

LARGEST_ATTRIBUTE = 1000
"""Orders and derivatives are integers up to this."""
DERIVATIVE = "derivative"
"""The attribute of ops of which the derivative is the same op with this one larger."""


@lru_cache(maxsize=1)
def scipy_special() -> Any:
    """Return the module `scipy.special`.

    Raises
    ------
    ImportError
        If SciPy is not installed.
    """
    try:
        from scipy import special
    except ImportError as error:
        raise ImportError(
            "special functions are evaluated by SciPy, which is not installed: pip install scipy"
        ) from error
    return special


def _real_type(name: str, attrs: tuple[str, ...], smallest: Mapping[str, int]) -> Any:
    """Return the type rule: real operands broadcast, integers become floats."""

    def infer(types: Sequence[Type], values: Attrs) -> Type:
        dtypes = []
        for type in types:
            if type.is_complex:
                raise TypeRuleError(f"{name} does not take {type}")
            dtypes.append(type.dtype if type.is_inexact else np.dtype(np.float64))
        for attr, value in zip(attrs, values, strict=True):
            low = smallest.get(attr, 0)
            try:
                fits = low <= operator.index(value) <= LARGEST_ATTRIBUTE
            except TypeError:
                fits = False
            if not fits:
                raise TypeRuleError(
                    f"{attr} of {name} must be an integer from {low} to {LARGEST_ATTRIBUTE}, "
                    f"not {value!r}"
                )
        shape = broadcast_shapes(tuple([type.shape for type in types]))
        return make_type(shape, np.result_type(*dtypes))

    return infer


def special_op(
    name: str,
    evaluate: Callable[..., Array],
    partials: Partials,
    *,
    precise: Callable[..., Any],
    identity: str,
    arity: int = 1,
    attrs: tuple[str, ...] = (),
    smallest: Mapping[str, int] | None = None,
    domains: tuple[tuple[float, float], ...] = ((-2.0, 2.0),),
    sampled: Sequence[Attrs] = ((),),
    fixed: Mapping[int, float] | None = None,
    refused: str = "",
) -> Op:
    """Enter a special function as an elementwise op.

    Parameters
    ----------
    name : str
        SciPy's name where SciPy has the function.
    evaluate : callable
        ``evaluate(*arrays, *attrs)`` on arrays of doubles.
    partials : callable
        As `jvp_of_partials` takes them.
    precise : callable
        ``precise(mp, *elements, *attrs)``: one element by mpmath.
    identity : str
        What it computes.
    arity : int
        Number of operands.
    attrs : tuple of str
        Names of attributes, which are integers.
    smallest : mapping of str to int, optional
        Their smallest values, where that is not 0.
    domains : tuple of (float, float)
        Interval for each operand to test in.
    sampled : sequence of tuple
        Attributes to test with.
    fixed : mapping of int to float, optional
        Operands in which there is no derivative, and values to test with.
    refused : str
        What to say if a derivative in those is asked for.
    """
    held = {} if fixed is None else fixed
    infer = _real_type(name, attrs, {} if smallest is None else smallest)
    rule = jvp_of_partials(partials)

    def evaluated(*args: Any) -> Array:
        arrays = [np.asarray(x) for x in args[:arity]]
        dtype = infer([Type(x.shape, x.dtype) for x in arrays], args[arity:]).dtype
        doubles = [x.astype(np.float64, copy=False) for x in arrays]
        with np.errstate(all="ignore"):
            found = evaluate(*doubles, *args[arity:])
        return np.asarray(found).astype(dtype, copy=False)

    def jvp(
        out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], values: Attrs
    ) -> Operand | None:
        for position in held:
            if tangents[position] is not None:
                raise DerivativeError(refused)
        return rule(out, args, tangents, values)

    return OPS.enter(
        Op(
            name,
            infer,
            evaluated,
            attrs=attrs,
            arity=arity,
            jvp=jvp,
            batch=elementwise_batch(name),
            precise=precise,
            elementwise=True,
            analytic=False,
            samples=_samples(arity, domains, sampled, held),
            identity=identity,
        )
    )


def _samples(
    arity: int,
    domains: tuple[tuple[float, float], ...],
    sampled: Sequence[Attrs],
    held: Mapping[int, float],
) -> tuple[Sample, ...]:
    """Scalars with each of the attributes, and arrays with the first."""
    constants = {i: np.asarray(number) for i, number in held.items()}
    found = [Sample(((),) * arity, domains, values, constants) for values in sampled]
    shapes = tuple([() if i in held else (3,) for i in range(arity)])
    return (*found, Sample(shapes, domains, sampled[0], constants))


def derivative_family(
    name: str,
    evaluate: Callable[..., Array],
    *,
    precise: Callable[..., Any],
    identity: str,
    arity: int = 1,
    attrs: tuple[str, ...] = (DERIVATIVE,),
    **options: Any,
) -> Op:
    """Enter an op whose derivative, in the last operand, is itself with `derivative` one larger.

    That attribute is the last one. Further parameters are those of `special_op`.
    """

    def partials(y: Operand, *rest: Any) -> Sequence[Operand | Number | None]:
        xs, values = rest[:arity], dict(zip(attrs, rest[arity:], strict=True))
        values[DERIVATIVE] += 1
        return [None] * (arity - 1) + [OPS[name](*xs, **values)]

    return special_op(
        name,
        evaluate,
        partials,
        precise=precise,
        identity=identity,
        arity=arity,
        attrs=attrs,
        **options,
    )
