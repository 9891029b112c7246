"""Code on disk: found again, private, whole or not at all, and never more than so much."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from graphad.llvm import cache as module
from graphad.llvm.cache import (
    DIGEST,
    ENDING,
    MAGIC,
    VARIABLE,
    Cache,
    CacheWarning,
    default_folder,
    key_of,
    open_cache,
)

KEY = key_of("a module")
CODE = bytes(range(256)) * 5
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is not there yet, below one that only this user can change."""
    module._warn.cache_clear()
    return tmp_path / "deep" / "cache"


def mode_of(path: Path) -> int:
    """Permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_code_is_found_again(folder: Path) -> None:
    """What was stored is loaded, under its own key only."""
    cache = Cache(folder)
    assert cache.load(KEY) is None
    assert not folder.exists()
    cache.store(KEY, CODE)
    assert Cache(folder).load(KEY) == CODE
    assert cache.load(key_of("another")) is None
    cache.store(KEY, b"other")
    assert cache.load(KEY) == b"other"
    assert len(list(folder.iterdir())) == 1


@posix
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_permissions(folder: Path, mask: int) -> None:
    """Folder and files are for this user alone, whatever the mask."""
    before = os.umask(mask)
    try:
        Cache(folder).store(KEY, CODE)
    finally:
        os.umask(before)
    assert [mode_of(path) for path in (folder.parent, folder)] == [0o700, 0o700]
    assert [mode_of(path) for path in folder.iterdir()] == [0o600]
    assert Cache(folder).load(KEY) == CODE


def damaged(data: bytes) -> dict[str, bytes]:
    """Files that are not what was stored."""
    head = len(MAGIC) + DIGEST
    flipped = bytearray(data)
    flipped[head + 100] ^= 1
    return {
        "empty": b"",
        "short head": data[:10],
        "no code": data[:head],
        "truncated": data[:-1],
        "longer": data + b"\0",
        "flipped bit": bytes(flipped),
        "other magic": b"x" + data[1:],
        "other checksum": data[: len(MAGIC)] + bytes(DIGEST) + data[head:],
    }


@pytest.mark.parametrize("kind", sorted(damaged(bytes(5000))))
def test_damaged_files_are_ignored_and_rewritten(folder: Path, kind: str) -> None:
    """A file with a wrong checksum is no code, and the next store mends it."""
    cache = Cache(folder)
    cache.store(KEY, CODE)
    path = folder / (KEY + ENDING)
    path.write_bytes(damaged(path.read_bytes())[kind])
    assert cache.load(KEY) is None
    cache.store(KEY, CODE)
    assert cache.load(KEY) == CODE


def test_renamed_files_are_ignored(folder: Path) -> None:
    """The checksum covers the key: code of one module is never taken for that of another."""
    cache = Cache(folder)
    cache.store(KEY, CODE)
    other = key_of("another module")
    (folder / (KEY + ENDING)).rename(folder / (other + ENDING))
    assert cache.load(other) is None


@posix
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_open_folders_are_refused_with_one_warning(folder: Path, mode: int) -> None:
    """Nothing is read from or written to a folder that others can write to."""
    cache = Cache(folder)
    cache.store(KEY, CODE)
    folder.chmod(mode)
    with pytest.warns(CacheWarning, match="can be written to by other users; make it your own"):
        assert cache.load(KEY) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache.store(key_of("b"), CODE)
        assert cache.load(KEY) is None
    assert len(list(folder.iterdir())) == 1
    folder.chmod(0o700)
    assert cache.load(KEY) == CODE


@posix
def test_folders_below_open_ones_are_refused(folder: Path) -> None:
    """A folder that others can exchange is not trusted; one in a sticky folder is."""
    cache = Cache(folder)
    cache.store(KEY, CODE)
    folder.parent.chmod(0o777)
    with pytest.warns(CacheWarning, match=r"lies in .*deep, which other users can change"):
        assert cache.load(KEY) is None
    folder.parent.chmod(0o1777)
    assert cache.load(KEY) == CODE


@posix
def test_folders_of_others_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, and a file, of another user are not trusted."""
    cache = Cache(folder)
    cache.store(KEY, CODE)
    state = folder.lstat()
    path = folder / (KEY + ENDING)
    assert not module._foreign(path.stat())
    monkeypatch.setattr(os, "geteuid", lambda: state.st_uid + 1)
    assert module._foreign(path.stat())
    with pytest.warns(CacheWarning, match="belongs to another user"):
        assert cache.load(KEY) is None


