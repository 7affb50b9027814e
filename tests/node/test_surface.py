# SPDX-License-Identifier: Apache-2.0
"""The surface of `sqlite3`: the same names, and the same behaviour of what stands beside statements and rows."""

from __future__ import annotations

import copy
import inspect
import pickle
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import dqlitepy
import pytest

from tests.support import outcome, run_python

# What `sqlite3` has only because of how it is written, and what is another module's.
NOT_ITS_SURFACE = {"collections", "datetime", "time", "OptimizedUnicode", "enable_shared_cache", "dump"}
MODULES = (sqlite3, dqlitepy)


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def test_every_name_of_sqlite3_is_here() -> None:
    assert {name for name in public(sqlite3) - NOT_ITS_SURFACE if not hasattr(dqlitepy, name)} == set()
    assert {name for name in public(sqlite3) - NOT_ITS_SURFACE if not hasattr(dqlitepy.dbapi2, name)} == set()


def test_every_attribute_of_its_objects_is_here() -> None:
    connections = [module.connect(":memory:") for module in MODULES]
    for make in (lambda con: con, lambda con: con.cursor(), lambda con: con.execute("SELECT 1").fetchone()):
        for con, module in zip(connections, MODULES, strict=True):
            con.row_factory = module.Row
        theirs, ours = map(make, connections)
        assert public(theirs) - public(ours) == set()
    for con in connections:
        con.close()


def test_its_numbers_are_the_same() -> None:
    numbers = [name for name in dir(sqlite3) if name.startswith(("SQLITE_", "PARSE_", "LEGACY_"))]
    assert {name: getattr(dqlitepy, name) for name in numbers} == {name: getattr(sqlite3, name) for name in numbers}


def test_the_arguments_of_connect_are_the_same() -> None:
    arguments = inspect.signature(dqlitepy.connect).parameters.values()
    defaults = {argument.name: argument.default for argument in arguments if argument.default is not argument.empty}
    assert list(defaults.items())[:7] == [
        ("timeout", 5.0),
        ("detect_types", 0),
        ("isolation_level", ""),
        ("check_same_thread", True),
        ("factory", None),
        ("cached_statements", 128),
        ("uri", False),
    ]
    assert defaults["autocommit"] == dqlitepy.LEGACY_TRANSACTION_CONTROL
    positional = [argument.name for argument in arguments if argument.kind is argument.POSITIONAL_OR_KEYWORD]
    assert positional == ["database", *list(defaults)[:7]]


def test_version_goes_as_it_goes_from_sqlite3() -> None:
    if sys.version_info >= (3, 14):
        with pytest.raises(AttributeError):
            _ = dqlitepy.version
    elif sys.version_info >= (3, 12):
        with pytest.warns(DeprecationWarning, match="removed in Python 3.14") as warned:
            assert dqlitepy.version == dqlitepy.__version__
        assert warned[0].filename == __file__
    else:
        assert dqlitepy.version == dqlitepy.__version__


@pytest.fixture
def both() -> Iterator[tuple[Any, Any]]:
    """Yields a connection of each module."""
    connections = tuple(module.connect(":memory:") for module in MODULES)
    yield connections
    for connection in connections:
        connection.close()


