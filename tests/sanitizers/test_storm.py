# SPDX-License-Identifier: Apache-2.0
"""A node and its clients in one process, all of it seen by the sanitizer (storm.c)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support import free_address

ROUNDS = 6
COMMITS = 200

# Only ends what hangs: a sanitizer takes ten times as long, and a busy machine ten times that.
HANG_SECONDS = 1800


def test_storm(tmp_path: Path) -> None:
    storm = subprocess.run(
        [os.environ["DQLITEPY_STORM"], str(tmp_path), free_address(), str(ROUNDS), str(COMMITS)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert storm.returncode == 0, storm.stdout
    assert int(storm.stdout.split()[0]) >= ROUNDS * COMMITS
