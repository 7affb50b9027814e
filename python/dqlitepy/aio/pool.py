# SPDX-License-Identifier: Apache-2.0
"""`aio.Pool`: connections to one database that tasks share, each for as long as a block takes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from dqlitepy._cluster.target import StrOrBytesPath
from dqlitepy._connection.pool_core import QUESTION, Member, PoolCore
from dqlitepy._native.library import forked, library
from dqlitepy.aio._waiters import Waiter
from dqlitepy.aio.connection import Connection, connect
from dqlitepy.errors import Error, ProgrammingError

if TYPE_CHECKING:
    from dqlitepy._cluster.node_core import NodeCore


class Pool:
    """Connections to one database, for tasks of one event loop.

        async with aio.Pool("data/", max_size=20) as pool:
            async with pool.connection() as con:
                await con.execute("INSERT INTO t VALUES (1)")     # committed at the end of the block

    The caller that has waited longest gets the next one. One that broke is replaced; when one finds another leader of
    the cluster, all are, each before it is given out again. What a block changes about a connection (`row_factory`,
    PRAGMAs) stays.

    Args:
        database: as for `connect`, and so are all further arguments.
        min_size: how many connections `open` opens, and how many stay however long they idle.
        max_size: how many there are at most.
        timeout: seconds to wait for a connection.
        max_idle: seconds after which a connection that nobody needed is closed, when another one comes back.
        check_after: seconds of idling after which a connection is asked a question before it is given out.
        busy_timeout: seconds to wait for a lock that another connection holds: the `timeout` of `connect`.

    Raises:
        ValueError: an argument cannot be right.
    """

    def __init__(
        self,
        database: StrOrBytesPath | NodeCore,
        *,
        min_size: int = 1,
        max_size: int = 10,
        timeout: float = 30.0,
        max_idle: float = 300.0,
        check_after: float = 30.0,
        busy_timeout: float = 5.0,
        **options: Any,
    ) -> None:
        """See the class."""
        self._core: PoolCore[Connection] = PoolCore(min_size, max_size, timeout, max_idle, check_after)
        self._database = database
        self._options = {**options, "timeout": busy_timeout, "check_same_thread": False}

    @property
    def size(self) -> int:
        """How many connections there are, in use or idle."""
        return self._core.size

    @property
    def idle(self) -> int:
        """How many connections wait for use."""
        return len(self._core.idle)

    @property
    def waiting(self) -> int:
        """How many tasks wait for a connection."""
        return len(self._core.waiting)

    async def open(self) -> Self:
        """Opens `min_size` connections now, which `connection` would open one by one when they are needed.

        Raises:
            OperationalError, …: as `connect`.
            ProgrammingError: the pool is closed.
        """
        missing = self._core.min_size - self._core.size
        members = []
        try:
            for _ in range(missing):
                members.append(await self._acquire(self._core.timeout))
        finally:
            for member in members:
                await self._return(member)
        return self

    async def close(self) -> None:
        """Closes the connections; those in use when their blocks end. Callers that wait get ProgrammingError."""
        if forked():  # the parent's, which still uses it
            return
        for member in self._core.close():
            await _close(member)

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncGenerator[Connection, None]:
        """Lends a connection for a block. Its end commits; an exception that leaves it rolls back.

        Args:
            timeout: seconds to wait for one; None for what the pool was made with.

        Raises:
            OperationalError: none became free in time, or a new one cannot be opened.
            ProgrammingError: the pool is closed.
            AmbiguousCommitError, …: the commit at the end failed.
        """
        member = await self._acquire(self._core.timeout if timeout is None else timeout)
        connection: Connection = member.connection
        try:
            self._core.lend(member)
            yield connection
            if not connection._is_closed():
                await connection.commit()
        except BaseException as error:
            self._core.note(error)
            raise
        finally:
            await self._return(member)

    async def __aenter__(self) -> Self:
        """Opens the pool."""
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Closes the pool."""
        await self.close()
        return False

    async def _acquire(self, timeout: float) -> Member[Connection]:
        library()  # before the pool's lock, which a forked child may find held for ever
        waiter: Waiter[Connection] = Waiter()
        at_once = self._core.claim(waiter)
        try:
            in_time = at_once or await waiter.wait(timeout)
        except BaseException:
            left = self._core.abandon(waiter)
            if left is not None:
                await self._drop(left)
            raise
        if not in_time and self._core.withdraw(waiter):
            raise self._core.too_late(timeout)
        if waiter.refused:
            raise ProgrammingError("the pool is closed")
        if waiter.member is not None and await self._is_good(waiter.member):
            return waiter.member
        return await self._open_one()

    async def _is_good(self, member: Member[Connection]) -> bool:
        """Whether the connection can be used; otherwise it is closed."""
        try:
            if not self._core.is_outdated(member):
                if self._core.is_doubtful(member):
                    cursor = await member.connection.execute(QUESTION)
                    await cursor.fetchall()
                return True
        except Error:
            pass
        except BaseException:
            await self._drop(member)
            raise
        try:
            await _close(member)
        except BaseException:
            self._core.leave()
            raise
        return False

    async def _open_one(self) -> Member[Connection]:
        try:
            return self._core.joins(await connect(self._database, **self._options))
        except BaseException:
            self._core.leave()
            raise

    async def _return(self, member: Member[Connection]) -> None:
        connection = member.connection
        try:
            if not connection._is_closed() and not connection._broken:
                await connection.rollback()
            good = not connection._is_closed() and not connection._broken
            if good:
                self._core.look_at(member)
        except Error:
            good = False
        except BaseException:
            await self._drop(member)
            raise
        if not good or not self._core.give_back(member):
            await self._drop(member)
        for other in self._core.superfluous():
            await _close(other)

    async def _drop(self, member: Member[Connection]) -> None:
        try:
            await _close(member)
        finally:
            self._core.leave()


async def _close(member: Member[Connection]) -> None:
    with suppress(Error):
        await member.connection.close()
