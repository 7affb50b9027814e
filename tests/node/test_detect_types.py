# SPDX-License-Identifier: Apache-2.0
"""Converters are chosen as sqlite3 chooses them: by the declared type of a column, or by brackets in its name."""

from __future__ import annotations

import datetime
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy import PARSE_COLNAMES, PARSE_DECLTYPES

from tests.support import outcome

MODULES = (sqlite3, dqlitepy)
SCHEMA = """
    CREATE TABLE t (a MARK PRIMARY KEY, b mark(10) NOT NULL, c "MARK IT", d MARKED, e, f INTEGER);
    CREATE TABLE u (a REFERENCES t (a), "b [mark]" TEXT, c MARK GENERATED ALWAYS AS (a || 'x') VIRTUAL);
    CREATE VIEW v AS SELECT a AS first, b || 'x' AS second, d FROM t;
    CREATE VIEW w AS SELECT first, (SELECT b FROM t) AS inner FROM v;
    CREATE VIRTUAL TABLE x USING fts5 (a, b);
    CREATE TEMP TABLE y (a MARK, b);
    CREATE INDEX i ON t (b);
    CREATE TRIGGER g AFTER INSERT ON u BEGIN SELECT 1; END;
    INSERT INTO t VALUES ('a', 'b', 'c', 'd', 'e', 5);
    INSERT INTO u (a, "b [mark]") VALUES ('a', 'ub');
    INSERT INTO x VALUES ('one', 'two');
    INSERT INTO y VALUES ('ya', 'yb');
"""
QUERIES = (
    "SELECT * FROM t",
    "SELECT a, b AS other, +a, a || '', max(a), count(b) FROM t",
    "SELECT t.*, u.* FROM t JOIN u USING (a)",
    "SELECT * FROM v, w",
    "SELECT x, y FROM (SELECT a AS x, f AS y FROM t)",
    "SELECT a FROM t UNION ALL SELECT e FROM t",
    "WITH c (m) AS (SELECT b FROM t) SELECT m, (SELECT a FROM t), CAST(m AS MARK) FROM c",
    "WITH RECURSIVE c (m) AS (SELECT a FROM t UNION SELECT m || 'x' FROM c LIMIT 3) SELECT m FROM c",
    "SELECT * FROM x",
    "SELECT * FROM x WHERE x MATCH 'one'",
    "SELECT * FROM y",
    "SELECT * FROM u",
    "SELECT rowid, a FROM t WHERE a = :a",
    "SELECT a AS \"a [mark]\", e AS \"e[mark\", e AS \"[mark] e\", e AS \"e ] [mark]\", e AS \"e [no] [mark]\" FROM t",
    "SELECT NULL AS \"n [mark]\", '' AS \"n [mark]\", x'' AS \"n [MARK]\", 7 AS \"n [Mark]\", x'41' AS \"n [mark]\"",
    "INSERT INTO t VALUES ('i', 'b', 'c', 'd', 'e', 5) RETURNING a, b, e, f",
    "UPDATE t SET d = 'new' RETURNING *",
    "DELETE FROM t WHERE a = 'i' RETURNING a, e",
    "VALUES ('a')",
    "PRAGMA table_info(t)",
    "EXPLAIN QUERY PLAN SELECT a FROM t",
)  # fmt: skip


@pytest.fixture(autouse=True)
def mark() -> Iterator[None]:
    """Registers converters that show that they ran."""
    for module in MODULES:
        module.register_converter("Mark", lambda value: ["marked", value])
    yield
    for module in MODULES:
        del module.converters["MARK"]


@pytest.mark.parametrize("detect_types", [0, PARSE_DECLTYPES, PARSE_COLNAMES, PARSE_DECLTYPES | PARSE_COLNAMES])
def test_queries(detect_types: int) -> None:
    connections = [module.connect(":memory:", detect_types=detect_types) for module in MODULES]
    for con in connections:
        con.execute("PRAGMA foreign_keys = OFF")
        con.executescript(SCHEMA)
    for query in QUERIES:
        theirs, ours = (
            outcome(lambda con=con, query=query: cursor_state(con.execute(query, {"a": "a"} if ":a" in query else ())))  # type: ignore[misc]
            for con in connections
        )
        if not query.startswith("EXPLAIN"):  # whose text is each version's own
            assert ours == theirs, query
    for con in connections:
        con.close()


