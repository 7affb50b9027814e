# SPDX-License-Identifier: Apache-2.0
"""`connect` and `Connection`: DB-API 2.0 (PEP 249), with the surface of the standard library's `sqlite3`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from operator import index
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex, TypeVar, overload

from dqlitepy import errors
from dqlitepy._cluster.place import place_of
from dqlitepy._cluster.target import StrOrBytesPath
from dqlitepy._connection.factory import factory_of, signature_of
from dqlitepy._connection.reads import Reads, checked_reading
from dqlitepy._connection.refused import RefusedMethods
from dqlitepy._connection.transactions import (
    LEGACY_TRANSACTION_CONTROL,
    Autocommit,
    checked_autocommit,
    checked_isolation_level,
)
from dqlitepy._copying.copies import CopyingConnection
from dqlitepy._native.arguments import milliseconds
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import forked
from dqlitepy._native.operations import Connect
from dqlitepy.cursor import Cursor

if TYPE_CHECKING:
    from dqlitepy._cluster.node_core import NodeCore
    from dqlitepy._connection.prepared import Statement
    from dqlitepy.tls import TLS


class Connection(RefusedMethods, CopyingConnection):
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
        database: StrOrBytesPath | NodeCore,
        timeout: float = 5.0,
        detect_types: int = 0,
        isolation_level: str | None = "",
        check_same_thread: bool = True,
        factory: Callable[..., Any] | None = None,
        cached_statements: int = 128,
        uri: bool = False,
        *,
        autocommit: Autocommit = LEGACY_TRANSACTION_CONTROL,
        name: str = "main",
        leader_timeout: float = 15.0,
        tls: TLS | None = None,
        linearizable: bool = False,
        reads: Reads = "leader",
        max_staleness: float | None = None,
    ) -> None:
        """See `connect`."""
        autocommit = checked_autocommit(autocommit)
        isolation_level = checked_isolation_level(isolation_level)
        busy_timeout_ms = milliseconds("timeout", timeout)
        leader_timeout_ms = milliseconds("leader_timeout", leader_timeout)
        cached_statements = index(cached_statements)
        reading = checked_reading(reads, linearizable, max_staleness)
        place = place_of(database, uri=uri, name=name, tls=tls)
        place.open()
        try:
            if self._handle is not None:  # sqlite3 allows to initialize a connection again
                self._exclusively(self._finish_streaming, None)  # its cursors keep their rows
                self.close()
                self._handle = None
            self._options = place.options(busy_timeout_ms, leader_timeout_ms)
            reading.add_to(self._options, own_node=place.own_node)
            handle = Handle.open(Connect(self._options))
        except BaseException:
            place.release()
            raise
        self._place = place
        self._initialize(handle, isolation_level, check_same_thread, cached_statements, autocommit, index(detect_types))
        self._read_as(reading)
        try:
            if place.read_only:
                self._exclusively(self._ask, "PRAGMA query_only = 1")
            if autocommit is False:
                self._begin_transaction()
        except BaseException:
            self.close()
            raise

    def cursor(self, factory: Callable[[Connection], Cursor] = Cursor) -> Cursor:
        """Returns a new cursor, made by `factory`.

        Raises:
            TypeError: `factory` made something else.
        """
        self._open_number()
        cursor = factory(self)
        if not issubclass(type(cursor), Cursor):
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

    def interrupt(self) -> None:
        """Ends the statement that runs on this connection in another thread; it raises OperationalError there."""
        self._cancel()

    def close(self) -> None:
        """Closes the connection; an open transaction is rolled back. The last one to a directory stops its node."""
        if self._is_closed():
            return
        if forked():  # the parent's, which still uses it
            self._forget_handle()
        else:
            if self._autocommit is False and not self._broken:
                with suppress(errors.Error):
                    self._end_transaction("ROLLBACK")
            self._exclusively(self._close)

    def __call__(self, sql: str, /) -> Statement:
        """Returns the statement, which cannot do anything; `execute` takes its text.

        Raises:
            OperationalError: SQLite cannot compile it.
        """
        from dqlitepy._connection.prepared import prepared  # few programs need it

        self._open_number()
        self._encoded(sql, "__call__")
        parameters = (None,) * len(self._statement(sql).names)
        if sql.split(None, 1)[:1] and sql.split(None, 1)[0].upper() != "EXPLAIN":
            self._exclusively(self._ask, f"EXPLAIN {sql}", parameters)
        return prepared(sql)

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        """Raises TypeError: a connection belongs to its process."""
        raise TypeError(f"cannot pickle {type(self).__module__}.{type(self).__qualname__!r} object")

    def __del__(self) -> None:
        if forked is None:
            return  # Python itself ends, and has emptied its modules
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


_C = TypeVar("_C")


@overload
def connect(database: StrOrBytesPath | NodeCore, *args: Any, factory: Callable[..., _C], **options: Any) -> _C: ...
@overload
def connect(
    database: StrOrBytesPath | NodeCore,
    timeout: float = 5.0,
    detect_types: int = 0,
    isolation_level: str | None = "",
    check_same_thread: bool = True,
    factory: Callable[..., Connection] | None = None,
    cached_statements: int = 128,
    uri: bool = False,
    *,
    autocommit: Autocommit = LEGACY_TRANSACTION_CONTROL,
    name: str = "main",
    leader_timeout: float = 15.0,
    tls: TLS | None = None,
    linearizable: bool = False,
    reads: Reads = "leader",
    max_staleness: float | None = None,
) -> Connection: ...
def connect(*args: Any, **options: Any) -> Any:
    """Opens a database.

    Args:
        database: the directory of an embedded node, which runs in this process as long as something is connected to it;
            ":memory:" for a temporary one that goes with the connection; "dqlite://host:port,host:port/name" for a
            database of a cluster, of which at least one of the named nodes must run (where a URL has one host only,
            "dqlite://host:port/name?node=host:port&node=host:port" says the same), until the first connection in this
            process has learned the other members; or a Node of this process.
        timeout: seconds to wait for a lock that another connection holds.
        detect_types: PARSE_DECLTYPES, PARSE_COLNAMES or both, for `register_converter`; 0 for neither.
        isolation_level: what precedes the first write of a transaction: "" or "IMMEDIATE", "DEFERRED", "EXCLUSIVE";
            None for no implicit transactions. Counts only with the default of `autocommit`.
        check_same_thread: whether to refuse use by other threads than this one; without it they take turns.
        factory: called with the same arguments instead of Connection, of which it is usually a subclass.
        cached_statements: how many parsed statements to keep.
        uri: whether a database that begins with "file:" is a URI, with "?mode=" rwc, rw (it must exist), ro (this
            connection cannot write) or memory.
        autocommit: False to have a transaction always open, True for none but explicit ones (`Connection.autocommit`).
        name: which of the databases in that directory or cluster, where a URL does not say so.
        leader_timeout: seconds to look for a leader.
        tls: for a cluster with TLS: the certificate to show and the authority to check the nodes' against. A URL can
            name the files instead: "?tls_cert=FILE&tls_key=FILE&tls_ca=FILE".
        linearizable: whether a SELECT sees every write that was acknowledged before it began. Otherwise a leader that
            was cut off from the other nodes, but not from this process, goes on for some seconds to answer by what it
            knows. Costs a question to a majority of the nodes for each SELECT, and NoLeaderError where none answers
            within `leader_timeout`. The same as reads="linearizable".
        reads: where a SELECT outside a transaction runs. "leader"; "linearizable", as above; or "local": on the node of
            this process, or else on the one that answers first, which need not lead and may lag behind the leader. Such
            a read sees nothing that may still be lost, and all that this connection has written and read before; it
            waits for that up to `timeout`. Everything else runs at the leader as ever. Can be changed later:
            `Connection.reads`; see also `Connection.position`.
        max_staleness: seconds; a local read raises StaleReadError on a node that may lack what was committed longer
            ago, as it has not heard of a leader. None for any age.

    Raises:
        OperationalError: the directory cannot be used, or another process uses it.
        NotSupportedError: an argument asks for what this version does not have.
        UnsupportedPlatformError: dqlitepy cannot run on this machine.
    """
    return factory_of(args, options, Connection)(*args, **options)


connect.__wrapped__ = signature_of(Connection)  # type: ignore[attr-defined]
