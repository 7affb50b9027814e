# SPDX-License-Identifier: Apache-2.0
"""The exceptions of dqlitepy: PEP 249's tree, and below it what only a replicated database can meet.

    Exception
     ├─ Warning
     └─ Error
         ├─ InterfaceError
         │   └─ UnsupportedPlatformError      (also a RuntimeError)
         └─ DatabaseError
             ├─ DataError
             ├─ IntegrityError
             ├─ InternalError
             ├─ NotSupportedError
             ├─ ProgrammingError
             │   └─ ForkError
             └─ OperationalError
                 ├─ NoLeaderError
                 ├─ NotLeaderError
                 ├─ LeadershipLostError
                 └─ AmbiguousCommitError

An error that SQLite reported carries `sqlite_errorcode` (int, the extended result code) and `sqlite_errorname` (str),
as those of the standard library's `sqlite3` do. All can be pickled, attributes included.
"""

from __future__ import annotations

import builtins

from dqlitepy import _result_codes


class Warning(builtins.Warning):  # the name is PEP 249's
    """An important warning; dqlitepy itself raises none."""

    __module__ = "dqlitepy"


class Error(Exception):
    """Base of every error that dqlitepy raises about a database."""

    __module__ = "dqlitepy"

    sqlite_errorcode: int
    sqlite_errorname: str


class InterfaceError(Error):
    """dqlitepy itself is misused or not completely installed; the database is not the cause."""

    __module__ = "dqlitepy"


class UnsupportedPlatformError(InterfaceError, RuntimeError):
    """This operating system, processor, C library or Python cannot run dqlitepy."""

    __module__ = "dqlitepy"


class DatabaseError(Error):
    """The database refused or failed."""

    __module__ = "dqlitepy"


class DataError(DatabaseError):
    """A value is too large or otherwise cannot be stored."""

    __module__ = "dqlitepy"


class IntegrityError(DatabaseError):
    """A constraint was violated."""

    __module__ = "dqlitepy"


class InternalError(DatabaseError):
    """SQLite, dqlite or dqlitepy met a state that it should never be in."""

    __module__ = "dqlitepy"


class NotSupportedError(DatabaseError):
    """The feature cannot work over a replicated database, or not in this version."""

    __module__ = "dqlitepy"


class ProgrammingError(DatabaseError):
    """The program asks for something that cannot be right: wrong parameters, a closed cursor, the wrong thread."""

    __module__ = "dqlitepy"


class ForkError(ProgrammingError):
    """The process was forked after dqlitepy had started; the child cannot use it."""

    __module__ = "dqlitepy"


class OperationalError(DatabaseError):
    """The database cannot do this now: locked, interrupted, disk full, no such table, connection broken."""

    __module__ = "dqlitepy"


class NoLeaderError(OperationalError):
    """No server answered as leader in time; the message names each one that was tried. Nothing ran."""

    __module__ = "dqlitepy"


class NotLeaderError(OperationalError):
    """The server asked is not the leader any more, or has ended the read. Nothing was written: it may be run again."""

    __module__ = "dqlitepy"


class StaleReadError(OperationalError):
    """What the node nearby has applied is older than the read may be; nothing was read.

    It has not got what this connection wrote or read before within `timeout`, or has not heard of a leader for longer
    than `max_staleness`.
    """

    __module__ = "dqlitepy"


class LeadershipLostError(OperationalError):
    """The leader changed, or ended the open transaction: it is gone, and nothing of it was committed."""

    __module__ = "dqlitepy"


class AmbiguousCommitError(OperationalError):
    """The write may or may not have been committed: look before you run it again."""

    __module__ = "dqlitepy"


# The primary result codes as CPython's sqlite3 maps them; every other one is a DatabaseError.
_CLASS_OF_PRIMARY_CODE: dict[int, type[Error]] = {
    _result_codes.SQLITE_ERROR: OperationalError,
    _result_codes.SQLITE_INTERNAL: InternalError,
    _result_codes.SQLITE_PERM: OperationalError,
    _result_codes.SQLITE_ABORT: OperationalError,
    _result_codes.SQLITE_BUSY: OperationalError,
    _result_codes.SQLITE_LOCKED: OperationalError,
    _result_codes.SQLITE_READONLY: OperationalError,
    _result_codes.SQLITE_INTERRUPT: OperationalError,
    _result_codes.SQLITE_IOERR: OperationalError,
    _result_codes.SQLITE_CORRUPT: DatabaseError,
    _result_codes.SQLITE_NOTFOUND: InternalError,
    _result_codes.SQLITE_FULL: OperationalError,
    _result_codes.SQLITE_CANTOPEN: OperationalError,
    _result_codes.SQLITE_PROTOCOL: OperationalError,
    _result_codes.SQLITE_EMPTY: OperationalError,
    _result_codes.SQLITE_SCHEMA: OperationalError,
    _result_codes.SQLITE_TOOBIG: DataError,
    _result_codes.SQLITE_CONSTRAINT: IntegrityError,
    _result_codes.SQLITE_MISMATCH: IntegrityError,
    _result_codes.SQLITE_MISUSE: InterfaceError,
}
_NAMES = {value: name for name, value in vars(_result_codes).items() if name.startswith("SQLITE_")}


def class_of_code(code: int) -> type[Error] | type[MemoryError]:
    """Returns the class that CPython's `sqlite3` raises for an extended SQLite result code."""
    primary = code & 0xFF
    return MemoryError if primary == _result_codes.SQLITE_NOMEM else _CLASS_OF_PRIMARY_CODE.get(primary, DatabaseError)


def with_code(error: Error, code: int) -> Error:
    """Returns `error` with the attributes that go with an extended SQLite result code."""
    error.sqlite_errorcode = code
    error.sqlite_errorname = _name_of(code)
    return error


def _name_of(code: int) -> str:
    """Returns the name of an extended result code, or that of its primary code where the extended one is unknown."""
    return _NAMES.get(code) or _NAMES.get(code & 0xFF, "unknown")


def sqlite_error(code: int, message: str) -> Error | MemoryError:
    """Returns the exception for an extended SQLite result code."""
    error = class_of_code(code)(message)
    return with_code(error, code) if isinstance(error, Error) else error
