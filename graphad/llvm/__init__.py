"""Scalar graphs as machine code of this processor, through LLVM."""

from graphad.llvm.compiled import Compiled

__all__ = ["Compiled"]
