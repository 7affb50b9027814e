# SPDX-License-Identifier: Apache-2.0
"""The points of docs/differences-from-sqlite3.md about transactions and locks; test_differences runs them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import dqlitepy
import pytest

from tests.node.differences import Both
from tests.support import free_address


class TestTransactions:
    """One test a point, with its name."""

    def test_begin_immediate(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("INSERT INTO t VALUES (1, 1)")
            late = both.connect(module, timeout=0)
            with pytest.raises(module.OperationalError, match="database is locked"):
                late.execute("INSERT INTO t VALUES (2, 2)")
            return late.in_transaction

        assert both.run(program) == (True, False)

    def test_snapshot(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            if module is sqlite3:
                con.execute("PRAGMA journal_mode = WAL")
            late = both.connect(module, isolation_level=None)
            late.execute("BEGIN")
            late.execute("SELECT * FROM t").fetchall()
            con.execute("INSERT INTO t VALUES (1, 1)")
            con.commit()
            try:
                late.execute("INSERT INTO t VALUES (2, 2)")
            except module.OperationalError as error:
                return error.sqlite_errorname, late.in_transaction
            return None

        assert both.run(program, timeout=0) == (("SQLITE_BUSY_SNAPSHOT", True),) * 2

    def test_readers(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            reader = both.connect(module, isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM t").fetchall()
            con.execute("INSERT INTO t VALUES (1, 1)")
            con.commit()
            return reader.execute("SELECT * FROM t").fetchall()

        assert both.run(program, timeout=0) == (("OperationalError", "database is locked"), [])

    def test_long_readers(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            where = node if module is dqlitepy else both.folder / "sqlite3"
            if module is sqlite3:
                con.execute("PRAGMA journal_mode = WAL")
            with closing(module.connect(where)) as writer, closing(module.connect(where)) as reader:
                writer.execute("CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b)")
                writer.executemany("INSERT INTO t VALUES (?, zeroblob(3500))", [(n,) for n in range(500)])
                writer.commit()
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM t").fetchall()
                for _ in range(20):
                    writer.execute("UPDATE t SET a = a")
                    writer.commit()
                return reader.execute("SELECT count(*) FROM t").fetchall()

        with dqlitepy.Node(both.folder / "node", address=free_address(), wal_limit=16 << 20, bare=True) as node:
            node.wait_ready()
            ours = (
                "LeadershipLostError",
                "the node ended what the connection read: it kept the WAL, which had reached wal_limit: "
                "the open transaction is gone, nothing of it was committed; begin it again",
            )
            assert both.run(program) == ([(500,)], ours)

    def test_failed_parameters(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            with pytest.raises(module.ProgrammingError, match="Incorrect number of bindings supplied"):
                con.execute("INSERT INTO t (b) VALUES (?)", ())
            return con.in_transaction

        assert both.run(program) == (True, False)

    @pytest.mark.skipif(not hasattr(sqlite3, "LEGACY_TRANSACTION_CONTROL"), reason="sqlite3 has no autocommit there")
    def test_autocommit_false(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("COMMIT")
            con.execute("INSERT INTO t (b) VALUES (1)")
            return con.in_transaction

        assert both.run(program, autocommit=False) == (False, True)
