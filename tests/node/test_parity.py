# SPDX-License-Identifier: Apache-2.0
"""The same steps on `sqlite3` and on `dqlitepy` end the same: results, messages, codes, counts and states."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import dqlitepy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Step = Callable[[Any], Any]


@pytest.fixture(scope="module")
def databases() -> Iterator[tuple[Any, Any]]:
    """Yields a connection of each module, for tests that leave nothing behind but what `emptied` removes."""
    theirs, ours = sqlite3.connect(":memory:"), dqlitepy.connect(":memory:")
    theirs.execute("PRAGMA foreign_keys = ON")  # as dqlite's connections have it
    yield theirs, ours
    theirs.close()
    ours.close()


@pytest.fixture
def both(databases: tuple[Any, Any]) -> tuple[Any, Any]:
    """Returns a connection of each module to an empty table `t`."""
    for con in databases:
        con.rollback()
        con.isolation_level = ""
        con.row_factory = None
        con.text_factory = str
        con.executescript("DROP TABLE IF EXISTS u; DROP TABLE IF EXISTS t")
        con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE, c NOT NULL DEFAULT 0)")
    return databases


def outcome(con: Any, step: Step) -> Any:
    """Returns what a step gave or raised, and the state of the connection after it."""
    try:
        result = step(con)
    except (sqlite3.Error, dqlitepy.Error) as error:
        result = type(error).__name__, str(error), getattr(error, "sqlite_errorname", None)
    except Exception as error:
        result = type(error).__name__, str(error)
    return result, con.in_transaction


def cursor_state(cursor: Any) -> Any:
    """Returns all that a cursor tells after a statement."""
    return cursor.fetchall(), cursor.description, cursor.rowcount, cursor.lastrowid


TRIGGER = "CREATE TRIGGER g AFTER INSERT ON u BEGIN DELETE FROM u WHERE a = 1; SELECT 1; END;"
FAILS_LATE = "SELECT CASE WHEN value = 3 THEN abs(-9223372036854775808) ELSE value END FROM json_each('[1,2,3,4]')"
MANY_ROWS = [(n, "x" * 50 + str(n)) for n in range(20_000)]
SOME_ROWS = "SELECT a FROM t WHERE a % 100 = 0 OR a > 19900"

SCRIPTS: dict[str, list[Step]] = {
    "insert, commit": [
        lambda con: cursor_state(con.execute("INSERT INTO t (b) VALUES ('x')")),
        lambda con: cursor_state(con.execute("SELECT * FROM t")),
        lambda con: con.commit(),
        lambda con: con.commit(),
        lambda con: cursor_state(con.execute("REPLACE INTO t VALUES (1, 'y', 2)")),
        lambda con: cursor_state(con.execute("UPDATE t SET c = c + 1")),
        lambda con: cursor_state(con.execute("DELETE FROM t")),
        lambda con: con.rollback(),
        lambda con: cursor_state(con.execute("SELECT * FROM t")),
    ],
    "ddl begins no transaction": [
        lambda con: cursor_state(con.execute("CREATE TABLE u (a)")),
        lambda con: cursor_state(con.execute("INSERT INTO t (b) VALUES (1)")),
        lambda con: cursor_state(con.execute("CREATE INDEX i ON u (a)")),
        lambda con: con.rollback(),
        lambda con: cursor_state(con.execute("SELECT name FROM sqlite_schema WHERE name IN ('u', 'i')")),
        lambda con: cursor_state(con.execute("DROP TABLE u")),
    ],
    "explicit transactions": [
        lambda con: cursor_state(con.execute("BEGIN")),
        lambda con: cursor_state(con.execute("BEGIN")),
        lambda con: cursor_state(con.execute("INSERT INTO t (b) VALUES (1)")),
        lambda con: cursor_state(con.execute("ROLLBACK")),
        lambda con: cursor_state(con.execute("COMMIT")),
        lambda con: cursor_state(con.execute("BEGIN IMMEDIATE")),
        lambda con: cursor_state(con.execute("INSERT INTO t (b) VALUES (1)")),
        lambda con: cursor_state(con.execute("END")),
        lambda con: cursor_state(con.execute("SELECT count(*) FROM t")),
    ],
    "savepoints": [
        lambda con: cursor_state(con.execute("SAVEPOINT one")),
        lambda con: cursor_state(con.execute("INSERT INTO t (b) VALUES (1)")),
        lambda con: cursor_state(con.execute("SAVEPOINT two")),
        lambda con: cursor_state(con.execute("INSERT INTO t (b) VALUES (2)")),
        lambda con: cursor_state(con.execute("ROLLBACK TO two")),
        lambda con: cursor_state(con.execute("RELEASE one")),
        lambda con: cursor_state(con.execute("SELECT b FROM t")),
        lambda con: cursor_state(con.execute("RELEASE one")),
    ],
    "constraints": [
        lambda con: cursor_state(con.execute("INSERT INTO t VALUES (1, 'x', 0)")),
        lambda con: cursor_state(con.execute("INSERT INTO t VALUES (1, 'y', 0)")),
        lambda con: cursor_state(con.execute("INSERT INTO t VALUES (2, 'x', 0)")),
        lambda con: cursor_state(con.execute("INSERT INTO t VALUES (2, 'y', NULL)")),
        lambda con: cursor_state(con.execute("INSERT INTO t VALUES ('text', 'y', 0)")),
        lambda con: cursor_state(con.execute("INSERT OR IGNORE INTO t VALUES (1, 'y', 0)")),
        lambda con: cursor_state(con.execute("INSERT OR REPLACE INTO t VALUES (1, 'y', 0)")),
        lambda con: cursor_state(con.execute("INSERT OR ROLLBACK INTO t VALUES (1, 'y', 0)")),
        lambda con: cursor_state(con.execute("SELECT * FROM t")),
    ],
    "foreign keys and checks": [
        lambda con: cursor_state(con.execute("CREATE TABLE u (a REFERENCES t (a), b CHECK (b > 0))")),
        lambda con: cursor_state(con.execute("INSERT INTO u VALUES (5, 1)")),
        lambda con: cursor_state(con.execute("INSERT INTO u VALUES (NULL, 0)")),
        lambda con: con.rollback(),
    ],
    "executemany": [
        lambda con: cursor_state(con.executemany("INSERT INTO t (b) VALUES (?)", [(n,) for n in range(10)])),
        lambda con: cursor_state(con.executemany("INSERT INTO t (a) VALUES (:a)", ({"a": n} for n in (100, 101)))),
        lambda con: cursor_state(con.executemany("INSERT INTO t (a) VALUES (?)", [(200,), (201,), (200,), (203,)])),
        lambda con: con.execute("SELECT a FROM t ORDER BY a").fetchall(),
        lambda con: cursor_state(con.executemany("UPDATE t SET c = ? WHERE a < ?", [(1, 3), (2, 5)])),
        lambda con: cursor_state(con.executemany("DELETE FROM t WHERE a = ?", [(1,), (2,), (2,), (99,)])),
        lambda con: con.executemany("INSERT INTO t (a) VALUES (?)", [(300,), (301, 302), (303,)]),
        lambda con: con.executemany("INSERT INTO t (a) VALUES (?)", [(400,), (object(),), (403,)]),
        lambda con: con.executemany("INSERT INTO t (a) VALUES (?)", ((1 // (502 - n),) for n in range(500, 510))),
        lambda con: con.executemany("SELECT ?", [(1,)]),
        lambda con: con.executemany("INSERT INTO t (b) VALUES (?)", 5),
        lambda con: cursor_state(con.execute("SELECT count(*), sum(a) FROM t")),
    ],
    "executemany in autocommit": [
        lambda con: setattr(con, "isolation_level", None),
        lambda con: cursor_state(con.executemany("INSERT INTO t (a) VALUES (?)", [(1,), (2,), (1,), (3,)])),
        lambda con: con.execute("SELECT a FROM t ORDER BY a").fetchall(),
    ],
    "RETURNING": [
        lambda con: con.execute("INSERT INTO t (b) VALUES ('r') RETURNING a, b AS name").fetchall(),
        lambda con: con.execute("UPDATE t SET c = 7 RETURNING *").fetchall(),
        lambda con: con.execute("INSERT INTO t (a) VALUES (1) RETURNING a").fetchall(),
        lambda con: con.execute("DELETE FROM t RETURNING a").fetchone(),
        lambda con: con.commit(),
        lambda con: con.execute("SELECT count(*) FROM t").fetchall(),
    ],
    "parameters": [
        lambda con: cursor_state(con.execute("SELECT ?, ?2, ?1", (1, 2))),
        lambda con: cursor_state(con.execute("SELECT :a, @b, $c, :a", {"a": 1, "b": 2, "c": 3})),
        lambda con: cursor_state(con.execute("SELECT ?1, ?2", {"1": "one", "2": "two"})),
        lambda con: con.execute("SELECT ?", ()),
        lambda con: con.execute("SELECT ?", (1, 2)),
        lambda con: con.execute("SELECT 1", (1,)),
        lambda con: con.execute("SELECT :a", {}),
        lambda con: con.execute("SELECT ?", {}),
        lambda con: con.execute("SELECT ?", {1}),
        lambda con: con.execute("SELECT ?", [2**63]),
        lambda con: con.execute("SELECT ?", ["\ud800"]),
        lambda con: con.execute("SELECT ?", [object()]),
        lambda con: cursor_state(con.execute("SELECT '?', \"b?\", [c?], ':a' FROM (SELECT 1 AS \"b?\", 2 AS [c?])")),
    ],
    "statements": [
        lambda con: cursor_state(con.execute(""))[:3],
        lambda con: cursor_state(con.execute(" -- nothing"))[:3],
        lambda con: cursor_state(con.execute("SELECT 1; -- something")),
        lambda con: con.execute("SELECT 1; SELECT 2"),
        lambda con: con.execute("SELEC 1"),
        lambda con: con.execute("CREATE TABLE x ("),
        lambda con: con.execute("SELECT * FROM missing"),
        lambda con: con.execute("SELECT missing FROM t"),
        lambda con: con.execute("SELECT '\0'"),
        lambda con: con.execute("SELECT '\ud800'"),
        lambda con: con.execute(b"SELECT 1"),
        lambda con: con.execute("SELECT 1 UNION SELECT 1, 2"),
        lambda con: con.execute("SELECT abs(-9223372036854775808)"),
        lambda con: con.execute("SELECT json('{')"),
        lambda con: cursor_state(con.execute("SELECT 1 WHERE 0")),
        lambda con: cursor_state(con.execute("VALUES (1, 2), (3, 4)")),
        lambda con: cursor_state(con.execute("WITH w (x) AS (VALUES (1), (2)) SELECT sum(x) AS total FROM w")),
        lambda con: con.execute("PRAGMA table_info(t)").fetchall(),
        lambda con: cursor_state(con.execute("PRAGMA user_version")),
    ],
    "scripts": [
        lambda con: con.execute("INSERT INTO t (b) VALUES (1)").rowcount,
        lambda con: con.executescript("CREATE TABLE u (a); INSERT INTO u VALUES (1); SELECT * FROM u;").fetchall(),
        lambda con: con.executescript("BEGIN; INSERT INTO u VALUES (2);").rowcount,
        lambda con: con.rollback(),
        lambda con: con.executescript("INSERT INTO u VALUES (3); CREATE TABLE v (a"),
        lambda con: con.executescript(TRIGGER + "INSERT INTO u VALUES (4)").fetchall(),
        lambda con: cursor_state(con.execute("SELECT a FROM u ORDER BY a")),
        lambda con: con.executescript("SELECT '\0'"),
        lambda con: con.executescript(b"SELECT 1"),
    ],
    "an error in the middle of a result": [
        lambda con: con.execute(FAILS_LATE).fetchall(),
        lambda con: cursor_state(con.execute("SELECT 1")),
    ],
    "writing while reading": [
        lambda con: con.executemany("INSERT INTO t (a, b) VALUES (?, ?)", MANY_ROWS).rowcount,
        lambda con: sum(con.execute("UPDATE t SET c = 1 WHERE a = ?", row).rowcount for row in con.execute(SOME_ROWS)),
        lambda con: con.execute("SELECT sum(c) FROM t").fetchone(),
        lambda con: con.executemany("INSERT INTO t (a) VALUES (? + 100000)", con.execute("SELECT a FROM t")).rowcount,
        lambda con: list(zip(con.execute("SELECT a FROM t"), con.execute("SELECT a FROM t"), strict=True)),
    ],
    "isolation levels": [
        lambda con: setattr(con, "isolation_level", "exclusive"),
        lambda con: con.isolation_level,
        lambda con: cursor_state(con.execute("INSERT INTO t (b) VALUES (1)")),
        lambda con: setattr(con, "isolation_level", None),
        lambda con: cursor_state(con.execute("INSERT INTO t (b) VALUES (2)")),
        lambda con: setattr(con, "isolation_level", "DEFERRED"),
        lambda con: setattr(con, "isolation_level", "BOGUS"),
        lambda con: setattr(con, "isolation_level", 5),
        lambda con: con.isolation_level,
        lambda con: con.rollback(),
        lambda con: con.execute("SELECT b FROM t").fetchall(),
    ],
    "a transaction that cannot be committed": [
        lambda con: con.executescript("CREATE TABLE u (a REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)").rowcount,
        lambda con: cursor_state(con.execute("INSERT INTO u VALUES (5)")),
        lambda con: setattr(con, "isolation_level", None),
        lambda con: con.isolation_level,
        lambda con: con.commit(),
        lambda con: con.rollback(),
        lambda con: cursor_state(con.execute("INSERT INTO t (b) VALUES (1)")),
    ],
    "WITH before a write": [
        lambda con: cursor_state(con.execute("INSERT INTO t (a) VALUES (3)")),
        lambda con: cursor_state(con.execute("WITH w (x) AS (VALUES (7), (8)) INSERT INTO t (a) SELECT x FROM w")),
        lambda con: cursor_state(con.execute("SELECT 1")),
        lambda con: cursor_state(
            con.execute("WITH w (x) AS (VALUES (9)) INSERT INTO t (a) SELECT x FROM w RETURNING a")
        ),
        lambda con: con.executemany("WITH w (x) AS (VALUES (?)) REPLACE INTO t (a) SELECT x FROM w", [(11,)]).rowcount,
        lambda con: con.execute("SELECT 1").lastrowid,
    ],
    "executemany without DML": [
        lambda con: con.executemany("BEGIN", [(), ()]),
        lambda con: con.execute("BEGIN").rowcount,
        lambda con: con.executemany("COMMIT", [()]),
        lambda con: con.executemany("SAVEPOINT a", [()]),
        lambda con: con.executemany("SELEC", [()]),
        lambda con: con.executemany("SELECT missing", [()]),
        lambda con: con.executemany("SELECT 1", [()]),
        lambda con: con.executemany("EXPLAIN SELECT 1", [()]),
        lambda con: con.commit(),
    ],
    "rows": [
        lambda con: con.execute("SELECT 1 AS a, 2 AS a, 3 AS \"\", 4").description,
        lambda con: con.execute(f"SELECT {', '.join(f'{n} AS c{n}' for n in range(500))}").fetchone(),
        lambda con: con.execute("SELECT value FROM json_each('[1,2,3,4,5]')").fetchmany(2),
        lambda con: con.execute("SELECT value FROM json_each('[1,2,3,4,5]')").fetchmany(),
        lambda con: con.execute("SELECT value FROM json_each('[1,2,3,4,5]')").fetchmany(100),
        lambda con: next(con.execute("SELECT 1")),
        lambda con: con.cursor().fetchone(),
        lambda con: con.cursor().fetchall(),
        lambda con: cursor_state(con.cursor()),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(both: tuple[Any, Any], name: str) -> None:
    theirs, ours = both
    for number, step in enumerate(SCRIPTS[name]):
        assert outcome(ours, step) == outcome(theirs, step), f"step {number}"


def test_what_a_closed_cursor_still_tells(both: tuple[Any, Any]) -> None:
    for sql in ("INSERT INTO t (b) VALUES (1), (2)", "SELECT a, b FROM t", "DELETE FROM t WHERE a = 1"):
        theirs, ours = (con.execute(sql) for con in both)
        for cursor in (theirs, ours):
            cursor.close()
        assert (ours.rowcount, ours.lastrowid, ours.description) == (
            theirs.rowcount,
            theirs.lastrowid,
            theirs.description,
        )


def test_total_changes(both: tuple[Any, Any]) -> None:
    for con in both:
        con.executemany("INSERT INTO t (b) VALUES (?)", [(n,) for n in range(5)])
    before = [con.total_changes for con in both]
    for con in both:
        con.execute("UPDATE t SET c = 1 WHERE b < 3")
        con.execute("DELETE FROM t WHERE b = 4")
        con.execute("SELECT * FROM t").fetchall()
        con.rollback()
    assert [con.total_changes - start for con, start in zip(both, before, strict=True)] == [4, 4]


@pytest.mark.parametrize("at", [0, 1, 3, 1_700])
def test_total_changes_of_an_executemany_that_fails(both: tuple[Any, Any], at: int) -> None:
    rows: list[tuple[Any, ...]] = [(n,) for n in range(100, 1_900)]
    rows[at] = (99, 99)
    told_of: list[Any] = []
    for con in both:
        con.execute("INSERT INTO t (a) VALUES (7)")
        before = con.total_changes
        failure = outcome(con, lambda con: con.executemany("INSERT INTO t (a) VALUES (?)", rows))
        told_of.append((failure, con.total_changes - before, con.execute("SELECT 1").lastrowid))
    assert told_of[0] == told_of[1]


KEY = st.integers(0, 4)
WRITES = st.one_of(
    st.tuples(
        st.sampled_from(["INSERT", "INSERT OR IGNORE", "REPLACE", "INSERT OR FAIL", "INSERT OR ROLLBACK"]), KEY, KEY
    ).map(lambda drawn: (f"{drawn[0]} INTO t (a, b) VALUES (?, ?)", drawn[1:])),
    st.tuples(KEY, KEY).map(lambda drawn: ("UPDATE t SET b = ? WHERE a >= ?", drawn)),
    st.tuples(KEY).map(lambda drawn: ("DELETE FROM t WHERE a = ?", drawn)),
    st.sampled_from(["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "RELEASE s", "ROLLBACK TO s"]).map(
        lambda sql: (sql, ())
    ),
)
MANY = st.lists(st.tuples(KEY, KEY), min_size=1, max_size=6)


@settings(
    derandomize=True, database=None, deadline=None, max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(level=st.sampled_from(["", None, "DEFERRED"]), steps=st.lists(WRITES | MANY, min_size=1, max_size=8))
def test_generated_scripts(both: tuple[Any, Any], level: str | None, steps: list[Any]) -> None:
    for con in both:
        con.rollback()
        con.isolation_level = level
        con.execute("DELETE FROM t")
        con.commit()
    theirs, ours = both
    for step in steps:

        def run(con: Any, step: Any = step) -> Any:
            if isinstance(step, tuple):
                return cursor_state(con.execute(*step))[:3]
            return cursor_state(con.executemany("INSERT INTO t (a, b) VALUES (?, ?)", step))[:3]

        assert outcome(ours, run) == outcome(theirs, run), step
        assert ours.execute("SELECT * FROM t").fetchall() == theirs.execute("SELECT * FROM t").fetchall(), step
