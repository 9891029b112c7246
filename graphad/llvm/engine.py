"""Machine code of this host from LLVM's language."""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from graphad.llvm.cache import key_of, open_cache
from graphad.llvm.functions import LIBM
from graphad.llvm.kernels import Lanes

PREFIXES = {8: "_ZGVeN8", 4: "_ZGVdN4", 2: "_ZGVbN2"}
"""What the names of vector functions begin with (x86-64's vector function ABI)."""
LIBMVEC = "libmvec.so.1"
ATTRIBUTES = """attributes #0 = { nounwind }
attributes #1 = { nounwind alignstack=64 }"""
"""Of all functions; texts of modules end with it. The second is for functions that hold vectors:
those that find no register are kept on the stack, and would lie across two cache lines, depending
on where the system has put the stack of the process."""
PYTHON = (
    "Py_IncRef",
    "Py_DecRef",
    "PyTuple_New",
    "PyGILState_Ensure",
    "PyGILState_Release",
    "PyErr_NoMemory",
)
"""Functions of CPython that the code calls."""
CACHE_FORMAT = "1"
"""Raised when objects made before are not to be used any more."""


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
    for name in PYTHON:
        address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
        llvm.add_symbol(name, address)
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
    keep : bool
        Whether the code is looked for on disk first, and kept there; not for text that holds
        addresses of this process.
    """

    def __init__(self, text: str, level: int, *, keep: bool = True) -> None:
        here = host()
        cache = open_cache() if keep else None
        key = cache and key_of(
            CACHE_FORMAT,
            _version(),
            llvmlite.__version__,
            ".".join(map(str, llvm.llvm_version_info)),
            here.triple,
            here.cpu,
            here.features,
            str(level),
            text,
        )
        known = cache.load(key) if cache and key else None
        machine = llvm.Target.from_triple(here.triple).create_target_machine(
            cpu=here.cpu, features=here.features, opt=level, codemodel="jitdefault"
        )
        parsed = llvm.parse_assembly("" if known is not None else text)
        self._engine: Any = llvm.create_mcjit_compiler(parsed, machine)
        if known is not None:
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(known))
            self._engine.finalize_object()
            return
        made: list[bytes] = []
        if cache:
            self._engine.set_object_cache(lambda module, code: made.append(code), _no_object)
        self._engine.finalize_object()
        if cache and key and made:
            cache.store(key, made[0])

    def address(self, name: str) -> int:
        """Return where a function begins."""
        found: int = self._engine.get_function_address(name)
        return found


def _no_object(module: object) -> None:
    """Answer LLVM's question for an object that it could take instead of compiling."""


@lru_cache(maxsize=1)
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("graphad")
    except PackageNotFoundError:
        return "source"
