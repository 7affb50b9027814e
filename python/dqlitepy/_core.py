# SPDX-License-Identifier: Apache-2.0
"""What a connection and a cursor know and decide without ever waiting; `dbapi` adds the waiting."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from dqlitepy._abi import Block, BlockSize, Error, ExecuteFlag, Int32, Status
from dqlitepy._handle import Handle
from dqlitepy._library import exception_of, library, take_block
from dqlitepy._operations import Execute, ExecuteMany, Fetch
from dqlitepy._parameters import bind, bind_all
from dqlitepy._wire import Parameters, decode, encode
from dqlitepy.errors import OperationalError, ProgrammingError

LEGACY_TRANSACTION_CONTROL = -1

# What precedes the first write of a transaction. A deferred BEGIN would let a write fail for what another connection
# committed meanwhile (SQLITE_BUSY_SNAPSHOT), so the default takes the write lock at once.
_BEGIN = {
    "": b"BEGIN IMMEDIATE",
    "DEFERRED": b"BEGIN DEFERRED",
    "IMMEDIATE": b"BEGIN IMMEDIATE",
    "EXCLUSIVE": b"BEGIN EXCLUSIVE",
}
_LONGEST_TIMEOUT_MS = 2**31 - 1

_Rows: TypeAlias = list[tuple[Any, ...]]
Description: TypeAlias = tuple[tuple[str, None, None, None, None, None, None], ...]


def milliseconds(name: str, seconds: float) -> int:
    """Returns `seconds` as the shim wants it: negative ones are 0, endless ones the longest there is.

    Raises:
        TypeError: it is no number.
        ValueError: it is NaN.
    """
    if math.isnan(seconds):
        raise ValueError(f"{name} must be a number of seconds, not NaN")
    return int(min(max(seconds, 0.0) * 1000, _LONGEST_TIMEOUT_MS))


def checked_isolation_level(level: str | None) -> str | None:
    """Returns the level in capitals.

    Raises:
        TypeError: it is neither str nor None.
        ValueError: there is no such level.
    """
    if level is None:
        return None
    if not isinstance(level, str):
        raise TypeError("isolation_level must be str or None")
    if level.upper() not in _BEGIN:
        raise ValueError("isolation_level string must be '', 'DEFERRED', 'IMMEDIATE', or 'EXCLUSIVE'")
    return level.upper()


def encode_name(name: str) -> bytes:
    """Returns the name of a database as the shim wants it.

    Raises:
        TypeError: it is no str.
        ValueError: it is empty or has a NUL character inside.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a database must be str, not {type(name).__name__}")
    if not name or "\0" in name:
        raise ValueError(f"{name!r} cannot be the name of a database: it must have characters, none of them NUL")
    return name.encode()


def encode_sql(sql: str, caller: str) -> bytes:
    """Returns the UTF-8 of a statement.

    Raises:
        TypeError: it is no str.
        ProgrammingError: it has a NUL character inside.
        UnicodeEncodeError: it has a lone surrogate.
    """
    if not isinstance(sql, str):
        raise TypeError(f"{caller}() argument 1 must be str, not {type(sql).__name__}")
    encoded = sql.encode()
    if b"\0" in encoded:
        raise ProgrammingError("the query contains a null character")
    return encoded


def parameter_names(sql: bytes) -> tuple[str | None, ...]:
    """Returns the name of each parameter of a statement, None for one that has only a position."""
    block, size, error = Block(), BlockSize(), Error()
    if library().dqlitepy_parameters(sql, len(sql), block, size, error) != Status.OK:
        raise exception_of(error)
    names: tuple[str | None, ...] = decode(take_block(block, size))
    return names


