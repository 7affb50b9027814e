# SPDX-License-Identifier: Apache-2.0
"""What `bazel run //tools:dev` and tools/develop refuse; that they make an environment needs a package index."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

DEV = Path(os.environ["DQLITEPY_DEV"]).absolute()
DEVELOP = Path(os.environ["DQLITEPY_DEVELOP"]).absolute()
HEADER = Path(os.environ["DQLITEPY_HEADER"])
FOLDER = {"aarch64": "linux-arm64"}.get(platform.machine(), "linux-amd64")


def refusal(checkout: Path, *arguments: str, script: Path = DEV, **environment: str) -> tuple[str, str]:
    """Returns what the script says is wrong, and what to type."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BUILD_", "DQLITEPY_"))}
    before = sorted(checkout.rglob("*"))
    process = subprocess.run(
        [str(script), *arguments], env=kept | environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert process.returncode == 1, process.stdout + process.stderr
    assert sorted(checkout.rglob("*")) == before
    what, how = process.stderr.splitlines()
    return what.removeprefix("dev: "), how.removeprefix("Type: ")


def stub(folder: Path, program: str) -> str:
    """Makes an interpreter that answers as `program` does."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{program}\n")
    path.chmod(0o755)
    return str(path)


def able(folder: Path, more: str = "") -> str:
    """Makes an interpreter that claims to have the modules for an environment, which not each python3 has."""
    return stub(folder, f'case "$1 $2" in "-c "*ensurepip*) ;; {more} *) exec python3 "$@" ;; esac')


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    header = folder / "go" / "abi" / "dqlitepy.h"
    header.parent.mkdir(parents=True)
    shutil.copyfile(HEADER, header)
    return folder


def test_without_bazel(checkout: Path) -> None:
    what, how = refusal(checkout)
    assert what == "started without bazel, so there is no checkout to work in"
    assert how == "tools/bazel run //tools:dev"


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("echo 3.9 False", " is Python 3.9, and dqlitepy needs 3.11"),
        ("exit 127", " does not run"),
        ("case $2 in *ensurepip*) exit 1 ;; esac; echo 3.13 True", " cannot make virtual environments"),
    ],
)
def test_a_python_that_will_not_do(tmp_path: Path, checkout: Path, program: str, complaint: str) -> None:
    python = stub(tmp_path, program)
    what, how = refusal(checkout, BUILD_WORKSPACE_DIRECTORY=str(checkout), DQLITEPY_PYTHON=python)
    assert what == python + complaint
    assert "DQLITEPY_PYTHON=/path/python3.13 tools/bazel run //tools:dev" in how


def test_no_such_python(checkout: Path) -> None:
    what, _ = refusal(checkout, BUILD_WORKSPACE_DIRECTORY=str(checkout), DQLITEPY_PYTHON="/nonexistent/python")
    assert what == "there is no /nonexistent/python on this machine"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "no library and no wheel is named"),
        (["--from-wheel"], "--from-wheel needs a value"),
        (["--wheel", "x.whl"], "--wheel is no option"),
    ],
)
def test_options_that_are_not_whole(checkout: Path, arguments: list[str], complaint: str) -> None:
    what, how = refusal(checkout, *arguments, script=DEVELOP, BUILD_WORKSPACE_DIRECTORY=str(checkout))
    assert (what, how) == (complaint, "tools/develop --from-wheel dqlitepy-….whl")


def make_wheel(file: Path, header: str | None, folder: str = FOLDER) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("dqlitepy/__init__.py", "")
        if header is not None:
            archive.writestr(f"dqlitepy/_lib/{folder}/dqlitepy.h", header)
            archive.writestr(f"dqlitepy/_lib/{folder}/libdqlitepy.so", b"library")
    return file


def from_wheel(checkout: Path, wheel: Path, **environment: str) -> str:
    """Returns why the wheel is refused."""
    environment |= {"BUILD_WORKSPACE_DIRECTORY": str(checkout), "DQLITEPY_PYTHON": able(checkout.parent)}
    what, how = refusal(checkout, "--from-wheel", str(wheel), script=DEVELOP, **environment)
    assert how == "tools/bazel run //tools:dev   (or a wheel of this version)"
    return what


def test_a_wheel_of_another_abi_is_refused(tmp_path: Path, checkout: Path) -> None:
    header = HEADER.read_text(encoding="utf-8")
    [number] = re.findall(r"(?m)^#define DQLITEPY_ABI_VERSION (\d+)$", header)
    older = header.replace(f"DQLITEPY_ABI_VERSION {number}\n", "DQLITEPY_ABI_VERSION 1\n")
    what = from_wheel(checkout, make_wheel(tmp_path / "d.whl", older))
    assert what == f"d.whl has ABI 1, and this checkout needs {number}"


def test_a_wheel_whose_header_declares_something_else_is_refused(tmp_path: Path, checkout: Path) -> None:
    header = HEADER.read_text(encoding="utf-8")
    changed = header.replace("DQLITEPY_PENDING = 1", "DQLITEPY_PENDING = 4")
    assert changed != header
    what = from_wheel(checkout, make_wheel(tmp_path / "d.whl", changed))
    assert "but its dqlitepy.h declares something else than this checkout's" in what


def test_what_is_no_wheel_for_this_machine_is_refused(tmp_path: Path, checkout: Path) -> None:
    assert from_wheel(checkout, tmp_path / "none.whl") == f"there is no {tmp_path / 'none.whl'}"
    (tmp_path / "text.whl").write_text("no archive")
    assert from_wheel(checkout, tmp_path / "text.whl") == "text.whl is not a wheel"
    header = HEADER.read_text(encoding="utf-8")
    other = make_wheel(tmp_path / "d.whl", header, folder="linux-riscv64")
    assert from_wheel(checkout, other) == f"d.whl has no library for {FOLDER}"


def test_a_path_is_that_of_the_folder_where_bazel_was_called(tmp_path: Path, checkout: Path) -> None:
    what = from_wheel(checkout, Path("none.whl"), BUILD_WORKING_DIRECTORY=str(tmp_path))
    assert what == f"there is no {tmp_path / 'none.whl'}"


def test_the_library_of_a_wheel_of_this_abi_is_put_beside_the_package(tmp_path: Path, checkout: Path) -> None:
    """With interpreters that answer as far as the script asks: a real environment needs a package index."""
    requirements = checkout / "tools" / "pytest" / "requirements.txt"
    requirements.parent.mkdir(parents=True)
    requirements.write_text("")
    packages = tmp_path / "packages"
    packages.mkdir()
    (tmp_path / "inside").mkdir()
    inside = stub(
        tmp_path / "inside",
        f'case "$*" in *sysconfig*) echo {packages} ;; "-") ;; "-m pip"*) ;; *"import dqlitepy"*) ;; esac',
    )
    python = able(tmp_path, f'"-m venv") mkdir -p "$4/bin" && cp {inside} "$4/bin/python" ;;')
    # The comments may differ.
    wheel = make_wheel(tmp_path / "d.whl", "/* another wheel's */\n" + HEADER.read_text(encoding="utf-8"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BUILD_", "DQLITEPY_"))}
    process = subprocess.run(
        [str(DEVELOP), "--from-wheel", str(wheel)],
        env=kept | {"BUILD_WORKSPACE_DIRECTORY": str(checkout), "DQLITEPY_PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert process.returncode == 0, process.stderr
    beside = checkout / "python" / "dqlitepy" / "_lib" / FOLDER
    assert sorted(file.name for file in beside.iterdir()) == ["dqlitepy.h", "libdqlitepy.so"]
    assert (beside / "libdqlitepy.so").read_bytes() == b"library"
    assert (packages / "dqlitepy.pth").read_text() == f"{checkout / 'python'}\n{checkout}\n"
