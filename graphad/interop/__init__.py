"""Graphs as what other tools read: Python, C, JAX, SymPy, LaTeX; and from SymPy to graphs."""

from graphad.interop.c import c_source
from graphad.interop.from_sympy import graph_of_sympy
from graphad.interop.jax import jax_function
from graphad.interop.latex import latex_text, small_latex
from graphad.interop.python import python_source
from graphad.interop.to_sympy import sympy_expressions

__all__ = [
    "c_source",
    "graph_of_sympy",
    "jax_function",
    "latex_text",
    "python_source",
    "small_latex",
    "sympy_expressions",
]
