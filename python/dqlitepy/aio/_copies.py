# SPDX-License-Identifier: Apache-2.0
"""Makes `aio.Connection` copy whole databases. The twin of `_copying.copies`, which does its work in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, aclosing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from dqlitepy._cluster.target import StrOrBytesPath
from dqlitepy._connection.transactions import Autocommit
from dqlitepy._copying.copies import CopyingConnection
from dqlitepy._native.abi import ConnectOptions
from dqlitepy._native.handle import Handle
from dqlitepy._native.operations import Close, Connect
from dqlitepy._native.poller import poller
from dqlitepy.aio._control import AsyncTransactionControl
from dqlitepy.aio._dump_lines import dump_lines
from dqlitepy.aio._statements import AsyncConnection
from dqlitepy.errors import OperationalError

if TYPE_CHECKING:
    import sqlite3

    from dqlitepy._copying.backup import Progress

_T = TypeVar("_T")

_PAGES_BETWEEN_LOOKS = 256  # at whether the task was cancelled


class _Copier(CopyingConnection):
    """Does the work of a connection of asyncio in a thread, over connections of its own."""

    _in_transaction = False

    def _has_transaction(self) -> bool:
        return self._in_transaction

    def rollback(self) -> None:
        """Leaves that to the connection which it works for."""


class _Work:
    """What is done in a thread for a task, which may be cancelled."""

    def __init__(self, progress: Progress | None) -> None:
        if progress is not None and not callable(progress):
            raise TypeError("progress argument must be a callable")
        self._progress = progress
        self.cancelled = False

    def __call__(self, status: int, remaining: int, total: int) -> None:
        """Is the progress callback of a copy."""
        if self.cancelled:
            raise OperationalError("interrupted")
        if self._progress is not None:
            self._progress(status, remaining, total)


class AsyncCopyingConnection(AsyncTransactionControl):
    """A connection that knows how to copy its database. All but `iterdump` runs in a thread: it reads and writes files.

    A cancelled task does not wait for its thread, which ends the copy soon, or has just finished it.
    """

    _options: ConnectOptions  # what it was opened with

    async def iterdump(self, *, filter: str | None = None) -> AsyncGenerator[str, None]:
        """Returns an iterator over the SQL statements that make the database again, in `sqlite3` or in dqlitepy.

        They show one moment: the open transaction's view, where there is one, otherwise what is committed when the
        first statement is asked for. Only the statement at hand is in memory.

        Args:
            filter: a LIKE pattern for the names of the tables, indexes, triggers and views to dump; None for all.
        """
        self._usable_number()
        if self._has_transaction():
            async with aclosing(dump_lines(self, filter)) as statements:
                async for statement in statements:
                    yield statement
            return
        sibling = AsyncConnection()
        events, opening = poller(), Connect(self._options)
        try:
            await events.open(opening)
            sibling._attach(events)
            sibling._initialize(Handle(opening.handle), None, False, 0)
            await sibling._run_control("BEGIN")
            async with aclosing(dump_lines(sibling, filter)) as statements:
                async for statement in statements:
                    yield statement
            await events.complete(Close(opening.handle))
        except BaseException:
            Handle(opening.handle).release()
            raise
        finally:
            events.forget(opening.handle)

    async def backup(
        self,
        target: sqlite3.Connection | CopyingConnection | AsyncCopyingConnection | StrOrBytesPath,
        *,
        pages: int = -1,
        progress: Progress | None = None,
        name: str = "main",
        sleep: float = 0.250,
    ) -> None:
        """Copies the database as it is committed when the copy begins; others go on writing meanwhile.

        Args:
            target: a `sqlite3.Connection`, whose database is replaced; another connection of dqlitepy, whose database
                must be empty; or the path of a SQLite file to make, of mode 0600, which must not exist and is there
                whole or not at all.
            pages: how many pages to copy between two calls of `progress`; -1 for all.
            progress: called, in another thread, with SQLite's status (0, or 101 at the end), the pages still to come
                and the pages in all; for a connection of dqlitepy as the target these are rows. Where it raises, the
                copy ends.
            name: must be "main".
            sleep: seconds to wait before another attempt where a `sqlite3.Connection` finds its own database locked.

        Raises:
            OperationalError: this connection has a transaction open, the file exists, or source or target failed.
            NotSupportedError: the database is too large for dqlite's protocol, or `name` is "temp".
            TypeError, ValueError: an argument cannot be right.
        """
        if target is self:
            raise ValueError("target cannot be the same connection instance")
        work = _Work(progress)
        if isinstance(target, AsyncCopyingConnection | CopyingConnection):
            open_target = await _copier_of(target)

            def copy(copier: _Copier) -> None:
                with open_target() as other:
                    copier.backup(other, progress=work, name=name)

            await self._in_thread(work, copy)
            if isinstance(target, AsyncCopyingConnection):
                await target._see_what_was_restored()
            elif target._autocommit is False:
                target.rollback()
            return
        if progress is None and pages < 1:
            pages = _PAGES_BETWEEN_LOOKS
        await self._in_thread(
            work, lambda copier: copier.backup(target, pages=pages, progress=work, name=name, sleep=sleep)
        )

    async def serialize(self, *, name: str = "main") -> bytes:
        """Returns the bytes of a SQLite file with what is committed; `sqlite3.Connection.deserialize` opens them.

        Raises:
            OperationalError: this connection has a transaction open, or the copy broke off.
            NotSupportedError: the database is too large for dqlite's protocol, or `name` is "temp".
        """
        return await self._in_thread(_Work(None), lambda copier: copier.serialize(name=name))

    async def restore(
        self,
        source: sqlite3.Connection | CopyingConnection | AsyncCopyingConnection | StrOrBytesPath,
        *,
        progress: Progress | None = None,
        replace: bool = False,
    ) -> None:
        """Copies everything from `source` into this connection's database: others see all of it or nothing.

        See `dqlitepy.Connection.restore`.

        Args:
            source: a `sqlite3.Connection`, another connection of dqlitepy, or the path of a SQLite file, which is only
                read.
            progress: called, in another thread, after each thousand rows with 0, the rows still to come and the rows
                in all, and when all is committed with 101, 0 and the rows in all. Where it raises before that, nothing
                is restored.
            replace: whether what the database holds now is dropped in the same transaction.

        Raises:
            OperationalError: this database is not empty, this connection or the source has a transaction open, or the
                source cannot be read.
            DatabaseError: the source is no SQLite database, or damaged.
            DataError: the source holds a text with a NUL character inside, which dqlite's protocol cannot carry.
            NotSupportedError: it has a virtual table of a module that dqlite's SQLite has not.
            AmbiguousCommitError: the connection was lost during the commit: look before you repeat it.
        """
        if source is self:
            raise ValueError("source cannot be the same connection instance")
        work = _Work(progress)
        if isinstance(source, AsyncCopyingConnection | CopyingConnection):
            reader = await _copier_of(source)

            def copy(copier: _Copier) -> None:
                with reader() as other:
                    copier.restore(other, progress=work, replace=replace)

            await self._in_thread(work, copy)
        else:
            await self._in_thread(work, lambda copier: copier.restore(source, progress=work, replace=replace))
        await self._see_what_was_restored()

    async def deserialize(self, data: bytes | bytearray | memoryview, /, *, name: str = "main") -> None:
        """Copies everything from the bytes of a SQLite file, as `serialize` returns them, into this empty database.

        Raises:
            OperationalError, DatabaseError, …: as `restore`; a database that is not empty is not overwritten.
        """
        await self._in_thread(_Work(None), lambda copier: copier.deserialize(data, name=name))
        await self._see_what_was_restored()

    async def _see_what_was_restored(self) -> None:
        if self._autocommit is False:
            await self._end_transaction("ROLLBACK")
            await self._run_control("BEGIN")

    async def _copier(self) -> Callable[[], AbstractContextManager[_Copier]]:
        """Returns what opens, in a thread, a connection that does this one's work."""
        self._usable_number()
        [(query_only,)] = await self._exclusively(self._ask, "PRAGMA query_only")
        return partial(_open_copier, self._options, self._has_transaction(), self._autocommit, query_only)

    async def _in_thread(self, work: _Work, function: Callable[[_Copier], _T]) -> _T:
        """Calls `function` in a thread, which a cancelled task does not wait for: it ends at its next progress."""
        copier = await self._copier()

        def run() -> _T:
            with copier() as connection:
                return function(connection)

        running = asyncio.get_running_loop().run_in_executor(None, run)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            work.cancelled = True
            running.add_done_callback(_take_exception)
            raise


