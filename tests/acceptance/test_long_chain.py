"""A long chain of operations goes through everything, without recursion and in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

GIB = 2**30

PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np, graphad as ga

length = int(sys.argv[1])

def peak():
    # Linux hands a parent's ru_maxrss down to its children: take the high-water mark of this one.
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    import resource
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def chain(x):
    for _ in range(length):
        x = np.sin(x)
    return x

graph = ga.trace(chain)
derivative = graph.diff()
merged = derivative.run("cse")
text = str(merged)
parsed = ga.parse(text)
x, slope = np.float64(0.5), 1.0
for _ in range(length):
    slope *= np.cos(x)
    x = np.sin(x)
print(json.dumps({
    "sizes": [len(graph), len(derivative), len(merged)],
    "lines": text.count("\\n"),
    "equal": parsed == merged,
    "value": [graph(0.5), float(x)],
    "slope": [parsed(0.5), slope],
    "recursion": sys.getrecursionlimit(),
    "peak": peak(),
}))
"""


def run(length: int) -> dict[str, Any]:
    """Trace, differentiate, share, print, parse and evaluate a chain in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(length)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check(found: dict[str, Any], length: int) -> None:
    """Assert that a chain came through: sizes, text and values, at the usual recursion limit."""
    assert found["sizes"] == [length + 1, 3 * length - 1, 3 * length - 1]
    assert found["lines"] >= 3 * length
    assert found["equal"]
    assert found["recursion"] == 1000
    for name in ("value", "slope"):
        ours, numpys = found[name]
        assert ours == pytest.approx(numpys, rel=1e-9)


def test_chain_of_20_000() -> None:
    """A chain of twenty times the recursion limit is right, in less than 150 MiB."""
    found = run(20_000)
    check(found, 20_000)
    assert found["peak"] < 150 * 2**20


@pytest.mark.slow
def test_chain_of_a_million() -> None:
    """A chain of a million operations is right, in less than 2 GiB."""
    found = run(1_000_000)
    check(found, 1_000_000)
    assert found["peak"] < 2 * GIB
