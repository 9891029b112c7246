"""Machine code kept on disk for the next process, by the user who runs it.

What is read from there is run, so it is only read from a folder and files that nobody else can
write to, and only if its checksum is right. All else that goes wrong with files is no error: the
code is then made again.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

VARIABLE = "GRAPHAD_CACHE"
"""Variable of the environment: another folder, or ``off``."""
OFF = frozenset({"", "0", "off", "no", "none", "false"})
MAGIC = b"graphad object 1\n"
"""What files begin with; the checksum of the key and the code follows, then the code."""
DIGEST = hashlib.sha256().digest_size
ENDING = ".object"
LIMIT = 256 * 2**20
"""Bytes of all files together, beyond which the oldest go."""


class CacheWarning(UserWarning):
    """The folder for machine code is not used, because others could write to it."""


def key_of(*parts: str) -> str:
    """Return the name under which code is kept, from all that it depends on.

    Parameters
    ----------
    *parts : str
        Text of the module, processor, versions.

    Examples
    --------
    >>> key_of("ab", "c") == key_of("a", "bc")
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def open_cache() -> Cache | None:
    """Return the cache that the environment asks for, ``None`` if it is switched off.

    The variable ``GRAPHAD_CACHE`` names the folder, or is ``off``; without it, it is
    ``graphad`` where the platform keeps caches.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen is None:
        return Cache(default_folder())
    return None if chosen.strip().lower() in OFF else Cache(Path(chosen).expanduser())


def default_folder() -> Path:
    """Return ``graphad`` in the folder for caches of this user."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "graphad"


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of machine code.

    Parameters
    ----------
    folder : pathlib.Path
        Made when the first code is stored, for this user alone.
    limit : int
        Bytes that its files may take together.
    """

    folder: Path
    limit: int = LIMIT

    def load(self, key: str) -> bytes | None:
        """Return the code of a key, ``None`` if there is none that can be trusted."""
        try:
            if not self._is_safe():
                return None
            data = _read(self.folder / (key + ENDING))
        except OSError:
            return None
        head = len(MAGIC) + DIGEST
        code = data[head:]
        if data[:head] != MAGIC + _checksum(key, code):
            return None
        return code

    def store(self, key: str, code: bytes) -> None:
        """Keep code under a key: there at once and whole, or not at all."""
        try:
            # `mkdir` with parents would make those as open as the mask of the user leaves them.
            for folder in (*reversed(self.folder.parents), self.folder):
                if not folder.exists():
                    folder.mkdir(mode=0o700, exist_ok=True)
            if not self._is_safe():
                return
            # mkstemp makes a file that only its owner reads and writes.
            handle, name = tempfile.mkstemp(prefix="new-", dir=self.folder)
            made = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(MAGIC + _checksum(key, code) + code)
                made.replace(self.folder / (key + ENDING))
            except OSError:
                made.unlink(missing_ok=True)
                raise
            self._shrink()
        except OSError:
            return

    def _is_safe(self) -> bool:
        trouble = _trouble(self.folder)
        if trouble:
            _warn(str(self.folder), trouble)
        return not trouble

    def _shrink(self) -> None:
        """Remove what was not used for longest, until the rest is within the limit."""
        with os.scandir(self.folder) as entries:
            found = [
                (entry.stat(follow_symlinks=False), entry.path)
                for entry in entries
                if entry.name.endswith(ENDING) or entry.name.startswith("new-")
            ]
        total = sum(state.st_size for state, _ in found)
        for state, path in sorted(found, key=lambda item: (item[0].st_mtime_ns, item[1])):
            if total <= self.limit:
                return
            Path(path).unlink(missing_ok=True)
            total -= state.st_size


def _checksum(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()


def _read(path: Path) -> bytes:
    """Read a file of this user's own, and note that it was used."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        if _foreign(os.fstat(handle)):
            return b""
        data = file.read()
    # A file that cannot be marked as used is read all the same.
    try:
        os.utime(path)
    except OSError:
        return data
    return data


def _foreign(state: os.stat_result) -> bool:
    """Return whether others own a file, or can write to it; Windows has no such bits."""
    if sys.platform == "win32":
        return False
    return state.st_uid != os.geteuid() or bool(state.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _trouble(folder: Path) -> str:
    """Return why code from a folder is not to be run; empty if it may, or there is none yet."""
    if sys.platform == "win32":
        return ""
    try:
        state = folder.lstat()
    except FileNotFoundError:
        return ""
    if not stat.S_ISDIR(state.st_mode):
        return "is not a folder"
    if state.st_uid != os.geteuid():
        return "belongs to another user"
    if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written to by other users"
    for parent in folder.absolute().parents:
        above = parent.stat()
        open_to_all = above.st_mode & stat.S_IWOTH and not above.st_mode & stat.S_ISVTX
        if open_to_all or above.st_uid not in {0, os.geteuid()}:
            return f"lies in {parent}, which other users can change"
    return ""


@lru_cache(maxsize=64)
def _warn(folder: str, trouble: str) -> None:
    warnings.warn(
        f"compiled code is not kept in {folder}, which {trouble}; make it your own with mode 0700, "
        f"or set {VARIABLE} to another folder or to off",
        CacheWarning,
        stacklevel=2,
    )