@posix
def test_links_and_files_are_no_folders(folder: Path) -> None:
    """A link where the folder or a file should be is not followed."""
    real = Cache(folder)
    real.store(KEY, CODE)
    link = folder.parent / "link"
    link.symlink_to(folder)
    with pytest.warns(CacheWarning, match="is not a folder"):
        assert Cache(link).load(KEY) is None
    path = folder / (KEY + ENDING)
    moved = folder.parent / "moved"
    path.rename(moved)
    path.symlink_to(moved)
    assert real.load(KEY) is None
    real.store(KEY, CODE)
    assert not path.is_symlink()
    assert real.load(KEY) == CODE


@posix
def test_files_that_others_can_write_to_are_ignored(folder: Path) -> None:
    """A file whose permissions were opened is not trusted."""
    cache = Cache(folder)
    cache.store(KEY, CODE)
    (folder / (KEY + ENDING)).chmod(0o620)
    assert cache.load(KEY) is None


def test_oldest_files_go_first(folder: Path) -> None:
    """Beyond the limit, what was not used for longest is removed, and only that."""
    cache = Cache(folder, limit=4 * (len(CODE) + len(MAGIC) + DIGEST))
    keys = [key_of(str(i)) for i in range(4)]
    for age, key in enumerate(keys):
        cache.store(key, CODE)
        os.utime(folder / (key + ENDING), (1000 + age, 1000 + age))
    assert cache.load(keys[0]) == CODE
    (folder / "notes.txt").write_text("the user's")
    cache.store(KEY, CODE)
    assert [key for key in (*keys, KEY) if cache.load(key)] == [keys[0], *keys[2:], KEY]
    assert (folder / "notes.txt").exists()


def test_unfinished_files_do_not_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the file cannot be put in place, nothing is left and nothing is raised."""

    def fail(self: Path, target: Path) -> None:
        raise OSError("full")

    cache = Cache(folder)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        cache.store(KEY, CODE)
    assert list(folder.iterdir()) == []
    assert cache.load(KEY) is None


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where there can be no folder, there is no cache, and no error."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    cache = Cache(blocked / "cache")
    cache.store(KEY, CODE)
    assert cache.load(KEY) is None


def test_writers_at_once(folder: Path) -> None:
    """Threads that write one key leave one whole file."""
    cache = Cache(folder)

    def work() -> None:
        for _ in range(20):
            cache.store(KEY, CODE)
            assert cache.load(KEY) == CODE

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in folder.iterdir()] == [KEY + ENDING]


@pytest.mark.parametrize("value", ["", "0", "off", "OFF", " no ", "false"])
def test_switched_off(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable switches the cache off."""
    monkeypatch.setenv(VARIABLE, value)
    assert open_cache() is None


def test_chosen_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable names a folder; without it, it is in the user's folder for caches."""
    monkeypatch.setenv(VARIABLE, str(folder))
    assert open_cache() == Cache(folder)
    monkeypatch.delenv(VARIABLE)
    assert open_cache() == Cache(default_folder())


@pytest.mark.parametrize(
    ("platform", "variable", "inner"),
    [
        ("linux", "XDG_CACHE_HOME", "graphad"),
        ("win32", "LOCALAPPDATA", "graphad"),
        ("linux", None, ".cache/graphad"),
        ("darwin", None, "Library/Caches/graphad"),
        ("win32", None, "AppData/Local/graphad"),
    ],
)
def test_default_folder(
    platform: str,
    variable: str | None,
    inner: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each platform has its place."""
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path))
    assert default_folder() == tmp_path / inner


def test_keys_depend_on_all_parts() -> None:
    """Parts are told apart, wherever their text is cut."""
    keys = [key_of(*parts) for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ())]
    assert len(set(keys)) == len(keys)


def test_processes_share_code(folder: Path) -> None:
    """A second process finds what the first has compiled, and compiles nothing."""
    program = (
        "import numpy as np, graphad as ga\n"
        "from graphad.llvm import Compiled, engine\n"
        "from graphad.passes import Pipeline\n"
        "graph = Pipeline('scalarize')(ga.trace(lambda x: np.sin(x) * 2.0, 0.0))\n"
        "print(repr(Compiled(graph)(np.linspace(0, 1, 20)).tolist()))\n"
    )

    def run() -> str:
        environment = {**os.environ, VARIABLE: str(folder)}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = run()
    made = {path: path.stat().st_ino for path in folder.iterdir()}
    assert len(made) == 5  # of single points and batches, what each of them copies with, dispatch
    assert run() == first
    assert {path: path.stat().st_ino for path in folder.iterdir()} == made
