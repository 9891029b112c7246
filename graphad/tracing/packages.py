"""Which function of an installed package the user's line has called."""

from __future__ import annotations

import re
import sys
from types import FrameType

from graphad.tracing.origins import Line, is_installed, is_library, line_of

OWN = "graphad"
"""Frames of this package stand between those of a user and those of a library."""


def called_function() -> tuple[str, Line] | None:
    """Return the public name of the package's function that the user's line called, and the line.

    Returns
    -------
    tuple of str and Line, or None
        ``None`` if no function of a package is running, or none that has a name: it may be
        compiled code, which leaves no trace in the stack.
    """
    inner: list[FrameType] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file, module = frame.f_code.co_filename, _module(frame)
        if _is_user(file, module):
            break
        if module.partition(".")[0] != OWN:
            inner.append(frame)
        elif module == f"{OWN}.tracing.trace":
            return None  # the traced function itself is one of a package
        frame = frame.f_back
    if frame is None:
        return None
    for one in reversed(inner):  # from the user's line inwards
        name = public_name(_module(one), one.f_code.co_qualname)
        if name is not None:
            return name, line_of(frame)
    return None


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _is_user(file: str, module: str) -> bool:
    return not is_library(file) and not (is_installed(file) or module.partition(".")[0] == OWN)


def public_name(module: str, qualified: str) -> str | None:
    """Return how users write a function or a method of a package, if that can be known.

    Parameters
    ----------
    module : str
        Where it is defined, which may be a private module.
    qualified : str
        Its name in there.

    Examples
    --------
    >>> public_name("numpy.polynomial.polynomial", "polyval")
    'np.polynomial.polynomial.polyval'
    >>> public_name("numpy.lib._function_base_impl", "interp")
    'np.interp'
    >>> public_name("functools", "wraps.<locals>.inner") is None
    True
    """
    top = qualified.partition(".")[0]
    if top.startswith(("_", "<")) or "<" in qualified:
        return None
    parts = module.split(".")
    public = next((i for i, part in enumerate(parts) if part.startswith("_")), len(parts))
    for stop in range(public, 0, -1):
        name = ".".join(parts[:stop])
        if hasattr(sys.modules.get(name), top):
            shown = re.sub(r"^numpy\b", "np", f"{name}.{qualified}")
            return re.sub(r"\.__(init|call)__$", "", shown)
    return None
