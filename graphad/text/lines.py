"""Where parsed nodes came from: eight bytes for each, and an `Origin` when asked."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import overload

from graphad.ir import Origin


class LineOrigins(Sequence[Origin]):
    """Origins of nodes that were read from lines of one file.

    Parameters
    ----------
    file : str
        Name of the file.
    lines : array of int
        The line of each node.

    Examples
    --------
    >>> from array import array
    >>> str(LineOrigins("f.ir", array("Q", [2, 3]))[1])
    'f.ir:3 parse order 0'
    """

    def __init__(self, file: str, lines: array[int]) -> None:
        self._file = file
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> Origin: ...
    @overload
    def __getitem__(self, index: slice) -> LineOrigins: ...
    def __getitem__(self, index: int | slice) -> Origin | LineOrigins:
        if isinstance(index, slice):
            return LineOrigins(self._file, self._lines[index])
        return Origin(self._file, self._lines[index], "parse")
