# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy backup` of a node without a majority, and again and again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import dqlitepy as package
import pytest
from dqlitepy._cli.backup_series import Series, period

from tests.cli.command import command, dqlitepy, environment, fail, succeed
from tests.cli.nodes import NodeProcess, three_nodes
from tests.support import HANG, eventually, free_address


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    address = free_address()
    node = NodeProcess(tmp_path_factory.mktemp("node") / "data", "--address", address)
    try:
        node.wait_ready()
        succeed("shell", address, "-c", "CREATE TABLE t (n); INSERT INTO t VALUES (1), (2)")
        yield address
    finally:
        node.kill()


def rows_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as con:
        return int(con.execute("SELECT count(*) FROM t").fetchone()[0])


def has_rows(client: package.Client, address: str) -> bool:
    """Tells whether a node has applied what the test has written."""
    with closing(sqlite3.connect(":memory:")) as con:
        try:
            con.deserialize(client.dump(address=address))
            return bool(con.execute("SELECT count(*) = 2 FROM t").fetchone()[0])
        except (package.OperationalError, sqlite3.Error):
            return False


def sound(path: str) -> None:
    """Makes what a backup would be."""
    with closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE t (n)")


def test_from_a_node_without_a_majority(tmp_path: Path) -> None:
    with three_nodes(tmp_path) as cluster:
        succeed("shell", cluster.servers, "-c", "CREATE TABLE t (n); INSERT INTO t VALUES (1), (2)")
        client = package.Client(cluster.addresses, timeout=HANG)
        survivor = cluster.addresses[2]
        # A follower hears that an entry is committed with what follows it, at the latest with the next heartbeat.
        eventually(lambda: has_rows(client, survivor))
        for node in cluster.nodes[:2]:
            node.kill()
        told = fail("backup", cluster.servers, tmp_path / "none.db", "--timeout", "1")
        assert "no leader" in told
        assert "--from" in told
        result = dqlitepy("backup", cluster.servers, tmp_path / "copy.db", "--from", survivor)
        assert result.returncode == 0, result
        assert f"warning: the copy holds what {survivor} has applied" in result.stderr
        assert "may be missing" in result.stderr
        assert rows_in(tmp_path / "copy.db") == 2
        cluster.nodes[2].kill()
        assert "connection refused" in fail("backup", survivor, tmp_path / "no.db", "--from", survivor)
        assert not (tmp_path / "no.db").exists()


def test_from_a_node_of_a_database_that_it_does_not_have(address: str, tmp_path: Path) -> None:
    fail("backup", address, tmp_path / "copy.db", "--from", address, "--database", "mian")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_has_no_nodes_to_choose_from(tmp_path: Path) -> None:
    succeed("shell", tmp_path / "data", "-c", "CREATE TABLE t (n)")
    assert "is a directory" in fail("backup", tmp_path / "data", tmp_path / "copy.db", "--from", "127.0.0.1:9000")


