# SPDX-License-Identifier: Apache-2.0
"""The directory of an embedded node: who may use it, how it is made, and what is said where it cannot be used."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import dqlitepy
import pytest

from tests.support import HANG, finish, open_handles, python, run_python

HOLDER = """
import sys
import dqlitepy
con = dqlitepy.connect(sys.argv[1])
con.execute("CREATE TABLE IF NOT EXISTS t (a)")
print("ready", flush=True)
sys.stdin.read()
con.close()
"""


def test_what_was_written_is_there_after_closing(directory: Path) -> None:
    for n in range(5):
        con = dqlitepy.connect(directory)
        con.execute("CREATE TABLE IF NOT EXISTS t (a)")
        with con:
            con.execute("INSERT INTO t VALUES (?)", (n,))
        assert con.execute("SELECT count(*) FROM t").fetchone() == (n + 1,)
        con.close()


def test_two_connections_share_one_node(directory: Path) -> None:
    before = open_handles()
    one, two = dqlitepy.connect(directory), dqlitepy.connect(f"{directory}/../{directory.name}/")
    assert open_handles() == before + 3  # one node, two connections
    one.execute("CREATE TABLE t (a)")
    one.close()
    two.execute("INSERT INTO t VALUES (1)")  # the node is still there
    two.commit()
    two.close()
    assert open_handles() == before


def test_a_link_to_a_directory_is_that_directory(directory: Path, tmp_path: Path) -> None:
    one = dqlitepy.connect(directory)
    (tmp_path / "link").symlink_to(directory)
    two = dqlitepy.connect(tmp_path / "link")
    one.execute("CREATE TABLE t (a)")
    assert two.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    one.close()
    two.close()


def test_another_process_is_told_who_holds_it(directory: Path) -> None:
    holder = python(HOLDER, str(directory))
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    with pytest.raises(dqlitepy.OperationalError, match=rf"\b{holder.pid}\b"):
        dqlitepy.connect(directory)
    finish(holder)
    con = dqlitepy.connect(directory)
    assert con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    con.close()


def test_a_process_that_is_gone_holds_nothing(directory: Path) -> None:
    holder = python(HOLDER, str(directory))
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    holder.kill()
    holder.communicate(timeout=HANG)
    con = dqlitepy.connect(directory)
    assert con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    con.close()


def test_two_directories_in_one_process(tmp_path: Path) -> None:
    one, two = dqlitepy.connect(tmp_path / "one"), dqlitepy.connect(tmp_path / "two")
    one.execute("CREATE TABLE t (a)")
    assert two.execute("SELECT name FROM sqlite_schema").fetchall() == []
    one.close()
    two.close()


def test_a_copy_of_a_directory_is_a_database_of_its_own(directory: Path, tmp_path: Path) -> None:
    con = dqlitepy.connect(directory)
    con.execute("CREATE TABLE t (a)")
    con.close()
    subprocess.run(["cp", "-a", str(directory), str(tmp_path / "copy")], check=True)
    one, two = dqlitepy.connect(directory), dqlitepy.connect(tmp_path / "copy")
    with one:
        one.execute("INSERT INTO t VALUES (1)")
    assert two.execute("SELECT * FROM t").fetchall() == []
    one.close()
    two.close()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_nobody_else_can_read_it(directory: Path, mask: int) -> None:
    run_python(
        f"""
        import os, sys
        os.umask({mask})
        import dqlitepy
        con = dqlitepy.connect(sys.argv[1])
        con.execute("CREATE TABLE t (a)")
        for n in range(1100):  # until there are snapshots
            con.execute("INSERT INTO t VALUES (1)")
            con.commit()
        con.close()
        """,
        str(directory),
    )
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in directory.iterdir()}
    assert any(name.startswith("snapshot-") for name in modes)
    assert {name: mode for name, mode in modes.items() if mode != "0o600"} == {}


def test_the_folder_above_is_missing(tmp_path: Path) -> None:
    with pytest.raises(
        dqlitepy.OperationalError, match="unable to open database directory .*Make the folder above it"
    ) as caught:
        dqlitepy.connect(tmp_path / "missing" / "data")
    assert caught.value.sqlite_errorname == "SQLITE_CANTOPEN"
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "database.sqlite"
    path.write_bytes(b"SQLite format 3\0")
    with pytest.raises(dqlitepy.OperationalError, match="it is a file; give a directory"):
        dqlitepy.connect(path)
    assert path.read_bytes() == b"SQLite format 3\0"


def test_a_path_of_bytes(directory: Path) -> None:
    con = dqlitepy.connect(os.fsencode(directory))
    con.close()
    assert directory.is_dir()


@pytest.mark.parametrize(
    "name", ["with blank", "é🐍", "a" * 200, "100%", "a\nb", b"\xff".decode("utf-8", "surrogateescape")]
)
def test_names_of_directories(tmp_path: Path, name: str) -> None:
    con = dqlitepy.connect(tmp_path / name)
    assert con.execute("SELECT 1").fetchone() == (1,)
    con.close()


def test_a_deep_path(tmp_path: Path) -> None:
    """Deeper than the address of a unix socket is long."""
    deep = tmp_path / "/".join(["x" * 60] * 5)
    deep.mkdir(parents=True)
    con = dqlitepy.connect(deep / "data")
    assert con.execute("SELECT 1").fetchone() == (1,)
    con.close()


@pytest.mark.parametrize(("path", "reason"), [("/dev/null/data", "Not a directory"), ("a" * 300, "File name too long")])
def test_places_where_nothing_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, reason: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(dqlitepy.OperationalError, match=f"unable to open database directory .*: {reason}"):
        dqlitepy.connect(path)


@pytest.mark.parametrize("name", ["x" * 504, "é" * 252, "../x", "a\nb", "data.db-shm"])
def test_names_of_databases(directory: Path, name: str) -> None:
    first, con = dqlitepy.connect(directory), dqlitepy.connect(directory, name=name)
    con.execute("CREATE TABLE t (a)")
    assert con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    assert first.execute("SELECT name FROM sqlite_schema").fetchall() == []
    con.close()
    first.close()


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "x" * 505, "é" * 253, ":memory:", "main-wal", "main-journal"])
def test_names_that_no_database_can_have(directory: Path, name: str) -> None:
    """Stock dqlite would answer some of them by silence, as if there were no leader."""
    with pytest.raises(ValueError, match=r"name of a database|surrogates not allowed"):
        dqlitepy.connect(directory, name=name)
    with pytest.raises(ValueError, match=r"name of a database|surrogates not allowed"):
        dqlitepy.Client(["127.0.0.1:1"]).dump(name)


@pytest.mark.parametrize("spare", [1, 2, 4, 8, 9, 12, 16, 20, 22, 23, 24, 25, 26])
def test_too_few_descriptors(tmp_path: Path, spare: int) -> None:
    """Whatever fails first, the error names them. What is enough differs: then all is well."""
    output = run_python(
        """
        import os, resource, sys
        import dqlitepy
        dqlitepy.versions()
        taken = max(map(int, os.listdir("/proc/self/fd"))) + 1
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (taken + int(sys.argv[1]), most))
        try:
            dqlitepy.connect(sys.argv[2], leader_timeout=2).close()
            print("ulimit -n")
        except dqlitepy.OperationalError as error:
            print(error)
        """,
        str(spare),
        str(tmp_path / "data"),
    )
    assert "ulimit -n" in output