async def _copier_of(
    connection: AsyncCopyingConnection | CopyingConnection,
) -> Callable[[], AbstractContextManager[CopyingConnection]]:
    """Returns what opens, in a thread, a connection that does the work of another one.

    A blocking connection may belong to the loop's thread, and refuse any other one. So it is asked here.
    """
    if isinstance(connection, AsyncCopyingConnection):
        return await connection._copier()
    connection._usable_number()
    [(query_only,)] = connection._exclusively(connection._ask, "PRAGMA query_only")
    in_transaction = connection._exclusively(connection._has_transaction)
    return partial(_open_copier, connection._options, in_transaction, connection._autocommit, query_only)


@contextmanager
def _open_copier(
    options: ConnectOptions, in_transaction: bool, autocommit: Autocommit, query_only: int
) -> Iterator[_Copier]:
    copier = _Copier()
    handle = Handle.open(Connect(options))
    try:
        copier._initialize(handle, isolation_level=None, check_same_thread=False, cached_statements=0)
        copier._options = options
        copier._run_control(f"PRAGMA query_only = {query_only}")
        copier._in_transaction = in_transaction
        copier._control_by(autocommit, None)
        yield copier
    finally:
        handle.close()


def _take_exception(ended: asyncio.Future[Any]) -> None:
    if not ended.cancelled():
        ended.exception()  # nobody waits for it any more
