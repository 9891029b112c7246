"""Derivatives by graphad and by others, side by side: seconds to derive and compile, and to run.

Each task runs in a process of its own, on one core and one thread, in double precision. Values are
compared before anything is timed. Calls are interleaved: in each round everybody is timed once, and
the table has the median and the least over rounds. Peers are optional; what is missing says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
    "GRAPHAD_CACHE": "off",
}
PEERS = ("heyoka", "symengine", "casadi", "jax", "torch", "sympy", "numba")
TOLERANCE = 1e-10
"""Of the largest value that an entry has in the batch, or of 1 if that is smaller."""
ROUNDS, LONGEST = 15, 20.0
"""Rounds, and seconds after which those beyond the seventh are left out."""
FEWEST = 7


def disagreement(found: Any, expected: Any) -> float:
    """Return the largest difference, in units of the largest value of each entry."""
    import numpy as np

    scale = np.maximum(1.0, np.max(np.abs(expected), axis=0))
    return float(np.max(np.abs(found - expected) / scale))


def rounds(calls: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Time calls by turns; return for each median and least nanoseconds."""
    from peers.choosing import repetitions, seconds_of

    times = {name: repetitions(call) for name, call in calls.items()}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    start = time.perf_counter()
    for i in range(ROUNDS):
        if i >= FEWEST and time.perf_counter() - start > LONGEST:
            break
        for name, call in calls.items():
            samples[name].append(seconds_of(call, times[name]))
    return {
        name: {"median": 1e9 * median(taken), "least": 1e9 * min(taken), "rounds": len(taken)}
        for name, taken in samples.items()
    }


def measured(name: str, peers: tuple[str, ...]) -> dict[str, Any]:
    """Do one task with everybody, in this process."""
    from peers import with_graphad
    from peers.tasks import TASKS, Missing

    (task,) = [task for task in TASKS if task.name == name]
    row: dict[str, Any] = {"task": name, "title": task.title, "batch": task.batch, "results": []}
    try:
        ours = with_graphad.prepare(task)
    except Missing as reason:
        return {**row, "missing": str(reason)}
    given = with_graphad.narrowed(task, ours[0])
    row["entries"] = len(given.entries)
    contenders = [("graphad", item) for item in ours]
    for peer in peers:
        try:
            module = import_module(f"peers.with_{peer}")
            contenders += [(peer, item) for item in module.prepare(given)]
        except (ImportError, Missing) as reason:
            kind = "not installed" if isinstance(reason, ImportError) else str(reason)
            row["results"].append({"peer": peer, "missing": kind})
    reference = agreed(contenders, given.signs)
    wrong = {name: worst for name, worst in reference.items() if not worst <= TOLERANCE}
    row["results"] += [
        {"peer": name, "missing": f"values are off by {worst:.1e}"} for name, worst in wrong.items()
    ]
    contenders = [(peer, item) for peer, item in contenders if item.name not in wrong]
    many = {item.name: item.batch[0] for _, item in contenders if item.batch}
    timed_many = rounds(many) if task.kind != "compile" else {}
    for _, item in contenders:
        if item.name in timed_many:
            timed = timed_many[item.name]
            for which in ("median", "least"):
                timed[which] /= item.points or task.batch
    one = {
        f"{item.name}/{way}": call
        for _, item in contenders
        for way, (call, _) in item.singles.items()
    }
    timed_one = rounds(one)
    for peer, item in contenders:
        row["results"].append(
            {
                "peer": peer,
                "name": item.name,
                "version": sys.modules[f"peers.with_{peer}"].VERSION,
                "note": item.note,
                "derive": item.derive,
                "compile": item.compile,
                "batch": timed_many.get(item.name),
                "singles": {way: timed_one[f"{item.name}/{way}"] for way in item.singles},
                "disagreement": reference[item.name],
            }
        )
    row["load"] = os.getloadavg()[0]
    return row


def agreed(contenders: list[tuple[str, Any]], signs: Any) -> dict[str, float]:
    """Compare all values with ours; return the largest difference of each contender."""
    import numpy as np

    expected: dict[str, Any] = {}
    found: dict[str, float] = {}
    for peer, item in contenders:
        worst = 0.0
        turned = signs if signs is not None and peer != "graphad" else 1.0
        for where, calls in (("one", list(item.singles.values())), ("many", [item.batch])):
            for pair in filter(None, calls):
                pair[0]()
                values = np.asarray(pair[1]()) * turned
                values = values if where == "many" else values[None]
                if where not in expected:
                    expected[where] = values.copy()
                off = disagreement(values, expected[where][: len(values)])
                worst = max(worst, off) if off == off else float("inf")
        found[item.name] = worst
    return found


