"""Tracing: from NumPy functions to graphs."""

from graphad.tracing import creation, mutation, spacing, views  # they fill the table of handlers
from graphad.tracing.inlining import inline, is_traced
from graphad.tracing.trace import trace_function

__all__ = ["creation", "inline", "is_traced", "mutation", "spacing", "trace_function", "views"]
