"""Snippets with a change: writes in place, aliases, casts, branches on values, other operands."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable

AFTER_ASSIGNMENT = (
    "{n} = np.asarray({n})",
    "{n} = np.array({n})",
    "{n} = {n} * 1.0; {n} *= 1.5",
    "{n} *= 1.5",
    "{n} += {n}",
    "{n}[...] = {n} * 0.5",
    "other = {n}; other *= 0.5",
    "other = np.ravel({n}); other[0] = 0.25",
    "other = {n}[..., 0]; other += 0.5",
    "other = {n}.T; other *= 2",
    "{n} = {n}.astype(int) + 0.5",
    "{n} = {n}.astype(np.float32)",
    "{n} = np.floor({n}) + 0.1 * {n}",
    "{n} = np.round({n}, 1)",
    "{n} = ({n} > 0.1) + {n}",
    "{n} = ({n} > 0.1) * 1.0 + 0.5",
    "{n} = np.array(np.asarray({n}).tolist())",
    "{n} = np.asarray({n}).item() if np.size({n}) == 1 else {n}",
    "{n} = float({n}) if np.ndim({n}) == 0 else {n}",
    "{n} = {n} if np.sum({n}) > 0 else -{n}",
    "{n} = np.where({n} > 0.2, {n}, 0.2)",
    "{n} = np.clip({n}, -0.5, 0.5)",
    "{n} = np.nan_to_num({n})",
    "{n} = np.array([{n}])[0]",
    "{n} = list({n}) if np.ndim({n}) == 1 else {n}",
    "{n} = np.sort({n}, axis=-1) if np.ndim({n}) else {n}",
    "{n} = {n}[::-1] if np.ndim({n}) else {n}",
    "KEEP.append({n}); {n} = KEEP[-1]",
    "KEEP.append({n}); {n} = KEEP[0]",
    "{n} = np.copy({n}); {n}[{n} > 0.3] = 0.3",
    "try:\n    {n} = {n} * float(np.sum({n}))\nexcept Exception:\n    pass",
    "assert np.all(np.isfinite({n}))",
    "assert np.shape({n}) is not None",
)
"""What may come after an assignment to a name."""

PLAIN = "import numpy as np\nKEEP = []\n"


def _names(function: ast.FunctionDef) -> list[tuple[list[ast.stmt], int, str]]:
    """Return where a name has been assigned, as a block of statements and a place in it."""
    found: list[tuple[list[ast.stmt], int, str]] = []
    for node in ast.walk(function):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if not isinstance(block, list):
                continue
            for place, statement in enumerate(block):
                if isinstance(statement, ast.Assign | ast.AugAssign):
                    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
                    names = [one.id for one in targets if isinstance(one, ast.Name)]
                    found += [(block, place + 1, name) for name in names]
    own = [(function.body, 0, argument.arg) for argument in function.args.args]
    return found + [one for one in own if one[2] != "self"]


def insert(function: ast.FunctionDef, chance: random.Random) -> None:
    """Insert a statement after an assignment."""
    block, place, name = chance.choice(_names(function))
    block[place:place] = ast.parse(chance.choice(AFTER_ASSIGNMENT).format(n=name)).body


def assign_in_place(function: ast.FunctionDef, chance: random.Random) -> None:
    """Make ``a = a + b`` out of ``a += b``, or the other way round."""
    for node in ast.walk(function):
        for block in (getattr(node, "body", []), getattr(node, "orelse", [])):
            for place, one in enumerate(block if isinstance(block, list) else []):
                if not (isinstance(one, ast.Assign) and isinstance(one.value, ast.BinOp)):
                    continue
                target = one.targets[0]
                if isinstance(target, ast.Name) and chance.random() < 0.5:
                    left = ast.Assign(targets=[target], value=one.value.left, lineno=0)
                    write = ast.AugAssign(target=target, op=one.value.op, value=one.value.right)
                    block[place : place + 1] = [left, write]


def drop_copies(function: ast.FunctionDef, chance: random.Random) -> None:
    """Leave ``.copy()`` out."""

    class Dropper(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            self.generic_visit(node)
            is_copy = isinstance(node.func, ast.Attribute) and node.func.attr == "copy"
            return node.func.value if is_copy and isinstance(node.func, ast.Attribute) else node

    Dropper().visit(function)


def swap(function: ast.FunctionDef, chance: random.Random) -> None:
    """Exchange the operands of an operation or a comparison, or the arguments of a call."""
    kinds = ast.BinOp | ast.Call | ast.Compare
    node = chance.choice([one for one in ast.walk(function) if isinstance(one, kinds)])
    if isinstance(node, ast.BinOp):
        node.left, node.right = node.right, node.left
    elif isinstance(node, ast.Compare):
        node.left, node.comparators[0] = node.comparators[0], node.left
    elif len(node.args) > 1:
        node.args[0], node.args[1] = node.args[1], node.args[0]


def change_number(function: ast.FunctionDef, chance: random.Random) -> None:
    """Make an integer of a number, or a float, or zero."""
    numbers = [one for one in ast.walk(function) if isinstance(one, ast.Constant)]
    numbers = [one for one in numbers if type(one.value) in (int, float)]
    if numbers:
        node = chance.choice(numbers)
        kind = chance.choice([int, float, lambda value: 0, lambda value: value + 1])
        node.value = kind(node.value)  # type: ignore[arg-type]


def branch(function: ast.FunctionDef, chance: random.Random) -> None:
    """Make Python's choice out of ``np.where``, and max out of ``np.maximum``."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "maximum":
                node.func = ast.Name("max", ast.Load())
            elif node.func.attr == "minimum":
                node.func = ast.Name("min", ast.Load())
            elif node.func.attr in ("exp", "sin", "cos", "sqrt") and chance.random() < 0.3:
                node.func.value = ast.Name("math", ast.Load())


MUTATIONS: tuple[Callable[[ast.FunctionDef, random.Random], None], ...] = (
    insert,
    insert,
    insert,
    assign_in_place,
    drop_copies,
    swap,
    change_number,
    branch,
)


def mutated(source: str, names: list[str], seed: int) -> str:
    """Return a module's source with some changes in one of its functions.

    Parameters
    ----------
    source : str
        Text of the module.
    names : list of str
        Functions to choose from.
    seed : int
        Decides everything.
    """
    chance = random.Random(seed)
    tree = ast.parse(source)
    name = chance.choice(names)
    function = next(
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name
    )
    for _ in range(chance.randint(1, 3)):
        chance.choice(MUTATIONS)(function, chance)
    place = 1 if ast.get_docstring(tree) else 0
    tree.body[place:place] = ast.parse(f"import math\n{PLAIN}").body
    return f"{ast.unparse(ast.fix_missing_locations(tree))}\n\nCHANGED = {name!r}\n"
