# SPDX-License-Identifier: Apache-2.0
"""How a cursor fetches the rows of its result, and reads it to its end when another statement comes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from operator import index
from typing import Any, Self

from dqlitepy._connection.cursor_core import CursorCore
from dqlitepy._native.operations import Discard, Fetch
from dqlitepy.aio._statements import AsyncConnection
from dqlitepy.errors import Error, ProgrammingError


class Fetching(CursorCore):
    """A cursor that gives out the rows of a result."""

    _connection: AsyncConnection

    @property
    def connection(self) -> AsyncConnection:
        """The connection that the cursor belongs to."""
        return self._connection

    async def fetchone(self) -> Any:
        """Returns the next row, None after the last."""
        return await anext(self, None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Returns the next `size` (default: `arraysize`) rows, fewer at the end; all for a negative one."""
        connection = self._checked()
        wanted = index(self.arraysize if size is None else size)
        count = None if wanted < 0 else wanted
        await self._await_rows(count)
        return self._take(count, connection.text_factory)

    async def fetchall(self) -> list[Any]:
        """Returns all rows that are left."""
        connection = self._checked()
        if not self._is_whole():
            await self._await_rows(None)
        return self._take(None, connection.text_factory)

    def __aiter__(self) -> Self:
        """Returns itself."""
        return self

    async def __anext__(self) -> Any:
        """Returns the next row."""
        text_factory = self._checked().text_factory
        if self._position == len(self._rows):
            await self._await_rows(1)
            if self._position == len(self._rows):
                raise StopAsyncIteration
        if self.row_factory is not None or text_factory is not str or self._as_bytes:
            return self._give_next(text_factory)
        row = self._rows[self._position]
        self._position += 1
        return row

    def setinputsizes(self, sizes: Any, /) -> None:
        """Does nothing; PEP 249 asks for it."""

    def setoutputsize(self, size: Any, column: Any = None, /) -> None:
        """Does nothing; PEP 249 asks for it."""

    def _checked(self) -> AsyncConnection:
        self._connection._open_number()
        if self._closed:
            raise ProgrammingError("Cannot operate on a closed cursor.")
        if self._in_use:
            self._refuse_recursion()
        return self._connection

    async def _await_rows(self, count: int | None) -> None:
        """Fetches until `count` rows (None: all) can be given out or the result ends."""
        while (self._spooled or self._more) and (count is None or len(self._rows) - self._position < count):
            if self._spooled:
                self._unspool_one()
            else:
                await self._connection._exclusively(self._fetch)
        if self._failure is not None and (count is None or len(self._rows) - self._position < count):
            raise self._failure

    async def _fetch(self) -> None:
        if not self._more or self._spooled:  # another task has spooled it meanwhile
            return
        await self._fetch_and(self._accept_more)

    async def _fetch_and(self, accept: Callable[[Fetch], None]) -> None:
        connection = self._connection
        try:
            operation = Fetch(connection._usable_number())
            try:
                await connection._run(operation)
                accept(operation)
            finally:
                operation.dispose()
        except BaseException as error:
            self._fail_fetching(error)
            raise

    async def _spool(self) -> None:
        """Reads the result to its end, because another statement is about to run on the connection."""
        with suppress(Error):  # the reader gets it at the end of the rows
            while self._more:
                await self._fetch_and(self._keep)

    async def _discard(self) -> None:
        if self._more:
            self._more = False
            await self._connection._run(Discard(self._connection._usable_number()))