def test_one_named_by_time(address: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "backups"
    report = json.loads(succeed("backup", address, folder, "--keep", "3", "--json"))
    [path] = folder.iterdir()
    assert report == {"file": str(path), "bytes": path.stat().st_size}
    assert (rows_in(path), path.stat().st_mode & 0o777) == (2, 0o600)
    assert path.name.startswith("main-20")


@contextmanager
def running(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("backup", *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_again_and_again(address: str, tmp_path: Path) -> None:
    with running(address, tmp_path, "--every", "1s", "--keep", "2", "--json") as process:
        assert process.stdout is not None
        made = [Path(json.loads(process.stdout.readline())["file"]) for _ in range(5)]
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=HANG)
        assert (process.returncode, errors) == (130, "")
    made += [Path(json.loads(line)["file"]) for line in rest.splitlines()]
    assert made == sorted(set(made))
    left = sorted(path for path in tmp_path.iterdir() if not path.name.startswith("."))
    # Stopped between the new one and the removal of the old one, there is one more.
    assert left in (made[-2:], made[-3:])
    assert {rows_in(path) for path in left} == {2}


def test_a_failure_is_told_and_nothing_is_removed(tmp_path: Path) -> None:
    for second in range(3):
        sound(str(tmp_path / f"main-20200101T00000{second}Z.db"))
    before = sorted(tmp_path.iterdir())
    with running(free_address(), tmp_path, "--every", "1s", "--keep", "1", "--timeout", "0.1") as process:
        assert process.stderr is not None
        told = [process.stderr.readline() for _ in range(6)]
        assert process.poll() is None
    assert sum("no leader" in line for line in told) == 2
    assert sum("The next attempt is at" in line for line in told) == 2
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_damaged_replaces_nothing(tmp_path: Path) -> None:
    old = tmp_path / "main-20200101T000000Z.db"
    sound(str(old))

    def make(path: str) -> None:
        sound(path)
        with open(path, "r+b") as file:
            file.seek(4096)
            file.write(os.urandom(1024))

    done: list[str] = []
    with pytest.raises(Exception, match="the database is damaged"):
        Series(str(tmp_path), "main", make, done.append, keep=1).add()
    assert (list(tmp_path.iterdir()), done) == ([old], [])


def test_only_its_own_files_are_removed(tmp_path: Path) -> None:
    mine = ["main-20200101T000000Z.db", "main-20200101T000001Z.db", "main-20200101T000002Z.db"]
    others = [
        "other-20200101T000000Z.db",
        "main-copy.db",
        "main-20200101T000000Z.db.gz",
        "a%2Fmain-20200101T000000Z.db",
    ]
    for name in mine + others:
        (tmp_path / name).touch()
    done: list[str] = []
    Series(str(tmp_path), "main", sound, done.append, keep=2).add()
    assert {path.name for path in tmp_path.iterdir()} == {mine[-1], Path(done[0]).name, *others}


def test_a_clock_that_was_set_back_does_not_cost_the_new_one(tmp_path: Path) -> None:
    later = ["main-29990101T000000Z.db", "main-29990102T000000Z.db"]
    for name in later:
        (tmp_path / name).touch()
    done: list[str] = []
    Series(str(tmp_path), "main", sound, done.append, keep=2).add()
    assert {path.name for path in tmp_path.iterdir()} == {later[-1], Path(done[0]).name}


def test_a_restart_waits_for_its_time(address: str, tmp_path: Path) -> None:
    succeed("backup", address, tmp_path, "--keep", "2")
    [path] = tmp_path.iterdir()
    with running(address, tmp_path, "--every", "1d") as process, pytest.raises(subprocess.TimeoutExpired):
        process.wait(3)  # a moment in which another one would be made
    assert list(tmp_path.iterdir()) == [path]


def test_each_file_is_handed_on(address: str, tmp_path: Path) -> None:
    (tmp_path / "up").mkdir()
    upload = ("--then", f"cp -t {tmp_path / 'up'}")
    succeed("backup", address, tmp_path / "one.db", *upload)
    assert rows_in(tmp_path / "up" / "one.db") == 2
    old = tmp_path / "series" / "main-20200101T000000Z.db"
    old.parent.mkdir()
    old.touch()
    assert "false failed with status 1" in fail("backup", address, old.parent, "--keep", "1", "--then", "false")
    assert (len(list(old.parent.iterdir())), old.exists()) == (2, True)
    assert "cannot be run" in fail("backup", address, tmp_path / "two.db", "--then", "no-such-program")


@pytest.mark.parametrize("text", ["", "1", "0s", "h", "-1h", "1.5h", "1w"])
def test_no_period(text: str) -> None:
    with pytest.raises(ValueError):
        period(text)


def test_periods() -> None:
    assert [period(text) for text in ("90s", "15m", "1h", "2d")] == [90, 900, 3600, 172800]


def test_at_least_one_stays(address: str, tmp_path: Path) -> None:
    assert "--keep must be at least 1" in fail("backup", address, tmp_path, "--keep", "0")
