"""The commands: what they write, and how they end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import graphad as ga
from graphad.cli import commands, main
from graphad.op import OPS
from graphad.passes import PASSES
from graphad.passes.diff import MODES
from graphad.planning import STRATEGIES
from tests.cli.console import ROSEN, InProcess

ROOT = Path(__file__).parents[2]


# --- trace ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_trace_is_trace_and_diff(order: int, console: InProcess, rosen: ga.Graph) -> None:
    """What is printed is the text of the graph that the library makes."""
    assert console.good(f"{ROSEN} --order {order}") == f"{rosen.diff(order=order)}\n"


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_mode(mode: str, console: InProcess, rosen: ga.Graph) -> None:
    """``--mode`` and ``--raw`` are those of `diff`."""
    expected = rosen.diff(mode=mode, optimize=False)
    assert console.good(f"{ROSEN} --order 1 --mode {mode} --raw") == f"{expected}\n"


@pytest.mark.parametrize(
    ("option", "wrt"),
    [("", None), ("--wrt t", "t"), ("--wrt t,", ["t"]), ("--wrt 't, a'", ["t", "a"])],
)
def test_wrt(option: str, wrt: str | Sequence[str] | None, console: InProcess) -> None:
    """One name gives one block; several give a tuple in their order."""
    wave = ga.parse(console.good("graphad trace model.py:wave"))
    written = console.good(f"graphad trace model.py:wave --order 1 {option}")
    assert ga.parse(written) == wave.diff(wrt)


@pytest.mark.parametrize("mode", [name for name in STRATEGIES if name not in MODES])
def test_mode_of_a_strategy(mode: str, console: InProcess, rosen: ga.Graph) -> None:
    """Each way at scalar grain can be named, and gives what `diff` gives by that way."""
    written = console.good(f"graphad trace model.py:wave --order 2 --wrt t --mode {mode}")
    wave = ga.parse(console.good("graphad trace model.py:wave"))
    assert written == f"{wave.diff('t', mode, 2)}\n"


@pytest.mark.parametrize("mode", ["back", "", "edge_pushing"])
def test_unknown_mode(mode: str, console: InProcess, rosen: ga.Graph) -> None:
    """A mode that does not exist is refused as `diff` refuses it."""
    with pytest.raises(ga.DerivativeError, match=f"there is no mode '{mode}'; modes: ") as refused:
        rosen.diff(mode=mode)
    assert console.bad(f"{ROSEN} --order 1 --mode '{mode}'") == f"graphad: {refused.value}\n"


def test_modes_are_in_the_help(console: InProcess) -> None:
    """The help names each mode."""
    shown = console.good("graphad trace --help").partition("--mode MODE  ")[2].partition("--wrt")[0]
    assert set(re.findall(r"[a-z-]+", shown)) >= {*MODES, *STRATEGIES}


def test_mode_that_does_not_lead_there(console: InProcess) -> None:
    """A way that does not give what is asked for is refused with what does."""
    assert console.bad(f"{ROSEN} --order 2 --mode taylor").startswith(
        'graphad: mode "taylor" does not give this: '
    )


def test_raw_strategies(console: InProcess) -> None:
    """Ways that simplify as they derive cannot be shown raw; passes can follow them."""
    command = f"{ROSEN} --order 2 --mode compose"
    assert console.bad(f"{command} --raw") == (
        "graphad: --raw shows what the modes auto, forward, reverse make; compose simplifies as it "
        "derives\n"
    )
    assert console.good(f"{command} -p cse --at x=1,2,3").startswith("[[402.0, -400.0, 0.0],\n")


def test_wrt_of_no_input(console: InProcess) -> None:
    """An unknown input to differentiate by is refused by name."""
    message = "graphad: there is no input {!r} to differentiate by; inputs: a, t\n"
    command = "graphad trace model.py:wave --order 1 --wrt"
    assert console.bad(f"{command} b") == message.format("b")
    assert console.bad(f"{command} ''") == message.format("")


def test_shape_and_dtype(console: InProcess) -> None:
    """Shapes are those of the options, and the dtype is that of all parameters."""
    command = "graphad trace model.py:wave --shape t=2,3 --dtype f32"
    assert "(%a: f32[], %t: f32[2,3]) -> f32[2,3]" in console.good(command)
    assert console.good(f"{command} --shape a=") == console.good(command)


def test_parameters_with_defaults(console: InProcess, folder: Path) -> None:
    """A parameter with a default keeps it, unless a shape makes it an input."""
    (folder / "default.py").write_text(
        "def f(x, scale=2.0, *, shift=1.0):\n    return x * scale + shift\n"
    )
    assert console.good("graphad trace default.py:f --at x=3") == "7.0\n"
    command = "graphad trace default.py:f --shape shift= --shape scale="
    assert console.good(f"{command} --at x=3 --at scale=4 --at shift=0") == "12.0\n"


def test_parameters_named_as_options_of_trace(console: InProcess, folder: Path) -> None:
    """Parameters may have the names that `ga.trace` has for its own options."""
    (folder / "names.py").write_text("def f(name, check, self):\n    return name * check - self\n")
    command = "graphad trace names.py:f --shape name=2 --at name=1,2 --at check=3 --at self=1"
    assert console.good(command) == "[2.0, 5.0]\n"


def test_the_trace_is_checked_at_the_point(console: InProcess, folder: Path) -> None:
    """A function that has values only close to the point given is traced."""
    (folder / "narrow.py").write_text(
        "import numpy as np\n"
        "def f(x):\n"
        "    if type(x) is np.float64 and not 99 < x < 120:\n"
        "        raise ValueError('far away')\n"
        "    return x + 1\n"
    )
    assert "far away" in console.bad("graphad trace narrow.py:f")
    assert console.good("graphad trace narrow.py:f --at x=100") == "101.0\n"


def test_passes_run_instead_of_those_of_diff(console: InProcess, rosen: ga.Graph) -> None:
    """``--passes`` are run on what the rules make."""
    expected = rosen.diff(optimize=False).run("simplify,cse")
    assert console.good(f"{ROSEN} --order 1 --passes simplify,cse") == f"{expected}\n"
    assert console.good(f"{ROSEN} --order 1 -p ''") == console.good(f"{ROSEN} --order 1 --raw")


def test_passes_of_the_user(
    console: InProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass that the file registers can be named; what it raises is told with its line."""
    for name in ("twice", "broken"):
        monkeypatch.setitem(PASSES, name, PASSES["dce"])
    (folder / "own.py").write_text(
        "import graphad as ga\n"
        "@ga.graph_pass(preserves=False)\n"
        "def twice(graph):\n"
        "    return ga.trace(lambda x: 2 * graph(x))\n"
        "@ga.graph_pass\n"
        "def broken(graph):\n"
        "    return graph.nothing\n"
        "def f(x):\n"
        "    return x + 1\n"
    )
    assert console.good("graphad trace own.py:f -p twice,simplify --at x=1") == "4.0\n"
    told = console.bad("graphad trace own.py:f -p broken")
    assert told.startswith(f"graphad: {folder.resolve()}/own.py:7: AttributeError: ")
    assert told.endswith("\n    return graph.nothing\n")


