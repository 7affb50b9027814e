# SPDX-License-Identifier: Apache-2.0
"""`backup` and `serialize`: whole databases out of dqlite, as SQLite keeps them."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import dqlitepy
import pytest
from dqlitepy._copying.whole_file import write_new_file

from tests.node.schema import contents
from tests.support import finish, open_handles, outcome, python, run_python


def open_file(path: Path) -> sqlite3.Connection:
    """Opens a file that a backup made, as strictly as SQLite can: it has no WAL to read it with."""
    connection = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    return connection


def test_to_a_file(populated_con: dqlitepy.Connection, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    populated_con.backup(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(open_file(path)) as copy:
        assert contents(copy) == contents(populated_con)
    assert os.listdir(tmp_path / "data")
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "data"]


def test_to_sqlite3(populated_con: dqlitepy.Connection, memory: sqlite3.Connection) -> None:
    memory.execute("CREATE TABLE was_here_before (a)")
    populated_con.backup(memory)
    assert contents(memory) == contents(populated_con)


def test_to_dqlitepy(populated_con: dqlitepy.Connection, second_con: dqlitepy.Connection) -> None:
    populated_con.backup(second_con)
    assert contents(second_con) == contents(populated_con)


def test_serialized(
    populated_con: dqlitepy.Connection, memory: sqlite3.Connection, second_con: dqlitepy.Connection
) -> None:
    data = populated_con.serialize()
    assert type(data) is bytes
    memory.deserialize(data)
    assert contents(memory) == contents(populated_con)
    second_con.deserialize(data)
    assert contents(second_con) == contents(populated_con)


def test_progress_is_that_of_sqlite3(
    populated_con: dqlitepy.Connection, memory: sqlite3.Connection, tmp_path: Path
) -> None:
    populated_con.backup(memory)
    for pages in (-1, 0, 1, 7, 10**6):
        seen: list[list[tuple[int, int, int]]] = [[], [], []]
        with closing(sqlite3.connect(":memory:")) as target:
            memory.backup(target, pages=pages, progress=lambda *told, seen=seen: seen[0].append(told))
        with closing(sqlite3.connect(":memory:")) as target:
            populated_con.backup(target, pages=pages, progress=lambda *told, seen=seen: seen[1].append(told))
        populated_con.backup(
            tmp_path / f"{pages}.db", pages=pages, progress=lambda *told, seen=seen: seen[2].append(told)
        )
        assert seen[0] == seen[1] == seen[2]


def test_progress_that_raises_leaves_nothing(
    populated_con: dqlitepy.Connection, memory: sqlite3.Connection, second_con: dqlitepy.Connection, tmp_path: Path
) -> None:
    def stop(status: int, remaining: int, total: int) -> None:
        raise RuntimeError("enough")

    for target in (tmp_path / "copy.db", memory, second_con):
        with pytest.raises(RuntimeError, match="enough"):
            populated_con.backup(target, pages=1, progress=stop)
    assert sorted(os.listdir(tmp_path)) == ["data", "second"]
    assert second_con.execute("SELECT * FROM sqlite_schema").fetchall() == []
    second_con.execute("CREATE TABLE t (a)")  # no lock is left


def test_only_what_is_committed(con: dqlitepy.Connection, directory: Path, memory: sqlite3.Connection) -> None:
    con.execute("CREATE TABLE t (a)")
    with closing(dqlitepy.connect(directory)) as writer:
        writer.execute("INSERT INTO t VALUES (1)")
        con.backup(memory)
        assert memory.execute("SELECT count(*) FROM t").fetchone() == (0,)
        writer.commit()
    con.backup(memory)
    assert memory.execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_a_database_that_has_shrunk(con: dqlitepy.Connection, memory: sqlite3.Connection) -> None:
    con.execute("CREATE TABLE t (a)")
    con.executemany("INSERT INTO t VALUES (?)", ((bytes(4000),) for _ in range(2000)))
    con.commit()
    con.execute("DELETE FROM t WHERE rowid > 3")
    con.commit()
    con.execute("VACUUM")
    con.backup(memory)
    assert memory.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert memory.execute("SELECT count(*) FROM t").fetchone() == (3,)


OPEN_TRANSACTION: dict[str, Callable[[dqlitepy.Connection, dqlitepy.Connection], Any]] = {
    "backup": lambda con, other: con.backup(other),
    "serialize": lambda con, other: con.serialize(),
    "restore": lambda con, other: con.restore(other),
    "restore from": lambda con, other: other.restore(con),
    "deserialize": lambda con, other: con.deserialize(b""),
}


@pytest.mark.parametrize("name", OPEN_TRANSACTION)
def test_an_open_transaction_is_refused(con: dqlitepy.Connection, second_con: dqlitepy.Connection, name: str) -> None:
    """`sqlite3` waits for ever."""
    con.execute("CREATE TABLE t (a)")
    con.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(dqlitepy.OperationalError, match="commit it or roll it back first"):
        OPEN_TRANSACTION[name](con, second_con)
    con.commit()
    assert con.execute("SELECT * FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_transaction_that_has_only_read_is_no_obstacle(tmp_path: Path, autocommit: bool) -> None:
    """With autocommit=False one is always open."""
    folders = (tmp_path / "one", tmp_path / "two")
    with closing(dqlitepy.connect(folders[0])) as con, closing(dqlitepy.connect(folders[1])) as target:
        con.execute("CREATE TABLE t (a)")
        con.autocommit = target.autocommit = autocommit
        if autocommit:
            con.execute("BEGIN")
        assert con.execute("SELECT * FROM t").fetchall() == []
        assert con.in_transaction
        con.backup(target)
        assert target.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
        assert con.in_transaction
        con.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(dqlitepy.OperationalError, match="commit it or roll it back first"):
            con.serialize()


def test_no_handle_is_left(populated_con: dqlitepy.Connection, second_con: dqlitepy.Connection, tmp_path: Path) -> None:
    def stop(*_: int) -> None:
        raise RuntimeError("enough")

    before = open_handles()
    populated_con.backup(tmp_path / "copy.db")
    with pytest.raises(RuntimeError):
        populated_con.backup(tmp_path / "other.db", pages=1, progress=stop)
    next(populated_con.iterdump())
    with pytest.raises(dqlitepy.DatabaseError):
        second_con.deserialize(b"no database" * 1000)
    second_con.restore(populated_con)
    populated_con.serialize()
    assert open_handles() == before


def test_a_connection_closed_by_another_thread_ends_its_backup(directory: Path, tmp_path: Path) -> None:
    con = dqlitepy.connect(directory, check_same_thread=False)
    con.execute("CREATE TABLE t (a)")
    con.execute("INSERT INTO t VALUES (zeroblob(30000000))")
    con.commit()

    def close(status: int, remaining: int, total: int) -> None:
        thread = threading.Thread(target=con.close)
        thread.start()
        thread.join()

    with pytest.raises(dqlitepy.OperationalError, match="begin again"):
        con.backup(tmp_path / "copy.db", pages=1, progress=close)
    assert os.listdir(tmp_path) == ["data"]
    with closing(dqlitepy.connect(directory)) as again:
        assert again.execute("SELECT length(a) FROM t").fetchall() == [(30_000_000,)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_process_that_is_ended_leaves_no_half_file(tmp_path: Path, number: signal.Signals) -> None:
    program = """
        import os, sys, dqlitepy
        con = dqlitepy.connect(os.path.join(sys.argv[1], "data"))
        con.execute("CREATE TABLE t (a)")
        con.execute("INSERT INTO t VALUES (zeroblob(9000000))")
        con.commit()
        try:
            con.backup(os.path.join(sys.argv[1], "copy.db"), pages=1, progress=lambda *_: os.kill(os.getpid(), NUMBER))
        except KeyboardInterrupt:
            con.close()
            print("interrupted")
    """
    process = python(program.replace("NUMBER", str(int(number))), str(tmp_path))
    told = finish(process, 0 if number == signal.SIGINT else -signal.SIGKILL)
    left = sorted(os.listdir(tmp_path))
    if number == signal.SIGINT:
        assert told == "interrupted\n"
        assert left == ["data"]
    else:
        assert left[0].startswith(".copy.db.")
        assert left[0].endswith(".partial")
        assert left[1:] == ["data"]


def test_paths_that_name_no_file(con: dqlitepy.Connection, tmp_path: Path) -> None:
    for path in ("", ":memory:", "a\0b"):
        with pytest.raises(ValueError, match="names no file"):
            con.backup(path)
        with pytest.raises(ValueError, match="names no file"):
            con.restore(path)
    with pytest.raises(dqlitepy.OperationalError, match="is a directory"):
        con.restore(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(dqlitepy.OperationalError, match="is not a regular file"):
        con.restore(tmp_path / "pipe")
    with pytest.raises(dqlitepy.OperationalError, match="exists already"):
        con.backup(tmp_path / "pipe")
    for copy in (con.backup, con.restore):
        with pytest.raises(TypeError, match="not int"):
            copy(3)  # type: ignore[arg-type]


def test_paths_of_any_bytes(con: dqlitepy.Connection, second_con: dqlitepy.Connection, tmp_path: Path) -> None:
    con.execute("CREATE TABLE t (a)")
    path = b"/" + os.fsencode(tmp_path) + b"/\xff%00 ?#"
    con.backup(path)
    second_con.restore(path)
    assert second_con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]


def test_existing_files_are_not_overwritten(populated_con: dqlitepy.Connection, tmp_path: Path) -> None:
    path = tmp_path / "mine"
    path.write_text("precious")
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    for target in (path, link, tmp_path):
        with pytest.raises(dqlitepy.OperationalError, match="exists already") as raised:
            populated_con.backup(target)
        assert raised.value.sqlite_errorname == "SQLITE_CANTOPEN"
    assert path.read_text() == "precious"


def test_a_name_that_is_taken_meanwhile_is_not_overwritten(populated_con: dqlitepy.Connection, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    with pytest.raises(dqlitepy.OperationalError, match="exists already"):
        populated_con.backup(path, pages=1, progress=lambda *_: path.write_text("precious"))
    assert path.read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "data"]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "copy.db"
    synced: list[tuple[bool, bool]] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    write_new_file(str(path), lambda file: None)
    assert synced == [(False, False), (True, True)], "the file without its name, then the folder that has the name"


def test_a_folder_that_is_missing(populated_con: dqlitepy.Connection, tmp_path: Path) -> None:
    with pytest.raises(dqlitepy.OperationalError, match="its folder does not exist"):
        populated_con.backup(tmp_path / "no" / "copy.db")


FULL_DISK = """
import os, resource, signal, sys
import dqlitepy

