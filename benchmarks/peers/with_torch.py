"""PyTorch: nested derivatives by `torch.func`, not compiled."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from torch.func import hessian, jacfwd, vmap

from peers.forms import FORMS
from peers.tasks import Array, Contender, Missing, Task

VERSION = torch.__version__


class Offers:
    """What `forms` takes."""

    exp, log, log1p, sqrt = torch.exp, torch.log, torch.log1p, torch.sqrt
    sin, cos, atan2, erf = torch.sin, torch.cos, torch.atan2, torch.erf
    total = staticmethod(sum)
    inverse_cube = staticmethod(lambda d: d**-3)


def prepare(task: Task) -> list[Contender]:
    """Nest derivatives; there is nothing to compile."""
    torch.set_num_threads(1)
    orders = {len(index) for _, index in task.entries}
    if task.kind != "entries" or len(orders) > 1 or task.function == "lennard_jones":
        raise Missing("not tried: not compiled, and slow already where it is tried")
    start = time.perf_counter()
    form, order = FORMS[task.function], task.order

    def function(x: Any) -> Any:
        return torch.stack(form(Offers, list(x)))

    made: Any = function if order < 2 else hessian(function)
    for _ in range(order if order < 2 else order - 2):
        made = jacfwd(made)
    at = tuple(torch.tensor([(row, *index) for row, index in task.entries]).T)
    points = torch.tensor(task.points())
    many = vmap(lambda x: made(x)[at], chunk_size=1000)
    seconds = time.perf_counter() - start
    dump: dict[str, Any] = {}

    def single() -> None:
        dump["one"] = made(points[0])[at]

    def batch() -> None:
        dump["many"] = many(points)

    def values(which: str) -> Array:
        return np.asarray(dump[which])

    return [
        Contender(
            "PyTorch",
            0.0,
            seconds,
            {"call": (single, lambda: values("one"))},
            (batch, lambda: values("many")),
        )
    ]
