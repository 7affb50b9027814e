# SPDX-License-Identifier: Apache-2.0
"""The points of docs/differences-from-sqlite3.md about opening a database; test_differences runs them."""

from __future__ import annotations

import os
import sqlite3
import sys
import warnings
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

from tests.node.differences import Both
from tests.support import finish, python, run_python


class TestOpening:
    """One test a point, with its name."""

    def test_directory(self, both: Both, tmp_path: Path) -> None:
        assert both.run(lambda module, con: (tmp_path / module.__name__).is_dir()) == (False, True)
        (tmp_path / "file").touch()
        sqlite3.connect(tmp_path / "file").close()
        with pytest.raises(dqlitepy.OperationalError, match="it is a file"):
            dqlitepy.connect(tmp_path / "file")

    def test_one_process(self, both: Both, tmp_path: Path) -> None:
        both.run(lambda module, con: None)
        program = "import sys, {0}; {0}.connect(sys.argv[1]).close()"
        run_python(program.format("sqlite3"), str(tmp_path / "sqlite3"))
        process = python(program.format("dqlitepy"), str(tmp_path / "dqlitepy"))
        process.wait()
        assert process.stderr is not None
        told = process.stderr.read()
        assert process.returncode == 1
        assert "OperationalError" in told
        assert str(os.getpid()) in told
        finish(process, 1)

    def test_databases(self, both: Both) -> None:
        ours = both.connect(dqlitepy)
        ours.execute("CREATE TABLE t (a)")
        other = both.connect(dqlitepy, name="other")
        assert other.execute("SELECT * FROM sqlite_schema").fetchall() == []
        with pytest.raises(TypeError):
            both.connect(sqlite3, name="other")

    def test_memory(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with closing(sqlite3.connect(":memory:")):
            assert os.listdir(tmp_path) == []
        with closing(dqlitepy.connect(":memory:")):
            assert len(os.listdir(tmp_path)) == 1
        assert os.listdir(tmp_path) == []

    def test_uri(self, both: Both, tmp_path: Path) -> None:
        both.connect(sqlite3)
        sqlite3.connect(f"file:{tmp_path}/sqlite3?mode=ro", uri=True).close()
        both.connect(dqlitepy)
        uri = f"file:{tmp_path}/dqlitepy?mode=ro"
        with (
            closing(dqlitepy.connect(uri, uri=True)) as con,
            pytest.raises(dqlitepy.OperationalError, match="readonly"),
        ):
            con.execute("CREATE TABLE u (a)")
        with pytest.raises(dqlitepy.NotSupportedError, match="a node has no such thing"):
            dqlitepy.connect(f"{uri}&cache=shared", uri=True)

    def test_foreign_keys(self, both: Both) -> None:
        assert both.sql("PRAGMA foreign_keys") == ([(0,)], [(1,)])
        ours = both.connect(dqlitepy)
        ours.execute("PRAGMA foreign_keys = OFF")
        assert ours.execute("PRAGMA foreign_keys").fetchone() == (0,)

    def test_sqlite_version(self, both: Both) -> None:
        theirs, ours = both.sql("SELECT sqlite_version()")
        assert theirs == [(sqlite3.sqlite_version,)]
        assert ours == [(dqlitepy.sqlite_version,)]
        con = both.connect(dqlitepy)
        modules = {name for (name,) in con.execute("SELECT name FROM pragma_module_list")}
        assert modules >= {"fts3", "fts4", "fts5", "rtree", "dbstat"}
        assert con.execute("SELECT sqrt(4), json('[1]')").fetchone() == (2.0, "[1]")
        for missing in ("soundex", "fts3_tokenizer"):
            with pytest.raises(dqlitepy.OperationalError, match=f"no such function: {missing}"):
                con.execute(f"SELECT {missing}('simple')")

    def test_positional_arguments(self, both: Both, tmp_path: Path) -> None:
        if sys.version_info >= (3, 15):
            with pytest.raises(TypeError, match="positional"):
                sqlite3.connect(":memory:", 1.0)
        else:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                sqlite3.connect(":memory:", 1.0).close()
            assert bool(warned) == (sys.version_info >= (3, 13))
        dqlitepy.connect(":memory:", 1.0).close()
