# SPDX-License-Identifier: Apache-2.0
"""The points of docs/differences-from-sqlite3.md about statements, rows, values and SQL; test_differences runs them."""

from __future__ import annotations

import sqlite3
from collections import UserDict
from contextlib import suppress
from typing import Any

import dqlitepy
import pytest

from tests.node.differences import NOT_AUTHORIZED, Both


class TestStatements:
    """One test a point, with its name."""

    def test_returning_rowcount(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            cursor = con.execute("INSERT INTO t (b) VALUES (1), (2) RETURNING a")
            return cursor.rowcount, len(cursor.fetchall()), cursor.rowcount

        assert both.run(program) == ((0, 2, 2), (2, 2, 2))

    def test_lastrowid(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("INSERT INTO t VALUES (7, 1)")
            empty = con.execute("").lastrowid, con.execute("-- nothing").lastrowid
            with pytest.raises(module.IntegrityError):
                con.execute("INSERT INTO t (a) VALUES (9), (7)")
            return *empty, con.execute("SELECT 1").lastrowid

        assert both.run(program) == ((None, None, 9), (7, 7, 7))

    def test_total_changes(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET b = 2; END")
            before = con.total_changes, con.execute("SELECT total_changes()").fetchone()[0]
            con.execute("INSERT INTO t (b) VALUES (1)")
            after = con.total_changes, con.execute("SELECT total_changes()").fetchone()[0]
            return after[0] - before[0], after[1] - before[1]

        assert both.run(program) == ((2, 2), (1, 2))

    def test_failure_within(self, both: Both) -> None:
        numbers = "SELECT CASE value WHEN 3 THEN abs(-9223372036854775808) ELSE value END FROM json_each('[1,2,3]')"

        def program(module: Any, con: Any) -> Any:
            cursor, told = con.cursor(), []
            try:
                cursor.execute(numbers)
                while row := cursor.fetchone():
                    told.append(row)
            except module.OperationalError as error:
                told.append(str(error))
            return told

        assert both.run(program) == ([(1,), "integer overflow"], ["integer overflow"])

    def test_executemany(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            try:
                con.executemany("BEGIN IMMEDIATE", [()])
            except module.ProgrammingError as error:
                begun = str(error)
            else:
                begun = ""
            con.rollback()
            with pytest.raises(module.ProgrammingError, match=r"^executemany\(\) can only execute DML statements\.$"):
                con.executemany("BEGIN", [()])
            with suppress(module.InterfaceError):
                con.executemany("INSERT INTO t (b) VALUES (?) RETURNING a", [(1,), (2,)])
                return begun, con.execute("SELECT count(*) FROM t").fetchone()
            return begun, "InterfaceError"

        theirs, ours = both.run(program)
        assert ours == ("executemany() can only execute DML statements.", (2,))
        assert theirs[0] == ""

    def test_mappings(self, both: Both) -> None:
        theirs, ours = both.run(lambda module, con: con.execute("SELECT :a", UserDict(a=1)).fetchall())
        assert ours == [(1,)]
        assert theirs[0] in ("KeyError", "DeprecationWarning", "ProgrammingError")  # it depends on the version

    def test_own_writes(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
            seen = 0
            for _ in con.execute("SELECT a FROM t"):
                seen += 1
                if seen < 10:
                    con.execute("INSERT INTO t (b) VALUES (1)")
            return seen

        assert both.run(program) == (12, 3)

    def test_drop_while_reading(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.executemany("INSERT INTO t (b) VALUES (?)", [(1,), (2,)])
            con.commit()
            cursor = con.execute("SELECT b FROM t")
            first = cursor.fetchone()
            con.execute("DROP TABLE t")
            return [first, *cursor]

        assert both.run(program) == (("OperationalError", "database table is locked"), [(1,), (2,)])

    def test_variables(self, both: Both) -> None:
        def count(con: Any, number: int) -> Any:
            return con.execute(f"SELECT 1 IN ({', '.join('?' * number)})", range(number)).fetchall()

        assert both.run(lambda module, con: count(con, 32_766)) == ([(1,)], [(1,)])
        _, ours = both.run(lambda module, con: count(con, 32_767))
        assert ours == ("OperationalError", "too many SQL variables")
        list_of_all = (str(list(range(99_999))),)
        question = "SELECT count(*) FROM json_each(?)"
        assert both.run(lambda module, con: con.execute(question, list_of_all).fetchone()) == ((99_999,), (99_999,))

    def test_cached_statements(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("INSERT INTO t VALUES (1, 2)")
            con.commit()
            before = con.execute("SELECT * FROM t").fetchall()
            both.connect(module).execute("ALTER TABLE t ADD COLUMN c DEFAULT 3")
            return before, con.execute("SELECT * FROM t").fetchall()

        for cached in (0, 128):
            assert both.run(program, cached_statements=cached)[1] == ([(1, 2)], [(1, 2, 3)])
            both.connect(dqlitepy).execute("DROP TABLE t")
            both.connect(sqlite3).execute("DROP TABLE t")

    def test_attach(self, both: Both) -> None:
        for name in (":memory:", "other.db"):
            assert both.sql(f"ATTACH '{both.folder / name if '.' in name else name}' AS x") == ([], NOT_AUTHORIZED)
        assert both.sql("ATTACH '' AS x") == ([], [])
        assert both.sql("CREATE TEMP TABLE private (a)") == ([], [])

    def test_pragmas(self, both: Both) -> None:  # test_pragmas.py has the table
        assert both.sql("PRAGMA journal_mode = MEMORY") == ([("memory",)], [("wal",)])
        for setting in (
            "locking_mode = EXCLUSIVE",
            "hard_heap_limit = 0",
            "soft_heap_limit = 0",
            "temp_store_directory = ''",
        ):
            theirs, (kind, message) = both.sql(f"PRAGMA {setting}")
            assert isinstance(theirs, list), setting
            assert kind == "DatabaseError"
            assert message.startswith(f"PRAGMA {setting.replace(chr(39), '')} is refused: "), message
        for setting in ("user_version = 4", "integrity_check", "cache_size = 10", "query_only = 0", "optimize"):
            theirs, ours = both.sql(f"PRAGMA {setting}")
            assert theirs == ours, setting

    def test_vacuum_into(self, both: Both) -> None:
        assert both.sql("VACUUM") == ([], [])
        assert both.sql(f"VACUUM INTO '{both.folder / 'copy.db'}'") == ([], ("DatabaseError", "authorization denied"))

    def test_delete_database(self, both: Both) -> None:
        assert both.sql("PRAGMA delete_database") == (
            [],
            (
                "OperationalError",
                "PRAGMA delete_database must be run in a write transaction. Use BEGIN IMMEDIATE to start one.",
            ),
        )
        con = both.connect(dqlitepy, isolation_level=None)
        con.executescript("BEGIN IMMEDIATE; PRAGMA delete_database; COMMIT")
        con.close()
        assert both.connect(dqlitepy).execute("SELECT * FROM sqlite_schema").fetchall() == []

    def test_not_authorized(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            if module is sqlite3:
                con.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
            try:
                con.execute("ATTACH 'x' AS y")
            except module.Error as error:
                return type(error).__name__, str(error), error.sqlite_errorname

        assert both.run(program) == (("DatabaseError", "not authorized", "SQLITE_AUTH"),) * 2

    def test_nul_in_text(self, both: Both) -> None:
        insert = "INSERT INTO t (b) VALUES (?) RETURNING b"
        theirs, ours = both.run(lambda module, con: con.execute(insert, ("a\0b",)).fetchall())
        assert theirs == [("a\0b",)]
        assert ours[0] == "ProgrammingError"
        assert "Bind it as bytes" in ours[1]
        theirs, ours = both.sql("SELECT CAST(x'610062' AS TEXT)")
        assert theirs == [("a\0b",)]
        assert ours == ("OperationalError", "text with a NUL character cannot be sent, cast it to BLOB")
        assert both.sql("SELECT CAST(CAST(x'610062' AS TEXT) AS BLOB)") == ([(b"a\0b",)],) * 2

    def test_blob_size(self, both: Both) -> None:
        told = both.sql("SELECT length(zeroblob(1000000000)), zeroblob(1000000001)")
        assert told == (("DataError", "string or blob too big"),) * 2
        megabytes = bytes(range(256)) * 4096 * 4
        assert both.run(lambda module, con: con.execute("SELECT ?", (megabytes,)).fetchone() == (megabytes,)) == (
            True,
            True,
        )

    def test_converters(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            module.register_converter("spelled", bytes.decode)
            con.executescript("CREATE TABLE u (a SPELLED); INSERT INTO u VALUES (1e0 / 3), (0.1), (2), ('x'), (NULL)")
            spelled = [row[0] for row in con.execute("SELECT a FROM u")]
            return float(spelled[0]), spelled[1:], con.execute("SELECT a + 1 FROM u WHERE a = 2").fetchone()

        theirs, ours = both.run(program, detect_types=sqlite3.PARSE_DECLTYPES)
        assert theirs[1:] == ours[1:] == (["0.1", "2", "x", None], (3,))
        assert ours[0] == 1 / 3
        assert theirs[0] == pytest.approx(1 / 3)

    def test_fetchmany_zero(self, both: Both) -> None:
        theirs, ours = both.run(lambda module, con: con.execute("SELECT 1").fetchmany(0))
        assert ours == []
        assert theirs in ([(1,)], [])
