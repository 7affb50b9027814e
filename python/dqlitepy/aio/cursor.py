# SPDX-License-Identifier: Apache-2.0
"""`aio.Cursor`: runs statements and gives out their rows. The twin of `cursor.Cursor`: only waiting differs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from operator import index
from types import TracebackType
from typing import Any, Self

from dqlitepy._connection.cursor_core import CursorCore
from dqlitepy._connection.transactions import LEGACY_TRANSACTION_CONTROL
from dqlitepy._native.operations import Discard, Fetch
from dqlitepy._sql.scripts import statements
from dqlitepy.aio._looping import AsyncConnection
from dqlitepy.errors import Error, ProgrammingError


class Cursor(CursorCore):
    """Made by `Connection.cursor`. `async for`, or fetching, gives the rows of the last statement."""

    def __init__(self, connection: AsyncConnection, /) -> None:
        """Makes a cursor of `connection`.

        Raises:
            TypeError: it is no Connection.
        """
        if not isinstance(connection, AsyncConnection):
            raise TypeError(f"Cursor() argument 1 must be dqlitepy.aio.Connection, not {type(connection).__name__}")
        super().__init__()
        self._connection = connection

    @property
    def connection(self) -> AsyncConnection:
        """The connection that the cursor belongs to."""
        return self._connection

    async def execute(self, sql: str, parameters: Any = None) -> Self:
        """Runs one statement.

        Args:
            sql: the statement, with `?`, `?1` or `:name` where parameters go.
            parameters: a sequence, or for names a mapping; None for none.

        Raises:
            ProgrammingError: the parameters do not fit the statement, or cannot be bound.
            OperationalError, IntegrityError, …: the statement failed.
        """
        connection = self._checked()
        self._forget()
        self._in_use = True  # adapters run
        try:
            operation = connection._execution(sql, () if parameters is None else parameters)
        finally:
            self._in_use = False
        turn = connection._turn  # as `_exclusively` and a method for it to call, with two coroutines less
        if not turn.take_at_once():
            await turn.take()
            self._forget()  # another task may have fetched meanwhile
        try:
            if connection._trace_callback is not None:
                connection._trace(operation)
            if connection._streaming is not None:
                await connection._make_room(self)
            declared = await connection._declared_types(operation) if connection._detect_types else ()
            try:
                await connection._run(operation)
                connection._count(operation)
                self._accept(operation, connection._detect_types, declared, connection._last_insert_id)
            finally:
                operation.dispose()
            if self._more:
                connection._streaming = weakref.ref(self)
        finally:
            turn.give_back()
        return self

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> Self:
        """Runs one statement that yields no rows once for each item of `parameters`; `rowcount` is the sum.

        Where one fails, those before it have run, as in `sqlite3`; inside a transaction they can be rolled back.

        Raises:
            ProgrammingError: the parameters do not fit the statement, or the statement yields rows.
            OperationalError, IntegrityError, …: the statement failed for one of them.
        """
        connection = self._checked()
        encoded = connection._encoded(sql, "executemany")
        changes = 0
        self._in_use = True  # whatever makes the rows runs
        try:
            self._forget()
            for batch in connection._batches(sql, parameters):
                operation = connection._repetition(encoded, batch)
                await connection._exclusively(connection._run_to_the_end, operation)
                changes += operation.result.changes
        finally:
            self._in_use = False
        self._rowcount = changes
        return self

    async def executescript(self, sql_script: str) -> Self:
        """Runs the statements of `sql_script` one after the other.

        Where `autocommit` is LEGACY_TRANSACTION_CONTROL, an open transaction is committed before.

        Raises:
            DataError: the script is longer than the limit SQLITE_LIMIT_SQL_LENGTH.
            OperationalError, IntegrityError, …: a statement failed; those before it have run.
        """
        connection = self._checked()
        connection._check_script(sql_script)
        if connection._autocommit == LEGACY_TRANSACTION_CONTROL:
            await connection._end_transaction("COMMIT")
        for statement in statements(sql_script):
            await connection._run_control(statement)
        return self

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

    async def __aenter__(self) -> Self:
        """Returns itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the cursor."""
        await self.close()

    async def close(self) -> None:
        """Drops what is left of the result. The cursor cannot be used again."""
        if self._closed:
            return
        connection = self._connection
        if connection._is_closed():
            self._closed = True
            return
        connection._number()
        self._refuse_recursion()
        self._closed = True
        if self._more:
            await connection._exclusively(self._discard)
        self._forget_rows()

    def setinputsizes(self, sizes: Any, /) -> None:
        """Does nothing; PEP 249 asks for it."""

    def setoutputsize(self, size: Any, column: Any = None, /) -> None:
        """Does nothing; PEP 249 asks for it."""

    def _checked(self) -> AsyncConnection:
        self._connection._number()
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
        with suppress(Error):  # whoever reads the rows to their end gets it
            while self._more:
                await self._fetch_and(self._keep)

    async def _discard(self) -> None:
        if self._more:
            self._more = False
            await self._connection._run(Discard(self._connection._usable_number()))
