"""What a loop over arrays does at one vector of places: elements are read, computed and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graphad.llvm.array_bodies import Body, Item, Load, Number, Work
from graphad.llvm.array_values import Shape
from graphad.llvm.functions import sine_and_cosine
from graphad.llvm.kernels import Body as Lines, Lanes


@dataclass(frozen=True, slots=True)
class Access:
    """Elements of a buffer along the merged axes of a loop.

    `slot` is the position of a table of places in the constants, for elements without order.
    """

    base: str
    offset: int
    strides: Shape
    slot: int = -1


class Names(Lines):
    """Lines of one block of a function, with names that no other block has."""

    def __init__(self, lanes: Lanes, declarations: dict[str, str], prefix: str) -> None:
        super().__init__(lanes, declarations)
        self.prefix = prefix
        self.count = 0

    def line(self, text: str) -> str:
        """Write ``name = text`` and return the name."""
        self.count += 1
        name = f"%{self.prefix}{self.count}"
        self.lines.append(f"  {name} = {text}")
        return name


@dataclass(eq=False, slots=True)
class Frame:
    """A loop, as its blocks see it.

    Parameters
    ----------
    body : Body
        What it does.
    lanes : Lanes
        Of vectors.
    declarations : dict of str to str
        What it calls; is added to.
    reads : dict of int to Access
        Where loads read.
    writes : list of Access
        Where stores write.
    rest : int
        Lanes of the last vector.
    """

    body: Body
    lanes: Lanes
    declarations: dict[str, str]
    reads: dict[int, Access] = field(default_factory=dict)
    writes: list[Access] = field(default_factory=list)
    rest: int = 0

    @property
    def roots(self) -> list[int]:
        """Items that are written or added up."""
        return [i for i, _ in (*self.body.stores, *self.body.sums)]

    def ordered(self, wanted: Sequence[int], names: dict[int, str]) -> list[int]:
        """Return items that have no names yet, operands first, each near its first use."""
        order: list[int] = []
        seen: set[int] = set()
        for root in wanted:
            stack = [root]
            while stack:
                i = stack[-1]
                item = self.body.items[i]
                if i in names or i in seen:
                    stack.pop()
                    continue
                operands = item.operands if isinstance(item, Work) else ()
                waiting = [j for j in operands if j not in names and j not in seen]
                if waiting:
                    stack.extend(reversed(waiting))
                else:
                    seen.add(i)
                    order.append(i)
                    stack.pop()
        return order


class Block(Names):
    """The body at one vector of places."""

    def __init__(
        self,
        loop: Frame,
        prefix: str,
        at: str,
        masked: bool,
        pointers: dict[tuple[str, Shape, int], str],
    ) -> None:
        super().__init__(loop.lanes, loop.declarations, prefix)
        self.loop = loop
        self.at = at
        self.masked = masked
        self.pointers = pointers
        self.totals: dict[int, str] = {}
        self._starts: dict[tuple[str, Shape, int], str] = {}
        width = loop.lanes.width
        on = [i < loop.rest for i in range(width)] if masked else [True] * width
        self.mask = "<" + ", ".join(f"i1 {str(bit).lower()}" for bit in on) + ">"

    def write(self, names: dict[int, str], sums: dict[int, str]) -> None:
        """Write all items, stores and sums; what is stored is let go of at once."""
        loop, body = self.loop, self.loop.body
        order = loop.ordered(loop.roots, names)
        partners = self._partners(order)
        waiting: dict[int, list[Access]] = {}
        for (i, _), access in zip(body.stores, loop.writes, strict=True):
            waiting.setdefault(i, []).append(access)
        for i in [*[i for i in waiting if i in names], *order]:
            if i not in names:
                self._name(i, names, partners)
            for access in waiting.pop(i, ()):
                self._write_at(access, self._number_of(i, names))
        for j, (i, _) in enumerate(body.sums):
            value = self._number_of(i, names)
            if self.masked:
                floats = self.floats
                type = f"<{self.lanes.width} x i1>"
                value = self.line(
                    f"select {type} {self.mask}, {floats} {value}, {floats} zeroinitializer"
                )
            self.totals[j] = self.line(f"fadd {self.floats} {sums[j]}, {value}")

    def _name(self, i: int, names: dict[int, str], partners: dict[int, int]) -> None:
        """Write an item, all of whose operands have names."""
        item = self.loop.body.items[i]
        if isinstance(item, Load):
            made = self._read(self.loop.reads[i])
            names[i] = as_condition(self, made) if item.condition else made
        elif i in partners:
            assert isinstance(item, Work)
            sine, cosine = sine_and_cosine(self, names[item.operands[0]])
            own, other = (sine, cosine) if item.name == "sin" else (cosine, sine)
            names[i], names[partners[i]] = own, other
        else:
            names[i] = written(self, item, names)

    def _partners(self, order: list[int]) -> dict[int, int]:
        """Return for each sine the cosine of the same value, and the other way round."""
        if self.lanes.width == 1:
            return {}
        found: dict[tuple[str, int], int] = {}
        for i in order:
            item = self.loop.body.items[i]
            if isinstance(item, Work) and item.name in {"sin", "cos"}:
                found[item.name, item.operands[0]] = i
        pairs = {}
        for (name, operand), i in found.items():
            other = found.get(("cos" if name == "sin" else "sin", operand))
            if other is not None:
                pairs[i] = other
        return pairs

    def _number_of(self, i: int, names: dict[int, str]) -> str:
        if not self.loop.body.items[i].condition:
            return names[i]
        one, zero = self.number(1.0), self.number(0.0)
        return self.line(
            f"select {self.booleans} {names[i]}, {self.floats} {one}, {self.floats} {zero}"
        )

    # --- memory ----------------------------------------------------------------------------------

    def _start(self, access: Access) -> str:
        """Return the address from which the offset of an access counts."""
        key = ("" if access.slot >= 0 else access.base, access.strides, access.slot)
        if key not in self._starts:
            start = self.pointers[key]
            stride = access.strides[-1]
            if self.at != "0" and stride:
                by = self.at if stride == 1 else self.line(f"mul i64 {self.at}, {stride}")
                start = self.line(f"getelementptr double, ptr {start}, i64 {by}")
            self._starts[key] = start
        return self._starts[key]

    def _addresses(self, access: Access) -> str:
        """Return a vector of addresses."""
        width = self.lanes.width
        places = f"<{width} x i64>"
        if access.slot >= 0:
            at = self._vector(self._start(access), places, "i64", "zeroinitializer")
            return self.line(f"getelementptr double, ptr {access.base}, {places} {at}")
        stride = access.strides[-1]
        listed = ", ".join(f"i64 {access.offset + stride * lane}" for lane in range(width))
        return self.line(f"getelementptr double, ptr {self._start(access)}, {places} <{listed}>")

    def _vector(self, at: str, type: str, element: str, rest: str) -> str:
        if not self.masked:
            return self.line(f"load {type}, ptr {at}, align 8")
        suffix = f"v{self.lanes.width}{'f64' if element == 'double' else 'i64'}"
        name, bits = f"llvm.masked.load.{suffix}.p0", f"<{self.lanes.width} x i1>"
        self.declarations[name] = f"declare {type} @{name}(ptr, i32, {bits}, {type})"
        return self.line(f"call {type} @{name}(ptr {at}, i32 8, {bits} {self.mask}, {type} {rest})")

    def _read(self, access: Access) -> str:
        width, floats = self.lanes.width, self.floats
        if not access.strides or (access.strides[-1] == 1 and access.slot < 0):
            start = self._start(access) if access.strides else access.base
            at = self.line(f"getelementptr double, ptr {start}, i64 {access.offset}")
            if width == 1:
                return self.line(f"load double, ptr {at}, align 8")
            return self._vector(at, floats, "double", self.number(1.0))
        name, bits = f"llvm.masked.gather.v{width}f64.v{width}p0", f"<{width} x i1>"
        pointers = f"<{width} x ptr>"
        self.declarations[name] = f"declare {floats} @{name}({pointers}, i32, {bits}, {floats})"
        given = f"{pointers} {self._addresses(access)}, i32 8, {bits} {self.mask}"
        return self.line(f"call {floats} @{name}({given}, {floats} {self.number(1.0)})")

    def _write_at(self, access: Access, value: str) -> None:
        width, floats = self.lanes.width, self.floats
        bits = f"<{width} x i1>"
        if not access.strides or (access.strides[-1] == 1 and access.slot < 0):
            start = self._start(access) if access.strides else access.base
            at = self.line(f"getelementptr double, ptr {start}, i64 {access.offset}")
            if not self.masked:
                self.lines.append(f"  store {floats} {value}, ptr {at}, align 8")
                return
            name = f"llvm.masked.store.v{width}f64.p0"
            self.declarations[name] = f"declare void @{name}({floats}, ptr, i32, {bits})"
            given = f"{floats} {value}, ptr {at}, i32 8, {bits} {self.mask}"
            self.lines.append(f"  call void @{name}({given})")
            return
        name = f"llvm.masked.scatter.v{width}f64.v{width}p0"
        pointers = f"<{width} x ptr>"
        self.declarations[name] = f"declare void @{name}({floats}, {pointers}, i32, {bits})"
        given = f"{floats} {value}, {pointers} {self._addresses(access)}, i32 8, {bits} {self.mask}"
        self.lines.append(f"  call void @{name}({given})")


def written(out: Lines, item: Item, names: dict[int, str]) -> str:
    """Write a number or an operation, and return its name."""
    if isinstance(item, Number):
        if not item.condition:
            return out.number(item.value)
        text = "true" if item.value else "false"
        return text if out.lanes.width == 1 else f"splat (i1 {text})"
    assert isinstance(item, Work)
    return item.rule(out, [names[j] for j in item.operands], item.attrs)


def as_condition(out: Lines, value: str) -> str:
    """Write whether a stored number is not 0."""
    return out.line(f"fcmp une {out.floats} {value}, {out.number(0.0)}")
