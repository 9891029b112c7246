"""Where values lie while a graph is evaluated: registers, and arrays that are written again.

Registers are given out by a linear scan over the calls (Poletto and Sarkar, 1999): a register is
free again after the last use of its value. An array that a ufunc writes lies in a buffer that is
made once; when its value and all views of it have been used for the last time, the next ufunc of
that shape and dtype writes over it. A view of a buffer is made once too, and takes no step at all.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from graphad.builder import paused_gc
from graphad.cost import last_uses
from graphad.evaluate.lowering import VIEWS, Call, Memory, lower
from graphad.evaluate.registers import Registers
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.types import Type

BINARY, UNARY, BINARY_INTO, UNARY_INTO, ITEM, GENERAL, SCALAR, DROP = range(8)
"""Kinds of steps: ``out = run(a, b)``; ``out = run(a)``; the same two, written into the array that
`out` holds; ``out = a[b]``; ``out = run(*operands, *extra)``; the same, made a NumPy scalar; and
`out` is let go."""

Step = tuple[int, Callable[..., Any], int, Any, Any]
"""Kind, what is called, the register `out`, and two more: registers of operands, or extras."""

DISTINCT_STEPS = 1 << 16
"""So many steps are kept to share: registers are used again, so long graphs repeat their steps."""

FOLDED_SIZE = 1 << 18
"""Values of constants alone are computed while planning if they have at most so many elements."""


class Output(NamedTuple):
    """Register of an output, and whether its array has to be copied to be the caller's own."""

    register: int
    copied: bool


class Plan(NamedTuple):
    """How a graph is evaluated.

    `inputs` are the registers of the inputs; `cleared` those that hold something of the caller's
    after a call, which is to be let go.
    """

    steps: list[Step]
    inputs: tuple[int, ...]
    outputs: tuple[Output, ...]
    cleared: tuple[int, ...]
    registers: Registers


def make_plan(graph: Graph) -> Plan:
    """Return the steps that evaluate a graph."""
    planner = _Planner(graph)
    last = last_uses(graph)
    with paused_gc():
        for node in graph.nodes:
            if last[node.id] < 0:
                continue
            if node.op is INPUT or planner.fold(node):
                last[node.id] = len(graph.nodes)  # held elsewhere, so never given up
                continue
            calls = lower(node)
            if len(calls) == 1:
                used = dict.fromkeys(calls[0].operands)
                planner.add(calls[0], [value for value in used if last[value] == node.id])
            else:
                planner.add_several(calls, last)
    return planner.finish(graph)


