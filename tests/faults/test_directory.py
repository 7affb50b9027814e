# SPDX-License-Identifier: Apache-2.0
"""A node's directory: its name is made durable with it, and a node that has lost it acknowledges nothing any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import run_python

GONE = {
    "deleted": """
while os.path.exists(directory):  # the node may be making a file in it
    shutil.rmtree(directory, ignore_errors=True)
""",
    "renamed": """
os.rename(directory, directory + ".old")
""",
    "replaced": """
os.rename(directory, directory + ".old")
os.mkdir(directory)
""",
    "emptied": """
while os.listdir(directory):
    for name in os.listdir(directory):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(directory, name))
""",
}


@pytest.mark.parametrize("how", GONE)
def test_nothing_is_acknowledged_that_nobody_will_find(tmp_path: Path, how: str) -> None:
    run_python(
        f"""
import contextlib, os, shutil, sys
import dqlitepy

directory = sys.argv[1]
con = dqlitepy.connect(directory, isolation_level=None, leader_timeout=60.0)
con.execute("CREATE TABLE t (a)")
con.execute("INSERT INTO t VALUES (1)")
{GONE[how]}
for _ in range(3):  # also once the node leads again
    try:
        con.execute("INSERT INTO t VALUES (2)")
    except dqlitepy.AmbiguousCommitError as error:
        assert "the node's directory is gone" in str(error) and directory[:40] in str(error), error
    else:
        raise AssertionError("acknowledged")
con.close()
if os.path.exists(directory):
    assert os.listdir(directory) == []  # whoever has it now is left alone
""",
        str(tmp_path / "db"),
    )


def test_metadata_that_is_deleted_is_written_anew(tmp_path: Path) -> None:
    """Only the running node knows the term and the vote then, and could not start again without them."""
    run_python(
        """
import os, sys, threading
import dqlitepy
from dqlitepy._disk.metadata import FILES, decode_metadata

def newest():
    found = []
    for name in FILES:
        try:
            with open(os.path.join(sys.argv[1], name), "rb") as file:
                found.append(decode_metadata(name, file.read()))
        except FileNotFoundError:
            pass
    return max((one for one in found if one), key=lambda one: one.version, default=None)

con = dqlitepy.connect(sys.argv[1], isolation_level=None, leader_timeout=60.0)
con.execute("CREATE TABLE t (a)")
for times in range(3):
    before = newest()
    for name in FILES if times < 2 else [before.file]:
        if os.path.exists(os.path.join(sys.argv[1], name)):
            os.unlink(os.path.join(sys.argv[1], name))
    while (after := newest()) is None or after.version <= before.version:
        con.execute("INSERT INTO t VALUES (1)")
        threading.Event().wait(0.01)
    assert (after.term, after.vote) == (before.term, before.vote), (before, after)
print(con.execute("SELECT count(*) FROM t").fetchone()[0], flush=True)
os._exit(0)
""",
        str(tmp_path / "db"),
    )
    run_python(
        """
import sys, dqlitepy
con = dqlitepy.connect(sys.argv[1])
assert con.execute("SELECT count(*) FROM t").fetchone()[0] > 0
con.close()
""",
        str(tmp_path / "db"),
    )


def test_another_node_may_begin_where_one_has_lost_its_directory(tmp_path: Path) -> None:
    """The one that is left there writes, cuts and deletes none of the files of the other, which have the same names."""
    run_python(
        """
import os, sys
import dqlitepy
from tests.support import python

directory = sys.argv[1]
con = dqlitepy.connect(directory, isolation_level=None)
con.execute("CREATE TABLE t (a)")
os.rename(directory, directory + ".old")
other = python('''
import sys
import dqlitepy
con = dqlitepy.connect(sys.argv[1], isolation_level=None)
con.execute("CREATE TABLE other (a)")
print("begun", flush=True)
sys.stdin.readline()
for number in range(20):
    con.execute("INSERT INTO other VALUES (zeroblob(1000000))")
con.close()
con = dqlitepy.connect(sys.argv[1])
assert con.execute("SELECT count(*) FROM other").fetchone() == (20,)
con.close()
''', directory)
assert other.stdout.readline() == "begun\\n"
try:
    con.execute("INSERT INTO t VALUES (1)")
except dqlitepy.AmbiguousCommitError:
    pass
else:
    raise AssertionError("acknowledged")
con.close()
errors = other.communicate("go on\\n")[1]
assert other.returncode == 0, errors
con = dqlitepy.connect(directory + ".old")
assert con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
con.close()
""",
        str(tmp_path / "db"),
    )


def test_the_directory_is_durable_before_anything_is_acknowledged(tmp_path: Path) -> None:
    run_python(
        """
import os, sys
from tests.faults.syncs import record_syncs

synced = record_syncs()
import dqlitepy

above = os.path.realpath(sys.argv[1])
directory = os.path.join(above, "db")
con = dqlitepy.connect(directory, isolation_level=None)
con.execute("CREATE TABLE t (a)")
assert above in synced, synced
# Not the hidden names under which files of ours are written, which may lie in the directory or elsewhere.
raft = [os.path.dirname(path) == directory and not os.path.basename(path).startswith(".") for path in synced]
log = [position for position, is_of_raft in enumerate(raft) if is_of_raft]
assert synced.index(above) < log[0], synced  # before raft has stored anything in it
assert directory in synced[log[-1] + 1 :], synced  # and the names of raft's own files
con.close()
""",
        str(tmp_path),
    )


def test_the_name_of_a_directory_below_one_that_cannot_be_read_is_durable(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    (above / "db").mkdir()
    above.chmod(0o311)
    try:
        run_python("import dqlitepy, sys; dqlitepy.connect(sys.argv[1]).close()", str(above / "db"))
    finally:
        above.chmod(0o700)
