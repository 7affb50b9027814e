# SPDX-License-Identifier: Apache-2.0
"""The points of docs/differences-from-sqlite3.md about errors, threads and processes; test_differences runs them."""

from __future__ import annotations

import pickle
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import dqlitepy
import pytest

from tests.support import HANG, free_address, run_python


class TestProcesses:
    """One test a point, with its name."""

    def test_threadsafety(self) -> None:
        assert dqlitepy.threadsafety == 2
        assert sqlite3.threadsafety in (1, 3)

    def test_more_errors(self) -> None:
        for name in ("NoLeaderError", "NotLeaderError", "LeadershipLostError", "AmbiguousCommitError"):
            assert issubclass(getattr(dqlitepy, name), dqlitepy.OperationalError)
            assert not hasattr(sqlite3, name)
        assert issubclass(dqlitepy.ForkError, dqlitepy.ProgrammingError)
        with closing(dqlitepy.connect(":memory:")) as con, pytest.raises(dqlitepy.DatabaseError) as raised:
            con.execute("ATTACH 'x' AS y")
        again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301  # made in this line
        assert (type(again), str(again)) == (dqlitepy.DatabaseError, "not authorized")
        assert again.sqlite_errorcode == sqlite3.SQLITE_AUTH

    def test_temporary_tables(self, tmp_path: Path) -> None:
        address = free_address()

        def node() -> dqlitepy.Node:
            return dqlitepy.Node(tmp_path / "node", address=address, network_latency=0.1)

        with node() as first:
            first.wait_ready(HANG)
            con = dqlitepy.connect(f"dqlite://{address}", isolation_level=None)
            con.execute("CREATE TABLE t (a)")
            con.execute("CREATE TEMP TABLE private (a)")
            assert con.execute("SELECT * FROM private").fetchall() == []
        with closing(con), node() as second:
            second.wait_ready(HANG)
            with pytest.raises(dqlitepy.OperationalError, match="temporary tables .* are gone"):
                con.execute("SELECT * FROM private")
            with pytest.raises(dqlitepy.OperationalError, match="no such table: private"):
                con.execute("SELECT * FROM private")
            assert con.execute("SELECT * FROM t").fetchall() == []

    def test_clock(self, tmp_path: Path) -> None:
        """On one machine there is one clock; what is stored is one value, though it is not computed twice."""
        with closing(dqlitepy.connect(tmp_path / "data")) as con:
            con.execute("CREATE TABLE t (at, lot)")
            con.execute("INSERT INTO t VALUES (datetime('now'), random())")
            con.commit()
            stored = con.execute("SELECT * FROM t").fetchall()
            now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
            with closing(sqlite3.connect(":memory:")) as theirs:
                assert stored[0][0] <= theirs.execute("SELECT datetime('now')").fetchone()[0]
            assert stored[0][0] <= now
        with closing(dqlitepy.connect(tmp_path / "data")) as con:  # the log is read again
            assert con.execute("SELECT * FROM t").fetchall() == stored

    def test_fork(self, tmp_path: Path) -> None:
        program = """
            import os, sys, warnings, {0}
            warnings.simplefilter("ignore")
            con = {0}.connect(sys.argv[1])
            child = os.fork()
            if child == 0:
                try:
                    {0}.connect(sys.argv[1]).close()
                except Exception as error:
                    os._exit(3 if type(error).__name__ == "ForkError" else 4)
                os._exit(0)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            con.close()
        """
        assert run_python(program.format("sqlite3"), str(tmp_path / "theirs")) == "0\n"
        assert run_python(program.format("dqlitepy"), str(tmp_path / "ours")) == "3\n"
