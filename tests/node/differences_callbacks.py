# SPDX-License-Identifier: Apache-2.0
"""The points of docs/differences-from-sqlite3.md about what would have to call back; test_differences runs them."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

import dqlitepy
import pytest

from tests.node.differences import Both
from tests.support import python


class TestCallbacks:
    """One test a point, with its name."""

    def test_functions(self, both: Both) -> None:
        for name, arguments in (
            ("create_function", ("f", 0, print)),
            ("create_aggregate", ("f", 0, object)),
            ("create_collation", ("f", print)),
        ):
            theirs, ours = both.call(name, *arguments)
            assert theirs is None
            assert ours[0] == "NotSupportedError"
        assert both.call("create_collation", "f", None) == (None, None)

    def test_authorizer(self, both: Both) -> None:
        for name, arguments in (("set_authorizer", (print,)), ("set_progress_handler", (print, 10**9))):
            theirs, ours = both.call(name, *arguments)
            assert theirs is None
            assert ours[0] == "NotSupportedError"

    def test_extensions(self, both: Both) -> None:
        theirs, ours = both.call("enable_load_extension", True)
        assert theirs is None or theirs[0] == "AttributeError"
        assert ours[0] == "NotSupportedError"

    def test_blobopen(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("INSERT INTO t VALUES (1, x'000102')")
            con.commit()
            part = con.execute("SELECT substr(b, 2, 1) FROM t").fetchone()[0]
            with con.blobopen("t", "b", 1) as blob:
                return blob[1:2] == part

        theirs, ours = both.run(program)
        assert theirs is True
        assert ours[0] == "NotSupportedError"
        assert isinstance(dqlitepy.Blob, type)

    def test_limits(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
            return con.execute("SELECT ?", ("x" * 1001,)).fetchall()

        assert both.run(program) == (("DataError", "string or blob too big"),) * 2
        theirs, ours = both.run(lambda module, con: con.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, 100))
        assert theirs == 2000
        assert ours[0] == "NotSupportedError"

    def test_settings(self, both: Both) -> None:
        _, ours = both.run(lambda module, con: con.getconfig(dqlitepy.SQLITE_DBCONFIG_ENABLE_FKEY))
        assert ours is True
        theirs, ours = both.run(lambda module, con: con.getconfig(dqlitepy.SQLITE_DBCONFIG_ENABLE_VIEW))
        assert theirs is True or theirs[0] == "AttributeError"  # before Python 3.12
        assert ours[0] == "NotSupportedError"

    @pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
    def test_shared_cache(self) -> None:
        with pytest.raises(dqlitepy.NotSupportedError, match="share its node"):
            dqlitepy.enable_shared_cache(True)
        dqlitepy.enable_shared_cache(False)
        assert hasattr(sqlite3, "enable_shared_cache") == (sys.version_info < (3, 12))

    def test_trace(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t WHERE a = 9; END")
            told: list[str] = []
            con.set_trace_callback(told.append)
            con.execute("INSERT INTO t (b) VALUES (1)")
            con.commit()
            con.executescript("SELECT 1; SELECT 2")
            return [sql.strip() for sql in told]

        theirs, ours = both.run(program)
        assert ours == ["BEGIN IMMEDIATE", "INSERT INTO t (b) VALUES (1)", "COMMIT", "SELECT 1", "SELECT 2"]
        insert = "INSERT INTO t (b) VALUES (1)"
        assert set(theirs[:-3]) == {"BEGIN", insert}
        assert theirs.count(insert) > 1
        assert theirs[-3:] == ["COMMIT", "SELECT 1;", "SELECT 2"]

    def test_newest_surface(self) -> None:
        for name in ("autocommit", "getconfig", "setconfig"):
            assert hasattr(dqlitepy.Connection, name)
            assert hasattr(sqlite3.Connection, name) == (sys.version_info >= (3, 12))
        forgotten = "import {0}, warnings; warnings.simplefilter('always'); {0}.connect(':memory:')"
        for module, warns in (("dqlitepy", True), ("sqlite3", sys.version_info >= (3, 13))):
            process = python(forgotten.format(module))
            _, told = process.communicate()
            assert ("ResourceWarning" in told) == warns
