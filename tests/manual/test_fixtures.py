# SPDX-License-Identifier: Apache-2.0
"""What the fixtures of dqlitepy.testing leave behind a test: an empty database, or an error about what is open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import HANG, python_environment

EMPTIED = """
import dqlitepy

names = []


def test_writes(dqlite, dqlite_name):
    with dqlite:
        dqlite.execute("CREATE TABLE note (text TEXT)")
    names.append(dqlite_name)


def test_another_name(dqlite_name):
    names.append(dqlite_name)
    assert names[0] != names[1]


def test_what_was_written_is_gone(dqlite_directory):
    con = dqlitepy.connect(dqlite_directory, name=names[0])
    assert con.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    con.close()


def test_the_node_is_the_same(dqlite_directory):
    con = dqlitepy.connect(dqlite_directory)
    con.close()
"""

LEFT_OPEN = """
import dqlitepy

kept = []


def test_leaves_a_transaction_open(dqlite_directory, dqlite_name):
    con = dqlitepy.connect(dqlite_directory, name=dqlite_name)
    con.execute("CREATE TABLE note (text TEXT)")
    con.execute("INSERT INTO note VALUES ('milk')")
    kept.append(con)
"""


def run(folder: Path, tests: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text('pytest_plugins = ["dqlitepy.testing"]\n')
    (folder / "test_it.py").write_text(tests)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env=python_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )
    return result.returncode, result.stdout + result.stderr


def test_a_database_is_emptied_behind_its_test(tmp_path: Path) -> None:
    status, output = run(tmp_path, EMPTIED)
    assert status == 0, output
    assert "4 passed" in output


def test_what_is_left_open_is_told(tmp_path: Path) -> None:
    status, output = run(tmp_path, LEFT_OPEN)
    assert status == 1, output
    assert "database is locked" in output
    assert "1 passed, 1 error" in output
