# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, too small, read-only or pulled away, and a kernel that refuses; each in a process of its own."""

from __future__ import annotations

from pathlib import Path

from tests.support import run_python

PRELUDE = """
import os, re, resource, shutil, sys
from pathlib import Path
import dqlitepy
from tests.faults.machine import *

disk = sys.argv[1]
directory = os.path.join(disk, "data")

def fails(use, pattern, kind=dqlitepy.OperationalError):
    try:
        use()
    except kind as error:
        assert re.search(pattern, str(error)), error
        return error
    raise AssertionError("did not fail")

def connect(**options):
    return dqlitepy.connect(directory, isolation_level=None, **options)

def write_until_it_fails(con):
    acknowledged = []
    try:
        while True:
            con.execute("INSERT INTO t (b) VALUES (?)", ("x" * 50_000,))
            acknowledged.append(len(acknowledged) + 1)
    except dqlitepy.Error as error:
        return acknowledged, error
"""


def run(program: str, disk: Path) -> None:
    run_python(PRELUDE + program, str(disk))


def test_a_disk_that_fills_up_while_writing(tmp_path: Path) -> None:
    """It says so, loses nothing that was acknowledged, and goes on in the same process when there is space again."""
    run(
        """
mount_small_disk(disk, 64_000_000)
con = connect()
con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
fill_disk(disk)
acknowledged, error = write_until_it_fails(con)
assert acknowledged
assert type(error) is dqlitepy.AmbiguousCommitError and "is its disk full?" in str(error), error
def keep_trying():
    while True:
        try:
            other = connect(leader_timeout=5.0)  # where it fails it takes it all
        except dqlitepy.NoLeaderError as error:
            if "disk" in str(error):
                raise
            continue  # the machine was too busy to say why
        try:
            other.execute("INSERT INTO t (b) VALUES (?)", ("x" * 50_000,))
        finally:
            other.close()
fails(keep_trying, "disk")
free_disk(disk)
again = connect(leader_timeout=120.0)
found = [a for (a,) in again.execute("SELECT a FROM t")]
assert found[: len(acknowledged)] == acknowledged
assert again.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
con.execute("INSERT INTO t (b) VALUES ('after')")  # the connection that failed
con.close()
again.close()
again = connect()
assert again.execute("SELECT count(*) FROM t WHERE b = 'after'").fetchone() == (1,)
assert [a for (a,) in again.execute("SELECT a FROM t")][: len(acknowledged)] == acknowledged
again.close()
""",
        tmp_path,
    )


def test_a_transaction_that_does_not_fit(tmp_path: Path) -> None:
    run(
        """
mount_small_disk(disk, 64_000_000)
con = connect()
con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
con.execute("INSERT INTO t (b) VALUES ('before')")
fill_disk(disk)
con.execute("BEGIN IMMEDIATE")
con.executemany("INSERT INTO t (b) VALUES (?)", [("x" * 1_000_000,)] * 40)  # more than the segments at hand
assert type(fails(lambda: con.execute("COMMIT"), "disk full")) is dqlitepy.AmbiguousCommitError
free_disk(disk)
again = connect(leader_timeout=120.0)
assert again.execute("SELECT count(*) FROM t").fetchone() in ((1,), (41,))
again.close()
con.close()
""",
        tmp_path,
    )


def test_starting_on_a_full_disk(tmp_path: Path) -> None:
    run(
        """
mount_small_disk(disk, 64_000_000)
con = connect()
con.execute("CREATE TABLE t (a)")
con.close()
fill_disk(disk)
fails(connect, "did not start: its disk is full: free some space")
free_disk(disk)
con = connect()
assert con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
con.close()
""",
        tmp_path,
    )


def test_a_disk_that_is_too_small(tmp_path: Path) -> None:
    run(
        """
mount_small_disk(disk, 4_000_000)
con = connect()
fails(lambda: con.execute("CREATE TABLE t (a)"), "is its disk full")
con.close()
""",
        tmp_path,
    )


def test_a_disk_that_is_read_only(tmp_path: Path) -> None:
    run(
        """
mount_small_disk(disk, 64_000_000)
con = connect()
con.execute("CREATE TABLE t (a)")
con.close()
make_read_only(disk)
fails(connect, "did not start: its file system is read-only: mount it for writing")
directory = os.path.join(disk, "new")
error = fails(connect, "unable to open database directory .*: Read-only file system")
assert error.sqlite_errorname == "SQLITE_CANTOPEN"
""",
        tmp_path,
    )


