# SPDX-License-Identifier: Apache-2.0
"""Random programs on `sqlite3` and on `dqlitepy` side by side: after each step both give, raise and tell the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dqlitepy
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

SCHEMA = """
CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE, c NOT NULL DEFAULT 0 CHECK (typeof(c) <> 'blob'));
CREATE TABLE u (
    a INTEGER PRIMARY KEY ON CONFLICT ROLLBACK, t REFERENCES t (a) ON DELETE CASCADE, d UNIQUE ON CONFLICT IGNORE
);
CREATE TABLE log (what);
CREATE TRIGGER inserted AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('+' || new.a); END;
CREATE TRIGGER deleted AFTER DELETE ON t BEGIN INSERT INTO log VALUES ('-' || old.a); END;
CREATE TRIGGER forbidden BEFORE UPDATE OF b ON t WHEN new.b = 13 BEGIN SELECT raise(FAIL, 'thirteen'); END;
"""

values = st.sampled_from([None, 0, 1, 2, 3, 13, -7, 2**63 - 1, 1.5, "", "x", "é", b"", b"bytes"])
keys = st.sampled_from([None, 1, 2, 3, 4, 5])
conflict = st.sampled_from(["", "", "", " OR ABORT", " OR FAIL", " OR IGNORE", " OR REPLACE", " OR ROLLBACK"])
returning = st.sampled_from(["", "", " RETURNING a, b", " RETURNING *"])
savepoints = st.sampled_from(["x", "Y", '"a point"'])

inserts = st.builds(
    "INSERT{} INTO {}{}".format,
    conflict,
    st.sampled_from(
        [
            "t VALUES (?, ?, ?)",
            "t (b, c) VALUES (?2, ?3), (?3, ?1)",
            "t SELECT a + 10, ?2, ?3 FROM t WHERE a < 10 AND ?1",
            "u (a, t) VALUES (?1, coalesce(?2, ?3))",
            "u (t, d) VALUES (?1, ?2), (?1, ?3)",
        ]
    ),
    st.just(""),
)
updates = st.builds(
    "UPDATE{} {}".format,
    conflict,
    st.sampled_from(
        [
            "t SET b = ?2, c = ?3 WHERE a = ?1",
            "t SET a = a + 1, b = ?2, c = ?3 WHERE a >= ?1",
            "t SET c = ?2 WHERE b = ?3 OR a = ?1",
            "u SET t = ?2 WHERE a = ?1 OR d = ?3",
        ]
    ),
)
others = st.sampled_from(
    [
        "REPLACE INTO t VALUES (?, ?, ?)",
        "INSERT INTO t VALUES (?1, ?2, ?3) ON CONFLICT (a) DO UPDATE SET c = excluded.c",
        "INSERT INTO t VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        "DELETE FROM t WHERE a = ?1 OR b = ?2 OR c = ?3",
        "DELETE FROM t WHERE ?1 OR ?2 OR ?3",
        "WITH r (x) AS (SELECT ?1) DELETE FROM t WHERE a IN r OR b = ?2 OR c = ?3",
        "SELECT a, b, c FROM t WHERE a > ?1 OR b IS ?2 OR c = ?3 ORDER BY a",
        "SELECT count(*), max(a), ?1, ?2, ?3 FROM t",
        "SELECT abs(?1), ?2 || ?3",
    ]
)
data = st.one_of(st.builds(str.__add__, st.one_of(inserts, updates), returning), others)
control = st.one_of(
    st.sampled_from(
        ["BEGIN", "BEGIN IMMEDIATE", "begin exclusive transaction", "COMMIT", "END TRANSACTION", "ROLLBACK"]
    ),
    st.builds("SAVEPOINT {}".format, savepoints),
    st.builds("RELEASE {}".format, savepoints),
    st.builds("ROLLBACK TO SAVEPOINT {}".format, savepoints),
)
schema = st.sampled_from(
    [
        "CREATE TABLE IF NOT EXISTS extra (a, b)",
        "CREATE TABLE extra (a)",
        "DROP TABLE IF EXISTS extra",
        "DROP TABLE extra",
        "ALTER TABLE extra ADD COLUMN c DEFAULT 7",
        "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (c)",
        "DROP INDEX IF EXISTS i",
        "INSERT INTO extra DEFAULT VALUES",
        "SELECT * FROM extra",
        "PRAGMA user_version",
        "PRAGMA user_version = 7",
        "PRAGMA foreign_key_list(u)",
        "SELECT name FROM sqlite_schema ORDER BY name",
    ]
)
wrong = st.sampled_from(["SELEC 1", "SELECT * FROM nowhere", "INSERT INTO t VALUES (1)", "COMMIT; COMMIT"])
empty = st.sampled_from(["", " ", "/* none */"])


def cursor_state(cursor: Any) -> Any:
    """Returns what a cursor tells after a statement, without `lastrowid`: a failed statement changes SQLite's."""
    return cursor.fetchall(), cursor.description, cursor.rowcount