# --- tables ---------------------------------------------------------------------------------------


def table(rows: list[dict[str, Any]]) -> str:
    """Return ratios, and then seconds, as Markdown."""
    ratios = [
        "| work | peer | batch | bound call | ufunc call | compile | derive and compile |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    figures = [
        "| work | by | derive, s | compile, s | batch, ns per point | one call, ns | how |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        title = row["title"]
        if "missing" in row:
            ratios.append(f"| {title} | | {row['missing']} | | | | |")
            continue
        done = [result for result in row["results"] if "name" in result]
        ours = done[0]
        for result in done:
            batch, singles = result["batch"], result["singles"]
            per_point = _pair(batch) if batch else ""
            calls = "; ".join(
                (f"{way} " if len(singles) > 1 else "") + _pair(taken)
                for way, taken in singles.items()
            )
            figures.append(
                f"| {title} | {result['name']} | {result['derive']:.2f} | {result['compile']:.2f} "
                f"| {per_point} | {calls} | {result['note']} |"
            )
            if result is not ours:
                ratios.append(
                    f"| {title} | {result['name']} | {' | '.join(_ratios(ours, result))} |"
                )
        absent = [result for result in row["results"] if "missing" in result]
        reasons: dict[str, list[str]] = {}
        for result in absent:
            reasons.setdefault(result["missing"], []).append(result["peer"])
        told = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
        if told:
            ratios.append(f"| {title} | *{told}* | | | | | |")
    return "\n".join([*ratios, "", *figures])


def _pair(taken: dict[str, float]) -> str:
    return f"{_rounded(taken['median'])} ({_rounded(taken['least'])})"


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratios(ours: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return the cells: their time over ours, by the medians, and by the least in brackets.

    One point is taken by the best of their ways, and by both of ours.
    """
    cells = [_ratio(other["batch"], ours["batch"])]
    singles = list(other["singles"].values())
    best = min(singles, key=lambda taken: taken["median"]) if singles else None
    mine = dict(ours["singles"])
    mine.setdefault("ufunc", mine.get("call"))
    cells += [_ratio(best, mine.get(way)) for way in ("bound", "ufunc")]
    for parts in (("compile",), ("derive", "compile")):
        theirs, own = (sum(item[part] for part in parts) for item in (other, ours))
        cells.append(f"{theirs / own:.2g} ×" if own else "")
    return cells


def _ratio(other: dict[str, float] | None, ours: dict[str, float] | None) -> str:
    if not other or not ours:
        return ""
    middle, least = (other[which] / ours[which] for which in ("median", "least"))
    return f"{_rounded(middle)} × ({_rounded(least)})"


def machine() -> str:
    """Return one line about this machine and when this is."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    import numpy as np

    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        f"{time.strftime('%Y-%m-%d')}, load {load}"
    )


def main() -> None:
    """Run the tasks, each in a process of its own, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="names of tasks")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for each task")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--core", type=int, default=0, help="that everything runs on")
    parser.add_argument("--table", type=Path, nargs="*", help="print the tables of these files")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {options.core})
        print(json.dumps(measured(options.task, tuple(options.peers))))
        return

    if options.table:
        read = [json.loads(path.read_text(encoding="utf-8")) for path in options.table]
        print(*(found["machine"] for found in read), sep="\n")
        print("\n" + table([row for found in read for row in found["rows"]]))
        return

    from peers.tasks import TASKS

    rows = []
    for task in TASKS:
        if options.only and task.name not in options.only:
            continue
        command = [sys.executable, __file__, "--task", task.name, "--core", str(options.core)]
        print(f"{task.name} …", file=sys.stderr, flush=True)
        try:
            done = subprocess.run(
                [*command, "--peers", *options.peers],
                capture_output=True,
                encoding="utf-8",
                timeout=options.limit,
                env={**os.environ, **ENVIRONMENT},
                check=False,
            )
            if done.returncode:
                print(done.stderr, file=sys.stderr)
                rows.append(
                    {"title": task.title, "missing": done.stderr.strip().splitlines()[-1][:200]}
                )
                continue
            rows.append(json.loads(done.stdout.splitlines()[-1]))
        except subprocess.TimeoutExpired:
            rows.append({"title": task.title, "missing": f"not within {options.limit:.0f} s"})
    print(machine() + "\n\n" + table(rows))
    if options.json:
        text = json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n"
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
