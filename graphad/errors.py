"""Every error that graphad raises on purpose: what happened, where, and what to write instead."""

from __future__ import annotations

import numpy as np


class GraphadError(Exception):
    """Base class of all of graphad's own errors."""


class TraceError(GraphadError, TypeError):
    """A function cannot be turned into a graph as it is written.

    The message names the user's line and says what to write instead.
    """


class TypeRuleError(GraphadError, TypeError):
    """An op was given operands of shapes or dtypes that it does not take."""


class InputError(GraphadError, ValueError):
    """A graph was called, or asked for, with arguments that do not fit it."""


class GraphError(GraphadError, ValueError):
    """A graph is not well formed, or a node of another graph was used."""


class DerivativeError(GraphadError, TypeError):
    """A derivative was asked for that does not exist or has no rule."""


class PassError(GraphadError, ValueError):
    """A pass is unknown, or broke the graph that it was given."""


class ParseError(GraphadError, ValueError):
    """IR text that does not parse; says file, line, column and what was expected."""

    def __init__(self, message: str, *, file: str, line: int, column: int) -> None:
        super().__init__(f"{file}:{line}:{column}: {message}")
        self.file = file
        self.line = line
        self.column = column


class RenderError(GraphadError, OSError):
    """A drawing could not be made or written."""


class NonFiniteError(GraphadError, FloatingPointError):
    """A NaN or an infinity was made, and the caller asked for an error then (`debug_nans`)."""


class MatrixError(GraphadError, np.linalg.LinAlgError):
    """A matrix is singular, or not positive definite, where it may not be; says which and where."""


class InteropError(GraphadError, ValueError):
    """A graph cannot be written in the language that is asked for, or read from it."""


class PrecisionWarning(UserWarning):
    """A result is right to fewer digits than half of those that its dtype has."""
