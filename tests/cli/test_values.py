"""Points that the command line is given, and the values that it prints."""

from __future__ import annotations

from ast import literal_eval
from pathlib import Path

import numpy as np
import pytest

import graphad as ga
from graphad.cli.values import array_of, once, placed
from graphad.errors import InputError
from graphad.types import DTYPES_BY_NAME, make_type
from tests.cli.console import InProcess

HESSIAN = "graphad trace model.py:rosen --shape x=3 --order 2"
DOUBLE = "def f(x):\n    return x + x\n"


def test_every_digit_is_printed(console: InProcess) -> None:
    """What is printed are exactly the values of the graph."""
    graph = ga.parse(console.good(HESSIAN))
    point = np.array([0.1, 1 / 3, -np.pi])
    written = ",".join(map(repr, point.tolist()))
    values = literal_eval(console.good(f"{HESSIAN} --at x={written}"))
    assert values == graph(point).tolist()


def test_single_precision_has_its_own_digits(console: InProcess, folder: Path) -> None:
    """Values of dtype float32 are printed with the digits that they have."""
    (folder / "double.py").write_text(DOUBLE)
    assert console.good("graphad trace double.py:f --dtype f32 --at x=0.1") == "0.2\n"
    assert console.good("graphad trace double.py:f --at x=0.15,1e-300") == "[0.3, 2e-300]\n"


def test_complex_values(console: InProcess) -> None:
    """Inputs of a complex dtype take complex numbers."""
    command = "graphad trace model.py:wave --dtype c128 --at a=1+2j --at t=0.5j"
    assert complex(console.good(command)) == pytest.approx((1 + 2j) * np.sin(1.5j), rel=1e-14)


def test_values_that_are_not_finite(console: InProcess, folder: Path) -> None:
    """Infinities and NaN go in and come out."""
    (folder / "double.py").write_text(DOUBLE)
    out = console.good("graphad trace double.py:f --at x=inf,nan,-inf,-0.0")
    assert out == "[inf, nan, -inf, -0.0]\n"


def test_several_points(console: InProcess) -> None:
    """More numbers than an input has elements are points, and come first in the result."""
    one, two = (console.good(f"{HESSIAN} --at x={point}") for point in ("1,2,3", "4,5,6"))
    both = console.good(f"{HESSIAN} --at x=1,2,3,4,5,6")
    assert literal_eval(both) == [literal_eval(one), literal_eval(two)]


def test_results_are_placed(console: InProcess, folder: Path) -> None:
    """Each of several results has its place in front, and the lines of an array are in line."""
    (folder / "nested.py").write_text(
        "import numpy as np\ndef f(x, y):\n    return (x * y, (np.outer(x, x), y)), -y\n"
    )
    out = console.good("graphad trace nested.py:f --shape x=2 --at x=1,2 --at y=3")
    assert out == (
        "out[0][0] = [3.0, 6.0]\n"
        "out[0][1][0] = [[1.0, 2.0],\n"
        "                [2.0, 4.0]]\n"
        "out[0][1][1] = 3.0\n"
        "out[1] = -3.0\n"
    )


def test_long_results_are_not_shortened(console: InProcess, folder: Path) -> None:
    """An array of thousands of elements is printed whole, one row to a line."""
    (folder / "long.py").write_text(
        "import numpy as np\ndef f(x):\n    return x * np.ones((2, 2000))\n"
    )
    out = console.good("graphad trace long.py:f --at x=1.5")
    assert literal_eval(out) == [[1.5] * 2000] * 2
    assert out.count("\n") == 2


def test_empty_arrays(console: InProcess, folder: Path) -> None:
    """An input without elements takes no numbers."""
    (folder / "empty.py").write_text("import numpy as np\ndef f(x):\n    return x * 2, np.sum(x)\n")
    out = console.good("graphad trace empty.py:f --shape x=0 --at x=")
    assert out == "out[0] = []\nout[1] = 0.0\n"


