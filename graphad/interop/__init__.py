"""Graphs as what other tools read: Python, C, JAX, SymPy, LaTeX; and from SymPy to graphs."""

from graphad.interop.c import c_source
from graphad.interop.jax import jax_function
from graphad.interop.python import python_source

__all__ = ["c_source", "jax_function", "python_source"]