def test_unknown_pass(console: InProcess) -> None:
    """The message has what is close and all there are."""
    message = (
        "graphad: there is no pass 'simplfy'; did you mean 'simplify'? "
        f"Passes: {', '.join(sorted(PASSES))}\n"
    )
    assert console.bad(f"{ROSEN} -p cse,simplfy") == message
    assert console.bad("graphad run missing.ir -p simplfy") == message


def test_what_cannot_be_differentiated(console: InProcess, folder: Path) -> None:
    """The library's own errors are passed on."""
    (folder / "compare.py").write_text("def f(x):\n    return x > 0\n")
    assert console.bad("graphad trace compare.py:f --order 1") == (
        "graphad: the output of f is bool[]: only floating-point outputs have derivatives; "
        "return it apart from what is to be differentiated\n"
    )


# --- run -----------------------------------------------------------------------------------------


def test_run_reads_what_trace_writes(console: InProcess, rosen: ga.Graph) -> None:
    """Text goes through a pipe and through a file unchanged."""
    text = console.good(f"{ROSEN} --order 2")
    assert console.good(f"{ROSEN} --order 2 | graphad run -") == text
    console.good(f"{ROSEN} --order 2 -o hessian.ir")
    assert console.good("graphad run hessian.ir") == text
    scalars = console.good("graphad run hessian.ir -p scalarize,symmetry,cse")
    assert ga.parse(scalars) == ga.parse(text).run("scalarize,symmetry,cse")


def test_a_file_can_be_replaced(console: InProcess, folder: Path) -> None:
    """The file that was read can be the one that is written."""
    console.good("graphad trace model.py:wave -o wave.ir")
    console.good("graphad run wave.ir -p diff -o wave.ir")
    assert console.good("graphad run wave.ir --at a=2 --at t=0") == "out[0] = 0.0\nout[1] = 6.0\n"


