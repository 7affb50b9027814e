# SPDX-License-Identifier: Apache-2.0
"""docs/differences-from-sqlite3.md: each of its points is run on both modules, and the page names each that is run."""

from __future__ import annotations

import os
import pickle
import re
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dqlitepy
import pytest

from tests.support import DIFFERENCES, finish, python, run_python

POINT = re.compile(r'^<a id="([a-z0-9-]+)"></a>$', re.MULTILINE)


class Both:
    """The same program on both modules, each with a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open: list[Any] = []

    def connect(self, module: Any, **arguments: Any) -> Any:
        """Returns a connection to the module's database; all are closed when the test ends."""
        connection = module.connect(self.folder / module.__name__, **arguments)
        self.open.append(connection)
        return connection

    def run(self, program: Callable[[Any, Any], Any], **arguments: Any) -> tuple[Any, Any]:
        """Returns what `program(module, connection)` gives, or the class and message of what it raises, for each."""
        told: list[Any] = []
        for module in (sqlite3, dqlitepy):
            connection = self.connect(module, **arguments)
            connection.execute("CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b)")
            try:
                told.append(program(module, connection))
            except Exception as error:
                told.append((type(error).__name__, str(error)))
        return told[0], told[1]

    def call(self, name: str, *arguments: Any) -> tuple[Any, Any]:
        """Returns what a method of the connection gives, or the class and message of what it raises, for each."""
        return self.run(lambda module, con: getattr(con, name)(*arguments))

    def sql(self, statement: str) -> tuple[Any, Any]:
        """Returns the rows of a statement, or the class and message of what it raises, for each."""
        return self.run(lambda module, con: con.execute(statement).fetchall())


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    """Yields a Both in a folder that goes."""
    it = Both(tmp_path)
    yield it
    for connection in it.open:
        connection.close()


NOT_AUTHORIZED = ("DatabaseError", "not authorized")


class TestPoint:
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
        assert modules >= {"fts5", "rtree", "dbstat"}
        assert not modules & {"fts3", "fts4"}
        assert con.execute("SELECT sqrt(4), json('[1]')").fetchone() == (2.0, "[1]")
        with pytest.raises(dqlitepy.OperationalError, match="no such function: soundex"):
            con.execute("SELECT soundex('a')")

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

    def test_empty_executemany(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.executemany("INSERT INTO t (b) VALUES (?)", [])
            return con.in_transaction

        assert both.run(program) == (True, False)

    def test_failed_parameters(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            with pytest.raises(module.ProgrammingError, match="Incorrect number of bindings supplied"):
                con.execute("INSERT INTO t (b) VALUES (?)", ())
            return con.in_transaction

        assert both.run(program) == (True, False)

    def test_busy_timeout(self, both: Both) -> None:
        assert both.sql("PRAGMA busy_timeout") == ([(5000,)], NOT_AUTHORIZED)

    def test_returning_rowcount(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            cursor = con.execute("INSERT INTO t (b) VALUES (1), (2) RETURNING a")
            return cursor.rowcount, len(cursor.fetchall()), cursor.rowcount

        assert both.run(program) == ((0, 2, 2), (2, 2, 2))

    def test_empty_statement(self, both: Both) -> None:
        def program(module: Any, con: Any) -> Any:
            con.execute("INSERT INTO t VALUES (7, 1)")
            return con.execute("").lastrowid, con.execute("-- nothing").lastrowid

        assert both.run(program) == ((None, None), (7, 7))

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

    def test_pragmas(self, both: Both) -> None:
        for name in ("journal_mode", "synchronous", "page_size", "wal_autocheckpoint"):
            theirs, ours = both.sql(f"PRAGMA {name}")
            assert len(theirs) == len(ours) == 1
        assert both.sql("PRAGMA journal_mode") == ([("delete",)], [("wal",)])
        assert both.sql("PRAGMA synchronous") == ([(2,)], [(0,)])
        for setting in (
            "journal_mode = DELETE",
            "synchronous = OFF",
            "page_size = 8192",
            "wal_autocheckpoint = 5",
            "wal_checkpoint",
            "locking_mode = NORMAL",
            "read_uncommitted = 1",
            "busy_timeout = 4",
        ):
            theirs, ours = both.sql(f"PRAGMA {setting}")
            assert isinstance(theirs, list), setting
            assert ours == NOT_AUTHORIZED, setting
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
                con.execute("PRAGMA wal_checkpoint")
            except module.Error as error:
                return type(error).__name__, str(error), error.sqlite_errorname

        assert both.run(program) == (("DatabaseError", "not authorized", "SQLITE_AUTH"),) * 2

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

    def test_positional_arguments(self, both: Both, tmp_path: Path) -> None:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            sqlite3.connect(":memory:", 1.0).close()
        assert bool(warned) == (sys.version_info >= (3, 13))
        dqlitepy.connect(":memory:", 1.0).close()

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

        assert both.run(restored) == (("OperationalError", "no such table: f"), None)

    def test_threadsafety(self) -> None:
        assert dqlitepy.threadsafety == 2
        assert sqlite3.threadsafety in (1, 3)

    def test_more_errors(self) -> None:
        for name in ("NoLeaderError", "NotLeaderError", "LeadershipLostError", "AmbiguousCommitError"):
            assert issubclass(getattr(dqlitepy, name), dqlitepy.OperationalError)
            assert not hasattr(sqlite3, name)
        assert issubclass(dqlitepy.ForkError, dqlitepy.ProgrammingError)
        with closing(dqlitepy.connect(":memory:")) as con, pytest.raises(dqlitepy.DatabaseError) as raised:
            con.execute("PRAGMA wal_checkpoint")
        again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301  # made in this line
        assert (type(again), str(again)) == (dqlitepy.DatabaseError, "not authorized")
        assert again.sqlite_errorcode == sqlite3.SQLITE_AUTH

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


def test_the_page_and_the_tests_name_the_same_points() -> None:
    named = POINT.findall(DIFFERENCES.read_text(encoding="utf-8"))
    run = [name.removeprefix("test_").replace("_", "-") for name in vars(TestPoint) if name.startswith("test_")]
    assert sorted(named) == sorted(run)
    assert len(set(named)) == len(named)
