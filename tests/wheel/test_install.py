# SPDX-License-Identifier: Apache-2.0
"""The wheel on its own: nothing of this repository on sys.path, unpacked by hand and installed by pip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pip
import pytest

from tests.wheel.wheelfile import Wheel

WHEEL = Wheel.under_test()

QUICKSTART = """\
import sys
import dqlitepy
assert dqlitepy.__file__.startswith(sys.argv[1]), dqlitepy.__file__
with dqlitepy.connect(sys.argv[2]) as con:
    con.execute("CREATE TABLE planet (name TEXT, moons INTEGER)")
    con.executemany("INSERT INTO planet VALUES (?, ?)", [("Mars", 2), ("Jupiter", 95), ("Venus", 0)])
con.close()
con = dqlitepy.connect(sys.argv[2])
print(con.execute("SELECT name, moons FROM planet WHERE moons > ? ORDER BY moons", (1,)).fetchall())
con.close()
"""
FOUND = "[('Mars', 2), ('Jupiter', 95)]\n"


def python(interpreter: str | Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs an interpreter with no trace of the test's own search path."""
    command = [str(interpreter), *arguments]
    clean = {"HOME": "/nonexistent", "PATH": os.defpath, "LANG": "C.UTF-8"}
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=False, timeout=300)


def succeed(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stderr
    return result.stdout


def sbom_versions() -> dict[str, str]:
    """The versions in the SBOM, under the names that the library uses."""
    sbom = json.loads(WHEEL.text("sboms/dqlitepy.cdx.json"))
    return {component["name"].replace("_", "-"): component["version"] for component in sbom["components"]}


def assert_versions(output: str) -> None:
    first, *linked = output.splitlines()
    assert first.split()[:2] == ["dqlitepy", WHEEL.version.split("+")[0]]
    versions = dict(line.split(maxsplit=1) for line in linked)
    expected = sbom_versions()
    for name in ("sqlite", "dqlite", "libuv", "lz4", "go-dqlite", "go"):
        assert versions[name].split()[0].removeprefix("go") == expected[name], name


def test_unpacked_it_works_with_nothing_else_on_the_path(tmp_path: Path) -> None:
    site = WHEEL.unpack(tmp_path / "site")
    # -I and -S: no PYTHON* variables, no user site, no site-packages; only the standard library and the wheel.
    start = f"import sys; sys.path.insert(0, {str(site)!r})\n"
    output = succeed(python(sys.executable, "-I", "-S", "-c", start + QUICKSTART, str(site), str(tmp_path / "data")))
    assert output == FOUND


def test_unpacked_it_does_not_write_beside_its_modules(tmp_path: Path) -> None:
    site = WHEEL.unpack(tmp_path / "site")
    before = sorted(site.rglob("*"))
    start = f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {str(site)!r})\n"
    succeed(python(sys.executable, "-I", "-S", "-c", start + QUICKSTART, str(site), str(tmp_path / "data")))
    assert sorted(site.rglob("*")) == before


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment into which pip installed the wheel, with no index to fall back on."""
    folder = tmp_path_factory.mktemp("venv")
    succeed(python(sys.executable, "-I", "-m", "venv", "--without-pip", str(folder)))
    succeed(run_pip(folder, "install", "--no-index", str(WHEEL.path)))
    return folder


def run_pip(environment: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The test's own pip, which manages the environment from outside: it needs none inside."""
    above_pip = str(Path(pip.__file__).absolute().parents[1])
    options = ["--python", str(environment / "bin/python"), "--disable-pip-version-check", "--no-cache-dir"]
    return python(sys.executable, "-m", "pip", *options, *arguments, PYTHONPATH=above_pip)


def test_installed_it_works(environment: Path, tmp_path: Path) -> None:
    interpreter = environment / "bin/python"
    assert succeed(python(interpreter, "-I", "-c", QUICKSTART, str(environment), str(tmp_path / "data"))) == FOUND


def test_installed_it_tells_what_is_linked(environment: Path) -> None:
    as_module = succeed(python(environment / "bin/python", "-I", "-m", "dqlitepy", "--version"))
    as_script = succeed(python(environment / "bin/dqlitepy", "--version"))
    assert as_module == as_script
    assert_versions(as_module)


def test_pip_finds_nothing_missing(environment: Path) -> None:
    assert "No broken requirements" in succeed(run_pip(environment, "check"))


def test_pip_removes_it_without_a_trace(tmp_path: Path) -> None:
    succeed(python(sys.executable, "-I", "-m", "venv", "--without-pip", str(tmp_path)))
    before = sorted(tmp_path.rglob("*"))
    succeed(run_pip(tmp_path, "install", "--no-index", str(WHEEL.path)))
    assert (tmp_path / "bin/dqlitepy").exists()
    succeed(run_pip(tmp_path, "uninstall", "--yes", "dqlitepy"))
    assert sorted(tmp_path.rglob("*")) == before
