# SPDX-License-Identifier: Apache-2.0
"""Snapshots that are not sound, or cannot be stored: what was there before stays, and somebody is told."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import dqlitepy
import pytest

from tests.directories import contents, snapshots
from tests.forgery import forge, wreck_page
from tests.support import HANG, eventually, finish, free_address, python, python_environment

SPOIL = """
import sys
import dqlitepy
con = dqlitepy.connect(sys.argv[1], isolation_level=None)
for name in "tab":
    con.execute(f"CREATE TABLE {name} (n, filler)")
def fill(first, last):
    for n in range(first, last):
        con.execute("INSERT INTO t VALUES (?, ?)", (n, "x" * 500))
fill(0, 600)
con.execute("PRAGMA writable_schema=ON")
con.execute("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name='a') WHERE name='b'")
con.execute("PRAGMA writable_schema=OFF")
fill(600, 1800)
con.close()
"""


def have(directory: Path, *entries: str) -> bool:
    """Whether the snapshots in a directory are those behind these entries of the log."""
    return [path.name.split("-")[2] for path in snapshots(directory)] == list(entries)


def test_an_unsound_state_becomes_no_snapshot(tmp_path: Path) -> None:
    """Any program may spoil its database by SQL. The log and the snapshot before are kept, so the node starts again."""
    directory = tmp_path / "data"
    result = subprocess.run(
        [sys.executable, "-c", SPOIL, str(directory)],
        env=python_environment(),
        capture_output=True,
        text=True,
        timeout=HANG,
        check=True,
    )
    complaints = result.stderr.splitlines()
    assert complaints
    assert all("no snapshot is taken" in line and "database main: 2nd reference to page" in line for line in complaints)
    assert len(complaints) <= 3  # not at each commit
    (kept,) = snapshots(directory)
    assert int(kept.name.split("-")[2]) < 600
    con = dqlitepy.connect(directory)
    assert [n for (n,) in con.execute("SELECT n FROM t ORDER BY rowid")] == list(range(1800))
    con.close()


HARMLESS = {
    "a row that breaks a CHECK": (
        "CREATE TABLE c (n CHECK (n > 0))",
        "PRAGMA ignore_check_constraints = ON",
        "INSERT INTO c VALUES (-1)",
    ),
    "a row without what must not be NULL": (
        "CREATE TABLE c (n)",
        "INSERT INTO c VALUES (NULL)",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE c (n NOT NULL)' WHERE name = 'c'",
    ),
    "a search index that was written to": (
        "CREATE VIRTUAL TABLE c USING fts5 (text)",
        "INSERT INTO c VALUES ('one two three')",
        "UPDATE c_content SET c0 = 'four'",
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_sql_may_do_to_rows_is_no_damage(tmp_path: Path, name: str) -> None:
    """Otherwise a node could not start again after an ordinary program."""
    directory = tmp_path / "data"
    con = dqlitepy.connect(directory, isolation_level=None)
    for statement in HARMLESS[name]:
        con.execute(statement)
    con.execute("CREATE TABLE t (n)")
    for n in range(600):
        con.execute("INSERT INTO t VALUES (?)", (n,))
    eventually(lambda: snapshots(directory))
    con.close()
    con = dqlitepy.connect(directory)
    assert con.execute("SELECT count(*) FROM t").fetchone() == (600,)
    con.close()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the directory of a node with two databases, which has two snapshots."""
    directory = tmp_path_factory.mktemp("original") / "data"
    for name, expected in (("main", ["512"]), ("other", ["512", "1024"])):
        con = dqlitepy.connect(directory, name=name, isolation_level=None)
        con.execute("CREATE TABLE t (a, b)")
        for n in range(600):
            con.execute("INSERT INTO t VALUES (?, ?)", (n, "x" * 50))
        # The next one is made as many entries behind this one only if this one is there by then.
        eventually(partial(have, directory, *expected))
        con.close()
    return directory


def append(content: bytearray) -> None:
    content += bytes(8)


def set_number(offset: int, value: int) -> Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        content[offset : offset + 8] = value.to_bytes(8, "little")

    return change


