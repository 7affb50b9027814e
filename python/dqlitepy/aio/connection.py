# SPDX-License-Identifier: Apache-2.0
"""`aio.Connection`: the surface of aiosqlite. The twin of `dqlitepy.Connection`, from which only waiting differs."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Generator, Iterable
from operator import index
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, SupportsIndex, TypeVar

from dqlitepy._cluster.place import Place, place_of
from dqlitepy._cluster.target import StrOrBytesPath
from dqlitepy._connection.factory import factory_of, signature_of
from dqlitepy._connection.reads import Reads, checked_reading
from dqlitepy._connection.transactions import (
    LEGACY_TRANSACTION_CONTROL,
    Autocommit,
    checked_autocommit,
    checked_isolation_level,
)
from dqlitepy._native.arguments import milliseconds
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import forked
from dqlitepy._native.operations import Close, Connect
from dqlitepy._native.poller import poller
from dqlitepy.aio._copies import AsyncCopyingConnection
from dqlitepy.aio._looping import Result
from dqlitepy.aio._refused import AsyncRefusedMethods
from dqlitepy.aio.cursor import Cursor

if TYPE_CHECKING:
    from dqlitepy._cluster.node_core import NodeCore
    from dqlitepy.tls import TLS


_Self = TypeVar("_Self", bound="Connection")  # Jedi does not find Self in what is awaited


class Connection(AsyncRefusedMethods, AsyncCopyingConnection):
    """A connection to a database; made by `connect`, whose arguments it takes. It belongs to the loop that opens it.

    `await` opens it; `async with` opens it too, unless it is open, and closes it at the end.
    """

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
        iter_chunk_size: int = 64,
    ) -> None:
        """See `connect`."""
        self._place = place_of(database, uri=uri, name=name, tls=tls)
        self._timeouts = milliseconds("timeout", timeout), milliseconds("leader_timeout", leader_timeout)
        self._arguments = (
            checked_isolation_level(isolation_level),
            False,
            index(cached_statements),
            checked_autocommit(autocommit),
            index(detect_types),
        )
        self._reading = checked_reading(reads, linearizable, max_staleness)
        self._read_as(self._reading)
        self._opening: asyncio.Lock | None = None

    def __await__(self: _Self) -> Generator[Any, None, _Self]:
        """Opens the connection and returns it."""
        return self._open().__await__()

    async def __aenter__(self) -> Self:
        """Opens the connection, unless it is open, and returns it."""
        return await self._open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Closes the connection; commits nothing."""
        await self.close()
        return False

    def cursor(self, factory: Callable[[Connection], Cursor] = Cursor) -> Result[Cursor]:
        """Returns a new cursor, made by `factory`, for `await` or `async with`.

        Raises:
            TypeError: `factory` made something else.
        """
        return Result(self._cursor_of(factory))

    def execute(self, sql: str, parameters: Any = None) -> Result[Cursor]:
        """Runs a statement on a new cursor, for `await` or `async with`; see `Cursor.execute`."""
        return Result(self._made().execute(sql, parameters))

    def executemany(self, sql: str, parameters: Iterable[Any]) -> Result[Cursor]:
        """Runs a statement once for each row on a new cursor, for `await` or `async with`; see `Cursor.executemany`."""
        return Result(self._made().executemany(sql, parameters))

    def executescript(self, sql_script: str) -> Result[Cursor]:
        """Runs the statements of a script on a new cursor, for `await` or `async with`; see `Cursor.executescript`."""
        return Result(self._made().executescript(sql_script))

    async def execute_insert(self, sql: str, parameters: Any = None) -> tuple[int] | None:
        """Runs an INSERT and returns a tuple with the rowid that it made; None if it has made none yet."""
        cursor = await self._made().execute(sql, parameters)
        return None if cursor.lastrowid is None else (cursor.lastrowid,)

    async def execute_fetchall(self, sql: str, parameters: Any = None) -> list[Any]:
        """Runs a statement and returns all its rows."""
        cursor = await self._made().execute(sql, parameters)
        return await cursor.fetchall()

    async def set_trace_callback(  # type: ignore[override]  # aiosqlite awaits it
        self, handler: Callable[[str], object] | None
    ) -> None:
        """Makes `handler` get the text of each statement that this connection sends, before it runs.

        Args:
            handler: None for none.
        """
        super().set_trace_callback(handler)

    async def interrupt(self) -> None:
        """Ends the statement that runs on this connection in another task; it raises OperationalError there."""
        self._cancel()

    async def close(self) -> None:
        """Closes the connection; an open transaction is rolled back. The last one to a directory stops its node."""
        if self._handle is None or self._is_closed():
            return
        if forked():  # the parent's, which still uses it
            self._forget_handle()
            return
        self._open_number()
        await self._turn.take()
        try:
            handle, self._handle = self._handle, Handle(0)
            number = handle.take()
            if number:
                await self._close(number)
        finally:
            self._turn.give_back()

    def stop(self) -> asyncio.Future[None] | None:
        """Begins to close the connection and returns at once, for code that cannot await `close`, which is better.

        Returns:
            What is done when the connection is closed; None where it is closed already, its loop is, or another
            thread calls.
        """
        if self._handle is None or self._is_closed():
            return None
        if self._loop.is_closed():
            self._release()
            return None
        self._open_number()
        if self._loop.is_running() and asyncio._get_running_loop() is not self._loop:
            asyncio.run_coroutine_threadsafe(self.close(), self._loop)
            return None
        self._stopping = self._loop.create_task(self.close())  # which the loop itself does not keep alive
        return self._stopping

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        """Raises TypeError: a connection belongs to its process."""
        raise TypeError(f"cannot pickle {type(self).__module__}.{type(self).__qualname__!r} object")

    def __del__(self) -> None:
        if forked is None:
            return  # Python itself ends, and has emptied its modules
        handle = self._handle
        if handle is not None and handle.number and not forked():
            self._release()
            warnings.warn(f"unclosed database in {self!r}", ResourceWarning, stacklevel=1, source=self)

    def _release(self) -> None:
        """Closes the connection in the background, from any thread, unless it is closed."""
        if self._handle is not None and self._handle.number and not forked():
            self._poller.forget(self._handle.number)
            self._handle.release()
            self._place.abandon()

    def _made(self) -> Cursor:
        cursor = Cursor(self)
        cursor.row_factory = self.row_factory if self._handle is not None else None
        return cursor

    async def _cursor_of(self, factory: Callable[[Connection], Cursor]) -> Cursor:
        self._open_number()
        cursor = factory(self)
        if not isinstance(cursor, Cursor):
            raise TypeError(f"factory must return a cursor, not {type(cursor).__name__}")
        if self.row_factory is not None:
            cursor.row_factory = self.row_factory
        return cursor

    async def _open(self) -> Self:
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if self._handle is None:
                await _open_place(self._place)
                try:
                    await self._connect()
                except BaseException:
                    await _release_place(self._place)
                    raise
        self._open_number()
        return self

    async def _connect(self) -> None:
        self._options = self._place.options(*self._timeouts)
        self._reading.add_to(self._options, own_node=self._place.own_node)
        events = poller()
        opening = Connect(self._options)
        try:
            await events.open(opening)
        except BaseException:
            Handle(opening.handle).release()
            events.close_if_idle()
            raise
        self._attach(events)
        self._initialize(Handle(opening.handle), *self._arguments)
        try:
            if self._place.read_only:
                await self._exclusively(self._ask, "PRAGMA query_only = 1")
            if self._autocommit is False:
                await self._run_control("BEGIN")
        except BaseException:
            self._poller.forget(opening.handle)
            assert self._handle is not None
            self._handle.release()
            self._handle = None
            events.close_if_idle()
            raise

    async def _close(self, number: int) -> None:
        try:
            await self._poller.complete(Close(number))
        except BaseException:
            Handle(number).release()
            raise
        finally:
            self._poller.forget(number)
            self._poller.close_if_idle()
            await _release_place(self._place)


