"""The wheel and the source archive hold what they should, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = {
    "graphad": ROOT / "graphad",
    "graphad/passes": ROOT / "passes",
    "graphad/viz": ROOT / "viz",
}
LEFT_OUT = shutil.ignore_patterns(
    "__pycache__", "*.egg-info", ".git", ".venv", ".*_cache", ".hypothesis", "build", "dist", "demo"
)


def source_files() -> set[str]:
    """Return the files of the three source folders, as they stand in a wheel."""
    return {
        f"{name}/{file.relative_to(folder).as_posix()}"
        for name, folder in SOURCES.items()
        for file in folder.rglob("*")
        if file.is_file()
        and "__pycache__" not in file.parts
        and not any(
            link in file.parents for link in (ROOT / "graphad/passes", ROOT / "graphad/viz")
        )
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive from a clean copy, and the wheel from the source archive."""
    folder = tmp_path_factory.mktemp("built")
    copy = folder / "copy"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=LEFT_OUT)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    """Open the wheel."""
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def read_from_wheel(wheel: zipfile.ZipFile, name: str) -> str:
    """Return a file of the wheel's metadata."""
    (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
    return wheel.read(path).decode()


def test_top_level_of_the_wheel_is_graphad(wheel: zipfile.ZipFile) -> None:
    """Only `graphad` and the metadata stand at the top of the wheel."""
    top = {name.split("/")[0] for name in wheel.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"graphad"}


def test_wheel_holds_the_source_folders(wheel: zipfile.ZipFile) -> None:
    """The wheel holds each file of the three source folders once, and no other file."""
    names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert sorted(names) == sorted(source_files())
    assert "graphad/py.typed" in names


def test_wheel_metadata(wheel: zipfile.ZipFile) -> None:
    """The wheel names its licence, its Python, what it needs, and the `graphad` command."""
    metadata = HeaderParser().parsestr(read_from_wheel(wheel, "METADATA"))
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    names = {line.split(">=")[0].strip() for line in required}
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert names == {"numpy", "networkx", "graphviz", "llvmlite", "optree"}
    assert "graphad = graphad.cli:main" in read_from_wheel(wheel, "entry_points.txt")


def test_wheel_imports_without_the_repository(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """All three packages import from the wheel alone."""
    wheel.extractall(tmp_path / "site")
    code = "import graphad, graphad.passes, graphad.viz as v; print(graphad.__file__, v.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(str(tmp_path) in path for path in done.stdout.split())


def test_source_archive_holds_tests_and_golden_files(built: Path) -> None:
    """The source archive holds every test, and every file that tests compare with."""
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    tests = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "tests").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert tests <= held
    assert {"README.md", "LICENSE", "CHANGELOG.md", "Makefile", ".ci/run"} <= held


def test_every_package_is_listed_twice() -> None:
    """`packages` and `package-dir` list each folder that has an ``__init__.py``."""
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    found = {
        Path(name).parent.as_posix().replace("/", ".")
        for name in source_files()
        if name.endswith("/__init__.py")
    }
    assert set(tables["packages"]) == found
    assert set(tables["package-dir"]) == found
    for package, folder in tables["package-dir"].items():
        assert (ROOT / folder).samefile(ROOT / package.replace(".", "/")), package