# Each: what is done to the newest snapshot, and what a node says of it. Its content: a format, how many databases, and
# for each its name ("main" and four zeros), the size of its pages and of its WAL.
UNSOUND: dict[str, tuple[Callable[[bytearray], None], str]] = {
    "a page of a database": (wreck_page(2), "database main: "),
    "the format": (set_number(0, 7), "its format is 7"),
    "the number of databases": (set_number(8, 3), "database 3 of 3: "),
    "far too many databases": (set_number(8, 2**60), "databases cannot be in"),
    "a size that is no multiple of a page": (set_number(24, 8192 + 8), "database 1 of 2: "),
    "a size beyond the end": (set_number(24, 1 << 40), "database 1 of 2: "),
    "a size that overflows": (set_number(24, 2**64 - 4096), "database 1 of 2: "),
    "a WAL that is none": (set_number(32, 64), "database 1 of 2: "),
    "a WAL beyond the end": (set_number(32, 2**64 - 8), "database 1 of 2: "),
    "no page at all": (set_number(24, 0), "database 1 of 2: "),
    "nothing": (lambda content: content.clear(), "only 0 bytes"),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_a_node_says_which_snapshot_is_unsound(original: Path, tmp_path: Path, name: str) -> None:
    directory = shutil.copytree(original, tmp_path / "data")
    newest = snapshots(directory)[-1]
    change, text = UNSOUND[name]
    forge(newest, change)
    before = contents(directory)
    for _ in range(2):
        with pytest.raises(dqlitepy.OperationalError) as caught:
            dqlitepy.connect(directory)
        assert newest.name in str(caught.value)
        assert text in str(caught.value)
        assert "of a snapshot also its .meta" in str(caught.value)
    assert contents(directory) == before
    for path in (newest, newest.with_name(newest.name + ".meta")):  # the way out that it names
        path.rename(tmp_path / path.name)
    for database in ("main", "other"):
        con = dqlitepy.connect(directory, name=database)
        assert con.execute("SELECT count(*) FROM t").fetchone() == (600,)
        con.close()


class Leader:
    """A node whose log does not reach back to its beginning, so that others need its snapshot."""

    def __init__(self, folder: Path) -> None:
        self.directory = folder / "leader"
        self.address = free_address()
        self.node = dqlitepy.Node(
            self.directory, address=self.address, bare=True, snapshot_threshold=64, snapshot_trailing=64
        )
        self.node.start()
        self.client = self.node.client(timeout=HANG)
        self.con = dqlitepy.connect(self.node, isolation_level=None)
        for name in ("gone", "main"):
            con = dqlitepy.connect(self.node, name=name, isolation_level=None)
            con.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, filler)")
            con.close()
        self.rows = 0
        self.insert(300)
        eventually(lambda: len(snapshots(self.directory)) == 2)

    def insert(self, count: int) -> None:
        for _ in range(count):
            self.con.execute("INSERT INTO t VALUES (?, randomblob(20000))", (self.rows,))
            self.rows += 1

    def has(self, address: str) -> bool:
        """Whether the node at `address` has all rows, and sound ones."""
        try:
            content = self.client.dump(address=address)
        except dqlitepy.Error:
            return False
        with_rows = sqlite3.connect(":memory:")
        with_rows.deserialize(content)
        try:
            if with_rows.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise AssertionError("the copy is malformed")
            return with_rows.execute("SELECT n FROM t").fetchall() == [(n,) for n in range(self.rows)]
        except sqlite3.OperationalError:  # not even the table yet
            return False
        finally:
            with_rows.close()


@pytest.fixture
def leader(tmp_path: Path) -> Iterator[Leader]:
    leader = Leader(tmp_path)
    yield leader
    leader.con.close()
    leader.node.close(handover=False)


