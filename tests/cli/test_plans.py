"""Plans on the command line: the table, the graph that runs, and values in each layout."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from ast import literal_eval
from pathlib import Path

import numpy as np
import pytest

import graphad as ga
from graphad.planning import STRATEGIES, make_plan
from graphad.planning.layouts import LAYOUTS
from tests.cli.console import ROSEN, InProcess, untimed

PLAN = ROSEN.replace("trace", "plan")
POINT = np.array([1.0, 2.0, 3.0])


# --- the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ("", {}),
        ("--layout packed", {"layout": "packed"}),
        ("--layout distinct", {"layout": "distinct"}),
        ("--layout csr", {"layout": "csr"}),
        ("--mode compose", {"mode": "compose"}),
        ("--mode nested", {"mode": "nested"}),
        ("--entries diagonal", {"entries": "diagonal"}),
        ("--entries '0,0;1,2'", {"entries": [(0, 0), (1, 2)]}),
        ("--entries 0,0 --entries=-2,2", {"entries": [(0, 0), (1, 2)]}),
        ("--nodes 50", {"nodes": 50}),
    ],
)
def test_what_is_told(
    options: str, asked: dict[str, object], console: InProcess, rosen: ga.Graph
) -> None:
    """What is printed is the explanation of the plan that the library makes."""
    told = console.good(f"{PLAN} --order 2 {options}")
    assert untimed(told) == untimed(rosen.diff(order=2).plan(**asked).explain()) + "\n"
    assert " call" not in told


@pytest.mark.parametrize("order", [0, 1, 3])
def test_orders(order: int, console: InProcess) -> None:
    """The order is that of the option, and 1 if there is none."""
    told = console.good(f"{PLAN} --order {order}")
    assert told.startswith(f"order {order} of rosen: " if order else "rosen itself: ")
    assert (untimed(told) == untimed(console.good(PLAN))) == (order == 1)


def test_wrt(console: InProcess) -> None:
    """Variables are those that ``--wrt`` names."""
    told = console.good("graphad plan model.py:wave --order 2 --wrt t")
    assert told.startswith("order 2 of wave: 1 variable, ")
    assert console.bad("graphad plan model.py:wave --wrt b") == (
        "graphad: there is no input 'b' to differentiate by; inputs: a, t\n"
    )
    assert console.bad("graphad plan model.py:wave --wrt t --order 0") == (
        "graphad: --wrt says how to differentiate; say how often with --order 1\n"
    )


def test_analyze(console: InProcess, folder: Path) -> None:
    """``--analyze`` runs each way at the point of ``--at``, and shows the times instead of values.

    The function has no value anywhere else.
    """
    (folder / "narrow.py").write_text(
        "import numpy as np\n"
        "def f(x, y):\n"
        "    if type(x) is np.float64 and not 99 < x < 120:\n"
        "        raise ValueError('far away')\n"
        "    return x * y**2\n"
    )
    at = "--at x=100 --at y=2"
    told = console.good(f"graphad plan narrow.py:f --order 2 --analyze {at}")
    head, *rows = told.splitlines()[1:]
    assert re.search(r"  derive +call$", head)
    times = [re.findall(r" \d\S* (?:µs|ms|s)\b", row) for row in rows[:-3]]
    assert [len(found) for found in times] == [2] * (len(times) - 1) + [1]  # nested has no first
    plain = console.good(f"graphad plan narrow.py:f --order 2 {at} --emit stats")
    assert not re.search(r"derive +call", plain)


def test_where_the_ways_are_run(console: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--analyze`` measures at the point of ``--at``, or at one of its own."""
    points: list[object] = []

    def explain(plan: ga.Plan, analyze: bool = False, at: object = None) -> str:
        points.append((analyze, at))
        return "the table"

    monkeypatch.setattr(ga.Plan, "explain", explain)
    assert console.good(f"{PLAN} --analyze") == "the table\n"
    assert console.good(f"{PLAN} --analyze --at x=1,2,3") == "the table\n"
    assert points[0] == (True, None)
    analyze, at = points[1]  # type: ignore[misc]
    assert analyze
    assert [array.tolist() for array in at] == [[1.0, 2.0, 3.0]]


