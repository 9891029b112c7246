"""Graphs as machine code of this processor, through LLVM."""

from graphad.llvm.array_compiled import CompiledArrays
from graphad.llvm.compiled import Compiled

__all__ = ["Compiled", "CompiledArrays"]
