# SPDX-License-Identifier: Apache-2.0
"""What can be measured once a process only: importing, starting, and the memory that it takes."""

from __future__ import annotations

from tests.support import run_python

IMPORT = """
import sys, time
start = time.perf_counter()
__import__(sys.argv[1])
print(time.perf_counter() - start)
"""

# dqlitepy loads its modules when their names are first asked for.
IMPORT_AND_CONNECT = """
import sys, time
start = time.perf_counter()
getattr(__import__(sys.argv[1]), "connect")
print(time.perf_counter() - start)
"""

FIRST_ROW_OF_SQLITE3 = """
import os, sqlite3, tempfile, time
with tempfile.TemporaryDirectory(dir=os.environ["BENCH_DIRECTORY"]) as directory:
    start = time.perf_counter()
    connection = sqlite3.connect(directory + "/new.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("SELECT 1").fetchall()
    print(time.perf_counter() - start)
    connection.close()
"""

FIRST_ROW_OF_DQLITEPY = """
import os, dqlitepy, tempfile, time
dqlitepy.connect  # its modules are loaded when it is first asked for
with tempfile.TemporaryDirectory(dir=os.environ["BENCH_DIRECTORY"]) as directory:
    start = time.perf_counter()
    connection = dqlitepy.connect(directory + "/new")
    connection.execute("SELECT 1").fetchall()
    print(time.perf_counter() - start)
    connection.close()
"""

_MEMORY = """
import importlib, sys
def memory(kind):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(kind))
bare = memory("VmRSS")
connection = importlib.import_module(sys.argv[1]).connect(":memory:")
connection.execute("SELECT 1").fetchall()
"""

MEMORY_OF_START = (
    _MEMORY
    + """
print(memory("VmRSS") - bare)
connection.close()
"""
)

MEMORY_OF_STREAM = (
    _MEMORY
    + """
before = memory("VmRSS")
with open("/proc/self/clear_refs", "w") as reset:
    reset.write("5")  # the peak begins anew
count = 0
for row in connection.execute(
    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) "
    "SELECT n, 'name-' || n, n * 0.5 FROM numbers",
    (int(sys.argv[2]),),
):
    count += 1
assert count == int(sys.argv[2]), count
print(memory("VmHWM") - before)
connection.close()
"""
)


def figure(program: str, *arguments: str) -> float:
    """Runs a program in an interpreter of its own and returns the number that it prints."""
    return float(run_python(program, *arguments))
