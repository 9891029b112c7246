"""Functions that move points in and out, the same for all graphs: made once in a process.

Code of graphs calls them by names that end with a digest of their text, so that objects kept on
disk by another version are not linked with them.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

import llvmlite.binding as llvm

from graphad.llvm.engine import ATTRIBUTES, Module
from graphad.llvm.tiles import OFFSET, SPREAD, WHERE, masked_access, tile_copies

DEFINED = re.compile(r"^define (\w+) @(\w+)\(([^)]*)\)", re.MULTILINE)
PREFIX = "graphad"


@lru_cache(maxsize=8)
def copier_text(width: int) -> str:
    """Return the definitions: of tiles of some points, or of single points for 1."""
    if width == 1:
        return OFFSET + _one_by_one("gather") + _one_by_one("scatter")
    declared = "\n".join(masked_access(width).values())
    copies = [tile_copies(width, by_table) for by_table in (False, True)]
    return "\n".join([declared, OFFSET, *copies, SPREAD])


@lru_cache(maxsize=8)
def symbols(width: int) -> dict[str, tuple[str, str]]:
    """Return for each function its name for the linker, and how it is declared."""
    text = copier_text(width)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    found = {}
    for type, name, given in DEFINED.findall(text):
        symbol = f"{PREFIX}_{name}_{width}_{digest}"
        types = ", ".join(part.split()[0] for part in given.split(","))
        found[name] = symbol, f"declare {type} @{symbol}({types})"
    return found


def linked(text: str, width: int) -> str:
    """Return the text of a loop with the functions that it calls declared, by the names they have.

    Examples
    --------
    >>> linked("  call void @gather()", 1).splitlines()[0].startswith("  call void @graphad_gather")
    True
    """
    lines = []
    for name, (symbol, declared) in symbols(width).items():
        if f"@{name}(" in text:
            text = text.replace(f"@{name}(", f"@{symbol}(")
            lines.append(declared)
    return "\n".join([text, *lines])


@lru_cache(maxsize=8)
def link_copiers(width: int) -> Module:
    """Make the functions, and tell LLVM where they are; they stay for good."""
    text = copier_text(width)
    for name, (symbol, _) in symbols(width).items():
        text = text.replace(f"@{name}(", f"@{symbol}(")
    module = Module("\n".join([text, ATTRIBUTES]), 1)
    for symbol, _ in symbols(width).values():
        llvm.add_symbol(symbol, module.address(symbol))
    return module


def _one_by_one(function: str) -> str:
    """``@gather`` or ``@scatter``: a point with strides, element by element."""
    source, target = ("%far", "%near") if function == "gather" else ("%near", "%far")
    given = f"ptr %base, ptr %buffer, i64 %n, {WHERE}"
    return f"""
define void @{function}({given}) #0 {{
entry:
  br label %check
check:
  %e = phi i64 [ 0, %entry ], [ %e1, %move ]
  %more = icmp slt i64 %e, %n
  br i1 %more, label %move, label %done
move:
  %off = call i64 @offset(i64 %e, i64 %rank, ptr %shape, ptr %strides)
  %far = getelementptr i8, ptr %base, i64 %off
  %near = getelementptr double, ptr %buffer, i64 %e
  %value = load double, ptr {source}, align 1
  store double %value, ptr {target}, align 1
  %e1 = add i64 %e, 1
  br label %check
done:
  ret void
}}
"""
