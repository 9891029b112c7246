"""From a function and examples of its arguments to the inputs of a graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from graphad.errors import InputError, TypeRuleError
from graphad.ir import Graph, Tree, map_tree
from graphad.op import Array
from graphad.parts import named_parts, part_name
from graphad.structures import Branch, graft, is_static, opened, static_kind
from graphad.tracing.advice import refusal
from graphad.tracing.tracers import Tracer
from graphad.types import FLOAT64, Type, make_type

_FIXED = (
    "only numbers and arrays are inputs of a graph; give fixed things by a default argument, by "
    "functools.partial, or by closing over them"
)


class Input(NamedTuple):
    """One input: its name, its type, and the value it was exemplified by, if it was.

    Where that was one of Python's numbers, it is kept as such.
    """

    name: str
    type: Type
    example: Array | float | complex | None

    @property
    def is_number(self) -> bool:
        """Whether a user calls the function with a number of Python's here, as far as is known."""
        return not self.type.shape and type(self.example) in {type(None), float, complex}


class Call(NamedTuple):
    """How a function is called with inputs.

    Parameters
    ----------
    inputs : tuple of Input
        In the order of the parameters.
    keywords : tuple of str or None
        For each parameter, the name by which it is passed; ``None`` if it is passed by position.
    trees : tuple of Tree
        For each parameter, the positions of its inputs.
    """

    inputs: tuple[Input, ...]
    keywords: tuple[str | None, ...]
    trees: tuple[Tree, ...]

    def __call__(self, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        """Return the function of values for the inputs."""
        arguments = [map_tree(tree, values) for tree in self.trees]
        pairs = list(zip(self.keywords, arguments, strict=True))
        args = [value for keyword, value in pairs if keyword is None]
        return function(*args, **{keyword: value for keyword, value in pairs if keyword})


def function_name(function: Any) -> str:
    """Return a name for the graph of a function.

    Examples
    --------
    >>> function_name(lambda x: x), function_name(np.linalg.norm)
    ('f', 'norm')
    """
    while not hasattr(function, "__name__") and hasattr(function, "func"):
        function = function.func
    name = getattr(function, "__name__", type(function).__name__)
    return name if name.isidentifier() else "f"


def plan_call(
    function: Callable[..., Any], examples: Sequence[Any], kwexamples: Mapping[str, Any]
) -> Call:
    """Return the inputs of a function, from its parameters and examples of its arguments.

    A parameter without an example and without a default is a scalar of dtype float64.

    Parameters
    ----------
    function : callable
        The function.
    examples, kwexamples
        Arrays, numbers, nested lists of floats, or structures of these, by position and by name.
        Only shape and dtype matter, and where the trace is checked.

    Raises
    ------
    TraceError
        If examples do not fit the parameters, or are no floating numbers.

    Examples
    --------
    >>> call = plan_call(lambda x, y, n=3: x, [np.zeros(3)], {})
    >>> [(i.name, str(i.type)) for i in call.inputs]
    [('x', 'f64[3]'), ('y', 'f64[]')]
    """
    if not callable(function):
        raise refusal(
            f"trace takes a function, not {_described(function)}",
            "write trace(f, example), with the function itself",
        )
    inputs: list[Input] = []
    keywords: list[str | None] = []
    trees: list[Tree] = []
    left, named = list(examples), dict(kwexamples)

    def add(name: str, example: Any, keyword: str | None) -> None:
        taken = {known.name for known in inputs}
        while name in taken:
            name += "_"
        if example is _ABSENT and isinstance(function, Graph):
            example = _of_graph(function, len(keywords))
        found, tree = read_structure(name, example)
        trees.append(graft(tree, range(len(inputs), len(inputs) + len(found))))
        inputs.extend(found)
        keywords.append(keyword)

    by_name = False
    for parameter in _parameters(function, examples):
        name, kind = parameter.name, parameter.kind
        if kind is parameter.VAR_POSITIONAL:
            for i, example in enumerate(left):
                add(f"{name}{i}", example, None)
            left = []
        elif kind is parameter.VAR_KEYWORD:
            for key in list(named):
                add(key, named.pop(key), key)
        else:
            positional = kind is not parameter.KEYWORD_ONLY
            given = positional and bool(left)
            if given and name in named:
                raise refusal(f"{name} has two examples", "give one, by position or by name")
            if not given and name not in named and parameter.default is not parameter.empty:
                by_name = True
                continue
            example = left.pop(0) if given else named.pop(name, _ABSENT)
            add(name, example, name if by_name or not positional else None)
    _check_used(function, len(examples), len(left), named)
    return Call(tuple(inputs), tuple(keywords), tuple(trees))


_ABSENT: Any = object()


def _parameters(function: Callable[..., Any], examples: Sequence[Any]) -> list[inspect.Parameter]:
    one = inspect.Parameter.POSITIONAL_ONLY
    if isinstance(function, Graph):
        return [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            for name, _ in function.parameters
        ]
    if isinstance(function, np.ufunc):
        return [inspect.Parameter(f"x{i}", one) for i in range(function.nin)]
    try:
        return list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):  # a builtin that does not tell
        return [inspect.Parameter(f"x{i}", one) for i in range(max(1, len(examples)))]


