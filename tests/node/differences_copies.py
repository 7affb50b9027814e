# SPDX-License-Identifier: Apache-2.0
"""The points of docs/differences-from-sqlite3.md about copies of databases; test_differences runs them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import dqlitepy
import pytest

from tests.node.differences import Both


class TestCopies:
    """One test a point, with its name."""

    def test_backup_transaction(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("INSERT INTO t (b) VALUES (1)")
            statuses: list[int] = []

            def watch(status: int, remaining: int, total: int) -> None:
                statuses.append(status)
                if len(statuses) == 3:  # it would go on so for ever
                    raise TimeoutError(str(set(statuses)))

            with closing(sqlite3.connect(":memory:")) as target:
                con.backup(target, progress=watch, sleep=0)

        theirs, ours = both.run(program)
        assert theirs == ("TimeoutError", "{5}")
        assert ours[0] == "OperationalError"
        assert "commit it or roll it back first" in ours[1]

    def test_backup_path(self, both: Both) -> None:
        theirs, ours = both.run(lambda module, con: con.backup(both.folder / "copy.db"))
        assert theirs[0] == "TypeError"
        assert ours is None
        assert (both.folder / "copy.db").stat().st_mode & 0o777 == 0o600
        with pytest.raises(dqlitepy.OperationalError, match="exists already"):
            both.open[-1].backup(both.folder / "copy.db")

    def test_backup_into(self, both: Both) -> None:
        theirs, ours = both.connect(sqlite3), both.connect(dqlitepy)
        theirs.execute("CREATE TABLE u (a)")
        with pytest.raises(TypeError):
            theirs.backup(ours)
        ours.restore(theirs)
        assert ours.execute("SELECT name FROM sqlite_schema").fetchall() == [("u",)]
        assert not hasattr(theirs, "restore")

    def test_not_overwritten(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            data = con.serialize()
            con.execute("CREATE TABLE u (a)")
            con.commit()
            con.deserialize(data)
            return con.execute("SELECT name FROM sqlite_schema").fetchall()

        theirs, ours = both.run(program)
        assert theirs == [("t",)]
        assert ours[0] == "OperationalError"
        assert "the target is not empty" in ours[1]

    def test_serialize_bytes(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            if module is sqlite3:
                con.execute("PRAGMA journal_mode = WAL")
            with closing(sqlite3.connect(":memory:")) as target:
                target.deserialize(con.serialize())
                return target.execute("SELECT name FROM sqlite_schema").fetchall()

        assert both.run(program) == (("OperationalError", "unable to open database file"), [("t",)])

    def test_iterdump(self, both: Both) -> None:
        def nul(module: Any, con: Any) -> Any:
            con.execute("INSERT INTO t VALUES (1, CAST(x'610062' AS TEXT))")
            con.commit()
            return [line for line in con.iterdump() if line.startswith("INSERT")]

        assert both.run(nul) == (
            ["INSERT INTO \"t\" VALUES(1,'a');"],
            ["INSERT INTO \"t\" VALUES(1,CAST(X'610062' AS TEXT));"],
        )

        def moment(module: Any, con: Any) -> Any:
            con.executescript("CREATE TABLE u (a); DELETE FROM t")
            lines = con.iterdump()
            seen = [next(lines), next(lines)]
            with closing(module.connect(both.folder / module.__name__)) as other:
                other.execute("INSERT INTO u VALUES (2)")
                other.commit()
            return 'INSERT INTO "u" VALUES(2);' in [*seen, *lines]

        assert both.run(moment) == (True, False)

        def restored(module: Any, con: Any) -> Any:
            con.executescript("CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('x')")
            with closing(sqlite3.connect(":memory:")) as target:
                target.executescript("\n".join(con.iterdump()))

        theirs, ours = both.run(restored)
        assert theirs[0] == "OperationalError"  # which one depends on Python's version
        assert ours is None
