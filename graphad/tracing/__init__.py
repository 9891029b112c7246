"""Tracing: from a NumPy function to a graph."""
