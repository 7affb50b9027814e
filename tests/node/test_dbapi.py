# SPDX-License-Identifier: Apache-2.0
"""Connections and cursors: what PEP 249 and `sqlite3` promise beyond the results of statements."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path
from typing import Any

import dqlitepy
import pytest

from tests.support import open_handles


def test_connect_gives_back_nothing_open_after_close(directory: Path) -> None:
    before = open_handles()
    con = dqlitepy.connect(directory)
    assert open_handles() == before + 2  # the node and the connection
    con.close()
    assert open_handles() == before


def test_exceptions_are_attributes_of_a_connection(con: dqlitepy.Connection) -> None:
    for name in (
        "Warning", "Error", "InterfaceError", "DatabaseError", "DataError", "OperationalError", "IntegrityError",
        "InternalError", "ProgrammingError", "NotSupportedError",
    ):  # fmt: skip
        assert getattr(con, name) is getattr(dqlitepy, name)
    with pytest.raises(con.OperationalError):
        con.execute("SELECT * FROM missing")


METHODS: list[Any] = [
    lambda con: con.cursor(),
    lambda con: con.execute("SELECT 1"),
    lambda con: con.executemany("SELECT 1", []),
    lambda con: con.executescript(""),
    lambda con: con.commit(),
    lambda con: con.rollback(),
    lambda con: con.in_transaction,
    lambda con: con.total_changes,
    lambda con: con.isolation_level,
    lambda con: con.interrupt(),
    lambda con: con.__enter__(),
]


@pytest.mark.parametrize("number", range(len(METHODS)))
def test_a_closed_connection_is_refused(directory: Path, number: int) -> None:
    con = dqlitepy.connect(directory)
    con.close()
    con.close()
    with pytest.raises(dqlitepy.ProgrammingError, match=r"^Cannot operate on a closed database\.$"):
        METHODS[number](con)


def test_cursors_of_a_closed_connection_are_refused(directory: Path) -> None:
    con = dqlitepy.connect(directory)
    cursor = con.execute("SELECT 1 UNION SELECT 2")
    con.close()
    for use in (cursor.fetchone, cursor.fetchmany, cursor.fetchall, cursor.close, lambda: cursor.execute("SELECT 1")):
        with pytest.raises(dqlitepy.ProgrammingError, match="closed database"):
            use()


def test_a_closed_cursor_is_refused(con: dqlitepy.Connection) -> None:
    cursor = con.execute("SELECT 1")
    cursor.close()
    cursor.close()
    for use in (
        cursor.fetchone,
        cursor.fetchmany,
        cursor.fetchall,
        lambda: cursor.execute("SELECT 1"),
        lambda: next(cursor),
    ):
        with pytest.raises(dqlitepy.ProgrammingError, match=r"^Cannot operate on a closed cursor\.$"):
            use()


def test_a_connection_that_was_not_initialized_is_refused() -> None:
    class Forgetful(dqlitepy.Connection):
        def __init__(self) -> None:
            pass

    for method in METHODS:
        with pytest.raises(dqlitepy.ProgrammingError, match=r"^Base Connection.__init__ not called\.$"):
            method(Forgetful())
    with pytest.raises(dqlitepy.ProgrammingError, match=r"^Base Connection.__init__ not called\.$"):
        Forgetful().close()


def test_the_context_manager_commits(con: dqlitepy.Connection) -> None:
    con.execute("CREATE TABLE t (a)")
    with con as same:
        assert same is con
        con.execute("INSERT INTO t VALUES (1)")
        assert con.in_transaction
    assert not con.in_transaction
    assert con.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_the_context_manager_rolls_back_after_an_exception(con: dqlitepy.Connection) -> None:
    con.execute("CREATE TABLE t (a)")
    with pytest.raises(ZeroDivisionError), con:
        con.execute("INSERT INTO t VALUES (1)")
        _ = 1 / 0
    assert not con.in_transaction
    assert con.execute("SELECT a FROM t").fetchall() == []


def test_a_commit_that_fails_in_the_context_manager_is_rolled_back(con: dqlitepy.Connection) -> None:
    con.executescript("CREATE TABLE t (a PRIMARY KEY); CREATE TABLE u (a REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(dqlitepy.IntegrityError), con:
        con.execute("INSERT INTO u VALUES (1)")
    assert not con.in_transaction


def test_closing_rolls_back(directory: Path) -> None:
    con = dqlitepy.connect(directory)
    con.execute("CREATE TABLE t (a)")
    con.execute("INSERT INTO t VALUES (1)")
    con.close()
    con = dqlitepy.connect(directory)
    assert con.execute("SELECT * FROM t").fetchall() == []
    con.close()


def test_a_leaked_connection_warns_and_is_closed(directory: Path) -> None:
    before = open_handles()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dqlitepy.connect(directory)
        gc.collect()
    assert [warning.category for warning in caught] == [ResourceWarning]
    assert "unclosed database in <dqlitepy.connection.Connection object at" in str(caught[0].message)
    con = dqlitepy.connect(directory)  # waits for the end of the node that was leaked
    con.close()
    assert open_handles() == before


def test_row_factory(con: dqlitepy.Connection) -> None:
    con.row_factory = dqlitepy.Row
    row = con.execute("SELECT 1 AS a, 'x' AS b").fetchone()
    assert (row["a"], row["B"], row.keys()) == (1, "x", ["a", "b"])
    con.row_factory = lambda cursor, values: {
        column[0]: value for column, value in zip(cursor.description, values, strict=True)
    }
    assert con.execute("SELECT 1 AS a UNION SELECT 2").fetchall() == [{"a": 1}, {"a": 2}]
    assert list(con.execute("SELECT 1 AS a")) == [{"a": 1}]
    cursor = con.cursor()
    cursor.row_factory = None
    assert cursor.execute("SELECT 1 AS a").fetchmany(5) == [(1,)]


def test_a_row_factory_may_return_none(con: dqlitepy.Connection) -> None:
    con.row_factory = lambda cursor, values: None
    assert list(con.execute("VALUES (1), (2)")) == [None, None]
    assert con.execute("VALUES (1), (2)").fetchall() == [None, None]


def test_cursor_factory(con: dqlitepy.Connection) -> None:
    class Mine(dqlitepy.Cursor):
        pass

    assert type(con.cursor(Mine)) is Mine
    assert type(con.cursor(factory=Mine)) is Mine
    with pytest.raises(TypeError, match="^factory must return a cursor, not int$"):
        con.cursor(lambda connection: 5)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match=r"^Cursor\(\) argument 1 must be dqlitepy.Connection, not str$"):
        dqlitepy.Cursor("x")  # type: ignore[arg-type]


def test_connection_factory(directory: Path) -> None:
    given: list[Any] = []

    class Mine(dqlitepy.Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            given.append((arguments, options))
            super().__init__(*arguments, **options)

    con = dqlitepy.connect(directory, isolation_level=None, factory=Mine)
    assert type(con) is Mine
    assert con.isolation_level is None
    con.close()
    arguments = (directory, 1.0, 0, "EXCLUSIVE", True, Mine, 10, False)
    other = dqlitepy.connect(*arguments)
    assert type(other) is Mine
    assert other.isolation_level == "EXCLUSIVE"
    other.close()
    assert given == [((directory,), {"isolation_level": None, "factory": Mine}), (arguments, {})]


def test_a_connection_can_be_initialized_again(directory: Path, tmp_path: Path) -> None:
    con = dqlitepy.connect(directory)
    con.execute("CREATE TABLE t (a)")
    con.__init__(tmp_path / "other")  # type: ignore[misc]
    assert con.execute("SELECT name FROM sqlite_schema").fetchall() == []
    con.close()


def test_databases_of_different_names_are_apart(directory: Path) -> None:
    one, two = dqlitepy.connect(directory), dqlitepy.connect(directory, name="other")
    one.execute("CREATE TABLE t (a)")
    assert two.execute("SELECT name FROM sqlite_schema").fetchall() == []
    one.close()
    two.close()


@pytest.mark.parametrize("database", [":memory:", ""])
def test_temporary_databases_are_apart_and_go(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one, two = dqlitepy.connect(database), dqlitepy.connect(database)
    one.execute("CREATE TABLE t (a)")
    assert two.execute("SELECT name FROM sqlite_schema").fetchall() == []
    assert len(list(tmp_path.iterdir())) == 2
    one.close()
    two.close()
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_connection_neither_makes_nor_changes_a_database(directory: Path) -> None:
    uri = f"file:{directory}?mode=ro"
    with pytest.raises(dqlitepy.OperationalError, match="unable to open database directory"):
        dqlitepy.connect(uri, uri=True)
    assert not directory.exists()
    writer = dqlitepy.connect(directory)
    writer.execute("CREATE TABLE t (a)")
    reader = dqlitepy.connect(uri, uri=True)
    assert reader.execute("SELECT * FROM t").fetchall() == []
    with pytest.raises(dqlitepy.OperationalError, match="readonly"):
        reader.execute("INSERT INTO t VALUES (1)")
    reader.close()
    writer.execute("INSERT INTO t VALUES (1)")
    writer.close()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"database": 5.0}, TypeError),
        ({"database": "a\0b"}, ValueError),
        ({"database": "data", "isolation_level": "BOGUS"}, ValueError),
        ({"database": "data", "isolation_level": 1}, TypeError),
        ({"database": "data", "timeout": "long"}, TypeError),
        ({"database": "data", "timeout": float("nan")}, ValueError),
        ({"database": "data", "leader_timeout": float("nan")}, ValueError),
        ({"database": "data", "cached_statements": "many"}, TypeError),
        ({"database": "data", "name": ""}, ValueError),
        ({"database": "data", "name": "a\0b"}, ValueError),
        ({"database": "data", "name": b"x"}, TypeError),
    ],
)
def test_wrong_arguments_make_no_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], error: type[Exception]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error):
        dqlitepy.connect(**arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("timeout", [float("inf"), 1e30, -1.0, -float("inf")])
def test_extreme_timeouts(directory: Path, timeout: float) -> None:
    con = dqlitepy.connect(directory, timeout=timeout)
    assert con.execute("SELECT 1").fetchone() == (1,)
    con.close()


def test_sizes_that_pep_249_wants(con: dqlitepy.Connection) -> None:
    cursor = con.cursor()
    cursor.setinputsizes([1])
    cursor.setoutputsize(1, 2)
    assert cursor.arraysize == 1
    cursor.arraysize = 3
    assert cursor.execute("SELECT value FROM json_each('[1,2,3,4]')").fetchmany() == [(1,), (2,), (3,)]
    assert cursor.connection is con


def test_text_factory(con: dqlitepy.Connection) -> None:
    query = "SELECT 'té', x'74', 5, NULL"
    con.text_factory = bytes
    assert con.execute(query).fetchall() == [("té".encode(), b"t", 5, None)]
    assert con.execute("SELECT CAST(x'ff' AS TEXT)").fetchall() == [(b"\xff",)]
    con.text_factory = lambda text: text.decode("latin-1")
    assert con.execute(query).fetchall() == [("tÃ©", b"t", 5, None)]
    assert con.execute("SELECT CAST(x'ff' AS TEXT), x'ff'").fetchall() == [("ÿ", b"\xff")]
    con.text_factory = bytearray
    assert con.execute(query).fetchall() == [(bytearray("té".encode()), b"t", 5, None)]
    con.text_factory = str
    assert con.execute(query).fetchall() == [("té", b"t", 5, None)]


def test_versions(con: dqlitepy.Connection) -> None:
    found = dqlitepy.versions()
    assert found["dqlitepy"] == dqlitepy.__version__
    assert {"sqlite", "dqlite", "raft", "libuv", "lz4", "go-dqlite", "go"} <= set(found)
    assert (dqlitepy.sqlite_version,) == con.execute("SELECT sqlite_version()").fetchone()
    assert ".".join(map(str, dqlitepy.sqlite_version_info)) == dqlitepy.sqlite_version
