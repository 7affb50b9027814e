# SPDX-License-Identifier: Apache-2.0
"""Nothing is left behind: no memory, no file descriptor, no thread, no handle."""

from __future__ import annotations

from tests.support import run_python

PRELUDE = """
import gc, os, resource
import dqlitepy
from dqlitepy._library import library

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
"""


def test_results_give_their_memory_back() -> None:
    run_python(
        PRELUDE
        + """
con = dqlitepy.connect(":memory:")
query = "SELECT zeroblob(1000000) AS a"
for _ in range(50):
    con.execute(query).fetchall()
before = peak()
for _ in range(400):
    con.execute(query).fetchall()
assert peak() - before < 200_000_000, peak() - before
con.close()
"""
    )


def test_failures_give_their_memory_back() -> None:
    run_python(
        PRELUDE
        + """
con = dqlitepy.connect(":memory:")
con.execute("CREATE TABLE t (a UNIQUE)")
blob = bytes(1_000_000)
con.execute("INSERT INTO t VALUES (?)", (blob,))
def fail():
    try:
        con.execute("INSERT INTO t VALUES (?)", (blob,))
    except dqlitepy.IntegrityError:
        pass
for _ in range(20):
    fail()
before = peak()
for _ in range(200):
    fail()
assert peak() - before < 100_000_000, peak() - before
con.close()
"""
    )


def test_connections_and_nodes_leave_nothing() -> None:
    run_python(
        PRELUDE
        + """
import tempfile

def counts():
    gc.collect()
    return len(os.listdir("/proc/self/fd")), library().dqlitepy_open_handles()

directory = tempfile.mkdtemp()
def cycle():
    one, two = dqlitepy.connect(directory), dqlitepy.connect(directory)
    one.execute("CREATE TABLE IF NOT EXISTS t (a)")
    two.execute("SELECT * FROM t").fetchall()
    two.close()
    one.close()

for _ in range(5):
    cycle()
before, threads = counts(), len(os.listdir("/proc/self/task"))
for _ in range(20):
    cycle()
assert counts() == before, (before, counts())
assert len(os.listdir("/proc/self/task")) <= threads + 8  # Go keeps some for later
"""
    )


def test_connections_that_cannot_be_opened_leave_nothing() -> None:
    run_python(
        PRELUDE
        + """
import subprocess, sys, tempfile
directory = tempfile.mkdtemp()
program = "import sys, dqlitepy; con = dqlitepy.connect(sys.argv[1]); print(flush=True); input(); con.close()"
command = [sys.executable, "-c", program, directory]
holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
holder.stdout.readline()

def fail():
    try:
        dqlitepy.connect(directory)
    except dqlitepy.OperationalError:
        pass
    else:
        raise AssertionError

fail()
before = len(os.listdir("/proc/self/fd"))
for _ in range(20):
    fail()
assert library().dqlitepy_open_handles() == 0
assert len(os.listdir("/proc/self/fd")) == before
holder.communicate(b"\\n")
"""
    )
