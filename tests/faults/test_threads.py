# SPDX-License-Identifier: Apache-2.0
"""No thread can be made any more while a node runs.

Go's run-time ends the process where it needs one, as docs/operations.md says, and nothing in it can be told not to. So
this is one more way to die at any moment: nothing that was acknowledged may be lost by it.
"""

from __future__ import annotations

import re
import signal
from pathlib import Path

from tests.support import HANG, python, run_python

PROGRAM = """
import os, sys, threading
import dqlitepy
from tests.faults.machine import use_up_threads

def insert(con, count):
    for _ in range(count):
        con.execute("INSERT INTO t VALUES (randomblob(100000))")
        os.write(1, b"x")  # an abort loses what Python still keeps

def refused():
    try:
        threading.Thread(target=print).start()
    except RuntimeError:
        return True

def work(barrier):
    own = dqlitepy.connect(sys.argv[1], isolation_level=None)
    barrier.wait()
    barrier.wait()
    insert(own, 20)

con = dqlitepy.connect(sys.argv[1], isolation_level=None)
con.execute("CREATE TABLE t (v)")
barrier = threading.Barrier(31)
threads = [threading.Thread(target=work, args=(barrier,)) for _ in range(30)]
for thread in threads:
    thread.start()
barrier.wait()
use_up_threads()
assert refused()
barrier.wait()
for thread in threads:
    thread.join()
"""


def test_what_was_acknowledged_stays(tmp_path: Path) -> None:
    """Many write at once, each of whom may be the one for whom Go wants a thread."""
    process = python(PROGRAM, str(tmp_path))
    output, errors = process.communicate(timeout=HANG)
    assert process.returncode in (0, -signal.SIGABRT), errors
    assert process.returncode == 0 or re.search("pthread_create failed", errors), errors
    check(tmp_path, len(output))


def test_a_node_that_can_have_no_threads_says_so(tmp_path: Path) -> None:
    """When it starts, and not by the end of the process at its first write."""
    program = """
        import sys, dqlitepy
        from tests.faults.machine import use_up_threads
        dqlitepy.versions()
        use_up_threads()
        try:
            dqlitepy.connect(sys.argv[1])
        except dqlitepy.OperationalError as error:
            print(error)
    """
    process = python(program, str(tmp_path))
    output, errors = process.communicate(timeout=HANG)
    if process.returncode == -signal.SIGABRT:
        assert re.search("pthread_create failed", errors), errors  # Go wanted one before
    else:
        assert (process.returncode, errors) == (0, "")
        assert "a node needs 24 threads, with 192 MiB of addresses for their stacks, and only 0 could be made" in output


def check(directory: Path, acknowledged: int) -> None:
    """Fails where one of the rows is gone."""
    rows = run_python(
        """
        import sys, dqlitepy
        con = dqlitepy.connect(sys.argv[1])
        assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        print(con.execute("SELECT count(*) FROM t").fetchone()[0])
        con.close()
        """,
        str(directory),
    )
    # What was under way when the process ended may have been committed.
    assert acknowledged <= int(rows) <= acknowledged + 30