def test_a_snapshot_that_is_sent_is_checked_before_it_replaces_anything(
    leader: Leader, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    newest = snapshots(leader.directory)[-1]
    sound = newest.read_bytes()
    forge(newest, wreck_page(2))
    follower = dqlitepy.Node(tmp_path / "follower", address=free_address(), id=2, bare=True)
    with follower:
        leader.client.add(follower.address, id=2, role=dqlitepy.Role.SPARE)
        leader.client.assign(2, dqlitepy.Role.STANDBY)
        eventually(lambda: "is not installed: database main: " in capfd.readouterr().err)
        assert snapshots(tmp_path / "follower") == []
        newest.write_bytes(sound)
        eventually(lambda: leader.has(follower.address))
    with follower:  # also from its disk
        eventually(lambda: leader.has(follower.address))


FOLLOWER = """
import os, sys, time
import dqlitepy
from tests.faults.machine import fill_disk, free_disk, mount_small_disk

disk, address, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
mount_small_disk(disk, 64_000_000)
node = dqlitepy.Node(disk + "/data", address=address, id=2, bare=True)
node.start()
fill_disk(disk)
ballast = disk + "/ballast"
os.truncate(ballast, os.path.getsize(ballast) - 100_000)  # enough for the term, and what is small

def received():
    with open("/proc/self/io") as file:
        return int(file.readline().split()[1])

start = received()
print("full", flush=True)
while received() < start + 3 * size:  # it has come more than once, so it could not be stored
    time.sleep(0.01)
print("refused", flush=True)
sys.stdin.readline()
free_disk(disk)
for _ in range(2):
    print("freed", flush=True)
    sys.stdin.readline()
    node.close(handover=False)
    node.start()
node.close(handover=False)
"""


def test_a_follower_whose_disk_is_full_takes_the_snapshot_later(leader: Leader, tmp_path: Path) -> None:
    """It believed to have it, acknowledged what came behind it, and did not start again."""
    address = free_address()
    (tmp_path / "disk").mkdir()
    size = snapshots(leader.directory)[-1].stat().st_size
    follower = python(FOLLOWER, str(tmp_path / "disk"), address, str(size))
    assert follower.stdin is not None
    assert follower.stdout is not None

    def tell() -> None:
        assert follower.stdin is not None
        follower.stdin.write("\n")
        follower.stdin.flush()

    try:
        assert follower.stdout.readline() == "full\n"
        leader.client.add(address, id=2, role=dqlitepy.Role.SPARE)
        leader.client.assign(2, dqlitepy.Role.STANDBY)
        assert follower.stdout.readline() == "refused\n"
        leader.insert(10)
        tell()
        for _ in range(2):  # also from its disk
            assert follower.stdout.readline() == "freed\n"
            eventually(lambda: leader.has(address))
            leader.insert(10)
            eventually(lambda: leader.has(address))
            tell()
        _, errors = follower.communicate(timeout=HANG)
        assert follower.returncode == 0, errors
        assert "from another server is not installed: " in errors
    finally:
        follower.kill()
        follower.wait()


def test_a_database_that_was_deleted_meanwhile_goes(leader: Leader, tmp_path: Path) -> None:
    follower = dqlitepy.Node(tmp_path / "follower", address=free_address(), id=2, bare=True)
    with follower:
        leader.client.add(follower.address, id=2, role=dqlitepy.Role.SPARE)
        leader.client.assign(2, dqlitepy.Role.STANDBY)
        eventually(lambda: leader.has(follower.address))
        assert b"CREATE TABLE t" in leader.client.dump("gone", address=follower.address)
    con = dqlitepy.connect(leader.node, name="gone", isolation_level=None)
    con.execute("BEGIN IMMEDIATE")
    con.execute("PRAGMA delete_database")
    con.execute("COMMIT")
    con.close()
    leader.insert(400)
    with follower:
        eventually(lambda: leader.has(follower.address))
        newest = snapshots(tmp_path / "follower")[-1]
        assert int(newest.name.split("-")[2]) > 500
        try:  # it is there no more, or empty: that depends on which of its states was sent
            assert b"CREATE TABLE t" not in leader.client.dump("gone", address=follower.address)
        except dqlitepy.OperationalError as error:
            assert "has no database 'gone'" in str(error), error


# A crash may come when a snapshot from another node is there, and the log that it replaces is there still.
REPLACED = {
    "a log that ends before the snapshot": lambda name: name.replace("-1024-", "-5000-"),
    "a log with another entry where the snapshot was made": lambda name: name.replace("snapshot-3-", "snapshot-4-"),
}


@pytest.mark.parametrize("name", REPLACED)
def test_what_a_crash_leaves_of_a_log_that_was_replaced(original: Path, tmp_path: Path, name: str) -> None:
    directory = shutil.copytree(original, tmp_path / "data")
    newest = snapshots(directory)[-1]
    for path in (newest, newest.with_name(newest.name + ".meta")):
        path.rename(directory / REPLACED[name](path.name))
    (directory / "open-1").write_bytes(bytes(65536))  # one that was only made, for the next entries
    for extra in (0, 1):
        program = """
        import sys, dqlitepy
        con = dqlitepy.connect(sys.argv[1], name="other", isolation_level=None)
        print(con.execute("SELECT count(*) FROM t").fetchone()[0])
        con.execute("INSERT INTO t VALUES (-1, '')")
        con.close()
        """
        found = int(finish(python(program, str(directory))))
        assert 400 < found - extra < 600  # those in the snapshot, and what was written since
