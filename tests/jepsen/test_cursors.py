# SPDX-License-Identifier: Apache-2.0
"""A SELECT that is half fetched while the WAL passes 1,000 and 10,000 frames sees one version to its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jepsen.held import WRITES
from tests.support import run_python

_PROGRAM = "import sys; from tests.jepsen.held import hold; hold(*sys.argv[1:])"


@pytest.mark.parametrize("where", ["inside", "tcp"])
@pytest.mark.parametrize("kind", ["thread", "loop"])
@pytest.mark.parametrize("workload", WRITES)
def test_a_cursor_outlives_a_long_wal(tmp_path: Path, workload: str, kind: str, where: str) -> None:
    run_python(_PROGRAM, str(tmp_path / "data"), workload, kind, where)