@pytest.mark.parametrize(
    ("dtype", "numbers", "values"),
    [
        ("f64", ("1", "2.5", "1e3"), [1.0, 2.5, 1000.0]),
        ("c64", ("1+2j", "(3)"), [1 + 2j, 3]),
        ("i64", ("-1", "7"), [-1, 7]),
        ("u8", ("255",), [255]),
        ("bool", ("true", "false"), [True, False]),
    ],
)
def test_numbers_of_each_dtype(dtype: str, numbers: tuple[str, ...], values: list[object]) -> None:
    """Numbers are read as those of the input's dtype."""
    array = array_of("x", numbers, make_type((), DTYPES_BY_NAME[dtype]))
    assert array.dtype == DTYPES_BY_NAME[dtype]
    assert array.tolist() == values


@pytest.mark.parametrize(
    ("dtype", "shape", "numbers", "message"),
    [
        ("f64", (), ("one",), "--at x: 'one' is not a number"),
        ("f64", (), ("",), "--at x: '' is not a number"),
        ("f64", (), ("__import__('os')",), "--at x: \"__import__('os')\" is not a number"),
        ("f64", (), ("1+2j",), "--at x: '1+2j' is not a number"),
        ("c128", (), ("z",), "--at x: 'z' is not a complex number such as 1+2j"),
        ("i64", (), ("1.5",), "--at x: '1.5' is not an integer"),
        ("u8", (), ("-1.0",), "--at x: '-1.0' is not an integer"),
        ("bool", (), ("1",), "--at x: '1' is not true or false"),
        ("f64", (), (), "--at x: f64[] takes 1, or a multiple of that for several points; 0 given"),
        (
            "f64",
            (2, 3),
            ("1",) * 8,
            "--at x: f64[2,3] takes 6, or a multiple of that for several points; 8 given",
        ),
        ("f64", (0,), ("1",), "--at x: f64[0] takes none; 1 given"),
    ],
)
def test_bad_numbers(
    dtype: str, shape: tuple[int, ...], numbers: tuple[str, ...], message: str
) -> None:
    """What is not a number, or does not fill the input, is refused."""
    with pytest.raises(InputError) as caught:
        array_of("x", numbers, make_type(shape, DTYPES_BY_NAME[dtype]))
    assert str(caught.value) == message


def test_integers_that_do_not_fit() -> None:
    """An integer that the dtype does not hold is refused, and not wrapped."""
    with pytest.raises(InputError, match=r"^--at x: .*300"):
        array_of("x", ("300",), make_type((), DTYPES_BY_NAME["u8"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--at t=1", "--at: no value is given for 'a'; inputs: a: f64[], t: f64[]"),
        ("--at t=1 --at a=1 --at b=1", "--at: there is no input 'b'; inputs: a: f64[], t: f64[]"),
        ("--at t=1 --at t=2 --at a=1", "--at gives 't' twice"),
        ("--at t=1 --at a=x", "--at a: 'x' is not a number"),
        ("--at t=1,2 --at a=1,2,3", "do not broadcast"),
    ],
)
def test_bad_points(options: str, message: str, console: InProcess) -> None:
    """Each input of the graph has to be given once, and nothing else."""
    assert message in console.bad(f"graphad trace model.py:wave {options}")


def test_points_are_of_the_graph_that_is_written(console: InProcess) -> None:
    """Where a pass adds an input, that input is given too."""
    command = "graphad trace model.py:wave -p jvp --at a=2 --at t=0"
    assert console.bad(command) == (
        "graphad: --at: no value is given for 'da' and 'dt'; "
        "inputs: a: f64[], t: f64[], da: f64[], dt: f64[]\n"
    )
    assert console.good(f"{command} --at da=0 --at dt=1") == "out[0] = 0.0\nout[1] = 6.0\n"


def test_once_and_placed() -> None:
    """Names are kept in order; a result that is no tuple has no place."""
    assert list(once([("b", 1), ("a", 2)], "--at")) == ["b", "a"]
    assert list(placed(1.0)) == [("", 1.0)]
    assert list(placed(())) == []
