"""Random NumPy functions as Python source: writes, views, casts, branches, state, in any order.

What is written is legal Python, and mostly legal NumPy: some of it cannot be traced, and has to be
refused; the rest has to give a graph that computes what NumPy computes.
"""

from __future__ import annotations

import random

PREAMBLE = """\
import numpy as np

TABLE = np.array([0.5, -1.5, 2.0, 0.25])
GRID = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
WHOLE = np.array([3, 0, 2, 1])
KEPT = np.zeros(4)
MEMO = {}
NOTES = [np.ones(4)]


def twice(v):
    v *= 2
    return v


def first(v):
    return v[:2]


def same(v):
    return v


class Box:
    def __init__(self, value):
        self.value = value
        self.seen = 0

    def add(self, other):
        self.value += other
        self.seen += 1
        return self.value
"""

# In templates a letter stands for a variable: {v} {w} vectors of 4, {m} a matrix of 2 by 3, {s} {t}
# scalars, {i} a position, {c} a number, {n} a new name.
MAKES_VECTOR = (
    "np.sin({v})",
    "{v} + {w}",
    "{v} * {w} - {c}",
    "{v} / (2 + {w} ** 2)",
    "{v}.copy()",
    "{v}[::-1]",
    "{v}[WHOLE]",
    "{v}[:]",
    "{v}.view()",
    "same({v})",
    "twice({v})",
    "twice({v}.copy())",
    "np.asarray({v})",
    "np.array({v})",
    "np.array({v}, copy=False)",
    "np.ravel({v})",
    "{v}.reshape(2, 2).T.ravel()",
    "{v}.reshape(2, 2).ravel()",
    "{v}.reshape(-1)",
    "{v}.flatten()",
    "np.broadcast_to({s}, (4,))",
    "np.atleast_1d({v})",
    "np.where({v} > {c}, {v}, {w})",
    "np.maximum({v}, {w})",
    "np.cumsum({v})",
    "np.roll({v}, 1)",
    "np.concatenate([{v}[2:], {w}[:2]])",
    "np.array([{s}, {t}, {c}, {v}[{i}]])",
    "np.stack([{s}, {v}[0], {v}[1], {t}])",
    "np.zeros(4)",
    "np.zeros_like({v})",
    "np.empty(4) * 0 + {v}",
    "np.full(4, {s})",
    "TABLE",
    "TABLE * {v}",
    "TABLE[:] + {s}",
    "KEPT",
    "NOTES[0]",
    "np.diag(np.outer({v}, {w}))",
    "np.outer({v}, {w})[{i}]",
    "{m}.ravel()[:4]",
    "{m}.T.reshape(-1)[1:5]",
    "np.append({m}[0], {s})",
    "{v}.astype(float)",
    "{v}.astype(np.float32).astype(float)",
    "{v}.astype(int).astype(float)",
    "{v}.astype(int) * 1.0",
    "np.floor({v})",
    "np.round({v}, 1)",
    "np.trunc({v}) + {v}",
    "({v} > {c}).astype(float)",
    "({v} > {c}) * {w}",
    "np.sort({v})",
    "{v}[np.argsort({w})]",
    "np.clip({v}, -1, {c})",
    "np.sign({v}) * {w}",
    "np.array({v}.tolist())",
    "np.array([float(a) for a in {v}])",
    "np.array(list({v}))",
    "np.array([a for a in {v}])",
    "np.fromiter(({c} * a for a in {v}), dtype=float)",
    "np.vectorize(lambda a: a * 2)({v})",
    "np.apply_along_axis(lambda a: a * 2, 0, {v})",
    "np.nan_to_num({v})",
    "{v} ** 2",
    "{v} if {v}.shape[0] > 2 else {w}",
    "{v} if {v}[0] > {c} else {w}",
    "{v} if isinstance({v}, np.ndarray) else {w}",
    "{v} if type({v}) is np.ndarray else {w}",
    "{v} if {v} is {w} else {w} * 2",
    "{v} if np.shares_memory({v}, {w}) else {v} * {c}",
    "{v} if {v}.base is None else {v} * {c}",
    "{v} if np.isscalar({s}) else {w}",
    "{v} if {v}.dtype == float else {w}",
    "{v} if {v}.flags.writeable else {w}",
    "{v} if np.all(np.isfinite({v})) else {w}",
    "{v} if np.allclose({v}, {w}) else {v} + {w}",
    "{v} if np.array_equal({v}, {w}) else {v} - {w}",
    "MEMO.setdefault('v', {v})",
    "np.frompyfunc(lambda a: a + 1, 1, 1)({v}).astype(float)",
    "np.polyval([{c}, {s}, 1.0], {v})",
    "np.interp({v}, [-1.0, 0.0, 2.0], [0.0, {c}, 1.0])",
    "np.select([{v} < 0, {v} > 1], [{w}, {v} * 2], {c})",
    "np.piecewise({v}, [{v} < 0, {v} >= 0], [lambda a: -a, lambda a: a * 2])",
    "np.lib.stride_tricks.as_strided({v})",
    "np.frombuffer({v}.tobytes())",
    "np.take({v}, [0, 0, 1, 3])",
    "np.squeeze({v}[None])",
    "np.real({v} * (1 + 2j))",
    "np.abs({v} + 1j * {w})",
    "np.add({v}, {w}, out=np.zeros(4))",
    "np.multiply({v}, 2, out={w})",
    "np.add.accumulate({v})",
    "np.einsum('i,i->i', {v}, {w})",
    "np.einsum('i->i', {v})",
)
MAKES_SCALAR = (
    "np.sum({v})",
    "{v}.sum()",
    "{v} @ {w}",
    "{v}[{i}]",
    "{v}[{i}].item()",
    "{v}.item({i})",
    "{v}.tolist()[{i}]",
    "{m}[1, 2]",
    "np.max({v})",
    "np.min({v})",
    "max({v}[0], {s})",
    "sum({v})",
    "float({s})",
    "{s} * {t} + {c}",
    "np.tanh({s})",
    "{s} // 1 + {s} % 1",
    "int({s}) + {t}",
    "round({s}, 1)",
    "np.float64({c})",
    "np.dot({v}, TABLE)",
    "TABLE.dot({v})",
    "TABLE[np.argmax({v})]",
    "{v}[np.argmax({w})]",
    "{v}[int(np.argmax(TABLE))]",
    "np.mean({m}) + np.var({v})",
    "np.linalg.norm({v})",
    "len({v}) * {s}",
    "len(str({s})) * 1.0",
    "float(str({s}))",
    "float(f'{{{s}:.1f}}')",
    "hash({s}) * 0 + {t}",
    "({s} > {c}) * {t}",
    "({s} > {c}) + 0.0",
    "bool({s}) * {t}",
    "{s} if {s} > 0 else {t}",
    "({s} and {t})",
    "np.count_nonzero({v} > {c}) * {s}",
    "np.any({v} > 2) * {s}",
    "np.searchsorted(np.sort(TABLE), {s}) * 1.0",
    "sorted([{s}, {t}])[0]",
    "np.array([{s}, {t}]).max()",
    "np.nonzero({v} > 0)[0].size * 1.0",
    "({v} > 0).sum() * 1.0",
    "(lambda a, b={t}: a * b)({s})",
    "Box({s}).add({t})",
    "np.ptp({v})",
)
MAKES_MATRIX = (
    "{m} * 2",
    "{m}.copy()",
    "{m}[:, ::-1]",
    "{m}[:, [2, 0, 1]]",
    "{m}.T.reshape(2, 3)",
    "{m}.T.T",
    "GRID + {m}",
    "GRID * {s}",
    "np.outer({v}[:2], {w}[1:])",
    "np.flip({m}, 0)",
    "np.tile({v}[:3], (2, 1))",
    "np.asfortranarray({m})",
    "np.ascontiguousarray({m}.T).T",
    "np.broadcast_to({v}[:3], (2, 3))",
    "np.array([{v}[:3], {w}[1:]])",
    "np.vstack([{m}[1], {m}[0]])",
    "np.where({m} > 0, {m}, -{m})",
    "np.reshape({m}, (2, 3), order='F')",
    "np.sort({m}, axis=1)",
    "{m} - {m}.mean(axis=0)",
    "np.array({m}.tolist())",
)
STATEMENTS = (
    "{v} += {w}",
    "{v} *= {c}",
    "{v} -= TABLE",
    "{v} **= 2",
    "{v}[{i}] = {s}",
    "{v}[{i}] += {s}",
    "{v}[1:] = {w}[:-1]",
    "{v}[1:] += {w}[:-1]",
    "{v}[::2] *= {s}",
    "{v}[[0, 0, 2]] += {w}[:3]",
    "{v}[WHOLE] = {w}",
    "{v}[{v} > {c}] = {s}",
    "{v}[{v} > {c}] *= 2",
    "{v}[{v} > {c}] = {w}[{v} > {c}]",
    "{v}[TABLE > 0] = {w}[TABLE > 0]",
    "{v}[:] = {w}[::-1]",
    "{v}[::-1] = {v}",
    "{v}[:2], {v}[2:] = {v}[2:], {v}[:2]",
    "{v}, {w} = {w}, {v}",
    "{v}[0], {v}[1] = {v}[1], {v}[0]",
    "{v}.fill({s})",
    "{v}.sort()",
    "{v}.reshape(2, 2)[0] = {s}",
    "{v}.reshape(2, 2).T[0] += {w}[:2]",
    "{v}.flat[{i}] = {s}",
    "{v}.ravel()[{i}] = {s}",
    "first({v})[:] = {s}",
    "twice({v}[1:])",
    "np.copyto({v}, {w})",
    "np.put({v}, [0, 2], {w}[:2])",
    "np.add.at({v}, [0, 0, 1], {s})",
    "np.multiply({v}, {w}, out={v})",
    "np.negative({v}, {w})",
    "np.clip({v}, -1, 1, out={v})",
    "np.putmask({v}, {v} > 0, {w})",
    "np.place({v}, {v} > {c}, [1.0])",
    "np.random.shuffle({v})",
    "{v}.itemset(0, {s}) if hasattr({v}, 'itemset') else None",
    "{v}.resize(4, refcheck=False)",
    "{v}.setflags(write=False)",
    "{v}.data[0] = 1.0",
    "{m}[0] += {v}[:3]",
    "{m}[:, 1] = {s}",
    "{m}.T[1] *= {s}",
    "{m}[0], {m}[1] = {m}[1], {m}[0].copy()",
    "{m}[[0, 1], [1, 2]] = {v}[:2]",
    "{m}.ravel()[1:3] = {v}[:2]",
    "{m}.T.ravel()[1] = {s}",
    "{m}.reshape(3, 2)[1] = {s}",
    "np.fill_diagonal({m}, {s})",
    "for row in {m}: row += {s}",
    "for a in {v}: a += {s}",
    "for k in range(len({v})): {v}[k] = {v}[k] * {w}[k - 1]",
    "for k, a in enumerate({v}): {w}[k] = a",
    "KEPT[:] = {c}",
    "KEPT[0] = {s}",
    "KEPT += {v}",
    "KEPT[1] += 1",
    "TABLE[0] = TABLE[0]",
    "MEMO['last'] = {v}",
    "{v} = MEMO.get('last', {v})",
    "NOTES.append({v})",
    "{v} = NOTES[-1]",
    "{v} = [{v}, {w}][int({c} > 1)]",
    "{v}, {s} = {w} * 1.0, {v}[0]",
    "{s} += {t}",
    "{s} = {t}",
    "if {s} > 0: {v} = {v} * 2",
    "if {v}.ndim == 1: {v} = {v} * 2",
    "while {s} < 1: {s} = {s} + 1",
    "try:\n        {v} = {v} * float({s})\n    except Exception:\n        {v} = {v} + 1",
    "try:\n        {v} = {v} if {s} > 0 else {w}\n    except TypeError:\n        pass",
    "with np.errstate(all='ignore'): {v} = np.log1p({v} ** 2)",
    "print({v}, end='') if {c} > 100 else None",
    "{v} = Box({v}).add({w})",
    "{v}.__iadd__({w})",
    "{v}.__setitem__(0, {s})",
    "setattr({v}, 'shape', (4,))",
    "del {s}; {s} = {v}[0]",
    "GRID = GRID * 1.5",
    "{v} = (lambda: {v} * {s})()",
    "import numpy; {v} = numpy.sin({v})",
    "from numpy import exp as e; {v} = e(-{v} ** 2)",
    "{v} = np.asarray({v}, dtype=np.float32) + 0 * {w}",
    "{v} = np.ma.masked_array({v}).filled(0.0)",
)
RESULTS = (
    "np.sum({v} * {w}) + {s}",
    "{v}",
    "{m}",
    "{v}, {s}",
    "{s}",
    "{v}.sum() * {m}",
    "x, {v}",
    "x + KEPT",
    "[{v}, {w}]",
    "{{'a': {v}, 'b': {m}}}",
    "np.sum(NOTES[-1] * {v})",
)


