# SPDX-License-Identifier: Apache-2.0
"""What a user reads where dqlitepy cannot run: another system, processor, C library or Python, half an installation."""

from __future__ import annotations

import ast
import ctypes
import os
import shutil
import subprocess
import sys
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy._native import abi, library

from tests.support import HANG, PACKAGE, run_python

Machine = namedtuple("Machine", "machine")


@pytest.mark.parametrize("system", ["darwin", "win32", "freebsd14"])
def test_other_systems(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(dqlitepy.UnsupportedPlatformError, match=f"^Unsupported OS '{system}': .*Use a Linux machine"):
        library.library_path()


@pytest.mark.parametrize("machine", ["i686", "armv7l", "riscv64", "ppc64le", "s390x"])
def test_other_processors(monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    monkeypatch.setattr(os, "uname", lambda: Machine(machine))
    with pytest.raises(RuntimeError, match=f"^Unsupported architecture '{machine}' .*: use a 64-bit Python on x86_64"):
        library.library_path()


def test_a_32_bit_python_on_a_64_bit_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: Machine("x86_64"))
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    with pytest.raises(
        dqlitepy.UnsupportedPlatformError, match=r"^Unsupported architecture 'x86_64' with a 32-bit Python"
    ):
        library.library_path()


def _unknown_name(name: str) -> str:
    raise OSError(22, "Invalid argument")  # what musl answers


@pytest.mark.parametrize("confstr", [_unknown_name, lambda name: None])
def test_musl(monkeypatch: pytest.MonkeyPatch, confstr: Any) -> None:
    monkeypatch.setattr(os, "confstr", confstr)
    with pytest.raises(dqlitepy.UnsupportedPlatformError, match=r"musl.*python:slim instead of python:alpine"):
        library.library_path()


@pytest.mark.parametrize(("machine", "folder"), [("x86_64", "linux-amd64"), ("aarch64", "linux-arm64")])
def test_where_the_library_lies(monkeypatch: pytest.MonkeyPatch, machine: str, folder: str) -> None:
    monkeypatch.setattr(os, "uname", lambda: Machine(machine))
    assert library.library_path() == os.path.join(PACKAGE, "_lib", folder, "libdqlitepy.so")


def test_the_real_path_of_the_package_does_not_matter(tmp_path: Path) -> None:
    """Bazel links each source file to a folder that has no library in it."""
    package = tmp_path / "dqlitepy"
    for path in PACKAGE.rglob("*.py"):
        link = package / path.relative_to(PACKAGE)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.resolve())
    where = f"sys.path.insert(0, {str(tmp_path)!r})"
    program = f"import sys; {where}; from dqlitepy._native import library; print(library.library_path())"
    output = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, timeout=HANG, check=True
    )
    assert output.stdout.startswith(str(package))


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Path]:
    """Yields the place of the library in a copy of the package that has none."""
    package = tmp_path / "dqlitepy"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("_lib", "__pycache__"))
    folder = package / "_lib" / os.path.basename(os.path.dirname(library.library_path()))
    folder.mkdir(parents=True)
    yield folder / "libdqlitepy.so"


def connect_in(installation: Path) -> str:
    """Returns the error that `connect` raises in that installation, as "Class: message"."""
    program = """
        import sys
        sys.path.insert(0, sys.argv[1])
        import dqlitepy
        for attempt in range(2):  # the second one must not find half a library
            try:
                dqlitepy.connect(":memory:")
            except dqlitepy.InterfaceError as error:
                text = f"{type(error).__name__}: {error}"
        print(text)
    """
    return run_python(program, str(installation.parent.parent.parent.parent))


def test_a_missing_library(installation: Path) -> None:
    assert connect_in(installation).startswith(
        f"InterfaceError: {installation} is missing: this installation of dqlitepy"
    )


@pytest.mark.parametrize("content", [b"", b"not a library", b"\x7fELF\x02\x01\x01" + bytes(100)])
def test_a_damaged_library(installation: Path, content: bytes) -> None:
    installation.write_bytes(content)
    message = connect_in(installation)
    assert message.startswith(f"InterfaceError: {installation} cannot be loaded")
    assert f"Reinstall dqlitepy {dqlitepy.__version__}" in message


def test_another_library(installation: Path) -> None:
    """One that loads, but has none of our functions: the library of another extension module."""
    import _sqlite3

    shutil.copyfile(_sqlite3.__file__, installation)
    message = connect_in(installation)
    assert "dqlitepy_abi_version" in message
    assert "Reinstall" in message


def test_a_frozen_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(dqlitepy.InterfaceError, match=r"was frozen without it. PyInstaller .* Nuitka"):
        library.check_library("/dist/_internal/dqlitepy/_lib/linux-amd64/libdqlitepy.so")