def _check_used(function: Any, given: int, left: int, named: Mapping[str, Any]) -> None:
    name = function_name(function)
    if left:
        raise refusal(
            f"{name} takes {given - left} positional arguments, and {given} examples are given",
            "give one example for each parameter; trace(f, np.zeros(3)) is one array of three",
        )
    if named:
        raise refusal(f"{name} has no parameter {', '.join(named)}", "give examples by its names")


def _described(x: object) -> str:
    if isinstance(x, np.ndarray):
        return f"an array of dtype {x.dtype}"
    kind = type(x).__name__
    return f"the {kind} {x!r}" if isinstance(x, str | int | float | None) else f"a {kind}"


def _of_graph(graph: Graph, position: int) -> Any:
    """Return an example of what a graph is called with, of types instead of values."""
    tree = graph.parameters[position].tree
    return map_tree(tree, [node.type for node in graph.inputs])


def read_structure(name: str, example: Any) -> tuple[list[Input], Tree]:
    """Return the inputs that an example holds, and its structure, of positions among them.

    Raises
    ------
    TraceError
        If there are no floating numbers in it, or what is neither a number nor static.

    Examples
    --------
    >>> inputs, tree = read_structure("p", {"w": np.zeros(3), "b": 0.0})
    >>> [(one.name, str(one.type)) for one in inputs], tree
    ([('p.b', 'f64[]'), ('p.w', 'f64[3]')], <dict (0, 1)>)
    """
    if not _is_structure(name, example):
        return [Input(name, *read_example(name, example))], 0
    found: list[tuple[Type, Array | float | complex | None]] = []

    def visit(path: str, item: Any) -> Tree:
        if is_static(item):
            return Branch((), static_kind(item))
        if item is not None and not _is_structure(path, item) and not _is_fixed(item):
            found.append(read_example(path, item))
            return len(found) - 1
        level = opened(item)
        assert level is not None
        kind, keys, parts = level
        made = [visit(part_name(path, key), part) for key, part in zip(keys, parts, strict=True)]
        return tuple(made) if kind is None else Branch(made, kind)

    tree = visit(name, example)
    if not found:
        raise refusal(f"the example for {name} holds no floating number", _FIXED)
    names = named_parts(name, tree)
    return [Input(one, *read) for one, read in zip(names, found, strict=True)], tree


def _is_structure(name: str, item: Any) -> bool:
    """Return whether an example is a structure: a list or tuple of plain numbers is an array."""
    numbers = Tracer | Type | float | complex | np.ndarray | np.generic
    if item is _ABSENT or item is None or isinstance(item, numbers) or is_static(item):
        return False
    if type(item) not in {list, tuple}:
        try:
            return opened(item) is not None
        except InputError as error:
            raise refusal(f"the example for {name} cannot be opened", str(error)) from None
    stack = list(item)
    while stack:
        part = stack.pop()
        if type(part) in {list, tuple}:
            stack.extend(part)
        elif not isinstance(part, int | float | complex | np.generic):
            return True
    return False


def _is_fixed(item: Any) -> bool:
    """Return whether a list or tuple within a structure has no floating numbers, like a shape."""
    stack = [item]
    while stack:
        part = stack.pop()
        if type(part) in {list, tuple}:
            stack.extend(part)
        elif not isinstance(part, int | np.integer):
            return False
    return True


def read_example(name: str, example: Any) -> tuple[Type, Array | float | complex | None]:
    """Return the type of an input, and the example's value.

    Raises
    ------
    TraceError
        If the example is not a floating number, or an array of such.
    """
    if example is _ABSENT:
        return FLOAT64, None
    if isinstance(example, Type):
        return example, None
    if isinstance(example, Tracer):
        plain = example.plain()
        return make_type(example.shape, example.dtype), None if plain is None else plain.copy()
    if example is None or isinstance(example, str | bytes | dict | set):
        raise refusal(f"the example for {name} is {_described(example)}", _FIXED)
    if isinstance(example, np.ma.MaskedArray):
        raise refusal(
            f"the example for {name} is a masked array, and a graph has no masks",
            "fill it first, x.filled(0.0), and give weights that are zero where the mask holds",
        )
    if isinstance(example, np.matrix):
        raise refusal(
            f"the example for {name} is an np.matrix, of which * is another product",
            "write np.asarray(x), and @ for matrix products in the function",
        )
    try:
        array = np.array(example)
    except ValueError as error:
        raise refusal(
            f"the example for {name} makes no array: {error}", "give lists of equal lengths"
        ) from None
    if array.dtype.kind in "biu":
        better = _floating(example, array)
        raise refusal(
            f"the example for {name} is of integers or booleans, which have no derivatives",
            f"if the function is to be differentiated by it, write {better}; if it counts, labels "
            f"or indexes, give it by a default argument, functools.partial(f, {name}=...) or a "
            "closure: it is a constant of the graph then",
        )
    if array.dtype.kind not in "fc":
        raise refusal(f"the example for {name} is {_described(example)}", _FIXED)
    try:
        kept = example if type(example) in {float, complex} else array
        return make_type(array.shape, array.dtype), kept
    except TypeRuleError as error:
        raise refusal(f"the example for {name}: {error}", "write x.astype(float)") from None


def _floating(example: Any, array: Array) -> str:
    if array.ndim == 0:
        return f"{float(array)!r}"
    if not array.any():
        shape = array.shape[0] if array.ndim == 1 else array.shape
        return f"np.zeros({shape})"
    if array.size > 6 or isinstance(example, np.ndarray):
        return "example.astype(float)"
    return f"{array.astype(float).tolist()}"
