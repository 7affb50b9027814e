# SPDX-License-Identifier: Apache-2.0
"""A node that cannot be made leaves the other nodes of its process as they are."""

from __future__ import annotations

from pathlib import Path

from tests.support import run_python

PROGRAM = """
import logging
import sys

import dqlitepy
from tests.support import few_descriptors, free_address

directory = sys.argv[1]
logging.getLogger("dqlitepy").setLevel(logging.CRITICAL)  # the first node has no descriptors either


def node(name):
    return dqlitepy.Node(f"{directory}/{name}", address=free_address())


def starts_with(descriptors, poor):
    with few_descriptors(descriptors):
        try:
            poor.start()
            poor.close()
            return True
        except (dqlitepy.OperationalError, OSError):
            return False


first = node("first")
first.start()
failures = 0
# One descriptor more each time, so that it fails at each point where it needs one.
while not starts_with(failures + 1, node(f"poor-{failures}")):
    failures += 1
    # This one gets the memory of the one that was not made.
    with node(f"next-{failures}"):
        pass
    con = dqlitepy.connect(first, name=f"database-{failures}")
    con.execute("CREATE TABLE t (a)")
    con.close()
first.close()
print(failures)
"""


def test_nodes_that_run_and_those_that_follow(tmp_path: Path) -> None:
    failures = int(run_python(PROGRAM, str(tmp_path), options=("-W", "ignore")))
    assert failures > 2, "a node needs several descriptors"