# --- the graph -----------------------------------------------------------------------------------


def test_the_graph_that_runs(console: InProcess, rosen: ga.Graph, folder: Path) -> None:
    """``--emit text`` and files give the graph of the plan, in its layout."""
    plan = rosen.diff(order=3).plan(layout="packed", mode="compose")
    command = f"{PLAN} --order 3 --layout packed --mode compose"
    assert console.good(f"{command} --emit text") == f"{plan.graph}\n"
    for name, start in (("out.ir", "graphad 1\n"), ("out.svg", "<svg "), ("out.dot", "digraph ")):
        assert console.good(f"{command} -o {name}") == ""
        assert (folder / name).read_text(encoding="utf-8").startswith(start)
    assert ga.parse((folder / "out.ir").read_text()) == plan.graph
    assert ET.fromstring(console.good(f"{command} --emit svg")).tag.endswith("svg")
    assert console.good(f"{command} --emit text | graphad run - --at x=1,2,3") == console.good(
        f"{command} --at x=1,2,3"
    )


def test_stats(console: InProcess, rosen: ga.Graph) -> None:
    """Statistics are those of the graph that runs, and the table."""
    plan = rosen.diff(order=2).plan()
    told = console.good(f"{PLAN} --order 2 --emit stats")
    assert untimed(told) == untimed(f"{plan.graph.explain()}\n\n{plan.explain()}\n")
    analyzed = console.good(f"{PLAN} --order 2 --emit stats --analyze --at x=1,2,3")
    assert len(re.findall(r"derive +call$", analyzed, re.MULTILINE)) == 1
    assert console.good(f"{PLAN} --order 2 --emit stats --at x=1,2,3").endswith(
        "\n[[402.0, -400.0, 0.0],\n [-400.0, 3802.0, -800.0],\n [0.0, -800.0, 200.0]]\n"
    )


def test_what_follows_the_graph(console: InProcess, folder: Path) -> None:
    """With the graph, values follow as comments, and with ``--analyze`` the table does."""
    command = f"{PLAN} --order 2 --mode compose --at x=1,2,3"
    graph = console.good(f"{PLAN} --order 2 --mode compose --emit text")
    values = console.good(f"{command} --emit text").removeprefix(graph)
    assert values.splitlines() == [
        "// [[402.0, -400.0, 0.0],",
        "//  [-400.0, 3802.0, -800.0],",
        "//  [0.0, -800.0, 200.0]]",
    ]
    table = console.good(f"{command} --emit text --analyze").removeprefix(graph)
    assert table.startswith("// order 2 of rosen: 3 variables, ")
    assert "\n// compose: asked for\n" in table
    assert ga.parse(graph + table) == ga.parse(graph)
    assert console.good(f"{command} -o out.ir --analyze").splitlines()[-3] == "compose: asked for"
    assert (folder / "out.ir").read_text() == graph


# --- what is differentiated ----------------------------------------------------------------------


def test_graphs_in_files(console: InProcess, folder: Path) -> None:
    """A graph is read from a file of any name, or from standard input."""
    expected = console.good("graphad plan model.py:wave --order 2 --at a=1 --at t=2")
    for name in ("wave.ir", "wave", "a:wave.txt"):
        console.good(f"graphad trace model.py:wave -o {name}")
        assert console.good(f"graphad plan {name} --order 2 --at a=1 --at t=2") == expected
    piped = "graphad trace model.py:wave | graphad plan - --order 2 --at a=1 --at t=2"
    assert console.good(piped) == expected