class ConnectionCore:
    """The state of a connection, and what its operations are made of."""

    _handle: Handle | None = None
    _broken = False

    def _initialize(
        self, handle: Handle, isolation_level: str | None, check_same_thread: bool, cached_statements: int
    ) -> None:
        self._handle = handle
        self._isolation_level = isolation_level
        self._thread = threading.get_ident() if check_same_thread else 0
        self._parameter_names = lru_cache(maxsize=cached_statements)(parameter_names)
        self._total_changes = 0
        self._last_insert_id = 0
        self.row_factory: Callable[..., Any] | None = None
        self.text_factory: Callable[[bytes], Any] = str

    @property
    def total_changes(self) -> int:
        """How many rows this connection has inserted, changed or deleted since it was opened."""
        self._number()
        return self._total_changes

    def _has_transaction(self) -> bool:
        number = self._number()
        if self._broken:
            return False  # the server has rolled it back, or will
        flag, error = Int32(), Error()
        if library().dqlitepy_in_transaction(number, flag, error) != Status.OK:
            raise exception_of(error)
        return bool(flag.value)

    def _number(self) -> int:
        """Returns the number of the handle, after the checks that every use of a connection begins with."""
        if self._thread_is_wrong():
            raise ProgrammingError(
                "dqlitepy objects created in a thread can only be used in that same thread. The object was created in "
                f"thread id {self._thread} and this is thread id {threading.get_ident()}. "
                "Connect with check_same_thread=False to share a connection"
            )
        if self._handle is None:
            raise ProgrammingError("Base Connection.__init__ not called.")
        if not self._handle.number:
            raise ProgrammingError("Cannot operate on a closed database.")
        return self._handle.number

    def _is_closed(self) -> bool:
        """Whether there is nothing to close; ProgrammingError on the wrong thread."""
        if self._thread_is_wrong():
            self._number()
        return self._handle is None or not self._handle.number

    def _forget_handle(self) -> None:
        self._handle = Handle(0)

    def _cancel(self) -> None:
        if self._handle is None or not self._handle.number:
            self._number()
        else:
            library().dqlitepy_cancel(self._handle.number, Error())

    def _thread_is_wrong(self) -> bool:
        return self._handle is not None and self._thread not in (0, threading.get_ident())

    def _usable_number(self) -> int:
        number = self._number()
        if self._broken:
            raise OperationalError("this connection is broken; close it and connect again")
        return number

    def _execute_flags(self) -> int:
        return 0 if self.text_factory is str else int(ExecuteFlag.TEXT_AS_BYTES)

    def _begin(self) -> bytes:
        return b"" if self._isolation_level is None else _BEGIN[self._isolation_level]

    def _bound_all(self, sql: bytes, rows: Iterable[Any]) -> Iterator[Parameters]:
        return bind_all(rows, lambda: self._parameter_names(sql))

    def _execution(self, sql: bytes, parameters: Any) -> Execute:
        encoded = encode(bind(parameters, lambda: self._parameter_names(sql)))
        return Execute(self._usable_number(), sql, encoded, self._begin(), self._execute_flags())

    def _repetition(self, sql: bytes, rows: bytes) -> ExecuteMany:
        return ExecuteMany(self._usable_number(), sql, rows, self._begin(), 0)

    def _control(self, sql: str) -> Execute:
        """An operation with a statement that no implicit BEGIN precedes."""
        return Execute(self._usable_number(), sql.encode(), b"", b"", 0)

    def _count(self, operation: Execute) -> None:
        """Keeps the books after a statement."""
        if operation.writes_rows:
            self._total_changes += max(operation.result.changes, 0)
            self._last_insert_id = operation.result.last_insert_id


class CursorCore:
    """The state of a cursor: what the last statement told, and the rows of it that have arrived."""

    def __init__(self) -> None:
        self.arraysize = 1
        self.row_factory: Callable[..., Any] | None = None
        self._closed = False
        self._lastrowid: int | None = None
        self._forget()

    @property
    def description(self) -> Description | None:
        """The columns of the last statement as 7-tuples, of which only the name is known; None where it has none."""
        return self._description

    @property
    def rowcount(self) -> int:
        """How many rows the last INSERT, UPDATE, DELETE or REPLACE changed; -1 for other statements."""
        return self._rowcount

    @property
    def lastrowid(self) -> int | None:
        """The rowid that the connection's last INSERT made, as of this cursor's last `execute`; None before that."""
        return self._lastrowid

    def _forget(self) -> None:
        self._description: Description | None = None
        self._rowcount = -1
        self._rows: _Rows = []
        self._position = 0  # of the next row in _rows
        self._more = False  # the rest is still to be fetched
        self._failure: Exception | None = None  # what the user gets after the last row that arrived
        self._text_factory: Callable[[bytes], Any] = str

    def _accept(self, operation: Execute, text_factory: Callable[[bytes], Any], last_insert_id: int) -> None:
        """Takes over what a statement brought."""
        self._lastrowid = last_insert_id
        if operation.writes_rows:
            self._rowcount = operation.result.changes
        if operation.yields_rows:
            self._text_factory = text_factory
            names, rows = operation.values()
            self._description = tuple((name, None, None, None, None, None, None) for name in names)
            self._append(rows)
            self._more = operation.more

    def _accept_more(self, operation: Fetch) -> None:
        """Takes over the next rows, behind those that have not been given out yet."""
        self._append(operation.values())
        self._more = operation.more

    def _append(self, rows: _Rows) -> None:
        if self._text_factory is not str:  # which crosses as it is wanted
            rows = with_text_factory(rows, self._text_factory)
        if self._position == len(self._rows):
            self._rows, self._position = rows, 0
        else:
            self._rows.extend(rows)

    def _take(self, count: int | None) -> list[Any]:
        """Gives out the next `count` rows that have arrived, None for all."""
        if count is None and self._position == 0:
            rows, self._rows = self._rows, []
        else:
            end = len(self._rows) if count is None else self._position + count
            rows = self._rows[self._position : end]
            self._position += len(rows)
        if self.row_factory is None:
            return rows
        factory = self.row_factory
        return [factory(self, row) for row in rows]


def with_text_factory(rows: _Rows, text_factory: Callable[[bytes], Any]) -> _Rows:
    """Returns `rows` with each text made by `text_factory` out of its bytes; they cross as bytearray."""
    return [tuple(text_factory(bytes(value)) if type(value) is bytearray else value for value in row) for row in rows]
