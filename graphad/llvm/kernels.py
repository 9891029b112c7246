"""Scalar graphs as straight-line code: one point in scalars, many in vectors."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from graphad.errors import GraphError
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.llvm.functions import rule_of, sine_and_cosine
from graphad.llvm.outputs import (
    Outputs,
    Store,
    row_addresses,
    scalar_outputs,
    store_rows,
    vector_outputs,
    weave,
)
from graphad.ops import OPS

CHUNK = 3000
"""Operations of a function: code generation takes more than linear time in its length."""
FENCE = {
    "llvm.codeview.annotation": "declare void @llvm.codeview.annotation(metadata)",
    "!0": '!0 = !{!"fence"}',
}
"""What stands between pieces of a function, and is no instruction: LLVM's scheduler does not look
beyond it. In long straight code it is slow, and it moves instructions apart that belong together,
until values find no register: up to twice the time to compile, and two fifths more to run."""
PIECE = 32
"""Lines of such a piece."""
NO_WORK = -1
"""Stands for the node after which inputs and constants are stored."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """How many points are computed at a time, and with what.

    Parameters
    ----------
    width : int
        Lanes; 1 for scalar code.
    prefix : str
        Of vector functions in libmvec, ``"_ZGVeN8"``; empty if there are none.
    functions : frozenset of str
        Functions of the C library that have a vector form.
    """

    width: int
    prefix: str = ""
    functions: frozenset[str] = frozenset()

    @property
    def floats(self) -> str:
        """The type of values."""
        return "double" if self.width == 1 else f"<{self.width} x double>"

    @property
    def booleans(self) -> str:
        """The type of conditions."""
        return "i1" if self.width == 1 else f"<{self.width} x i1>"

    @property
    def suffix(self) -> str:
        """What names of intrinsics end with."""
        return "f64" if self.width == 1 else f"v{self.width}f64"


@dataclass(slots=True)
class Kernel:
    """The text of a kernel: functions that run one after the other.

    Parameters
    ----------
    outputs : Outputs
        What they store.
    names : list of str
        Functions, in order, of `parameters`.
    text : list of str
        Their definitions.
    declarations : dict of str to str
        What they call.
    scratch : int
        Values that are kept from one function to another.
    """

    outputs: Outputs
    names: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    declarations: dict[str, str] = field(default_factory=dict)
    scratch: int = 0

    @property
    def parameters(self) -> str:
        """Of all functions; what calls them has values of these names."""
        return f"ptr %in, ptr %out, ptr %scratch{self.outputs.parameters}"


def number_text(value: float) -> str:
    """Return a number as LLVM writes it, bit for bit.

    Examples
    --------
    >>> number_text(1.0)
    '0x3FF0000000000000'
    """
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return f"0x{bits:016X}"


class Body:
    """Lines of one function."""

    def __init__(self, lanes: Lanes, declarations: dict[str, str]) -> None:
        self.lanes = lanes
        self.declarations = declarations
        self.lines: list[str] = []
        self.floats = lanes.floats
        self.booleans = lanes.booleans
        self.suffix = lanes.suffix

    def line(self, text: str) -> str:
        """Write ``name = text`` and return the name."""
        name = f"%t{len(self.lines)}"
        self.lines.append(f"  {name} = {text}")
        return name

    def number(self, value: float) -> str:
        """Return a number in every lane."""
        text = number_text(value)
        return text if self.lanes.width == 1 else f"splat (double {text})"

    def call(self, function: str, operands: Sequence[str]) -> str:
        """Write a call of a function of the C library in every lane."""
        lanes = self.lanes
        count = len(operands)
        if lanes.width == 1:
            self.declarations[function] = f"declare double @{function}({_listed('double', count)})"
            given = ", ".join(f"double {x}" for x in operands)
            return self.line(f"call double @{function}({given})")
        if function in lanes.functions:
            name = f"{lanes.prefix}{'v' * count}_{function}"
            type = lanes.floats
            self.declarations[name] = f"declare {type} @{name}({_listed(type, count)})"
            given = ", ".join(f"{type} {x}" for x in operands)
            return self.line(f"call {type} @{name}({given})")
        self.declarations[function] = f"declare double @{function}({_listed('double', count)})"
        result = "poison"
        for lane in range(lanes.width):
            parts = [self.line(f"extractelement {lanes.floats} {x}, i32 {lane}") for x in operands]
            given = ", ".join(f"double {part}" for part in parts)
            one = self.line(f"call double @{function}({given})")
            result = self.line(f"insertelement {lanes.floats} {result}, double {one}, i32 {lane}")
        return result

    def load(self, array: str, place: int) -> str:
        """Write the load of a value, or of a vector of values, from a tile."""
        at = self.line(f"getelementptr double, ptr %{array}, i64 {place * self.lanes.width}")
        return self.line(f"load {self.floats}, ptr {at}, align {8 * self.lanes.width}")

    def store(self, value: str, array: str, place: int) -> None:
        """Write a store."""
        at = self.line(f"getelementptr double, ptr %{array}, i64 {place * self.lanes.width}")
        align = 8 * self.lanes.width
        self.lines.append(f"  store {self.floats} {value}, ptr {at}, align {align}")


def _listed(type: str, count: int) -> str:
    return ", ".join([type] * count)


def element_places(graph: Graph) -> dict[int, int]:
    """Return for each node that reads an input the place of that element among all elements."""
    starts, total = {}, 0
    for node in graph.inputs:
        starts[node.id] = total
        total += node.type.size
    places = {}
    for node in graph.nodes:
        if node.op is INPUT and not node.type.shape:
            places[node.id] = starts[node.id]
        elif node.op is OPS["element"]:
            flat = 0
            for i, length in zip(node.attrs[0], node.inputs[0].type.shape, strict=True):
                flat = flat * length + i
            places[node.id] = starts[node.inputs[0].id] + flat
    return places


def write_kernel(graph: Graph, lanes: Lanes, name: str) -> Kernel:
    """Return the kernel of a scalar graph.

    Parameters
    ----------
    graph : Graph
        Scalar nodes of double precision and conditions.
    lanes : Lanes
        How many points at a time.
    name : str
        What its functions' names begin with.

    Raises
    ------
    GraphError
        If a node is not scalar, or its op has no rule.
    """
    vector = lanes.width > 1
    outputs = vector_outputs(graph, lanes.width) if vector else scalar_outputs(graph)
    kernel = Kernel(outputs)
    places = element_places(graph)
    work = [node for node in graph.nodes if _is_work(node, places)]
    chunks = [work[i : i + CHUNK] for i in range(0, len(work), CHUNK)] or [[]]
    home = {node.id: i for i, chunk in enumerate(chunks) for node in chunk}
    due = _due(outputs.stores, work)
    kept = _kept(chunks, home, due)
    kernel.scratch = len(kept)
    bodies = []
    for i, chunk in enumerate(chunks):
        body = Body(lanes, kernel.declarations)
        bodies.append(body)
        names: dict[int, str] = {}
        partners = _partners(chunk) if vector else {}
        circular: dict[int, str] = {}
        for node in chunk:
            operands = [_operand(body, item, names, places, kept) for item in node.inputs]
            rule = rule_of(node)
            if rule is None or node.type.shape:
                raise GraphError(f"{node!r} has no form in machine code")
            value = circular.pop(node.id, None)
            if value is None and node.id in partners:
                first, second = sine_and_cosine(body, operands[0])
                sine = node.op is OPS["sin"]
                value, circular[partners[node.id]] = (first, second) if sine else (second, first)
            elif value is None:
                value = rule(body, operands, node.attrs)
            names[node.id] = value
            if node.id in kept:
                body.store(_as_float(body, value, node), "scratch", kept[node.id])
            for store in due.get(node.id, ()):
                _leave(body, store, names, places, kept)
        for store in due.get(NO_WORK, ()) if i == len(chunks) - 1 else ():
            _leave(body, store, names, places, kept)
    kernel.declarations |= FENCE
    kernel.declarations |= weave(outputs, lanes.width, [body.lines for body in bodies])
    for i, body in enumerate(bodies):
        function, attributes = f"{name}_{i}", "#1" if vector else "#0"
        kernel.names.append(function)
        head = f"define internal void @{function}({kernel.parameters}) {attributes} {{"
        lines = [*row_addresses(outputs, lanes.width), *_fenced(body.lines)]
        kernel.text.append("\n".join([head, *lines, "  ret void", "}"]))
    for op in ("sqrt", "fabs", "floor", "ceil", "trunc", "rint"):
        full = f"llvm.{op}.{lanes.suffix}"
        kernel.declarations[full] = f"declare {lanes.floats} @{full}({lanes.floats})"
    return kernel


def _fenced(lines: Sequence[str]) -> list[str]:
    fence = "  call void @llvm.codeview.annotation(metadata !0)"
    pieces = [lines[i : i + PIECE] for i in range(0, len(lines), PIECE)]
    return [line for piece in pieces for line in (*piece, fence)]


def _due(stores: Sequence[Store], work: Sequence[Node]) -> dict[int, list[Store]]:
    """Return what is to be stored after which node: the last of those that are computed."""
    order = {node.id: i for i, node in enumerate(work)}
    found: dict[int, list[Store]] = {}
    for store in stores:
        last = max(order.get(node.id, -1) for node in store.nodes)
        found.setdefault(work[last].id if last >= 0 else NO_WORK, []).append(store)
    return found


def _leave(
    body: Body, store: Store, names: dict[int, str], places: dict[int, int], kept: dict[int, int]
) -> None:
    values = [
        _as_float(body, _operand(body, node, names, places, kept), node) for node in store.nodes
    ]
    if store.output < 0:
        body.store(values[0], "out", store.place)
    else:
        store_rows(body, values, store)


def _is_work(node: Node, places: dict[int, int]) -> bool:
    return not (node.op is CONST or node.op is INPUT or node.op is OPS["pack"] or node.id in places)


def _partners(chunk: Sequence[Node]) -> dict[int, int]:
    """Return for each sine the cosine of the same value in a function, and the other way round."""
    found: dict[str, dict[int, int]] = {"sin": {}, "cos": {}}
    for node in chunk:
        if node.op.name in found:
            found[node.op.name][node.inputs[0].id] = node.id
    both = [(sine, found["cos"][at]) for at, sine in found["sin"].items() if at in found["cos"]]
    return {one: other for pair in both for one, other in (pair, pair[::-1])}


def _kept(
    chunks: Sequence[Sequence[Node]], home: dict[int, int], due: dict[int, list[Store]]
) -> dict[int, int]:
    """Values that later functions need, and where they are kept; a place is free after its last."""
    last: dict[int, int] = {}
    for i, chunk in enumerate(chunks):
        for node in chunk:
            stored = [item for store in due.get(node.id, ()) for item in store.nodes]
            for operand in (*node.inputs, *stored):
                if home.get(operand.id, i) < i:
                    last[operand.id] = i
    places: dict[int, int] = {}
    free: list[int] = []
    ending: dict[int, list[int]] = {}
    count = 0
    for i, chunk in enumerate(chunks):
        free.extend(ending.pop(i - 1, ()))
        for node in chunk:
            if node.id in last:
                if free:
                    place = free.pop()
                else:
                    place, count = count, count + 1
                places[node.id] = place
                ending.setdefault(last[node.id], []).append(place)
    return places


def _operand(
    body: Body, node: Node, names: dict[int, str], places: dict[int, int], kept: dict[int, int]
) -> str:
    known = names.get(node.id)
    if known is not None:
        return known
    if node.op is CONST:
        value = node.attrs[0].scalar
        if node.type.dtype.kind == "b":
            text = "true" if value else "false"
            return text if body.lanes.width == 1 else f"splat (i1 {text})"
        return body.number(float(value))
    if node.id in places:
        made = body.load("in", places[node.id])
    else:
        made = body.load("scratch", kept[node.id])
        if node.type.dtype.kind == "b":
            made = body.line(f"fcmp une {body.floats} {made}, {body.number(0.0)}")
    names[node.id] = made
    return made


def _as_float(body: Body, value: str, node: Node) -> str:
    if node.type.dtype.kind != "b":
        return value
    one, zero = body.number(1.0), body.number(0.0)
    return body.line(f"select {body.booleans} {value}, {body.floats} {one}, {body.floats} {zero}")