def test_shapes_and_dtypes_of_functions(console: InProcess) -> None:
    """Functions take shapes and a dtype; graphs have theirs."""
    command = "graphad plan model.py:wave --shape t=2 --dtype f32 --emit text"
    assert "(%a: f32[], %t: f32[2]) -> (f32[2], f32[2,2])" in console.good(command)
    console.good("graphad trace model.py:wave -o wave.ir")
    assert console.bad("graphad plan wave.ir --shape t=2") == (
        "graphad: --shape is for functions, and this is a graph already: "
        "<graph wave(%a: f64[], %t: f64[]) -> (f64[]), 6 nodes>\n"
    )


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("model.py", "say which function of model.py is meant, as in model.py:rosen; "),
        ("model.py:rosn", "model.py has no function 'rosn'; did you mean 'rosen'? "),
        ("modle.py:rosen", "there is no file 'modle.py'; did you mean 'model.py'?\n"),
        ("model:rosen", "there is no file 'model'; did you mean 'model.py'?\n"),
        ("wave.ir", "there is no file 'wave.ir'\n"),
        ("noise.ir", "noise.ir:1:1: expected 'graphad 1', found 'noise'"),
    ],
)
def test_no_such_source(target: str, message: str, console: InProcess, folder: Path) -> None:
    """What is neither a function nor a graph is refused, as `trace` and `run` refuse it."""
    (folder / "noise.ir").write_text("noise")
    assert console.bad(f"graphad plan {target}").startswith(f"graphad: {message}")


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["dense", "packed", "distinct"])
def test_values_in_a_layout(layout: str, console: InProcess, rosen: ga.Graph) -> None:
    """Values are those of the plan, every digit of them, at one point or at several."""
    plan = rosen.diff(order=3).plan(layout=layout)
    command = f"{PLAN} --order 3 --layout {layout} --at"
    assert literal_eval(console.good(f"{command} x=1,2,3")) == plan(POINT).tolist()
    both = literal_eval(console.good(f"{command} x=1,2,3,4,5,6"))
    assert both == plan(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).tolist()


def test_values_of_entries(console: InProcess) -> None:
    """Entries come as a vector, in the order in which they are listed."""
    command = f"{PLAN} --order 3 --at x=1,2,3"
    assert console.good(f"{command} --entries '1,1,1;0,0,1'") == "[4800.0, -400.0]\n"
    assert console.good(f"{command} --entries diagonal") == "[2400.0, 4800.0, 0.0]\n"
    wave = "graphad plan model.py:wave --at a=2 --at t=0"
    assert console.good(f"{wave} --entries '1;0'") == "[6.0, 0.0]\n"
    assert console.good(f"{wave} --wrt t --entries '()'") == "[6.0]\n"