def test_a_zipapp(tmp_path: Path) -> None:
    """It runs as far as what needs no library: names, exceptions, constants."""
    archive = tmp_path / "app.pyz"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(PACKAGE.rglob("*.py")):
            file.write(path, Path("dqlitepy", path.relative_to(PACKAGE)))
    program = """
        import sys
        sys.path.insert(0, sys.argv[1])
        import dqlitepy
        assert dqlitepy.complete_statement("SELECT 1;")
        for use in (lambda: dqlitepy.connect(":memory:"), lambda: dqlitepy.sqlite_version):
            try:
                use()
            except dqlitepy.InterfaceError as error:
                print(error)
    """
    for said in run_python(program, str(archive)).splitlines():
        assert f"dqlitepy lies in the archive {archive}, and a library cannot be loaded out of one. Install" in said


def test_a_limit_on_addresses() -> None:
    """Go would end the process."""
    output = run_python(
        """
        import resource
        import dqlitepy
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))
        for _ in range(2):
            try:
                dqlitepy.connect(":memory:")
            except dqlitepy.InterfaceError as error:
                print(error)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        dqlitepy.versions()
        """
    )
    first, second = output.splitlines()
    assert first == second
    assert "limited to 1024 MiB (RLIMIT_AS, `ulimit -v`)" in first
    assert "ulimit -v unlimited" in first


class _Stub:
    """Stands in for a loaded library of another version."""

    def __init__(self, abi: int, error_size: int) -> None:
        self.dqlitepy_abi_version = lambda: abi
        self.dqlitepy_error_size = lambda: error_size


@pytest.mark.parametrize(
    ("stub", "message"),
    [
        (
            _Stub(abi.ABI_VERSION + 1, abi.ERROR_SIZE),
            rf"has ABI {abi.ABI_VERSION + 1}, dqlitepy .* needs {abi.ABI_VERSION}\. Reinstall dqlitepy",
        ),
        (_Stub(abi.ABI_VERSION, abi.ERROR_SIZE - 8), "disagree about the error struct. Reinstall dqlitepy"),
    ],
)
def test_another_version(monkeypatch: pytest.MonkeyPatch, stub: _Stub, message: str) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda path: stub)
    monkeypatch.setattr(abi, "declare", lambda library: None)
    with pytest.raises(dqlitepy.InterfaceError, match=message):
        library._open(__file__)


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 4, 10), (3, 6, 15), (3, 10, 13)])
def test_python_before_3_11(version: tuple[int, int, int]) -> None:
    output = run_python(
        f"""
        import sys
        sys.version_info = {version} + ("final", 0)
        try:
            import dqlitepy
        except RuntimeError as error:
            print(type(error).__name__, error)
        assert [name for name in sys.modules if name.startswith("dqlitepy")] == []
        """
    )
    assert output.startswith(
        f"UnsupportedPlatformError Python 3.11+ required: this is Python {version[0]}.{version[1]} ("
    )
    assert "Install dqlitepy in a virtual environment of a newer one" in output


# What Python 2.7's parser knows, of what such a module could use; so no AnnAssign, no JoinedStr.
OLD_SYNTAX = (
    ast.Module, ast.Expr, ast.Constant, ast.Import, ast.ImportFrom, ast.alias, ast.If, ast.Compare, ast.Lt, ast.In,
    ast.ClassDef, ast.Raise, ast.Call, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Subscript, ast.BinOp, ast.Add,
    ast.Mod, ast.BitOr, ast.UnaryOp, ast.USub, ast.Tuple, ast.List, ast.Dict, ast.Assign, ast.FunctionDef,
    ast.arguments, ast.arg, ast.Return, ast.Delete, ast.Del, ast.ListComp,
    ast.comprehension,
)  # fmt: skip


def test_the_file_that_asks_for_the_version_is_parseable_by_old_pythons() -> None:
    source = (PACKAGE / "__init__.py").read_text(encoding="ascii")  # Python 2.7 wants an encoding line for more
    for node in ast.walk(ast.parse(source, feature_version=(3, 7))):
        assert isinstance(node, OLD_SYNTAX), f"line {getattr(node, 'lineno', '?')}: {type(node).__name__}"
        if isinstance(node, ast.arg):
            assert node.annotation is None
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None
            assert not node.args.kwonlyargs and not node.args.posonlyargs
            assert not node.decorator_list
        if isinstance(node, ast.ClassDef):
            assert not node.keywords
        if isinstance(node, ast.Call):
            assert not any(isinstance(argument, ast.Starred) for argument in node.args)
        if isinstance(node, ast.Raise):
            assert node.cause is None


def test_the_version_is_asked_for_before_anything_of_ours_is_imported() -> None:
    body = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")).body
    asks = next(index for index, node in enumerate(body) if isinstance(node, ast.If))
    before = [node for node in body[:asks] if not isinstance(node, ast.Expr)]
    assert [ast.unparse(node) for node in before] == ["import sys"]
    assert ast.unparse(body[asks]).startswith("if sys.version_info < (3, 11):")
