# SPDX-License-Identifier: Apache-2.0
"""Runs the command line as its users do: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support import HANG, PACKAGE


def environment(**more: str) -> dict[str, str]:
    """Returns an environment in which `python -m dqlitepy` finds the package that this process tests."""
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "LINES", "COLUMNS")}
    return clean | {"PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), *filter(None, sys.path)])} | more


def command(*arguments: str | Path) -> list[str]:
    """Returns the command line that runs `dqlitepy` with these arguments."""
    return [sys.executable, "-X", "faulthandler", "-W", "error", "-m", "dqlitepy", *map(str, arguments)]


def dqlitepy(*arguments: str | Path, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Runs `dqlitepy` to its end with `more` environment variables."""
    return subprocess.run(
        command(*arguments),
        input=stdin,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )


def succeed(*arguments: str | Path, stdin: str = "") -> str:
    """Runs `dqlitepy`, which must succeed and have nothing to complain of, and returns its output."""
    result = dqlitepy(*arguments, stdin=stdin)
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def fail(*arguments: str | Path, stdin: str = "", status: int = 1) -> str:
    """Runs `dqlitepy`, which must fail with `status`, and returns what it says about it."""
    result = dqlitepy(*arguments, stdin=stdin)
    assert result.returncode == status, result
    assert result.stderr, result
    return result.stderr
