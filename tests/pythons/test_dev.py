# SPDX-License-Identifier: Apache-2.0
"""What `bazel run //tools:dev` says where it cannot make its environment; that it makes one needs a package index."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(os.environ["DQLITEPY_DEV"]).absolute()


def refusal(checkout: Path, **environment: str) -> tuple[str, str]:
    """Returns what the script says is wrong, and what to type."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BUILD_", "DQLITEPY_"))}
    process = subprocess.run(
        [str(SCRIPT)], env=kept | environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert process.returncode == 1, process.stdout + process.stderr
    assert list(checkout.iterdir()) == []
    what, how = process.stderr.splitlines()
    return what.removeprefix("dev: "), how.removeprefix("Type: ")


def stub(folder: Path, program: str) -> str:
    """Makes an interpreter that answers as `program` does."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{program}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
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
