# SPDX-License-Identifier: Apache-2.0
"""A program ends by its own status, whatever it leaves open and in whatever state: many programs, each with a seed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import HANG, PACKAGE

PROGRAMS = 24


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_exit(tmp_path: Path, seed: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-W", "ignore", "-m", "tests.node.left_open", str(seed), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join([str(PACKAGE.parent), *filter(None, sys.path)])),
    )
    try:
        output, errors = process.communicate(timeout=HANG)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # faulthandler tells where it hangs
        output, errors = process.communicate()
        pytest.fail(f"hangs: {output}{errors}")
    *left, status = output.split()
    assert process.returncode == int(status), f"left open: {left}\n{errors}"
