"""Machine code of this host from LLVM's language."""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm

from graphad.llvm.functions import LIBM
from graphad.llvm.kernels import Lanes

PREFIXES = {8: "_ZGVeN8", 4: "_ZGVdN4", 2: "_ZGVbN2"}
"""What the names of vector functions begin with (x86-64's vector function ABI)."""
LIBMVEC = "libmvec.so.1"


@dataclass(frozen=True, slots=True)
class Host:
    """The processor that code is made for."""

    triple: str
    cpu: str
    features: str
    width: int


@lru_cache(maxsize=1)
def host() -> Host:
    """Return this machine: its widest vectors decide how many points are computed at a time."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    width = 8 if features.get("avx512f") else 4 if features.get("avx2") else 2
    return Host(llvm.get_default_triple(), llvm.get_host_cpu_name(), features.flatten(), width)


@lru_cache(maxsize=1)
def vector_lanes() -> Lanes:
    """Return the lanes of this host, with the vector functions that libmvec has."""
    width = host().width
    prefix = PREFIXES[width]
    try:
        library = ctypes.CDLL(LIBMVEC)
    except OSError:
        return Lanes(width)
    llvm.load_library_permanently(LIBMVEC)
    found = []
    for name in sorted(set(LIBM.values())):
        arity = 2 if name in {"pow", "atan2", "hypot"} else 1
        if hasattr(library, f"{prefix}{'v' * arity}_{name}"):
            found.append(name)
    return Lanes(width, prefix, frozenset(found))


class Module:
    """Compiled code, alive as long as this object is.

    Parameters
    ----------
    text : str
        In LLVM's language.
    level : int
        Of code generation, 0 to 3.
    """

    def __init__(self, text: str, level: int) -> None:
        machine = llvm.Target.from_triple(host().triple).create_target_machine(
            cpu=host().cpu, features=host().features, opt=level, codemodel="jitdefault"
        )
        parsed = llvm.parse_assembly(text)
        self._engine: Any = llvm.create_mcjit_compiler(parsed, machine)
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Return where a function begins."""
        found: int = self._engine.get_function_address(name)
        return found
