# SPDX-License-Identifier: Apache-2.0
"""Threads cannot be made where a limit of addresses leaves none for their stacks: a node says so when it starts.

libuv makes its pool when there is first work for it, and ends the process where that fails. A node has it made, and
looks for room for its other threads, before it says that it is ready.
"""

from __future__ import annotations

from pathlib import Path

from tests.support import run_python

PRELUDE = """
import resource, sys
import dqlitepy

MEGABYTE = 1 << 20
usual = resource.getrlimit(resource.RLIMIT_AS)

def leave(megabytes):
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * MEGABYTE, usual[1]))
"""


def test_a_node_without_room_for_its_threads_says_so(tmp_path: Path) -> None:
    output = run_python(
        PRELUDE
        + """
dqlitepy.versions()
leave(130)
try:
    dqlitepy.connect(sys.argv[1])
except dqlitepy.OperationalError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_AS, usual)
con = dqlitepy.connect(sys.argv[1])  # the same process, with room
con.execute("CREATE TABLE t (a)")
con.close()
""",
        str(tmp_path),
    )
    assert "a node needs 24 threads, with 192 MiB of addresses for their stacks, and only " in output
    assert "ulimit -v" in output


def test_a_node_that_has_started_has_its_threads(tmp_path: Path) -> None:
    """What is left is too little for the pool of 16."""
    run_python(
        PRELUDE
        + """
con = dqlitepy.connect(sys.argv[1], isolation_level=None)
leave(100)
con.execute("CREATE TABLE t (a)")
for _ in range(100):
    con.execute("INSERT INTO t VALUES (randomblob(100000))")
assert con.execute("SELECT count(*) FROM t").fetchone() == (100,)
resource.setrlimit(resource.RLIMIT_AS, usual)
con.close()
""",
        str(tmp_path),
    )