def test_a_directory_that_is_deleted_while_it_is_used(tmp_path: Path) -> None:
    run(
        """
con = connect()
con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
while os.path.exists(directory):  # the node may be making a file in it
    shutil.rmtree(directory, ignore_errors=True)
acknowledged, error = write_until_it_fails(con)
assert type(error) is dqlitepy.AmbiguousCommitError, error
con.close()
con = connect()  # a new one
assert con.execute("SELECT name FROM sqlite_schema").fetchall() == []
con.close()
""",
        tmp_path,
    )


def test_no_kernel_aio_left(tmp_path: Path) -> None:
    run(
        """
use_up_kernel_aio()
fails(connect, r"did not start: the kernel has no context .* by `sysctl fs\\.aio-max-nr=\\d+`")
from dqlitepy._native.library import library
assert library().dqlitepy_open_handles() == 0
""",
        tmp_path,
    )


def test_no_file_descriptor_left(tmp_path: Path) -> None:
    run(
        """
con = connect()
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 5, limits[1]))
more = []
LIMIT = "too many open files|no file descriptors left: the limit of"
def exhaust():
    while True:
        try:
            more.append(connect(leader_timeout=5.0))
        except dqlitepy.NoLeaderError as error:  # or the machine was too busy to say why
            if re.search(LIMIT, str(error)):
                raise
fails(exhaust, LIMIT)
assert con.execute("SELECT 1").fetchall() == [(1,)]
for other in more:
    other.close()
resource.setrlimit(resource.RLIMIT_NOFILE, limits)
connect().close()
con.close()
""",
        tmp_path,
    )


def test_too_little_memory(tmp_path: Path) -> None:
    """What cannot be had is MemoryError, as in sqlite3, and the connection goes on."""
    run(
        """
con = connect()
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limits = resource.getrlimit(resource.RLIMIT_AS)
# Less than the value, but enough for the threads that Go may start meanwhile.
resource.setrlimit(resource.RLIMIT_AS, (size + 900_000_000, limits[1]))
fails(lambda: con.execute("SELECT zeroblob(1000000000)").fetchall(), "", MemoryError)
resource.setrlimit(resource.RLIMIT_AS, limits)
assert con.execute("SELECT 1").fetchall() == [(1,)]
con.close()
""",
        tmp_path,
    )


def test_advice_that_the_kernel_does_not_take(tmp_path: Path) -> None:
    run(
        """
con = connect()
con.execute("CREATE TABLE t (a)")
con.close()
refuse_advice()
con = connect()
assert con.execute("SELECT count(*) FROM t").fetchone() == (0,)
con.close()
""",
        tmp_path,
    )


def test_full_disks_of_a_majority(tmp_path: Path) -> None:
    """A leader whose disk is not full gives up all the same: else a write would wait for as long as those disks are."""
    run(
        """
import logging
from tests.support import eventually, free_address
logging.getLogger("dqlitepy").addHandler(logging.NullHandler())  # the nodes say what is full
small = os.path.join(disk, "small")
os.mkdir(small)
mount_small_disk(small, 200_000_000)

def start(path, **options):
    os.mkdir(path)
    return dqlitepy.Node(path, address=free_address(), network_latency=0.05, **options).start()

first = start(os.path.join(disk, "first"))
others = [start(os.path.join(small, name), join=[first.address]) for name in ("second", "third")]
client = first.client()
eventually(lambda: sum(member.role is dqlitepy.Role.VOTER for member in client.cluster()) == 3)
con = dqlitepy.connect(first, isolation_level=None)
con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
fill_disk(small)
acknowledged, error = write_until_it_fails(con)
assert acknowledged
assert isinstance(error, (dqlitepy.AmbiguousCommitError, dqlitepy.NoLeaderError)), error
write_until_it_fails(con)  # what comes next ends, too
free_disk(small)
again = dqlitepy.connect(first, leader_timeout=120.0)
found = [a for (a,) in again.execute("SELECT a FROM t")]
assert found[: len(acknowledged)] == acknowledged
again.close()
con.close()
for node in (*others, first):
    node.close()
""",
        tmp_path,
    )