class Writer:
    """Writes one function, by a seed.

    Parameters
    ----------
    seed : int
        Decides everything.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._names = {"v": ["x"], "m": ["A"], "s": ["b"]}

    def _fill(self, template: str) -> str:
        chance, names = self._chance, self._names
        return template.format(
            v=chance.choice(names["v"]),
            w=chance.choice(names["v"]),
            m=chance.choice(names["m"]),
            s=chance.choice(names["s"]),
            t=chance.choice(names["s"]),
            i=chance.choice([0, 1, 2, 3, -1]),
            c=chance.choice([0.5, 0.0, 1.0, 2.0, -0.3]),
        )

    def _line(self) -> str:
        kind = self._chance.choices("vsmx", [4, 2, 1, 4])[0]
        if kind == "x":
            return self._fill(self._chance.choice(STATEMENTS))
        makes = {"v": MAKES_VECTOR, "s": MAKES_SCALAR, "m": MAKES_MATRIX}[kind]
        made = self._fill(self._chance.choice(makes))
        name = f"{kind}{len(self._names[kind])}"
        self._names[kind].append(name)
        return f"{name} = {made}"

    def source(self) -> str:
        """Return the text of a module with the function ``f(x, A, b)``."""
        lines = [self._line() for _ in range(self._chance.randint(2, 7))]
        lines.append(f"return {self._fill(self._chance.choice(RESULTS))}")
        body = "\n    ".join(["global KEPT, GRID", *lines])
        return f"{PREAMBLE}\n\ndef f(x, A, b):\n    {body}\n"
