# SPDX-License-Identifier: Apache-2.0
"""`restore` and `deserialize`: whole databases out of SQLite into dqlite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy._quoting import quote_name

from tests.node.schema import contents
from tests.support import run_python


def test_from_sqlite3(
    populated_con: dqlitepy.Connection, memory: sqlite3.Connection, second_con: dqlitepy.Connection
) -> None:
    populated_con.backup(memory)
    expected = contents(memory)
    memory.row_factory = sqlite3.Row
    memory.text_factory = bytes
    second_con.restore(memory)
    assert contents(second_con) == expected
    assert memory.text_factory is bytes


def test_from_a_file(populated_con: dqlitepy.Connection, tmp_path: Path, second_con: dqlitepy.Connection) -> None:
    path = tmp_path / "a file? 100% #1.db"
    populated_con.backup(path)
    before = path.read_bytes()
    second_con.restore(str(path))
    assert contents(second_con) == contents(populated_con)
    assert path.read_bytes() == before


def test_from_a_file_with_a_wal(tmp_path: Path, second_con: dqlitepy.Connection) -> None:
    """Also what a program that is still running has not yet written back from its WAL."""
    path = tmp_path / "live.db"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE t (a)")
        writer.execute("INSERT INTO t VALUES ('in the WAL')")
        writer.commit()
        second_con.restore(path)
    assert second_con.execute("SELECT a FROM t").fetchall() == [("in the WAL",)]


def test_from_utf16(memory: sqlite3.Connection, second_con: dqlitepy.Connection) -> None:
    memory.executescript("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a); INSERT INTO t VALUES ('é😀')")
    second_con.restore(memory)
    assert second_con.execute("SELECT a, hex(a) FROM t").fetchall() == [("é😀", "C3A9F09F9880")]


def test_rows_that_break_rules_come_along(memory: sqlite3.Connection, second_con: dqlitepy.Connection) -> None:
    memory.executescript(
        "CREATE TABLE p (a PRIMARY KEY, CHECK (a < 5)); CREATE TABLE c (b REFERENCES p);"
        "PRAGMA ignore_check_constraints = ON; INSERT INTO p VALUES (9); INSERT INTO c VALUES (1)"
    )
    second_con.restore(memory)
    assert second_con.execute("SELECT * FROM p, c").fetchall() == [(9, 1)]
    with pytest.raises(dqlitepy.IntegrityError, match="FOREIGN KEY"):  # the connection's own settings are as before
        second_con.execute("INSERT INTO c VALUES (2)")


def test_an_empty_database(con: dqlitepy.Connection, second_con: dqlitepy.Connection, tmp_path: Path) -> None:
    seen: list[tuple[int, int, int]] = []
    con.backup(tmp_path / "copy.db", progress=lambda *told: seen.append(told))
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT * FROM sqlite_schema").fetchall() == []
        second_con.restore(copy)
    second_con.deserialize(con.serialize())
    assert [told[0] for told in seen] == [101]


def test_progress_of_a_restore_counts_rows(memory: sqlite3.Connection, second_con: dqlitepy.Connection) -> None:
    memory.execute("CREATE TABLE t (a)")
    memory.executemany("INSERT INTO t VALUES (?)", ((n,) for n in range(2500)))
    memory.execute("CREATE TABLE u (a)")
    memory.commit()
    seen: list[tuple[int, int, int]] = []
    second_con.restore(memory, progress=lambda *told: seen.append(told))
    assert seen == [(0, 1500, 2500), (0, 500, 2500), (0, 0, 2500), (101, 0, 2500)]


def test_a_target_that_may_only_be_read_is_refused(con: dqlitepy.Connection, second_con: dqlitepy.Connection) -> None:
    second_con.execute("PRAGMA query_only = 1")
    with pytest.raises(dqlitepy.OperationalError, match="attempt to write a readonly database") as raised:
        second_con.restore(con)
    assert raised.value.sqlite_errorname == "SQLITE_READONLY"
    second_con.serialize()


def test_a_target_in_a_transaction_is_refused(con: dqlitepy.Connection, second_con: dqlitepy.Connection) -> None:
    second_con.execute("BEGIN")
    with pytest.raises(dqlitepy.OperationalError, match="commit it or roll it back first"):
        second_con.restore(con)


def test_a_source_with_an_open_transaction_is_refused(
    memory: sqlite3.Connection, second_con: dqlitepy.Connection
) -> None:
    memory.execute("CREATE TABLE t (a)")
    memory.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(dqlitepy.OperationalError, match="commit it or roll it back first"):
        second_con.restore(memory)


def test_a_target_that_is_not_empty_is_refused(
    populated_con: dqlitepy.Connection, second_con: dqlitepy.Connection
) -> None:
    second_con.execute("CREATE TABLE t (a)")
    attempts: list[Callable[[], None]] = [
        lambda: second_con.restore(populated_con),
        lambda: populated_con.backup(second_con),
        lambda: second_con.deserialize(populated_con.serialize()),
    ]
    for attempt in attempts:
        with pytest.raises(dqlitepy.OperationalError, match="the target is not empty"):
            attempt()
    assert second_con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]


def test_nul_in_text_is_refused(memory: sqlite3.Connection, second_con: dqlitepy.Connection) -> None:
    memory.execute("CREATE TABLE t (a)")
    memory.executemany("INSERT INTO t VALUES (?)", [("fine",), ("a\0b",)])
    memory.commit()
    with pytest.raises(dqlitepy.DataError, match="row 2 of the table 't' has a text with a NUL"):
        second_con.restore(memory)
    assert second_con.execute("SELECT * FROM sqlite_schema").fetchall() == []


VALUES = [
    *(
        None,
        0,
        1,
        -1,
        2**63 - 1,
        -(2**63),
        0.0,
        -0.0,
        0.1,
        1e308,
        5e-324,
        float("inf"),
        -float("inf"),
        1e15,
        123456789.125,
    ),
    *(
        "",
        "x",
        "1",
        "1.0",
        " 1",
        "1e3",
        "é😀",
        "'",
        "2020-01-02",
        "true",
        "9223372036854775808",
        b"",
        b"\0",
        b"\xff",
        b"1",
    ),
]
AFFINITIES = ("", "INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", "BOOLEAN", "DATETIME", "DATE", "VARCHAR(3)")


def test_every_value_keeps_its_type_whatever_the_column(
    memory: sqlite3.Connection, second_con: dqlitepy.Connection
) -> None:
    memory.execute(f"CREATE TABLE t ({', '.join(f'c{n} {kind}' for n, kind in enumerate(AFFINITIES))})")
    places = ", ".join("?" * len(AFFINITIES))
    memory.executemany(f"INSERT INTO t VALUES ({places})", ([value] * len(AFFINITIES) for value in VALUES))
    memory.commit()
    second_con.restore(memory)
    shown = [
        [(type(value), repr(value)) for row in con.execute("SELECT * FROM t ORDER BY rowid") for value in row]
        for con in (memory, second_con)
    ]
    assert shown[0] == shown[1]


NAMES = ["a?b", ":x", "--", "/*", "'", '"', "a, b", "SELECT", "é", " ", "[x]", "`", ";", "%s", "{}", "rowid", "?1"]


def test_every_name_is_taken_as_it_is(memory: sqlite3.Connection, second_con: dqlitepy.Connection) -> None:
    for name in NAMES:
        quoted = quote_name(name)
        memory.execute(f"CREATE TABLE {quoted} ({quoted}, other)")
        memory.execute(f"INSERT INTO {quoted} VALUES (?, 1)", (name,))
        memory.execute(f"CREATE INDEX {quote_name('by ' + name)} ON {quoted} ({quoted})")
    memory.commit()
    second_con.restore(memory)
    for name in NAMES:
        assert second_con.execute(f"SELECT * FROM {quote_name(name)}").fetchall() == [(name, 1)]
    shown = [
        con.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").fetchall()
        for con in (memory, second_con)
    ]
    assert shown[0] == shown[1]


def test_what_only_the_source_can_compute_is_refused(
    memory: sqlite3.Connection, second_con: dqlitepy.Connection
) -> None:
    memory.create_function("mine", 1, lambda value: value, deterministic=True)
    memory.executescript("CREATE TABLE t (a); CREATE INDEX computed ON t (mine(a))")
    with pytest.raises(
        dqlitepy.NotSupportedError, match="the index 'computed' cannot be restored: no such function: mine"
    ):
        second_con.restore(memory)
    assert second_con.execute("SELECT * FROM sqlite_schema").fetchall() == []


def test_an_unknown_virtual_table_is_refused(memory: sqlite3.Connection, second_con: dqlitepy.Connection) -> None:
    memory.executescript(
        "CREATE TABLE t (a); PRAGMA writable_schema = ON;"
        "INSERT INTO sqlite_schema VALUES ('table', 'old', 'old', 0, 'CREATE VIRTUAL TABLE old USING ours (a)')"
    )
    with pytest.raises(dqlitepy.NotSupportedError, match="'old' cannot be restored: no such module: ours"):
        second_con.restore(memory)
    assert second_con.execute("SELECT * FROM sqlite_schema").fetchall() == []


def test_sources_that_are_no_database(second_con: dqlitepy.Connection, tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("no database " * 1000)
    with pytest.raises(dqlitepy.DatabaseError, match="file is not a database") as raised:
        second_con.restore(path)
    assert raised.value.sqlite_errorname == "SQLITE_NOTADB"
    with pytest.raises(dqlitepy.DatabaseError, match="^what was given as bytes cannot be read: file is not a database"):
        second_con.deserialize(b"no database" * 1000)
    with pytest.raises(dqlitepy.OperationalError, match="unable to open"):
        second_con.restore(tmp_path / "missing")


FOREIGN = {
    "nothing": (b"", "it is empty, and a SQLite database is not"),
    "a compressed one": (b"\x1f\x8b\x08" + bytes(4096), "it is compressed by gzip: unpack it first"),
    "SQL": (b"BEGIN TRANSACTION;\n" * 500, "it is SQL: run it by `dqlitepy shell"),
    "SQLite 2": (b"** This file contains an SQLite 2.1 database **\0" + bytes(4096), "it is of SQLite 2"),
    "a WAL": (b"\x37\x7f\x06\x82" + bytes(4096), "it is the WAL of a SQLite database"),
    "noise": (b"\x99" * 4096, "it may be encrypted, or damaged"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_a_source_is_instead_of_a_database_is_told(
    second_con: dqlitepy.Connection, tmp_path: Path, name: str
) -> None:
    content, told = FOREIGN[name]
    path = tmp_path / "source"
    path.write_bytes(content)
    with pytest.raises(dqlitepy.DatabaseError, match="file is not a database") as raised:
        second_con.restore(path)
    assert told in str(raised.value)
    assert raised.value.sqlite_errorname == "SQLITE_NOTADB"


def _with_damage(data: bytes, page: int, offset: int, *change: int) -> bytes:
    start = (page - 1) * 4096 + offset
    return data[:start] + bytes(change) + data[start + len(change) :]


def test_a_source_with_damage_that_no_select_meets_is_refused(
    memory: sqlite3.Connection, second_con: dqlitepy.Connection
) -> None:
    """SQLite reads its rows without an error, but fewer of them, or others: only a check tells."""
    memory.executescript("PRAGMA page_size = 4096; CREATE TABLE t (a UNIQUE, b)")
    memory.executemany("INSERT INTO t VALUES (?, ?)", ((n, "x" * 100) for n in range(500)))
    memory.commit()
    data = memory.serialize()
    leaf = next(page for page in range(4, len(data) // 4096) if data[(page - 1) * 4096] == 13)
    cells = int.from_bytes(data[(leaf - 1) * 4096 + 3 : (leaf - 1) * 4096 + 5], "big")
    damaged = {
        "a row that is gone": _with_damage(data, leaf, 3, 0, cells - 1),
        "an index that knows other rows": _with_damage(data, leaf, 3, 0, 0),
        "pages that are nobody's": data + data[-4096:],
    }
    for name, content in damaged.items():
        content = content[:28] + (len(content) // 4096).to_bytes(4, "big") + content[32:]
        with pytest.raises(dqlitepy.DatabaseError, match="is damaged, and nothing was restored") as raised:
            second_con.deserialize(content)
        assert raised.value.sqlite_errorname == "SQLITE_CORRUPT", name
        assert second_con.execute("SELECT * FROM sqlite_schema").fetchall() == [], name
    second_con.deserialize(data)
    assert second_con.execute("SELECT count(*) FROM t").fetchall() == [(500,)]


def test_a_damaged_source_is_not_half_restored(memory: sqlite3.Connection, second_con: dqlitepy.Connection) -> None:
    memory.execute("CREATE TABLE t (a)")
    memory.executemany("INSERT INTO t VALUES (?)", ((bytes(3000),) for _ in range(2000)))
    memory.commit()
    data = bytearray(memory.serialize())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    with pytest.raises(dqlitepy.DatabaseError, match="is damaged, and nothing was restored: "):
        second_con.deserialize(data)
    assert second_con.execute("SELECT * FROM sqlite_schema").fetchall() == []


def test_sqlite3_cannot_copy_into_dqlitepy_by_itself(
    memory: sqlite3.Connection, second_con: dqlitepy.Connection
) -> None:
    with pytest.raises(TypeError):
        memory.backup(second_con)  # type: ignore[arg-type]


def test_dqlitepy_in_the_place_of_sqlite3(tmp_path: Path) -> None:
    """Programs are brought to dqlitepy by this line, and its own imports of sqlite3 must not find itself."""
    run_python(
        """
        import os, sys
        import dqlitepy
        sys.modules["sqlite3"] = dqlitepy
        os.chdir(sys.argv[1])
        con = dqlitepy.connect("data")
        con.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)")
        con.backup("copy.db")
        for restore in (lambda other: other.restore("copy.db"), lambda other: other.deserialize(con.serialize())):
            with dqlitepy.connect(":memory:") as other:
                restore(other)
                assert other.execute("SELECT a FROM t").fetchall() == [(1,), (2,)]
            other.close()
        import _sqlite3
        theirs = _sqlite3.connect(":memory:")
        con.backup(theirs)
        with dqlitepy.connect(":memory:") as other:
            other.restore(theirs)
            assert other.execute("SELECT a FROM t").fetchall() == [(1,), (2,)]
        other.close()
        theirs.close()
        con.close()
        """,
        str(tmp_path),
    )