class Machine(RuleBasedStateMachine):
    """One connection of each module, and a step at a time for both."""

    connections: tuple[Any, Any]  # set by the test: starting a node for each program would take too long

    @initialize(level=st.sampled_from(["", "DEFERRED", "IMMEDIATE", None]))
    def begin(self, level: str | None) -> None:
        for con in self.connections:
            con.rollback()
            con.isolation_level = None
            con.execute("PRAGMA foreign_keys = OFF")
            for (name,) in con.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                con.execute(f"DROP TABLE {name}")
            con.execute("PRAGMA foreign_keys = ON")
            con.execute("PRAGMA user_version = 0")
            con.executescript(SCHEMA)
            con.execute("INSERT INTO log VALUES ('begun')")  # so that the last rowid is known too
            con.isolation_level = level
        theirs, ours = self.connections
        self.cursors = {id(theirs): theirs.cursor(), id(ours): ours.cursor()}

    def both(self, step: Callable[[Any, Any], Any]) -> None:
        """Does a step on both, and compares what it gave or raised, and the state of the connection after it."""
        theirs, ours = (self.outcome(con, step) for con in self.connections)
        assert ours == theirs

    def outcome(self, con: Any, step: Callable[[Any, Any], Any]) -> Any:
        cursor = self.cursors[id(con)]
        try:
            result = step(con, cursor)
        except (sqlite3.Error, dqlitepy.Error) as error:
            result = type(error).__name__, str(error), getattr(error, "sqlite_errorname", None)
        except Exception as error:
            result = type(error).__name__, str(error)
        return result, con.in_transaction, cursor.rowcount

    @rule(sql=data, parameters=st.tuples(keys, values, values))
    def runs(self, sql: str, parameters: tuple[Any, ...]) -> None:
        self.both(lambda con, cursor: cursor_state(cursor.execute(sql, parameters)))

    @rule(sql=st.one_of(control, control, schema, wrong))
    def runs_without_parameters(self, sql: str) -> None:
        self.both(lambda con, cursor: cursor_state(cursor.execute(sql)))

    @rule(sql=st.one_of(inserts, updates, others), rows=st.lists(st.tuples(keys, values, values), max_size=6))
    def runs_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        self.both(lambda con, cursor: cursor.executemany(sql, rows).rowcount)

    @rule(
        rows=st.lists(st.tuples(keys, values), max_size=6),
        failure=st.sampled_from([None, (1,), (1, 2, 3), (1, 2**64), (1, object), 5]),
    )
    def runs_many_of_which_one_cannot_be_bound(self, rows: list[Any], failure: Any) -> None:
        def items() -> Iterator[Any]:
            yield from rows
            if failure is None:
                raise KeyError("no more")
            yield failure
            yield from rows

        self.both(
            lambda con, cursor: cursor.executemany("INSERT OR IGNORE INTO t (a, b) VALUES (?, ?)", items()).rowcount
        )

    @rule(
        statements=st.lists(
            st.one_of(control, schema, wrong, empty, st.just("INSERT INTO t (b) VALUES (1)")), max_size=4
        )
    )
    def runs_a_script(self, statements: list[str]) -> None:
        def run(con: Any, cursor: Any) -> None:
            cursor.executescript(";".join(statements))

        self.both(run)

    @rule(how=st.sampled_from(["commit", "rollback"]))
    def ends_the_transaction(self, how: str) -> None:
        self.both(lambda con, cursor: getattr(con, how)())

    @rule(sql=data, parameters=st.tuples(keys, values, values), fails=st.booleans())
    def runs_in_a_block(self, sql: str, parameters: tuple[Any, ...], fails: bool) -> None:
        def run(con: Any, cursor: Any) -> Any:
            with con:
                found = cursor_state(cursor.execute(sql, parameters))
                if fails:
                    raise KeyError("of the user's")
            return found

        self.both(run)

    @rule(level=st.sampled_from(["", "DEFERRED", "IMMEDIATE", "EXCLUSIVE", None]))
    def changes_the_isolation_level(self, level: str | None) -> None:
        self.both(lambda con, cursor: setattr(con, "isolation_level", level))

    @rule()
    def looks_at_everything(self) -> None:
        def look(con: Any, cursor: Any) -> Any:
            return [
                con.execute(sql).fetchall()
                for sql in (
                    "SELECT rowid, * FROM t",
                    "SELECT rowid, * FROM u",
                    "SELECT rowid, * FROM log",
                    "PRAGMA foreign_key_check",
                    "PRAGMA integrity_check",
                    "SELECT type, name, sql FROM sqlite_schema ORDER BY name",
                )
            ]

        self.both(look)

    def teardown(self) -> None:
        if hasattr(self, "cursors"):
            self.looks_at_everything()


@contextmanager
def connections() -> Iterator[tuple[Any, Any]]:
    theirs, ours = sqlite3.connect(":memory:"), dqlitepy.connect(":memory:")
    try:
        yield theirs, ours
    finally:
        theirs.close()
        ours.close()


def test_random_programs() -> None:
    with connections() as Machine.connections:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                derandomize=True,
                database=None,
                deadline=None,
                max_examples=60,
                stateful_step_count=25,
                suppress_health_check=list(HealthCheck),
            ),
        )