REFUSED: dict[str, Callable[[Any], Any]] = {
    "create_function": lambda con: con.create_function("f", 1, abs),
    "create_aggregate": lambda con: con.create_aggregate("f", 1, object),
    "create_window_function": lambda con: con.create_window_function("f", 1, object),
    "create_collation": lambda con: con.create_collation("c", lambda one, two: 0),
    "set_authorizer": lambda con: con.set_authorizer(lambda *_: 0),
    "set_progress_handler": lambda con: con.set_progress_handler(lambda: 0, 100),
    "enable_load_extension": lambda con: con.enable_load_extension(True),
    "load_extension": lambda con: con.load_extension("x"),
    "blobopen": lambda con: con.blobopen("t", "a", 1),
    "setlimit": lambda con: con.setlimit(dqlitepy.SQLITE_LIMIT_COLUMN, 5),
    "setconfig": lambda con: con.setconfig(dqlitepy.SQLITE_DBCONFIG_ENABLE_TRIGGER),
    "getconfig": lambda con: con.getconfig(dqlitepy.SQLITE_DBCONFIG_ENABLE_TRIGGER),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_says_why(con: dqlitepy.Connection, name: str) -> None:
    with pytest.raises(dqlitepy.NotSupportedError, match=r"\. [A-Z]|built in"):
        REFUSED[name](con)
    wrong: list[Any] = []
    thread = threading.Thread(target=lambda: wrong.append(outcome(lambda: REFUSED[name](con))))
    thread.start()
    thread.join()
    assert wrong[0][0] == "ProgrammingError"
    con.close()
    with pytest.raises(dqlitepy.ProgrammingError, match="closed database"):
        REFUSED[name](con)


def test_what_takes_nothing_away_is_allowed(con: dqlitepy.Connection) -> None:
    con.create_function("f", 1, None)
    con.create_aggregate("f", 1, None)
    con.create_window_function("f", 1, None)
    con.create_collation("c", None)
    con.set_authorizer(None)
    con.set_progress_handler(None, 0)
    con.enable_load_extension(False)
    dqlitepy.enable_shared_cache(False)
    assert con.setlimit(dqlitepy.SQLITE_LIMIT_COLUMN, -1) == con.getlimit(dqlitepy.SQLITE_LIMIT_COLUMN)


def test_no_instances_of_what_only_a_connection_makes(con: dqlitepy.Connection) -> None:
    with pytest.raises(TypeError, match="cannot create 'dqlitepy.Blob' instances"):
        dqlitepy.Blob()
    statement = con("SELECT ?, :a")
    with pytest.raises(TypeError, match="cannot create 'dqlitepy.Statement' instances"):
        type(statement)()
    assert statement.sql == "SELECT ?, :a"


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT 1; SELECT 2", "SELECT * FROM nothing", b"SELECT 1", "SELECT '\ud800'"]
)
def test_calling_a_connection_compiles(both: tuple[Any, Any], sql: Any) -> None:
    theirs, ours = (outcome(partial(con, sql)) for con in both)
    assert ours[0] == theirs[0]
    assert both[1]("EXPLAIN SELECT 1").sql == "EXPLAIN SELECT 1"
    assert both[1]("").sql == ""


def test_connections_and_cursors_stay_in_their_process(both: tuple[Any, Any]) -> None:
    for duplicate in (pickle.dumps, copy.copy, copy.deepcopy):
        for con in both:
            with pytest.raises(TypeError, match="cannot pickle"):
                duplicate(con)
            with pytest.raises(TypeError, match="cannot pickle"):
                duplicate(con.cursor())


CATEGORIES = {name: getattr(sqlite3, name) for name in dir(sqlite3) if name.startswith("SQLITE_LIMIT_")}


@pytest.mark.parametrize("name", CATEGORIES)
def test_limits(con: dqlitepy.Connection, name: str) -> None:
    category = CATEGORIES[name]
    [told] = run_python(
        f"""
        import dqlitepy
        con = dqlitepy.connect(":memory:")
        print(con.getlimit({category}))
        con.close()
        """
    ).split()
    assert con.getlimit(category) == con.setlimit(category, -1) == con.setlimit(category, 2**31 - 1) == int(told)


def test_lowered_limits_hold(both: tuple[Any, Any]) -> None:
    def steps(con: Any) -> list[Any]:
        return [
            con.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 2) > 2,
            outcome(lambda: con.execute("SELECT ?, ?", (1, 2)).fetchall()),
            outcome(lambda: con.execute("SELECT ?, ?, ?", (1, 2, 3))),
            outcome(lambda: con.execute("SELECT :a, :b, :c", {"a": 1, "b": 2, "c": 3})),
            con.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100) > 100,
            outcome(lambda: con.execute("SELECT length(?)", ("é" * 50,)).fetchall()),
            outcome(lambda: con.execute("SELECT length(?)", ("é" * 51,))),
            outcome(lambda: con.execute("SELECT length(?)", (b"x" * 101,))),
            con.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 30) > 30,
            outcome(lambda: con.execute("SELECT 1".ljust(30)).fetchall()),
            outcome(lambda: con.execute("SELECT 1".ljust(31))),
            outcome(lambda: con.executemany("INSERT INTO t VALUES (?)".ljust(31), [])),
            outcome(lambda: con.executescript("SELECT 1;".ljust(31))),
            outcome(lambda: con.getlimit(99)),
            outcome(lambda: con.setlimit(-1, 0)),
        ]

    theirs, ours = (steps(con) for con in both)
    assert ours == theirs


def test_settings(con: dqlitepy.Connection) -> None:
    for setting in (
        dqlitepy.SQLITE_DBCONFIG_ENABLE_FKEY,
        dqlitepy.SQLITE_DBCONFIG_LEGACY_ALTER_TABLE,
        dqlitepy.SQLITE_DBCONFIG_TRUSTED_SCHEMA,
        dqlitepy.SQLITE_DBCONFIG_WRITABLE_SCHEMA,
    ):
        before = con.getconfig(setting)
        con.setconfig(setting, not before)
        assert con.getconfig(setting) is not before
        con.setconfig(setting)
        assert con.getconfig(setting) is True
    con.execute("BEGIN")
    with pytest.raises(dqlitepy.OperationalError, match="Unable to set config: end the transaction first"):
        con.setconfig(dqlitepy.SQLITE_DBCONFIG_ENABLE_FKEY, False)
    with pytest.raises(ValueError, match="^unknown config 'op': 5$"):
        con.getconfig(5)