@pytest.mark.parametrize("name", sorted(PASSES))
def test_every_pass_runs_by_name(name: str, console: InProcess, folder: Path) -> None:
    """Each pass can be named, those that change values too."""
    (folder / "linear.ir").write_text(str(ga.trace(lambda x: x * 2.0 + x)))
    written = console.good(f"graphad run linear.ir -p {name}")
    assert ga.parse(written) == ga.parse(str(PASSES[name](ga.trace(lambda x: x * 2.0 + x))))


# --- passes and ops ------------------------------------------------------------------------------


def test_list_of_passes(console: InProcess) -> None:
    """Each pass has a line, with whether it keeps values and what it does."""
    head, *lines = console.good("graphad passes").splitlines()
    assert head.split("  ")[0].strip() == "pass"
    assert [line.split()[0] for line in lines] == sorted(PASSES)
    column = head.index("keeps values")
    for line, name in zip(lines, sorted(PASSES), strict=True):
        assert line[column:].split()[0] == ("yes" if PASSES[name].preserves else "no")
        assert PASSES[name].summary
        assert line.endswith(f"  {PASSES[name].summary}")


def test_list_of_ops(console: InProcess) -> None:
    """Each op has a line, with its identity."""
    _, *lines = console.good("graphad ops").splitlines()
    assert [tuple(line.split(maxsplit=1)) for line in lines] == [
        (name, OPS[name].identity) for name in sorted(OPS)
    ]


# --- ends ----------------------------------------------------------------------------------------


def test_traceback(console: InProcess, folder: Path) -> None:
    """``--traceback``, anywhere, shows what was raised before the message."""
    (folder / "raises.py").write_text("def f(x):\n    return {}['key']\n")
    plain = console.bad("graphad trace raises.py:f")
    for command in ("--traceback trace raises.py:f", "trace raises.py:f --traceback"):
        code, out, err = console(f"graphad {command}")
        assert (code, out) == (2, "")
        assert err.startswith("Traceback (most recent call last):\n")
        assert "KeyError: 'key'" in err
        assert err.endswith(plain)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MemoryError("8 TiB"), 2, "graphad: out of memory: 8 TiB\n"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_ends(
    error: BaseException,
    code: int,
    message: str,
    console: InProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Too little memory is an error; an interruption and a closed pipe are quiet."""

    def fail(options: object) -> None:
        raise error

    monkeypatch.setitem(commands.COMMANDS, "ops", fail)
    assert console("graphad ops") == (code, "", message)


def test_main_takes_the_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without arguments of its own, `main` reads those of the process."""
    monkeypatch.setattr(sys, "argv", ["graphad", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"graphad {ga.__version__}\n"


# --- processes -----------------------------------------------------------------------------------


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in which ``graphad`` is a command of its own."""
    own = f'graphad() {{ "{sys.executable}" -W error -m graphad "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", own + script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_processes_and_pipes(folder: Path) -> None:
    """``python -m graphad`` works as a process, piped into another one, and fails with code 2."""
    done = shell(
        "graphad trace model.py:rosen --shape x=3 --order 2"
        " | graphad run - -p scalarize,symmetry,cse --at x=1,2,3; graphad trace nowhere.py:f",
        folder,
    )
    assert (
        done.stdout
        == "[[402.0, -400.0, 0.0],\n [-400.0, 3802.0, -800.0],\n [0.0, -800.0, 200.0]]\n"
    )
    assert done.stderr == "graphad: there is no file 'nowhere.py'\n"
    assert done.returncode == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_broken_pipe_is_quiet(unbuffered: str, folder: Path) -> None:
    """A reader that stops early makes no noise, whether output is buffered or not."""
    commands = (
        "graphad trace model.py:rosen --shape x=200 -p scalarize | head -1",
        "graphad trace --help | true",
    )
    codes = "; echo ${PIPESTATUS[0]}; ".join((*commands, ""))
    done = shell(codes, folder, PYTHONUNBUFFERED=unbuffered)
    assert done.stdout == "graphad 1\n0\n0\n"
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_full_device(folder: Path) -> None:
    """Output that cannot be written is an error, that of --help too."""
    done = shell("graphad ops > /dev/full; echo $?; graphad --help > /dev/full; echo $?", folder)
    assert done.stdout == "2\n2\n"
    message = "graphad: cannot write to standard output: No space left on device\n"
    assert done.stderr == 2 * message
