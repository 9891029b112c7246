"""How an op is written in a language of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from graphad.ir import Node

Rule: TypeAlias = Callable[[Node, Sequence[str]], str]
"""A function of node and operands."""
Emitter: TypeAlias = str | Rule
"""A template in which ``{0}`` is an operand, or a rule."""