def test_named_parameters_with_a_sequence(both: tuple[Any, Any], recwarn: pytest.WarningsRecorder) -> None:
    for run in (
        lambda con: con.execute("SELECT :a, ?2", (1, 2)).fetchall(),
        lambda con: con.execute("SELECT ?1, ?", [1, 2]).fetchall(),
        lambda con: con.executemany("INSERT INTO t VALUES (@a)", [(1,)]).rowcount,
    ):
        told = []
        for con in both:
            con.execute("CREATE TABLE IF NOT EXISTS t (a)")
            recwarn.clear()
            result = outcome(partial(run, con))
            # sqlite3 before Python 3.12.4 takes numbered parameters for named ones.
            warned = [w.category for w in recwarn if con is both[1] or "('?" not in str(w.message)]
            told.append((result, warned))
            assert {warning.filename for warning in recwarn} <= {__file__}
        if isinstance(told[0][0], tuple):  # since Python 3.14
            assert told[1][0][0] == told[0][0][0]
        else:
            assert told[1] == told[0]


class TestSubclasses:
    def test_a_cursor_that_forgets_its_init(self, con: dqlitepy.Connection) -> None:
        class Forgetful(dqlitepy.Cursor):
            def __init__(self, connection: dqlitepy.Connection) -> None:
                pass

        cursor = con.cursor(Forgetful)
        for method in (cursor.close, cursor.fetchone, cursor.fetchall, lambda: cursor.execute("SELECT 1")):
            with pytest.raises(dqlitepy.ProgrammingError, match=r"^Base Cursor\.__init__ not called\.$"):
                method()

    def test_a_class_that_pretends(self, con: dqlitepy.Connection) -> None:
        class Fake(str):
            __class__ = dqlitepy.Cursor  # type: ignore[assignment]

        with pytest.raises(TypeError, match="factory must return a cursor, not Fake"):
            con.cursor(lambda connection: Fake())  # type: ignore[arg-type, return-value]
        with pytest.raises(TypeError):
            dqlitepy.Row(Fake(), ())  # type: ignore[arg-type]

    def test_a_row_of_ones_own(self, con: dqlitepy.Connection) -> None:
        class Mine(dqlitepy.Row):
            def total(self) -> int:
                return sum(self)

        con.row_factory = Mine
        assert con.execute("SELECT 1 AS a, 2 AS b").fetchone().total() == 3


class TestRecursion:
    """A cursor must not be used by code that it calls itself."""

    USES: tuple[Callable[[Any, Any], Any], ...] = (
        lambda con, cursor: cursor.execute("SELECT 2"),
        lambda con, cursor: cursor.executemany("INSERT INTO t VALUES (?)", []),
        lambda con, cursor: cursor.fetchone(),
        lambda con, cursor: cursor.fetchall(),
        lambda con, cursor: cursor.close(),
        lambda con, cursor: cursor.__init__(con),
    )

    @pytest.mark.parametrize("use", USES)
    def test_in_an_adapter(self, both: tuple[Any, Any], use: Callable[[Any, Any], Any]) -> None:
        for con, module in zip(both, MODULES, strict=True):
            cursor = con.cursor()

            class Adapted:
                def __conform__(self, protocol: object, con: Any = con, cursor: Any = cursor) -> Any:
                    return use(con, cursor)

            with pytest.raises(module.ProgrammingError, match="Recursive use of cursors not allowed"):
                cursor.execute("SELECT ?", (Adapted(),))
            assert cursor.execute("SELECT 1").fetchall() == [(1,)]

    @pytest.mark.parametrize("use", USES)
    def test_in_a_text_factory(self, both: tuple[Any, Any], use: Callable[[Any, Any], Any]) -> None:
        for con, module in zip(both, MODULES, strict=True):
            cursor = con.cursor()
            con.text_factory = lambda text, con=con, cursor=cursor: use(con, cursor)
            cursor.execute("SELECT 'x'")
            with pytest.raises(module.ProgrammingError, match="Recursive use of cursors not allowed"):
                cursor.fetchone()

    def test_in_the_rows_of_executemany(self, both: tuple[Any, Any]) -> None:
        for con, module in zip(both, MODULES, strict=True):
            con.execute("CREATE TABLE t (a)")
            cursor = con.cursor()
            with pytest.raises(module.ProgrammingError, match="Recursive use of cursors not allowed"):
                cursor.executemany("INSERT INTO t VALUES (?)", ((cursor.execute("SELECT 1"),) for _ in "x"))