class _Planner:
    """Adds steps call by call, and knows which values are alive and which memory they lie in.

    A memory is a buffer, numbered by its register, or what one call allocated, numbered from -1
    downwards. Memory of inputs and constants has no number, since nothing may write to it.
    """

    def __init__(self, graph: Graph) -> None:
        self.steps: list[Step] = []
        self.distinct: dict[Step, Step] = {}
        self.registers = Registers()
        self.inputs = tuple([self.registers.take() for _ in graph.inputs])
        self.outputs = frozenset(node.id for node in graph.outputs)
        ids = [node.id for node in graph.inputs]
        self.register_of: dict[int, int] = dict(zip(ids, self.inputs, strict=True))
        self.constants: dict[int, Any] = {}
        self.zero_dimensional: dict[int, int] = {}  # registers of constants as arrays
        self.memories_of: dict[int, tuple[int, ...]] = {}  # of arrays that are alive
        self.owned_by: dict[int, int] = {}  # the memory that an array fills, if it made it
        self.types: dict[int, Type] = {}  # of memories
        self.users: dict[int, int] = {}  # how many live arrays lie in a memory
        self.free_buffers: dict[Type, list[int]] = {}
        self.views: dict[tuple[int, Callable[..., Any], str], int | None] = {}
        self.allocations = 0

    # --- calls -------------------------------------------------------------------------------

    def fold(self, node: Node) -> bool:
        """Compute a value of constants alone now, if it is small or a view; say if it was done."""
        constants = self.constants
        if node.op is CONST:
            constants[node.id] = node.attrs[0].array[()]
            return True
        if not all(operand.id in constants for operand in node.inputs):
            return False
        if node.type.size > FOLDED_SIZE and not (node.inputs and node.op.name in VIEWS):
            return False
        operands = [constants[operand.id] for operand in node.inputs]
        with np.errstate(all="ignore"):
            constants[node.id] = node.op.evaluate(*operands, *node.attrs)[()]
        return True

    def add_several(self, calls: Sequence[Call], last: list[int]) -> None:
        """Add the calls of one node."""
        used: dict[int, int] = {}
        for position, call in enumerate(calls):
            for value in call.operands:
                used[value] = position
        node = calls[-1].out
        for position, call in enumerate(calls):
            dying = [
                value
                for value in dict.fromkeys(call.operands)
                if used[value] == position and (value < 0 or last[value] == node)
            ]
            self.add(call, dying)

    def add(self, call: Call, dying: Sequence[int]) -> None:
        """Add a call, after which the values `dying` are not used any more."""
        if call.type.shape == ():
            self._add_scalar(call, dying)
        elif call.memory is Memory.TARGET:
            self._add_ufunc(call, dying)
        elif call.memory is not Memory.VIEW or not self._add_kept_view(call, dying):
            self._add_array(call, dying)

    def _add_scalar(self, call: Call, dying: Sequence[int]) -> None:
        operands = self._registers(call)
        dropped = self._release(dying)
        out = self.register_of[call.out] = self.registers.take()
        direct = call.memory is Memory.NONE or call.memory is Memory.TARGET
        self._step(call, out, operands, GENERAL if direct else SCALAR)
        self._drop(dropped, out)

    def _add_ufunc(self, call: Call, dying: Sequence[int]) -> None:
        """Write over an operand that dies here, else into a buffer; an output gets a new array."""
        operands = self._registers(call)
        is_output = call.out in self.outputs
        target = self._overwritable(call.type, dying, is_output)
        if target is None and is_output:
            # In the order of a buffer's elements too: it decides how reductions round.
            self._add_array(call._replace(run=partial(call.run, order="C")), dying)
            return
        if target is not None:
            out, memory = self.register_of.pop(target), self.owned_by.pop(target)
            del self.memories_of[target]
            dying = [value for value in dying if value != target]
        else:
            free = self.free_buffers.get(call.type)
            out = memory = free.pop() if free else self.registers.buffer(call.type)
            self.types[memory] = call.type
            self.users[memory] = 1
        into = BINARY_INTO if len(operands) == 2 else UNARY_INTO
        self._append((into, call.run, out, *_pair(operands)))
        self.register_of[call.out] = out
        self.memories_of[call.out] = (memory,)
        self.owned_by[call.out] = memory
        self._drop(self._release(dying), out)

    def _overwritable(self, type: Type, dying: Sequence[int], is_output: bool) -> int | None:
        """Return a dying array of this type in whose memory nothing else that is alive lies."""
        for value in dying:
            memory = self.owned_by.get(value)
            if memory is None or self.users[memory] != 1 or self.types[memory] != type:
                continue
            if memory < 0 or not is_output:
                return value
        return None

    def _add_kept_view(self, call: Call, dying: Sequence[int]) -> bool:
        """Make a view of a buffer once and for all, if there is one."""
        source = call.operands[0]
        register = self.register_of[source]
        if not self.registers.is_kept(register):
            return False
        key = (register, call.run, repr(call.extra))
        if key not in self.views:
            self.views[key] = self.registers.view(register, call.run, call.extra)
        view = self.views[key]
        if view is None:
            return False
        self.register_of[call.out] = view
        self._enter(call.out, self.memories_of[source])
        self._drop(self._release(dying), view)
        return True

    def _add_array(self, call: Call, dying: Sequence[int]) -> None:
        """Let the call allocate its result, or give a view."""
        operands = self._registers(call)
        if call.memory is Memory.VIEW or call.memory is Memory.UNKNOWN:
            found = [self.memories_of.get(value, ()) for value in call.operands]
            self._enter(call.out, tuple(dict.fromkeys([m for group in found for m in group])))
        else:
            self.allocations += 1
            memory = -self.allocations
            self.types[memory] = call.type
            self.users[memory] = 0
            self.owned_by[call.out] = memory
            self._enter(call.out, (memory,))
        dropped = self._release(dying)
        out = self.register_of[call.out] = self.registers.take()
        self._step(call, out, operands, GENERAL)
        self._drop(dropped, out)

    def _step(self, call: Call, out: int, operands: tuple[int, ...], kind: int) -> None:
        if call.run is operator.getitem:
            self.steps.append((ITEM, call.run, out, operands[0], call.extra[0]))
        elif kind == SCALAR or call.extra or not 1 <= len(operands) <= 2:
            self.steps.append((kind, call.run, out, operands, call.extra))
        else:
            kind = BINARY if len(operands) == 2 else UNARY
            self._append((kind, call.run, out, *_pair(operands)))

    def _append(self, step: Step) -> None:
        """Add a step of registers alone, which is one object with the equal steps before it."""
        if len(self.distinct) < DISTINCT_STEPS:
            step = self.distinct.setdefault(step, step)
        else:
            step = self.distinct.get(step, step)
        self.steps.append(step)

    # --- memory ------------------------------------------------------------------------------

    def _registers(self, call: Call) -> tuple[int, ...]:
        if call.memory is Memory.TARGET and call.type.shape != ():
            return tuple([self._array_register(value) for value in call.operands])
        return tuple([self._register(value) for value in call.operands])

    def _array_register(self, value: int) -> int:
        """Return the register of an operand beside arrays, where 0-d arrays beat NumPy scalars."""
        if value not in self.constants or np.ndim(self.constants[value]):
            return self._register(value)
        if value not in self.zero_dimensional:
            array = np.asarray(self.constants[value])
            self.zero_dimensional[value] = self.registers.constant(array)
        return self.zero_dimensional[value]

    def _register(self, value: int) -> int:
        register = self.register_of.get(value)
        if register is None:  # a constant, at its first use
            register = self.registers.constant(self.constants[value])
            self.register_of[value] = register
        return register

    def _enter(self, value: int, memories: tuple[int, ...]) -> None:
        self.memories_of[value] = memories
        for memory in memories:
            self.users[memory] += 1

    def _release(self, dying: Sequence[int]) -> list[int]:
        """Give up values; return the registers that would keep their arrays from being freed."""
        dropped = []
        for value in dying:
            register = self.register_of.pop(value)
            memories = self.memories_of.pop(value, None)
            self.owned_by.pop(value, None)
            for memory in memories or ():
                self.users[memory] -= 1
                if self.users[memory] == 0:
                    type = self.types.pop(memory)
                    if memory >= 0:
                        self.free_buffers.setdefault(type, []).append(memory)
            if not self.registers.is_kept(register):
                self.registers.give_back(register)
                if memories is not None:
                    dropped.append(register)
        return dropped

    def _drop(self, registers: list[int], out: int) -> None:
        for register in registers:
            if register != out:
                self._append((DROP, _nothing, register, 0, 0))

    # --- the end -----------------------------------------------------------------------------

    def finish(self, graph: Graph) -> Plan:
        """Return the plan, whose outputs are where they lie now."""
        outputs: list[Output] = []
        direct: set[int] = set()
        for node in graph.outputs:
            own = self.owned_by.get(node.id, 0) < 0 and node.id not in direct
            direct.add(node.id)
            copied = not own and node.type.shape != ()
            outputs.append(Output(self._register(node.id), copied))
        held = [*self.inputs, *[output.register for output in outputs]]
        cleared = [one for one in dict.fromkeys(held) if not self.registers.is_kept(one)]
        return Plan(self.steps, self.inputs, tuple(outputs), tuple(cleared), self.registers)


def _pair(operands: tuple[int, ...]) -> tuple[int, int]:
    return operands[0], operands[-1]


def _nothing() -> None:
    """Stand where a step calls nothing."""
