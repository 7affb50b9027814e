# SPDX-License-Identifier: Apache-2.0
"""A program ends by its own status, whatever it leaves open and in whatever state: many programs, each with a seed.

The seeds are always the same ones, other than in the weekly run: EXIT_STORM_SEED in the environment is the first one. A
test has its seed in its name: `tools/bazel test --test_env=EXIT_STORM_SEED=N //tests/node:exits` repeats it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support import HANG, python_environment

PROGRAMS = 24


def seeds(environment: Mapping[str, str]) -> range:
    """Returns the seeds of the programs."""
    first = int(environment.get("EXIT_STORM_SEED", "0"))
    return range(first, first + PROGRAMS)


@pytest.mark.parametrize(("environment", "first"), [({}, 0), ({"EXIT_STORM_SEED": "2026113000"}, 2026113000)])
def test_seeds(environment: dict[str, str], first: int) -> None:
    assert seeds(environment) == range(first, first + 24)


@pytest.mark.parametrize("seed", seeds(os.environ))
def test_exit(tmp_path: Path, seed: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-W", "ignore", "-m", "tests.node.left_open", str(seed), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=python_environment(),
    )
    try:
        output, errors = process.communicate(timeout=HANG)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # faulthandler tells where it hangs
        output, errors = process.communicate()
        pytest.fail(f"hangs: {output}{errors}")
    *left, status = output.split()
    assert process.returncode == int(status), f"left open: {left}\n{errors}"
