"""Drawing graphs: SVG by a layered layout of our own, DOT text, and the ``dot`` program."""

if __name__ != "graphad.viz":
    raise ImportError(f"this package is imported as graphad.viz, not as {__name__}")

from graphad.viz.dot import dot
from graphad.viz.picture import LIMIT
from graphad.viz.svg import svg
from graphad.viz.write import render

__all__ = ["LIMIT", "dot", "render", "svg"]
