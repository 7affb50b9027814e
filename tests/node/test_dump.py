# SPDX-License-Identifier: Apache-2.0
"""`iterdump`: the same text as `sqlite3` on the same database, whose statements make it again in both."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dqlitepy
import pytest

from tests.node.schema import SCRIPT


@pytest.fixture
def theirs() -> Iterator[sqlite3.Connection]:
    """Yields a database in memory of the standard library's SQLite."""
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


def dump_of(connection: Any) -> list[str]:
    """Returns the statements, without what one of the interpreter's versions writes in another way."""
    return list(connection.iterdump())


def test_the_text_is_that_of_sqlite3(con: dqlitepy.Connection, theirs: sqlite3.Connection) -> None:
    for connection in (con, theirs):
        connection.executescript(SCRIPT)
    assert dump_of(con) == dump_of(theirs)


def test_an_empty_database(con: dqlitepy.Connection, theirs: sqlite3.Connection) -> None:
    assert dump_of(con) == dump_of(theirs) == ["BEGIN TRANSACTION;", "COMMIT;"]


def test_statistics(con: dqlitepy.Connection, theirs: sqlite3.Connection) -> None:
    for connection in (con, theirs):
        connection.executescript(SCRIPT + "ANALYZE;")
    ours = dump_of(con)
    assert sorted(ours) == sorted(dump_of(theirs))  # ANALYZE visits the tables in another order in each version
    assert 'ANALYZE "sqlite_master";' in ours


def test_the_statements_make_the_database_again(con: dqlitepy.Connection, theirs: sqlite3.Connection) -> None:
    con.executescript(SCRIPT + "ANALYZE;")
    dump = dump_of(con)
    theirs.executescript("\n".join(dump))
    with closing(dqlitepy.connect(":memory:")) as again:
        again.executescript("\n".join(dump))
        assert dump_of(again) == dump
        # The schema's order is not that of the names, so sqlite3 is compared as a set.
        assert sorted(dump_of(theirs)) == sorted(dump)
        question = "SELECT * FROM keyed JOIN computed JOIN counted JOIN sqlite_sequence"
        assert again.execute(question).fetchall() == theirs.execute(question).fetchall()


def test_an_open_transaction_is_seen(con: dqlitepy.Connection, theirs: sqlite3.Connection) -> None:
    for connection in (con, theirs):
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES ('not committed')")
    assert dump_of(con) == dump_of(theirs)
    assert con.in_transaction


def test_settings_of_the_connection_do_not_matter(con: dqlitepy.Connection) -> None:
    con.executescript(SCRIPT)
    expected = dump_of(con)
    con.row_factory = lambda cursor, row: dict(enumerate(row))
    con.text_factory = bytes
    assert dump_of(con) == expected
    con.execute("INSERT INTO empty VALUES (1)")
    inside = dump_of(con)
    assert all(type(line) is str for line in inside)
    assert 'INSERT INTO "empty" VALUES(1);' in inside
    assert con.text_factory is bytes


def test_others_may_write_between_two_statements(con: dqlitepy.Connection, directory: Path) -> None:
    """Everything is of one moment, though another connection writes, and this one does too."""
    con.executescript("CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)")
    expected = dump_of(con)
    with closing(dqlitepy.connect(directory)) as other:
        lines = con.iterdump()
        seen = [next(lines) for _ in range(3)]
        for writer in (other, con):
            writer.execute("INSERT INTO b VALUES (2)")
            writer.commit()
        assert [*seen, *lines] == expected
    assert con.execute("SELECT count(*) FROM b").fetchone() == (3,)


def test_a_dump_that_nobody_reads_to_its_end_lets_go(con: dqlitepy.Connection) -> None:
    con.executescript(SCRIPT)
    lines = con.iterdump()
    next(lines)
    lines.close()  # type: ignore[attr-defined]
    con.execute("DROP TABLE keyed")


def test_text_with_a_nul_survives(con: dqlitepy.Connection) -> None:
    """`sqlite3` loses what is behind the NUL."""
    con.execute("CREATE TABLE t (a)")
    con.execute("INSERT INTO t VALUES (CAST(x'610062' AS TEXT))")
    con.commit()
    with closing(sqlite3.connect(":memory:")) as again:
        again.executescript("\n".join(dump_of(con)))
        assert again.execute("SELECT a FROM t").fetchall() == [("a\0b",)]


def test_a_full_text_table_survives(con: dqlitepy.Connection, tmp_path: Path) -> None:
    """`sqlite3` writes an INSERT that cannot run for each of its rows."""
    con.executescript("CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('many words'), ('other words')")
    dump = "\n".join(dump_of(con))
    found = "SELECT a FROM f WHERE f MATCH 'many'"
    path = tmp_path / "again"
    with closing(dqlitepy.connect(path)) as again:
        again.executescript(dump)
        with closing(dqlitepy.connect(path)) as other:  # whose schema is read anew
            assert other.execute(found).fetchall() == [("many words",)]


def test_violated_references_are_no_obstacle(con: dqlitepy.Connection) -> None:
    con.executescript("PRAGMA foreign_keys = OFF; CREATE TABLE p (a PRIMARY KEY); CREATE TABLE c (a REFERENCES p)")
    con.execute("INSERT INTO c VALUES (1)")
    con.commit()
    dump = dump_of(con)
    assert dump[:2] == ["PRAGMA foreign_keys=OFF;", "BEGIN TRANSACTION;"]
    with closing(dqlitepy.connect(":memory:")) as again:
        again.executescript("\n".join(dump))
        assert again.execute("SELECT * FROM c").fetchall() == [(1,)]


@pytest.mark.parametrize("pattern", ["plain", "%n%", "nothing", "by_b", None])
def test_filter(con: dqlitepy.Connection, theirs: sqlite3.Connection, pattern: str | None) -> None:
    con.executescript(SCRIPT)
    ours = list(con.iterdump(filter=pattern))
    if sys.version_info >= (3, 13):
        theirs.executescript(SCRIPT)
        assert ours == list(theirs.iterdump(filter=pattern))
    assert any("CREATE TABLE plain" in line for line in ours) == (pattern in ("plain", "%n%", None))
    assert any("CREATE INDEX by_b" in line for line in ours) == (pattern in ("by_b", None))


def test_a_closed_connection_is_refused_at_once(con: dqlitepy.Connection) -> None:
    con.close()
    with pytest.raises(dqlitepy.ProgrammingError, match="Cannot operate on a closed database"):
        con.iterdump()
