# SPDX-License-Identifier: Apache-2.0
"""Programs that come in wheels."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def program(name: str) -> str:
    """Returns the path of a program that a wheel installs; AssertionError where there is none."""
    # Beside site-packages where Bazel unpacked a wheel, beside the interpreter in a virtual environment.
    folders = [Path(entry).parent / "bin" for entry in sys.path if Path(entry).name == "site-packages"]
    for folder in [*folders, Path(sys.executable).parent]:
        found = shutil.which(name, path=str(folder))
        if found:
            return found
    raise AssertionError(f"no wheel among this test's dependencies brings {name}")