def cursor_state(cursor: Any) -> Any:
    return [column[0] for column in cursor.description], cursor.fetchall()


def a_of(con: Any) -> Any:
    return con.execute("SELECT a FROM t").fetchone()[0]


CHANGES: dict[str, Callable[[dqlitepy.Connection, dqlitepy.Connection], object]] = {
    "by this connection": lambda con, other: con.execute("ALTER TABLE t RENAME COLUMN b TO a"),
    "by another one": lambda con, other: other.execute("ALTER TABLE t RENAME COLUMN b TO a"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_schema_is_seen(directory: Path, name: str) -> None:
    with (
        closing(dqlitepy.connect(directory, detect_types=PARSE_DECLTYPES)) as con,
        closing(dqlitepy.connect(directory)) as other,
    ):
        con.executescript("CREATE TABLE t (a MARK, b); INSERT INTO t VALUES ('x', 'y')")
        assert a_of(con) == ["marked", b"x"]
        con.execute("ALTER TABLE t RENAME COLUMN a TO c")
        CHANGES[name](con, other)
        assert a_of(con) == "y"


def test_a_change_that_is_rolled_back_is_forgotten(directory: Path) -> None:
    """The version of the schema then comes a second time, for another schema."""
    with closing(dqlitepy.connect(directory, detect_types=PARSE_DECLTYPES)) as con:
        con.executescript("CREATE TABLE t (a, b MARK); INSERT INTO t VALUES ('x', 'y')")
        con.execute("BEGIN")
        con.execute("CREATE TABLE u (a MARK)")
        con.execute("INSERT INTO u VALUES ('x')")
        assert con.execute("SELECT a FROM u").fetchone() == (["marked", b"x"],)
        con.rollback()
        con.execute("CREATE TABLE u (a)")
        con.execute("INSERT INTO u VALUES ('x')")
        assert con.execute("SELECT a FROM u").fetchone() == ("x",)


def test_a_temporary_table_hides_one_of_the_database(con: dqlitepy.Connection) -> None:
    with closing(dqlitepy.connect(":memory:", detect_types=PARSE_DECLTYPES)) as con:
        con.executescript("CREATE TABLE t (a MARK); INSERT INTO t VALUES ('x')")
        assert a_of(con) == ["marked", b"x"]
        con.executescript("CREATE TEMP TABLE t (a); INSERT INTO temp.t VALUES ('x')")
        assert a_of(con) == "x"
        con.execute("DROP TABLE temp.t")
        assert a_of(con) == ["marked", b"x"]


def test_the_question_about_types_spools_what_streams(con: dqlitepy.Connection) -> None:
    with closing(dqlitepy.connect(":memory:", detect_types=PARSE_DECLTYPES)) as con:
        con.execute("CREATE TABLE t (a MARK)")
        con.executemany("INSERT INTO t VALUES (?)", [("x" * 100,)] * 20_000)
        rows = con.execute("SELECT a FROM t")
        assert next(rows) == (["marked", b"x" * 100],)
        assert con.execute("SELECT count(*) FROM t").fetchone() == (20_000,)
        assert len(rows.fetchall()) == 19_999


def test_definitions_that_are_wrong_here_leave_the_others(con: dqlitepy.Connection) -> None:
    """A server with another SQLite may have tables that the one in this process cannot make."""
    from dqlitepy._native.formats import encode
    from dqlitepy._sql.statements import declared_types

    schema = [
        "CREATE TABLE odd (a MARK) FANCY",
        "CREATE VIRTUAL TABLE other USING missing_module (a)",
        "ATTACH 'elsewhere' AS x",
        "CREATE TABLE slow AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c",
        "CREATE TABLE t (a MARK); DROP TABLE t",
        "SELECT 1",
        "",
        "CREATE TABLE t (a mark, b)",
    ]
    assert declared_types("SELECT a, b, a + b FROM t", encode(tuple(schema))) == ("mark", None, None)
    assert declared_types("SELECT a FROM odd", encode(tuple(schema))) == ()
    assert declared_types("SELEC", encode(tuple(schema))) == ()
    assert declared_types("", encode(())) == ()


def test_converters_are_looked_up_when_a_statement_runs(con: dqlitepy.Connection) -> None:
    with closing(dqlitepy.connect(":memory:", detect_types=PARSE_COLNAMES)) as con:
        cursor = con.execute("SELECT 'x' AS \"x [mark]\"")
        dqlitepy.register_converter("MARK", lambda value: "later")
        assert cursor.fetchone() == (["marked", b"x"],)
        assert con.execute("SELECT 'x' AS \"x [mark]\"").fetchone() == ("later",)


def test_a_row_stays_where_a_converter_fails() -> None:
    for module in MODULES:
        con = module.connect(":memory:", detect_types=PARSE_COLNAMES)
        module.register_converter("MARK", int)
        cursor = con.execute('SELECT value AS "v [mark]" FROM json_each(\'["1", "x", "3", "4"]\')')
        for fetch in (cursor.fetchall, cursor.fetchone, cursor.fetchmany):
            with pytest.raises(ValueError, match="invalid literal"):
                fetch()
        module.register_converter("MARK", str)  # not for the statement that ran before
        with pytest.raises(ValueError, match="invalid literal"):
            cursor.fetchone()
        con.close()


def test_a_row_is_lost_where_a_row_factory_fails() -> None:
    def fail_once(cursor: Any, row: Any) -> Any:
        cursor.row_factory = None
        raise ValueError

    for module in MODULES:
        for detect_types in (0, PARSE_COLNAMES):
            con = module.connect(":memory:", detect_types=detect_types)
            for fetch in ("fetchall", "fetchone"):
                cursor = con.execute("VALUES (1), (2), (3)")
                cursor.row_factory = fail_once
                with pytest.raises(ValueError, match="^$"):
                    getattr(cursor, fetch)()
                assert cursor.fetchall() == [(2,), (3,)]
            con.close()


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("date", datetime.date(2024, 2, 29)),
        ("DATE", datetime.date(1, 1, 1)),
        ("timestamp", datetime.datetime(2024, 2, 29, 23, 59, 58)),
        ("TIMESTAMP", datetime.datetime(9999, 12, 31, 0, 0, 0, 123456)),
        ("timestamp", datetime.datetime(2024, 1, 1, 0, 0, 0, 500)),
    ],
)
def test_dates_by_default(declared: str, value: datetime.date) -> None:
    told = []
    for module in MODULES:
        con = module.connect(":memory:", detect_types=PARSE_DECLTYPES)
        con.execute(f"CREATE TABLE t (a {declared})")
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            con.execute("INSERT INTO t VALUES (?)", (value,))
            back = con.execute("SELECT a, CAST(a AS TEXT) FROM t").fetchone()
        assert {warning.filename for warning in warned} <= {__file__}
        told.append((back, [warning.category for warning in warned]))
        con.close()
    assert told[1] == told[0]
    assert told[1][0][0] == value
    assert bool(told[1][1]) == (sys.version_info >= (3, 12))


@pytest.mark.parametrize("text", ["2024-01-01 10:11:12.5", "2024-01-01 10:11:12.1234567", "2024-01-01 1:2:3"])
def test_timestamps_in_other_forms(text: str) -> None:
    sql = f"SELECT '{text}' AS \"t [timestamp]\""
    told = []
    for module in MODULES:
        con = module.connect(":memory:", detect_types=PARSE_COLNAMES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told.append(con.execute(sql).fetchone())
        con.close()
    assert told[1] == told[0]


@pytest.mark.parametrize("factory", [bytes, bytearray, bytes.decode, lambda text: [text]])
def test_texts_without_a_converter_go_to_the_text_factory(factory: Any) -> None:
    told = []
    for module in MODULES:
        con = module.connect(":memory:", detect_types=PARSE_COLNAMES)
        con.text_factory = factory
        told.append(con.execute("SELECT 'é', x'41', 'é' AS \"x [mark]\", 5, 1.5, NULL").fetchall())
        con.close()
    assert told[1] == told[0]
