# SPDX-License-Identifier: Apache-2.0
"""ruff finds nothing to say about any Python file, and has formatted each."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import ruff  # type: ignore[import-untyped]

from tests.lint.sources import SOURCES
from tests.support import ROOT

# Beside the package's folder in Bazel's runfiles, beside the interpreter in a virtual environment.
RUFF = shutil.which("ruff", path=f"{Path(ruff.__file__).parents[2] / 'bin'}:{Path(sys.executable).parent}")


def run(*arguments: str) -> None:
    assert RUFF is not None
    command = [RUFF, *arguments, "--no-cache", "--config", "pyproject.toml", "--extend-exclude", "_test_*", *SOURCES]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr


def test_check() -> None:
    run("check")


def test_format() -> None:
    run("format", "--check")