folder = sys.argv[1]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
con = dqlitepy.connect(os.path.join(folder, "data"))
con.execute("CREATE TABLE t (a)")
con.execute("INSERT INTO t VALUES (zeroblob(3000000))")
con.commit()
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
try:
    con.backup(os.path.join(folder, "copy.db"))
except dqlitepy.OperationalError as error:
    print(error.sqlite_errorname, error)
resource.setrlimit(resource.RLIMIT_FSIZE, before)
print(sorted(os.listdir(folder)))
con.backup(os.path.join(folder, "copy.db"))
print(os.path.getsize(os.path.join(folder, "copy.db")) > 3_000_000)
con.close()
"""


def test_a_file_that_cannot_grow_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    assert run_python(FULL_DISK, str(tmp_path)).splitlines() == [
        f"SQLITE_IOERR {str(path)!r} cannot be made: File too large",
        "['data']",
        "True",
    ]


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    def fail(file: BinaryIO) -> None:
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(dqlitepy.OperationalError, match="the disk is full") as raised:
        write_new_file(str(tmp_path / "copy.db"), fail)
    assert raised.value.sqlite_errorname == "SQLITE_FULL"
    assert os.listdir(tmp_path) == []


WRONG: dict[str, Callable[[Any, Any], Any]] = {
    "itself": lambda con, target: con.backup(con),
    "no target": lambda con, target: con.backup(None),
    "progress that cannot be called": lambda con, target: con.backup(target, progress=3),
    "pages that are no number": lambda con, target: con.backup(target, pages="1"),
    "name that is no text": lambda con, target: con.backup(target, name=3),
    "an unknown name": lambda con, target: con.backup(target, name="nope"),
    "positional arguments": lambda con, target: con.backup(target, 1),
    "closed": lambda con, target: (con.close(), con.backup(target)),
    "closed, serialized": lambda con, target: (con.close(), con.serialize()),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_refused_as_by_sqlite3(name: str) -> None:
    seen = []
    for module in (sqlite3, dqlitepy):
        with closing(module.connect(":memory:")) as con, closing(sqlite3.connect(":memory:")) as target:
            con.execute("CREATE TABLE t (a)")
            seen.append(outcome(lambda: WRONG[name](con, target)))
    assert seen[0][0] == seen[1][0]
    if name not in ("no target", "positional arguments"):
        assert seen[0] == seen[1]


def test_a_dead_connection_is_said_to_be_dead(populated_con: dqlitepy.Connection, memory: sqlite3.Connection) -> None:
    memory.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        populated_con.backup(memory)