@pytest.mark.parametrize("scipy", [True, False])
@pytest.mark.parametrize("layout", ["coo", "csr"])
def test_sparse_values(
    layout: str, scipy: bool, console: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elements that are no structural zeros have a line each, with SciPy or without."""
    if scipy:
        pytest.importorskip("scipy")
    else:
        monkeypatch.setitem(sys.modules, "scipy", None)
    assert console.good(f"{PLAN} --order 2 --layout {layout} --at x=1,2,3") == (
        "out[0, 0] = 402.0\n"
        "out[0, 1] = -400.0\n"
        "out[1, 0] = -400.0\n"
        "out[1, 1] = 3802.0\n"
        "out[1, 2] = -800.0\n"
        "out[2, 1] = -800.0\n"
        "out[2, 2] = 200.0\n"
    )


def test_sparse_values_in_tuples(console: InProcess) -> None:
    """Each array has its place in front, and one without values has a line that says so."""
    written = console.good(
        "graphad plan model.py:wave --shape t=2 --order 2 --layout coo --at a=1 --at t=0,0"
    )
    assert written == (
        "out[0][0] = 0 everywhere\n"
        "out[0][1][0, 0] = 3.0\n"
        "out[0][1][1, 1] = 3.0\n"
        "out[1][0][0, 0] = 3.0\n"
        "out[1][0][1, 1] = 3.0\n"
        "out[1][1][0, 0, 0] = -0.0\n"
        "out[1][1][1, 1, 1] = -0.0\n"
    )
    scalars = console.good(
        "graphad plan model.py:wave --order 2 --layout coo --at a=1 --at t=0 --dtype f32"
    )
    assert scalars == "out[0][0] = 0\nout[0][1] = 3.0\nout[1][0] = 3.0\nout[1][1] = -0.0\n"


def test_points_are_checked_first(console: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong point is refused before anything is planned."""
    monkeypatch.setattr("graphad.calculus.make_plan", None)
    assert console.bad(f"{PLAN} --order 2 --at x=1,2") == (
        "graphad: --at x: f64[3] takes 3, or a multiple of that for several points; 2 given\n"
    )


# --- refusals ------------------------------------------------------------------------------------


REFUSALS = {
    "--layout pack": f"there is no layout 'pack'; layouts: {', '.join(LAYOUTS)}\n",
    "--order 3 --layout csr": 'the layout "csr" is for matrices, and the derivative has the shape ',
    "--mode back": "there is no mode 'back' to plan by; modes: auto, nested, compressed, compose, ",
    "--mode taylor": 'mode "taylor" does not give this: Taylor polynomials along single variables ',
    "--entries 0,3": "there is no entry (0, 3): (0, 3) is no index into a derivative of the ",
    "--entries 0": "there is no entry (0,): (0,) is no index into a derivative of the shape (3, 3)",
    "--entries 0,1 --layout packed": "entries= gives a vector in their order, so ",
    "--entries 0,1 --entries diagonal": "--entries diagonal stands alone; give indices, or only ",
    "--layout coo --at x=1,2,3,4,5,6": 'the layout "coo" takes one point at a time: call it for ',
    "-o plan.png": "no picture is written as .png; use a name that ends in .svg or .dot\n",
}


@pytest.mark.parametrize(("options", "message"), REFUSALS.items())
def test_refusals(options: str, message: str, console: InProcess) -> None:
    """What does not fit is refused in the words of the library."""
    assert console.bad(f"{PLAN} --order 2 {options}").startswith(f"graphad: {message}")


def test_too_large(console: InProcess) -> None:
    """Too large a result is refused with its size and what to ask for; limits can be set."""
    large = "graphad plan model.py:rosen --shape x=200 --order 4"
    assert console.bad(large).startswith(
        "graphad: the derivative of order 4 of rosen by 200 variables has 1,600,000,000 elements "
        "in the layout 'dense': 12,800,000,000 bytes, more than 1,073,741,824; ask for "
    )
    assert "549,480,400 bytes, more than 4,000,000; ask for" in console.bad(
        f"{large} --layout packed --memory 4e6"
    )
    assert console.good(f"{large} --layout coo --mode edge-pushing").startswith("order 4 of rosen")
    assert re.match(
        r'graphad: mode "forward" would make about [\d,]+ nodes for the derivative of order 4 of '
        r"rosen, more than 5; ask for fewer entries=",
        console.bad(f"{large} --entries 0,0,0,0 --mode forward --nodes 5"),
    )


def test_limits_reach_the_planner(console: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits are those of the options."""
    given: list[tuple[object, ...]] = []

    def remember(*args: object) -> ga.Plan:
        given.append(args[-3:])
        return make_plan(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("graphad.calculus.make_plan", remember)
    console.good(f"{PLAN} --seconds 60 --nodes 1e5 --memory 1e9")
    assert given == [(60.0, 10**5, 10**9)]


def test_lost_digits(console: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """A way that loses half of the digits is told of in one line, and is no failure."""
    module = sys.modules["graphad.passes.directions"]
    monkeypatch.setattr(module, "condition_of", lambda indices: 1e6)
    for command in (f"{PLAN} --dtype f32", f"{ROSEN} --dtype f32"):
        code, out, err = console(f"{command} --order 2 --mode directions")
        assert code == 0
        assert out
        assert err == (
            "graphad: warning: the system of rays for rosen has the condition number 1.0e+06, more "
            "than half of the digits of float32; ask for a lower order, or use multivariate\n"
        )


# --- strategies ----------------------------------------------------------------------------------


def test_list_of_strategies(console: InProcess) -> None:
    """Each strategy has a line, with the orders at which it is tried and what it does."""
    head, *lines = console.good("graphad strategies").splitlines()
    assert re.split(r"  +", head) == ["strategy", "tried at order", "what it does"]
    rows = [re.split(r"  +", line) for line in lines]
    assert [(name, summary) for name, _, summary in rows] == [
        (name, strategy.summary) for name, strategy in STRATEGIES.items()
    ]
    orders = {name: order for name, order, _ in rows}
    assert orders["reverse"] == "1"
    assert orders["multivariate"] == "from 2 on"
    assert orders["compose"] == "any"
