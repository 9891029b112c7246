"""Graphs as what other tools read: Python, C, JAX, SymPy, LaTeX; and from SymPy to graphs."""

from graphad.interop.python import python_source

__all__ = ["python_source"]
