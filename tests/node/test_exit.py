# SPDX-License-Identifier: Apache-2.0
"""The interpreter ends cleanly and soon, whatever is open, and what was committed is there afterwards."""

from __future__ import annotations

import signal
from pathlib import Path

import dqlitepy
import pytest

from tests.support import HANG, finish, python

PRELUDE = """
import sys
import dqlitepy
con = dqlitepy.connect(sys.argv[1])
con.execute("CREATE TABLE IF NOT EXISTS t (a)")
with con:
    con.execute("INSERT INTO t VALUES (1)")
"""

WAYS = {
    "an open connection": "",
    "an open transaction": "con.execute('INSERT INTO t VALUES (2)')",
    "an open result": """
con.executemany("INSERT INTO t VALUES (?)", (("x" * 1000,) for _ in range(10_000)))
cursor = con.execute("SELECT * FROM t")
cursor.fetchone()
""",
    "many connections": "more = [dqlitepy.connect(sys.argv[1], name=f'db{n}') for n in range(10)]",
    "several nodes": "more = [dqlitepy.connect(':memory:') for n in range(3)]",
    "a cycle": "con.itself = con",
    # Python without a GIL empties such modules before it deletes the connection.
    "modules that something keeps": """
import builtins, os, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
os.kept = con
builtins.kept = dict(sys.modules)
""",
    "an exit in the middle": "con.execute('INSERT INTO t VALUES (2)'); sys.exit()",
    "a daemon thread at work": """
import threading
def work():
    mine = dqlitepy.connect(sys.argv[1], name="mine", isolation_level=None)
    mine.execute("CREATE TABLE t (a)")
    begun.set()
    try:
        while True:
            mine.execute("INSERT INTO t VALUES (1)")
    except dqlitepy.Error:
        pass  # the end of the process closed the node; a traceback now could meet Python's own locked stderr
begun = threading.Event()
threading.Thread(target=work, daemon=True).start()
begun.wait()
""",
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_exit(directory: Path, way: str) -> None:
    process = python(PRELUDE + WAYS[way], str(directory), options=("-X", "dev", "-W", "ignore::ResourceWarning"))
    finish(process)
    con = dqlitepy.connect(directory)
    assert con.execute("SELECT a FROM t").fetchall() == [(1,)]
    con.close()


def test_what_is_left_open_is_warned_of(directory: Path) -> None:
    process = python(PRELUDE, str(directory), options=("-W", "always"))
    _, errors = process.communicate(timeout=HANG)
    assert process.returncode == 0
    assert "ResourceWarning: unclosed database in <dqlitepy.connection.Connection object at" in errors


def test_temporary_databases_are_removed(tmp_path: Path) -> None:
    finish(
        python(
            """
            import sys, tempfile
            tempfile.tempdir = sys.argv[1]
            import dqlitepy
            left_open = dqlitepy.connect(":memory:")
            """,
            str(tmp_path),
            options=("-W", "ignore::ResourceWarning"),
        )
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_that_end_the_process(directory: Path, number: signal.Signals) -> None:
    process = python(PRELUDE + "print('ready', flush=True)\nsys.stdin.read()", str(directory))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate(timeout=HANG)
    assert process.returncode == -number
    con = dqlitepy.connect(directory)
    assert con.execute("SELECT a FROM t").fetchall() == [(1,)]
    con.close()


def test_kill_9_loses_nothing_that_was_acknowledged(directory: Path) -> None:
    program = (
        PRELUDE
        + """
con.isolation_level = None
for n in range(2, 1_000_000):
    con.execute("INSERT INTO t VALUES (?)", (n,))
    print(n, flush=True)
"""
    )
    for attempt in range(3):
        process = python(program if attempt == 0 else program.replace("with con:", "if False:"), str(directory))
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(40 * (attempt + 1))]
        process.kill()
        with process:
            # Not by communicate(), which does not see what readline() has already buffered.
            acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
        con = dqlitepy.connect(directory)
        found = [n for (n,) in con.execute("SELECT a FROM t ORDER BY rowid")]
        # The statement that was under way may have been committed as well.
        assert found in ([1, *acknowledged], [1, *acknowledged, acknowledged[-1] + 1])
        with con:
            con.execute("DELETE FROM t WHERE a > 1")
        assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        con.close()
