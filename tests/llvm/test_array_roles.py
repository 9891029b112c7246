"""Roles of nodes: what is fused, what is a product, and what NumPy keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import GraphError
from graphad.llvm.array_roles import What, default_space, roles_of

WEIGHTS = np.random.default_rng(0).uniform(-1, 1, (64, 64))


def last_role(function: Any, *examples: Any) -> Any:
    """Return the role of the node that a function gives."""
    graph = ga.trace(function, *examples)
    return roles_of(graph)[graph.outputs[0].id]


@pytest.mark.parametrize(
    ("function", "shape", "what", "space"),
    [
        (lambda x: np.sin(x), (64,), What.LOOP, (64,)),
        (lambda x: np.sin(x), (15, 64), What.LOOP, (64,)),
        (lambda x: np.sin(x), (400, 3), What.LOOP, (400, 3)),
        (lambda x: np.sin(x), (5,), What.LOOP, ()),
        (lambda x: np.sin(x)[1:3], (4, 64), What.LOOP, (64,)),
        (lambda x: np.sin(x)[:, 1:], (4, 64), What.VIEW, ()),
        (lambda x: x[1:], (64,), What.VIEW, ()),
        (lambda x: np.sum(np.sin(x), axis=0), (4, 64), What.LOOP, (64,)),
        (lambda x: np.sum(np.sin(x)), (64,), What.SUM, (64,)),
        (lambda x: x @ x, (64,), What.SUM, (64,)),
        (lambda x: x @ WEIGHTS, (3, 64), What.PRODUCT, ()),
        (lambda x: WEIGHTS @ x, (64,), What.PRODUCT, ()),
        (lambda x: x @ WEIGHTS[:5], (5,), What.LOOP, (64,)),
        (lambda x: np.concatenate([np.sin(x), x]), (64,), What.JOIN, ()),
        (lambda x: np.concatenate([np.sin(x), x]), (4, 64), What.LOOP, (64,)),
        (lambda x: np.cumsum(x), (64,), What.CALL, ()),
        (lambda x: np.max(x), (64,), What.CALL, ()),
    ],
)
def test_roles(function: Any, shape: Any, what: What, space: Any) -> None:
    """Each kind of node is computed in its way, in a loop over the axes that are said."""
    role = last_role(function, np.zeros(shape))
    assert (role.what, role.space) == (what, space)


def test_what_moves_rows_stays_in_the_loop() -> None:
    """A take of rows of what a loop computes gives names only; one of an input is a view."""
    index = np.array([0, 0, 1])
    assert last_role(lambda x: np.take(np.sin(x), index, 0), np.zeros((2, 64))).what is What.LOOP
    assert last_role(lambda x: np.take(x, index, 0), np.zeros((2, 64))).what is What.VIEW


@pytest.mark.parametrize(
    ("shape", "space"), [((), ()), ((8,), ()), ((9,), (9,)), ((48, 9), (9,)), ((49, 9), (49, 9))]
)
def test_default_space(shape: Any, space: Any) -> None:
    """Few elements need no loop, and few rows are written out."""
    assert default_space(shape) == space


def test_refusals() -> None:
    """Other dtypes and empty arrays have no array code."""
    with pytest.raises(GraphError, match="double precision only, so call the graph itself"):
        roles_of(ga.trace(lambda x: x * 2, np.zeros(3, np.float32)))
    with pytest.raises(GraphError, match="has no elements; call the graph itself"):
        roles_of(ga.trace(lambda x: x * 2, np.zeros((3, 0))))
