# SPDX-License-Identifier: Apache-2.0
"""DB-API 2.0 (PEP 249), with the surface of the standard library's `sqlite3`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from operator import index
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from dqlitepy import errors
from dqlitepy._copies import CopyingConnection
from dqlitepy._core import LEGACY_TRANSACTION_CONTROL, checked_isolation_level, milliseconds
from dqlitepy._handle import Handle
from dqlitepy._library import forked
from dqlitepy._operations import Connect
from dqlitepy._place import open_place
from dqlitepy._target import StrOrBytesPath
from dqlitepy.cursor import Cursor

if TYPE_CHECKING:
    from dqlitepy.node import Node
    from dqlitepy.tls import TLS


def connect(
    database: StrOrBytesPath | Node,
    timeout: float = 5.0,
    detect_types: int = 0,
    isolation_level: str | None = "",
    check_same_thread: bool = True,
    factory: type[Connection] | None = None,
    cached_statements: int = 128,
    uri: bool = False,
    *,
    autocommit: int = LEGACY_TRANSACTION_CONTROL,
    name: str = "main",
    leader_timeout: float = 15.0,
    tls: TLS | None = None,
) -> Connection:
    """Opens a database.

    Args:
        database: the directory of an embedded node, which runs in this process as long as something is connected to it;
            ":memory:" for a temporary one that goes with the connection; "dqlite://host:port,host:port/name" for a
            database of a cluster, of which at least one of the named nodes must run; or a Node of this process.
        timeout: seconds to wait for a lock that another connection holds.
        detect_types: must be 0.
        isolation_level: what precedes the first write of a transaction: "" or "IMMEDIATE", "DEFERRED", "EXCLUSIVE";
            None for no implicit transactions.
        check_same_thread: whether to refuse use by other threads than this one; without it they take turns.
        factory: a subclass of Connection to return an instance of.
        cached_statements: of how many statements to remember the names of the parameters.
        uri: must not be combined with a "file:" URI.
        autocommit: must be LEGACY_TRANSACTION_CONTROL.
        name: which of the databases in that directory or cluster, where a URL does not say so.
        leader_timeout: seconds to look for a leader.
        tls: for a cluster with TLS: the certificate to show and the authority to check the nodes' against. A URL can
            name the files instead: "?tls_cert=FILE&tls_key=FILE&tls_ca=FILE".

    Raises:
        OperationalError: the directory cannot be used, or another process uses it.
        NotSupportedError: an argument asks for what this version does not have.
        UnsupportedPlatformError: dqlitepy cannot run on this machine.
    """
    return (factory or Connection)(
        database,
        timeout=timeout,
        detect_types=detect_types,
        isolation_level=isolation_level,
        check_same_thread=check_same_thread,
        factory=factory,
        cached_statements=cached_statements,
        uri=uri,
        autocommit=autocommit,
        name=name,
        leader_timeout=leader_timeout,
        tls=tls,
    )


class Connection(CopyingConnection):
    """A connection to a database; made by `connect`, whose arguments it takes."""

    Warning = errors.Warning
    Error = errors.Error
    InterfaceError = errors.InterfaceError
    DatabaseError = errors.DatabaseError
    DataError = errors.DataError
    IntegrityError = errors.IntegrityError
    InternalError = errors.InternalError
    NotSupportedError = errors.NotSupportedError
    OperationalError = errors.OperationalError
    ProgrammingError = errors.ProgrammingError

    def __init__(
        self,
        database: StrOrBytesPath | Node,
        timeout: float = 5.0,
        detect_types: int = 0,
        isolation_level: str | None = "",
        check_same_thread: bool = True,
        factory: type[Connection] | None = None,
        cached_statements: int = 128,
        uri: bool = False,
        *,
        autocommit: int = LEGACY_TRANSACTION_CONTROL,
        name: str = "main",
        leader_timeout: float = 15.0,
        tls: TLS | None = None,
    ) -> None:
        """See `connect`."""
        if detect_types:
            raise errors.NotSupportedError("detect_types is not supported in this version: convert the values yourself")
        if autocommit != LEGACY_TRANSACTION_CONTROL:
            raise errors.NotSupportedError("autocommit is not supported in this version: use isolation_level=None")
        isolation_level = checked_isolation_level(isolation_level)
        busy_timeout_ms = milliseconds("timeout", timeout)
        leader_timeout_ms = milliseconds("leader_timeout", leader_timeout)
        cached_statements = index(cached_statements)
        place = open_place(database, uri=uri, name=name, tls=tls)
        try:
            if self._handle is not None:  # sqlite3 allows to initialize a connection again
                self.close()
            self._options = place.options(busy_timeout_ms, leader_timeout_ms)
            handle = Handle.open(Connect(self._options))
        except BaseException:
            place.release()
            raise
        self._place = place
        self._initialize(handle, isolation_level, check_same_thread, cached_statements)

    @property
    def isolation_level(self) -> str | None:
        """What precedes the first write of a transaction: "", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"; None for nothing.

        Setting None commits the open transaction.
        """
        self._number()
        return self._isolation_level

    @isolation_level.setter
    def isolation_level(self, level: str | None) -> None:
        level = checked_isolation_level(level)
        if level is None:
            self.commit()
        self._isolation_level = level

    def cursor(self, factory: Callable[[Connection], Cursor] | None = None) -> Cursor:
        """Returns a new cursor, made by `factory`.

        Raises:
            TypeError: `factory` made something else.
        """
        self._number()
        cursor = (factory or Cursor)(self)
        if not isinstance(cursor, Cursor):
            raise TypeError(f"factory must return a cursor, not {type(cursor).__name__}")
        if self.row_factory is not None:
            cursor.row_factory = self.row_factory
        return cursor

    def execute(self, sql: str, parameters: Any = (), /) -> Cursor:
        """Runs a statement on a new cursor, which is returned; see `Cursor.execute`."""
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> Cursor:
        """Runs a statement once for each row on a new cursor, which is returned; see `Cursor.executemany`."""
        return self.cursor().executemany(sql, rows)

    def executescript(self, script: str, /) -> Cursor:
        """Runs the statements of a script on a new cursor, which is returned; see `Cursor.executescript`."""
        return self.cursor().executescript(script)

    def commit(self) -> None:
        """Commits the open transaction, if any. When it returns, the commit is known to have happened.

        Raises:
            AmbiguousCommitError: the connection to the leader was lost on the way: look before you run it again.
            OperationalError: it was not committed.
        """
        self._usable_number()
        self._end_transaction("COMMIT")

    def rollback(self) -> None:
        """Rolls the open transaction back, if any. On a broken connection that has happened already."""
        self._number()
        self._end_transaction("ROLLBACK")

    def interrupt(self) -> None:
        """Ends the statement that runs on this connection in another thread; it raises OperationalError there."""
        self._cancel()

    def close(self) -> None:
        """Closes the connection; an open transaction is rolled back. The last one to a directory stops its node."""
        if self._is_closed():
            return
        if forked():  # the parent's, which goes on with it
            self._forget_handle()
        else:
            self._exclusively(self._close)

    def __enter__(self) -> Self:
        """Begins a block at whose end the transaction is committed, or rolled back where an exception leaves it."""
        self._number()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Commits or rolls back; does not close."""
        if error is not None:
            self.rollback()
            return False
        try:
            self.commit()
        except BaseException:
            with suppress(errors.Error):
                self.rollback()
            raise
        return False

    def __del__(self) -> None:
        handle = self._handle
        if handle is not None and handle.number and not forked():
            handle.release()
            self._place.abandon()
            warnings.warn(f"unclosed database in {self!r}", ResourceWarning, stacklevel=1, source=self)

    def _close(self) -> None:
        assert self._handle is not None
        try:
            self._handle.close()
        finally:
            self._place.release()