async def _open_place(place: Place) -> None:
    """Opens a place; a node that has to be started is started in a thread, which ends with that."""
    if place.open_at_once():
        return
    opening = asyncio.get_running_loop().run_in_executor(None, place.open)
    try:
        await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(lambda done: _abandon(place, done))
        raise


def _abandon(place: Place, opening: asyncio.Future[None]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        place.abandon()


async def _release_place(place: Place) -> None:
    """Gives up a place; a node that has to be stopped is stopped in a thread, which ends with that."""
    if place.release_at_once():
        return
    try:
        closing = asyncio.get_running_loop().run_in_executor(None, place.release)
    except RuntimeError:  # the loop takes no more threads
        place.abandon()
        return
    await asyncio.shield(closing)


def connect(*args: Any, **options: Any) -> Connection:
    """Returns a connection that is still to be opened: by `await`, or by `async with`, which also closes it.

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
        check_same_thread: changes nothing: a connection belongs to its event loop.
        factory: called with the same arguments instead of Connection, of which it is usually a subclass.
        cached_statements: how many parsed statements to keep.
        uri: whether a database that begins with "file:" is a URI, with "?mode=" rwc, rw (it must exist), ro (this
            connection cannot write) or memory.
        autocommit: False to have a transaction always open, True for none but explicit ones (`Connection.autocommit`).
        name: which of the databases in that directory or cluster, where a URL does not say so.
        leader_timeout: seconds to look for a leader.
        tls: for a cluster with TLS: the certificate to show and the authority to check the nodes' against. A URL can
            name the files instead: "?tls_cert=FILE&tls_key=FILE&tls_ca=FILE".
        linearizable: whether a SELECT sees every write that was acknowledged before it began; see `dqlitepy.connect`.
        reads: where a SELECT outside a transaction runs: "leader", "linearizable" or "local"; see `dqlitepy.connect`.
        max_staleness: seconds: how old a local read may be; None for any age.
        iter_chunk_size: changes nothing: rows come in batches of some 256 KiB.

    Raises:
        NotSupportedError: an argument asks for what this version does not have.

    Opening raises:
        OperationalError: the directory cannot be used, or another process uses it.
        UnsupportedPlatformError: dqlitepy cannot run on this machine.
    """
    connection: Connection = factory_of(args, options, Connection)(*args, **options)
    return connection


connect.__wrapped__ = signature_of(Connection)  # type: ignore[attr-defined]
