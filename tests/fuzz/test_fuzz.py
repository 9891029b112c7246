"""Functions written and changed at random are refused in words, or traced right: none is wrong."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.fuzz.judging import SilentlyWrongError, judge, load
from tests.fuzz.mutations import mutated
from tests.fuzz.programs import Writer
from tests.snippets.reference import filled, leaves
from tests.snippets.themes import THEMES

MANY = pytest.mark.slow


def points(seed: int, count: int = 3) -> Iterator[tuple[Any, ...]]:
    """Yield arguments for a written function."""
    chance = np.random.default_rng(seed)
    for _ in range(count):
        x, A = chance.normal(scale=2.0, size=4), chance.normal(scale=2.0, size=(2, 3))
        yield x, A, float(chance.normal(scale=2.0))


def near(point: tuple[Any, ...], seed: int) -> tuple[Any, ...]:
    """Return a point with elements changed by up to a tenth."""
    chance = np.random.default_rng(seed)
    moved = [leaf * (1 + chance.uniform(-0.1, 0.1, leaf.shape)) for leaf in leaves(point)]
    return tuple(filled(point, iter(moved)))


def written(seed: int, folder: Path) -> str:
    """Return what became of a function written at random."""
    source = Writer(seed).source()
    module = load(source, folder)
    example, *others = points(seed)
    try:
        return judge(lambda: module().f, example, others)
    except AssertionError as error:
        raise type(error)(f"seed {seed}\n{source.rpartition('def f')[2]}\n{error}") from error


def changed(theme: ModuleType, seed: int, folder: Path) -> str:
    """Return what became of a snippet changed at random."""
    plain = [function for function, *_ in theme.SNIPPETS if inspect.isfunction(function)]
    source = mutated(inspect.getsource(theme), [one.__name__ for one in plain], seed)
    module = load(source, folder)
    name = module().CHANGED
    example = next(tuple(p) for f, *p in theme.SNIPPETS if f.__name__ == name)
    try:
        others = [near(example, seed + k) for k in range(2)]
        return judge(lambda: getattr(module(), name), example, others, 1e-7)
    except AssertionError as error:
        text = inspect.getsource(getattr(module(), name))
        raise type(error)(f"{theme.__name__}, seed {seed}\n{text}\n{error}") from error


@pytest.mark.parametrize(
    ("start", "count"),
    [(0, 300), *[pytest.param(k * 2000, 2000, marks=MANY) for k in range(10)]],
)
def test_written(start: int, count: int, tmp_path: Path) -> None:
    """Functions written at random are right or refused, and there are many of both."""
    found = Counter(written(seed, tmp_path) for seed in range(start, start + count))
    assert found["traced"] > count / 5
    assert found["refused"] > count / 5


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.__name__.rpartition(".")[2])
@pytest.mark.parametrize(("start", "count"), [(0, 20), pytest.param(100, 1000, marks=MANY)])
def test_changed(theme: ModuleType, start: int, count: int, tmp_path: Path) -> None:
    """Snippets changed at random are right or refused, and there are some of both."""
    found = Counter(changed(theme, seed, tmp_path) for seed in range(start, start + count))
    assert found["traced"] > count / 10
    assert found["refused"] > count / 10


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return x * 2.0", "traced"),
        ("return x * len(KEPT) if float(x[0]) > 0 else x", "refused"),
        ("return x + KEPT[5]", "illegal"),
    ],
)
def test_judge(body: str, what: str, tmp_path: Path) -> None:
    """What is right, what is refused and what is no NumPy code are told apart."""
    module = load(f"import numpy as np\nKEPT = [1.0]\ndef f(x):\n    {body}\n", tmp_path)
    assert judge(lambda: module().f, (np.ones(3),), []) == what


def test_judge_finds_what_is_wrong(tmp_path: Path) -> None:
    """A function that is another one far from its example is found, where it is compared."""
    text = (
        "def f(x):\n    return x * (2.0 if type(x) is float else 3.0 if max(SEEN) > 9 else 2.0)\n"
    )
    seen = "import numpy as np\nSEEN = [0.0]\n"
    module = load(seen + text, tmp_path)
    other = load(f"{seen}SEEN[0] = 10.0\n{text}", tmp_path)
    sources = iter([module().f, module().f, other().f])
    with pytest.raises(SilentlyWrongError, match="in NumPy"):
        judge(lambda: next(sources), (np.ones(3),), [(np.zeros(3) + 2,)])
