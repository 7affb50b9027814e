# SPDX-License-Identifier: Apache-2.0
"""`aio.Cursor`: runs statements and gives out their rows. The twin of `cursor.Cursor`: only waiting differs."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from dqlitepy._connection.transactions import LEGACY_TRANSACTION_CONTROL
from dqlitepy._sql.scripts import statements
from dqlitepy._sql.statements import nulls
from dqlitepy.aio._fetching import Fetching
from dqlitepy.aio._statements import AsyncConnection


class Cursor(Fetching):
    """Made by `Connection.cursor`. `async for`, or fetching, gives the rows of the last statement."""

    def __init__(self, connection: AsyncConnection, /) -> None:
        """Makes a cursor of `connection`.

        Raises:
            TypeError: it is no Connection.
        """
        if not isinstance(connection, AsyncConnection):
            raise TypeError(f"Cursor() argument 1 must be dqlitepy.aio.Connection, not {type(connection).__name__}")
        self._rows = []
        self._connection = connection

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
        if self._filled:
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
                await connection._finish_streaming(self)
            declared = await connection._declared_types(operation) if connection._detect_types else ()
            try:
                await connection._run(operation)
                connection._count(operation)
                self._accept(operation, connection._detect_types, declared, connection._last_insert_id)
            finally:
                if operation.result.data:
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
        self._filled = True
        return self

    async def executescript(self, sql_script: str) -> Self:
        """Runs the statements of `sql_script` one after the other. Their parameters are NULL, as in `sqlite3`.

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
            await connection._run_control(statement, nulls(statement))
        return self

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
        connection._open_number()
        self._refuse_recursion()
        self._closed = True
        if self._more:
            await connection._exclusively(self._discard)
        self._forget_rows()
