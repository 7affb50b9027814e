# SPDX-License-Identifier: Apache-2.0
"""Nothing is left behind: no memory, no file descriptor, no thread, no handle."""

from __future__ import annotations

from tests.support import run_python

PRELUDE = """
import gc, os, resource, time
import dqlitepy
from dqlitepy._native.library import library

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


def test_a_connection_that_carried_a_large_value_gives_its_memory_back() -> None:
    """What stays is the server's: the pages of the database and of raft's log, and its own end of the connection."""
    run_python(
        PRELUDE
        + """
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))

con = dqlitepy.connect(":memory:")
con.execute("SELECT 1").fetchall()
before = resident()
size = 100_000_000
con.execute("SELECT zeroblob(?)", (size,)).fetchall()
assert resident() - before < 1.9 * size, resident() - before  # the server's buffer is a power of two
con.close()
"""
    )


def test_a_long_result_is_read_in_constant_memory() -> None:
    run_python(
        PRELUDE
        + """
con = dqlitepy.connect(":memory:")
numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)"
count = numbers + " SELECT n, 'text' FROM numbers"
for _ in con.execute(count, (100_000,)):
    pass
before = peak()
for _ in con.execute(count, (2_000_000,)):
    pass
assert peak() - before < 32_000_000, peak() - before
con.close()
"""
    )


def test_too_large_a_parameter_is_refused() -> None:
    run_python(
        PRELUDE
        + """
con = dqlitepy.connect(":memory:")
con.execute("CREATE TABLE t (a)")
try:
    con.execute("INSERT INTO t VALUES (?)", (bytes(300_000_000),))
except dqlitepy.DataError as error:
    assert "limited to 256 MiB" in str(error) and error.sqlite_errorcode == 18, (error, error.sqlite_errorcode)
else:
    raise AssertionError
assert con.execute("SELECT count(*) FROM t").fetchone() == (0,)
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
def threads():
    return len(os.listdir("/proc/self/task"))

before, threads_before = counts(), threads()
cycles = 100
for _ in range(cycles):
    cycle()
deadline = time.monotonic() + 60
while counts() != before and time.monotonic() < deadline:  # a descriptor may be closed a little later
    time.sleep(0.01)
assert counts() == before, (before, counts())
# Go keeps the threads that it has started: one whenever a system call is slow, but few, and not one each cycle.
assert threads() < threads_before + 0.8 * cycles, (threads_before, threads())
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
deadline = time.monotonic() + 60
while len(os.listdir("/proc/self/fd")) > before and time.monotonic() < deadline:  # one may be closed a little later
    time.sleep(0.01)
assert len(os.listdir("/proc/self/fd")) <= before, os.listdir("/proc/self/fd")
holder.communicate(b"\\n")
"""
    )
