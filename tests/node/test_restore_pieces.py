# SPDX-License-Identifier: Apache-2.0
"""A large `restore`: many transactions, of which readers see none before the last."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy._copying import restore, restore_pieces

from tests.node.schema import contents
from tests.support import finish, python

SCHEMA = "SELECT name FROM sqlite_schema"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is large."""
    monkeypatch.setattr(restore, "ONE_TRANSACTION", 0)
    monkeypatch.setattr(restore, "_ROWS_BETWEEN_CALLS", 2)
    monkeypatch.setattr(restore_pieces, "_PIECE", 1)


@pytest.fixture
def rows(memory: sqlite3.Connection) -> sqlite3.Connection:
    """Returns a source with two tables that belong together."""
    memory.executescript(
        "CREATE TABLE p (a PRIMARY KEY, b); CREATE INDEX by_b ON p (b);"
        "CREATE TABLE c (a REFERENCES p, CHECK (a < 5)); CREATE VIEW v AS SELECT count(*) AS n FROM p JOIN c USING (a)"
    )
    memory.executemany("INSERT INTO p VALUES (?, ?)", ((n, -n) for n in range(10)))
    memory.executemany("INSERT INTO c VALUES (?)", ((n,) for n in range(5)))
    memory.commit()
    return memory


@pytest.mark.usefixtures("small_pieces")
def test_everything_comes_along(
    populated_con: dqlitepy.Connection, tmp_path: Path, second_con: dqlitepy.Connection
) -> None:
    populated_con.backup(tmp_path / "copy.db")
    second_con.restore(tmp_path / "copy.db")
    assert contents(second_con) == contents(populated_con)
    second_con.backup(tmp_path / "again.db")
    with closing(sqlite3.connect(tmp_path / "again.db")) as again:
        assert again.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert contents(again) == contents(populated_con)
    second_con.execute("INSERT INTO counted (name) VALUES ('next')")
    assert second_con.execute("SELECT max(id) FROM counted").fetchone() == (3,)
    second_con.execute("INSERT INTO words VALUES ('new words')")


@pytest.mark.usefixtures("small_pieces")
def test_readers_see_nothing_and_then_all(
    rows: sqlite3.Connection, second_con: dqlitepy.Connection, tmp_path: Path
) -> None:
    """Also one that has read the schema before, and so has to read it again."""
    seen: list[tuple[int, object]] = []
    with closing(dqlitepy.connect(tmp_path / "second")) as reader:

        def look(status: int, remaining: int, total: int) -> None:
            try:
                seen.append((status, reader.execute("SELECT n FROM v").fetchall()))
            except dqlitepy.OperationalError as error:
                seen.append((status, str(error)))

        second_con.restore(rows, progress=look)
        assert seen == [(0, "no such table: v")] * 8 + [(101, [(5,)])]
        assert sorted(name for (name,) in reader.execute(SCHEMA)) == ["by_b", "c", "p", "sqlite_autoindex_p_1", "v"]
        with pytest.raises(dqlitepy.IntegrityError, match=r"UNIQUE constraint failed: p\.a"):
            reader.execute("INSERT INTO p VALUES (3, 3)")
        with pytest.raises(dqlitepy.IntegrityError, match="FOREIGN KEY"):
            reader.execute("INSERT INTO c VALUES (-1)")


def test_each_transaction_is_small(memory: sqlite3.Connection, second_con: dqlitepy.Connection, tmp_path: Path) -> None:
    memory.execute("CREATE TABLE t (a)")
    memory.executemany("INSERT INTO t VALUES (?)", ((bytes(100_000),) for _ in range(300)))
    memory.commit()
    free: list[int] = []
    with closing(dqlitepy.connect(tmp_path / "second", timeout=0)) as other:

        def look(status: int, remaining: int, total: int) -> None:
            with suppress(dqlitepy.OperationalError):  # within a transaction
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
                free.append(remaining)

        second_con.restore(memory, progress=look)
    assert second_con.execute("SELECT count(*), sum(length(a)) FROM t").fetchone() == (300, 30_000_000)
    steps = [before - after for before, after in zip([300, *free], free, strict=False)]
    assert len(free) >= 7 and max(steps) * 100_000 < 5_000_000


def _raises(status: int, remaining: int, total: int) -> None:
    if remaining <= 4:
        raise RuntimeError("enough")


@pytest.mark.usefixtures("small_pieces")
def test_a_restore_that_fails_leaves_nothing(rows: sqlite3.Connection, second_con: dqlitepy.Connection) -> None:
    with pytest.raises(RuntimeError, match="enough"):
        second_con.restore(rows, progress=_raises)
    assert second_con.execute(SCHEMA).fetchall() == []
    rows.execute("PRAGMA writable_schema = ON")
    rows.execute(
        "INSERT INTO sqlite_schema VALUES ('table', 'old', 'old', 0, 'CREATE VIRTUAL TABLE old USING ours (a)')"
    )
    rows.commit()
    with pytest.raises(dqlitepy.NotSupportedError, match="'old' cannot be restored: no such module: ours"):
        second_con.restore(rows)
    assert second_con.execute(SCHEMA).fetchall() == []


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("sql", ["CREATE TABLE mine (a)", "CREATE TABLE p (a)", "CREATE VIEW v AS SELECT 1"])
def test_what_others_make_meanwhile_stays_as_it_is(
    rows: sqlite3.Connection, second_con: dqlitepy.Connection, tmp_path: Path, sql: str
) -> None:
    with closing(dqlitepy.connect(tmp_path / "second")) as other:
        todo = [sql]
        with pytest.raises(dqlitepy.OperationalError, match="the target is not empty any more"):
            second_con.restore(rows, progress=lambda *_: todo and other.execute(todo.pop()))
        assert [text for (text,) in other.execute("SELECT sql FROM sqlite_schema")] == [sql]


@pytest.mark.usefixtures("small_pieces")
def test_of_two_restores_the_later_one_wins(
    rows: sqlite3.Connection, second_con: dqlitepy.Connection, tmp_path: Path
) -> None:
    with closing(dqlitepy.connect(tmp_path / "second")) as other:
        steps: list[Callable[[], None]] = [lambda: other.restore(rows)]
        with pytest.raises(dqlitepy.OperationalError, match="another restore"):
            second_con.restore(rows, progress=lambda *_: steps and steps.pop()())
        assert other.execute("SELECT n FROM v").fetchall() == [(5,)]


KILLED = """
import os, sys, dqlitepy
from dqlitepy._copying import restore
from dqlitepy._copying import restore_pieces
restore.ONE_TRANSACTION, restore._ROWS_BETWEEN_CALLS, restore_pieces._PIECE = 0, 2, 1
def kill(status, remaining, total):
    if remaining <= 4:
        os._exit(9)
dqlitepy.connect(sys.argv[1]).restore(sys.argv[2], progress=kill)
"""


def test_what_a_killed_restore_leaves_goes_with_the_next(
    rows: sqlite3.Connection, directory: Path, tmp_path: Path
) -> None:
    path = tmp_path / "source.db"
    with closing(sqlite3.connect(path)) as source:
        rows.backup(source)
    finish(python(KILLED, str(directory), str(path)), status=9)
    with closing(dqlitepy.connect(directory)) as con:
        left = [name for (name,) in con.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        assert left and all(name.startswith("_dqlitepy_restore_") for name in left)
        con.restore(path)  # in one transaction, this time
        assert con.execute("SELECT n FROM v").fetchall() == [(5,)]
        names = sorted(name for (name,) in con.execute(SCHEMA))
        assert names == ["by_b", "c", "p", "sqlite_autoindex_p_1", "v"]
