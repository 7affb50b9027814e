# SPDX-License-Identifier: Apache-2.0
"""The exceptions: PEP 249's tree, SQLite's codes as `sqlite3` maps them, pickling, and the mapping from the shim."""

from __future__ import annotations

import pickle
import sqlite3

import dqlitepy
import pytest
from dqlitepy import _result_codes, errors
from dqlitepy._native import abi
from dqlitepy._native.exceptions import exception_of

PARENTS = {
    "Warning": Warning,
    "Error": Exception,
    "InterfaceError": dqlitepy.Error,
    "UnsupportedPlatformError": dqlitepy.InterfaceError,
    "DatabaseError": dqlitepy.Error,
    "DataError": dqlitepy.DatabaseError,
    "IntegrityError": dqlitepy.DatabaseError,
    "InternalError": dqlitepy.DatabaseError,
    "NotSupportedError": dqlitepy.DatabaseError,
    "ProgrammingError": dqlitepy.DatabaseError,
    "ForkError": dqlitepy.ProgrammingError,
    "OperationalError": dqlitepy.DatabaseError,
    "NoLeaderError": dqlitepy.OperationalError,
    "NotLeaderError": dqlitepy.OperationalError,
    "StaleReadError": dqlitepy.OperationalError,
    "LeadershipLostError": dqlitepy.OperationalError,
    "AmbiguousCommitError": dqlitepy.OperationalError,
}
SQLITE3_CODES = {
    name: getattr(sqlite3, name) for name in dir(sqlite3) if name.startswith("SQLITE_") and name in vars(_result_codes)
}


def name_of(code: int) -> str:
    return errors.with_code(dqlitepy.Error(), code).sqlite_errorname


def native_error(kind: int, code: int = 0, message: bytes = b"what happened") -> abi.ErrorStruct:
    return abi.ErrorStruct(kind=kind, code=code, message_size=len(message), message=message)


def test_every_exception_is_in_the_tree() -> None:
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert defined == set(PARENTS)


@pytest.mark.parametrize("name", PARENTS)
def test_tree(name: str) -> None:
    exception = getattr(dqlitepy, name)
    assert exception.__bases__[0] is PARENTS[name]
    assert exception.__module__ == "dqlitepy"
    assert exception.__doc__


def test_unsupported_platform_is_a_runtime_error() -> None:
    assert issubclass(dqlitepy.UnsupportedPlatformError, RuntimeError)


@pytest.mark.parametrize("name", PARENTS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_keeps_message_and_attributes(name: str, protocol: int) -> None:
    exception = getattr(dqlitepy, name)("no such table: t")
    exception.sqlite_errorcode = 1
    exception.sqlite_errorname = "SQLITE_ERROR"
    copy = pickle.loads(pickle.dumps(exception, protocol))  # noqa: S301
    assert type(copy) is type(exception)
    assert copy.args == ("no such table: t",)
    assert (copy.sqlite_errorcode, copy.sqlite_errorname) == (1, "SQLITE_ERROR")


def test_codes_have_the_names_that_sqlite3_gives_them() -> None:
    assert len(SQLITE3_CODES) > 80
    assert {name: name_of(code) for name, code in SQLITE3_CODES.items()} == {name: name for name in SQLITE3_CODES}


def test_an_unknown_extended_code_has_the_name_of_its_primary_code() -> None:
    assert name_of(5 | 99 << 8) == "SQLITE_BUSY"
    assert name_of(99) == "unknown"


# What CPython raises, by making real failures of these primary codes with the standard library's sqlite3.
REAL_FAILURES = {
    "SELECT * FROM missing": sqlite3.OperationalError,
    "INSERT INTO t VALUES (1, NULL)": sqlite3.IntegrityError,
    "INSERT INTO t VALUES ('x', 1)": sqlite3.IntegrityError,
    "SELECT zeroblob(2000000000)": sqlite3.DataError,
}


@pytest.mark.parametrize("sql", REAL_FAILURES)
def test_classes_are_those_of_sqlite3(sql: str) -> None:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b NOT NULL)")
        with pytest.raises(REAL_FAILURES[sql]) as theirs:
            connection.execute(sql)
    finally:
        connection.close()
    ours = exception_of(native_error(abi.Kind.SQLITE, theirs.value.sqlite_errorcode))
    assert isinstance(ours, dqlitepy.Error)
    assert type(ours).__name__ == type(theirs.value).__name__
    assert ours.sqlite_errorcode == theirs.value.sqlite_errorcode
    assert ours.sqlite_errorname == theirs.value.sqlite_errorname
    assert str(ours) == "what happened"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (2, dqlitepy.InternalError),
        (7, MemoryError),
        (11, dqlitepy.DatabaseError),
        (12, dqlitepy.InternalError),
        (21, dqlitepy.InterfaceError),
        (23, dqlitepy.DatabaseError),
        (517, dqlitepy.OperationalError),
        (2067, dqlitepy.IntegrityError),
        (10250, dqlitepy.OperationalError),
    ],
)
def test_class_of_code(code: int, expected: type[Exception]) -> None:
    assert type(exception_of(native_error(abi.Kind.SQLITE, code))) is expected


KINDS = {
    abi.Kind.PROGRAMMING: dqlitepy.ProgrammingError,
    abi.Kind.BAD_HANDLE: dqlitepy.ProgrammingError,
    abi.Kind.NOT_SUPPORTED: dqlitepy.NotSupportedError,
    abi.Kind.DATA: dqlitepy.OperationalError,
    abi.Kind.NODE: dqlitepy.OperationalError,
    abi.Kind.NO_LEADER: dqlitepy.NoLeaderError,
    abi.Kind.NOT_LEADER: dqlitepy.NotLeaderError,
    abi.Kind.LEADERSHIP_LOST: dqlitepy.LeadershipLostError,
    abi.Kind.AMBIGUOUS_COMMIT: dqlitepy.AmbiguousCommitError,
    abi.Kind.INTERRUPTED: dqlitepy.OperationalError,
    abi.Kind.CONNECTION: dqlitepy.OperationalError,
    abi.Kind.PROTOCOL: dqlitepy.OperationalError,
    abi.Kind.INTERNAL: dqlitepy.InternalError,
    abi.Kind.STALE: dqlitepy.StaleReadError,
}


def test_every_kind_has_a_class() -> None:
    assert set(KINDS) == set(abi.Kind) - {abi.Kind.NONE, abi.Kind.SQLITE}


@pytest.mark.parametrize("kind", KINDS)
def test_class_of_kind(kind: int) -> None:
    exception = exception_of(native_error(kind))
    assert type(exception) is KINDS[abi.Kind(kind)]
    assert not hasattr(exception, "sqlite_errorcode")


def test_a_kind_with_a_code_carries_it() -> None:
    exception = exception_of(native_error(abi.Kind.NOT_LEADER, 10250))
    assert isinstance(exception, dqlitepy.NotLeaderError)
    assert (exception.sqlite_errorcode, exception.sqlite_errorname) == (10250, "SQLITE_IOERR_NOT_LEADER")


def test_data_that_is_too_large_is_a_data_error() -> None:
    exception = exception_of(native_error(abi.Kind.DATA, 18))
    assert isinstance(exception, dqlitepy.DataError)
    assert exception.sqlite_errorname == "SQLITE_TOOBIG"


def test_a_message_that_is_not_utf_8_raises_nothing_else() -> None:
    assert str(exception_of(native_error(abi.Kind.NODE, message=b"caf\xe9"))) == "caf\ufffd"


def test_an_unknown_kind_is_an_internal_error() -> None:
    assert type(exception_of(native_error(99))) is dqlitepy.InternalError
