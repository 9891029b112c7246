"""What is assumed of the calls that evaluate nodes: whose memory results lie in, and their bits."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.evaluate.lowering import FRESH, SCALAR_CALLS, VIEWS, Memory, lower
from graphad.ir import Node
from graphad.op import OPS, Array, Op, Sample
from graphad.types import FLOAT64, DType, make_type
from tests.evaluate.reference import CASES, F64, case_name, sample_graph, sample_values

SPECIAL = [0.0, -0.0, 1.0, -1.5, 1e308, 5e-324, 0.1, np.inf, -np.inf, np.nan]


def last_node(op: Op, sample: Sample) -> Node:
    """Return the node of the graph of one op."""
    return sample_graph(op, sample).outputs[0]


def test_tables_name_ops() -> None:
    """Every name in the tables is that of an op."""
    assert [name for name in sorted(VIEWS | FRESH | set(SCALAR_CALLS)) if name not in OPS] == []


@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_fresh_results_are_fresh(op: Op, sample: Sample) -> None:
    """A result that is said to lie in memory of its own does, and may be written to."""
    arrays = sample_values(sample)
    calls = lower(last_node(op, sample))
    if len(calls) > 1 or calls[0].memory not in {Memory.FRESH, Memory.TARGET}:
        return
    result = calls[0].run(*[arrays[i] for i in calls[0].operands], *calls[0].extra)
    assert result.dtype == calls[0].type.dtype
    assert result.shape == calls[0].type.shape
    if result.ndim:
        result[...] = result  # raises if it is read-only
        assert not any(np.may_share_memory(result, array) for array in arrays)


@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_ufuncs_write_where_they_are_told(op: Op, sample: Sample) -> None:
    """A call with a target gives the same bits there, also over its first operand."""
    arrays = sample_values(sample)
    calls = lower(last_node(op, sample))
    if len(calls) > 1 or calls[0].memory is not Memory.TARGET or calls[0].type.shape == ():
        return
    run, type = calls[0].run, calls[0].type
    arrays = [arrays[i] for i in calls[0].operands]
    expected = run(*arrays)
    target = np.empty(type.shape, type.dtype)
    run(*arrays, out=target)
    assert target.tobytes() == expected.tobytes()
    if arrays[0].shape == type.shape and arrays[0].dtype == type.dtype:
        run(*arrays, out=arrays[0])
        assert arrays[0].tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", [np.dtype(np.float64), np.dtype(np.float32)], ids=str)
@pytest.mark.parametrize("name", sorted(SCALAR_CALLS))
def test_scalar_calls_are_the_ufuncs(name: str, dtype: DType) -> None:
    """What stands in for a ufunc on scalars gives its bits, also for special values."""
    ufunc = OPS[name].ufunc
    assert ufunc is not None
    with np.errstate(all="ignore"):
        special = np.array(SPECIAL, dtype)
        for operands in np.array(np.meshgrid(*[special] * ufunc.nin)).reshape(ufunc.nin, -1).T:
            numbers = [dtype.type(x) for x in operands]
            found, expected = SCALAR_CALLS[name](*numbers), ufunc(*operands)
            assert found.dtype == expected.dtype
            assert found.tobytes() == expected.tobytes() or np.isnan([found, expected]).all()


@pytest.mark.parametrize("exponent", range(-6, 9))
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_integer_powers_are_chains(exponent: int, shape: tuple[int, ...]) -> None:
    """An integer power is multiplied out with the bits of its op, in as many calls as it costs."""
    b = Builder()
    x = b.input("x", make_type(shape, F64))
    node = b.finish("f", [OPS["integer_power"](x, exponent=exponent)]).outputs[0]
    calls = lower(node)
    value = np.linspace(0.3, 1.7, 3) if shape else np.float64(1.7)
    values: dict[int, Array] = {node.inputs[0].id: value}
    for call in calls:
        values[call.out] = call.run(*[values[one] for one in call.operands], *call.extra)
    assert values[node.id].tobytes() == node.op.evaluate(value, exponent).tobytes()
    assert len(calls) <= max(1, node.op.cost([x.type], x.type, (exponent,)))


def test_sums_of_several_are_folded_from_the_left() -> None:
    """An n-ary sum is n - 1 calls, each on the result before, in the dtype that the two have."""
    b = Builder()
    small = b.input("a", make_type((2,), np.dtype(np.float32)))
    node = b.finish("f", [OPS["add"](small, small, b.input("c", FLOAT64), small)]).outputs[0]
    calls = lower(node)
    assert [call.operands for call in calls] == [(0, 0), (-1, 1), (-2, 0)]
    assert [str(call.type) for call in calls] == ["f32[2]", "f64[2]", "f64[2]"]
    assert calls[-1].out == node.id
